//! LSTM: four gate rows a unit over `[x; h]` with one scale each, and binary points for candidate, cell and hidden state.
use dunlin::format::graph::{LayerSpec, LstmSpec};
use dunlin::format::write::Weights;
use dunlin::math::table;

use super::calibrate::{LayerStatistics, LstmStatistics};
use super::moments::{Moments, Rounding};
use super::row::{Real, Rows, natural_lsb};
use super::{HEADROOM, LARGEST, Overflow, Tensor};
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
    let inside = statistics
        .lstm
        .as_ref()
        .expect("calibration traces every LSTM");
    let columns_met = statistics
        .columns
        .as_ref()
        .expect("calibration takes them for every matrix");
    let gates = GateRows::of(lstm);
    let relu = lstm.activation == Activation::Relu;
    let mut bits = fractions(inside, relu);
    let finest = bits.hidden;
    let candidates = (finest - COARSER_HIDDEN..=finest)
        .filter(|&hidden| shifts_fit(Fractions { hidden, ..bits }, relu));
    let noise = |hidden| weight_noise(lstm, &gates, input.scale, hidden, columns_met);
    bits.hidden = candidates
        .min_by(|&a, &b| noise(a).total_cmp(&noise(b)))
        .unwrap_or(finest);

    let hidden_scale = exp2(-bits.hidden);
    let range = if relu {
        (0, i16::MAX)
    } else {
        (i16::MIN, i16::MAX)
    };
    let columns = lstm.input.channels + lstm.units;
    let ranges: Vec<(i16, i16)> = [
        vec![input.range; lstm.input.channels],
        vec![range; lstm.units],
    ]
    .concat();
    let inputs = lstm.input.channels;
    let rounding = Rounding::new(columns_met, |column| {
        if column < inputs {
            input.scale
        } else {
            hidden_scale
        }
    });
    let mut rows = Rows::default();
    for (row, (weights, &bias)) in gates
        .weights
        .chunks_exact(columns)
        .zip(&gates.bias)
        .enumerate()
    {
        let real = in_steps(weights, inputs, input.scale, hidden_scale);
        let scale = match row % 4 {
            2 if relu => exp2(-bits.candidate),
            2 => exp2(-table::TANH_BITS),
            _ => exp2(-table::SIGMOID_BITS),
        };
        rows.push(
            Real {
                weights: &real,
                bias: bias.into(),
                ranges: &ranges,
            },
            scale,
            coarser,
            &rounding,
        )?;
    }
    rows.store(weights);
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

/// Expected squared error of all gates from rounding weights and hidden state, when the hidden state has this many
/// fraction bits. Input and hidden weights share a row's scale: a coarser hidden state lets input weights that are
/// large for their range keep their bits, and the other way round.
fn weight_noise(
    lstm: &Lstm,
    gates: &GateRows,
    input_scale: f64,
    hidden_bits: i32,
    met: &Moments,
) -> f64 {
    let hidden_scale = exp2(-hidden_bits);
    let inputs = lstm.input.channels;
    // Sum of squares of the integers that a row's rounding errors meet.
    let scale = |column| {
        if column < inputs {
            input_scale
        } else {
            hidden_scale
        }
    };
    let power: f64 = (0..inputs + lstm.units)
        .map(|column| met.mean_square(column) / scale(column).powi(2))
        .sum();
    let rows = gates
        .weights
        .chunks_exact(inputs + lstm.units)
        .zip(&gates.bias);
    rows.map(|(weights, &bias)| {
        let real = in_steps(weights, inputs, input_scale, hidden_scale);
        let lsb = natural_lsb(&Real {
            weights: &real,
            bias: bias.into(),
            ranges: &[],
        });
        let hidden_rounding: f64 = real[inputs..].iter().map(|w| w * w).sum();
        // A rounding error is uniform: its variance is a twelfth of a step squared.
        (lsb * lsb * power + hidden_rounding) / 12.0
    })
    .sum()
}

/// Weights times the scale of what they meet.
fn in_steps(weights: &[f32], inputs: usize, input_scale: f64, hidden_scale: f64) -> Vec<f64> {
    let scale = |column| {
        if column < inputs {
            input_scale
        } else {
            hidden_scale
        }
    };
    weights
        .iter()
        .enumerate()
        .map(|(column, &w)| f64::from(w) * scale(column))
        .collect()
}

fn exp2(bits: i32) -> f64 {
    f64::from(bits).exp2()
}
