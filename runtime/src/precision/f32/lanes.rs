//! Sixteen rows in the lanes of vectors, for hosts: blocks of columns of sixteen weights, and behind them a row that would stand alone
//! in its block. A vector adds a column to sixteen sums, so that each sum is made in the order of the columns.
use crate::kernel::reference::dot_f32;
use crate::kernel::row_lanes::{Job, Lanes, ROWS, dispatch, split};
use crate::kernel::slices::some;
use crate::precision::Taps;

use super::Matrix;

/// Weights of so many rows and columns, those that fill the last block up counted; `None` past the address space.
pub fn count(rows: usize, columns: usize) -> Option<usize> {
    let (blocks, alone) = split(rows);
    columns.checked_mul(ROWS * blocks + usize::from(alone))
}

/// Where the weight at a row and a column of so many rows and columns stands.
#[cfg(feature = "write")]
pub fn place((rows, columns): (usize, usize), (row, column): (usize, usize)) -> usize {
    let in_blocks = ROWS * split(rows).0;
    if row < in_blocks {
        (row / ROWS * columns + column) * ROWS + row % ROWS
    } else {
        in_blocks * columns + column
    }
}

/// `y[r] = bias[r] + sum of W[r] . x`.
pub fn sums(matrix: &Matrix<'_>, taps: &Taps, x: &[f32], y: &mut [f32]) {
    dispatch(Sums { matrix, taps, x, y });
}

struct Sums<'a, 'm> {
    matrix: &'a Matrix<'m>,
    taps: &'a Taps,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl Job for Sums<'_, '_> {
    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        let Self { matrix, taps, x, y } = self;
        let (sixteens, rest) = y.as_chunks_mut::<ROWS>();
        let done = sixteens.len();
        for (index, y) in sixteens.iter_mut().enumerate() {
            *y = block(matrix, index, taps, x);
        }
        if let [y] = rest {
            let first = ROWS * done;
            let row = matrix.weights.get(first * matrix.columns..);
            let row = row.unwrap_or_default();
            let [bias] = some(matrix.bias, first);
            *y = taps.pieces(x).fold(bias, |sum, (column, x)| {
                dot_f32(row.get(column..).unwrap_or_default(), x, sum)
            });
        } else if !rest.is_empty() {
            for (y, sum) in rest.iter_mut().zip(block(matrix, done, taps, x)) {
                *y = sum;
            }
        }
    }
}

/// `hidden = unit(sums of the gates i, f, c, o; cell)` for every unit.
#[inline(always)]
pub fn each_unit(
    matrix: &Matrix<'_>,
    xh: &[f32],
    cell: &mut [f32],
    hidden: &mut [f32],
    unit: impl Fn([f32; 4], &mut f32) -> f32,
) {
    let taps = &Taps::whole(xh.len());
    let units = cell.chunks_mut(ROWS / 4).zip(hidden.chunks_mut(ROWS / 4));
    for (index, (cell, hidden)) in units.enumerate() {
        let mut gates = [0.0; ROWS];
        dispatch(Block {
            matrix,
            index,
            taps,
            x: xh,
            sums: &mut gates,
        });
        let units = cell.iter_mut().zip(hidden);
        for ((cell, hidden), &gates) in units.zip(gates.as_chunks().0) {
            *hidden = unit(gates, cell);
        }
    }
}

struct Block<'a, 'm> {
    matrix: &'a Matrix<'m>,
    index: usize,
    taps: &'a Taps,
    x: &'a [f32],
    sums: &'a mut [f32; ROWS],
}

impl Job for Block<'_, '_> {
    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        *self.sums = block(self.matrix, self.index, self.taps, self.x);
    }
}

/// The sums of the rows of a block.
#[inline(always)]
fn block(matrix: &Matrix<'_>, index: usize, taps: &Taps, x: &[f32]) -> [f32; ROWS] {
    let mut sums = some(matrix.bias, ROWS * index);
    let size = ROWS * matrix.columns;
    let block = matrix.weights.get(size * index..).unwrap_or_default();
    let columns = block.get(..size).unwrap_or_default().as_chunks::<ROWS>().0;
    // A loop and no `fold`: a closure that is not inlined would lack the vectors' instructions.
    for (column, x) in taps.pieces(x) {
        let columns = columns.get(column..).unwrap_or_default();
        for (weights, &x) in columns.iter().zip(x) {
            for (sum, &weight) in sums.iter_mut().zip(weights) {
                *sum += weight * x;
            }
        }
    }
    sums
}
