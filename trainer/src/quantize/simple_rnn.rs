//! SimpleRNN: one row a unit over `[x; h]`; the output is the hidden state.
use dunlin::format::graph::{LayerSpec, OutputSpec, SimpleRnnSpec};
use dunlin::format::write::Weights;
use dunlin::math::table;

use super::calibrate::LayerStatistics;
use super::joint::Joint;
use super::row::LARGEST_RESCALE;
use super::{HEADROOM, LARGEST, Overflow, Tensor, exp2};
use crate::config::Activation;
use crate::model_file::{self, GateRows};
use crate::net::SimpleRnn;

/// Halvings of the hidden state's resolution that are tried.
const COARSER_HIDDEN: i32 = 8;

pub(super) fn quantize(
    rnn: &SimpleRnn,
    input: Tensor,
    statistics: &LayerStatistics,
    coarser: f64,
    weights: &mut Weights,
) -> Result<(LayerSpec, Tensor), Overflow> {
    let joint = Joint {
        gates: &GateRows::of_simple(rnn),
        inputs: rnn.input.channels,
        units: rnn.units,
        input,
        met: statistics.columns(),
    };
    // The scale of the hidden state, and of the rows' results before the activation.
    let (hidden, scale, range) = match rnn.activation {
        Activation::Tanh => (
            exp2(-table::RESULT_BITS),
            exp2(-table::TANH_BITS),
            (i16::MIN, i16::MAX),
        ),
        Activation::Sigmoid => (
            exp2(-table::RESULT_BITS),
            exp2(-table::SIGMOID_BITS),
            (0, i16::MAX),
        ),
        // The others are refused before.
        Activation::Linear
        | Activation::Relu
        | Activation::Softmax
        | Activation::HardSigmoid
        | Activation::Relu6
        | Activation::LeakyRelu { .. }
        | Activation::Elu { .. }
        | Activation::Gelu
        | Activation::Silu => {
            let finest = HEADROOM * statistics.largest_output / LARGEST;
            let scales = (0..=COARSER_HIDDEN).map(|halvings| finest * exp2(halvings));
            let best = scales.min_by(|&a, &b| joint.noise(a).total_cmp(&joint.noise(b)));
            let best = best.unwrap_or(finest);
            // Finer than half an accumulator step would need a rescale above 1/2.
            let scale = best.max(joint.largest_lsb(best) * coarser / LARGEST_RESCALE * 1.000_1);
            let min = if rnn.activation == Activation::Relu {
                0
            } else {
                i16::MIN
            };
            (scale, scale, (min, i16::MAX))
        }
    };
    joint
        .quantize(hidden, range, |_| scale, coarser)?
        .store(weights);
    let (min, max) = match rnn.activation {
        Activation::Tanh | Activation::Sigmoid => (0, 0),
        Activation::Linear
        | Activation::Relu
        | Activation::Softmax
        | Activation::HardSigmoid
        | Activation::Relu6
        | Activation::LeakyRelu { .. }
        | Activation::Elu { .. }
        | Activation::Gelu
        | Activation::Silu => range,
    };
    let spec = SimpleRnnSpec {
        units: rnn.units as u16,
        return_sequences: rnn.return_sequences,
        use_bias: rnn.use_bias,
        output: OutputSpec {
            activation: model_file::activation(rnn.activation),
            min,
            max,
            softmax_bits: 0,
        },
    };
    Ok((
        LayerSpec::SimpleRnn(spec),
        Tensor {
            scale: hidden,
            range,
            producer: None,
        },
    ))
}
