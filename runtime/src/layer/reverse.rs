//! Reverse: all time steps, the last one first. Around a recurrent layer it makes the backward half of a bidirectional one.
use crate::error::LayerError;
use crate::precision::Precision;

use super::recurrent::copy;
use super::{Shape, Tensor};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Reverse {
    output: Shape,
}

impl Reverse {
    pub fn resolve<P: Precision>(input: Tensor<P>) -> Result<(Self, Tensor<P>), LayerError> {
        let output = input.shape;
        Ok((Self { output }, input))
    }

    /// All steps.
    pub fn run<P: Precision>(&self, input: &[P::Activation], output: &mut [P::Activation]) {
        let channels = self.output.channels.max(1) as usize;
        let steps = input.chunks_exact(channels).rev();
        for (y, x) in output.chunks_exact_mut(channels).zip(steps) {
            copy(y, x);
        }
    }

    pub fn output(&self) -> Shape {
        self.output
    }

    pub fn summary(&self) -> (&'static str, u64, u64, usize) {
        ("reverse", 0, 0, 0)
    }
}
