//! LayerNorm: `y = act(gamma (x - mean) / sqrt(variance + epsilon) + beta)` over the channels of each step
//! (Ba, Kiros and Hinton, 2016).
use crate::error::LayerError;
use crate::format::graph::{Activation, LayerNormSpec, OutputSpec};
use crate::format::read::Cursor;
use crate::precision::Precision;

use super::steps::{steps, steps_mut};
use super::{Layer, Shape, Tensor};

#[derive(Debug, Clone, Copy)]
pub(crate) struct LayerNorm<'m, P: Precision> {
    norm: P::Norm<'m>,
    activation: OutputSpec,
    output: Shape,
}

impl<'m, P: Precision> LayerNorm<'m, P> {
    pub fn resolve(
        spec: &LayerNormSpec,
        input: Tensor<P>,
        weights: &mut Cursor<'m>,
        place: &mut Layer<'m, P>,
    ) -> Result<Tensor<P>, LayerError> {
        let range = Self::range(spec)?;
        *place = Layer::LayerNorm(Self {
            norm: P::norm(weights, input.shape.channels as usize, spec)?,
            activation: spec.output,
            output: input.shape,
        });
        let shape = input.shape;
        Ok(Tensor { shape, range })
    }

    /// What the layer can give.
    pub fn range(spec: &LayerNormSpec) -> Result<P::Range, LayerError> {
        if spec.output.activation == Activation::Softmax {
            return Err(LayerError::Unsupported);
        }
        P::output_range(&spec.output)
    }

    /// Whole steps.
    pub fn run(&self, input: &[P::Activation], output: &mut [P::Activation]) {
        let channels = self.output.channels;
        for (x, y) in steps(input, channels).zip(steps_mut(output, channels)) {
            P::normalize(&self.norm, &self.activation, x, y);
        }
    }

    pub fn output(&self) -> Shape {
        self.output
    }

    pub fn summary(&self) -> (&'static str, u64, u64, usize) {
        let parameters = 2 * u64::from(self.output.channels);
        (
            "layer_normalization",
            parameters,
            0,
            P::norm_bytes(&self.norm),
        )
    }
}
