//! The LSTM's time step in fixed point: `c' = f c + i g`, `h = o act(c')`.
//!
//! All of it is inlined into the functions of a packing in [`affine`](super::affine).
use crate::format::graph::LstmSpec;
use crate::math::bounds::{add_saturating, saturate};
use crate::math::rescale::{Rescale, multiply_high};
use crate::math::table;
use crate::precision::{Gates, Taps};

use super::gated;
use super::matrix::{CHUNK, Matrix};
use super::recurrent::Fractions;

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
    each_unit::<true>(matrix, xh, cell, hidden, |_, [i, f, g, o], cell| {
        *cell = next_cell(i, f, g - 32_768, product_shift, *cell);
        let activated = table::logistic(*cell >> tanh_shift) - 32_768;
        saturate(((o >> 1) * activated + half) >> shift)
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
    each_unit::<true>(matrix, xh, cell, hidden, |arguments, [i, f, _, o], cell| {
        let candidate = arguments[2].clamp(0, i16::MAX.into());
        *cell = next_cell(i, f, candidate, product_shift, *cell);
        let product = multiply_high((*cell).max(0), (o >> 1) as i16);
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
    each_unit::<false>(matrix, xh, cell, hidden, |arguments, _, cell| {
        gated::lstm_unit(arguments, spec, gates, cell)
    });
}

/// `f c + i g` from the gates i and f with 16 fraction bits.
#[inline(always)]
fn next_cell(i: i32, f: i32, candidate: i32, product_shift: i32, cell: i32) -> i32 {
    let kept = multiply_high(cell, (f >> 1) as i16) << 1;
    let new = ((i >> 1) * candidate) >> product_shift;
    add_saturating(kept, new)
}

/// The last shift of a unit, and half a step of what it leaves.
fn hidden_shift(bits: Fractions, relu: bool) -> (i32, i32) {
    let shift = bits.hidden_shift(relu) & 31;
    (shift, (1 << shift) >> 1)
}

/// `hidden = unit(arguments of the gates i, f, c, o; logistic functions of them; cell)` for every unit. Without `SQUASHED`, the
/// functions are not asked for.
#[inline(always)]
fn each_unit<const SQUASHED: bool>(
    matrix: &Matrix<'_>,
    xh: &[i16],
    cell: &mut [i32],
    hidden: &mut [i16],
    unit: impl Fn([i32; 4], [i32; 4], &mut i32) -> i16,
) {
    let taps = Taps::whole(xh.len());
    if matrix.is_for_helium() {
        let (mut arguments, mut squashed) = ([[0; 4]; CHUNK / 4], [[0; 4]; CHUNK / 4]);
        let units = cell
            .chunks_mut(CHUNK / 4)
            .zip(hidden.chunks_mut(CHUNK / 4));
        for (index, (cell, hidden)) in units.enumerate() {
            let of_units = arguments.as_flattened_mut().get_mut(..4 * cell.len());
            matrix.scaled(CHUNK * index, &taps, xh, of_units);
            if SQUASHED {
                table::logistics(arguments.as_flattened(), squashed.as_flattened_mut());
            }
            let units = cell.iter_mut().zip(hidden);
            for ((cell, hidden), (&arguments, &squashed)) in
                units.zip(arguments.iter().zip(&squashed))
            {
                *hidden = unit(arguments, squashed, cell);
            }
        }
        return;
    }
    let left_out = matrix.left_out(&taps, xh);
    let (biases, scales) = (matrix.bias.as_chunks().0, matrix.scale.as_chunks::<4>().0);
    let mut blocks = matrix.weights;
    let rows = biases.iter().zip(scales);
    for ((cell, hidden), (bias, scales)) in cell.iter_mut().zip(hidden).zip(rows) {
        let Some((block, behind)) = blocks.split_at_checked(matrix.block_bytes()) else {
            break;
        };
        blocks = behind;
        let sums = matrix.sums(block, 4, bias, (&taps, xh, xh), left_out);
        let [a, b, c, d] = scales.map(Rescale);
        let arguments = [
            a.apply(sums[0]),
            b.apply(sums[1]),
            c.apply(sums[2]),
            d.apply(sums[3]),
        ];
        *hidden = unit(arguments, arguments.map(table::logistic), cell);
    }
}
