//! UpSampling1D: each time step several times.
use crate::error::LayerError;
use crate::format::graph::Padding;
use crate::precision::Precision;

use super::recurrent::copy;
use super::time::Edges;
use super::{Shape, Tensor, TimeWindow};

#[derive(Debug, Clone, Copy)]
pub(crate) struct UpSampling1d {
    window: TimeWindow,
    output: Shape,
}

impl UpSampling1d {
    pub fn resolve<P: Precision>(
        size: u16,
        input: Tensor<P>,
    ) -> Result<(Self, Tensor<P>), LayerError> {
        if size == 0 {
            return Err(LayerError::Dimension);
        }
        let window = TimeWindow {
            size: 1,
            stride: 1,
            dilation: 1,
            repeat: size.into(),
            edges: Edges::Padding(Padding::Valid),
        };
        let steps = window.checked_steps(input.shape.steps)?;
        let shape = Shape::new(steps, input.shape.channels as usize)?;
        let layer = Self {
            window,
            output: shape,
        };
        let range = input.range;
        Ok((layer, Tensor { shape, range }))
    }

    /// The first output step is the `start`-th copy of the first step of the input, or of a later one.
    pub fn run<P: Precision>(
        &self,
        input: &[P::Activation],
        start: i32,
        output: &mut [P::Activation],
    ) {
        let channels = self.output.channels.max(1) as usize;
        let size = self.window.repeat.max(1);
        let mut steps = input.chunks_exact(channels);
        let start = start.max(0) as u32;
        let mut skipped = start;
        while skipped >= size {
            steps.next();
            skipped -= size;
        }
        let mut left = size - skipped;
        let mut x = steps.next();
        for y in output.chunks_exact_mut(channels) {
            if left == 0 {
                x = steps.next();
                left = size;
            }
            left -= 1;
            copy(y, x.unwrap_or_default());
        }
    }

    pub fn window(&self) -> TimeWindow {
        self.window
    }

    pub fn output(&self) -> Shape {
        self.output
    }

    pub fn summary(&self) -> (&'static str, u64, u64, usize) {
        ("up_sampling1d", 0, 0, 0)
    }
}
