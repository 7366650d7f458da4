//! From a float model to w8a16: calibration, scales, and integer weights with the proof against overflow.
//!
//! Every tensor is `integer * scale`. Weights get one scale a row; the row's accumulator has the scale
//! `lsb = weight scale * input scale`, and leaves it through a [`Rescale`](dunlin::math::rescale::Rescale). The scale of
//! a row is chosen so that this rescale is exact: the only rounding is that of weights and activations.
mod activation;
mod affine;
mod calibrate;
mod dequantize;
mod elementwise;
mod gru;
mod joint;
mod lstm;
mod moments;
mod row;
mod simple_rnn;
mod vectors;

use dunlin::format::graph::{LayerSpec, ZeroPadding1dSpec};
use dunlin::format::write::{ModelFile, Weights};
use dunlin::math::table;
use dunlin::{LayerError, LoadError, PrecisionTag};

use crate::config::Activation;
use crate::data::Windows;
use crate::error::{Error, Result};
use crate::model_file::{FloatModel, spec};
use crate::net::{Layer, Network, Node, Resampling};

use activation::Output;
use affine::Affine;
use calibrate::Statistics;

/// Room over the largest value seen in calibration: one bit of sixteen.
const HEADROOM: f64 = 2.0;
/// Largest activation.
const LARGEST: f64 = i16::MAX as f64;
/// Attempts at giving tensors more room before a long row's accumulator; each settles at least one layer.
const ATTEMPTS: usize = 2 * dunlin::format::MAX_LAYERS;

/// What is known of a tensor while the layers are quantized.
#[derive(Debug, Clone, Copy)]
struct Tensor {
    /// Real value of one step.
    scale: f64,
    /// Smallest and largest integer.
    range: (i16, i16),
    /// The layer whose clamp can make the range smaller.
    producer: Option<usize>,
}

/// A layer whose accumulator could overflow, and by how much.
#[derive(Debug, Clone, Copy)]
struct Overflow {
    /// How many times the 32-bit range the largest sum reaches.
    factor: f64,
}

/// The bytes of `model.dunlin` for a float model; the calibration windows are in raw units and should come from the
/// training data.
///
/// # Errors
/// `Error::Input` when there are no windows, they have another shape, or an activation is not finite.
pub fn quantize(model: &FloatModel, calibration: &Windows) -> Result<Vec<u8>> {
    Ok(integers(&model.lowered()?, calibration)?.bytes)
}

/// [`quantize`], and beside the file the network in the form of files with exactly the file's weights: what the integers
/// would answer without any rounding of activations.
///
/// # Errors
/// As [`quantize`].
pub fn dequantized(model: &FloatModel, calibration: &Windows) -> Result<(Vec<u8>, Network)> {
    let model = model.lowered()?;
    let Integers { bytes, scales } = integers(&model, calibration)?;
    let network = dequantize::dequantize(model.network, &bytes, &scales)?;
    Ok((bytes, network))
}

/// A file, and the real value of one step of each of its tensors.
struct Integers {
    bytes: Vec<u8>,
    scales: Vec<f64>,
}

/// Quantizes a lowered model.
fn integers(model: &FloatModel, calibration: &Windows) -> Result<Integers> {
    let statistics = Statistics::collect(model, calibration)?;
    // How many times more room the output of each layer needs than calibration alone would give it.
    let mut room = vec![1.0; model.network.layers.len()];
    let mut coarser = vec![1.0; model.network.layers.len()];
    for _ in 0..ATTEMPTS {
        let pass = Pass {
            model,
            statistics: &statistics,
            room: &room,
            coarser: &coarser,
        };
        match pass.run()? {
            Ok(integers) => return Ok(integers),
            Err(NeedsRoom {
                layer,
                producer,
                factor,
            }) => match producer {
                // A hair more than needed, so that rounding cannot undo it.
                Some(producer) => room[producer] *= factor * 1.001,
                None => coarser[layer] *= factor * 1.001,
            },
        }
    }
    Err(Error::input(
        "the model cannot be quantized: its accumulators overflow whatever the scales",
    ))
}

/// A layer whose sums overflow, and the layer whose output could be made smaller for it.
struct NeedsRoom {
    layer: usize,
    producer: Option<usize>,
    factor: f64,
}

/// One attempt with given room.
struct Pass<'a> {
    model: &'a FloatModel,
    statistics: &'a Statistics,
    room: &'a [f64],
    coarser: &'a [f64],
}

impl Pass<'_> {
    fn run(&self) -> Result<std::result::Result<Integers, NeedsRoom>> {
        let mut weights = Weights::new();
        let mut layers = Vec::new();
        let input_scale = self.input_scale();
        // Tensor 0 is the input, n the output of the n-th layer.
        let mut tensors = vec![Tensor {
            scale: input_scale,
            range: (i16::MIN, i16::MAX),
            producer: None,
        }];
        for (index, node) in self.model.network.layers.iter().enumerate() {
            if !has_activation(&node.layer) {
                return Err(lacking(node));
            }
            match self.layer(index, node, &tensors, &mut weights)? {
                Ok((spec, output)) => {
                    layers.push(spec);
                    tensors.push(output);
                }
                Err(Overflow { factor }) => {
                    return Ok(Err(NeedsRoom {
                        layer: index,
                        producer: current(node, &tensors).producer,
                        factor,
                    }));
                }
            }
        }
        let tensor = tensors[tensors.len() - 1];
        let file = ModelFile {
            name: &self.model.name,
            precision: PrecisionTag::W8A16,
            mode: self.model.mode,
            hop: self.model.hop,
            window: self.model.network.steps,
            input_channels: self.model.network.channels,
            input_scales: &folded(&self.model.input_scales, |pair| {
                // Raw units to integers.
                pair.map(|value| (f64::from(value) / input_scale) as f32)
            }),
            layers: &layers,
            weights: &weights,
            output_scales: &folded(&self.model.output_scales, |[scale, offset]| {
                // Integers to raw units.
                [(f64::from(scale) * tensor.scale) as f32, offset]
            }),
            states_features: true,
        };
        match file.to_bytes() {
            Ok(bytes) => Ok(Ok(Integers {
                bytes,
                scales: tensors.iter().map(|tensor| tensor.scale).collect(),
            })),
            Err(LoadError::Layer {
                index,
                error: LayerError::Overflow { row },
            }) => Err(Error::input(format!(
                "layer {}: row {row} of the quantized weights overflows; this is a defect of the quantizer",
                index + 1
            ))),
            Err(error) => Err(Error::input(format!(
                "the quantized model cannot be written: {error}"
            ))),
        }
    }

    /// The scale of the input: one step is one id where the model starts from those.
    fn input_scale(&self) -> f64 {
        let nodes = &self.model.network.layers;
        let ids = nodes
            .iter()
            .any(|node| node.inputs == [0] && matches!(node.layer, Layer::Embedding(_)));
        if ids {
            1.0
        } else {
            HEADROOM * self.statistics.largest_input / LARGEST
        }
    }

    /// The specification of a layer and its output tensor.
    fn layer(
        &self,
        index: usize,
        node: &Node,
        tensors: &[Tensor],
        weights: &mut Weights,
    ) -> Result<std::result::Result<(LayerSpec, Tensor), Overflow>> {
        let statistics = &self.statistics.layers[index];
        let (input, coarser) = (current(node, tensors), self.coarser[index]);
        let step = Affine {
            index,
            input,
            statistics,
            room: self.room[index],
            coarser,
        };
        let wanted = step.wanted(0.0);
        Ok(match &node.layer {
            Layer::Dense(dense) => step.dense(dense, weights),
            Layer::Conv1d(conv) => step.conv1d(conv, weights),
            Layer::GroupedConv1d(conv) => step.grouped_conv1d(conv, weights),
            Layer::Pool1d(pool) => Ok((spec::pool1d(pool), input)),
            Layer::GlobalPool1d(pool) => Ok((spec::global_pool1d(pool), input)),
            Layer::Flatten(_) => Ok((LayerSpec::Flatten, input)),
            Layer::Lstm(lstm) => lstm::quantize(lstm, input, statistics, coarser, weights),
            Layer::SimpleRnn(rnn) => simple_rnn::quantize(rnn, input, statistics, coarser, weights),
            Layer::Gru(gru) => gru::quantize(gru, input, statistics, coarser, weights),
            Layer::Activation(l) => Ok(elementwise::activation(l.activation, input, wanted)),
            Layer::Merge(merge) => {
                let with = node.inputs[0];
                let inputs = [tensors[with], input];
                let merged = (merge.merging, merge.activation);
                Ok(elementwise::merge(merged, with, inputs, wanted))
            }
            Layer::Embedding(layer) => Ok(elementwise::embedding(layer, weights)),
            Layer::LayerNorm(l) => {
                let output = Output::new(l.activation, wanted);
                let parameters = [l.gamma.as_slice(), &l.beta];
                let spec = elementwise::norm(parameters, l.epsilon, input.scale, output, weights);
                Ok((LayerSpec::LayerNorm(spec), output.tensor))
            }
            Layer::Resample(l) => Ok(match l.resampling {
                Resampling::ZeroPadding { before, after } => {
                    let spec = ZeroPadding1dSpec {
                        before: before as u16,
                        after: after as u16,
                    };
                    let range = (input.range.0.min(0), input.range.1.max(0));
                    (LayerSpec::ZeroPadding1d(spec), Tensor { range, ..input })
                }
                Resampling::UpSampling { size } => (LayerSpec::UpSampling1d(size as u16), input),
                Resampling::Reverse => (LayerSpec::Reverse, input),
                Resampling::Input => (LayerSpec::Input(node.inputs[0] as u16), input),
            }),
            // Lowering has taken these away.
            Layer::Dropout(_) | Layer::BatchNorm(_) => return Err(lacking(node)),
        })
    }
}

/// The tensor that a layer reads; of a merge the second one.
fn current(node: &Node, tensors: &[Tensor]) -> Tensor {
    let last = node.inputs.last().copied().unwrap_or_default();
    tensors[last]
}

/// Whether the integers have the layer's activation.
fn has_activation(layer: &Layer) -> bool {
    let activation = match layer {
        Layer::Dense(l) => l.activation,
        Layer::Conv1d(l) => l.activation,
        Layer::GroupedConv1d(l) => l.activation,
        Layer::Activation(l) => l.activation,
        Layer::Merge(l) => l.activation,
        Layer::LayerNorm(l) => l.activation,
        Layer::SimpleRnn(_)
        | Layer::Lstm(_)
        | Layer::Gru(_)
        | Layer::Pool1d(_)
        | Layer::GlobalPool1d(_)
        | Layer::Flatten(_)
        | Layer::Dropout(_)
        | Layer::Resample(_)
        | Layer::Embedding(_)
        | Layer::BatchNorm(_) => return true,
    };
    activation::has(activation)
}

/// Fraction bits of a gate whose argument reaches `largest`.
fn gate_bits(gate: Activation, largest: f64) -> i32 {
    if activation::is_bounded(gate) {
        return table::RESULT_BITS;
    }
    let bits = (LARGEST / (HEADROOM * largest)).log2().floor();
    bits.clamp(0.0, 15.0) as i32
}

/// The refusal of what the quantizer does not have.
fn lacking(node: &Node) -> Error {
    Error::input(format!(
        "{}: integers have a negative_slope below 1 and an alpha below 2; only the float model can be made",
        node.place
    ))
}

/// The model's own scaling, or identity, with the scale of an integer tensor folded in.
fn folded(model: &[[f32; 2]], fold: impl Fn([f32; 2]) -> [f32; 2]) -> Vec<[f32; 2]> {
    if model.is_empty() {
        return vec![fold([1.0, 0.0])];
    }
    model.iter().map(|&pair| fold(pair)).collect()
}

/// A power of two.
fn exp2(exponent: i32) -> f64 {
    f64::from(exponent).exp2()
}
