//! The float model file: from a trained network, and back to one for quantization.
use dunlin::format::MAX_LAYERS;
use dunlin::format::graph::{
    self, Conv1dSpec, DenseSpec, GruGatedSpec, GruSpec, LayerSpec, LstmGatedSpec, LstmSpec,
    OutputSpec, Pool1dSpec, SimpleRnnSpec,
};
use dunlin::format::read::{Cursor, Message};
use dunlin::format::write::{AlignedBytes, ModelFile, Weights};
use dunlin::{F32, Mode, Model, PrecisionTag};

use super::{GateRows, GruRows, transpose};
use crate::config::{Activation, LayerConfig, Padding};
use crate::error::{Error, Result};
use crate::net::{Layer, Network, Node, Pool1d, Pooling};

/// A trained network with the scalings that stand around it.
#[derive(Debug, Clone, PartialEq)]
pub struct FloatModel {
    /// At most 32 bytes.
    pub name: String,
    pub mode: Mode,
    /// Time steps from window to window in a stream; 0 for the window's length.
    pub hop: usize,
    pub network: Network,
    /// `normalized = raw * scale + offset`: none, one pair for all channels, or one a channel.
    pub input_scales: Vec<[f32; 2]>,
    /// `raw = normalized * scale + offset`: none, one pair for all channels, or one a channel.
    pub output_scales: Vec<[f32; 2]>,
}

impl FloatModel {
    /// The bytes of `model.f32.dunlin`.
    ///
    /// # Errors
    /// `Error::Input` when the network is beyond what a file can state; it names the layer.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut weights = Weights::new();
        let mut layers = Vec::new();
        for (index, node) in self.network.layers.iter().enumerate() {
            if node.inputs != [index] {
                return Err(lacking(node));
            }
            layers.extend(write_layer(node, &mut weights)?);
        }
        let file = ModelFile {
            name: &self.name,
            precision: PrecisionTag::F32,
            mode: self.mode,
            hop: self.hop,
            window: self.network.steps,
            input_channels: self.network.channels,
            input_scales: &self.input_scales,
            layers: &layers,
            weights: &weights,
            output_scales: &self.output_scales,
        };
        file.to_bytes()
            .map_err(|error| Error::input(format!("the model cannot be written: {error}")))
    }

    /// Reads a float model file back, to quantize it or to go on with it.
    ///
    /// # Errors
    /// `Error::Input` for bytes that are not a float model; the caller adds the name of the file.
    pub fn from_bytes(file: &[u8]) -> Result<Self> {
        let file = AlignedBytes::new(file);
        let invalid = |error: dunlin::LoadError| Error::input(format!("{error}"));
        let model = Model::<F32, MAX_LAYERS>::from_bytes(file.as_slice()).map_err(invalid)?;
        let message = Message::read(file.as_slice()).map_err(invalid)?;
        let specs: Vec<LayerSpec> = message.layers().collect();
        let configs = specs.iter().map(config).collect::<Result<Vec<_>>>()?;
        let shape = model.input_shape();
        let mut network = Network::new(&configs, shape.steps as usize, shape.channels as usize, 0)?;
        let mut weights = Cursor::new(message.weights);
        let short = |error: dunlin::LayerError| Error::input(format!("{error}"));
        weights
            .take::<[f32; 2]>(model.input_scales().len())
            .map_err(short)?;
        for node in &mut network.layers {
            read_layer(&mut node.layer, &mut weights).map_err(short)?;
        }
        Ok(Self {
            name: model.name().to_owned(),
            mode: model.header().mode,
            hop: model.header().hop as usize,
            network,
            input_scales: model.input_scales().to_vec(),
            output_scales: model.output_scales().to_vec(),
        })
    }
}

/// The specification of a layer, its weights added; `None` for a layer that only training has.
fn write_layer(node: &Node, weights: &mut Weights) -> Result<Option<LayerSpec>> {
    let output = |activation| OutputSpec {
        activation: super::activation(activation),
        min: 0,
        max: 0,
        softmax_bits: 0,
    };
    Ok(Some(match &node.layer {
        Layer::Dense(dense) => {
            weights.push(&transpose(&dense.kernel, dense.input.channels, dense.units));
            weights.push(&dense.bias);
            LayerSpec::Dense(DenseSpec {
                units: dense.units as u16,
                use_bias: dense.use_bias,
                output: output(dense.activation),
            })
        }
        Layer::Conv1d(conv) => {
            weights.push(&transpose(
                &conv.kernel,
                conv.kernel_size * conv.input.channels,
                conv.filters,
            ));
            weights.push(&conv.bias);
            LayerSpec::Conv1d(Conv1dSpec {
                filters: conv.filters as u16,
                kernel_size: conv.kernel_size as u16,
                stride: conv.strides as u16,
                dilation: conv.dilation_rate as u16,
                padding: super::padding(conv.padding),
                use_bias: conv.use_bias,
                output: output(conv.activation),
            })
        }
        Layer::Pool1d(pool) => pool_spec(pool),
        Layer::GlobalPool1d(pool) => global_pool_spec(pool),
        Layer::Flatten(_) => LayerSpec::Flatten,
        Layer::SimpleRnn(rnn) => {
            let rows = GateRows::of_simple(rnn);
            weights.push(&rows.weights);
            weights.push(&rows.bias);
            LayerSpec::SimpleRnn(SimpleRnnSpec {
                units: rnn.units as u16,
                return_sequences: rnn.return_sequences,
                use_bias: rnn.use_bias,
                output: output(rnn.activation),
            })
        }
        Layer::Lstm(lstm) => {
            let rows = GateRows::of(lstm);
            weights.push(&rows.weights);
            weights.push(&rows.bias);
            let spec = LstmSpec {
                units: lstm.units as u16,
                activation: super::activation(lstm.activation),
                return_sequences: lstm.return_sequences,
                use_bias: lstm.use_bias,
                candidate_bits: 0,
                cell_bits: 0,
                hidden_bits: 0,
            };
            if usual(lstm.activation, lstm.recurrent_activation) {
                LayerSpec::Lstm(spec)
            } else {
                LayerSpec::LstmGated(LstmGatedSpec {
                    lstm: spec,
                    recurrent_activation: super::activation(lstm.recurrent_activation),
                    gate_bits: 0,
                })
            }
        }
        Layer::Gru(gru) => {
            let rows = GruRows::of(gru);
            weights.push(&rows.input);
            weights.push(&rows.input_bias);
            weights.push(&rows.recurrent);
            weights.push(&rows.recurrent_bias);
            let spec = GruSpec {
                units: gru.units as u16,
                activation: super::activation(gru.activation),
                return_sequences: gru.return_sequences,
                use_bias: gru.use_bias,
                reset_after: gru.reset_after,
                hidden_bits: 0,
            };
            if usual(gru.activation, gru.recurrent_activation) {
                LayerSpec::Gru(spec)
            } else {
                LayerSpec::GruGated(GruGatedSpec {
                    gru: spec,
                    recurrent_activation: super::activation(gru.recurrent_activation),
                    gate_bits: 0,
                })
            }
        }
        Layer::Dropout(_) => return Ok(None),
        Layer::Activation(_) | Layer::Merge(_) => return Err(lacking(node)),
    }))
}

/// Whether a gated cell has the activations that the older specifications state.
fn usual(activation: Activation, recurrent: Activation) -> bool {
    matches!(activation, Activation::Tanh | Activation::Relu) && recurrent == Activation::Sigmoid
}

/// The refusal of what no model file has.
fn lacking(node: &Node) -> Error {
    Error::input(format!(
        "{}: the runtime does not have this layer, so the model cannot be written",
        node.place
    ))
}

/// The specification of a pool, the same in every precision.
pub(crate) fn pool_spec(pool: &Pool1d) -> LayerSpec {
    let spec = Pool1dSpec {
        pool_size: pool.pool_size as u16,
        stride: pool.strides as u16,
        padding: super::padding(pool.padding),
    };
    match pool.pooling {
        Pooling::Max => LayerSpec::MaxPool1d(spec),
        Pooling::Average => LayerSpec::AveragePool1d(spec),
    }
}

/// The specification of a global pool, the same in every precision.
pub(crate) fn global_pool_spec(pool: &Pool1d) -> LayerSpec {
    LayerSpec::GlobalPool1d(match pool.pooling {
        Pooling::Max => graph::Pooling::Max,
        Pooling::Average => graph::Pooling::Average,
    })
}

/// The description of a layer that would give this specification.
fn config(spec: &LayerSpec) -> Result<LayerConfig> {
    Ok(match spec {
        LayerSpec::Dense(spec) => LayerConfig::Dense {
            units: spec.units.into(),
            activation: activation(spec.output.activation),
            use_bias: spec.use_bias,
        },
        LayerSpec::Conv1d(spec) => LayerConfig::Conv1d {
            filters: spec.filters.into(),
            kernel_size: spec.kernel_size.into(),
            padding: padding(spec.padding),
            strides: spec.stride.into(),
            dilation_rate: spec.dilation.into(),
            activation: activation(spec.output.activation),
            use_bias: spec.use_bias,
        },
        LayerSpec::MaxPool1d(spec) => LayerConfig::MaxPool1d {
            pool_size: spec.pool_size.into(),
            strides: Some(spec.stride.into()),
            padding: padding(spec.padding),
        },
        LayerSpec::AveragePool1d(spec) => LayerConfig::AveragePool1d {
            pool_size: spec.pool_size.into(),
            strides: Some(spec.stride.into()),
            padding: padding(spec.padding),
        },
        LayerSpec::GlobalPool1d(graph::Pooling::Max) => LayerConfig::GlobalMaxPool1d,
        LayerSpec::GlobalPool1d(graph::Pooling::Average) => LayerConfig::GlobalAveragePool1d,
        LayerSpec::Flatten => LayerConfig::Flatten,
        LayerSpec::SimpleRnn(spec) => LayerConfig::SimpleRnn {
            units: spec.units.into(),
            activation: activation(spec.output.activation),
            return_sequences: spec.return_sequences,
            use_bias: spec.use_bias,
        },
        LayerSpec::Gru(spec) => gru(spec, Activation::Sigmoid),
        LayerSpec::GruGated(spec) => gru(&spec.gru, activation(spec.recurrent_activation)),
        LayerSpec::Lstm(spec) => lstm(spec, Activation::Sigmoid),
        LayerSpec::LstmGated(spec) => lstm(&spec.lstm, activation(spec.recurrent_activation)),
        LayerSpec::Input(_)
        | LayerSpec::Reverse
        | LayerSpec::ZeroPadding1d(_)
        | LayerSpec::UpSampling1d(_)
        | LayerSpec::Concatenate(_)
        | LayerSpec::Add(_)
        | LayerSpec::Multiply(_)
        | LayerSpec::Activation(_)
        | LayerSpec::GroupedConv1d(_)
        | LayerSpec::LayerNorm(_)
        | LayerSpec::Embedding(_)
        | LayerSpec::SimpleRnnNorm(_) => return Err(unknown(&format!("{spec:?}"))),
    })
}

fn gru(spec: &GruSpec, recurrent_activation: Activation) -> LayerConfig {
    LayerConfig::Gru {
        units: spec.units.into(),
        activation: activation(spec.activation),
        recurrent_activation,
        return_sequences: spec.return_sequences,
        use_bias: spec.use_bias,
        reset_after: spec.reset_after,
    }
}

fn lstm(spec: &LstmSpec, recurrent_activation: Activation) -> LayerConfig {
    LayerConfig::Lstm {
        units: spec.units.into(),
        activation: activation(spec.activation),
        recurrent_activation,
        return_sequences: spec.return_sequences,
        use_bias: spec.use_bias,
    }
}

/// The refusal of what a file may hold but a network may not.
fn unknown(what: &str) -> Error {
    Error::input(format!(
        "the trainer cannot read {what} back from a model file"
    ))
}

/// Fills a layer with the weights of a file, in the order of `write_layer`.
fn read_layer(
    layer: &mut Layer,
    weights: &mut Cursor<'_>,
) -> std::result::Result<(), dunlin::LayerError> {
    match layer {
        Layer::Dense(dense) => {
            dense.kernel = transpose(
                weights.take(dense.kernel.len())?,
                dense.units,
                dense.input.channels,
            );
            dense.bias = weights.take(dense.units)?.to_vec();
        }
        Layer::Conv1d(conv) => {
            let inputs = conv.kernel_size * conv.input.channels;
            conv.kernel = transpose(weights.take(conv.kernel.len())?, conv.filters, inputs);
            conv.bias = weights.take(conv.filters)?.to_vec();
        }
        Layer::Lstm(lstm) => {
            let count = lstm.kernel.len() + lstm.recurrent_kernel.len();
            let rows = GateRows {
                weights: weights.take(count)?.to_vec(),
                bias: weights.take(lstm.bias.len())?.to_vec(),
            };
            rows.store(lstm);
        }
        Layer::SimpleRnn(rnn) => {
            let count = rnn.kernel.len() + rnn.recurrent_kernel.len();
            let rows = GateRows {
                weights: weights.take(count)?.to_vec(),
                bias: weights.take(rnn.units)?.to_vec(),
            };
            rows.store_simple(rnn);
        }
        Layer::Gru(gru) => {
            let rows = GruRows {
                input: weights.take(gru.kernel.len())?.to_vec(),
                input_bias: weights.take(3 * gru.units)?.to_vec(),
                recurrent: weights.take(gru.recurrent_kernel.len())?.to_vec(),
                recurrent_bias: weights.take(3 * gru.units)?.to_vec(),
            };
            rows.store(gru);
        }
        Layer::Pool1d(_)
        | Layer::GlobalPool1d(_)
        | Layer::Flatten(_)
        | Layer::Dropout(_)
        | Layer::Activation(_)
        | Layer::Merge(_) => {}
    }
    Ok(())
}

fn activation(activation: graph::Activation) -> Activation {
    match activation {
        graph::Activation::Linear => Activation::Linear,
        graph::Activation::Relu => Activation::Relu,
        graph::Activation::Tanh => Activation::Tanh,
        graph::Activation::Sigmoid => Activation::Sigmoid,
        graph::Activation::Softmax => Activation::Softmax,
        graph::Activation::HardSigmoid => Activation::HardSigmoid,
        graph::Activation::Relu6 => Activation::Relu6,
        graph::Activation::LeakyRelu { slope } => Activation::LeakyRelu {
            negative_slope: f32::from_bits(slope),
        },
        graph::Activation::Elu { alpha } => Activation::Elu {
            alpha: f32::from_bits(alpha),
        },
        graph::Activation::Gelu => Activation::Gelu,
        graph::Activation::Silu => Activation::Silu,
    }
}

fn padding(padding: graph::Padding) -> Padding {
    match padding {
        graph::Padding::Valid => Padding::Valid,
        graph::Padding::Same => Padding::Same,
        graph::Padding::Causal => Padding::Causal,
    }
}
