//! Conv1D in groups: filters of a group read the channels of that group alone. With as many groups as channels it is
//! DepthwiseConv1D, which has a loop of its own.
use crate::error::LayerError;
use crate::format::graph::{Activation, GroupedConv1dSpec, OutputSpec};
use crate::format::read::Cursor;
use crate::precision::{Precision, Rows, Sliding, Taps};

use super::steps::steps_mut;
use super::{Besides, Shape, Tensor, TimeWindow};

#[derive(Debug, Clone, Copy)]
pub(crate) struct GroupedConv1d<'m, P: Precision> {
    matrix: P::Matrix<'m>,
    activation: OutputSpec,
    window: TimeWindow,
    groups: u32,
    channels: u32,
    input_steps: u32,
    output: Shape,
    use_bias: bool,
}

impl<'m, P: Precision> GroupedConv1d<'m, P> {
    pub fn resolve(
        spec: GroupedConv1dSpec,
        input: Tensor<P>,
        weights: &mut Cursor<'m>,
    ) -> Result<(Self, Tensor<P>), LayerError> {
        let GroupedConv1dSpec { conv, groups } = spec;
        if conv.output.activation == Activation::Softmax {
            return Err(LayerError::Unsupported);
        }
        let Shape { steps, channels } = input.shape;
        let groups = u32::from(groups);
        if groups == 0 {
            return Err(LayerError::Dimension);
        }
        if !channels.is_multiple_of(groups) || !u32::from(conv.filters).is_multiple_of(groups) {
            return Err(LayerError::Shapes);
        }
        let window = TimeWindow::new(conv.padding, conv.kernel_size, conv.stride, conv.dilation)?;
        let shape = Shape::new(window.checked_steps(steps)?, conv.filters.into())?;
        let range = P::output_range(&conv.output)?;
        let columns = (window.size() as usize)
            .checked_mul((channels / groups) as usize)
            .ok_or(LayerError::Memory)?;
        let matrix = P::matrix(
            weights,
            Rows {
                groups: groups as usize,
                packed: false,
                ..Rows::packed(conv.filters.into())
            },
            &[(columns, P::with_zero(input.range))],
        )?;
        let layer = Self {
            matrix,
            activation: conv.output,
            window,
            groups,
            channels,
            input_steps: steps,
            output: shape,
            use_bias: conv.use_bias,
        };
        Ok((layer, Tensor { shape, range }))
    }

    /// Tap 0 of the first output step is at step `start` of the input; taps outside of it meet zeros.
    pub fn run(
        &self,
        input: &[P::Activation],
        output: &mut [P::Activation],
        besides: &Besides<'_, P>,
    ) {
        let places = self.window.at(besides.start);
        if self.groups == self.channels {
            let channels = self.channels as usize;
            return P::depthwise(
                &self.matrix,
                &self.activation,
                channels,
                places,
                input,
                output,
            );
        }
        let mut place = places;
        for y in steps_mut(output, self.output.channels) {
            self.grouped(input, place, y);
            place = place.skip(1);
        }
    }

    /// Groups of several channels: a matvec each, one run a tap.
    fn grouped(&self, input: &[P::Activation], place: Sliding, y: &mut [P::Activation]) {
        let groups = self.groups.max(1) as usize;
        let channels = self.channels.max(1) as usize;
        let len = channels / groups;
        let (first, end, at) = place.taps(input.len() / channels);
        let filters = (y.len() / groups).max(1);
        for (group, y) in y.chunks_exact_mut(filters).enumerate() {
            let taps = Taps {
                runs: end - first,
                len,
                column: first * len,
                start: at * channels + group * len,
                stride: self.window.dilation() as usize * channels,
            };
            let rows = P::group(&self.matrix, group, groups);
            P::affine(&rows, &self.activation, &taps, input, y);
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
        u64::from(self.window.size()) * self.tap_macs()
    }

    /// Multiply-accumulates of a tap.
    fn tap_macs(&self) -> u64 {
        u64::from(self.channels / self.groups.max(1)) * u64::from(self.output.channels)
    }

    pub fn summary(&self) -> (&'static str, u64, u64, usize) {
        let kind = if self.groups == self.channels {
            "depthwise_conv1d"
        } else {
            "grouped_conv1d"
        };
        let bias = u64::from(self.use_bias) * u64::from(self.output.channels);
        (
            kind,
            self.step_macs() + bias,
            self.window.all_taps(self.input_steps) * self.tap_macs(),
            P::matrix_bytes(&self.matrix),
        )
    }
}
