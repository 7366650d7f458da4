//! Concatenate, Add and Multiply: an earlier tensor with the current one, step by step.
use crate::error::LayerError;
use crate::format::graph::{Activation, MergeSpec};
use crate::precision::{Merging, Precision};

use super::steps::{steps, steps_mut};
use super::{Besides, Layer, Shape, Tensor};

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

    /// Whole steps of both inputs.
    pub fn run<P: Precision>(
        &self,
        current: &[P::Activation],
        output: &mut [P::Activation],
        besides: &mut Besides<'_, P>,
    ) {
        let with = besides.with;
        match self.merging {
            Merging::Concatenate => {
                let [first, second] = self.channels;
                let both = steps(with, first).zip(steps(current, second));
                for ((with, current), y) in both.zip(steps_mut(output, self.output.channels)) {
                    let (head, tail) = y.split_at_mut_checked(with.len()).unwrap_or_default();
                    P::concatenate(&self.spec, 0, with, head);
                    P::concatenate(&self.spec, 1, current, tail);
                }
            }
            Merging::Add => P::add(&self.spec, with, current, output),
            Merging::Multiply => P::multiply(&self.spec, with, current, output),
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
