//! LSTM: four gate rows a unit over `[x; h]` with one scale each, and binary points for candidate, cell and hidden state.
use dunlin::format::graph::{LayerSpec, LstmSpec};
use dunlin::format::write::Weights;
use dunlin::math::table;

use super::calibrate::{LayerStatistics, LstmStatistics};
use super::joint::Joint;
use super::{HEADROOM, LARGEST, Overflow, Tensor, exp2};
use crate::config::Activation;
use crate::model_file::{self, GateRows};
use crate::net::Lstm;

/// Room over the largest cell state seen: it is a sum that grows with time.
const CELL_HEADROOM: f64 = 8.0;
/// Largest fraction bits of the hidden state that are tried below the most that fit.
const COARSER_HIDDEN: i32 = 8;

/// The fraction bits of an LSTM's values.
#[derive(Debug, Clone, Copy)]
struct Fractions {
    candidate: i32,
    cell: i32,
    hidden: i32,
}

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
    let relu = lstm.activation == Activation::Relu;
    let mut bits = fractions(statistics.lstm(), relu);
    let finest = bits.hidden;
    let candidates = (finest - COARSER_HIDDEN..=finest)
        .filter(|&hidden| shifts_fit(Fractions { hidden, ..bits }, relu));
    let noise = |hidden: i32| joint.noise(exp2(-hidden));
    bits.hidden = candidates
        .min_by(|&a, &b| noise(a).total_cmp(&noise(b)))
        .unwrap_or(finest);

    let hidden_scale = exp2(-bits.hidden);
    let range = if relu {
        (0, i16::MAX)
    } else {
        (i16::MIN, i16::MAX)
    };
    let scale = |row: usize| match row % 4 {
        2 if relu => exp2(-bits.candidate),
        2 => exp2(-table::TANH_BITS),
        _ => exp2(-table::SIGMOID_BITS),
    };
    joint
        .quantize(hidden_scale, range, scale, coarser)?
        .store(weights);
    let spec = LstmSpec {
        units: lstm.units as u16,
        activation: model_file::activation(lstm.activation),
        return_sequences: lstm.return_sequences,
        use_bias: lstm.use_bias,
        candidate_bits: bits.candidate as i8,
        cell_bits: bits.cell as i8,
        hidden_bits: bits.hidden as i8,
    };
    Ok((
        LayerSpec::Lstm(spec),
        Tensor {
            scale: hidden_scale,
            range,
            producer: None,
        },
    ))
}

/// The most fraction bits that hold what calibration saw.
fn fractions(inside: &LstmStatistics, relu: bool) -> Fractions {
    let fitting = |largest: f64, limit: f64| (limit / largest).log2().floor() as i32;
    let candidate = if relu {
        fitting(HEADROOM * inside.largest_candidate, LARGEST).clamp(-15, 15)
    } else {
        table::RESULT_BITS
    };
    // At least the step of the gate's product, at least the step of the tanh table, at most 31 bits.
    let lowest = if relu {
        candidate - 15
    } else {
        table::TANH_BITS
    };
    let cell = fitting(
        CELL_HEADROOM * inside.largest_cell.max(1.0),
        f64::from(i32::MAX),
    )
    .clamp(lowest, candidate + table::RESULT_BITS);
    let hidden = if relu {
        fitting(HEADROOM * inside.largest_hidden, LARGEST).min(cell - 1)
    } else {
        table::RESULT_BITS
    };
    Fractions {
        candidate,
        cell,
        hidden,
    }
}

/// Whether the runtime's shifts are in their bounds.
fn shifts_fit(bits: Fractions, relu: bool) -> bool {
    let hidden = if relu {
        bits.cell - 1 - bits.hidden
    } else {
        2 * table::RESULT_BITS - bits.hidden
    };
    (0..=30).contains(&hidden) && (-128..=127).contains(&bits.hidden)
}
