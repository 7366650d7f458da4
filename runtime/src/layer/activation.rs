//! Activation: `y = act(x)`, element by element; softmax over the channels of a step.
use crate::error::LayerError;
use crate::format::features::Features;
use crate::format::graph::{Activation, ActivationSpec};
use crate::precision::Precision;

use super::steps::steps_mut;
use super::{Layer, Shape, Tensor};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Activate {
    spec: ActivationSpec,
    output: Shape,
}

impl Activate {
    pub fn resolve<P: Precision>(
        spec: &ActivationSpec,
        input: Tensor<P>,
        place: &mut Layer<'_, P>,
    ) -> Result<Tensor<P>, LayerError> {
        let range = P::activation_range(spec)?;
        let shape = input.shape;
        *place = Layer::Activation(Self {
            spec: *spec,
            output: shape,
        });
        Ok(Tensor { shape, range })
    }

    /// Whole steps.
    pub fn run<P: Precision>(&self, input: &[P::Activation], output: &mut [P::Activation]) {
        P::activate(&self.spec, input, output);
        let softmax = P::FEATURES.has(Features::SOFTMAX);
        if softmax && self.spec.output.activation == Activation::Softmax {
            for logits in steps_mut(output, self.output.channels) {
                P::softmax(logits, &self.spec.output);
            }
        }
    }

    pub fn output(&self) -> Shape {
        self.output
    }

    pub fn summary(&self) -> (&'static str, u64, u64, usize) {
        ("activation", 0, 0, 0)
    }
}
