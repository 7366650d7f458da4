//! `e^x` for hosts: libm's `expf`, bit for bit, without branches, so that a compiler makes vectors of it.

/// ln 2 in two parts: products of the upper one with the exponents of f32 are exact.
const LN_2: [f32; 2] = [f32::from_bits(0x3f31_7200), f32::from_bits(0x35bf_be8e)];
/// `x (e^x + 1) / (e^x - 1)` is `2 + P[0] x^2 + P[1] x^4`.
const P: [f32; 2] = [f32::from_bits(0x3e2a_aa8f), f32::from_bits(0xbb35_5215)];

/// `e^x`, with `x = k ln 2 + r` as `2^k e^r`.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let bounded = x.clamp(-104.0, 89.0);
    let size = bounded.abs();
    // The nearest k; from half of ln 2 to one and a half it is one.
    let near: f32 = if size > f32::from_bits(0x3eb1_7218) {
        1.0
    } else {
        0.0
    };
    let far = core::f32::consts::LOG2_E * bounded + 0.5f32.copysign(bounded);
    let k = if size > f32::from_bits(0x3f85_1592) {
        far
    } else {
        near.copysign(bounded)
    } as i32;
    let (upper, lower) = (bounded - k as f32 * LN_2[0], k as f32 * LN_2[1]);
    let r = upper - lower;
    let square = r * r;
    let c = r - square * (P[0] + square * P[1]);
    let of_r = 1.0 + (r * c / (2.0 - c) - lower + upper);
    // Twice the root, which is a number for every k; only the second product may round.
    let root = k >> 1;
    let of_k = of_r * power_of_two(root) * power_of_two(k - root);
    let tiny = size <= f32::from_bits(0x3900_0000);
    let number = if tiny { 1.0 + bounded } else { of_k };
    if x.is_nan() { x } else { number }
}

/// `2^k` for k in [-126, 127].
#[inline(always)]
fn power_of_two(k: i32) -> f32 {
    f32::from_bits(((k + 127) << 23) as u32)
}
