//! Rows of weights times values in f32, four rows at a time, added in the order of the columns.
//!
//! Nothing here is generic: a generic function would be compiled with the settings of the program that uses it.
use crate::kernel::active as kernel;
use crate::precision::slices::four;
use crate::precision::{Strided, Taps};

use super::{Matrix, lanes, piece};

/// `y[r] = bias[r] + sum of W[r] . x`.
#[inline(never)]
pub fn sums(matrix: &Matrix<'_>, taps: &Taps, x: &[f32], y: &mut [f32]) {
    if matrix.in_lanes() {
        return lanes::sums(matrix, taps, x, y);
    }
    let (fours, rest) = y.as_chunks_mut::<4>();
    let mut row = 0;
    for y in fours {
        *y = sums4(matrix, row, taps, x);
        row += 4;
    }
    for y in rest {
        let bias = matrix.bias.get(row).copied().unwrap_or_default();
        *y = taps.pieces(x).fold(bias, |sum, (column, x)| {
            kernel::dot_f32(piece(matrix, row, column, x.len()), x, sum)
        });
        row += 1;
    }
}

/// The sums of four rows from `row` on, over all of `x`.
#[inline(never)]
pub fn four_sums(matrix: &Matrix<'_>, row: usize, x: &[f32]) -> [f32; 4] {
    sums4(matrix, row, &Taps::whole(x.len()), x)
}

/// The sums of four rows from `row` on.
#[inline(always)]
fn sums4(matrix: &Matrix<'_>, row: usize, taps: &Taps, x: &[f32]) -> [f32; 4] {
    let pieces = taps.pieces(x);
    pieces.fold(four(matrix.bias, row), |sums, (column, x)| {
        let rows = matrix.weights.get(row * matrix.columns..);
        match together(rows.unwrap_or_default(), matrix.columns, column, x, sums) {
            Some(sums) => sums,
            None => one_by_one(matrix, row, column, x, sums),
        }
    })
}

/// Four rows that follow each other, where there is a faster way to their sums.
#[inline(always)]
fn together(
    rows: &[f32],
    columns: usize,
    column: usize,
    x: &[f32],
    sums: [f32; 4],
) -> Option<[f32; 4]> {
    #[cfg(dunlin_fpu)]
    {
        crate::kernel::rows_f32::dot4(rows, columns, column, x, sums)
    }
    #[cfg(not(dunlin_fpu))]
    {
        let _ = (rows, columns, column, x, sums);
        None
    }
}

#[inline(never)]
fn one_by_one(
    matrix: &Matrix<'_>,
    row: usize,
    column: usize,
    x: &[f32],
    sums: [f32; 4],
) -> [f32; 4] {
    let rows = core::array::from_fn(|r| piece(matrix, row + r, column, x.len()));
    kernel::dot4_f32(rows, x, sums)
}

/// The sums of filters over one channel each, from the row `first` on.
#[inline(never)]
pub fn depthwise(matrix: &Matrix<'_>, first: usize, filter: &Strided, x: &[f32], y: &mut [f32]) {
    let columns = &filter.columns;
    let piece = |row| piece(matrix, row, columns.start, columns.len());
    let (fours, rest) = y.as_chunks_mut::<4>();
    let mut row = first;
    for y in fours {
        let x = x.get(row - first..).unwrap_or_default();
        let rows = core::array::from_fn(|r| piece(row + r));
        *y = kernel::strided4_f32(rows, x, filter.stride, four(matrix.bias, row));
        row += 4;
    }
    for y in rest {
        let x = x.get(row - first..).unwrap_or_default();
        let bias = matrix.bias.get(row).copied().unwrap_or_default();
        *y = kernel::strided_f32(piece(row), x, filter.stride, bias);
        row += 1;
    }
}
