//! The cells of a plain LSTM in fixed point, one unit at a time, `c' = f c + i g`, `h = o act(c')`, and of a plain GRU,
//! `h' = z h + (1 - z) act(x + h)`.
use crate::math::bounds::{add_saturating, rectify, saturate};
use crate::math::rescale::multiply_high;
use crate::math::table;

/// Shifts to the right, each in [0, 31].
#[derive(Debug, Clone, Copy)]
pub struct Shifts {
    /// From the product of gate and candidate to the cell state.
    pub product: i32,
    /// From the cell state to the argument of the tanh table.
    pub argument: i32,
    /// From the product of gate and activated cell state to the hidden state.
    pub hidden: i32,
}

impl Shifts {
    /// Half a step of what the last shift leaves.
    #[inline(always)]
    pub fn half(self) -> i32 {
        (1 << self.hidden) >> 1
    }
}

/// From the arguments of the gates i, f, c, o, with tanh.
#[inline(always)]
pub fn tanh([i, f, g, o]: [i32; 4], shifts: Shifts, cell: &mut i32) -> i16 {
    *cell = next(i, f, table::signed_gate(g), shifts, *cell);
    let activated = table::signed_gate(*cell >> shifts.argument);
    saturate((table::gate(o) * activated + shifts.half()) >> shifts.hidden)
}

/// The same with relu.
#[inline(always)]
pub fn relu([i, f, g, o]: [i32; 4], shifts: Shifts, cell: &mut i32) -> i16 {
    *cell = next(i, f, g.clamp(0, i16::MAX.into()), shifts, *cell);
    let product = multiply_high((*cell).max(0), table::gate(o) as i16);
    saturate(add_saturating(product, shifts.half()) >> shifts.hidden)
}

/// `f c + i g` from the arguments of the gates i and f.
#[inline(always)]
fn next(i: i32, f: i32, candidate: i32, shifts: Shifts, cell: i32) -> i32 {
    let kept = multiply_high(cell, table::gate(f) as i16) << 1;
    let new = (table::gate(i) * candidate) >> shifts.product;
    add_saturating(kept, new)
}

/// A gate of a GRU from the arguments of its input and its hidden state: scaled sums are below 2^30.
#[inline(always)]
pub fn gru_gate(x: i32, h: i32) -> i16 {
    table::sigmoid(saturate(x.wrapping_add(h)))
}

/// A candidate of a GRU, with tanh or with relu.
#[inline(always)]
pub fn gru_candidate(x: i32, h: i32, relu: bool) -> i16 {
    let argument = x.wrapping_add(h);
    if relu {
        rectify(argument)
    } else {
        table::tanh(saturate(argument))
    }
}

/// A product times a gate.
#[inline(always)]
pub fn scaled(product: i32, gate: i16) -> i32 {
    // `multiply_high` drops 16 bits of a product that has 15 more; a product is below 2^31 / 2.
    multiply_high(product, gate) << 1
}

/// A unit of a GRU: `wide` has 15 more bits than the hidden state; `1 - z` is exact in 16 bits as `2^15 - z`.
#[inline(always)]
pub fn gru_unit(update: i16, candidate: i16, wide: &mut i32) -> i16 {
    let kept = scaled(*wide, update);
    let new = (32_768 - i32::from(update)) * i32::from(candidate);
    // Between the old state and a candidate of 2^30 at most, and 2^15 away from 2^31: neither sum leaves 32 bits.
    *wide = kept.wrapping_add(new);
    saturate(wide.wrapping_add(1 << 14) >> 15)
}
