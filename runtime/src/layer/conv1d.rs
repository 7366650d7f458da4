//! Conv1D: `y[t] = act(b + sum over k of W[k] x[t stride + k dilation - left])`.
//!
//! With `[time][channel]` data and no dilation the taps of a place are one contiguous piece of the input, so that a
//! place is one matvec: there is no im2col.
use crate::error::LayerError;
use crate::format::graph::{Activation, Conv1dSpec, OutputSpec};
use crate::format::read::Cursor;
use crate::precision::{Precision, Rows, Taps};

use super::affine::matvec;
use super::time::TimeWindow;
use super::{Shape, Tensor};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Conv1d<'m, P: Precision> {
    matrix: P::Matrix<'m>,
    activation: OutputSpec,
    window: TimeWindow,
    channels: u32,
    input_steps: u32,
    output: Shape,
    use_bias: bool,
}

impl<'m, P: Precision> Conv1d<'m, P> {
    pub fn resolve(
        spec: Conv1dSpec,
        input: Tensor<P>,
        weights: &mut Cursor<'m>,
    ) -> Result<(Self, Tensor<P>), LayerError> {
        if spec.output.activation == Activation::Softmax {
            return Err(LayerError::Unsupported);
        }
        let Shape { steps, channels } = input.shape;
        let window = TimeWindow::new(spec.padding, spec.kernel_size, spec.stride, spec.dilation)?;
        let shape = Shape::new(window.checked_steps(steps)?, spec.filters.into())?;
        let range = P::output_range(&spec.output)?;
        let columns = (window.size as usize)
            .checked_mul(channels as usize)
            .ok_or(LayerError::Memory)?;
        let matrix = P::matrix(
            weights,
            Rows::packed(spec.filters.into()),
            &[(columns, P::with_zero(input.range))],
        )?;
        let layer = Self {
            matrix,
            activation: spec.output,
            window,
            channels,
            input_steps: steps,
            output: shape,
            use_bias: spec.use_bias,
        };
        Ok((layer, Tensor { shape, range }))
    }

    /// Tap 0 of the first output step is at step `start` of the input; taps outside of it meet zeros.
    pub fn run(&self, input: &[P::Activation], start: i32, output: &mut [P::Activation]) {
        let filters = self.output.channels.max(1) as usize;
        let rows = input.len() / self.channels.max(1) as usize;
        let mut start = start;
        for y in output.chunks_exact_mut(filters) {
            matvec::<P>(
                &self.matrix,
                &self.activation,
                self.taps(start, rows),
                input,
                y,
            );
            start = start.wrapping_add(self.window.stride as i32);
        }
    }

    /// The taps of one place: one run without dilation, else one a tap.
    #[inline]
    fn taps(&self, start: i32, rows: usize) -> Taps {
        let (first, end, start) = self.window.taps(start, rows);
        let channels = self.channels as usize;
        let count = end - first;
        let (runs, len) = if self.window.dilation == 1 {
            (1, count * channels)
        } else {
            (count, channels)
        };
        Taps {
            runs,
            len,
            column: first * channels,
            start: start * channels,
            stride: self.window.dilation as usize * channels,
        }
    }

    pub fn window(&self) -> TimeWindow {
        self.window
    }

    pub fn output(&self) -> Shape {
        self.output
    }

    /// Multiply-accumulates of an output step that meets no padding.
    pub fn step_macs(&self) -> u64 {
        u64::from(self.window.size) * u64::from(self.channels) * u64::from(self.output.channels)
    }

    pub fn summary(&self) -> (&'static str, u64, u64, usize) {
        let (channels, filters) = (u64::from(self.channels), u64::from(self.output.channels));
        let parameters =
            (u64::from(self.window.size) * channels + u64::from(self.use_bias)) * filters;
        (
            "conv1d",
            parameters,
            self.window.all_taps(self.input_steps) * channels * filters,
            P::matrix_bytes(&self.matrix),
        )
    }
}
