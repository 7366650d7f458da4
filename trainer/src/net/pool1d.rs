//! Pooling: the largest or the mean value of each channel under a window that walks along time, or over all of it.
use super::operation::{Backward, Forward, Operation, Scratch, shapes, zeros};
use super::shape::{Shape, Walk};
use crate::config::Padding;

/// What a pool makes of the values under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    Max,
    Average,
}

/// MaxPooling1D, AveragePooling1D and their global forms, whose window is the whole input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool1d {
    pub pooling: Pooling,
    pub pool_size: usize,
    pub strides: usize,
    /// `valid` or `same`; padded places never win and do not count.
    pub padding: Padding,
    pub input: Shape,
    pub output: Shape,
    walk: Walk,
}

impl Pool1d {
    /// An error is the reason alone, without the layer's name.
    pub(crate) fn new(
        pooling: Pooling,
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
            pooling,
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

    /// `[T, C] -> [1, C]`.
    pub(crate) fn global(pooling: Pooling, input: Shape) -> Result<Self, String> {
        Self::new(pooling, input.steps, input.steps, Padding::Valid, input)
    }

    /// y[t, c] = max over k of x[t stride + k - left, c]; the first of equals wins.
    fn maxima(&self, x: &[f32], winners: &mut Vec<u32>, y: &mut [f32]) {
        let channels = self.input.channels;
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

    /// y[t, c] = sum over k of x[t stride + k - left, c] / n, with n the steps under the pool that are no padding.
    fn means(&self, x: &[f32], y: &mut [f32]) {
        let channels = self.input.channels;
        let windows = y.chunks_exact_mut(self.output.size());
        for (y, x) in windows.zip(x.chunks_exact(self.input.size())) {
            for (t, y) in y.chunks_exact_mut(channels).enumerate() {
                let under = self.steps_under(t);
                let n = under.len() as f32;
                for x in x[under.start * channels..under.end * channels].chunks_exact(channels) {
                    for (y, x) in y.iter_mut().zip(x) {
                        *y += x;
                    }
                }
                for y in y {
                    *y /= n;
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
}

impl Operation for Pool1d {
    fn name(&self) -> &'static str {
        match self.pooling {
            Pooling::Max => "max_pool1d",
            Pooling::Average => "average_pool1d",
        }
    }

    shapes!();

    /// `[count, T, C] -> [count, T', C]`; a max pool leaves in `scratch` which input step won each place.
    fn forward(&self, call: Forward<'_>, scratch: &mut Scratch, y: &mut Vec<f32>) {
        y.clear();
        match self.pooling {
            Pooling::Max => {
                y.resize(call.count * self.output.size(), f32::NEG_INFINITY);
                self.maxima(call.x(), &mut scratch.winners, y);
            }
            Pooling::Average => {
                y.resize(call.count * self.output.size(), 0.0);
                self.means(call.x(), y);
            }
        }
    }

    fn backward(&self, step: Backward<'_>, scratch: &mut Scratch) {
        let Some(dx) = &mut step.dx[0] else { return };
        let channels = self.input.channels;
        zeros(dx, step.count * self.input.size());
        let size = self.output.size();
        let windows = step
            .dy
            .chunks_exact(size)
            .zip(dx.chunks_exact_mut(self.input.size()));
        match self.pooling {
            // The winner takes the gradient: dx[winner[t, c], c] += dy[t, c].
            Pooling::Max => {
                for ((dy, dx), winners) in windows.zip(scratch.winners.chunks_exact(size)) {
                    for (place, (dy, winner)) in dy.iter().zip(winners).enumerate() {
                        dx[*winner as usize * channels + place % channels] += dy;
                    }
                }
            }
            // All share it: dx[t stride + k - left, c] += dy[t, c] / n.
            Pooling::Average => {
                for (dy, dx) in windows {
                    for (t, dy) in dy.chunks_exact(channels).enumerate() {
                        let under = self.steps_under(t);
                        let n = under.len() as f32;
                        let dx = &mut dx[under.start * channels..under.end * channels];
                        for dx in dx.chunks_exact_mut(channels) {
                            for (dx, dy) in dx.iter_mut().zip(dy) {
                                *dx += dy / n;
                            }
                        }
                    }
                }
            }
        }
    }
}
