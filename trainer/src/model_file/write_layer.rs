//! Layers of a lowered network as a float file states them.
use dunlin::format::graph::{
    self, ActivationSpec, Conv1dSpec, DenseSpec, EmbeddingSpec, GroupedConv1dSpec, GruGatedSpec,
    GruSpec, LayerNormSpec, LayerSpec, LstmGatedSpec, LstmSpec, MergeSpec, OutputSpec, Pool1dSpec,
    SimpleRnnNormSpec, SimpleRnnSpec, ZeroPadding1dSpec,
};
use dunlin::format::write::Weights;

use super::{GateRows, GruRows, transpose};
use crate::config::Activation;
use crate::error::{Error, Result};
use crate::net::{Layer, Merge, Merging, Node, Pool1d, Pooling, Resampling};

/// The specification of a layer of a lowered network, its weights added.
pub(super) fn write_layer(node: &Node, weights: &mut Weights) -> Result<LayerSpec> {
    Ok(match &node.layer {
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
        Layer::GroupedConv1d(conv) => {
            let columns = conv.kernel.len() / conv.filters;
            weights.push(&transpose(&conv.kernel, columns, conv.filters));
            weights.push(&conv.bias);
            let spec = Conv1dSpec {
                filters: conv.filters as u16,
                kernel_size: conv.kernel_size as u16,
                stride: conv.strides as u16,
                dilation: conv.dilation_rate as u16,
                padding: super::padding(conv.padding),
                use_bias: conv.use_bias,
                output: output(conv.activation),
            };
            match conv.groups {
                1 => LayerSpec::Conv1d(spec),
                groups => LayerSpec::GroupedConv1d(GroupedConv1dSpec {
                    conv: spec,
                    groups: groups as u16,
                }),
            }
        }
        Layer::Pool1d(pool) => pool_spec(pool),
        Layer::GlobalPool1d(pool) => global_pool_spec(pool),
        Layer::Flatten(_) => LayerSpec::Flatten,
        Layer::SimpleRnn(rnn) => {
            let rows = GateRows::of_simple(rnn);
            weights.push(&rows.weights);
            weights.push(&rows.bias);
            let spec = |activation| SimpleRnnSpec {
                units: rnn.units as u16,
                return_sequences: rnn.return_sequences,
                use_bias: rnn.use_bias,
                output: output(activation),
            };
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
