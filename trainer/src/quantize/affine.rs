//! Dense and Conv1D: rows over one input tensor, an output scale from calibration or from the activation's table.
use dunlin::format::graph::{Conv1dSpec, DenseSpec, LayerSpec, OutputSpec};
use dunlin::format::write::Weights;
use dunlin::math::table;

use super::calibrate::LayerStatistics;
use super::moments::Rounding;
use super::row::{LARGEST_RESCALE, Real, Rows, natural_lsb};
use super::{HEADROOM, LARGEST, Overflow, Tensor};
use crate::config::Activation;
use crate::model_file;
use crate::net::{Conv1d, Dense};

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
        Ok((
            LayerSpec::Dense(DenseSpec {
                units: dense.units as u16,
                use_bias: dense.use_bias,
                output,
            }),
            tensor,
        ))
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
        let spec = Conv1dSpec {
            filters: conv.filters as u16,
            kernel_size: conv.kernel_size as u16,
            stride: conv.strides as u16,
            dilation: conv.dilation_rate as u16,
            padding: model_file::padding(conv.padding),
            use_bias: conv.use_bias,
            output,
        };
        Ok((LayerSpec::Conv1d(spec), tensor))
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
        let (output, scale, tensor) = self.output(activation, lsb);
        let moments = self.statistics.columns();
        let rounding = Rounding::new(moments, |_| self.input.scale);
        let mut quantized = Rows::default();
        for row in rows {
            quantized.push(row, scale, self.coarser, &rounding)?;
        }
        quantized.store(weights);
        Ok((output, tensor))
    }

    /// The output's specification, the scale that accumulators are brought to, and the output tensor. `lsb` is the
    /// coarsest row's accumulator step.
    fn output(&self, activation: Activation, lsb: f64) -> (OutputSpec, f64, Tensor) {
        let spec = |min, max, softmax_bits| OutputSpec {
            activation: model_file::activation(activation),
            min,
            max,
            softmax_bits,
        };
        let fixed = |bits: i32| (-f64::from(bits)).exp2();
        let result = fixed(table::RESULT_BITS);
        let tensor = |scale, range, producer| Tensor {
            scale,
            range,
            producer,
        };
        match activation {
            // The others are refused before.
            Activation::Linear
            | Activation::Relu
            | Activation::HardSigmoid
            | Activation::Relu6
            | Activation::LeakyRelu { .. }
            | Activation::Elu { .. }
            | Activation::Gelu
            | Activation::Silu => {
                let wanted = HEADROOM * self.statistics.largest_output * self.room / LARGEST;
                // Finer than half an accumulator step would say nothing more, and needs a rescale above 1/2.
                let scale = wanted.max(lsb / LARGEST_RESCALE * 1.000_1);
                let max = (LARGEST / self.room).floor() as i16;
                let min = match activation {
                    Activation::Relu => 0,
                    _ if self.room > 1.0 => -max,
                    _ => i16::MIN,
                };
                (
                    spec(min, max, 0),
                    scale,
                    tensor(scale, (min, max), Some(self.index)),
                )
            }
            Activation::Tanh => (
                spec(0, 0, 0),
                fixed(table::TANH_BITS),
                tensor(result, (i16::MIN, i16::MAX), None),
            ),
            Activation::Sigmoid => (
                spec(0, 0, 0),
                fixed(table::SIGMOID_BITS),
                tensor(result, (0, i16::MAX), None),
            ),
            Activation::Softmax => {
                // A logit step is 2^-bits of a doubling of the probability.
                let doublings = HEADROOM * self.statistics.largest_output / std::f64::consts::LN_2;
                let coarsest =
                    (lsb / LARGEST_RESCALE / std::f64::consts::LN_2).max(doublings / LARGEST);
                let bits = (-coarsest.log2()).floor().clamp(0.0, 15.0) as u8;
                let scale = std::f64::consts::LN_2 * fixed(bits.into());
                (spec(0, 0, bits), scale, tensor(result, (0, i16::MAX), None))
            }
        }
    }
}
