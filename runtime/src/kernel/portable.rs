//! Plain Rust for every core: four rows share each load of `x`, or each step of four channels.
//!
//! In f32 it is [`float_rows`] without vectors.
use super::float_rows;
pub use super::reference::{dot, strided};
use super::row_lanes::Plain;

/// Name of this variant.
pub const NAME: &str = "portable";

/// `accumulators[r] + sum of rows[r][i] * x[i]`, modulo 2^32; the shortest slice ends the sum.
#[inline]
pub fn dot4(rows: [&[i8]; 4], x: &[i16], accumulators: [i32; 4]) -> [i32; 4] {
    let [mut a, mut b, mut c, mut d] = accumulators;
    for ((((&x, &wa), &wb), &wc), &wd) in
        x.iter().zip(rows[0]).zip(rows[1]).zip(rows[2]).zip(rows[3])
    {
        let x = i32::from(x);
        a = a.wrapping_add(i32::from(wa) * x);
        b = b.wrapping_add(i32::from(wb) * x);
        c = c.wrapping_add(i32::from(wc) * x);
        d = d.wrapping_add(i32::from(wd) * x);
    }
    [a, b, c, d]
}

/// `accumulators[r] + sum of rows[r][i] * x[r + i * stride]`, modulo 2^32; all rows are of one length.
#[inline]
pub fn strided4(rows: [&[i8]; 4], x: &[i16], stride: usize, accumulators: [i32; 4]) -> [i32; 4] {
    let [mut a, mut b, mut c, mut d] = accumulators;
    let mut x = x;
    let weights = rows[0].iter().zip(rows[1]).zip(rows[2]).zip(rows[3]);
    for (((&wa, &wb), &wc), &wd) in weights {
        let Some(&[xa, xb, xc, xd]) = x.first_chunk() else {
            break;
        };
        a = a.wrapping_add(i32::from(wa) * i32::from(xa));
        b = b.wrapping_add(i32::from(wb) * i32::from(xb));
        c = c.wrapping_add(i32::from(wc) * i32::from(xc));
        d = d.wrapping_add(i32::from(wd) * i32::from(xd));
        x = x.get(stride..).unwrap_or_default();
    }
    [a, b, c, d]
}

/// `accumulator + sum of row[i] * x[i]` in f32.
pub fn dot_f32(row: &[f32], x: &[f32], accumulator: f32) -> f32 {
    float_rows::dot(Plain, row, x, accumulator)
}

/// [`dot_f32`] of four rows with the same `x`.
pub fn dot4_f32(rows: [&[f32]; 4], x: &[f32], accumulators: [f32; 4]) -> [f32; 4] {
    float_rows::dot4(Plain, rows, x, accumulators)
}

/// `accumulator + sum of row[i] * x[i * stride]` in f32.
pub fn strided_f32(row: &[f32], x: &[f32], stride: usize, accumulator: f32) -> f32 {
    float_rows::strided(Plain, row, x, stride, accumulator)
}

/// [`strided_f32`] of four rows, row `r` over `x[r..]`.
pub fn strided4_f32(
    rows: [&[f32]; 4],
    x: &[f32],
    stride: usize,
    accumulators: [f32; 4],
) -> [f32; 4] {
    float_rows::strided4(Plain, rows, x, stride, accumulators)
}
