//! Layers of a float file as a network has them.
use dunlin::format::graph::{self, Conv1dSpec, GruSpec, LayerSpec, LstmSpec, SimpleRnnSpec};
use dunlin::format::read::Cursor;

use super::{GateRows, GruRows, transpose};
use crate::config::{Activation, LayerConfig, Padding, ZeroSteps};
use crate::error::{Error, Result};
use crate::net::{Builder, Layer, Network, Resample, Resampling};

/// The network of a file, its weights still to be read.
pub(super) fn read_network(specs: &[LayerSpec], steps: usize, channels: usize) -> Result<Network> {
    let mut builder = Builder::new(steps, channels, 0)?;
    for (current, spec) in specs.iter().enumerate() {
        let inputs = if let LayerSpec::Input(tensor) = spec {
            vec![usize::from(*tensor)]
        } else if let LayerSpec::Add(merge)
        | LayerSpec::Multiply(merge)
        | LayerSpec::Concatenate(merge) = spec
        {
            vec![usize::from(merge.with), current]
        } else {
            vec![current]
        };
        let config = config(spec);
        let name = config.as_ref().map_or("view", LayerConfig::kind);
        builder.place = format!("layer {} ({name})", current + 1);
        let place = &builder.place;
        if inputs.iter().any(|tensor| *tensor > current) {
            let reason = "it reads a tensor that comes later";
            return Err(Error::input(format!("{place}: {reason}")));
        }
        let shape = builder.network.shape(inputs[0]);
        let resampling = if *spec == LayerSpec::Reverse {
            Resampling::Reverse
        } else {
            Resampling::Input
        };
        match &config {
            Some(config) => builder.config(config, &inputs)?,
            None => builder.push(
                Resample::new(resampling, shape).map(Layer::Resample),
                &inputs,
            )?,
        };
        if let Some(node) = builder.network.layers.last_mut() {
            complete(&mut node.layer, spec);
        }
    }
    Ok(builder.network)
}

/// The description of a layer that would give this specification; none for what no description has.
fn config(spec: &LayerSpec) -> Option<LayerConfig> {
    Some(match spec {
        LayerSpec::Dense(spec) => LayerConfig::Dense {
            units: spec.units.into(),
            activation: activation(spec.output.activation),
            use_bias: spec.use_bias,
        },
        LayerSpec::Conv1d(spec) => conv(spec, 1),
        LayerSpec::GroupedConv1d(spec) => conv(&spec.conv, spec.groups.into()),
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
        LayerSpec::SimpleRnn(spec) => simple_rnn(spec, spec.output.activation, false),
        LayerSpec::SimpleRnnNorm(spec) => simple_rnn(&spec.rnn, spec.norm.output.activation, true),
        LayerSpec::Gru(spec) => gru(spec, Activation::Sigmoid),
        LayerSpec::GruGated(spec) => gru(&spec.gru, activation(spec.recurrent_activation)),
        LayerSpec::Lstm(spec) => lstm(spec, Activation::Sigmoid),
        LayerSpec::LstmGated(spec) => lstm(&spec.lstm, activation(spec.recurrent_activation)),
        LayerSpec::ZeroPadding1d(spec) => LayerConfig::ZeroPadding1d {
            padding: ZeroSteps::Each([spec.before.into(), spec.after.into()]),
        },
        LayerSpec::UpSampling1d(size) => LayerConfig::UpSampling1d {
            size: (*size).into(),
        },
        LayerSpec::Activation(spec) => LayerConfig::Activation {
            activation: activation(spec.output.activation),
        },
        LayerSpec::LayerNorm(spec) => LayerConfig::LayerNorm {
            epsilon: f32::from_bits(spec.epsilon),
        },
        LayerSpec::Embedding(spec) => LayerConfig::Embedding {
            input_dim: spec.vocabulary.into(),
            output_dim: spec.units.into(),
        },
        LayerSpec::Add(_) => LayerConfig::Add,
        LayerSpec::Multiply(_) => LayerConfig::Multiply,
        LayerSpec::Concatenate(_) => LayerConfig::Concatenate,
        LayerSpec::Input(_) | LayerSpec::Reverse => return None,
    })
}

/// Gives a layer what a specification can say and a description cannot.
fn complete(layer: &mut Layer, spec: &LayerSpec) {
    if let (Layer::SimpleRnn(rnn), LayerSpec::SimpleRnnNorm(spec)) = (&mut *layer, spec) {
        rnn.epsilon = f32::from_bits(spec.norm.epsilon);
    } else if let (Layer::LayerNorm(norm), LayerSpec::LayerNorm(spec)) = (&mut *layer, spec) {
        norm.activation = activation(spec.output.activation);
    } else if let (Layer::Merge(merge), LayerSpec::Add(spec) | LayerSpec::Multiply(spec)) =
        (layer, spec)
    {
        merge.activation = activation(spec.output.activation);
    }
}

fn conv(spec: &Conv1dSpec, groups: usize) -> LayerConfig {
    LayerConfig::Conv1d {
        filters: spec.filters.into(),
        kernel_size: spec.kernel_size.into(),
        padding: padding(spec.padding),
        strides: spec.stride.into(),
        dilation_rate: spec.dilation.into(),
        groups,
        activation: activation(spec.output.activation),
        use_bias: spec.use_bias,
    }
}

fn simple_rnn(spec: &SimpleRnnSpec, of: graph::Activation, layer_norm: bool) -> LayerConfig {
    LayerConfig::SimpleRnn {
        units: spec.units.into(),
        activation: activation(of),
        return_sequences: spec.return_sequences,
        use_bias: spec.use_bias,
        layer_norm,
    }
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

/// Fills a layer with the weights of a file, in the order of `write_layer`.
pub(super) fn read_weights(
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
            if rnn.layer_norm {
                rnn.gamma = weights.take(rnn.units)?.to_vec();
                rnn.beta = weights.take(rnn.units)?.to_vec();
            }
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
        Layer::GroupedConv1d(conv) => {
            let columns = conv.kernel.len() / conv.filters;
            conv.kernel = transpose(weights.take(conv.kernel.len())?, conv.filters, columns);
            conv.bias = weights.take(conv.filters)?.to_vec();
        }
        Layer::Embedding(l) => l.embeddings = weights.take(l.embeddings.len())?.to_vec(),
        Layer::LayerNorm(l) => {
            l.gamma = weights.take(l.gamma.len())?.to_vec();
            l.beta = weights.take(l.beta.len())?.to_vec();
        }
        Layer::Pool1d(_)
        | Layer::Resample(_)
        | Layer::BatchNorm(_)
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
