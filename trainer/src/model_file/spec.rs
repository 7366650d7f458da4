//! Specifications of layers, in every precision the same but for what is handed in: outputs and fraction bits.
use dunlin::format::graph::{
    self, Conv1dSpec, DenseSpec, GroupedConv1dSpec, GruGatedSpec, GruSpec, LayerSpec,
    LstmGatedSpec, LstmSpec, OutputSpec, Pool1dSpec, SimpleRnnSpec,
};

use super::{activation, padding};
use crate::config::Activation;
use crate::net::{Conv1d, Dense, GroupedConv1d, Gru, Lstm, Pool1d, Pooling, SimpleRnn};

/// Fraction bits inside an LSTM; all 0 in f32.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LstmBits {
    pub gate: i32,
    pub candidate: i32,
    pub cell: i32,
    pub hidden: i32,
}

pub(crate) fn dense(dense: &Dense, output: OutputSpec) -> LayerSpec {
    LayerSpec::Dense(DenseSpec {
        units: dense.units as u16,
        use_bias: dense.use_bias,
        output,
    })
}

pub(crate) fn conv1d(conv: &Conv1d, output: OutputSpec) -> LayerSpec {
    LayerSpec::Conv1d(Conv1dSpec {
        filters: conv.filters as u16,
        kernel_size: conv.kernel_size as u16,
        stride: conv.strides as u16,
        dilation: conv.dilation_rate as u16,
        padding: padding(conv.padding),
        use_bias: conv.use_bias,
        output,
    })
}

/// One group is a plain convolution.
pub(crate) fn grouped_conv1d(conv: &GroupedConv1d, output: OutputSpec) -> LayerSpec {
    let spec = Conv1dSpec {
        filters: conv.filters as u16,
        kernel_size: conv.kernel_size as u16,
        stride: conv.strides as u16,
        dilation: conv.dilation_rate as u16,
        padding: padding(conv.padding),
        use_bias: conv.use_bias,
        output,
    };
    match conv.groups {
        1 => LayerSpec::Conv1d(spec),
        groups => LayerSpec::GroupedConv1d(GroupedConv1dSpec {
            conv: spec,
            groups: groups as u16,
        }),
    }
}

pub(crate) fn simple_rnn(rnn: &SimpleRnn, output: OutputSpec) -> SimpleRnnSpec {
    SimpleRnnSpec {
        units: rnn.units as u16,
        return_sequences: rnn.return_sequences,
        use_bias: rnn.use_bias,
        output,
    }
}

pub(crate) fn lstm(lstm: &Lstm, bits: LstmBits) -> LayerSpec {
    let spec = LstmSpec {
        units: lstm.units as u16,
        activation: activation(lstm.activation),
        return_sequences: lstm.return_sequences,
        use_bias: lstm.use_bias,
        candidate_bits: bits.candidate as i8,
        cell_bits: bits.cell as i8,
        hidden_bits: bits.hidden as i8,
    };
    if is_usual(lstm.activation, lstm.recurrent_activation) {
        return LayerSpec::Lstm(spec);
    }
    LayerSpec::LstmGated(LstmGatedSpec {
        lstm: spec,
        recurrent_activation: activation(lstm.recurrent_activation),
        gate_bits: bits.gate as i8,
    })
}

/// Both fraction bits are 0 in f32.
pub(crate) fn gru(gru: &Gru, hidden_bits: i32, gate_bits: i32) -> LayerSpec {
    let spec = GruSpec {
        units: gru.units as u16,
        activation: activation(gru.activation),
        return_sequences: gru.return_sequences,
        use_bias: gru.use_bias,
        reset_after: gru.reset_after,
        hidden_bits: hidden_bits as i8,
    };
    if is_usual(gru.activation, gru.recurrent_activation) {
        return LayerSpec::Gru(spec);
    }
    LayerSpec::GruGated(GruGatedSpec {
        gru: spec,
        recurrent_activation: activation(gru.recurrent_activation),
        gate_bits: gate_bits as i8,
    })
}

/// Whether a cell has the activations that the specifications without gates of their own state.
pub(crate) fn is_usual(activation: Activation, recurrent: Activation) -> bool {
    matches!(activation, Activation::Tanh | Activation::Relu) && recurrent == Activation::Sigmoid
}

pub(crate) fn pool1d(pool: &Pool1d) -> LayerSpec {
    let spec = Pool1dSpec {
        pool_size: pool.pool_size as u16,
        stride: pool.strides as u16,
        padding: padding(pool.padding),
    };
    match pool.pooling {
        Pooling::Max => LayerSpec::MaxPool1d(spec),
        Pooling::Average => LayerSpec::AveragePool1d(spec),
    }
}

pub(crate) fn global_pool1d(pool: &Pool1d) -> LayerSpec {
    LayerSpec::GlobalPool1d(match pool.pooling {
        Pooling::Max => graph::Pooling::Max,
        Pooling::Average => graph::Pooling::Average,
    })
}
