//! The `[[layers]]` tables: Keras's layers under Keras's argument names.
use serde::Deserialize;

use super::Activation;

/// One `[[layers]]` table, in order: a layer, and what stands around it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct LayerTable {
    /// For `inputs` of later layers.
    pub name: Option<String>,
    /// Names of the layers that it reads, or `input`; without it the layer before.
    pub inputs: Option<Vec<String>>,
    /// Of an activation `leaky_relu`; [`settle`](Self::settle) brings it there.
    pub negative_slope: Option<f32>,
    /// Of an activation `elu`; [`settle`](Self::settle) brings it there.
    pub alpha: Option<f32>,
    #[serde(flatten)]
    pub layer: LayerConfig,
}

impl LayerTable {
    /// What messages call the layer: `layer 3 (dense)`; `index` counts from 0.
    pub fn place(&self, index: usize) -> String {
        format!("layer {} ({})", index + 1, self.layer.kind())
    }

    /// Gives `negative_slope` and `alpha` to the layer's activation; an error is the key for which it has no use.
    pub(crate) fn settle(&mut self) -> Result<(), &'static str> {
        let mut activation = self.layer.activation_mut();
        if let Some(value) = self.negative_slope {
            match activation.as_deref_mut() {
                Some(Activation::LeakyRelu { negative_slope }) => *negative_slope = value,
                Some(_) | None => return Err("negative_slope"),
            }
        }
        if let Some(value) = self.alpha {
            match activation {
                Some(Activation::Elu { alpha }) => *alpha = value,
                Some(_) | None => return Err("alpha"),
            }
        }
        Ok(())
    }
}

/// A layer that has no name and reads the one before.
impl From<LayerConfig> for LayerTable {
    fn from(layer: LayerConfig) -> Self {
        Self {
            name: None,
            inputs: None,
            negative_slope: None,
            alpha: None,
            layer,
        }
    }
}

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
        /// tanh, relu, sigmoid, hard_sigmoid or linear.
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
    fn activation_mut(&mut self) -> Option<&mut Activation> {
        match self {
            Self::Dense { activation, .. }
            | Self::Conv1d { activation, .. }
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
            | Self::Activation { .. } => false,
        }
    }

    /// Whether it has anything to learn.
    pub fn learns(&self) -> bool {
        match self {
            Self::Dense { .. }
            | Self::Conv1d { .. }
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
            | Self::Concatenate => false,
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
