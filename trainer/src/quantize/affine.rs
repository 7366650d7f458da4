//! Dense and convolutions: rows over one input tensor, an output scale from calibration or from the activation's table.
use dunlin::format::graph::{LayerSpec, OutputSpec};
use dunlin::format::write::Weights;

use super::activation::{Output, Wanted};
use super::calibrate::LayerStatistics;
use super::moments::Rounding;
use super::row::{Real, Rows, natural_lsb};
use super::{Overflow, Tensor};
use crate::config::Activation;
use crate::model_file::{self, spec};
use crate::net::{Conv1d, Dense, GroupedConv1d};

/// What a layer is quantized with.
pub(super) struct Affine<'a> {
    pub index: usize,
    pub input: Tensor,
    pub statistics: &'a LayerStatistics,
    /// The output leaves this many times more room than calibration asks for.
    pub room: f64,
    /// The weights are this many times coarser than their range asks for.
    pub coarser: f64,
}

impl Affine<'_> {
    /// What decides the scale of the output; `lsb` is the coarsest accumulator step, 0 where there is none.
    pub fn wanted(&self, lsb: f64) -> Wanted {
        Wanted {
            index: self.index,
            largest: self.statistics.largest_output,
            room: self.room,
            lsb,
        }
    }

    pub fn dense(
        &self,
        dense: &Dense,
        weights: &mut Weights,
    ) -> Result<(LayerSpec, Tensor), Overflow> {
        let inputs = dense.input.channels;
        let range = self.input.range;
        let (output, tensor) = self.matrix(
            &dense.kernel,
            &dense.bias,
            inputs,
            1,
            dense.activation,
            range,
            weights,
        )?;
        Ok((spec::dense(dense, output), tensor))
    }

    pub fn conv1d(
        &self,
        conv: &Conv1d,
        weights: &mut Weights,
    ) -> Result<(LayerSpec, Tensor), Overflow> {
        let (taps, channels) = (conv.kernel_size, conv.input.channels);
        // Padding brings zeros.
        let range = (self.input.range.0.min(0), self.input.range.1.max(0));
        let (output, tensor) = self.matrix(
            &conv.kernel,
            &conv.bias,
            channels,
            taps,
            conv.activation,
            range,
            weights,
        )?;
        Ok((spec::conv1d(conv, output), tensor))
    }

    pub fn grouped_conv1d(
        &self,
        conv: &GroupedConv1d,
        weights: &mut Weights,
    ) -> Result<(LayerSpec, Tensor), Overflow> {
        let range = (self.input.range.0.min(0), self.input.range.1.max(0));
        let (output, tensor) = self.matrix(
            &conv.kernel,
            &conv.bias,
            conv.input.channels / conv.groups,
            conv.kernel_size,
            conv.activation,
            range,
            weights,
        )?;
        Ok((spec::grouped_conv1d(conv, output), tensor))
    }

    /// Rows over `taps` steps of `channels` values, from a Keras kernel `[taps * channels, rows]`.
    #[allow(
        clippy::too_many_arguments,
        reason = "the parts of two layers that have no type in common"
    )]
    fn matrix(
        &self,
        kernel: &[f32],
        bias: &[f32],
        channels: usize,
        taps: usize,
        activation: Activation,
        range: (i16, i16),
        weights: &mut Weights,
    ) -> Result<(OutputSpec, Tensor), Overflow> {
        let columns = taps * channels;
        let real: Vec<f64> = model_file::transpose(kernel, columns, bias.len())
            .iter()
            .map(|&w| f64::from(w) * self.input.scale)
            .collect();
        let ranges = vec![range; columns];
        let rows: Vec<Real<'_>> = real
            .chunks_exact(columns)
            .zip(bias)
            .map(|(weights, &bias)| Real {
                weights,
                bias: bias.into(),
                ranges: &ranges,
            })
            .collect();
        let lsb = rows.iter().map(natural_lsb).fold(0.0, f64::max) * self.coarser;
        let output = Output::new(activation, self.wanted(lsb));
        // Each group of rows meets columns of its own.
        let groups = self.statistics.groups();
        let each = (rows.len() / groups.len()).max(1);
        let mut quantized = Rows::default();
        for (rows, moments) in rows.chunks(each).zip(groups) {
            let rounding = Rounding::new(moments, |_| self.input.scale);
            for &row in rows {
                quantized.push(row, output.argument, self.coarser, &rounding)?;
            }
        }
        quantized.store(weights);
        Ok((output.spec, output.tensor))
    }
}
