//! What a [`compact`](crate::compact) build has instead of the functions for speed: one for the sums of a matrix, whose values go
//! through their activations afterwards; one for filters of a group of channels.
//!
//! All is generic, so that it is compiled with the settings of a small program.
use crate::format::graph::{LstmSpec, OutputSpec};
use crate::format::header::Packing;
use crate::kernel::active;
use crate::precision::{Gates, Sliding, Taps};

use super::activations::{MANY, of_parts};
use super::matrix::{Matrix, of_files};
use super::sums::products_of_blocks;
use super::{gated, lanes};

/// Rows of an LSTM's unit.
const GATES: usize = 4;

/// Every row's sum at the scale of its output.
#[inline(never)]
pub fn products<const FEATURES: u64>(matrix: &Matrix<'_>, taps: &Taps, x: &[i16], y: &mut [i32]) {
    let packing = of_files::<FEATURES>(matrix.packing);
    let matrix = &Matrix { packing, ..*matrix };
    if matrix.is_for_helium() {
        return matrix.scaled(0, taps, x, Some(y));
    }
    if Packing::RowLanes.is_readable() && packing == Packing::RowLanes {
        return lanes::products(matrix, taps, x, y);
    }
    // Where there is a program for all blocks at once, it is worth its bytes: most rows of a convolution have few columns.
    let fours = y.as_chunks_mut().0;
    let done = match packing == Packing::RowPairs && products_of_blocks(matrix, taps, x, fours) {
        true => 4 * fours.len(),
        false => 0,
    };
    let (matrix, y) = (
        &matrix.starting_at(done),
        y.get_mut(done..).unwrap_or_default(),
    );
    let left_out = matrix.left_out(taps, x);
    let mut row = 0;
    for (y, block) in y.chunks_mut(4).zip(matrix.all_blocks()) {
        let mut sums = matrix.bias4(row);
        // In rows, fewer than four are not done together.
        let alone = match packing {
            Packing::RowMajor => y.len() < 4,
            Packing::RowPairs | Packing::OffsetQuads | Packing::RowLanes => y.len() == 1,
        };
        for (column, x) in taps.pieces(x) {
            if alone {
                for (sum, row) in sums.iter_mut().take(y.len()).zip(row..) {
                    *sum = matrix.dot(row, column, x, *sum);
                }
            } else {
                sums = matrix.dot4(block, 4, column, x, &sums);
            }
        }
        let left_out = if alone { 0 } else { left_out };
        for (y, sum) in y.iter_mut().zip(sums) {
            *y = matrix.rescale(row).apply(sum.wrapping_add(left_out));
            row += 1;
        }
    }
}

/// Every row's sum, then its activation.
#[inline(never)]
pub fn affine<const FEATURES: u64>(
    matrix: &Matrix<'_>,
    output: &OutputSpec,
    taps: &Taps,
    x: &[i16],
    y: &mut [i16],
) {
    of_parts::<FEATURES>(output, y, |row, sums| {
        products::<FEATURES>(&matrix.starting_at(row), taps, x, sums);
    });
}

/// Filters over the channels of a group each, of which rows and input say how many there are, at as many places as `y` has.
#[inline(never)]
pub fn grouped<const FEATURES: u64>(
    matrix: &Matrix<'_>,
    output: &OutputSpec,
    channels: usize,
    sliding: Sliding,
    x: &[i16],
    y: &mut [i16],
) {
    let (channels, filters) = (channels.max(1), matrix.bias.len().max(1));
    let len = matrix.columns / sliding.size.max(1) as usize;
    // Filters of a group.
    let each = (filters * len / channels).max(1);
    let mut sliding = sliding;
    for y in y.chunks_mut(filters) {
        let (first, end, at) = sliding.taps(x.len() / channels);
        let mut taps = Taps {
            runs: end - first,
            len,
            column: first * len,
            start: at * channels,
            stride: sliding.dilation as usize * channels,
        };
        let mut filter = 0;
        of_parts::<FEATURES>(output, y, |row, sums| {
            for (place, row) in sums.iter_mut().zip(row..) {
                let mut sum = matrix.bias(row);
                if len == 1 {
                    let x = x.get(taps.start..).unwrap_or_default();
                    sum = active::strided(matrix.piece(row, first, taps.runs), x, taps.stride, sum);
                } else {
                    for (column, x) in taps.pieces(x) {
                        sum = active::dot(matrix.piece(row, column, len), x, sum);
                    }
                }
                *place = matrix.rescale(row).apply(sum);
                filter += 1;
                if filter == each {
                    (taps.start, filter) = (taps.start + len, 0);
                }
            }
        });
        sliding = sliding.skip(1);
    }
}

/// A time step of an LSTM.
#[inline(never)]
pub fn lstm_step<const FEATURES: u64>(
    matrix: &Matrix<'_>,
    spec: &LstmSpec,
    gates: Gates,
    xh: &[i16],
    cell: &mut [i32],
    hidden: &mut [i16],
) {
    let taps = Taps::whole(xh.len());
    let mut row = 0;
    for (cell, hidden) in cell
        .chunks_mut(MANY / GATES)
        .zip(hidden.chunks_mut(MANY / GATES))
    {
        let mut sums = [0; MANY];
        let sums = sums.get_mut(..GATES * cell.len()).unwrap_or_default();
        products::<FEATURES>(&matrix.starting_at(row), &taps, xh, sums);
        let (arguments, _) = sums.as_chunks();
        for ((&arguments, cell), hidden) in arguments.iter().zip(cell).zip(hidden) {
            *hidden = gated::lstm_unit::<FEATURES>(arguments, spec, gates, cell);
        }
        row += MANY;
    }
}
