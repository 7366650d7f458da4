//! Sixteen rows at a time, with the vectors of a host: what [`affine`](super::affine) and [`lstm`](super::lstm) do with four.
use crate::kernel::row_lanes::{Job, Lanes, ROWS, dispatch, dot};
use crate::kernel::slices::some;
use crate::math::bounds::{at_least, at_most, saturate};
use crate::math::rescale::Rescale;
use crate::math::table;
use crate::precision::Taps;

use super::matrix::Matrix;

/// Every row's sum at the scale of its output, brought between two bounds of 16 bits.
#[inline(never)]
pub fn clamped(
    matrix: &Matrix<'_>,
    taps: &Taps,
    x: &[i16],
    y: &mut [i16],
    (low, high): (i16, i16),
) {
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

/// [`clamped`] at places whose taps are `step` values apart, four places at a time; gives the number of those that are done.
#[inline(never)]
pub fn places(
    matrix: &Matrix<'_>,
    bounds: (i16, i16),
    (x, step): (&[i16], usize),
    y: &mut [i16],
) -> usize {
    let rows = matrix.bias.len();
    if rows == 0 || !rows.is_multiple_of(ROWS) {
        return 0;
    }
    let mut done = 0;
    dispatch(Places {
        matrix,
        bounds,
        x,
        step,
        y,
        done: &mut done,
    });
    done
}

struct Places<'a, 'm> {
    matrix: &'a Matrix<'m>,
    bounds: (i16, i16),
    x: &'a [i16],
    step: usize,
    y: &'a mut [i16],
    done: &'a mut usize,
}

impl Job for Places<'_, '_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { matrix, step, .. } = self;
        let (rows, columns) = (matrix.bias.len(), matrix.columns);
        let (low, high) = (i32::from(self.bounds.0), i32::from(self.bounds.1));
        for y in self.y.chunks_exact_mut(4 * rows) {
            let mut x = [&[][..]; 4];
            for (place, x) in x.iter_mut().enumerate() {
                let start = (*self.done + place) * step;
                match self.x.get(start..start + columns) {
                    Some(taps) => *x = taps,
                    None => return,
                }
            }
            for index in 0..rows / ROWS {
                let sums = four_places(lanes, matrix, index, x);
                for (y, sums) in y.chunks_exact_mut(rows).zip(sums) {
                    let y = y.get_mut(ROWS * index..).unwrap_or_default();
                    let values = scaled(lanes, matrix, index, sums);
                    if let Some(y) = y.first_chunk_mut::<ROWS>() {
                        for (y, value) in y.iter_mut().zip(values) {
                            *y = at_least(at_most(value, high), low) as i16;
                        }
                    }
                }
            }
            *self.done += 4;
        }
    }
}

/// The sums of a block over all columns at four places, which share each load of weights.
#[inline(always)]
fn four_places<L: Lanes>(
    lanes: L,
    matrix: &Matrix<'_>,
    index: usize,
    x: [&[i16]; 4],
) -> [L::Sums; 4] {
    let start = lanes.load(&some(matrix.bias, ROWS * index));
    let [mut a, mut b, mut c, mut d] = [start; 4];
    let pairs = block(matrix, index).as_chunks().0;
    let [(xa, la), (xb, lb), (xc, lc), (xd, ld)] = [
        x[0].as_chunks(),
        x[1].as_chunks(),
        x[2].as_chunks(),
        x[3].as_chunks(),
    ];
    for ((((pair, &xa), &xb), &xc), &xd) in pairs.iter().zip(xa).zip(xb).zip(xc).zip(xd) {
        let weights = lanes.weights(pair);
        a = lanes.add(a, weights, xa);
        b = lanes.add(b, weights, xb);
        c = lanes.add(c, weights, xc);
        d = lanes.add(d, weights, xd);
    }
    if let (Some(pair), [la], [lb], [lc], [ld]) = (pairs.last(), la, lb, lc, ld) {
        let weights = lanes.weights(pair);
        a = lanes.add(a, weights, [*la, 0]);
        b = lanes.add(b, weights, [*lb, 0]);
        c = lanes.add(c, weights, [*lc, 0]);
        d = lanes.add(d, weights, [*ld, 0]);
    }
    [a, b, c, d]
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
    let block = block(matrix, index);
    let mut sums = lanes.load(&some(matrix.bias, ROWS * index));
    // A loop and no `fold`: a closure that is not inlined would lack the vectors' instructions.
    for (column, x) in taps.pieces(x) {
        sums = dot(lanes, block, column, x, sums);
    }
    scaled(lanes, matrix, index, sums)
}

/// The weights of a block.
#[inline(always)]
fn block<'m>(matrix: &Matrix<'m>, index: usize) -> &'m [i8] {
    let bytes = matrix.block_bytes();
    let block = matrix.weights.get(index * bytes..).unwrap_or_default();
    block.get(..bytes).unwrap_or_default()
}

/// The sums of a block at the scales of their outputs.
#[inline(always)]
fn scaled<L: Lanes>(lanes: L, matrix: &Matrix<'_>, index: usize, sums: L::Sums) -> [i32; ROWS] {
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
