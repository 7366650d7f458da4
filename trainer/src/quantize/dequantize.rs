//! Back from integers: the network whose weights are exactly those of a w8a16 file. Its f64 answers tell the error of the
//! integer arithmetic apart from that of rounding the weights.
use std::f64::consts::LN_2;

use dunlin::format::graph::LayerSpec;
use dunlin::format::read::{Cursor, Message};
use dunlin::format::write::AlignedBytes;
use dunlin::math::rescale::Rescale;
use dunlin::math::table;
use dunlin::{Header, LayerError, Packing};

use super::activation::argument;
use super::exp2;
use super::gru::dropped;
use crate::config::Activation;
use crate::error::{Error, Result};
use crate::model_file::{GateRows, GruRows, transpose};
use crate::net::{Layer, Network};

/// Steps of a normalized value in 1, over what a multiplication by gamma drops: `2^20 / 2^16`.
const NORM_STEPS: f64 = 16.0;
/// Parameters of activations have 15 fraction bits.
const FRACTION: f32 = 32_768.0;
/// The layer of the file is not that of the network.
const FOREIGN: LayerError = LayerError::Shapes;

/// `network`, in the form of files, with the weights, biases and slopes of `file`; `scales` are the real values of one
/// step of each tensor, 0 being the input.
///
/// # Errors
/// `Error::Check` when the file is not one of this network, or its weights do not stand in rows.
pub(super) fn dequantize(mut network: Network, file: &[u8], scales: &[f64]) -> Result<Network> {
    let file = AlignedBytes::new(file);
    let header = Header::read(file.as_slice()).map_err(|e| Error::check(e.to_string()))?;
    if header.packing != Packing::RowMajor {
        return Err(Error::check(
            "the file is packed for a target; its network can be had from one with `--target portable`",
        ));
    }
    let message = Message::of_any(file.as_slice()).map_err(|e| Error::check(e.to_string()))?;
    let damaged = |error: LayerError| Error::check(error.to_string());
    let mut cursor = Cursor::new(message.weights);
    let pairs = message.prefix().input_scales;
    cursor.take::<[f32; 2]>(pairs.into()).map_err(damaged)?;
    for (index, (node, spec)) in network.layers.iter_mut().zip(message.layers()).enumerate() {
        let read = node.inputs.last().copied().unwrap_or_default();
        let mut reader = Reader {
            cursor: &mut cursor,
            input: scales[read],
            output: scales[index + 1],
        };
        reader.fill(&mut node.layer, &spec).map_err(damaged)?;
    }
    Ok(network)
}

/// Takes the weights of one layer.
struct Reader<'a, 'm> {
    cursor: &'a mut Cursor<'m>,
    /// Real value of one step of the tensor that the layer reads.
    input: f64,
    /// Real value of one step of its output.
    output: f64,
}

type Taken<T> = std::result::Result<T, LayerError>;

impl Reader<'_, '_> {
    fn fill(&mut self, layer: &mut Layer, spec: &LayerSpec) -> Taken<()> {
        let input = self.input;
        match layer {
            Layer::Dense(l) => {
                let channels = l.input.channels;
                (l.kernel, l.bias) = self.matrix(l.units, channels, spec, l.activation)?;
                l.activation = stated(l.activation);
            }
            Layer::Conv1d(l) => {
                let columns = l.kernel_size * l.input.channels;
                (l.kernel, l.bias) = self.matrix(l.filters, columns, spec, l.activation)?;
                l.activation = stated(l.activation);
            }
            Layer::GroupedConv1d(l) => {
                let columns = l.kernel.len() / l.filters;
                (l.kernel, l.bias) = self.matrix(l.filters, columns, spec, l.activation)?;
                l.activation = stated(l.activation);
            }
            Layer::Lstm(l) => {
                let (bits, gate_bits) = if let LayerSpec::LstmGated(spec) = spec {
                    (spec.lstm, i32::from(spec.gate_bits))
                } else if let LayerSpec::Lstm(spec) = spec {
                    (*spec, table::RESULT_BITS)
                } else {
                    return Err(FOREIGN);
                };
                let hidden = exp2(-i32::from(bits.hidden_bits));
                let gate = argument(l.recurrent_activation, exp2(-gate_bits));
                let candidate = argument(l.activation, exp2(-i32::from(bits.candidate_bits)));
                let step = |row: usize| if row % 4 == 2 { candidate } else { gate };
                let columns = columns(input, l.input.channels, hidden, l.units);
                let (weights, bias) = self.rows(4 * l.units, &columns, step)?;
                GateRows { weights, bias }.store(l);
            }
            Layer::SimpleRnn(l) => {
                // What a LayerNorm reads may have any scale, if its epsilon has the same.
                let sums = match l.layer_norm {
                    true => 1.0,
                    false => argument(l.activation, self.output),
                };
                let columns = columns(input, l.input.channels, self.output, l.units);
                let (weights, bias) = self.rows(l.units, &columns, |_| sums)?;
                GateRows { weights, bias }.store_simple(l);
                if let LayerSpec::SimpleRnnNorm(spec) = spec {
                    l.epsilon = spec.norm.epsilon as f32;
                    let step = argument(l.activation, self.output);
                    (l.gamma, l.beta) = self.norm(l.units, spec.norm.shift, step)?;
                }
            }
            Layer::Gru(l) => {
                let (bits, gate_bits) = if let LayerSpec::GruGated(spec) = spec {
                    (spec.gru, i32::from(spec.gate_bits))
                } else if let LayerSpec::Gru(spec) = spec {
                    (*spec, table::RESULT_BITS)
                } else {
                    return Err(FOREIGN);
                };
                let hidden = exp2(-i32::from(bits.hidden_bits));
                let gate = argument(l.recurrent_activation, exp2(-gate_bits));
                let candidate = argument(l.activation, hidden);
                let step = |row: usize| match row < 2 * l.units {
                    true => gate,
                    false => candidate,
                };
                let (of_x, mut of_x_bias) =
                    self.rows(3 * l.units, &vec![input; l.input.channels], step)?;
                for bias in &mut of_x_bias[2 * l.units..] {
                    *bias -= (dropped(l) * candidate) as f32;
                }
                let (of_h, of_h_bias) = self.rows(3 * l.units, &vec![hidden; l.units], step)?;
                if !l.reset_after {
                    // Keras has one bias there; the file has one a product.
                    of_x_bias
                        .iter_mut()
                        .zip(&of_h_bias)
                        .for_each(|(b, d)| *b += d);
                }
                let rows = GruRows {
                    input: of_x,
                    input_bias: of_x_bias,
                    recurrent: of_h,
                    recurrent_bias: of_h_bias,
                };
                rows.store(l);
            }
            Layer::Embedding(l) => {
                let values = self.cursor.take::<i8>(l.embeddings.len())?;
                let multipliers = self.cursor.take::<i16>(l.vocabulary)?;
                let rows = values.chunks_exact(l.units).zip(multipliers);
                l.embeddings = rows
                    .flat_map(|(row, &multiplier)| {
                        let scale = self.output * f64::from(multiplier);
                        row.iter().map(move |&w| (f64::from(w) * scale) as f32)
                    })
                    .collect();
            }
            Layer::LayerNorm(l) => {
                if let LayerSpec::LayerNorm(spec) = spec {
                    l.epsilon = (f64::from(spec.epsilon) * input * input) as f32;
                    let step = argument(l.activation, self.output);
                    (l.gamma, l.beta) = self.norm(l.gamma.len(), spec.shift, step)?;
                }
                l.activation = stated(l.activation);
            }
            Layer::Activation(l) => l.activation = stated(l.activation),
            Layer::Merge(l) => l.activation = stated(l.activation),
            Layer::Pool1d(_)
            | Layer::GlobalPool1d(_)
            | Layer::Flatten(_)
            | Layer::Resample(_)
            | Layer::Dropout(_)
            | Layer::BatchNorm(_) => {}
        }
        Ok(())
    }

    /// Kernel in Keras's layout and bias, over one tensor.
    fn matrix(
        &mut self,
        rows: usize,
        columns: usize,
        spec: &LayerSpec,
        activation: Activation,
    ) -> Taken<(Vec<f32>, Vec<f32>)> {
        let output = if let LayerSpec::Dense(spec) = spec {
            spec.output
        } else if let LayerSpec::Conv1d(spec) = spec {
            spec.output
        } else if let LayerSpec::GroupedConv1d(spec) = spec {
            spec.conv.output
        } else {
            return Err(FOREIGN);
        };
        let step = if activation == Activation::Softmax {
            LN_2 * exp2(-i32::from(output.softmax_bits))
        } else {
            argument(activation, self.output)
        };
        let (weights, bias) = self.rows(rows, &vec![self.input; columns], |_| step)?;
        Ok((transpose(&weights, rows, columns), bias))
    }

    /// Rows of weights and biases: `step` is the real value of one step of a row's result, `columns` of what each column
    /// meets. The half step that makes the rescale round to the nearest is no part of the bias.
    fn rows(
        &mut self,
        rows: usize,
        columns: &[f64],
        step: impl Fn(usize) -> f64,
    ) -> Taken<(Vec<f32>, Vec<f32>)> {
        let weights = self.cursor.take::<i8>(rows * columns.len())?;
        let biases = self.cursor.take::<i32>(rows)?;
        let rescales = self.cursor.take::<u32>(rows)?;
        let mut real = (Vec::with_capacity(weights.len()), Vec::with_capacity(rows));
        for (row, (&bias, &rescale)) in biases.iter().zip(rescales).enumerate() {
            let rescale = Rescale(rescale).value();
            let lsb = rescale * step(row);
            let integers = &weights[row * columns.len()..][..columns.len()];
            let pairs = integers.iter().zip(columns);
            real.0
                .extend(pairs.map(|(&w, column)| (f64::from(w) * lsb / column) as f32));
            real.1
                .push(((f64::from(bias) - 0.5 / rescale) * lsb) as f32);
        }
        Ok(real)
    }

    /// Gamma and beta of a LayerNorm whose result is shifted to steps of `step`.
    fn norm(&mut self, count: usize, shift: u8, step: f64) -> Taken<(Vec<f32>, Vec<f32>)> {
        let gammas = self.cursor.take::<i16>(count)?;
        let betas = self.cursor.take::<i32>(count)?;
        let whole = exp2(shift.into());
        let gamma = |&gamma: &i16| (f64::from(gamma) * NORM_STEPS / whole * step) as f32;
        let beta = |&beta: &i32| ((f64::from(beta) - whole / 2.0) / whole * step) as f32;
        Ok((
            gammas.iter().map(gamma).collect(),
            betas.iter().map(beta).collect(),
        ))
    }
}

/// What each column of a row over `[x; h]` meets.
fn columns(x: f64, inputs: usize, h: f64, units: usize) -> Vec<f64> {
    [vec![x; inputs], vec![h; units]].concat()
}

/// An activation with its parameter as the file has it.
fn stated(activation: Activation) -> Activation {
    let round = |value: f32| (value * FRACTION).round() / FRACTION;
    match activation {
        Activation::LeakyRelu { negative_slope } => Activation::LeakyRelu {
            negative_slope: round(negative_slope),
        },
        Activation::Elu { alpha } => Activation::Elu {
            alpha: round(alpha),
        },
        Activation::Linear
        | Activation::Relu
        | Activation::Tanh
        | Activation::Sigmoid
        | Activation::Softmax
        | Activation::HardSigmoid
        | Activation::Relu6
        | Activation::Gelu
        | Activation::Silu => activation,
    }
}
