//! LSTM: four gate rows a unit over `[x; h]` with one scale each, and binary points for candidate, cell and hidden state.
use dunlin::format::graph::LayerSpec;
use dunlin::format::write::Weights;
use dunlin::math::table;

use super::activation::{argument, is_bounded, is_positive};
use super::calibrate::{LayerStatistics, LstmStatistics};
use super::joint::Joint;
use super::{HEADROOM, LARGEST, Overflow, Tensor, exp2, gate_bits};
use crate::config::Activation;
use crate::model_file::GateRows;
use crate::model_file::spec::{self, LstmBits};
use crate::net::Lstm;

/// Room over the largest cell state seen: it is a sum that grows with time.
const CELL_HEADROOM: f64 = 8.0;
/// Largest fraction bits of the hidden state that are tried below the most that fit.
const COARSER_HIDDEN: i32 = 8;

pub(super) fn quantize(
    lstm: &Lstm,
    input: Tensor,
    statistics: &LayerStatistics,
    coarser: f64,
    weights: &mut Weights,
) -> Result<(LayerSpec, Tensor), Overflow> {
    let joint = Joint {
        gates: &GateRows::of(lstm),
        inputs: lstm.input.channels,
        units: lstm.units,
        input,
        met: statistics.columns(),
    };
    let (activation, gate) = (lstm.activation, lstm.recurrent_activation);
    let mut bits = fractions(statistics.lstm(), activation, gate);
    let finest = bits.hidden;
    let candidates = (finest - COARSER_HIDDEN..=finest)
        .filter(|&hidden| shifts_fit(LstmBits { hidden, ..bits }, activation));
    let noise = |hidden: i32| joint.noise(exp2(-hidden));
    bits.hidden = candidates
        .min_by(|&a, &b| noise(a).total_cmp(&noise(b)))
        .unwrap_or(finest);

    let hidden_scale = exp2(-bits.hidden);
    let range = if is_positive(activation) && is_positive(gate) {
        (0, i16::MAX)
    } else {
        (i16::MIN, i16::MAX)
    };
    let scale = |row: usize| match row % 4 {
        2 => argument(activation, exp2(-bits.candidate)),
        _ => argument(gate, exp2(-bits.gate)),
    };
    joint
        .quantize(hidden_scale, range, scale, coarser)?
        .store(weights);
    Ok((
        spec::lstm(lstm, bits),
        Tensor {
            scale: hidden_scale,
            range,
            producer: None,
        },
    ))
}

/// The most fraction bits that hold what calibration saw.
fn fractions(inside: &LstmStatistics, activation: Activation, gate: Activation) -> LstmBits {
    let bounded = is_bounded(activation);
    let fitting = |largest: f64, limit: f64| (limit / largest).log2().floor() as i32;
    let gate_bits = gate_bits(gate, inside.largest_gate);
    let candidate = if bounded {
        table::RESULT_BITS
    } else {
        fitting(HEADROOM * inside.largest_candidate, LARGEST).clamp(-15, 15)
    };
    // At least the step of the gate's product, at least the step of the argument, at most 31 bits.
    let lowest = if bounded {
        argument_bits(activation)
    } else {
        candidate - 15
    };
    let cell = fitting(
        CELL_HEADROOM * inside.largest_cell.max(1.0),
        f64::from(i32::MAX),
    )
    .clamp(lowest, (candidate + gate_bits).max(lowest));
    // Of the product of gate and activated state; the other drops 16 bits.
    let product = if bounded {
        gate_bits + table::RESULT_BITS
    } else {
        cell + gate_bits - 16
    };
    let hidden = if bounded && is_bounded(gate) {
        table::RESULT_BITS
    } else {
        fitting(HEADROOM * inside.largest_hidden, LARGEST)
    };
    LstmBits {
        gate: gate_bits,
        candidate,
        cell,
        hidden: hidden.min(product),
    }
}

/// Fraction bits of the argument that a cell state is shifted to.
fn argument_bits(activation: Activation) -> i32 {
    match activation {
        Activation::Tanh => table::TANH_BITS,
        Activation::Sigmoid => table::SIGMOID_BITS,
        Activation::HardSigmoid => 14,
        Activation::Linear
        | Activation::Relu
        | Activation::Softmax
        | Activation::Relu6
        | Activation::LeakyRelu { .. }
        | Activation::Elu { .. }
        | Activation::Gelu
        | Activation::Silu => 0,
    }
}

/// Whether the runtime's shift to the hidden state is in its bounds.
fn shifts_fit(bits: LstmBits, activation: Activation) -> bool {
    let product = if is_bounded(activation) {
        bits.gate + table::RESULT_BITS
    } else {
        bits.cell + bits.gate - 16
    };
    (0..=30).contains(&(product - bits.hidden)) && (-128..=127).contains(&bits.hidden)
}
