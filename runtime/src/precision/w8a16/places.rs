//! A matrix at many places of its input: convolutions in row pairs, and in fours of rows on v6-M.
use crate::format::header::Packing;
use crate::kernel::places::scratch_words;

use super::matrix::Matrix;

/// Scratch that [`clamped`] wants. The same on every core, as all that is said of an arena.
pub fn scratch_bytes(matrix: &Matrix<'_>) -> usize {
    if has_pairs(matrix) {
        scratch_words(matrix.columns) * size_of::<u32>()
    } else {
        0
    }
}

/// Whether all rows stand in pairs.
fn has_pairs(matrix: &Matrix<'_>) -> bool {
    matrix.packing == Packing::RowPairs && matrix.bias.len().is_multiple_of(2)
}

/// Clamped outputs of places that are `step` values apart; gives the number of those that are done.
#[cfg(not(any(dunlin_dsp, dunlin_v6m)))]
pub fn clamped(
    _matrix: &Matrix<'_>,
    _bounds: (i16, i16),
    _x: (&[i16], usize),
    _y: &mut [i16],
    _scratch: &mut [u8],
) -> usize {
    0
}

/// Clamped outputs of an even number of places, `step` values apart; gives their number.
#[cfg(dunlin_dsp)]
#[inline(never)]
pub fn clamped(
    matrix: &Matrix<'_>,
    bounds: (i16, i16),
    x: (&[i16], usize),
    y: &mut [i16],
    scratch: &mut [u8],
) -> usize {
    use crate::kernel::places::{Pair, run};

    let rows = matrix.bias.len();
    // Fewer places are not worth taking rows out of their blocks.
    let count = y.len().checked_div(rows).unwrap_or_default() / 2;
    if count < 2 || !has_pairs(matrix) {
        return 0;
    }
    let Ok(scratch) = bytemuck::try_cast_slice_mut(scratch) else {
        return 0;
    };
    let bytes = matrix.block_bytes();
    let pairs = matrix
        .bias
        .as_chunks()
        .0
        .iter()
        .zip(matrix.scale.as_chunks().0);
    for (index, (&bias, &scale)) in pairs.enumerate() {
        let start = index / 2 * bytes;
        let pair = Pair {
            block: matrix.weights.get(start..start + bytes).unwrap_or_default(),
            second: index % 2 == 1,
            columns: matrix.columns,
            bias,
            scale,
            bounds,
        };
        let y = y.get_mut(2 * index..).unwrap_or_default();
        if !run(pair, scratch, x, (y, rows), count) {
            return 0;
        }
    }
    2 * count
}

/// Clamped outputs of places that are `step` values apart; gives the number of those that are done.
#[cfg(dunlin_v6m)]
#[inline(never)]
pub fn clamped(
    matrix: &Matrix<'_>,
    bounds: (i16, i16),
    x: (&[i16], usize),
    y: &mut [i16],
    _scratch: &mut [u8],
) -> usize {
    use crate::kernel::quad_places::{Quads, run};

    if matrix.packing != Packing::OffsetQuads {
        return 0;
    }
    let quads = Quads {
        blocks: matrix.weights,
        columns: matrix.columns,
        bias: matrix.bias,
        scale: matrix.scale,
        bounds,
    };
    run(&quads, x, y)
}
