//! The functions of the f32 path: libm's by default; of exp and tanh micromath's smaller ones by feature.
//!
//! Both are plain Rust, so that a model gives the same bits on every target built with the same feature. Hosts have functions of their own
//! for what their loops of vectors call, with the bits of libm.

#[cfg(all(not(feature = "micromath"), not(target_os = "none")))]
mod exp;

/// `e^x`.
#[cfg_attr(not(target_os = "none"), inline(always))]
#[cfg_attr(target_os = "none", inline)]
pub fn exp(x: f32) -> f32 {
    #[cfg(all(not(feature = "micromath"), target_os = "none"))]
    return libm::expf(x);
    #[cfg(all(not(feature = "micromath"), not(target_os = "none")))]
    return exp::exp(x);
    #[cfg(feature = "micromath")]
    return micromath::F32(x).exp().0;
}

/// Hyperbolic tangent.
#[inline]
pub fn tanh(x: f32) -> f32 {
    #[cfg(not(feature = "micromath"))]
    return libm::tanhf(x);
    // micromath has no tanh; past +-9 it is +-1 in f32.
    #[cfg(feature = "micromath")]
    return 2.0 * sigmoid(2.0 * x.clamp(-9.0, 9.0)) - 1.0;
}

/// `1 / (1 + e^-x)`.
#[cfg_attr(not(target_os = "none"), inline(always))]
#[cfg_attr(target_os = "none", inline)]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// `e^x - 1`.
#[inline]
pub fn exp_m1(x: f32) -> f32 {
    #[cfg(not(feature = "micromath"))]
    return libm::expm1f(x);
    #[cfg(feature = "micromath")]
    return exp(x) - 1.0;
}

/// The square root, correctly rounded everywhere.
#[inline]
pub fn sqrt(x: f32) -> f32 {
    libm::sqrtf(x)
}

/// `x Phi(x) = x (1 + erf(x / sqrt 2)) / 2`; `erfc` keeps the small values of negative `x`.
#[inline]
pub fn gelu(x: f32) -> f32 {
    0.5 * x * libm::erfcf(-x * core::f32::consts::FRAC_1_SQRT_2)
}

/// `x * scale + offset`, rounded to the nearest `i16`, halves away from zero; NaN gives 0.
#[cfg_attr(not(target_os = "none"), inline(always))]
#[cfg_attr(target_os = "none", inline)]
pub fn quantize(x: f32, scale: f32, offset: f32) -> i16 {
    // `as` saturates and sends NaN to 0.
    round(x * scale + offset) as i16
}

/// The nearest whole number, halves away from zero.
#[cfg(target_os = "none")]
#[inline(always)]
fn round(x: f32) -> f32 {
    libm::roundf(x)
}

/// As much above the nearest whole number, halves away from zero, as `as` takes off: a host does this with vectors.
///
/// What is added is the number below a half: with a half itself, the number below a half would become one.
#[cfg(not(target_os = "none"))]
#[inline(always)]
fn round(x: f32) -> f32 {
    x + 0.5f32.next_down().copysign(x)
}

#[cfg(all(test, not(feature = "micromath")))]
mod tests {
    use super::*;

    /// Bits of every size and sign, infinities and no numbers among them, and those around the bounds of cases.
    fn floats() -> impl Iterator<Item = f32> {
        const BOUNDS: [f32; 12] = [
            0.0,
            0.5,
            1.5,
            0.346_573_6,
            1.039_720_8,
            87.336_55,
            88.722_84,
            103.972_08,
            104.0,
            89.0,
            6.103_515_6e-5,
            32_767.5,
        ];
        let near = BOUNDS.into_iter().flat_map(|bound| {
            let bits = bound.to_bits();
            bits.saturating_sub(40)..bits + 40
        });
        let step = if cfg!(miri) { 10_000_019 } else { 2_003 };
        (0..=u32::MAX)
            .step_by(step)
            .chain(near)
            .flat_map(|bits| [bits, bits | 1 << 31])
            .map(f32::from_bits)
    }

    #[test]
    fn the_exponential_has_the_bits_of_libm() {
        for x in floats() {
            assert_eq!(exp(x).to_bits(), libm::expf(x).to_bits(), "{x:e}");
        }
    }

    #[test]
    fn values_are_rounded_as_libm_rounds() {
        for x in floats() {
            assert_eq!(quantize(x, 1.0, 0.0), libm::roundf(x) as i16, "{x:e}");
        }
    }
}
