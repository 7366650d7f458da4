//! Activations under Keras's names.
use serde::Deserialize;

/// A function of each value; softmax of each step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(from = "Word")]
pub enum Activation {
    #[default]
    Linear,
    /// max(x, 0)
    Relu,
    Tanh,
    Sigmoid,
    /// e^x over the sum of a step's e^x.
    Softmax,
    /// min(max(x + 3, 0), 6) / 6, as in Keras 3.
    HardSigmoid,
    /// min(max(x, 0), 6)
    Relu6,
    /// x above 0, else negative_slope x.
    LeakyRelu {
        negative_slope: f32,
    },
    /// x above 0, else alpha (e^x - 1).
    Elu {
        alpha: f32,
    },
    /// x Phi(x), Phi the distribution function of the normal distribution.
    Gelu,
    /// x sigmoid(x)
    Silu,
}

/// Defaults of Keras's layers.
const NEGATIVE_SLOPE: f32 = 0.3;
const ALPHA: f32 = 1.0;

/// An activation as a description writes it.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Linear,
    Relu,
    Tanh,
    Sigmoid,
    Softmax,
    HardSigmoid,
    Relu6,
    LeakyRelu,
    Elu,
    Gelu,
    #[serde(alias = "swish")]
    Silu,
}

impl From<Word> for Activation {
    fn from(word: Word) -> Self {
        match word {
            Word::Linear => Self::Linear,
            Word::Relu => Self::Relu,
            Word::Tanh => Self::Tanh,
            Word::Sigmoid => Self::Sigmoid,
            Word::Softmax => Self::Softmax,
            Word::HardSigmoid => Self::HardSigmoid,
            Word::Relu6 => Self::Relu6,
            Word::LeakyRelu => Self::LeakyRelu {
                negative_slope: NEGATIVE_SLOPE,
            },
            Word::Elu => Self::Elu { alpha: ALPHA },
            Word::Gelu => Self::Gelu,
            Word::Silu => Self::Silu,
        }
    }
}
