//! The functions of the f32 path: libm's by default; of exp and tanh micromath's smaller ones by feature.
//!
//! Both are plain Rust, so that a model gives the same bits on every target built with the same feature.

/// `e^x`.
#[inline]
pub fn exp(x: f32) -> f32 {
    #[cfg(not(feature = "micromath"))]
    return libm::expf(x);
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
#[inline]
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
#[inline]
pub fn quantize(x: f32, scale: f32, offset: f32) -> i16 {
    // `as` saturates and sends NaN to 0.
    libm::roundf(x * scale + offset) as i16
}
