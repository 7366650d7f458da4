//! Conv1D: `y[t] = act(b + sum over k of W[k] x[t stride + k dilation - left])`.
//!
//! With `[time][channel]` data and no dilation the taps of a place are one contiguous piece of the input, so that a
//! place is one matvec: there is no im2col.
use crate::error::LayerError;
use crate::format::graph::{Activation, Conv1dSpec, OutputSpec};
use crate::format::read::Cursor;
use crate::precision::{Precision, Rows, Taps};

use super::affine::matvec;
use super::grouped_conv1d::GroupedConv1d;
use super::steps::steps_mut;
use super::time::TimeWindow;
use super::{Besides, Layer, Memory, Shape, Tensor};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Conv1d<'m, P: Precision> {
    pub(super) matrix: P::Matrix<'m>,
    pub(super) activation: OutputSpec,
    window: TimeWindow,
    /// Of the input.
    pub(super) channels: u32,
    input_steps: u32,
    output: Shape,
    pub(super) use_bias: bool,
}

impl<'m, P: Precision> Conv1d<'m, P> {
    pub fn resolve(
        spec: &Conv1dSpec,
        input: Tensor<P>,
        weights: &mut Cursor<'m>,
        place: &mut Layer<'m, P>,
    ) -> Result<Tensor<P>, LayerError> {
        if spec.output.activation == Activation::Softmax {
            return Err(LayerError::Unsupported);
        }
        Self::put(spec, None, input, weights, place)
    }

    /// What a convolution over all channels and one in groups of them have in common; the number of groups divides the channels.
    pub(super) fn put(
        spec: &Conv1dSpec,
        groups: Option<u32>,
        input: Tensor<P>,
        weights: &mut Cursor<'m>,
        place: &mut Layer<'m, P>,
    ) -> Result<Tensor<P>, LayerError> {
        let Shape { steps, channels } = input.shape;
        let window = TimeWindow::new(spec.padding, spec.kernel_size, spec.stride, spec.dilation)?;
        let shape = Shape::new(window.checked_steps(steps)?, spec.filters.into())?;
        let range = P::output_range(&spec.output)?;
        let columns = (window.size() as usize)
            .checked_mul((channels / groups.unwrap_or(1).max(1)) as usize)
            .ok_or(LayerError::Memory)?;
        let matrix = P::matrix(
            weights,
            Rows {
                groups: groups.unwrap_or(1) as usize,
                packed: groups.is_none(),
                ..Rows::packed(spec.filters.into())
            },
            &[(columns, P::with_zero(input.range))],
        )?;
        let conv = Self {
            matrix,
            activation: spec.output,
            window,
            channels,
            input_steps: steps,
            output: shape,
            use_bias: spec.use_bias,
        };
        *place = match groups {
            None => Layer::Conv1d(conv),
            Some(groups) => Layer::GroupedConv1d(GroupedConv1d::new(conv, groups)),
        };
        Ok(Tensor { shape, range })
    }

    /// Tap 0 of the first output step is at step `start` of the input; taps outside of it meet zeros.
    pub fn run(
        &self,
        input: &[P::Activation],
        output: &mut [P::Activation],
        besides: &mut Besides<'_, P>,
    ) {
        let start = besides.start;
        let filters = self.output.channels.max(1) as usize;
        let rows = input.len() / self.channels.max(1) as usize;
        if !self.is_together() || output.len() < 2 * filters {
            return self.one_by_one(input, start, rows, output);
        }
        let places = self.window.at(start);
        let (before, inside) = places.inside(rows, output.len() / filters);
        let (head, tail) = output
            .split_at_mut_checked(before * filters)
            .unwrap_or_default();
        let first = places.skip(before);
        let done = self.at_once(
            input,
            first.start,
            tail.get_mut(..inside * filters),
            besides.scratch,
        );
        self.one_by_one(input, start, rows, head);
        let behind = tail.get_mut(done * filters..).unwrap_or_default();
        self.one_by_one(input, first.skip(done).start, rows, behind);
    }

    /// Places whose taps all meet the input; gives the number of those that are done.
    fn at_once(
        &self,
        input: &[P::Activation],
        start: i32,
        output: Option<&mut [P::Activation]>,
        scratch: &mut [u8],
    ) -> usize {
        let output = output.unwrap_or_default();
        let channels = self.channels as usize;
        let from = usize::try_from(start).unwrap_or(usize::MAX);
        let x = input
            .get(from.saturating_mul(channels)..)
            .unwrap_or_default();
        let step = self.window.stride() as usize * channels;
        P::places(&self.matrix, &self.activation, x, step, output, scratch)
    }

    fn one_by_one(
        &self,
        input: &[P::Activation],
        start: i32,
        rows: usize,
        output: &mut [P::Activation],
    ) {
        let mut start = start;
        for y in steps_mut(output, self.output.channels) {
            let taps = &self.taps(start, rows);
            matvec::<P>(&self.matrix, &self.activation, taps, input, y);
            start = start.wrapping_add(self.window.stride() as i32);
        }
    }

    /// Whether the taps of a place are one piece of the input.
    fn is_together(&self) -> bool {
        self.window.dilation() == 1 || self.window.size() == 1
    }

    /// Scratch: what rows are taken out into.
    pub fn memory(&self) -> Memory {
        Memory {
            state: 0,
            scratch: if self.is_together() {
                P::places_scratch(&self.matrix, &self.activation)
            } else {
                0
            },
        }
    }

    /// The taps of one place: one run without dilation, else one a tap.
    #[inline]
    fn taps(&self, start: i32, rows: usize) -> Taps {
        let (first, end, start) = self.window.at(start).taps(rows);
        let channels = self.channels as usize;
        let count = end - first;
        let (runs, len) = if self.window.dilation() == 1 {
            (1, count * channels)
        } else {
            (count, channels)
        };
        Taps {
            runs,
            len,
            column: first * channels,
            start: start * channels,
            stride: self.window.dilation() as usize * channels,
        }
    }

    pub fn window(&self) -> TimeWindow {
        self.window
    }

    /// Taps of a whole window's steps that meet the input.
    pub(super) fn all_taps(&self) -> u64 {
        self.window.all_taps(self.input_steps)
    }

    pub fn output(&self) -> Shape {
        self.output
    }

    /// Multiply-accumulates of an output step that meets no padding.
    pub fn step_macs(&self) -> u64 {
        u64::from(self.window.size()) * u64::from(self.channels) * u64::from(self.output.channels)
    }

    pub fn summary(&self) -> (&'static str, u64, u64, usize) {
        let (channels, filters) = (u64::from(self.channels), u64::from(self.output.channels));
        let parameters =
            (u64::from(self.window.size()) * channels + u64::from(self.use_bias)) * filters;
        (
            "conv1d",
            parameters,
            self.all_taps() * channels * filters,
            P::matrix_bytes(&self.matrix),
        )
    }
}
