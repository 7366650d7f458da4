//! The oracle: the shortest code that says what a kernel computes.
use crate::math::fused::mul_add;

/// Name of this variant.
pub const NAME: &str = "reference";

/// `accumulator + sum of row[i] * x[i]`, modulo 2^32.
///
/// The loader has proven that the sum of a whole row fits, so that partial sums may wrap.
pub fn dot(row: &[i8], x: &[i16], accumulator: i32) -> i32 {
    row.iter().zip(x).fold(accumulator, |sum, (&w, &x)| {
        sum.wrapping_add(i32::from(w) * i32::from(x))
    })
}

/// [`dot`] of four rows with the same `x`.
pub fn dot4(rows: [&[i8]; 4], x: &[i16], accumulators: [i32; 4]) -> [i32; 4] {
    core::array::from_fn(|r| dot(rows[r], x, accumulators[r]))
}

/// `accumulator + sum of row[i] * x[i]` in f32, added in the order of `i`, each product and sum rounded once.
pub fn dot_f32(row: &[f32], x: &[f32], accumulator: f32) -> f32 {
    row.iter()
        .zip(x)
        .fold(accumulator, |sum, (&w, &x)| mul_add(w, x, sum))
}

/// [`dot_f32`] of four rows with the same `x`.
pub fn dot4_f32(rows: [&[f32]; 4], x: &[f32], accumulators: [f32; 4]) -> [f32; 4] {
    core::array::from_fn(|r| dot_f32(rows[r], x, accumulators[r]))
}

/// `accumulator + sum of row[i] * x[i * stride]`, modulo 2^32.
pub fn strided(row: &[i8], x: &[i16], stride: usize, accumulator: i32) -> i32 {
    let x = x.iter().step_by(stride.max(1));
    row.iter().zip(x).fold(accumulator, |sum, (&w, &x)| {
        sum.wrapping_add(i32::from(w) * i32::from(x))
    })
}

/// [`strided`] of four rows of one length, row `r` over `x[r..]`: four channels of `[time][channel]` data. The stride is at
/// least four, and `x` has four values for each of a row's.
pub fn strided4(rows: [&[i8]; 4], x: &[i16], stride: usize, accumulators: [i32; 4]) -> [i32; 4] {
    let channel = |r: usize| x.get(r..).unwrap_or_default();
    core::array::from_fn(|r| strided(rows[r], channel(r), stride, accumulators[r]))
}

/// `accumulator + sum of row[i] * x[i * stride]` in f32, added in the order of `i`, each product and sum rounded once.
pub fn strided_f32(row: &[f32], x: &[f32], stride: usize, accumulator: f32) -> f32 {
    let x = x.iter().step_by(stride.max(1));
    row.iter()
        .zip(x)
        .fold(accumulator, |sum, (&w, &x)| mul_add(w, x, sum))
}

/// [`strided_f32`] of four rows, as [`strided4`] is of [`strided`].
pub fn strided4_f32(
    rows: [&[f32]; 4],
    x: &[f32],
    stride: usize,
    accumulators: [f32; 4],
) -> [f32; 4] {
    let channel = |r: usize| x.get(r..).unwrap_or_default();
    core::array::from_fn(|r| strided_f32(rows[r], channel(r), stride, accumulators[r]))
}
