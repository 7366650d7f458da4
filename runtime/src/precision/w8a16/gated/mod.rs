//! LSTM and GRU cells in fixed point with gates of any activation.
//!
//! A gate is 16 bits with `gate_bits` behind the point: 15 where it cannot pass 1, fewer for relu and linear. States saturate.
use crate::error::LayerError;
use crate::format::features::has_speed;
use crate::format::graph::{Activation, GruSpec, LstmSpec};
use crate::math::bounds::{add_saturating, positive, rectify, saturate};
use crate::math::rescale::multiply_high;
use crate::math::table::{self, RESULT_BITS};
use crate::math::{activation as integer, rescale};

use super::{FULL, NON_NEGATIVE, Range};
use crate::precision::Gates;

/// A gate or a candidate from an argument at the scale of its activation.
#[inline(always)]
pub fn squash<const FEATURES: u64>(activation: Activation, argument: i32) -> i16 {
    if has_speed(FEATURES) {
        squash_here(activation, argument)
    } else {
        squash_once::<FEATURES>(activation, argument)
    }
}

/// [`squash`] as a function, of which a compact build has one.
#[inline(never)]
fn squash_once<const FEATURES: u64>(activation: Activation, argument: i32) -> i16 {
    squash_here(activation, argument)
}

#[inline]
fn squash_here(activation: Activation, argument: i32) -> i16 {
    match activation {
        Activation::Tanh => table::tanh(saturate(argument)),
        Activation::Sigmoid => table::sigmoid(saturate(argument)),
        Activation::HardSigmoid => integer::hard_sigmoid(argument),
        Activation::Relu => rectify(argument),
        // The others are refused by `Gates::have`.
        Activation::Linear
        | Activation::Softmax
        | Activation::Relu6
        | Activation::LeakyRelu { .. }
        | Activation::Elu { .. }
        | Activation::Gelu
        | Activation::Silu => saturate(argument),
    }
}

/// How an activation is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    /// By 1 in magnitude: the result has 15 fraction bits. Fraction bits of the argument that a cell state is shifted to.
    One { argument_bits: i32 },
    /// Not: the result has the step of its argument.
    None,
}

fn bound(activation: Activation) -> Bound {
    match activation {
        Activation::Tanh => Bound::One {
            argument_bits: table::TANH_BITS,
        },
        Activation::Sigmoid => Bound::One {
            argument_bits: table::SIGMOID_BITS,
        },
        // A third of the state has these: see `activate_cell`.
        Activation::HardSigmoid => Bound::One { argument_bits: 14 },
        Activation::Linear
        | Activation::Relu
        | Activation::Softmax
        | Activation::Relu6
        | Activation::LeakyRelu { .. }
        | Activation::Elu { .. }
        | Activation::Gelu
        | Activation::Silu => Bound::None,
    }
}

/// Whether no result is negative.
fn is_non_negative(activation: Activation) -> bool {
    matches!(
        activation,
        Activation::Sigmoid | Activation::HardSigmoid | Activation::Relu
    )
}

/// Whether a gate has fraction bits that fit it.
fn gates_fit(gates: Gates) -> bool {
    let bits = i32::from(gates.bits);
    match bound(gates.activation) {
        Bound::One { .. } => bits == RESULT_BITS,
        Bound::None => (0..=RESULT_BITS).contains(&bits),
    }
}

fn checked(valid: bool, activation: Activation, gates: Gates) -> Result<Range, LayerError> {
    if !valid || !gates_fit(gates) {
        return Err(LayerError::Scale { row: 0 });
    }
    let non_negative = is_non_negative(activation) && is_non_negative(gates.activation);
    Ok(if non_negative { NON_NEGATIVE } else { FULL })
}

/// Shifts of an LSTM's values to the right, each in [0, 30].
struct LstmShifts {
    /// From gate times candidate to the cell state.
    product: i32,
    /// From the cell state to the argument of its activation.
    argument: i32,
    /// From gate times activated cell state to the hidden state.
    hidden: i32,
}

impl LstmShifts {
    #[inline]
    fn of(spec: &LstmSpec, gates: Gates) -> Self {
        let gate = i32::from(gates.bits);
        let cell = i32::from(spec.cell_bits);
        let hidden = i32::from(spec.hidden_bits);
        let (argument, activated) = match bound(spec.activation) {
            Bound::One { argument_bits } => (cell - argument_bits, RESULT_BITS),
            // `multiply_high` drops 16 bits.
            Bound::None => (0, cell - 16),
        };
        Self {
            product: gate + i32::from(spec.candidate_bits) - cell,
            argument,
            hidden: gate + activated - hidden,
        }
    }
}

/// See [`Recurrent::gated_hidden_range`](crate::precision::Recurrent::gated_hidden_range).
pub fn lstm_range(spec: &LstmSpec, gates: Gates) -> Result<Range, LayerError> {
    let shifts = LstmShifts::of(spec, gates);
    let shifts = [shifts.product, shifts.argument, shifts.hidden];
    let candidate = match bound(spec.activation) {
        Bound::One { .. } => i32::from(spec.candidate_bits) == RESULT_BITS,
        Bound::None => true,
    };
    let valid = candidate && shifts.iter().all(|shift| (0..=30).contains(shift));
    checked(valid, spec.activation, gates)
}

/// `c' = f c + i g`, `h = o act(c')`, from the arguments of the gates i, f, c, o.
pub fn lstm_unit<const FEATURES: u64>(
    arguments: [i32; 4],
    spec: &LstmSpec,
    gates: Gates,
    cell: &mut i32,
) -> i16 {
    let [i, f, g, o] = arguments;
    let gate = |argument| squash::<FEATURES>(gates.activation, argument);
    let shifts = LstmShifts::of(spec, gates);
    let candidate = squash::<FEATURES>(spec.activation, g);
    let kept = widened(multiply_high(*cell, gate(f)), gates);
    let new = (i32::from(gate(i)) * i32::from(candidate)) >> (shifts.product & 31);
    *cell = add_saturating(kept, new);
    let o = gate(o);
    let argument = |cell: i32| cell >> (shifts.argument & 31);
    let bounded = |activated: i16| i32::from(o) * i32::from(activated);
    let product = match spec.activation {
        Activation::Tanh | Activation::Sigmoid => {
            bounded(squash::<FEATURES>(spec.activation, argument(*cell)))
        }
        // 2^15 / 6 of the state is a third of it with 14 fraction bits.
        Activation::HardSigmoid => {
            const THIRD: i16 = 21_845;
            bounded(integer::hard_sigmoid(argument(multiply_high(*cell, THIRD))))
        }
        Activation::Relu => multiply_high(positive(*cell), o),
        Activation::Linear
        | Activation::Softmax
        | Activation::Relu6
        | Activation::LeakyRelu { .. }
        | Activation::Elu { .. }
        | Activation::Gelu
        | Activation::Silu => multiply_high(*cell, o),
    };
    rounded(product, shifts.hidden)
}

/// From `value * gate / 2^16` to the scale of the value.
#[inline]
fn widened(product: i32, gates: Gates) -> i32 {
    rescale::shift_left(product, 16 - i32::from(gates.bits))
}

/// Shifted to the right with halves up.
#[inline]
fn rounded(value: i32, shift: i32) -> i16 {
    let shift = (shift & 31) as u32;
    saturate(add_saturating(value, (1 << shift) >> 1) >> shift)
}

/// From the candidate times a gate to the wide hidden state, to the right.
#[inline]
fn candidate_shift(spec: &GruSpec, gates: Gates) -> i32 {
    let (gate, hidden) = (i32::from(gates.bits), i32::from(spec.hidden_bits));
    match bound(spec.activation) {
        Bound::One { .. } => gate - hidden,
        Bound::None => gate - RESULT_BITS,
    }
}

/// See [`Recurrent::gated_gru_range`](crate::precision::Recurrent::gated_gru_range).
pub fn gru_range(spec: &GruSpec, gates: Gates) -> Result<Range, LayerError> {
    let valid = (-RESULT_BITS..=RESULT_BITS).contains(&spec.hidden_bits.into());
    // Beyond 1 an update gate takes more than the candidate away.
    let range = checked(valid, spec.activation, gates)?;
    Ok(match bound(gates.activation) {
        Bound::One { .. } => range,
        Bound::None => FULL,
    })
}

/// A product times a gate. Where widening saturates, so would the result.
#[inline]
pub fn product(product: i32, gate: i16, gates: Gates) -> i32 {
    multiply_high(widened(product, gates), gate)
}

/// An activation times a gate.
#[inline]
pub fn activation(activation: i16, gate: i16, gates: Gates) -> i16 {
    rounded(
        i32::from(activation) * i32::from(gate),
        i32::from(gates.bits),
    )
}

/// `h' = z h + (1 - z) act(argument)`; `wide` has 15 more bits than the activation.
pub fn gru_unit<const FEATURES: u64>(
    update: i16,
    argument: i32,
    spec: &GruSpec,
    gates: Gates,
    wide: &mut i32,
) -> i16 {
    let candidate = i32::from(squash::<FEATURES>(spec.activation, argument));
    let kept = widened(multiply_high(*wide, update), gates);
    // Within 2^16 times 2^15, and only with a negative candidate that far.
    let rest = (1 << (gates.bits & 15)) - i32::from(update);
    let new = rest.wrapping_mul(candidate);
    let shift = candidate_shift(spec, gates);
    let new = if shift < 0 {
        rescale::shift_left(new, -shift)
    } else {
        new >> (shift & 31)
    };
    *wide = add_saturating(kept, new);
    saturate(add_saturating(*wide, 1 << 14) >> 15)
}

#[cfg(test)]
mod tests;
