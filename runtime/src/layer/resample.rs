//! UpSampling1D and ZeroPadding1D: each output step is a step of the input, or zeros.
use crate::error::LayerError;
use crate::format::graph::{Padding, ZeroPadding1dSpec};
use crate::precision::Precision;

use super::recurrent::copy;
use super::time::Edges;
use super::{Besides, Shape, Tensor, TimeWindow};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Resample {
    kind: &'static str,
    window: TimeWindow,
    output: Shape,
}

impl Resample {
    /// Each step `size` times.
    pub fn up_sampling<P: Precision>(
        size: u16,
        input: Tensor<P>,
    ) -> Result<(Self, Tensor<P>), LayerError> {
        if size == 0 {
            return Err(LayerError::Dimension);
        }
        let edges = Edges::Padding(Padding::Valid);
        Self::new("up_sampling1d", size, edges, input)
    }

    /// Zeros before and after the steps.
    pub fn zero_padding<P: Precision>(
        spec: ZeroPadding1dSpec,
        input: Tensor<P>,
    ) -> Result<(Self, Tensor<P>), LayerError> {
        let ZeroPadding1dSpec { before, after } = spec;
        let with_zeros = Tensor {
            range: P::with_zero(input.range),
            ..input
        };
        Self::new(
            "zero_padding1d",
            1,
            Edges::Zeros { before, after },
            with_zeros,
        )
    }

    fn new<P: Precision>(
        kind: &'static str,
        repeat: u16,
        edges: Edges,
        input: Tensor<P>,
    ) -> Result<(Self, Tensor<P>), LayerError> {
        let window = TimeWindow::of_step(repeat, edges);
        let steps = window.checked_steps(input.shape.steps)?;
        let shape = Shape::new(steps, input.shape.channels as usize)?;
        let layer = Self {
            kind,
            window,
            output: shape,
        };
        Ok((layer, Tensor { shape, ..input }))
    }

    /// The first output step is the `start`-th of those that the input gives; steps outside of it are zeros.
    pub fn run<P: Precision>(
        &self,
        input: &[P::Activation],
        output: &mut [P::Activation],
        besides: &Besides<'_, P>,
    ) {
        let start = besides.start;
        let channels = self.output.channels.max(1) as usize;
        let repeat = self.window.repeat().max(1) as usize;
        let zeros = start.min(0).unsigned_abs() as usize;
        let mut copies = input
            .chunks_exact(channels)
            .flat_map(|x| core::iter::repeat_n(x, repeat))
            .skip(start.max(0) as usize);
        for (step, y) in output.chunks_exact_mut(channels).enumerate() {
            match if step < zeros { None } else { copies.next() } {
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
        (self.kind, 0, 0, 0)
    }
}
