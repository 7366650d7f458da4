//! LayerNorm (Ba et al. 2016): each step's channels brought to mean 0 and variance 1, then scaled and shifted.
use super::activation;
use super::operation::{Backward, Forward, Operation, Scratch, parameters, shapes};
use super::shape::Shape;
use crate::config::Activation;

/// `[T, C] -> [T, C]`: `y = gamma (x - mean) / sqrt(variance + epsilon) + beta` over the channels of each step.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerNorm {
    pub epsilon: f32,
    /// Of the result; descriptions leave it linear, lowering brings it here.
    pub activation: Activation,
    pub input: Shape,
    pub output: Shape,
    /// `[C]`.
    pub gamma: Vec<f32>,
    /// `[C]`.
    pub beta: Vec<f32>,
}

impl LayerNorm {
    /// An error is the reason alone, without the layer's name.
    pub(crate) fn new(epsilon: f32, input: Shape) -> Result<Self, String> {
        check_epsilon(epsilon)?;
        Ok(Self {
            epsilon,
            activation: Activation::Linear,
            input,
            output: input,
            gamma: vec![1.0; input.channels],
            beta: vec![0.0; input.channels],
        })
    }
}

/// Refuses what is no epsilon.
pub(super) fn check_epsilon(epsilon: f32) -> Result<(), String> {
    if epsilon > 0.0 && epsilon.is_finite() {
        return Ok(());
    }
    Err(format!(
        "epsilon = {epsilon} must be a number above 0; the usual is 0.001"
    ))
}

/// What normalizing leaves for the way back.
#[derive(Debug, Clone, Default)]
pub(crate) struct Normal {
    /// `(x - mean) / sqrt(variance + epsilon)`, one for each value.
    pub values: Vec<f32>,
    /// `1 / sqrt(variance + epsilon)`, one for each row.
    pub inverses: Vec<f32>,
}

impl Normal {
    /// Normalizes the rows of `values`, in place, and adds what it finds to what is there.
    pub fn forward(&mut self, values: &mut [f32], epsilon: f32, gamma: &[f32], beta: &[f32]) {
        let channels = gamma.len() as f32;
        for row in values.chunks_exact_mut(gamma.len()) {
            let mean = row.iter().sum::<f32>() / channels;
            let squares: f32 = row.iter().map(|x| (x - mean) * (x - mean)).sum();
            let inverse = 1.0 / (squares / channels + epsilon).sqrt();
            self.inverses.push(inverse);
            for ((x, gamma), beta) in row.iter_mut().zip(gamma).zip(beta) {
                let normal = (*x - mean) * inverse;
                self.values.push(normal);
                *x = gamma * normal + beta;
            }
        }
    }

    /// From dL/dy to dL/dx, in place, for rows that start at the row `first`; adds to the gradients of gamma and beta.
    pub fn backward(
        &self,
        first: usize,
        dy: &mut [f32],
        gamma: &[f32],
        gradients: &mut [Vec<f32>],
    ) {
        let width = gamma.len();
        let channels = width as f32;
        for (index, dy) in dy.chunks_exact_mut(width).enumerate() {
            let row = first + index;
            let normal = &self.values[row * width..(row + 1) * width];
            for (g, (dy, n)) in gradients[0].iter_mut().zip(dy.iter().zip(normal)) {
                *g += dy * n;
            }
            for (g, dy) in gradients[1].iter_mut().zip(dy.iter()) {
                *g += dy;
            }
            // With d = dy gamma: dx = (d - mean(d) - n mean(d n)) / sqrt(variance + epsilon)
            for (d, gamma) in dy.iter_mut().zip(gamma) {
                *d *= gamma;
            }
            let mean = dy.iter().sum::<f32>() / channels;
            let along = dy.iter().zip(normal).map(|(d, n)| d * n).sum::<f32>() / channels;
            for (d, n) in dy.iter_mut().zip(normal) {
                *d = (*d - mean - n * along) * self.inverses[row];
            }
        }
    }

    pub fn clear(&mut self) {
        self.values.clear();
        self.inverses.clear();
    }
}

impl Operation for LayerNorm {
    fn name(&self) -> &'static str {
        "layer_norm"
    }

    shapes!();
    parameters!(gamma, beta);

    fn forward(&self, call: Forward<'_>, scratch: &mut Scratch, y: &mut Vec<f32>) {
        y.clear();
        y.extend_from_slice(call.x());
        scratch.normal.clear();
        scratch
            .normal
            .forward(y, self.epsilon, &self.gamma, &self.beta);
        let channels = self.output.channels;
        activation::apply_and_keep(self.activation, y, channels, &mut scratch.arguments);
    }

    fn backward(&self, step: Backward<'_>, scratch: &mut Scratch) {
        let channels = self.output.channels;
        activation::backward(
            self.activation,
            &scratch.arguments,
            step.y,
            step.dy,
            channels,
        );
        scratch
            .normal
            .backward(0, step.dy, &self.gamma, step.gradients);
        if let Some(dx) = &mut step.dx[0] {
            dx.clear();
            dx.extend_from_slice(step.dy);
        }
    }
}
