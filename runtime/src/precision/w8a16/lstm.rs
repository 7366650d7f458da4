//! The LSTM's time step in fixed point: `c' = f c + i g`, `h = o act(c')`.
//!
//! All of it is inlined into the functions of a packing in [`affine`](super::affine).
use crate::format::features::ALL;
use crate::format::graph::LstmSpec;
use crate::format::header::Packing;
use crate::kernel::cell::{self, Shifts};
use crate::kernel::cell_mve::{self, Inner};
use crate::math::rescale::Rescale;
use crate::precision::{Gates, Taps};

use super::matrix::Matrix;
use super::recurrent::Fractions;
use super::{gated, lanes};

/// Units whose arguments wait on the stack for what becomes of them, with Helium.
const UNITS: usize = 16;

/// With sigmoids as gates and tanh in the cell.
#[inline(always)]
pub fn tanh(
    matrix: &Matrix<'_>,
    spec: &LstmSpec,
    xh: &[i16],
    cell: &mut [i32],
    hidden: &mut [i16],
) {
    let shifts = shifts(spec, false);
    each_unit(
        matrix,
        xh,
        cell,
        hidden,
        |arguments, cell| cell::tanh(arguments, shifts, cell),
        |arguments, cell, hidden| {
            cell_mve::units(Inner::Tanh, shifts, arguments, cell, hidden);
        },
    );
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
    let shifts = shifts(spec, true);
    each_unit(
        matrix,
        xh,
        cell,
        hidden,
        |arguments, cell| cell::relu(arguments, shifts, cell),
        |arguments, cell, hidden| {
            cell_mve::units(Inner::Relu, shifts, arguments, cell, hidden);
        },
    );
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
    let unit = |arguments, cell: &mut i32| gated::lstm_unit::<ALL>(arguments, spec, gates, cell);
    each_unit(matrix, xh, cell, hidden, unit, |arguments, cell, hidden| {
        for ((&arguments, cell), hidden) in arguments.iter().zip(cell).zip(hidden) {
            *hidden = unit(arguments, cell);
        }
    });
}

/// The shifts of a cell.
#[inline(always)]
fn shifts(spec: &LstmSpec, relu: bool) -> Shifts {
    let bits = Fractions::of(spec);
    Shifts {
        product: bits.product_shift() & 31,
        argument: bits.tanh_shift() & 31,
        hidden: bits.hidden_shift(relu) & 31,
    }
}

/// `hidden = unit(arguments of the gates i, f, c, o; cell)` for every unit. `units` does the same for many.
#[inline(always)]
fn each_unit(
    matrix: &Matrix<'_>,
    xh: &[i16],
    cell: &mut [i32],
    hidden: &mut [i16],
    unit: impl Fn([i32; 4], &mut i32) -> i16,
    units: impl Fn(&[[i32; 4]], &mut [i32], &mut [i16]),
) {
    if Packing::RowLanes.is_readable() && matrix.packing == Packing::RowLanes {
        return lanes::each_unit(matrix, xh, cell, hidden, unit);
    }
    let taps = Taps::whole(xh.len());
    if matrix.is_for_helium() {
        let chunks = cell.chunks_mut(UNITS).zip(hidden.chunks_mut(UNITS));
        for (index, (cell, hidden)) in chunks.enumerate() {
            let (first, rows) = (4 * UNITS * index, 4 * cell.len());
            matrix.on_stack::<{ 4 * UNITS }>(first, rows, &taps, xh, |sums| {
                units(sums.as_chunks().0, cell, hidden);
            });
        }
        return;
    }
    let left_out = matrix.left_out(&taps, xh);
    let (biases, scales) = (matrix.bias.as_chunks().0, matrix.scale.as_chunks::<4>().0);
    let rows = biases.iter().zip(scales).zip(matrix.blocks());
    for ((cell, hidden), ((bias, scales), block)) in cell.iter_mut().zip(hidden).zip(rows) {
        let sums = matrix.sums(block, 4, bias, (&taps, xh, xh), left_out);
        let [a, b, c, d] = scales.map(Rescale);
        // The last sums first: a program returns them in registers that all else needs too.
        let (o, g) = (d.apply(sums[3]), c.apply(sums[2]));
        *hidden = unit([a.apply(sums[0]), b.apply(sums[1]), g, o], cell);
    }
}
