//! The cell of a plain LSTM in fixed point, one unit at a time: `c' = f c + i g`, `h = o act(c')`.
use crate::math::bounds::{add_saturating, saturate};
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
