//! The activations in f64.
use crate::config::Activation;

pub(super) fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

pub(super) fn activate(activation: Activation, z: &mut [f64]) {
    let total: f64 = z.iter().map(|v| v.exp()).sum();
    for v in z {
        *v = match activation {
            Activation::Linear => *v,
            Activation::Relu => v.max(0.0),
            Activation::Tanh => v.tanh(),
            Activation::Sigmoid => sigmoid(*v),
            Activation::Softmax => v.exp() / total,
        };
    }
}
