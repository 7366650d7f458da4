//! The graph. Enum variants are append-only. Hosts write it with serde; [`decode`](super::decode) reads it everywhere.
#[cfg(feature = "write")]
use serde::{Deserialize, Serialize};

/// What stands before the layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "write", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Prefix<'a> {
    /// At most 32 bytes.
    pub name: &'a str,
    /// Number of `(scale, offset)` pairs of the input: 0 (identity), 1, or one a channel.
    pub input_scales: u16,
    /// Number of `(scale, offset)` pairs of the output: 0 (identity), 1, or one a channel.
    pub output_scales: u16,
}

/// What stands after the layers: the weights are the last bytes of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "write", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Suffix<'a> {
    /// Zeros, fewer than 16, that bring the weights to a multiple of 16.
    pub padding: &'a [u8],
    pub weights: &'a [u8],
}

/// One layer, in order. Its weights follow those of the layer before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "write", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum LayerSpec {
    Dense(DenseSpec),
    Conv1d(Conv1dSpec),
    MaxPool1d(Pool1dSpec),
    Flatten,
    Lstm(LstmSpec),
    SimpleRnn(SimpleRnnSpec),
    Gru(GruSpec),
    AveragePool1d(Pool1dSpec),
    /// `[T, C] -> [1, C]`.
    GlobalPool1d(Pooling),
    /// The current tensor is tensor `n` again: 0 is the model's input, `n` the output of the n-th layer. A view.
    Input(u16),
    /// `[T, C] -> [T, C]`, the last step first.
    Reverse,
    ZeroPadding1d(ZeroPadding1dSpec),
    /// `[T, C] -> [n T, C]`: each step `n` times.
    UpSampling1d(u16),
    /// `[T, A] -> [T, B + A]`: the channels of tensor `with`, then those of the current one.
    Concatenate(MergeSpec),
    /// `act(with + current)`, of one shape.
    Add(MergeSpec),
    /// `act(with * current)`, element by element, of one shape.
    Multiply(MergeSpec),
    /// `act(x)`, element by element; softmax over the channels of a step.
    Activation(ActivationSpec),
    GroupedConv1d(GroupedConv1dSpec),
    LayerNorm(LayerNormSpec),
    Embedding(EmbeddingSpec),
    LstmGated(LstmGatedSpec),
    GruGated(GruGatedSpec),
    SimpleRnnNorm(SimpleRnnNormSpec),
}

impl LayerSpec {
    /// The second tensor that the layer reads.
    pub(crate) fn with(&self) -> Option<u16> {
        match self {
            Self::Concatenate(spec) | Self::Add(spec) | Self::Multiply(spec) => Some(spec.with),
            Self::Dense(_)
            | Self::Conv1d(_)
            | Self::MaxPool1d(_)
            | Self::Flatten
            | Self::Lstm(_)
            | Self::SimpleRnn(_)
            | Self::Gru(_)
            | Self::AveragePool1d(_)
            | Self::GlobalPool1d(_)
            | Self::Input(_)
            | Self::Reverse
            | Self::ZeroPadding1d(_)
            | Self::UpSampling1d(_)
            | Self::Activation(_)
            | Self::GroupedConv1d(_)
            | Self::LayerNorm(_)
            | Self::Embedding(_)
            | Self::LstmGated(_)
            | Self::GruGated(_)
            | Self::SimpleRnnNorm(_) => None,
        }
    }
}

/// `[T, C] -> [T, units]`. Weights: matrix of `units` rows and `C` columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "write", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DenseSpec {
    pub units: u16,
    pub use_bias: bool,
    pub output: OutputSpec,
}

/// `[T, C] -> [T', filters]`. Weights: matrix of `filters` rows and `[kernel_size][C]` columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "write", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Conv1dSpec {
    pub filters: u16,
    pub kernel_size: u16,
    pub stride: u16,
    pub dilation: u16,
    pub padding: Padding,
    pub use_bias: bool,
    pub output: OutputSpec,
}

/// `[T, C] -> [T', C]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "write", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Pool1dSpec {
    pub pool_size: u16,
    pub stride: u16,
    /// Valid or same; padded places never win and do not count.
    pub padding: Padding,
}

/// `[T, C] -> [T, units]` or `[1, units]`. Weights: matrix of `[units][gate i, f, c, o]` rows and `[C + units]` columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "write", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LstmSpec {
    pub units: u16,
    /// Of the candidate and of the cell state: tanh or relu.
    pub activation: Activation,
    pub return_sequences: bool,
    pub use_bias: bool,
    /// w8a16: fraction bits of the candidate (15 for tanh); 0 in f32.
    pub candidate_bits: i8,
    /// w8a16: fraction bits of the 32-bit cell state; 0 in f32.
    pub cell_bits: i8,
    /// w8a16: fraction bits of the hidden state; 0 in f32.
    pub hidden_bits: i8,
}

/// `[T, C] -> [T, units]` or `[1, units]`: `h' = act(W x + U h + b)`. Weights: matrix of `units` rows and `[C + units]`
/// columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "write", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SimpleRnnSpec {
    pub units: u16,
    pub return_sequences: bool,
    pub use_bias: bool,
    /// Any activation but softmax.
    pub output: OutputSpec,
}

/// `[T, C] -> [T, units]` or `[1, units]`. Weights: matrix of `[gate z, r, c][unit]` rows over `x`, then the same over `h`,
/// each with a bias.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "write", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct GruSpec {
    pub units: u16,
    /// Of the candidate: tanh or relu.
    pub activation: Activation,
    pub return_sequences: bool,
    pub use_bias: bool,
    /// Whether the reset gate acts on the product `U h` (Keras's default) or on `h` before it.
    pub reset_after: bool,
    /// w8a16: fraction bits of the hidden state and of the candidate (15 for tanh); 0 in f32.
    pub hidden_bits: i8,
}

/// `[T, C] -> [before + T + after, C]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "write", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ZeroPadding1dSpec {
    pub before: u16,
    pub after: u16,
}

/// The current tensor and an earlier one. f32: multipliers and shift are 0.
///
/// w8a16, with `round = 2^shift / 2`:
/// - Add: `act((with * m0 + current * m1 + round) >> shift)`, both `m` in [0, 2^14].
/// - Concatenate: `clamp((x * m + round) >> shift)`, each tensor with its own `m` in [1, 2^15); linear only.
/// - Multiply: `act((floor(with * current * m0 / 2^16) + round) >> shift)`, `m0` in [1, 2^15), `m1` is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "write", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct MergeSpec {
    /// Number of the earlier tensor: 0 is the model's input, `n` the output of the n-th layer.
    pub with: u16,
    /// Of tensor `with`, then of the current one.
    pub multipliers: [i16; 2],
    pub shift: u8,
    pub output: OutputSpec,
}

/// w8a16: `act((x * multiplier + 2^shift / 2) >> shift)`; f32: `act(x)`, multiplier and shift are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "write", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ActivationSpec {
    pub multiplier: i16,
    pub shift: u8,
    pub output: OutputSpec,
}

/// `[T, C] -> [T', filters]`: filter `f` reads the channels of group `f / (filters / groups)` alone. Weights: matrix of
/// `filters` rows and `[kernel_size][C / groups]` columns. With `groups = C` it is the depthwise convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "write", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct GroupedConv1dSpec {
    pub conv: Conv1dSpec,
    /// Divides the channels and the filters.
    pub groups: u16,
}

/// `[T, C] -> [T, C]`: `act(gamma (x - mean) / sqrt(variance + epsilon) + beta)` over the channels of each step.
/// Weights: `gamma[C]`, `beta[C]`, in f32 as `f32`, in w8a16 as `i16` and `i32`.
///
/// w8a16: `act((floor(n * gamma / 2^16) + beta) >> shift)` with `n = (x - mean) / sqrt(variance + epsilon) * 2^20`;
/// `beta` includes the rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "write", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LayerNormSpec {
    /// f32: its bits; w8a16: in units of the input's step squared.
    pub epsilon: u32,
    /// w8a16: see above; 0 in f32.
    pub shift: u8,
    pub output: OutputSpec,
}

/// `[T, 1] -> [T, units]`: the row of each id. Ids outside are clamped into the vocabulary. Weights: f32 rows; in w8a16
/// int8 rows, then for each row an `i16` in [1, 258] that its values are multiplied by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "write", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EmbeddingSpec {
    /// Number of rows; ids are 0 to `vocabulary - 1`.
    pub vocabulary: u16,
    pub units: u16,
}

/// An LSTM whose gates have another activation than sigmoid, or its candidate another than tanh or relu: each one of tanh,
/// relu, sigmoid, hard sigmoid, linear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "write", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LstmGatedSpec {
    /// `candidate_bits` is 15 for tanh, sigmoid and hard sigmoid.
    pub lstm: LstmSpec,
    pub recurrent_activation: Activation,
    /// w8a16: fraction bits of the gates i, f, o: 15 for tanh, sigmoid and hard sigmoid, else 0 to 15; 0 in f32.
    pub gate_bits: i8,
}

/// A GRU with other activations, as [`LstmGatedSpec`] is of an LSTM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "write", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct GruGatedSpec {
    /// `hidden_bits` are -15 to 15 whatever the activation; a relu or linear candidate has the same.
    pub gru: GruSpec,
    pub recurrent_activation: Activation,
    /// w8a16: fraction bits of the gates z and r: 15 for tanh, sigmoid and hard sigmoid, else 0 to 15; 0 in f32.
    pub gate_bits: i8,
}

/// `h' = act(layer_norm(W x + U h + b))`. Weights: those of the SimpleRNN, then `gamma` and `beta`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "write", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SimpleRnnNormSpec {
    /// Its output, linear, goes into the norm.
    pub rnn: SimpleRnnSpec,
    /// Its output has the activation and is the hidden state.
    pub norm: LayerNormSpec,
}

/// What happens to an accumulator on its way to an activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "write", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct OutputSpec {
    pub activation: Activation,
    /// w8a16, activations without a bound of their own: the smallest and largest result; 0 otherwise.
    pub min: i16,
    pub max: i16,
    /// w8a16: softmax: a logit of `2^softmax_bits` doubles the probability. Elu: a step of the value is
    /// `ln 2 / 2^softmax_bits`. Gelu and silu: fraction bits of the value. 0 otherwise.
    pub softmax_bits: u8,
}

/// In w8a16 the argument comes from the row's scale: tanh with 12 fraction bits, sigmoid with 11, hard sigmoid in steps of
/// `6 / 2^15`; these give 15 fraction bits. The others keep the step of their argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "write", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Activation {
    Linear,
    Relu,
    Tanh,
    Sigmoid,
    Softmax,
    /// `relu6(x + 3) / 6`, as in Keras 3.
    HardSigmoid,
    /// `min(max(x, 0), 6)`; in w8a16 the clamp has the six.
    Relu6,
    /// `x` above 0, else `slope x`. f32: the bits of the slope; w8a16: the slope times 2^15, below 2^15.
    LeakyRelu {
        slope: u32,
    },
    /// `x` above 0, else `alpha (e^x - 1)`. f32: the bits of alpha; w8a16: alpha times 2^15, below 2^16.
    Elu {
        alpha: u32,
    },
    /// `x Phi(x)`, `Phi` the distribution function of the normal distribution.
    Gelu,
    /// `x sigmoid(x)`.
    Silu,
}

/// What a pool makes of its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "write", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Pooling {
    Max,
    Average,
}

/// Zeros around the time axis, as in Keras.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "write", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Padding {
    Valid,
    Same,
    Causal,
}
