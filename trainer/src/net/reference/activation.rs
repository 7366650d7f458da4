//! The activations in f64.
use crate::config::Activation;

fn sigmoid(x: f64) -> f64 {
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
            Activation::HardSigmoid => (*v / 6.0 + 0.5).clamp(0.0, 1.0),
            Activation::Relu6 => v.clamp(0.0, 6.0),
            Activation::LeakyRelu { negative_slope } if *v < 0.0 => f64::from(negative_slope) * *v,
            Activation::Elu { alpha } if *v < 0.0 => f64::from(alpha) * v.exp_m1(),
            Activation::LeakyRelu { .. } | Activation::Elu { .. } => *v,
            Activation::Gelu => *v * (1.0 + libm::erf(*v / 2f64.sqrt())) / 2.0,
            Activation::Silu => *v * sigmoid(*v),
        };
    }
}

/// An activation of one value.
pub(super) fn squash(activation: Activation, v: f64) -> f64 {
    let mut v = [v];
    activate(activation, &mut v);
    v[0]
}
