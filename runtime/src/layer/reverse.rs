//! Reverse: all time steps, the last one first. Around a recurrent layer it makes the backward half of a bidirectional one.
use crate::error::LayerError;
use crate::precision::Precision;

use super::recurrent::copy;
use super::steps::steps_mut;
use super::{Layer, Shape, Tensor};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Reverse {
    output: Shape,
}

impl Reverse {
    pub fn resolve<P: Precision>(
        input: Tensor<P>,
        place: &mut Layer<'_, P>,
    ) -> Result<Tensor<P>, LayerError> {
        let output = input.shape;
        *place = Layer::Reverse(Self { output });
        Ok(input)
    }

    /// All steps.
    pub fn run<P: Precision>(&self, input: &[P::Activation], output: &mut [P::Activation]) {
        let mut rest = input;
        for y in steps_mut(output, self.output.channels) {
            let at = rest.len().saturating_sub(y.len());
            let (before, x) = rest.split_at_checked(at).unwrap_or_default();
            copy(y, x);
            rest = before;
        }
    }

    pub fn output(&self) -> Shape {
        self.output
    }

    pub fn summary(&self) -> (&'static str, u64, u64, usize) {
        ("reverse", 0, 0, 0)
    }
}
