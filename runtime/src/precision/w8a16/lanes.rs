//! Sixteen rows at a time, with the vectors of a host: what [`affine`](super::affine) and [`lstm`](super::lstm) do with four.
use crate::kernel::row_lanes::{Job, Lanes, ROWS, dispatch, dot};
use crate::kernel::slices::some;
use crate::math::bounds::{at_least, at_most, saturate};
use crate::math::table;
use crate::precision::Taps;

use super::matrix::Matrix;

/// Every row's sum at the scale of its output, brought between two bounds of 16 bits.
#[inline(never)]
pub fn clamped(matrix: &Matrix<'_>, [low, high]: [i16; 2], taps: &Taps, x: &[i16], y: &mut [i16]) {
    let (low, high) = (i32::from(low), i32::from(high));
    each_row(matrix, taps, x, y, |value| {
        at_least(at_most(value, high), low) as i16
    });
}

/// The hyperbolic tangent of every row's sum.
#[inline(never)]
pub fn tanh(matrix: &Matrix<'_>, taps: &Taps, x: &[i16], y: &mut [i16]) {
    each_row(matrix, taps, x, y, |value| table::tanh(saturate(value)));
}

/// Every row's sum at the scale of its output.
#[inline(never)]
pub fn products(matrix: &Matrix<'_>, taps: &Taps, x: &[i16], y: &mut [i32]) {
    each_row(matrix, taps, x, y, |value| value);
}

/// `y[r] = finish(scale[r] (bias[r] + sum of W[r] . x))`.
#[inline(always)]
fn each_row<T>(
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
        let rows = y.len();
        let (fours, rest) = y.as_chunks_mut::<{ TOGETHER * ROWS }>();
        let mut index = 0;
        for y in fours {
            let values = arguments::<L, TOGETHER>(lanes, matrix, index, taps, x);
            for (y, &value) in y.iter_mut().zip(values.as_flattened()) {
                *y = finish(value);
            }
            index += TOGETHER;
        }
        for y in rest.chunks_mut(ROWS) {
            if let [y] = y {
                *y = finish(single(matrix, rows - 1, taps, x));
                continue;
            }
            let values = arguments::<L, 1>(lanes, matrix, index, taps, x);
            for (y, &value) in y.iter_mut().zip(values.as_flattened()) {
                *y = finish(value);
            }
            index += 1;
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
        let taps = Taps::whole(xh.len());
        let (cells, cell) = cell.as_chunks_mut::<UNITS>();
        let (hiddens, hidden) = hidden.as_chunks_mut::<UNITS>();
        let mut index = 0;
        for (cell, hidden) in cells.iter_mut().zip(hiddens) {
            let gates = arguments::<L, TOGETHER>(lanes, matrix, index, &taps, xh);
            let gates: [[i32; 4]; UNITS] = bytemuck::cast(gates);
            for ((cell, hidden), gates) in cell.iter_mut().zip(hidden).zip(gates) {
                *hidden = unit(gates, cell);
            }
            index += TOGETHER;
        }
        const FEW: usize = ROWS / 4;
        for (cell, hidden) in cell.chunks_mut(FEW).zip(hidden.chunks_mut(FEW)) {
            let gates = arguments::<L, 1>(lanes, matrix, index, &taps, xh);
            let gates: [[i32; 4]; FEW] = bytemuck::cast(gates);
            for ((cell, hidden), gates) in cell.iter_mut().zip(hidden).zip(gates) {
                *hidden = unit(gates, cell);
            }
            index += 1;
        }
    }
}

/// Blocks that are done together, sharing each value of the input.
const TOGETHER: usize = 4;

/// Units of so many blocks.
const UNITS: usize = TOGETHER * ROWS / 4;

/// The sums of the rows of some blocks from their biases on, at the scales of their outputs.
#[inline(always)]
fn arguments<L: Lanes, const N: usize>(
    lanes: L,
    matrix: &Matrix<'_>,
    index: usize,
    taps: &Taps,
    x: &[i16],
) -> [[i32; ROWS]; N] {
    let mut sums = [lanes.load(&[0; ROWS]); N];
    let mut weights = [&[][..]; N];
    for (at, (sums, weights)) in sums.iter_mut().zip(&mut weights).enumerate() {
        *sums = lanes.load(&some(matrix.bias, ROWS * (index + at)));
        *weights = block(matrix, index + at);
    }
    // A loop and no `fold`: a closure that is not inlined would lack the vectors' instructions.
    for (column, x) in taps.pieces(x) {
        sums = dot(lanes, weights, column, x, sums);
    }
    let mut values = [[0; ROWS]; N];
    for (at, (values, sums)) in values.iter_mut().zip(sums).enumerate() {
        let scales = lanes.load(&scales(matrix, index + at));
        *values = lanes.store(lanes.rescale(sums, scales));
    }
    values
}

/// The bits of the scales of a block.
#[inline(always)]
fn scales(matrix: &Matrix<'_>, index: usize) -> [i32; ROWS] {
    bytemuck::cast(some::<u32, ROWS>(matrix.scale, ROWS * index))
}

/// The scaled sum of a row that stands alone behind the blocks.
#[inline(always)]
fn single(matrix: &Matrix<'_>, row: usize, taps: &Taps, x: &[i16]) -> i32 {
    let mut sum = matrix.bias(row);
    for (column, x) in taps.pieces(x) {
        sum = matrix.dot(row, column, x, sum);
    }
    matrix.rescale(row).apply(sum)
}

/// The weights of a block.
#[inline(always)]
fn block<'m>(matrix: &Matrix<'m>, index: usize) -> &'m [i8] {
    let bytes = matrix.block_bytes();
    let block = matrix.weights.get(index * bytes..).unwrap_or_default();
    block.get(..bytes).unwrap_or_default()
}
