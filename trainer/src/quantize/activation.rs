//! Activations in integers: the scale of the argument that each needs, and what it gives.
use std::f64::consts::LN_2;

use dunlin::format::graph::{self, OutputSpec};
use dunlin::math::table;

use super::row::LARGEST_RESCALE;
use super::{HEADROOM, LARGEST, Tensor, exp2};
use crate::config::Activation;
use crate::model_file;

/// What decides the scale of an output.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// The layer.
    pub index: usize,
    /// Largest absolute value in calibration; of a softmax, of its logits.
    pub largest: f64,
    /// Leave this many times more room than calibration asks for.
    pub room: f64,
    /// The coarsest accumulator step before it; 0 where there is none.
    pub lsb: f64,
}

/// An output and the scale of the argument of its activation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    pub spec: OutputSpec,
    pub argument: f64,
    pub tensor: Tensor,
}

impl Output {
    pub fn new(activation: Activation, wanted: Wanted) -> Self {
        let fixed = |argument: f64, min: i16| Self {
            spec: spec(activation, (0, 0), 0),
            argument,
            tensor: Tensor {
                scale: exp2(-table::RESULT_BITS),
                range: (min, i16::MAX),
                producer: None,
            },
        };
        let free = |scale: f64, bits: u8| Self {
            spec: spec(activation, wanted.range(activation, scale), bits),
            argument: scale,
            tensor: Tensor {
                scale,
                range: wanted.range(activation, scale),
                producer: Some(wanted.index),
            },
        };
        match activation {
            Activation::Linear
            | Activation::Relu
            | Activation::Relu6
            | Activation::LeakyRelu { .. } => free(wanted.finest(), 0),
            Activation::Elu { .. } => {
                let bits = bits(wanted.finest() / LN_2);
                free(LN_2 * exp2(-i32::from(bits)), bits)
            }
            Activation::Gelu | Activation::Silu => {
                let bits = bits(wanted.finest());
                free(exp2(-i32::from(bits)), bits)
            }
            Activation::Tanh => fixed(argument(activation, 1.0), i16::MIN),
            Activation::Sigmoid | Activation::HardSigmoid => fixed(argument(activation, 1.0), 0),
            Activation::Softmax => {
                // A logit step is 2^-bits of a doubling of the probability.
                let doublings = HEADROOM * wanted.largest / LN_2;
                let coarsest = (wanted.lsb / LARGEST_RESCALE / LN_2).max(doublings / LARGEST);
                let bits = bits(coarsest);
                let mut output = fixed(LN_2 * exp2(-i32::from(bits)), 0);
                output.spec.softmax_bits = bits;
                output
            }
        }
    }
}

impl Wanted {
    /// The finest scale that holds what calibration saw.
    fn finest(&self) -> f64 {
        let wanted = HEADROOM * self.largest * self.room / LARGEST;
        // Finer than half an accumulator step would say nothing more, and needs a rescale above 1/2.
        wanted.max(self.lsb / LARGEST_RESCALE * 1.000_1)
    }

    /// The clamp of an activation that has no bounds of its own.
    fn range(&self, activation: Activation, scale: f64) -> (i16, i16) {
        let max = (LARGEST / self.room).floor();
        let positive = matches!(activation, Activation::Relu | Activation::Relu6);
        let min = match self.room > 1.0 {
            _ if positive => 0,
            true => -max as i16,
            false => i16::MIN,
        };
        let max = match activation {
            Activation::Relu6 => max.min((6.0 / scale).round()),
            _ => max,
        };
        (min, max as i16)
    }
}

/// Fraction bits of the finest power of two that is not below a scale, in [0, 15].
fn bits(scale: f64) -> u8 {
    (-scale.log2()).floor().clamp(0.0, 15.0) as u8
}

/// The scale of an activation's argument; `free` is that of an activation that keeps the step of its argument.
pub(super) fn argument(activation: Activation, free: f64) -> f64 {
    match activation {
        Activation::Tanh => exp2(-table::TANH_BITS),
        Activation::Sigmoid => exp2(-table::SIGMOID_BITS),
        Activation::HardSigmoid => 6.0 * exp2(-table::RESULT_BITS),
        Activation::Linear
        | Activation::Relu
        | Activation::Relu6
        | Activation::LeakyRelu { .. }
        | Activation::Elu { .. }
        | Activation::Gelu
        | Activation::Silu
        | Activation::Softmax => free,
    }
}

/// Whether results are at most 1 in magnitude, with 15 fraction bits.
pub(super) fn is_bounded(activation: Activation) -> bool {
    matches!(
        activation,
        Activation::Tanh | Activation::Sigmoid | Activation::HardSigmoid
    )
}

/// Whether no result is negative.
pub(super) fn is_positive(activation: Activation) -> bool {
    matches!(
        activation,
        Activation::Relu | Activation::Sigmoid | Activation::HardSigmoid
    )
}

/// Whether the integers can state an activation's parameter.
pub(super) fn has(activation: Activation) -> bool {
    match activation {
        Activation::LeakyRelu { negative_slope } => (0.0..0.999_98).contains(&negative_slope),
        Activation::Elu { alpha } => (0.0..1.999_98).contains(&alpha),
        Activation::Linear
        | Activation::Relu
        | Activation::Tanh
        | Activation::Sigmoid
        | Activation::Softmax
        | Activation::HardSigmoid
        | Activation::Relu6
        | Activation::Gelu
        | Activation::Silu => true,
    }
}

/// The specification of an integer output.
pub(super) fn spec(activation: Activation, (min, max): (i16, i16), softmax_bits: u8) -> OutputSpec {
    let fraction = |value: f32| (f64::from(value) * 32_768.0).round() as u32;
    let activation = match activation {
        Activation::LeakyRelu { negative_slope } => graph::Activation::LeakyRelu {
            slope: fraction(negative_slope),
        },
        Activation::Elu { alpha } => graph::Activation::Elu {
            alpha: fraction(alpha),
        },
        other => model_file::activation(other),
    };
    OutputSpec {
        activation,
        min,
        max,
        softmax_bits,
    }
}
