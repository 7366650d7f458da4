//! The layers that only move steps: ZeroPadding1D, UpSampling1D, Reverse and Input.
use super::operation::{Backward, Forward, Operation, Scratch, shapes, zeros};
use super::shape::Shape;

/// How steps move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resampling {
    /// Zero steps before and after: `[T, C] -> [before + T + after, C]`.
    ZeroPadding { before: usize, after: usize },
    /// Each step this many times: `[T, C] -> [size T, C]`.
    UpSampling { size: usize },
    /// The last step first.
    Reverse,
    /// An earlier tensor again, unchanged: how a model file changes from one branch to another.
    Input,
}

/// `[T, C] -> [T', C]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resample {
    pub resampling: Resampling,
    pub input: Shape,
    pub output: Shape,
}

impl Resample {
    /// An error is the reason alone, without the layer's name.
    pub(crate) fn new(resampling: Resampling, input: Shape) -> Result<Self, String> {
        let steps = match resampling {
            Resampling::ZeroPadding { before, after } => input
                .steps
                .checked_add(before)
                .and_then(|steps| steps.checked_add(after)),
            Resampling::UpSampling { size: 0 } => {
                return Err("size is 0; give at least 1".into());
            }
            Resampling::UpSampling { size } => input.steps.checked_mul(size),
            Resampling::Reverse | Resampling::Input => Some(input.steps),
        };
        Ok(Self {
            resampling,
            input,
            output: Shape {
                steps: steps.ok_or("it has too many steps; make it smaller")?,
                channels: input.channels,
            },
        })
    }

    /// The input step that an output step shows, or `None` in the padding.
    fn source(&self, step: usize) -> Option<usize> {
        match self.resampling {
            Resampling::ZeroPadding { before, .. } => step
                .checked_sub(before)
                .filter(|step| *step < self.input.steps),
            Resampling::UpSampling { size } => Some(step / size),
            Resampling::Reverse => Some(self.input.steps - 1 - step),
            Resampling::Input => Some(step),
        }
    }
}

impl Operation for Resample {
    fn name(&self) -> &'static str {
        match self.resampling {
            Resampling::ZeroPadding { .. } => "zero_padding1d",
            Resampling::UpSampling { .. } => "up_sampling1d",
            Resampling::Reverse => "reverse",
            Resampling::Input => "input",
        }
    }

    shapes!();

    fn forward(&self, call: Forward<'_>, _scratch: &mut Scratch, y: &mut Vec<f32>) {
        let channels = self.input.channels;
        zeros(y, call.count * self.output.size());
        let windows = y.chunks_exact_mut(self.output.size());
        for (y, x) in windows.zip(call.x().chunks_exact(self.input.size())) {
            for (step, y) in y.chunks_exact_mut(channels).enumerate() {
                if let Some(from) = self.source(step) {
                    y.copy_from_slice(&x[from * channels..(from + 1) * channels]);
                }
            }
        }
    }

    fn backward(&self, step: Backward<'_>, _scratch: &mut Scratch) {
        let Some(dx) = &mut step.dx[0] else { return };
        let channels = self.input.channels;
        zeros(dx, step.count * self.input.size());
        let windows = step.dy.chunks_exact(self.output.size());
        for (dy, dx) in windows.zip(dx.chunks_exact_mut(self.input.size())) {
            for (step, dy) in dy.chunks_exact(channels).enumerate() {
                if let Some(from) = self.source(step) {
                    let dx = &mut dx[from * channels..(from + 1) * channels];
                    dx.iter_mut().zip(dy).for_each(|(dx, dy)| *dx += dy);
                }
            }
        }
    }
}
