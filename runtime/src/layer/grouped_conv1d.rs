//! Conv1D in groups: filters of a group read the channels of that group alone. With as many groups as channels it is
//! DepthwiseConv1D, which has a loop of its own.
use crate::error::LayerError;
use crate::format::graph::{Activation, GroupedConv1dSpec};
use crate::format::read::Cursor;
use crate::precision::{Precision, Sliding, Taps};

use super::conv1d::Conv1d;
use super::steps::steps_mut;
use super::{Besides, Layer, Shape, Tensor, TimeWindow};

#[derive(Debug, Clone, Copy)]
pub(crate) struct GroupedConv1d<'m, P: Precision> {
    conv: Conv1d<'m, P>,
    groups: u32,
}

impl<'m, P: Precision> GroupedConv1d<'m, P> {
    pub fn new(conv: Conv1d<'m, P>, groups: u32) -> Self {
        Self { conv, groups }
    }

    pub fn resolve(
        spec: &GroupedConv1dSpec,
        input: Tensor<P>,
        weights: &mut Cursor<'m>,
        place: &mut Layer<'m, P>,
    ) -> Result<Tensor<P>, LayerError> {
        let GroupedConv1dSpec { conv, groups } = spec;
        if conv.output.activation == Activation::Softmax {
            return Err(LayerError::Unsupported);
        }
        let groups = u32::from(*groups);
        if groups == 0 {
            return Err(LayerError::Dimension);
        }
        let channels = input.shape.channels;
        if !channels.is_multiple_of(groups) || !u32::from(conv.filters).is_multiple_of(groups) {
            return Err(LayerError::Shapes);
        }
        Conv1d::put(conv, Some(groups), input, weights, place)
    }

    /// Tap 0 of the first output step is at step `start` of the input; taps outside of it meet zeros.
    pub fn run(
        &self,
        input: &[P::Activation],
        output: &mut [P::Activation],
        besides: &Besides<'_, P>,
    ) {
        let places = self.conv.window().at(besides.start);
        if P::DEPTHWISE_DOES_GROUPS || self.groups == self.conv.channels {
            let channels = self.conv.channels as usize;
            return P::depthwise(
                &self.conv.matrix,
                &self.conv.activation,
                channels,
                places,
                input,
                output,
            );
        }
        let mut place = places;
        for y in steps_mut(output, self.conv.output().channels) {
            self.grouped(input, place, y);
            place = place.skip(1);
        }
    }

    /// Groups of several channels: a matvec each, one run a tap.
    fn grouped(&self, input: &[P::Activation], place: Sliding, y: &mut [P::Activation]) {
        let groups = self.groups.max(1) as usize;
        let channels = self.conv.channels.max(1) as usize;
        let len = channels / groups;
        let (first, end, at) = place.taps(input.len() / channels);
        let filters = (y.len() / groups).max(1);
        for (group, y) in y.chunks_exact_mut(filters).enumerate() {
            let taps = Taps {
                runs: end - first,
                len,
                column: first * len,
                start: at * channels + group * len,
                stride: self.conv.window().dilation() as usize * channels,
            };
            let rows = P::group(&self.conv.matrix, group, groups);
            P::affine(&rows, &self.conv.activation, &taps, input, y);
        }
    }

    pub fn window(&self) -> TimeWindow {
        self.conv.window()
    }

    pub fn output(&self) -> Shape {
        self.conv.output()
    }

    /// Multiply-accumulates of an output step that meets no padding.
    pub fn step_macs(&self) -> u64 {
        u64::from(self.conv.window().size()) * self.tap_macs()
    }

    /// Multiply-accumulates of a tap.
    fn tap_macs(&self) -> u64 {
        u64::from(self.conv.channels / self.groups.max(1)) * u64::from(self.conv.output().channels)
    }

    pub fn summary(&self) -> (&'static str, u64, u64, usize) {
        let kind = if self.groups == self.conv.channels {
            "depthwise_conv1d"
        } else {
            "grouped_conv1d"
        };
        let bias = u64::from(self.conv.use_bias) * u64::from(self.conv.output().channels);
        (
            kind,
            self.step_macs() + bias,
            self.conv.all_taps() * self.tap_macs(),
            P::matrix_bytes(&self.conv.matrix),
        )
    }
}
