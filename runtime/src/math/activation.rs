//! Activations of 32-bit values, as a row's scale or a merge gives them: exact, or by the tables.
use super::bounds::{add_saturating, at_least, positive, rectify, sign};
use super::rescale::multiply_high;
use super::table;

/// `2^15 relu6(x + 3) / 6` of a value in steps of `6 / 2^15`.
#[inline]
pub fn hard_sigmoid(value: i32) -> i16 {
    rectify(add_saturating(value, 1 << 14))
}

/// `value` above 0, else `value * slope / 2^15` rounded to nearest; the slope is below 2^15.
#[inline]
pub fn leaky_relu(value: i32, slope: u32) -> i32 {
    // Values below -2^27 are past any activation but for slopes of which little is left.
    let below = at_least(negative(value), -(1 << 27));
    let product = multiply_high(below << 4, (slope & 0x7fff) as i16);
    positive(value) + ((product + 4) >> 3)
}

/// `x` above 0, else `alpha (e^x - 1)`, of a value in steps of `ln 2 / 2^bits` and in the same steps; alpha in units of
/// 2^-15 is below 2^16, `bits` at most 15.
#[inline]
pub fn elu(value: i32, alpha: u32, bits: u32) -> i32 {
    // 2^14 / ln 2.
    const STEPS: u32 = 23_637;
    // `2^15 (1 - e^x)`: the power of two is that of the value itself.
    let distance = -at_least(negative(value), -i32::MAX);
    let fall = 32_768 - table::power(distance as u32, bits);
    let shift = 29 - bits.min(15);
    // At most 2^15 (2^16 - 1), then (2^16 - 1) STEPS and a half: below 2^31.
    let scaled = ((fall * (alpha & 0xffff)) >> 15) * STEPS;
    positive(value) - ((scaled + (1 << (shift - 1))) >> shift) as i32
}

/// `x Phi(x)` of a value with `bits` fraction bits, at most 15, and with as many.
#[inline]
pub fn gelu(value: i32, bits: u32) -> i32 {
    let bits = bits.min(15);
    let a = magnitude(value, 8 << bits);
    gated(value, a, table::normal_tail(a << (15 - bits)))
}

/// `x sigmoid(x)` of a value with `bits` fraction bits, at most 15, and with as many.
#[inline]
pub fn silu(value: i32, bits: u32) -> i32 {
    let bits = bits.min(15);
    let a = magnitude(value, 16 << bits);
    gated(value, a, table::logistic_tail(a << (15 - bits)))
}

/// The value below 0, else 0.
#[inline]
fn negative(value: i32) -> i32 {
    value & sign(value)
}

/// `min(|value|, most)`.
#[inline]
fn magnitude(value: i32, most: i32) -> i32 {
    // `-|value|`, which 32 bits hold of every value.
    let other = !sign(value);
    -at_least((value ^ other).wrapping_sub(other), -most)
}

/// `max(x, 0) - |x| tail`, which is `x (1 - tail)` above 0 and `x tail` below: so large values pass unchanged.
///
/// `a` is `|value|`, below 2^20, where the tail is not 0; the tail is in units of 2^-16.
#[inline]
fn gated(value: i32, a: i32, tail: i16) -> i32 {
    // Eight more bits, for rounding to nearest.
    let less = (multiply_high(a << 8, tail) + (1 << 7)) >> 8;
    positive(value) - less
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::f64::consts::{FRAC_1_SQRT_2, LN_2};

    /// The largest difference from a function, in steps, over all 16-bit values and some past them.
    fn worst(step: f64, integer: impl Fn(i32) -> i32, real: impl Fn(f64) -> f64) -> f64 {
        let far = [1 << 17, 1 << 20, 1 << 26]
            .into_iter()
            .flat_map(|x| [x, -x]);
        (-32_768..32_768)
            .chain(far)
            .map(|value| {
                let exact = real(f64::from(value) * step) / step;
                (f64::from(integer(value)) - exact).abs()
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn hard_sigmoid_is_exact() {
        let exact = |value: i32| {
            let x = f64::from(value) * 6.0 / 32_768.0;
            ((x + 3.0).clamp(0.0, 6.0) / 6.0 * 32_768.0).min(32_767.0)
        };
        for value in [
            i32::MIN,
            -16_385,
            -16_384,
            -1,
            0,
            77,
            16_383,
            16_384,
            i32::MAX,
        ] {
            assert!(
                (f64::from(hard_sigmoid(value)) - exact(value)).abs() < 1e-6,
                "{value}"
            );
        }
    }

    #[test]
    fn leaky_relu_rounds_to_nearest() {
        for slope in [0, 1, 3_277, 9_830, 32_767] {
            let real = |x: f64| {
                if x > 0.0 {
                    x
                } else {
                    x * f64::from(slope) / 32_768.0
                }
            };
            assert!(worst(1.0, |value| leaky_relu(value, slope), real) <= 0.5 + 1e-3);
        }
        assert_eq!(leaky_relu(i32::MIN, 32_767), -(1 << 27) + 4_096);
    }

    #[test]
    fn elu_is_within_the_error_of_its_table() {
        for (alpha, real_alpha) in [(32_768, 1.0), (16_384, 0.5), (65_535, 65_535.0 / 32_768.0)] {
            for bits in 0..=15 {
                let step = LN_2 / f64::from(1 << bits);
                let real = |x: f64| {
                    if x > 0.0 {
                        x
                    } else {
                        real_alpha * libm::expm1(x)
                    }
                };
                let worst = worst(step, |value| elu(value, alpha, bits), real);
                // Two steps of the table in 2^15 and one of the product.
                let table = (2.0 * real_alpha + 1.0) / 32_768.0;
                assert!(worst <= 0.6 + table / step, "{alpha} {bits}: {worst}");
            }
        }
    }

    #[test]
    fn gelu_and_silu_are_within_the_error_of_their_tables() {
        for bits in 0..=15 {
            let step = 1.0 / f64::from(1 << bits);
            let exact = |x: f64| 0.5 * x * libm::erfc(-x * FRAC_1_SQRT_2);
            let found = worst(step, |value| gelu(value, bits), exact);
            assert!(found <= 0.51 + 4e-5 / step, "gelu {bits}: {found}");
            let exact = |x: f64| x / (1.0 + libm::exp(-x));
            let found = worst(step, |value| silu(value, bits), exact);
            assert!(found <= 0.51 + 1e-4 / step, "silu {bits}: {found}");
        }
        for value in [i32::MIN, i32::MAX] {
            assert_eq!(gelu(value, 15), value.max(0));
            assert_eq!(silu(value, 0), value.max(0));
        }
    }
}
