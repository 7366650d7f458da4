//! Model files on the host: writing and reading the float model, and running any file through the runtime.
mod float;
mod gate_rows;
mod lower;
mod read_layer;
mod runner;
pub(crate) mod spec;
mod write_layer;

pub use float::FloatModel;
pub(crate) use gate_rows::{GateRows, GruRows};
pub use runner::{AnyModel, Runner};

use dunlin::format::graph;

use crate::config::{Activation, Padding};

/// Rows of outputs from a Keras kernel `[inputs, outputs]`.
pub fn transpose(kernel: &[f32], inputs: usize, outputs: usize) -> Vec<f32> {
    let mut rows = vec![0.0; kernel.len()];
    for (input, values) in kernel.chunks_exact(outputs).enumerate() {
        for (output, &value) in values.iter().enumerate() {
            rows[output * inputs + input] = value;
        }
    }
    rows
}

/// The float file's word for an activation.
pub fn activation(activation: Activation) -> graph::Activation {
    match activation {
        Activation::Linear => graph::Activation::Linear,
        Activation::Relu => graph::Activation::Relu,
        Activation::Tanh => graph::Activation::Tanh,
        Activation::Sigmoid => graph::Activation::Sigmoid,
        Activation::Softmax => graph::Activation::Softmax,
        Activation::HardSigmoid => graph::Activation::HardSigmoid,
        Activation::Relu6 => graph::Activation::Relu6,
        Activation::LeakyRelu { negative_slope } => graph::Activation::LeakyRelu {
            slope: negative_slope.to_bits(),
        },
        Activation::Elu { alpha } => graph::Activation::Elu {
            alpha: alpha.to_bits(),
        },
        Activation::Gelu => graph::Activation::Gelu,
        Activation::Silu => graph::Activation::Silu,
    }
}

/// The file's word for a padding.
pub fn padding(padding: Padding) -> graph::Padding {
    match padding {
        Padding::Valid => graph::Padding::Valid,
        Padding::Same => graph::Padding::Same,
        Padding::Causal => graph::Padding::Causal,
    }
}
