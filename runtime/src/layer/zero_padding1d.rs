//! ZeroPadding1D: zeros before and after the time steps.
use crate::error::LayerError;
use crate::format::graph::ZeroPadding1dSpec;
use crate::precision::Precision;

use super::recurrent::copy;
use super::time::Edges;
use super::{Shape, Tensor, TimeWindow};

#[derive(Debug, Clone, Copy)]
pub(crate) struct ZeroPadding1d {
    window: TimeWindow,
    output: Shape,
}

impl ZeroPadding1d {
    pub fn resolve<P: Precision>(
        spec: ZeroPadding1dSpec,
        input: Tensor<P>,
    ) -> Result<(Self, Tensor<P>), LayerError> {
        let ZeroPadding1dSpec { before, after } = spec;
        let window = TimeWindow {
            size: 1,
            stride: 1,
            dilation: 1,
            repeat: 1,
            edges: Edges::Zeros { before, after },
        };
        let steps = window.checked_steps(input.shape.steps)?;
        let shape = Shape::new(steps, input.shape.channels as usize)?;
        let layer = Self {
            window,
            output: shape,
        };
        let range = P::with_zero(input.range);
        Ok((layer, Tensor { shape, range }))
    }

    /// The first output step is step `start` of the input; steps outside of it are zeros.
    pub fn run<P: Precision>(
        &self,
        input: &[P::Activation],
        start: i32,
        output: &mut [P::Activation],
    ) {
        let channels = self.output.channels.max(1) as usize;
        let zeros = start.min(0).unsigned_abs() as usize;
        let skipped = start.max(0) as usize;
        let mut steps = input.chunks_exact(channels).skip(skipped);
        for (place, y) in output.chunks_exact_mut(channels).enumerate() {
            match if place < zeros { None } else { steps.next() } {
                Some(x) => copy(y, x),
                None => y.fill(P::ZERO),
            }
        }
    }

    pub fn window(&self) -> TimeWindow {
        self.window
    }

    pub fn output(&self) -> Shape {
        self.output
    }

    pub fn summary(&self) -> (&'static str, u64, u64, usize) {
        ("zero_padding1d", 0, 0, 0)
    }
}
