//! Rows of weights times values in f32, four rows at a time, added in the order of the columns.
//!
//! Nothing here is generic: a generic function would be compiled with the settings of the program that uses it.
use crate::kernel::depthwise::{Filters, Floats, outputs};
use crate::kernel::depthwise_f32;
use crate::kernel::depthwise_f32_mve;
use crate::kernel::float_rows;
use crate::kernel::places_f32_mve;
use crate::kernel::pool_f32;
use crate::kernel::rectify_f32;
use crate::kernel::row_lanes::{Job, Lanes, dispatch};
use crate::kernel::rows_f32::{self, blocks, dot};
use crate::kernel::rows_f32_mve;
use crate::precision::{Sliding, Taps};

use super::{Matrix, lanes, piece, relu};

/// `y[r] = bias[r] + sum of W[r] . x`.
#[inline(never)]
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
    fn run<L: Lanes>(self, lanes: L) {
        let Self { matrix, taps, x, y } = self;
        if matrix.in_lanes() {
            lanes::sums(lanes, matrix, taps, x, y);
        } else {
            in_rows(lanes, matrix, taps, x, y);
        }
    }
}

/// [`sums`] of rows as they are.
// Loops and no `fold`: a closure that is not inlined would lack the vectors' instructions.
#[inline(always)]
fn in_rows<L: Lanes>(lanes: L, matrix: &Matrix<'_>, taps: &Taps, x: &[f32], y: &mut [f32]) {
    if y.len() > 1 && in_vectors(matrix, taps, x, y) {
        return;
    }
    let columns = matrix.columns;
    let whole = taps.first(x);
    let (mut fours, rest) = y.as_chunks_mut::<4>();
    let mut row = 4 * fours.len();
    let biases = matrix.bias.as_chunks().0;
    if taps.runs == 1 && blocks(matrix.weights, columns, taps.column, whole, biases, fours) {
        fours = &mut [];
    }
    let mut rows = matrix.weights;
    for (y, &bias) in fours.iter_mut().zip(biases) {
        let mut sums = bias;
        if taps.runs == 1 {
            sums = dot4(lanes, rows, columns, taps.column, whole, sums);
        } else {
            for (column, x) in taps.pieces(x) {
                sums = dot4(lanes, rows, columns, column, x, sums);
            }
        }
        *y = sums;
        rows = rows.get(4 * columns..).unwrap_or_default();
    }
    for y in rest {
        let mut sum = matrix.bias.get(row).copied().unwrap_or_default();
        for (column, x) in taps.pieces(x) {
            sum = dot(lanes, piece(matrix, row, column, x.len()), x, sum);
        }
        *y = sum;
        row += 1;
    }
}

/// [`sums`] at many places, `step` values apart; gives the number of those that are done.
#[inline(always)]
pub fn places(matrix: &Matrix<'_>, x: (&[f32], usize), y: &mut [f32]) -> usize {
    places_f32_mve::run(matrix.weights, matrix.columns, matrix.bias, x, y)
}

/// [`sums`] with Helium; `false`, and it is to be done anew, where that does not give them.
#[inline(always)]
fn in_vectors(matrix: &Matrix<'_>, taps: &Taps, x: &[f32], y: &mut [f32]) -> bool {
    let (columns, mut bias) = (matrix.columns, Some(matrix.bias));
    for (column, x) in taps.pieces(x) {
        if !rows_f32_mve::sums(matrix.weights, columns, column, x, bias.take(), y) {
            return false;
        }
    }
    bias.is_none()
}

/// `max(y, 0)` of each.
#[inline(never)]
pub fn rectify(y: &mut [f32]) {
    if rectify_f32::rectify(y) {
        return;
    }
    let (fours, rest) = y.as_chunks_mut::<4>();
    for y in fours {
        *y = y.map(relu);
    }
    for y in rest {
        *y = relu(*y);
    }
}

/// The largest value of each channel over `[steps][taps][channels]`, from -inf on; NaN never is, and of equal ones the first is.
#[inline(never)]
pub fn largest(x: &[f32], channels: usize, taps: usize, y: &mut [f32]) {
    if pool_f32::largest(x, channels, taps, y) {
        return;
    }
    let windows = x.chunks_exact((channels * taps).max(1));
    for (window, y) in windows.zip(y.chunks_exact_mut(channels.max(1))) {
        let mut steps = window.chunks_exact(channels.max(1));
        if pool_f32::HAS_PROGRAM {
            // One tap, or a NaN: both are rare, and this is short.
            for (channel, y) in y.iter_mut().enumerate() {
                let values = steps.clone().filter_map(|x| x.get(channel));
                *y = values.fold(f32::NEG_INFINITY, |y, &x| larger(y, x));
            }
            continue;
        }
        match (steps.next(), steps.next()) {
            (Some(first), Some(second)) => larger_of(first, second, y),
            (Some(only), None) => {
                y.fill(f32::NEG_INFINITY);
                raise(y, only);
            }
            (None, _) => {}
        }
        for x in steps {
            raise(y, x);
        }
    }
}

/// `x` where that is larger than `y`.
#[inline(always)]
fn larger(y: f32, x: f32) -> f32 {
    if x > y { x } else { y }
}

/// The larger of both, and of -inf, which stands where neither is a number.
#[inline(always)]
fn larger_of_two(a: f32, b: f32) -> f32 {
    larger(larger(f32::NEG_INFINITY, a), b)
}

/// [`larger_of_two`] of each channel.
#[inline(always)]
fn larger_of(first: &[f32], second: &[f32], y: &mut [f32]) {
    let ((a4, a), (b4, b)) = (first.as_chunks::<4>(), second.as_chunks::<4>());
    let (fours, y) = y.as_chunks_mut::<4>();
    for (y, (a, b)) in fours.iter_mut().zip(a4.iter().zip(b4)) {
        *y = [
            larger_of_two(a[0], b[0]),
            larger_of_two(a[1], b[1]),
            larger_of_two(a[2], b[2]),
            larger_of_two(a[3], b[3]),
        ];
    }
    for (y, (&a, &b)) in y.iter_mut().zip(a.iter().zip(b)) {
        *y = larger_of_two(a, b);
    }
}

/// `y = x` where that is larger.
#[inline(always)]
fn raise(y: &mut [f32], x: &[f32]) {
    let ((fours, y), (values, x)) = (y.as_chunks_mut::<4>(), x.as_chunks::<4>());
    for (y, &[a, b, c, d]) in fours.iter_mut().zip(values) {
        let [ya, yb, yc, yd] = *y;
        *y = [larger(ya, a), larger(yb, b), larger(yc, c), larger(yd, d)];
    }
    for (y, &x) in y.iter_mut().zip(x) {
        *y = larger(*y, x);
    }
}

/// The larger of two time steps, for each step of `y` and each channel: as [`raise`] of both from negative infinity on.
#[cfg(not(target_os = "none"))]
#[inline(never)]
pub fn largest_of_two(x: &[f32], channels: usize, y: &mut [f32]) {
    let channels = channels.max(1);
    let windows = x.chunks_exact(2 * channels);
    for (window, y) in windows.zip(y.chunks_exact_mut(channels)) {
        let (first, second) = window.split_at_checked(channels).unwrap_or_default();
        for (y, (&a, &b)) in y.iter_mut().zip(first.iter().zip(second)) {
            *y = larger_of_two(a, b);
        }
    }
}

/// The mean of so many time steps, added in their order, for each step of `y` and each channel.
#[cfg(not(target_os = "none"))]
#[inline(never)]
pub fn mean(x: &[f32], channels: usize, taps: usize, y: &mut [f32]) {
    let windows = x.chunks_exact((channels * taps).max(1));
    for (window, y) in windows.zip(y.chunks_exact_mut(channels.max(1))) {
        y.fill(0.0);
        for x in window.chunks_exact(channels.max(1)) {
            for (y, &x) in y.iter_mut().zip(x) {
                *y += x;
            }
        }
        for y in y {
            *y /= taps as f32;
        }
    }
}

/// Adds four rows that follow each other, from a column on, to their sums.
#[inline(always)]
fn dot4<L: Lanes>(
    lanes: L,
    rows: &[f32],
    columns: usize,
    column: usize,
    x: &[f32],
    sums: [f32; 4],
) -> [f32; 4] {
    if let Some(sums) = rows_f32::dot4(rows, columns, column, x, sums) {
        return sums;
    }
    let mut four = [&[][..]; 4];
    for (r, row) in four.iter_mut().enumerate() {
        let start = r * columns + column;
        *row = rows.get(start..start + x.len()).unwrap_or_default();
    }
    float_rows::dot4(lanes, four, x, sums)
}

/// The sums of filters over one channel each.
#[inline(never)]
pub fn depthwise(matrix: &Matrix<'_>, channels: usize, sliding: Sliding, x: &[f32], y: &mut [f32]) {
    let filters = Filters {
        weights: matrix.weights,
        bias: matrix.bias,
        channels,
    };
    let mut done = depthwise_f32_mve::run(&filters, sliding, x, y);
    if done == 0 {
        done = depthwise_f32::run(&filters, sliding, x, y);
    }
    dispatch(Depthwise {
        done,
        filters,
        sliding,
        x,
        y,
    });
}

/// The filters behind those that are done.
struct Depthwise<'a> {
    filters: Filters<'a, f32, f32>,
    done: usize,
    sliding: Sliding,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl Job for Depthwise<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self {
            filters,
            done,
            sliding,
            x,
            y,
        } = self;
        outputs(&filters, done, sliding, x, y, Floats(lanes), |_| same);
    }
}

#[inline(always)]
fn same(sums: [f32; 4]) -> [f32; 4] {
    sums
}
