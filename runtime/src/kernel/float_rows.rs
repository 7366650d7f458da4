//! f32 rows as they are, on every core: four rows share each load of `x`, or each step of four channels.
//!
//! What adds a product is the caller's, so that code for the vectors of a host has their fused instruction too. The order does not
//! depend on how a row is cut into pieces, so that a stream gives the bits of the window.
use super::row_lanes::Lanes;

/// `sum + sum of row[i] * x[i]`, added in the order of `i`, each product and sum rounded once; the shorter of both ends the sum.
#[inline(always)]
pub fn dot<L: Lanes>(lanes: L, row: &[f32], x: &[f32], mut sum: f32) -> f32 {
    for (&weight, &x) in row.iter().zip(x) {
        sum = lanes.add_float(sum, weight, x);
    }
    sum
}

/// [`dot`] of four rows with the same `x`.
#[inline(always)]
pub fn dot4<L: Lanes>(lanes: L, rows: [&[f32]; 4], x: &[f32], sums: [f32; 4]) -> [f32; 4] {
    let [mut a, mut b, mut c, mut d] = sums;
    for ((((&x, &wa), &wb), &wc), &wd) in
        x.iter().zip(rows[0]).zip(rows[1]).zip(rows[2]).zip(rows[3])
    {
        a = lanes.add_float(a, wa, x);
        b = lanes.add_float(b, wb, x);
        c = lanes.add_float(c, wc, x);
        d = lanes.add_float(d, wd, x);
    }
    [a, b, c, d]
}

/// `sum + sum of row[i] * x[i * stride]`, as [`dot`].
#[inline(always)]
pub fn strided<L: Lanes>(lanes: L, row: &[f32], x: &[f32], stride: usize, mut sum: f32) -> f32 {
    for (&weight, &x) in row.iter().zip(x.iter().step_by(stride.max(1))) {
        sum = lanes.add_float(sum, weight, x);
    }
    sum
}

/// [`strided`] of four rows of one length, row `r` over `x[r..]`: four channels of `[time][channel]` data. The stride is at least
/// four, and `x` has four values for each of a row's.
#[inline(always)]
pub fn strided4<L: Lanes>(
    lanes: L,
    rows: [&[f32]; 4],
    x: &[f32],
    stride: usize,
    sums: [f32; 4],
) -> [f32; 4] {
    let [mut a, mut b, mut c, mut d] = sums;
    for ((((x, &wa), &wb), &wc), &wd) in x
        .chunks(stride.max(1))
        .zip(rows[0])
        .zip(rows[1])
        .zip(rows[2])
        .zip(rows[3])
    {
        let Some(&[xa, xb, xc, xd]) = x.first_chunk() else {
            break;
        };
        a = lanes.add_float(a, wa, xa);
        b = lanes.add_float(b, wb, xb);
        c = lanes.add_float(c, wc, xc);
        d = lanes.add_float(d, wd, xd);
    }
    [a, b, c, d]
}
