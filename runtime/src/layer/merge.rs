//! Concatenate, Add and Multiply: an earlier tensor with the current one, step by step.
use crate::error::LayerError;
use crate::format::graph::{Activation, MergeSpec};
use crate::precision::{Merging, Precision};

use super::steps::{steps, steps_mut};
use super::{Layer, Shape, Tensor};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Merge {
    merging: Merging,
    spec: MergeSpec,
    /// Channels of the earlier tensor and of the current one.
    channels: [u32; 2],
    output: Shape,
}

impl Merge {
    pub fn resolve<P: Precision>(
        merging: Merging,
        spec: &MergeSpec,
        with: Option<Tensor<P>>,
        current: Tensor<P>,
        place: &mut Layer<'_, P>,
    ) -> Result<Tensor<P>, LayerError> {
        if spec.output.activation == Activation::Softmax {
            return Err(LayerError::Unsupported);
        }
        let with = with.ok_or(LayerError::Shapes)?;
        let fits = match merging {
            Merging::Concatenate => with.shape.steps == current.shape.steps,
            Merging::Add | Merging::Multiply => with.shape == current.shape,
        };
        if !fits {
            return Err(LayerError::Shapes);
        }
        let channels = [with.shape.channels, current.shape.channels];
        let count = match merging {
            // Two dimensions: below 2^17.
            Merging::Concatenate => channels[0] + channels[1],
            Merging::Add | Merging::Multiply => channels[1],
        };
        let shape = Shape::new(current.shape.steps as usize, count as usize)?;
        let range = P::merge_range(merging, spec)?;
        *place = Layer::Merge(Self {
            merging,
            spec: *spec,
            channels,
            output: shape,
        });
        Ok(Tensor { shape, range })
    }

    /// One step of both inputs to one of the output.
    pub fn step<P: Precision>(
        &self,
        with: &[P::Activation],
        current: &[P::Activation],
        y: &mut [P::Activation],
    ) {
        let both = with.iter().zip(current);
        match self.merging {
            Merging::Concatenate => {
                let Some((head, tail)) = y.split_at_mut_checked(with.len()) else {
                    return;
                };
                for (side, (x, y)) in [(with, head), (current, tail)].into_iter().enumerate() {
                    for (y, &x) in y.iter_mut().zip(x) {
                        *y = P::concatenate(&self.spec, side, x);
                    }
                }
            }
            Merging::Add => {
                for (y, (&with, &current)) in y.iter_mut().zip(both) {
                    *y = P::add(&self.spec, with, current);
                }
            }
            Merging::Multiply => {
                for (y, (&with, &current)) in y.iter_mut().zip(both) {
                    *y = P::multiply(&self.spec, with, current);
                }
            }
        }
    }

    /// Whole steps.
    pub fn run<P: Precision>(
        &self,
        with: &[P::Activation],
        current: &[P::Activation],
        output: &mut [P::Activation],
    ) {
        let [with_channels, channels] = self.channels;
        let both = steps(with, with_channels).zip(steps(current, channels));
        for ((with, current), y) in both.zip(steps_mut(output, self.output.channels)) {
            self.step::<P>(with, current, y);
        }
    }

    pub fn output(&self) -> Shape {
        self.output
    }

    pub fn summary(&self) -> (&'static str, u64, u64, usize) {
        let kind = match self.merging {
            Merging::Concatenate => "concatenate",
            Merging::Add => "add",
            Merging::Multiply => "multiply",
        };
        (kind, 0, 0, 0)
    }
}
