//! Sixteen rows at a time, with the vectors of a host: what [`affine`](super::affine) and [`lstm`](super::lstm) do with four.
use crate::kernel::row_lanes::{Job, Lanes, ROWS, dispatch, dot};
use crate::math::rescale::Rescale;
use crate::precision::Taps;
use crate::precision::slices::some;

use super::matrix::Matrix;

/// `y[r] = finish(scale[r] (bias[r] + sum of W[r] . x))`.
#[inline(always)]
pub fn each_row<T>(
    matrix: &Matrix<'_>,
    taps: &Taps,
    x: &[i16],
    y: &mut [T],
    finish: impl Fn(i32) -> T,
) {
    dispatch(EachRow {
        matrix,
        taps,
        x,
        y,
        finish,
    });
}

struct EachRow<'a, 'm, T, F> {
    matrix: &'a Matrix<'m>,
    taps: &'a Taps,
    x: &'a [i16],
    y: &'a mut [T],
    finish: F,
}

impl<T, F: Fn(i32) -> T> Job for EachRow<'_, '_, T, F> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self {
            matrix,
            taps,
            x,
            y,
            finish,
        } = self;
        let (sixteens, rest) = y.as_chunks_mut::<ROWS>();
        let done = sixteens.len();
        for (index, y) in sixteens.iter_mut().enumerate() {
            let values = arguments(lanes, matrix, index, taps, x);
            for (y, value) in y.iter_mut().zip(values) {
                *y = finish(value);
            }
        }
        if let [y] = rest {
            let row = ROWS * done;
            let mut sum = matrix.bias(row);
            for (column, x) in taps.pieces(x) {
                sum = matrix.dot(row, column, x, sum);
            }
            *y = finish(matrix.rescale(row).apply(sum));
        } else if !rest.is_empty() {
            let values = arguments(lanes, matrix, done, taps, x);
            for (y, value) in rest.iter_mut().zip(values) {
                *y = finish(value);
            }
        }
    }
}

/// `hidden = unit(arguments of the gates i, f, c, o; cell)` for every unit.
#[inline(always)]
pub fn each_unit(
    matrix: &Matrix<'_>,
    xh: &[i16],
    cell: &mut [i32],
    hidden: &mut [i16],
    unit: impl Fn([i32; 4], &mut i32) -> i16,
) {
    dispatch(EachUnit {
        matrix,
        xh,
        cell,
        hidden,
        unit,
    });
}

struct EachUnit<'a, 'm, F> {
    matrix: &'a Matrix<'m>,
    xh: &'a [i16],
    cell: &'a mut [i32],
    hidden: &'a mut [i16],
    unit: F,
}

impl<F: Fn([i32; 4], &mut i32) -> i16> Job for EachUnit<'_, '_, F> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self {
            matrix,
            xh,
            cell,
            hidden,
            unit,
        } = self;
        let (cells, cell) = cell.as_chunks_mut::<UNITS>();
        let (hiddens, hidden) = hidden.as_chunks_mut::<UNITS>();
        let done = cells.len();
        for (index, (cell, hidden)) in cells.iter_mut().zip(hiddens).enumerate() {
            let gates = gates(lanes, matrix, index, xh);
            for ((cell, hidden), &gates) in cell.iter_mut().zip(hidden).zip(&gates) {
                *hidden = unit(gates, cell);
            }
        }
        if !cell.is_empty() {
            let gates = gates(lanes, matrix, done, xh);
            for ((cell, hidden), gates) in cell.iter_mut().zip(hidden).zip(gates) {
                *hidden = unit(gates, cell);
            }
        }
    }
}

/// Units that are computed together: of a known number, so that the compiler makes the loop over them one of vectors.
const UNITS: usize = ROWS;

/// The arguments of the gates i, f, c, o of some units.
#[inline(always)]
fn gates<L: Lanes>(lanes: L, matrix: &Matrix<'_>, index: usize, xh: &[i16]) -> [[i32; 4]; UNITS] {
    let taps = Taps::whole(xh.len());
    let mut gates = [[0; ROWS]; 4];
    for (block, gates) in gates.iter_mut().enumerate() {
        *gates = arguments(lanes, matrix, 4 * index + block, &taps, xh);
    }
    bytemuck::cast(gates)
}

/// The sums of the rows of a block from their biases on, at the scales of their outputs.
#[inline(always)]
fn arguments<L: Lanes>(
    lanes: L,
    matrix: &Matrix<'_>,
    index: usize,
    taps: &Taps,
    x: &[i16],
) -> [i32; ROWS] {
    let bytes = matrix.block_bytes();
    let block = matrix.weights.get(index * bytes..).unwrap_or_default();
    let block = block.get(..bytes).unwrap_or_default();
    let mut sums = lanes.load(&some(matrix.bias, ROWS * index));
    // A loop and no `fold`: a closure that is not inlined would lack the vectors' instructions.
    for (column, x) in taps.pieces(x) {
        sums = dot(lanes, block, column, x, sums);
    }
    let mut values = lanes.store(sums);
    for (value, scale) in values
        .iter_mut()
        .zip(some::<_, ROWS>(matrix.scale, ROWS * index))
    {
        *value = rescaled(*value, Rescale(scale));
    }
    values
}

/// [`Rescale::apply`] without a 64-bit product, of which a vector holds half as many.
#[inline(always)]
fn rescaled(sum: i32, scale: Rescale) -> i32 {
    let multiplier = (scale.0 >> 16) as i32;
    let low = (sum & 0xffff) * multiplier;
    ((sum >> 16) * multiplier + (low >> 16)) >> (scale.0 & 31)
}
