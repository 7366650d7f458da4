//! UpSampling1D and ZeroPadding1D: each output step is a step of the input, or zeros.
use crate::error::LayerError;
use crate::format::graph::{Padding, ZeroPadding1dSpec};
use crate::precision::Precision;

use super::recurrent::copy;
use super::steps::steps_mut;
use super::time::Edges;
use super::{Layer, Shape, Tensor, TimeWindow};

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
        place: &mut Layer<'_, P>,
    ) -> Result<Tensor<P>, LayerError> {
        if size == 0 {
            return Err(LayerError::Dimension);
        }
        let edges = Edges::Padding(Padding::Valid);
        Self::put("up_sampling1d", size, edges, input, place)
    }

    /// Zeros before and after the steps.
    pub fn zero_padding<P: Precision>(
        spec: &ZeroPadding1dSpec,
        input: Tensor<P>,
        place: &mut Layer<'_, P>,
    ) -> Result<Tensor<P>, LayerError> {
        let ZeroPadding1dSpec { before, after } = *spec;
        let with_zeros = Tensor {
            range: P::with_zero(input.range),
            ..input
        };
        Self::put(
            "zero_padding1d",
            1,
            Edges::Zeros { before, after },
            with_zeros,
            place,
        )
    }

    fn put<P: Precision>(
        kind: &'static str,
        repeat: u16,
        edges: Edges,
        input: Tensor<P>,
        place: &mut Layer<'_, P>,
    ) -> Result<Tensor<P>, LayerError> {
        let window = TimeWindow::of_step(repeat, edges);
        let steps = window.checked_steps(input.shape.steps)?;
        let shape = Shape::new(steps, input.shape.channels as usize)?;
        *place = Layer::Resample(Self {
            kind,
            window,
            output: shape,
        });
        Ok(Tensor { shape, ..input })
    }

    /// The first output step is the `start`-th of those that the input gives; steps outside of it are zeros.
    pub fn run<P: Precision>(
        &self,
        input: &[P::Activation],
        start: i32,
        output: &mut [P::Activation],
    ) {
        let channels = self.output.channels as usize;
        let repeat = self.window.repeat().max(1);
        let (mut zeros, first) = (start.min(0).unsigned_abs(), start.max(0) as u32);
        // The step that comes next, and how many times.
        let mut rest = input.get((first / repeat) as usize * channels..);
        let mut times = repeat - first % repeat;
        for y in steps_mut(output, self.output.channels) {
            match rest.and_then(|rest| rest.split_at_checked(channels)) {
                Some((x, behind)) if zeros == 0 => {
                    copy(y, x);
                    times -= 1;
                    if times == 0 {
                        (rest, times) = (Some(behind), repeat);
                    }
                }
                Some(_) | None => {
                    y.fill(P::ZERO);
                    zeros = zeros.saturating_sub(1);
                }
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
