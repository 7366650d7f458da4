//! The graph: the only serde types of the runtime. Enum variants are append-only.
use serde::{Deserialize, Serialize};

/// What stands before the layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Suffix<'a> {
    /// Zeros, fewer than 16, that bring the weights to a multiple of 16.
    pub padding: &'a [u8],
    pub weights: &'a [u8],
}

/// One layer, in order. Its weights follow those of the layer before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
}

/// `[T, C] -> [T, units]`. Weights: matrix of `units` rows and `C` columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DenseSpec {
    pub units: u16,
    pub use_bias: bool,
    pub output: OutputSpec,
}

/// `[T, C] -> [T', filters]`. Weights: matrix of `filters` rows and `[kernel_size][C]` columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Pool1dSpec {
    pub pool_size: u16,
    pub stride: u16,
    /// Valid or same; padded places never win and do not count.
    pub padding: Padding,
}

/// `[T, C] -> [T, units]` or `[1, units]`. Weights: matrix of `[units][gate i, f, c, o]` rows and `[C + units]` columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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

/// What happens to an accumulator on its way to an activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct OutputSpec {
    pub activation: Activation,
    /// w8a16, linear and relu: the smallest and largest result; 0 otherwise.
    pub min: i16,
    pub max: i16,
    /// w8a16 softmax: a logit of `2^softmax_bits` doubles the probability; 0 otherwise.
    pub softmax_bits: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Activation {
    Linear,
    Relu,
    Tanh,
    Sigmoid,
    Softmax,
}

/// What a pool makes of its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Pooling {
    Max,
    Average,
}

/// Zeros around the time axis, as in Keras.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Padding {
    Valid,
    Same,
    Causal,
}
