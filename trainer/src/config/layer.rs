//! The `[[layers]]` tables: Keras's layers under Keras's argument names.
use serde::Deserialize;

use super::Activation;

/// A layer and its arguments; `type` chooses the layer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum LayerConfig {
    /// `[T, C] -> [T, units]`, the same weights at every step.
    Dense {
        units: usize,
        #[serde(default)]
        activation: Activation,
        #[serde(default = "yes")]
        use_bias: bool,
    },
    /// `[T, C] -> [T', filters]`.
    Conv1d {
        filters: usize,
        kernel_size: usize,
        #[serde(default)]
        padding: Padding,
        #[serde(default = "one")]
        strides: usize,
        #[serde(default = "one")]
        dilation_rate: usize,
        /// Each filter sees the channels of its own group.
        #[serde(default = "one")]
        groups: usize,
        #[serde(default)]
        activation: Activation,
        #[serde(default = "yes")]
        use_bias: bool,
    },
    /// `[T, C] -> [T', C * depth_multiplier]`: each filter sees one channel.
    DepthwiseConv1d {
        kernel_size: usize,
        #[serde(default = "one")]
        depth_multiplier: usize,
        #[serde(default)]
        padding: Padding,
        #[serde(default = "one")]
        strides: usize,
        #[serde(default = "one")]
        dilation_rate: usize,
        #[serde(default)]
        activation: Activation,
        #[serde(default = "yes")]
        use_bias: bool,
    },
    /// `[T, C] -> [T', filters]`: depthwise without bias, then a Conv1D of kernel 1.
    SeparableConv1d {
        filters: usize,
        kernel_size: usize,
        #[serde(default = "one")]
        depth_multiplier: usize,
        #[serde(default)]
        padding: Padding,
        #[serde(default = "one")]
        strides: usize,
        #[serde(default = "one")]
        dilation_rate: usize,
        #[serde(default)]
        activation: Activation,
        #[serde(default = "yes")]
        use_bias: bool,
    },
    /// `[T, C] -> [before + T + after, C]`.
    #[serde(rename = "zero_padding1d")]
    ZeroPadding1d {
        #[serde(default)]
        padding: ZeroSteps,
    },
    /// `[T, C] -> [size T, C]`: each step `size` times.
    #[serde(rename = "up_sampling1d")]
    UpSampling1d {
        #[serde(default = "two")]
        size: usize,
    },
    /// `[T, 1] -> [T, output_dim]`: a learned row for each id; ids are 0 to `input_dim - 1`.
    Embedding { input_dim: usize, output_dim: usize },
    /// `[T, C] -> [T, C]`: normalized over the channels of each step.
    LayerNorm {
        #[serde(default = "epsilon")]
        epsilon: f32,
    },
    /// `[T, C] -> [T, C]`: each channel normalized over the mini-batch, in inference by moving averages.
    BatchNorm {
        #[serde(default = "momentum")]
        momentum: f32,
        #[serde(default = "epsilon")]
        epsilon: f32,
    },
    /// `[T, C] -> [T', C]`; `strides` defaults to `pool_size`; `causal` padding is refused.
    MaxPool1d {
        #[serde(default = "two")]
        pool_size: usize,
        strides: Option<usize>,
        #[serde(default)]
        padding: Padding,
    },
    /// `[T, C] -> [T', C]`, padded places not counted; `strides` defaults to `pool_size`; `causal` padding is refused.
    AveragePool1d {
        #[serde(default = "two")]
        pool_size: usize,
        strides: Option<usize>,
        #[serde(default)]
        padding: Padding,
    },
    /// `[T, C] -> [1, C]`.
    GlobalMaxPool1d,
    /// `[T, C] -> [1, C]`.
    GlobalAveragePool1d,
    /// `[T, C] -> [1, T * C]`.
    Flatten,
    /// `[T, C] -> [T, units]` with `return_sequences`, else `[1, units]`.
    SimpleRnn {
        units: usize,
        /// tanh, relu, sigmoid, hard_sigmoid or linear.
        #[serde(default = "tanh")]
        activation: Activation,
        #[serde(default)]
        return_sequences: bool,
        #[serde(default = "yes")]
        use_bias: bool,
        /// Whether a LayerNorm stands before the activation.
        #[serde(default)]
        layer_norm: bool,
    },
    /// `[T, C] -> [T, units]` with `return_sequences`, else `[1, units]`.
    Lstm {
        units: usize,
        /// tanh, relu, sigmoid, hard_sigmoid or linear.
        #[serde(default = "tanh")]
        activation: Activation,
        /// tanh, relu, sigmoid, hard_sigmoid or linear.
        #[serde(default = "sigmoid")]
        recurrent_activation: Activation,
        #[serde(default)]
        return_sequences: bool,
        #[serde(default = "yes")]
        use_bias: bool,
    },
    /// `[T, C] -> [T, units]` with `return_sequences`, else `[1, units]`.
    Gru {
        units: usize,
        /// tanh, relu, sigmoid, hard_sigmoid or linear.
        #[serde(default = "tanh")]
        activation: Activation,
        /// tanh, relu, sigmoid, hard_sigmoid or linear.
        #[serde(default = "sigmoid")]
        recurrent_activation: Activation,
        #[serde(default)]
        return_sequences: bool,
        #[serde(default = "yes")]
        use_bias: bool,
        /// Whether the reset gate acts on the product with the hidden state, or on the hidden state before it.
        #[serde(default = "yes")]
        reset_after: bool,
    },
    /// Training only: drops a part `rate` of the activations and scales the rest.
    Dropout { rate: f32 },
    /// A function of every value: any but softmax.
    Activation { activation: Activation },
    /// The sum of tensors of one shape.
    Add,
    /// The mean of tensors of one shape.
    Average,
    /// The product of tensors of one shape, value by value.
    Multiply,
    /// `[T, A], [T, B] -> [T, A + B]`.
    Concatenate,
}

impl LayerConfig {
    /// The word for `type`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Dense { .. } => "dense",
            Self::Conv1d { .. } => "conv1d",
            Self::DepthwiseConv1d { .. } => "depthwise_conv1d",
            Self::SeparableConv1d { .. } => "separable_conv1d",
            Self::ZeroPadding1d { .. } => "zero_padding1d",
            Self::UpSampling1d { .. } => "up_sampling1d",
            Self::Embedding { .. } => "embedding",
            Self::LayerNorm { .. } => "layer_norm",
            Self::BatchNorm { .. } => "batch_norm",
            Self::MaxPool1d { .. } => "max_pool1d",
            Self::AveragePool1d { .. } => "average_pool1d",
            Self::GlobalMaxPool1d => "global_max_pool1d",
            Self::GlobalAveragePool1d => "global_average_pool1d",
            Self::Flatten => "flatten",
            Self::SimpleRnn { .. } => "simple_rnn",
            Self::Lstm { .. } => "lstm",
            Self::Gru { .. } => "gru",
            Self::Dropout { .. } => "dropout",
            Self::Activation { .. } => "activation",
            Self::Add => "add",
            Self::Average => "average",
            Self::Multiply => "multiply",
            Self::Concatenate => "concatenate",
        }
    }

    /// The activation of its output.
    pub(super) fn activation_mut(&mut self) -> Option<&mut Activation> {
        match self {
            Self::Dense { activation, .. }
            | Self::Conv1d { activation, .. }
            | Self::DepthwiseConv1d { activation, .. }
            | Self::SeparableConv1d { activation, .. }
            | Self::SimpleRnn { activation, .. }
            | Self::Lstm { activation, .. }
            | Self::Gru { activation, .. }
            | Self::Activation { activation } => Some(activation),
            Self::MaxPool1d { .. }
            | Self::AveragePool1d { .. }
            | Self::GlobalMaxPool1d
            | Self::GlobalAveragePool1d
            | Self::Flatten
            | Self::Dropout { .. }
            | Self::Add
            | Self::Average
            | Self::Multiply
            | Self::Concatenate
            | Self::ZeroPadding1d { .. }
            | Self::UpSampling1d { .. }
            | Self::Embedding { .. }
            | Self::LayerNorm { .. }
            | Self::BatchNorm { .. } => None,
        }
    }

    /// Of a recurrent layer: whether every step's output goes on.
    pub(crate) fn return_sequences(&self) -> Option<bool> {
        match self {
            Self::SimpleRnn {
                return_sequences, ..
            }
            | Self::Lstm {
                return_sequences, ..
            }
            | Self::Gru {
                return_sequences, ..
            } => Some(*return_sequences),
            Self::Dense { .. }
            | Self::Conv1d { .. }
            | Self::DepthwiseConv1d { .. }
            | Self::SeparableConv1d { .. }
            | Self::ZeroPadding1d { .. }
            | Self::UpSampling1d { .. }
            | Self::Embedding { .. }
            | Self::LayerNorm { .. }
            | Self::BatchNorm { .. }
            | Self::MaxPool1d { .. }
            | Self::AveragePool1d { .. }
            | Self::GlobalMaxPool1d
            | Self::GlobalAveragePool1d
            | Self::Flatten
            | Self::Dropout { .. }
            | Self::Activation { .. }
            | Self::Add
            | Self::Average
            | Self::Multiply
            | Self::Concatenate => None,
        }
    }

    /// Whether it reads several layers.
    pub fn merges(&self) -> bool {
        match self {
            Self::Add | Self::Average | Self::Multiply | Self::Concatenate => true,
            Self::Dense { .. }
            | Self::Conv1d { .. }
            | Self::MaxPool1d { .. }
            | Self::AveragePool1d { .. }
            | Self::GlobalMaxPool1d
            | Self::GlobalAveragePool1d
            | Self::Flatten
            | Self::SimpleRnn { .. }
            | Self::Lstm { .. }
            | Self::Gru { .. }
            | Self::Dropout { .. }
            | Self::Activation { .. }
            | Self::DepthwiseConv1d { .. }
            | Self::SeparableConv1d { .. }
            | Self::ZeroPadding1d { .. }
            | Self::UpSampling1d { .. }
            | Self::Embedding { .. }
            | Self::LayerNorm { .. }
            | Self::BatchNorm { .. } => false,
        }
    }

    /// Whether it has anything to learn.
    pub fn learns(&self) -> bool {
        match self {
            Self::Dense { .. }
            | Self::Conv1d { .. }
            | Self::DepthwiseConv1d { .. }
            | Self::SeparableConv1d { .. }
            | Self::Embedding { .. }
            | Self::LayerNorm { .. }
            | Self::BatchNorm { .. }
            | Self::SimpleRnn { .. }
            | Self::Lstm { .. }
            | Self::Gru { .. } => true,
            Self::MaxPool1d { .. }
            | Self::AveragePool1d { .. }
            | Self::GlobalMaxPool1d
            | Self::GlobalAveragePool1d
            | Self::Flatten
            | Self::Dropout { .. }
            | Self::Activation { .. }
            | Self::Add
            | Self::Average
            | Self::Multiply
            | Self::Concatenate
            | Self::ZeroPadding1d { .. }
            | Self::UpSampling1d { .. } => false,
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    #[default]
    Valid,
    Same,
    Causal,
}

/// Steps of zeros: as many on both sides, or `[before, after]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum ZeroSteps {
    Both(usize),
    Each([usize; 2]),
}

impl ZeroSteps {
    /// Before and after.
    pub fn sides(self) -> [usize; 2] {
        match self {
            Self::Both(steps) => [steps, steps],
            Self::Each(sides) => sides,
        }
    }
}

impl Default for ZeroSteps {
    fn default() -> Self {
        Self::Both(1)
    }
}

/// How a bidirectional layer puts its two directions together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MergeMode {
    #[default]
    Concat,
    Sum,
    Mul,
    Ave,
}

fn epsilon() -> f32 {
    1e-3
}
fn momentum() -> f32 {
    0.99
}
fn yes() -> bool {
    true
}
fn one() -> usize {
    1
}
fn two() -> usize {
    2
}
fn tanh() -> Activation {
    Activation::Tanh
}
fn sigmoid() -> Activation {
    Activation::Sigmoid
}
