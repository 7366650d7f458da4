//! Optimizers: how gradients move the weights. Formulas and defaults are Keras's.
use crate::config::{self, TrainingConfig};
use crate::error::{Error, Result};
use crate::net::{Gradients, Network};

/// An optimizer and its memory, one vector a tensor.
#[derive(Debug, Clone)]
pub enum Optimizer {
    /// Adam (Kingma and Ba 2015).
    Adam {
        learning_rate: f32,
        steps: i32,
        first: Gradients,
        second: Gradients,
    },
    /// Stochastic gradient descent with momentum.
    Sgd {
        learning_rate: f32,
        momentum: f32,
        velocity: Gradients,
    },
}

const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-7;

impl Optimizer {
    /// The optimizer that `config` asks for, at rest.
    ///
    /// # Errors
    /// `Error::Input` for a learning rate, momentum or clip_norm out of range.
    pub fn new(network: &Network, config: &TrainingConfig) -> Result<Self> {
        let learning_rate = config.learning_rate.unwrap_or(match config.optimizer {
            config::Optimizer::Adam => 1e-3,
            config::Optimizer::Sgd => 1e-2,
        });
        if !(learning_rate > 0.0 && learning_rate.is_finite()) {
            return Err(Error::input(format!(
                "training.learning_rate = {learning_rate} must be above 0; the usual is 0.001"
            )));
        }
        if !(0.0..1.0).contains(&config.momentum) {
            return Err(Error::input(format!(
                "training.momentum = {} is outside [0, 1); the usual is 0.9",
                config.momentum
            )));
        }
        Ok(match config.optimizer {
            config::Optimizer::Adam => Self::Adam {
                learning_rate,
                steps: 0,
                first: Gradients::new(network),
                second: Gradients::new(network),
            },
            config::Optimizer::Sgd => Self::Sgd {
                learning_rate,
                momentum: config.momentum,
                velocity: Gradients::new(network),
            },
        })
    }

    /// Moves the weights of `network` by one step.
    pub fn step(&mut self, network: &mut Network, gradients: &Gradients) {
        let tensors = network
            .parameters_mut()
            .into_iter()
            .zip(gradients.tensors());
        match self {
            Self::Adam {
                learning_rate,
                steps,
                first,
                second,
            } => {
                *steps = steps.saturating_add(1);
                // Both moments start at 0; this takes the bias out of their quotient.
                let rate = f64::from(*learning_rate)
                    * (1.0 - f64::from(BETA_2).powi(*steps)).sqrt()
                    / (1.0 - f64::from(BETA_1).powi(*steps));
                let rate = rate as f32;
                let moments = first.tensors_mut().zip(second.tensors_mut());
                for ((weights, gradients), (first, second)) in tensors.zip(moments) {
                    let weights = weights.values.iter_mut().zip(gradients);
                    for ((w, g), (m, v)) in weights.zip(first.iter_mut().zip(second)) {
                        // m += (1 - b1) (g - m); v += (1 - b2) (g^2 - v); w -= rate m / (sqrt(v) + eps)
                        *m += (1.0 - BETA_1) * (g - *m);
                        *v += (1.0 - BETA_2) * (g * g - *v);
                        *w -= rate * *m / (v.sqrt() + EPSILON);
                    }
                }
            }
            Self::Sgd {
                learning_rate,
                momentum,
                velocity,
            } => {
                for ((weights, gradients), velocity) in tensors.zip(velocity.tensors_mut()) {
                    let weights = weights.values.iter_mut().zip(gradients);
                    for ((w, g), v) in weights.zip(velocity) {
                        // v = momentum v - rate g; w += v
                        *v = *momentum * *v - *learning_rate * g;
                        *w += *v;
                    }
                }
            }
        }
    }
}

/// Scales all gradients by the same factor so that their global norm is at most `limit` (Pascanu et al. 2013).
pub(crate) fn clip_norm(gradients: &mut Gradients, limit: f32) {
    let squares = gradients.tensors().flatten().map(|g| f64::from(*g).powi(2));
    let norm = squares.sum::<f64>().sqrt();
    if norm > f64::from(limit) {
        let scale = (f64::from(limit) / norm) as f32;
        for tensor in gradients.tensors_mut() {
            for g in tensor {
                *g *= scale;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Activation, LayerConfig};

    /// Two weights and a bias at [1, 2, 0].
    fn network() -> Network {
        let layer = LayerConfig::Dense {
            units: 1,
            activation: Activation::Linear,
            use_bias: true,
        };
        let mut network = Network::new(&[layer], 1, 2, 1).expect("a network");
        network.parameters_mut()[0]
            .values
            .copy_from_slice(&[1.0, 2.0]);
        network
    }

    fn gradients(network: &Network, values: [f32; 3]) -> Gradients {
        let mut gradients = Gradients::new(network);
        for (to, from) in gradients
            .tensors_mut()
            .flat_map(|t| t.iter_mut())
            .zip(values)
        {
            *to = from;
        }
        gradients
    }

    fn weights(network: &Network) -> Vec<f32> {
        let parameters = network.parameters();
        parameters.iter().flat_map(|p| p.values).copied().collect()
    }

    fn close(got: &[f32], expected: &[f32]) {
        assert_eq!(got.len(), expected.len());
        for (got, expected) in got.iter().zip(expected) {
            assert!((got - expected).abs() < 1e-6, "{got} {expected}");
        }
    }

    #[test]
    fn adam_s_first_steps_are_the_formula_s() {
        let mut network = network();
        let mut adam = Optimizer::new(&network, &TrainingConfig::default()).expect("adam");
        // After one step m / sqrt(v) is the gradient's sign, whatever its size.
        let first = gradients(&network, [0.5, -4.0, 0.0]);
        adam.step(&mut network, &first);
        close(&weights(&network), &[0.999, 2.001, 0.0]);
        // m = 0.9 * 0.1 * 0.5 + 0.1 * -0.5 = -0.005, v = 0.25 * (1 - 0.999^2), rate = 1e-3 sqrt(1 - 0.999^2) / 0.19
        let second = gradients(&network, [-0.5, 0.0, 0.0]);
        adam.step(&mut network, &second);
        let moved = 1e-3 * 0.005 / (0.19 * 0.5);
        close(&weights(&network)[..1], &[0.999 + moved]);
    }

    #[test]
    fn sgd_gathers_momentum() {
        let config = TrainingConfig {
            optimizer: config::Optimizer::Sgd,
            momentum: 0.5,
            learning_rate: Some(0.1),
            ..TrainingConfig::default()
        };
        let mut network = network();
        let mut sgd = Optimizer::new(&network, &config).expect("sgd");
        let slope = gradients(&network, [1.0, 0.0, -1.0]);
        sgd.step(&mut network, &slope);
        close(&weights(&network), &[0.9, 2.0, 0.1]);
        // v = 0.5 * -0.1 - 0.1
        sgd.step(&mut network, &slope);
        close(&weights(&network), &[0.75, 2.0, 0.25]);
    }

    #[test]
    fn clipping_keeps_the_direction() {
        let network = network();
        let mut long = gradients(&network, [3.0, 0.0, 4.0]);
        clip_norm(&mut long, 1.0);
        let clipped: Vec<f32> = long.tensors().flatten().copied().collect();
        close(&clipped, &[0.6, 0.0, 0.8]);
        let mut short = gradients(&network, [0.3, 0.0, 0.4]);
        clip_norm(&mut short, 1.0);
        assert_eq!(short, gradients(&network, [0.3, 0.0, 0.4]));
    }
}
