//! Rows of weights times values: every sum in w8a16 is made here, four rows at a time.
//!
//! Nothing here is generic: a generic function would be compiled with the settings of the program that uses it, which are
//! those of a small program.
use crate::format::graph::OutputSpec;
use crate::math::bounds::{at_least, at_most, saturate};
use crate::math::rescale::Rescale;
use crate::math::{activation, table};
use crate::precision::Taps;

use super::matrix::Matrix;
use super::smooth;

/// Every row's sum at the scale of its output, brought between two bounds of 16 bits.
#[inline(never)]
pub fn clamped(
    matrix: &Matrix<'_>,
    taps: &Taps,
    x: &[i16],
    y: &mut [i16],
    (low, high): (i16, i16),
) {
    match (low, high) {
        // The usual bounds take one instruction where there is one that saturates.
        (i16::MIN, i16::MAX) if cfg!(not(dunlin_v6m)) => {
            each_row(matrix, taps, x, y, saturate);
        }
        (0, i16::MAX) if cfg!(not(dunlin_v6m)) => {
            each_row(matrix, taps, x, y, |value| value.clamp(0, 32_767) as i16);
        }
        (low, high) => {
            let (low, high) = (i32::from(low), i32::from(high));
            each_row(matrix, taps, x, y, |value| {
                at_least(at_most(value, high), low) as i16
            });
        }
    }
}

/// The hyperbolic tangent of every row's sum.
#[inline(never)]
pub fn tanh(matrix: &Matrix<'_>, taps: &Taps, x: &[i16], y: &mut [i16]) {
    each_row(matrix, taps, x, y, |value| table::tanh(saturate(value)));
}

/// The logistic function of every row's sum.
#[inline(never)]
pub fn sigmoid(matrix: &Matrix<'_>, taps: &Taps, x: &[i16], y: &mut [i16]) {
    each_row(matrix, taps, x, y, |value| table::sigmoid(saturate(value)));
}

/// The piecewise linear sigmoid of every row's sum.
#[inline(never)]
pub fn hard_sigmoid(matrix: &Matrix<'_>, taps: &Taps, x: &[i16], y: &mut [i16]) {
    each_row(matrix, taps, x, y, activation::hard_sigmoid);
}

/// One of the activations that take a call, of every row's sum.
#[inline(never)]
pub fn smoothed(matrix: &Matrix<'_>, taps: &Taps, x: &[i16], y: &mut [i16], output: &OutputSpec) {
    each_row(matrix, taps, x, y, |value| smooth(value, output));
}

/// Every row's sum over all of `x`, at the scale of its output.
#[inline(never)]
pub fn products(matrix: &Matrix<'_>, x: &[i16], y: &mut [i32]) {
    each_row(matrix, &Taps::whole(x.len()), x, y, |value| value);
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
    let left_out = matrix.left_out(taps, x);
    let whole = taps.first(x);
    let (fours, rest) = y.as_chunks_mut::<4>();
    let (biases, scales) = (matrix.bias.as_chunks().0, matrix.scale.as_chunks::<4>().0);
    let blocks = matrix.blocks();
    for (((y, bias), scale), block) in fours.iter_mut().zip(biases).zip(scales).zip(blocks) {
        let sums = matrix.sums(block, 4, bias, (taps, whole, x), left_out);
        for ((y, &scale), sum) in y.iter_mut().zip(scale).zip(sums) {
            *y = finish(Rescale(scale).apply(sum));
        }
    }
    let done = 4 * fours.len();
    if rest.len() > 1 {
        let block = matrix.weights.get(matrix.block_bytes() * fours.len()..);
        let sums = matrix.sums(
            block.unwrap_or_default(),
            rest.len(),
            &matrix.bias4(done),
            (taps, whole, x),
            left_out,
        );
        let scales = matrix.scale.get(done..).unwrap_or_default();
        for ((y, &scale), sum) in rest.iter_mut().zip(scales).zip(sums) {
            *y = finish(Rescale(scale).apply(sum));
        }
    } else if let [y] = rest {
        let sum = taps.pieces(x).fold(matrix.bias(done), |sum, (column, x)| {
            matrix.dot(done, column, x, sum)
        });
        *y = finish(matrix.rescale(done).apply(sum));
    }
}
