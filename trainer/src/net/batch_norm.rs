//! BatchNorm (Ioffe and Szegedy 2015): each channel brought to mean 0 and variance 1 over a mini-batch in training, and
//! by moving averages in inference; then scaled and shifted.
//!
//! A mini-batch is split into shards, so its moments are sums over shards: [`Sums`] of each, added in their order.
use super::layer_norm::check_epsilon;
use super::operation::{Backward, Forward, Operation, Scratch, parameters, shapes};
use super::shape::Shape;

/// `[T, C] -> [T, C]`: `y = gamma (x - mean) / sqrt(variance + epsilon) + beta`, channel by channel over all steps and
/// windows.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchNorm {
    /// Part of the moving averages that a mini-batch leaves.
    pub momentum: f32,
    pub epsilon: f32,
    pub input: Shape,
    pub output: Shape,
    /// `[C]`.
    pub gamma: Vec<f32>,
    /// `[C]`.
    pub beta: Vec<f32>,
    /// `[C]`; not trained but followed.
    pub moving_mean: Vec<f32>,
    /// `[C]`; not trained but followed.
    pub moving_variance: Vec<f32>,
}

/// Two sums for each channel, and how many values they are of.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sums {
    pub count: usize,
    /// Forward `x`, backward `dy`.
    pub first: Vec<f64>,
    /// Forward `x^2`, backward `dy n` with the normalized `n`.
    pub second: Vec<f64>,
}

impl Sums {
    /// Of rows of `channels` pairs.
    fn of(channels: usize, pairs: impl Iterator<Item = (f32, f32)>) -> Self {
        let mut sums = Self {
            count: 0,
            first: vec![0.0; channels],
            second: vec![0.0; channels],
        };
        for (at, (a, b)) in pairs.enumerate() {
            let channel = at % channels;
            sums.first[channel] += f64::from(a);
            sums.second[channel] += f64::from(a) * f64::from(b);
            sums.count += usize::from(channel == 0);
        }
        sums
    }

    /// All shards together.
    pub fn total(parts: &[Self]) -> Self {
        let mut total = parts.first().cloned().unwrap_or_default();
        for part in parts.iter().skip(1) {
            total.count += part.count;
            let pairs = total.first.iter_mut().zip(&part.first);
            pairs.for_each(|(sum, value)| *sum += value);
            let pairs = total.second.iter_mut().zip(&part.second);
            pairs.for_each(|(sum, value)| *sum += value);
        }
        total
    }
}

/// A mini-batch's moments, as every shard uses them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Moments {
    pub mean: Vec<f32>,
    /// Of the values, not of their mean: divided by their number.
    pub variance: Vec<f32>,
}

impl Moments {
    pub fn of(sums: &Sums) -> Self {
        let count = sums.count as f64;
        let pairs = sums.first.iter().zip(&sums.second);
        Self {
            mean: sums.first.iter().map(|sum| (sum / count) as f32).collect(),
            variance: pairs
                .map(|(sum, squares)| {
                    let mean = sum / count;
                    (squares / count - mean * mean).max(0.0) as f32
                })
                .collect(),
        }
    }
}

impl BatchNorm {
    /// An error is the reason alone, without the layer's name.
    pub(crate) fn new(momentum: f32, epsilon: f32, input: Shape) -> Result<Self, String> {
        check_epsilon(epsilon)?;
        if !(0.0..1.0).contains(&momentum) {
            return Err(format!(
                "momentum = {momentum} is outside [0, 1); the usual is 0.99"
            ));
        }
        Ok(Self {
            momentum,
            epsilon,
            input,
            output: input,
            gamma: vec![1.0; input.channels],
            beta: vec![0.0; input.channels],
            moving_mean: vec![0.0; input.channels],
            moving_variance: vec![1.0; input.channels],
        })
    }

    /// What a shard gives to the moments of the mini-batch.
    pub(crate) fn sums(&self, x: &[f32]) -> Sums {
        Sums::of(self.input.channels, x.iter().map(|x| (*x, *x)))
    }

    /// What a shard gives to the gradient's sums, after `forward` with the same `scratch`.
    pub(crate) fn slope_sums(&self, dy: &[f32], scratch: &Scratch) -> Sums {
        let pairs = dy
            .iter()
            .copied()
            .zip(scratch.normal.values.iter().copied());
        Sums::of(self.input.channels, pairs)
    }

    /// Moves the moving averages towards the moments of a mini-batch.
    pub(crate) fn follow(&mut self, moments: &Moments) {
        let rest = 1.0 - self.momentum;
        let means = self.moving_mean.iter_mut().zip(&moments.mean);
        let variances = self.moving_variance.iter_mut().zip(&moments.variance);
        for (moving, now) in means.chain(variances) {
            *moving = self.momentum * *moving + rest * now;
        }
    }

    /// Inference as `y = scale x + offset`, channel by channel.
    pub(crate) fn scale_and_offset(&self) -> (Vec<f32>, Vec<f32>) {
        let scale = |(gamma, variance): (&f32, &f32)| {
            f64::from(*gamma) / (f64::from(*variance) + f64::from(self.epsilon)).sqrt()
        };
        let scales: Vec<f64> = self
            .gamma
            .iter()
            .zip(&self.moving_variance)
            .map(scale)
            .collect();
        let offsets = self.beta.iter().zip(self.moving_mean.iter().zip(&scales));
        let offsets = offsets.map(|(b, (m, s))| (f64::from(*b) - f64::from(*m) * s) as f32);
        let offsets = offsets.collect();
        (scales.iter().map(|s| *s as f32).collect(), offsets)
    }
}

impl Operation for BatchNorm {
    fn name(&self) -> &'static str {
        "batch_norm"
    }

    shapes!();
    parameters!(gamma, beta);

    /// By the moments in `scratch` where they are, as in training; else by the moving averages.
    fn forward(&self, call: Forward<'_>, scratch: &mut Scratch, y: &mut Vec<f32>) {
        y.clear();
        let Some(moments) = &scratch.moments else {
            let (scale, offset) = self.scale_and_offset();
            for row in call.x().chunks_exact(self.input.channels) {
                let row = row.iter().zip(scale.iter().zip(&offset));
                y.extend(row.map(|(x, (scale, offset))| x * scale + offset));
            }
            return;
        };
        scratch.normal.clear();
        let inverse = |variance: &f32| 1.0 / (variance + self.epsilon).sqrt();
        let inverses = &mut scratch.normal.inverses;
        inverses.extend(moments.variance.iter().map(inverse));
        for row in call.x().chunks_exact(self.input.channels) {
            let row = row.iter().zip(moments.mean.iter().zip(&*inverses));
            let normals = row.map(|(x, (mean, inverse))| (x - mean) * inverse);
            scratch.normal.values.extend(normals);
        }
        for row in scratch.normal.values.chunks_exact(self.input.channels) {
            let row = row.iter().zip(self.gamma.iter().zip(&self.beta));
            y.extend(row.map(|(n, (gamma, beta))| gamma * n + beta));
        }
    }

    /// Through the moments too: dx = gamma / sqrt(variance + epsilon) (dy - mean(dy) - n mean(dy n)), the means over the
    /// whole mini-batch.
    fn backward(&self, step: Backward<'_>, scratch: &mut Scratch) {
        let channels = self.input.channels;
        let normal = &scratch.normal;
        let rows = step
            .dy
            .chunks_exact(channels)
            .zip(normal.values.chunks_exact(channels));
        let [of_gamma, of_beta] = step.gradients else {
            return;
        };
        for (dy, n) in rows {
            for (g, (dy, n)) in of_gamma.iter_mut().zip(dy.iter().zip(n)) {
                *g += dy * n;
            }
            for (g, dy) in of_beta.iter_mut().zip(dy) {
                *g += dy;
            }
        }
        let Some(dx) = &mut step.dx[0] else { return };
        dx.clear();
        let sums = &scratch.slope_sums;
        let mean = |sums: &[f64]| -> Vec<f32> {
            sums.iter()
                .map(|sum| (sum / scratch.slope_sums.count as f64) as f32)
                .collect()
        };
        let (means, along) = (mean(&sums.first), mean(&sums.second));
        for (at, (dy, n)) in step.dy.iter().zip(&normal.values).enumerate() {
            let c = at % channels;
            let slope = dy - means[c] - n * along[c];
            dx.push(self.gamma[c] * normal.inverses[c] * slope);
        }
    }
}
