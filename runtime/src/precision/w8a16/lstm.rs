//! The LSTM's time step in fixed point: `c' = f c + i g`, `h = o act(c')`.
//!
//! All of it is inlined into the functions of a packing in [`affine`](super::affine).
use crate::format::graph::LstmSpec;
use crate::format::header::Packing;
use crate::math::bounds::{add_saturating, saturate};
use crate::math::rescale::{Rescale, multiply_high};
use crate::math::table;
use crate::precision::{Gates, Taps};

use super::matrix::Matrix;
use super::recurrent::Fractions;
use super::{gated, lanes};

/// With sigmoids as gates and tanh in the cell.
#[inline(always)]
pub fn tanh(
    matrix: &Matrix<'_>,
    spec: &LstmSpec,
    xh: &[i16],
    cell: &mut [i32],
    hidden: &mut [i16],
) {
    let bits = Fractions::of(spec);
    let (product_shift, tanh_shift) = (bits.product_shift() & 31, bits.tanh_shift() & 31);
    let (shift, half) = hidden_shift(bits, false);
    each_unit(matrix, xh, cell, hidden, |[i, f, g, o], cell| {
        *cell = next_cell(i, f, tanh_of(g), product_shift, *cell);
        let output = table::gate(o);
        saturate((output * tanh_of(*cell >> tanh_shift) + half) >> shift)
    });
}

/// With sigmoids as gates and relu in the cell.
#[inline(always)]
pub fn relu(
    matrix: &Matrix<'_>,
    spec: &LstmSpec,
    xh: &[i16],
    cell: &mut [i32],
    hidden: &mut [i16],
) {
    let bits = Fractions::of(spec);
    let product_shift = bits.product_shift() & 31;
    let (shift, half) = hidden_shift(bits, true);
    each_unit(matrix, xh, cell, hidden, |[i, f, g, o], cell| {
        *cell = next_cell(i, f, g.clamp(0, i16::MAX.into()), product_shift, *cell);
        let output = table::gate(o);
        let product = multiply_high((*cell).max(0), output as i16);
        saturate(add_saturating(product, half) >> shift)
    });
}

/// With any gates and any activation in the cell.
#[inline(always)]
pub fn gated(
    matrix: &Matrix<'_>,
    spec: &LstmSpec,
    gates: Gates,
    xh: &[i16],
    cell: &mut [i32],
    hidden: &mut [i16],
) {
    each_unit(matrix, xh, cell, hidden, |arguments, cell| {
        gated::lstm_unit(arguments, spec, gates, cell)
    });
}

/// `f c + i g` from the arguments of the gates i and f.
#[inline(always)]
fn next_cell(i: i32, f: i32, candidate: i32, product_shift: i32, cell: i32) -> i32 {
    let kept = multiply_high(cell, table::gate(f) as i16) << 1;
    let new = (table::gate(i) * candidate) >> product_shift;
    add_saturating(kept, new)
}

/// The hyperbolic tangent of an argument, as [`table::tanh`].
#[inline(always)]
fn tanh_of(argument: i32) -> i32 {
    table::signed_gate(argument)
}

/// The last shift of a unit, and half a step of what it leaves.
fn hidden_shift(bits: Fractions, relu: bool) -> (i32, i32) {
    let shift = bits.hidden_shift(relu) & 31;
    (shift, (1 << shift) >> 1)
}

/// `hidden = unit(arguments of the gates i, f, c, o; cell)` for every unit.
#[inline(always)]
fn each_unit(
    matrix: &Matrix<'_>,
    xh: &[i16],
    cell: &mut [i32],
    hidden: &mut [i16],
    unit: impl Fn([i32; 4], &mut i32) -> i16,
) {
    if Packing::RowLanes.is_readable() && matrix.packing == Packing::RowLanes {
        return lanes::each_unit(matrix, xh, cell, hidden, unit);
    }
    let taps = Taps::whole(xh.len());
    let left_out = matrix.left_out(&taps, xh);
    let (biases, scales) = (matrix.bias.as_chunks().0, matrix.scale.as_chunks::<4>().0);
    let rows = biases.iter().zip(scales).zip(matrix.blocks());
    for ((cell, hidden), ((bias, scales), block)) in cell.iter_mut().zip(hidden).zip(rows) {
        let sums = matrix.sums(block, 4, bias, (&taps, xh, xh), left_out);
        let [a, b, c, d] = scales.map(Rescale);
        let arguments = [
            a.apply(sums[0]),
            b.apply(sums[1]),
            c.apply(sums[2]),
            d.apply(sums[3]),
        ];
        *hidden = unit(arguments, cell);
    }
}
