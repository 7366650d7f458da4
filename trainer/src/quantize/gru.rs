//! GRU: rows over `x` and rows over `h` with scales of their own; what they give meets at the scale of the gates.
use dunlin::format::graph::LayerSpec;
use dunlin::format::write::Weights;
use dunlin::math::table;

use super::activation::{argument, is_bounded, is_positive};
use super::calibrate::LayerStatistics;
use super::moments::Rounding;
use super::row::{Real, Rows};
use super::{HEADROOM, LARGEST, Overflow, Tensor, exp2, gate_bits};
use crate::config::Activation;
use crate::model_file::{GruRows, spec};
use crate::net::Gru;

pub(super) fn quantize(
    gru: &Gru,
    input: Tensor,
    statistics: &LayerStatistics,
    coarser: f64,
    weights: &mut Weights,
) -> Result<(LayerSpec, Tensor), Overflow> {
    let inside = statistics.gru();
    let rows = GruRows::of(gru);
    let (activation, gate) = (gru.activation, gru.recurrent_activation);
    // Gates in [0, 1] keep the hidden state between candidates.
    let in_one = matches!(gate, Activation::Sigmoid | Activation::HardSigmoid);
    let bits = if is_bounded(activation) && in_one {
        table::RESULT_BITS
    } else {
        // A candidate that is not bounded comes at the scale of the hidden state.
        let candidate = if is_bounded(activation) {
            1.0
        } else {
            inside.largest_candidate
        };
        let largest = inside.largest_hidden.max(candidate);
        let bits = (LARGEST / (HEADROOM * largest)).log2().floor();
        bits.clamp(-15.0, 15.0) as i32
    };
    let range = if is_positive(activation) && in_one {
        (0, i16::MAX)
    } else {
        (i16::MIN, i16::MAX)
    };
    let gate_bits = gate_bits(gate, inside.largest_gate);
    let hidden_scale = exp2(-bits);
    let scale = |row: usize| {
        if row < 2 * gru.units {
            argument(gate, exp2(-gate_bits))
        } else {
            argument(activation, hidden_scale)
        }
    };

    let mut input_bias = rows.input_bias.clone();
    let dropped = dropped(gru);
    for (row, bias) in input_bias.iter_mut().enumerate().skip(2 * gru.units) {
        *bias += (dropped * scale(row)) as f32;
    }
    let over_x = Rounding::new(statistics.columns(), |_| input.scale);
    let over_h = Rounding::new(&inside.hidden, |_| hidden_scale);
    let over_candidate = Rounding::new(&inside.candidate, |_| hidden_scale);
    let x = Product {
        weights: &rows.input,
        bias: &input_bias,
        columns: gru.input.channels,
        scale: input.scale,
        range: input.range,
    };
    let h = Product {
        weights: &rows.recurrent,
        bias: &rows.recurrent_bias,
        columns: gru.units,
        scale: hidden_scale,
        range,
    };
    let of_h = |row: usize| {
        if row < 2 * gru.units {
            &over_h
        } else {
            &over_candidate
        }
    };
    x.quantize(scale, |_| &over_x, coarser)?.store(weights);
    h.quantize(scale, of_h, coarser)?.store(weights);
    Ok((
        spec::gru(gru, bits, gate_bits),
        Tensor {
            scale: hidden_scale,
            range,
            producer: None,
        },
    ))
}

/// Steps of the candidate's argument that the runtime's product with the reset gate drops on average; the bias brings them
/// back.
pub(super) fn dropped(gru: &Gru) -> f64 {
    match gru.reset_after {
        // Steps of two, rounded down.
        true if spec::is_usual(gru.activation, gru.recurrent_activation) => 1.0,
        true => 0.5,
        false => 0.0,
    }
}

/// Rows over one of the two inputs.
struct Product<'a> {
    weights: &'a [f32],
    bias: &'a [f32],
    columns: usize,
    scale: f64,
    range: (i16, i16),
}

impl Product<'_> {
    fn quantize<'r>(
        &self,
        scale: impl Fn(usize) -> f64,
        rounding: impl Fn(usize) -> &'r Rounding,
        coarser: f64,
    ) -> Result<Rows, Overflow> {
        let ranges = vec![self.range; self.columns];
        let mut rows = Rows::default();
        for (row, (weights, &bias)) in self
            .weights
            .chunks_exact(self.columns)
            .zip(self.bias)
            .enumerate()
        {
            let weights: Vec<f64> = weights.iter().map(|&w| f64::from(w) * self.scale).collect();
            let real = Real {
                weights: &weights,
                bias: bias.into(),
                ranges: &ranges,
            };
            rows.push(real, scale(row), coarser, rounding(row))?;
        }
        Ok(rows)
    }
}
