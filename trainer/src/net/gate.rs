//! The activations of recurrent cells: applied to a slice inside a vectorized loop, and their slopes from their values.
use super::activation::{hard_sigmoid, relu, sigmoid, tanh};
use crate::config::Activation;

/// An activation that a recurrent cell may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    Tanh,
    Relu,
    Sigmoid,
    HardSigmoid,
    Linear,
}

impl Gate {
    /// `None` for an activation that cells do not have.
    pub fn new(activation: Activation) -> Option<Self> {
        match activation {
            Activation::Tanh => Some(Self::Tanh),
            Activation::Relu => Some(Self::Relu),
            Activation::Sigmoid => Some(Self::Sigmoid),
            Activation::HardSigmoid => Some(Self::HardSigmoid),
            Activation::Linear => Some(Self::Linear),
            Activation::Softmax
            | Activation::Relu6
            | Activation::LeakyRelu { .. }
            | Activation::Elu { .. }
            | Activation::Gelu
            | Activation::Silu => None,
        }
    }

    /// Of a layer that exists.
    pub fn of(activation: Activation) -> Self {
        Self::new(activation).expect("checked when the layer was made")
    }

    /// Refuses an activation that cells do not have; `role` is its key.
    pub fn check(activation: Activation, role: &str) -> Result<(), String> {
        match Self::new(activation) {
            Some(_) => Ok(()),
            None => Err(format!(
                "its {role} must be tanh, relu, sigmoid, hard_sigmoid or linear"
            )),
        }
    }

    /// Applies it to every value.
    #[inline(always)]
    pub fn apply(self, values: &mut [f32]) {
        match self {
            Self::Tanh => values.iter_mut().for_each(|v| *v = tanh(*v)),
            Self::Relu => values.iter_mut().for_each(|v| *v = relu(*v)),
            Self::Sigmoid => values.iter_mut().for_each(|v| *v = sigmoid(*v)),
            Self::HardSigmoid => values.iter_mut().for_each(|v| *v = hard_sigmoid(*v)),
            Self::Linear => {}
        }
    }

    /// How its derivative follows from its value.
    pub fn slope(self) -> Slope {
        let everywhere = (f32::NEG_INFINITY, f32::INFINITY);
        let (open, first, second) = match self {
            Self::Tanh => (everywhere, [1.0, 0.0], [1.0, 0.0, 1.0]),
            Self::Sigmoid => (everywhere, [0.0, 1.0], [1.0, 1.0, 0.0]),
            Self::Linear => (everywhere, [1.0, 0.0], [1.0, 0.0, 0.0]),
            Self::Relu => ((0.0, f32::INFINITY), [1.0, 0.0], [1.0, 0.0, 0.0]),
            Self::HardSigmoid => ((0.0, 1.0), [1.0 / 6.0, 0.0], [1.0, 0.0, 0.0]),
        };
        Slope {
            low: open.0,
            high: open.1,
            first,
            second,
        }
    }
}

/// The derivative of a gate as a function of its value y: `(a + b y) (c - y (d + e y))` between two bounds, 0 outside.
/// One formula for all gates keeps the loops over a cell free of branches.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slope {
    low: f32,
    high: f32,
    /// a, b.
    first: [f32; 2],
    /// c, d, e.
    second: [f32; 3],
}

impl Slope {
    /// `x` times the derivative where the value is `y`; of a sigmoid `x y (1 - y)`.
    #[inline(always)]
    pub fn times(&self, x: f32, y: f32) -> f32 {
        let ([a, b], [c, d, e]) = (self.first, self.second);
        let inside = x * (a + b * y) * (c - y * (d + e * y));
        // Not `&&`, which would be a branch.
        if (y > self.low) & (y < self.high) {
            inside
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_the_derivatives() {
        for gate in [
            Gate::Tanh,
            Gate::Relu,
            Gate::Sigmoid,
            Gate::HardSigmoid,
            Gate::Linear,
        ] {
            for x in [-4.0f32, -2.0, -0.5, 0.25, 1.5, 2.75, 5.0] {
                let at = |x: f32| {
                    let mut value = [x];
                    gate.apply(&mut value);
                    value[0]
                };
                let step = 1.0 / 128.0;
                let numeric = (at(x + step) - at(x - step)) / (2.0 * step);
                let slope = gate.slope().times(1.0, at(x));
                assert!(
                    (slope - numeric).abs() < 2e-4,
                    "{gate:?} at {x}: {slope} {numeric}"
                );
            }
        }
    }
}
