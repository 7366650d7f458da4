//! MaxPool1D: the largest value of each channel under a window that walks along time.
use super::layer::{Backward, Scratch};
use super::shape::{Shape, Walk};
use crate::config::Padding;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaxPool1d {
    pub pool_size: usize,
    pub strides: usize,
    /// `valid` or `same`; padded places never win.
    pub padding: Padding,
    pub input: Shape,
    pub output: Shape,
    walk: Walk,
}

impl MaxPool1d {
    /// An error is the reason alone, without the layer's name.
    pub(crate) fn new(
        pool_size: usize,
        strides: usize,
        padding: Padding,
        input: Shape,
    ) -> Result<Self, String> {
        if pool_size == 0 || strides == 0 {
            return Err("pool_size and strides must be at least 1".into());
        }
        if padding == Padding::Causal {
            return Err("padding = \"causal\" is for conv1d; use \"valid\" or \"same\"".into());
        }
        let Some(walk) = Walk::new(pool_size, strides, 1, padding, input.steps) else {
            return Err(format!(
                "a pool of {pool_size} steps is longer than its input of {} steps; use a smaller pool_size or \
                 padding = \"same\"",
                input.steps
            ));
        };
        Ok(Self {
            pool_size,
            strides,
            padding,
            input,
            output: Shape {
                steps: walk.steps,
                channels: input.channels,
            },
            walk,
        })
    }

    /// `[count, T, C] -> [count, T', C]`; leaves in `scratch` which input step won each place.
    pub(crate) fn forward(&self, x: &[f32], count: usize, scratch: &mut Scratch, y: &mut Vec<f32>) {
        // y[t, c] = max over k of x[t stride + k - left, c]; the first of equals wins.
        let channels = self.input.channels;
        let winners = &mut scratch.winners;
        y.clear();
        y.resize(count * self.output.size(), f32::NEG_INFINITY);
        winners.clear();
        winners.resize(y.len(), 0);
        let places = y
            .chunks_exact_mut(self.output.size())
            .zip(winners.chunks_exact_mut(self.output.size()));
        for ((y, winners), x) in places.zip(x.chunks_exact(self.input.size())) {
            let steps = y
                .chunks_exact_mut(channels)
                .zip(winners.chunks_exact_mut(channels));
            for (t, (y, winners)) in steps.enumerate() {
                for step in self.steps_under(t) {
                    let x = &x[step * channels..(step + 1) * channels];
                    for ((y, winner), x) in y.iter_mut().zip(&mut *winners).zip(x) {
                        // NaN wins, so that a training that has diverged is seen.
                        if *x > *y || x.is_nan() {
                            *y = *x;
                            *winner = step as u32;
                        }
                    }
                }
            }
        }
    }

    /// The input steps under the pool at output step t.
    fn steps_under(&self, t: usize) -> std::ops::Range<usize> {
        let start = t * self.strides;
        let end = start.saturating_add(self.pool_size) - self.walk.left;
        start.saturating_sub(self.walk.left)..end.min(self.input.steps)
    }

    /// The winner takes the gradient: dx[winner[t, c], c] += dy[t, c].
    pub(crate) fn backward(&self, step: Backward<'_>, scratch: &mut Scratch) {
        let Some(dx) = step.dx else { return };
        let channels = self.input.channels;
        dx.clear();
        dx.resize(step.count * self.input.size(), 0.0);
        let size = self.output.size();
        let places = step
            .dy
            .chunks_exact(size)
            .zip(scratch.winners.chunks_exact(size));
        for ((dy, winners), dx) in places.zip(dx.chunks_exact_mut(self.input.size())) {
            for (place, (dy, winner)) in dy.iter().zip(winners).enumerate() {
                dx[*winner as usize * channels + place % channels] += dy;
            }
        }
    }
}
