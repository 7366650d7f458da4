//! Rows of weights times values: every sum in w8a16 is made here, four rows at a time.
//!
//! Nothing here is generic: a generic function would be compiled with the settings of the program that uses it, which are
//! those of a small program.
use crate::format::graph::{LstmSpec, OutputSpec};
use crate::format::header::Packing;
use crate::math::bounds::{at_least, at_most, saturate};
use crate::math::rescale::Rescale;
use crate::math::{activation, table};
use crate::precision::{Gates, Taps};

use super::matrix::Matrix;
use super::{lanes, lstm, smooth};

/// The functions for one packing: a program with one model in it has those of its packing alone.
macro_rules! functions {
    ($module:ident, $packing:expr) => {
        pub mod $module {
            use super::*;

            /// The matrix, its packing known to the compiler.
            #[inline(always)]
            fn known<'m>(matrix: &Matrix<'m>) -> Matrix<'m> {
                Matrix {
                    packing: $packing,
                    ..*matrix
                }
            }

            /// The sums of one to three rows behind the full blocks.
            #[inline(never)]
            fn rest(
                matrix: &Matrix<'_>,
                taps: &Taps,
                x: &[i16],
                done: usize,
                rows: usize,
            ) -> [i32; 4] {
                rest_sums(&known(matrix), taps, x, done, rows)
            }

            /// Every row's sum at the scale of its output, brought between two bounds of 16 bits.
            #[inline(never)]
            pub fn clamped(
                matrix: &Matrix<'_>,
                taps: &Taps,
                x: &[i16],
                y: &mut [i16],
                (low, high): (i16, i16),
            ) {
                let matrix = known(matrix);
                // The usual bounds take one instruction where there is one that saturates.
                if cfg!(not(dunlin_v6m)) && high == i16::MAX {
                    if low == 0 {
                        return each_row(&matrix, taps, x, y, rest, |v| v.clamp(0, 32_767) as i16);
                    } else if low == i16::MIN {
                        return each_row(&matrix, taps, x, y, rest, saturate);
                    }
                }
                let (low, high) = (i32::from(low), i32::from(high));
                each_row(&matrix, taps, x, y, rest, |value| {
                    at_least(at_most(value, high), low) as i16
                });
            }

            /// The hyperbolic tangent of every row's sum.
            #[inline(never)]
            pub fn tanh(matrix: &Matrix<'_>, taps: &Taps, x: &[i16], y: &mut [i16]) {
                each_row(&known(matrix), taps, x, y, rest, |value| {
                    table::tanh(saturate(value))
                });
            }

            /// The logistic function of every row's sum.
            #[inline(never)]
            pub fn sigmoid(matrix: &Matrix<'_>, taps: &Taps, x: &[i16], y: &mut [i16]) {
                each_row(&known(matrix), taps, x, y, rest, |value| {
                    table::sigmoid(saturate(value))
                });
            }

            /// The piecewise linear sigmoid of every row's sum.
            #[inline(never)]
            pub fn hard_sigmoid(matrix: &Matrix<'_>, taps: &Taps, x: &[i16], y: &mut [i16]) {
                each_row(&known(matrix), taps, x, y, rest, activation::hard_sigmoid);
            }

            /// One of the activations that take a call, of every row's sum.
            #[inline(never)]
            pub fn smoothed(
                matrix: &Matrix<'_>,
                taps: &Taps,
                x: &[i16],
                y: &mut [i16],
                output: &OutputSpec,
            ) {
                each_row(&known(matrix), taps, x, y, rest, |value| {
                    smooth(value, output)
                });
            }

            /// Every row's sum over all of `x`, at the scale of its output.
            #[inline(never)]
            pub fn products(matrix: &Matrix<'_>, x: &[i16], y: &mut [i32]) {
                each_row(&known(matrix), &Taps::whole(x.len()), x, y, rest, |value| {
                    value
                });
            }

            /// A time step of an LSTM with tanh in the cell: [`lstm::tanh`].
            #[inline(never)]
            pub fn lstm_tanh(
                matrix: &Matrix<'_>,
                spec: &LstmSpec,
                xh: &[i16],
                cell: &mut [i32],
                hidden: &mut [i16],
            ) {
                lstm::tanh(&known(matrix), spec, xh, cell, hidden);
            }

            /// A time step of an LSTM with relu in the cell: [`lstm::relu`].
            #[inline(never)]
            pub fn lstm_relu(
                matrix: &Matrix<'_>,
                spec: &LstmSpec,
                xh: &[i16],
                cell: &mut [i32],
                hidden: &mut [i16],
            ) {
                lstm::relu(&known(matrix), spec, xh, cell, hidden);
            }

            /// A time step of an LSTM with any gates: [`lstm::gated`].
            #[inline(never)]
            pub fn lstm_gated(
                matrix: &Matrix<'_>,
                spec: &LstmSpec,
                gates: Gates,
                xh: &[i16],
                cell: &mut [i32],
                hidden: &mut [i16],
            ) {
                lstm::gated(&known(matrix), spec, gates, xh, cell, hidden);
            }
        }
    };
}

functions!(in_rows, Packing::RowMajor);
functions!(in_pairs, Packing::RowPairs);
functions!(in_quads, Packing::OffsetQuads);
functions!(in_lanes, Packing::RowLanes);

/// Calls the function of the matrix's packing, of those that a build with these features reads.
macro_rules! of_packing {
    ($features:ident, $matrix:ident, $function:ident($($argument:expr),*)) => {
        match $crate::precision::w8a16::matrix::known::<$features>($matrix.packing) {
            Packing::RowPairs if Packing::RowPairs.is_readable() => {
                affine::in_pairs::$function($matrix, $($argument),*)
            }
            Packing::OffsetQuads if Packing::OffsetQuads.is_readable() => {
                affine::in_quads::$function($matrix, $($argument),*)
            }
            Packing::RowLanes if Packing::RowLanes.is_readable() => {
                affine::in_lanes::$function($matrix, $($argument),*)
            }
            Packing::RowMajor | Packing::RowPairs | Packing::OffsetQuads | Packing::RowLanes => {
                affine::in_rows::$function($matrix, $($argument),*)
            }
        }
    };
}
pub(super) use of_packing;

/// `y[r] = finish(scale[r] (bias[r] + sum of W[r] . x))`.
#[inline(always)]
fn each_row<T>(
    matrix: &Matrix<'_>,
    taps: &Taps,
    x: &[i16],
    y: &mut [T],
    rest_sums: fn(&Matrix<'_>, &Taps, &[i16], usize, usize) -> [i32; 4],
    finish: impl Fn(i32) -> T,
) {
    if Packing::RowLanes.is_readable() && matrix.packing == Packing::RowLanes {
        return lanes::each_row(matrix, taps, x, y, finish);
    }
    let left_out = matrix.left_out(taps, x);
    let whole = taps.first(x);
    let (fours, rest) = y.as_chunks_mut::<4>();
    let (biases, scales) = (
        matrix.bias.as_chunks::<4>().0,
        matrix.scale.as_chunks::<4>().0,
    );
    let mut blocks = matrix.weights;
    for ((y, bias), scale) in fours.iter_mut().zip(biases).zip(scales) {
        let Some((block, behind)) = blocks.split_at_checked(matrix.block_bytes()) else {
            break;
        };
        blocks = behind;
        let sums = matrix.sums(block, 4, bias, (taps, whole, x), left_out);
        for ((y, &scale), sum) in y.iter_mut().zip(scale).zip(sums) {
            *y = finish(Rescale(scale).apply(sum));
        }
    }
    let done = 4 * fours.len();
    if rest.is_empty() {
        return;
    }
    let sums = rest_sums(matrix, taps, x, done, rest.len());
    let scales = matrix.scale.get(done..).unwrap_or_default();
    for ((y, &scale), sum) in rest.iter_mut().zip(scales).zip(sums) {
        *y = finish(Rescale(scale).apply(sum));
    }
}

/// The sums of one to three rows behind the full blocks.
#[inline(always)]
fn rest_sums(matrix: &Matrix<'_>, taps: &Taps, x: &[i16], done: usize, rows: usize) -> [i32; 4] {
    if rows == 1 {
        let sum = taps.pieces(x).fold(matrix.bias(done), |sum, (column, x)| {
            matrix.dot(done, column, x, sum)
        });
        return [sum, 0, 0, 0];
    }
    let block = matrix.weights.get(matrix.block_bytes() * (done / 4)..);
    let block = block.unwrap_or_default();
    let bias = matrix.bias4(done);
    let left_out = matrix.left_out(taps, x);
    matrix.sums(block, rows, &bias, (taps, taps.first(x), x), left_out)
}
