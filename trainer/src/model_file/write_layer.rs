//! Layers of a lowered network as a float file states them.
use dunlin::format::graph::{
    ActivationSpec, EmbeddingSpec, LayerNormSpec, LayerSpec, MergeSpec, OutputSpec,
    SimpleRnnNormSpec, ZeroPadding1dSpec,
};
use dunlin::format::write::Weights;

use super::spec::{self, LstmBits};
use super::{GateRows, GruRows, transpose};
use crate::config::Activation;
use crate::error::{Error, Result};
use crate::net::{Layer, Merge, Merging, Node, Resampling};

/// The specification of a layer of a lowered network, its weights added.
pub(super) fn write_layer(node: &Node, weights: &mut Weights) -> Result<LayerSpec> {
    Ok(match &node.layer {
        Layer::Dense(dense) => {
            weights.push(&transpose(&dense.kernel, dense.input.channels, dense.units));
            weights.push(&dense.bias);
            spec::dense(dense, output(dense.activation))
        }
        Layer::Conv1d(conv) => {
            weights.push(&transpose(
                &conv.kernel,
                conv.kernel_size * conv.input.channels,
                conv.filters,
            ));
            weights.push(&conv.bias);
            spec::conv1d(conv, output(conv.activation))
        }
        Layer::GroupedConv1d(conv) => {
            let columns = conv.kernel.len() / conv.filters;
            weights.push(&transpose(&conv.kernel, columns, conv.filters));
            weights.push(&conv.bias);
            spec::grouped_conv1d(conv, output(conv.activation))
        }
        Layer::Pool1d(pool) => spec::pool1d(pool),
        Layer::GlobalPool1d(pool) => spec::global_pool1d(pool),
        Layer::Flatten(_) => LayerSpec::Flatten,
        Layer::SimpleRnn(rnn) => {
            let rows = GateRows::of_simple(rnn);
            weights.push(&rows.weights);
            weights.push(&rows.bias);
            let spec = |activation| spec::simple_rnn(rnn, output(activation));
            if rnn.layer_norm {
                weights.push(&rnn.gamma);
                weights.push(&rnn.beta);
                LayerSpec::SimpleRnnNorm(SimpleRnnNormSpec {
                    rnn: spec(Activation::Linear),
                    norm: norm_spec(rnn.epsilon, output(rnn.activation)),
                })
            } else {
                LayerSpec::SimpleRnn(spec(rnn.activation))
            }
        }
        Layer::Lstm(lstm) => {
            let rows = GateRows::of(lstm);
            weights.push(&rows.weights);
            weights.push(&rows.bias);
            spec::lstm(lstm, LstmBits::default())
        }
        Layer::Gru(gru) => {
            let rows = GruRows::of(gru);
            weights.push(&rows.input);
            weights.push(&rows.input_bias);
            weights.push(&rows.recurrent);
            weights.push(&rows.recurrent_bias);
            spec::gru(gru, 0, 0)
        }
        Layer::Activation(l) => LayerSpec::Activation(ActivationSpec {
            multiplier: 0,
            shift: 0,
            output: output(l.activation),
        }),
        Layer::Merge(merge) => merge_spec(merge, node)?,
        Layer::Resample(l) => match l.resampling {
            Resampling::ZeroPadding { before, after } => {
                LayerSpec::ZeroPadding1d(ZeroPadding1dSpec {
                    before: before as u16,
                    after: after as u16,
                })
            }
            Resampling::UpSampling { size } => LayerSpec::UpSampling1d(size as u16),
            Resampling::Reverse => LayerSpec::Reverse,
            Resampling::Input => LayerSpec::Input(node.inputs[0] as u16),
        },
        Layer::Embedding(l) => {
            weights.push(&l.embeddings);
            LayerSpec::Embedding(EmbeddingSpec {
                vocabulary: l.vocabulary as u16,
                units: l.units as u16,
            })
        }
        Layer::LayerNorm(l) => {
            weights.push(&l.gamma);
            weights.push(&l.beta);
            LayerSpec::LayerNorm(norm_spec(l.epsilon, output(l.activation)))
        }
        // Lowering has taken these away.
        Layer::Dropout(_) | Layer::BatchNorm(_) => return Err(lacking(node)),
    })
}

/// Of two tensors; the second is the current one.
fn merge_spec(merge: &Merge, node: &Node) -> Result<LayerSpec> {
    let &[with, _] = node.inputs.as_slice() else {
        return Err(lacking(node));
    };
    let spec = MergeSpec {
        with: with as u16,
        multipliers: [0, 0],
        shift: 0,
        output: output(merge.activation),
    };
    match merge.merging {
        Merging::Add => Ok(LayerSpec::Add(spec)),
        Merging::Multiply => Ok(LayerSpec::Multiply(spec)),
        Merging::Concatenate => Ok(LayerSpec::Concatenate(spec)),
        Merging::Average => Err(lacking(node)),
    }
}

fn norm_spec(epsilon: f32, output: OutputSpec) -> LayerNormSpec {
    LayerNormSpec {
        epsilon: epsilon.to_bits(),
        shift: 0,
        output,
    }
}

/// An output in the float file.
fn output(activation: Activation) -> OutputSpec {
    OutputSpec {
        activation: super::activation(activation),
        min: 0,
        max: 0,
        softmax_bits: 0,
    }
}

/// The refusal of what no model file has.
fn lacking(node: &Node) -> Error {
    Error::input(format!(
        "{}: the runtime does not have this layer, so the model cannot be written",
        node.place
    ))
}
