//! Sixteen rows in the lanes of vectors, for hosts: blocks of columns of sixteen weights, and behind them a row that would stand alone
//! in its block. A vector adds a column to sixteen sums, so that each sum is made in the order of the columns.
use crate::kernel::float_rows::dot;
use crate::kernel::lane_places::floats::{self, Floats};
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
#[inline(always)]
pub fn sums<L: Lanes>(lanes: L, matrix: &Matrix<'_>, taps: &Taps, x: &[f32], y: &mut [f32]) {
    let rows = y.len();
    let (fours, rest) = y.as_chunks_mut::<{ TOGETHER * ROWS }>();
    let mut index = 0;
    for y in fours {
        let sums = blocks::<L, TOGETHER>(lanes, matrix, index, taps, x);
        for (y, sums) in y.as_chunks_mut().0.iter_mut().zip(sums) {
            *y = lanes.store_floats(sums);
        }
        index += TOGETHER;
    }
    for y in rest.chunks_mut(ROWS) {
        if let [y] = y {
            *y = single(lanes, matrix, rows - 1, taps, x);
            continue;
        }
        let [sums] = blocks::<L, 1>(lanes, matrix, index, taps, x);
        for (y, sum) in y.iter_mut().zip(lanes.store_floats(sums)) {
            *y = sum;
        }
        index += 1;
    }
}

/// [`sums`] at all places of an input, with `max(y, 0)` of each where they are `rectified`; gives the number of places.
pub fn places(matrix: &Matrix<'_>, rectified: bool, x: (&[f32], usize), y: &mut [f32]) -> usize {
    let rows = Floats {
        weights: matrix.weights,
        bias: matrix.bias,
        columns: matrix.columns,
        rectified,
    };
    floats::run(&rows, x, y)
}

/// The functions of an LSTM's cell. No closures, which would lack the vectors' instructions.
pub trait Cell {
    fn gate(&self, sum: f32) -> f32;
    fn activate(&self, x: f32) -> f32;
}

/// `c' = gate(f) c + gate(i) act(g)`, `h = gate(o) act(c')` of the sums of the gates i, f, c, o, for every unit.
#[inline(always)]
pub fn each_unit(
    matrix: &Matrix<'_>,
    xh: &[f32],
    cell: &mut [f32],
    hidden: &mut [f32],
    functions: &impl Cell,
) {
    dispatch(EachUnit {
        matrix,
        xh,
        cell,
        hidden,
        functions,
    });
}

struct EachUnit<'a, 'm, C> {
    matrix: &'a Matrix<'m>,
    xh: &'a [f32],
    cell: &'a mut [f32],
    hidden: &'a mut [f32],
    functions: &'a C,
}

impl<C: Cell> Job for EachUnit<'_, '_, C> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self {
            matrix,
            xh,
            cell,
            hidden,
            functions,
        } = self;
        let taps = &Taps::whole(xh.len());
        let (cells, cell) = cell.as_chunks_mut::<UNITS>();
        let (hiddens, hidden) = hidden.as_chunks_mut::<UNITS>();
        let mut index = 0;
        for (cell, hidden) in cells.iter_mut().zip(hiddens) {
            let gates = gates::<L, TOGETHER>(lanes, matrix, index, taps, xh);
            let gates: [[f32; 4]; UNITS] = bytemuck::cast(gates);
            *hidden = units(functions, &gates, cell);
            index += TOGETHER;
        }
        const FEW: usize = ROWS / 4;
        for (cell, hidden) in cell.chunks_mut(FEW).zip(hidden.chunks_mut(FEW)) {
            let gates = gates::<L, 1>(lanes, matrix, index, taps, xh);
            let gates: [[f32; 4]; FEW] = bytemuck::cast(gates);
            let mut cells: [f32; FEW] = some(cell, 0);
            let hiddens = units(functions, &gates, &mut cells);
            for ((cell, new), (hidden, of_new)) in cell
                .iter_mut()
                .zip(cells)
                .zip(hidden.iter_mut().zip(hiddens))
            {
                (*cell, *hidden) = (new, of_new);
            }
            index += 1;
        }
    }
}

/// The hidden states of some units. Loop by loop, so that the compiler makes those of vectors that call nothing.
#[inline(always)]
fn units<C: Cell, const N: usize>(
    functions: &C,
    gates: &[[f32; 4]; N],
    cell: &mut [f32; N],
) -> [f32; N] {
    let mut of_units = [[0.0; N]; 4];
    for (gate, of_units) in of_units.iter_mut().enumerate() {
        for (sum, gates) in of_units.iter_mut().zip(gates) {
            *sum = gates.get(gate).copied().unwrap_or_default();
        }
    }
    let [mut i, mut f, mut g, mut o] = of_units;
    for gate in [&mut i, &mut f, &mut o] {
        for value in gate {
            *value = functions.gate(*value);
        }
    }
    for value in &mut g {
        *value = functions.activate(*value);
    }
    for (((cell, f), i), g) in cell.iter_mut().zip(f).zip(i).zip(g) {
        *cell = f * *cell + i * g;
    }
    let mut hidden = *cell;
    for hidden in &mut hidden {
        *hidden = functions.activate(*hidden);
    }
    for (hidden, o) in hidden.iter_mut().zip(o) {
        *hidden *= o;
    }
    hidden
}

/// Blocks whose sums are made together, which overlaps their additions.
const TOGETHER: usize = 4;

/// Units of so many blocks: of a known number, so that the compiler makes the loop over them one of vectors.
const UNITS: usize = TOGETHER * ROWS / 4;

/// The sums of the rows of some blocks.
#[inline(always)]
fn gates<L: Lanes, const N: usize>(
    lanes: L,
    matrix: &Matrix<'_>,
    index: usize,
    taps: &Taps,
    x: &[f32],
) -> [[f32; ROWS]; N] {
    let mut gates = [[0.0; ROWS]; N];
    let sums = blocks::<L, N>(lanes, matrix, index, taps, x);
    for (gates, sums) in gates.iter_mut().zip(sums) {
        *gates = lanes.store_floats(sums);
    }
    gates
}

/// The sum of a row that stands alone behind the blocks.
#[inline(always)]
fn single<L: Lanes>(lanes: L, matrix: &Matrix<'_>, row: usize, taps: &Taps, x: &[f32]) -> f32 {
    let weights = matrix.weights.get(row * matrix.columns..);
    let weights = weights.unwrap_or_default();
    let [bias] = some(matrix.bias, row);
    let mut sum = bias;
    // A loop and no `fold`: a closure that is not inlined would lack the vectors' instructions.
    for (column, x) in taps.pieces(x) {
        let weights = weights.get(column..).unwrap_or_default();
        sum = dot(lanes, weights, x, sum);
    }
    sum
}

/// The columns of a block.
#[inline(always)]
fn columns<'m>(matrix: &Matrix<'m>, index: usize) -> &'m [[f32; ROWS]] {
    let size = ROWS * matrix.columns;
    let block = matrix.weights.get(size * index..).unwrap_or_default();
    block.get(..size).unwrap_or_default().as_chunks().0
}

/// The sums of the rows of some blocks, which share each value.
#[inline(always)]
fn blocks<L: Lanes, const N: usize>(
    lanes: L,
    matrix: &Matrix<'_>,
    index: usize,
    taps: &Taps,
    x: &[f32],
) -> [L::Floats; N] {
    let mut sums = [lanes.load_floats(&[0.0; ROWS]); N];
    let mut weights = [&[][..]; N];
    for (block, (sums, weights)) in sums.iter_mut().zip(&mut weights).enumerate() {
        *sums = lanes.load_floats(&some(matrix.bias, ROWS * (index + block)));
        *weights = columns(matrix, index + block);
    }
    // No `fold` here either.
    for (column, x) in taps.pieces(x) {
        let mut pieces = [&[][..]; N];
        for (piece, weights) in pieces.iter_mut().zip(weights) {
            match weights.get(column..column + x.len()) {
                Some(weights) => *piece = weights,
                None => return sums,
            }
        }
        for (at, &x) in x.iter().enumerate() {
            for (sums, weights) in sums.iter_mut().zip(pieces) {
                if let Some(weights) = weights.get(at) {
                    *sums = lanes.add_floats(*sums, lanes.load_floats(weights), x);
                }
            }
        }
    }
    sums
}
