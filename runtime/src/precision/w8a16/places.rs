//! A matrix at many places of its input: convolutions.
use crate::format::header::Packing;
use crate::kernel::clamped::Clamped;
use crate::kernel::lane_places::integers;
use crate::kernel::places::{Pair, run, scratch_words};
use crate::kernel::{places_mve, places_v7m, quad_places};

use super::matrix::{Matrix, known};

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
#[inline(always)]
pub fn clamped<const FEATURES: u64>(
    matrix: &Matrix<'_>,
    bounds: (i16, i16),
    x: (&[i16], usize),
    y: &mut [i16],
    scratch: &mut [u8],
) -> usize {
    let rows = Clamped {
        weights: matrix.weights,
        columns: matrix.columns,
        bias: matrix.bias,
        scale: matrix.scale,
        bounds,
    };
    match known::<FEATURES>(matrix.packing) {
        Packing::RowMajor if cfg!(dunlin_mve) => places_mve::run(&rows, x, y),
        Packing::RowMajor if cfg!(dunlin_v7m) => places_v7m::run(&rows, x, y),
        Packing::RowPairs if cfg!(dunlin_dsp) => in_pairs(matrix, bounds, x, y, scratch),
        Packing::OffsetQuads if cfg!(dunlin_v6m) => quad_places::run(&rows, x, y),
        Packing::RowLanes if Packing::RowLanes.is_readable() => integers::run(&rows, x, y),
        Packing::RowMajor | Packing::RowPairs | Packing::OffsetQuads | Packing::RowLanes => 0,
    }
}

/// [`clamped`] of row pairs, at an even number of places.
#[inline(never)]
fn in_pairs(
    matrix: &Matrix<'_>,
    bounds: (i16, i16),
    x: (&[i16], usize),
    y: &mut [i16],
    scratch: &mut [u8],
) -> usize {
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
