//! Plain Rust for every core: four rows share each load of `x`, or each step of four channels.
pub use super::float_rows::{dot4_f32, strided4_f32};
pub use super::reference::{dot, dot_f32, strided, strided_f32};

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
