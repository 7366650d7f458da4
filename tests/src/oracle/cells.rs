//! The integer rules of LSTM and GRU with gates of any activation.
//!
//! A gate has `gate_bits` fraction bits; tanh, sigmoid and hard sigmoid give 15.
use std::vec::Vec;

use dunlin::format::graph::{Activation, GruGatedSpec, LstmGatedSpec};

use super::integer::Matrix;
use super::layers::numbered;
use super::tables::{hard_sigmoid, saturate, sigmoid, tanh};

fn squashed(activation: Activation, argument: i64) -> i64 {
    i64::from(match activation {
        Activation::Tanh => tanh(saturate(argument)),
        Activation::Sigmoid => sigmoid(saturate(argument)),
        Activation::HardSigmoid => hard_sigmoid(argument),
        Activation::Relu => saturate(argument).max(0),
        Activation::Linear => saturate(argument),
        Activation::Softmax
        | Activation::Relu6
        | Activation::LeakyRelu { .. }
        | Activation::Elu { .. }
        | Activation::Gelu
        | Activation::Silu => panic!("the loader refuses {activation:?}"),
    })
}

/// Whether the result has the step of the argument, instead of 15 fraction bits.
fn keeps_step(activation: Activation) -> bool {
    matches!(activation, Activation::Relu | Activation::Linear)
}

fn to_32_bits(value: i64) -> i64 {
    value.clamp(i32::MIN.into(), i32::MAX.into())
}

/// `value * 2^shift`, or the nearest multiple that 32 bits hold.
fn left(value: i64, shift: i64) -> i64 {
    value.clamp(i64::from(i32::MIN) >> shift, i64::from(i32::MAX) >> shift) << shift
}

/// `floor(value * gate / 2^16)`, then back to the scale of the value.
fn kept(value: i64, gate: i64, gate_bits: i64) -> i64 {
    left((value * gate).div_euclid(65_536), 16 - gate_bits)
}

/// `c' = f c + i g`, `h = o act(c')` from the sums of the gates i, f, c, o.
pub(super) fn lstm(sums: [i64; 4], spec: &LstmGatedSpec, cell: &mut i32) -> i16 {
    let LstmGatedSpec {
        lstm, gate_bits, ..
    } = spec;
    let [gate_bits, candidate_bits, cell_bits, hidden_bits] = [
        *gate_bits,
        lstm.candidate_bits,
        lstm.cell_bits,
        lstm.hidden_bits,
    ]
    .map(i64::from);
    let gate = |sum: i64| squashed(spec.recurrent_activation, sum);
    let [i, f, g, o] = sums;
    let (i, f, o) = (gate(i), gate(f), gate(o));
    let new = (i * squashed(lstm.activation, g)) >> (gate_bits + candidate_bits - cell_bits);
    let state = to_32_bits(kept((*cell).into(), f, gate_bits) + new);
    *cell = state as i32;
    let (product, bits) = match lstm.activation {
        Activation::Relu | Activation::Linear => {
            let state = if lstm.activation == Activation::Relu {
                state.max(0)
            } else {
                state
            };
            ((state * o).div_euclid(65_536), cell_bits + gate_bits - 16)
        }
        activation => {
            // A third of the state with 14 bits is `2^15 / 6` of it.
            let argument = match activation {
                Activation::Tanh => state >> (cell_bits - 12),
                Activation::Sigmoid => state >> (cell_bits - 11),
                _ => (state * 21_845).div_euclid(65_536) >> (cell_bits - 14),
            };
            (o * squashed(activation, argument), gate_bits + 15)
        }
    };
    let places = bits - hidden_bits;
    saturate(to_32_bits(product + (1 << places) / 2) >> places)
}

/// `h' = z h + (1 - z) act(Wc x + r (Uc h))`, or `Uc (r h)`; `wide` has 15 more bits than the hidden state.
pub(super) fn gru(
    [of_x, of_h]: [&Matrix; 2],
    spec: &GruGatedSpec,
    x: &[(usize, i16)],
    hidden: &[i16],
    wide: &mut [i32],
) -> Vec<i16> {
    let GruGatedSpec { gru, gate_bits, .. } = spec;
    let (gate_bits, hidden_bits) = (i64::from(*gate_bits), i64::from(gru.hidden_bits));
    let units = usize::from(gru.units);
    let old = numbered(hidden);
    let sum = |row: usize, of_hidden: i64| to_32_bits(of_x.scaled(row, x) + of_hidden);
    let gate = |row: usize| {
        let argument = sum(row, of_h.scaled(row, &old));
        squashed(spec.recurrent_activation, argument)
    };
    let update: Vec<i64> = (0..units).map(gate).collect();
    let reset: Vec<i64> = (units..2 * units).map(gate).collect();
    let half = (1 << gate_bits) / 2;
    let product = |unit: usize| i64::from(hidden[unit]) * reset[unit] + half;
    let reset_hidden: Vec<i16> = (0..units)
        .map(|unit| saturate(product(unit) >> gate_bits))
        .collect();
    let mut states = Vec::new();
    for unit in 0..units {
        let row = 2 * units + unit;
        let of_hidden = if gru.reset_after {
            let widened = left(of_h.scaled(row, &old), 16 - gate_bits);
            (widened * reset[unit]).div_euclid(65_536)
        } else {
            of_h.scaled(row, &numbered(&reset_hidden))
        };
        let candidate = squashed(gru.activation, sum(row, of_hidden));
        let candidate_bits = if keeps_step(gru.activation) {
            hidden_bits
        } else {
            15
        };
        let rest = ((1 << gate_bits) - update[unit]) * candidate;
        let places = gate_bits + candidate_bits - (hidden_bits + 15);
        let new = if places < 0 {
            left(rest, -places)
        } else {
            rest >> places
        };
        let state = to_32_bits(kept(wide[unit].into(), update[unit], gate_bits) + new);
        wide[unit] = state as i32;
        states.push(saturate(to_32_bits(state + 16_384) >> 15));
    }
    states
}
