//! The `[[layers]]` tables: Keras's layers under Keras's argument names.
use serde::Deserialize;

/// One `[[layers]]` table, in order; `type` chooses the layer.
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
        #[serde(default)]
        activation: Activation,
        #[serde(default = "yes")]
        use_bias: bool,
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
        /// tanh, relu, sigmoid or linear.
        #[serde(default = "tanh")]
        activation: Activation,
        #[serde(default)]
        return_sequences: bool,
        #[serde(default = "yes")]
        use_bias: bool,
    },
    /// `[T, C] -> [T, units]` with `return_sequences`, else `[1, units]`.
    Lstm {
        units: usize,
        /// tanh or relu.
        #[serde(default = "tanh")]
        activation: Activation,
        /// sigmoid.
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
        /// tanh or relu.
        #[serde(default = "tanh")]
        activation: Activation,
        /// sigmoid.
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
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    #[default]
    Linear,
    Relu,
    Tanh,
    Sigmoid,
    Softmax,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    #[default]
    Valid,
    Same,
    Causal,
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
