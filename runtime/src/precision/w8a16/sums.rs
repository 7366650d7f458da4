//! What the functions for each packing are made of: sums of all blocks of four rows, of two or three rows behind them, and of a row alone.
use crate::kernel::row_blocks::{self, Blocks};
use crate::kernel::slices::{copy_last, fewer};
use crate::math::rescale::Rescale;
use crate::precision::Taps;

use super::matrix::Matrix;

/// The outputs of full blocks, and those behind them.
#[inline(always)]
pub fn blocks<T>(y: &mut [T]) -> (&mut [[T; 4]], &mut [T]) {
    y.as_chunks_mut()
}

/// [`blocks`] where a matrix has less than four rows.
#[inline(always)]
pub fn no_blocks<T>(y: &mut [T]) -> (&mut [[T; 4]], &mut [T]) {
    (&mut [], y)
}

/// Blocks of four rows that are done faster one by one than by a program for all of them.
pub const FEW: usize = 2;

/// Full blocks of row pairs all at once; `false` where that is not possible.
#[inline(never)]
pub fn clamped_blocks(
    blocks: &Blocks<'_>,
    taps: &Taps,
    x: &[i16],
    fours: &mut [[i16; 4]],
    bounds: (i16, i16),
) -> bool {
    taps.runs == 1 && row_blocks::clamped(blocks, bounds, taps.column, taps.first(x), fours)
}

/// Two or three rows behind the full blocks of row pairs, as one more block, which has zeros for the rows that it lacks.
#[inline(never)]
pub fn clamped_rest(
    matrix: &Matrix<'_>,
    taps: &Taps,
    x: &[i16],
    first: usize,
    (y, bounds): (&mut [i16], (i16, i16)),
) {
    let matrix = matrix.starting_at(first);
    let (bias, scale) = ([fewer(matrix.bias)], [fewer(matrix.scale)]);
    let block = Blocks {
        bias: &bias,
        scale: &scale,
        ..blocks_of(&matrix)
    };
    let mut values = [[0; 4]];
    clamped_blocks(&block, taps, x, &mut values, bounds);
    copy_last(y, values[0]);
}

/// [`clamped_blocks`] without bounds.
#[inline(never)]
pub fn products_of_blocks(
    matrix: &Matrix<'_>,
    taps: &Taps,
    x: &[i16],
    fours: &mut [[i32; 4]],
) -> bool {
    let blocks = blocks_of(matrix);
    taps.runs == 1 && row_blocks::products(&blocks, taps.column, taps.first(x), fours)
}

#[inline(always)]
pub fn blocks_of<'m>(matrix: &Matrix<'m>) -> Blocks<'m> {
    Blocks {
        words: matrix.weights,
        columns: matrix.columns,
        bias: matrix.bias.as_chunks().0,
        scale: matrix.scale.as_chunks().0,
    }
}

/// `y[r] = finish(scale[r] (bias[r] + sum of W[r] . x))`, four rows at a time.
#[inline(always)]
pub fn each_four<T>(
    matrix: &Matrix<'_>,
    taps: &Taps,
    x: &[i16],
    fours: &mut [[T; 4]],
    finish: impl Fn([i32; 4]) -> [T; 4],
) {
    let whole = taps.first(x);
    // A row that stands alone lacks nothing.
    let left_out = if fours.is_empty() {
        0
    } else {
        matrix.left_out(taps, x)
    };
    let (biases, scales) = (
        matrix.bias.as_chunks::<4>().0,
        matrix.scale.as_chunks::<4>().0,
    );
    let blocks = matrix.blocks();
    for (((y, bias), scale), block) in fours.iter_mut().zip(biases).zip(scales).zip(blocks) {
        let [a, b, c, d] = matrix.sums(block, 4, bias, (taps, whole, x), left_out);
        let [sa, sb, sc, sd] = scale.map(Rescale);
        *y = finish([sa.apply(a), sb.apply(b), sc.apply(c), sd.apply(d)]);
    }
}

/// The scaled sum of a row that stands alone behind the full blocks.
#[inline(always)]
pub fn single_value(matrix: &Matrix<'_>, taps: &Taps, x: &[i16], row: usize) -> i32 {
    let mut sum = matrix.bias(row);
    if taps.runs == 1 {
        sum = matrix.dot(row, taps.column, taps.first(x), sum);
    } else {
        // No fold, which would be a call.
        for (column, x) in taps.pieces(x) {
            sum = matrix.dot(row, column, x, sum);
        }
    }
    matrix.rescale(row).apply(sum)
}

/// The scaled sums of two or three rows behind the full blocks.
#[inline(always)]
pub fn rest_values(
    matrix: &Matrix<'_>,
    taps: &Taps,
    x: &[i16],
    done: usize,
    rows: usize,
) -> [i32; 4] {
    let block = matrix.weights.get(matrix.block_bytes() * (done / 4)..);
    let block = block.unwrap_or_default();
    let bias = fewer(matrix.bias.get(done..).unwrap_or_default());
    let left_out = matrix.left_out(taps, x);
    let [a, b, c, _] = matrix.sums(block, rows, &bias, (taps, taps.first(x), x), left_out);
    let [sa, sb, sc, _] = fewer(matrix.scale.get(done..).unwrap_or_default()).map(Rescale);
    [sa.apply(a), sb.apply(b), sc.apply(c), 0]
}
