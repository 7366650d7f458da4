//! Tables for sigmoid, tanh, the normal distribution and powers of two on integers, computed at compile time.
//!
//! One table of the logistic function serves sigmoid and tanh: `tanh(x) = 2 sigmoid(2 x) - 1`. Between its
//! points the value is interpolated linearly. The points lie `f''(x) h^2 / 16` off the curve, which halves the
//! largest error of interpolation.

#[cfg(dunlin_v6m)]
use super::bounds::saturate;
use super::bounds::{at_most, unsigned};
#[cfg(any(dunlin_dsp, dunlin_mve))]
use super::instruction::{multiply_halves, multiply_halves_add};

/// Fraction bits of the argument of [`sigmoid`]: its 16 bits span [-16, 16).
pub const SIGMOID_BITS: i32 = 11;
/// Fraction bits of the argument of [`tanh`]: its 16 bits span [-8, 8).
pub const TANH_BITS: i32 = 12;
/// Fraction bits of the results of [`sigmoid`], [`tanh`] and a softmax.
pub const RESULT_BITS: i32 = 15;

const INTERVALS: usize = 512;
/// Less 2^15, so that products of two halves of a word serve for the lines between points.
static LOGISTIC: [i16; INTERVALS + 1] = centered(sigmoid_table());
const NORMAL_INTERVALS: usize = 256;
/// Less 2^15 too.
static NORMAL: [i16; NORMAL_INTERVALS + 1] = centered(normal_table());
const POWER_INTERVALS: usize = 64;
static POWER: [u16; POWER_INTERVALS + 1] = power_table();

/// `sigmoid(p / 2^11) * 2^15`, rounded down, in [0, 32767].
#[inline(always)]
pub fn sigmoid(p: i16) -> i16 {
    gate(p.into()) as i16
}

/// `tanh(p / 2^12) * 2^15`, in [-32768, 32767].
#[inline(always)]
pub fn tanh(p: i16) -> i16 {
    signed_gate(p.into()) as i16
}

/// [`sigmoid`] of `p` brought into 16 bits.
#[inline(always)]
pub fn gate(p: i32) -> i32 {
    let (points, fraction) = points(p);
    // `2^15 + value`, halved.
    weighted::<7>(points, fraction, 1 << 22) >> 8
}

/// [`tanh`] of `p` brought into 16 bits.
#[inline(always)]
pub fn signed_gate(p: i32) -> i32 {
    let (points, fraction) = points(p);
    weighted::<7>(points, fraction, 0) >> 7
}

/// The points of [`LOGISTIC`] on both sides of `p`, and how far `p` is from the first one to the second, over 2^7. The first line
/// and the last one are level, so that it does not matter where beyond 16 bits a value lies.
#[inline(always)]
fn points(p: i32) -> ([i16; 2], i32) {
    const HALF: i32 = INTERVALS as i32 / 2;
    #[cfg(dunlin_v6m)]
    let line = i32::from(saturate(p)) >> 7;
    #[cfg(not(dunlin_v6m))]
    let line = (p >> 7).clamp(-HALF, HALF - 1);
    let at = (line + HALF) as usize;
    ([LOGISTIC[at], LOGISTIC[at + 1]], p & 127)
}

/// `sum + low (2^BITS - fraction) + high fraction`.
#[inline(always)]
fn weighted<const BITS: u32>([low, high]: [i16; 2], fraction: i32, sum: i32) -> i32 {
    #[cfg(any(dunlin_dsp, dunlin_mve))]
    {
        // One load for both, of a word that may start in the middle of another.
        let line = u32::from(low as u16) | u32::from(high as u16) << 16;
        let weights = (fraction * 0xffff + (1 << BITS)) as u32;
        if sum == 0 {
            multiply_halves(line, weights)
        } else {
            multiply_halves_add(line, weights, sum)
        }
    }
    #[cfg(not(any(dunlin_dsp, dunlin_mve)))]
    {
        let (low, high) = (i32::from(low), i32::from(high));
        sum + (low << BITS) + (high - low) * fraction
    }
}

/// All points of the logistic function, less 2^15: 2^7 arguments of 16 bits lie between one and the next.
pub fn logistic_points() -> &'static [i16] {
    &LOGISTIC
}

/// Those from 0 on.
pub fn points_from_0() -> &'static [i16] {
    LOGISTIC.get(INTERVALS / 2..).unwrap_or_default()
}

/// `2^16 sigmoid(-a / 2^15)` for `a` of 0 or more, at most 32767.
#[inline(always)]
pub fn logistic_tail(a: i32) -> i16 {
    line::<11, _>(&LOGISTIC, unsigned::<19>((16 << 15) - a))
}

/// `2^16 Phi(-a / 2^15)` for `a` of 0 or more, at most 32767; `Phi` is the distribution function of the normal distribution.
#[inline(always)]
pub fn normal_tail(a: i32) -> i16 {
    line::<10, _>(&NORMAL, unsigned::<18>(a))
}

/// The line between the points of a table on both sides of a place, `2^BITS` of which lie between one and the next; at most 32767.
#[inline(always)]
fn line<const BITS: u32, const POINTS: usize>(points: &[i16; POINTS], place: i32) -> i16 {
    const { assert!((POINTS - 1).is_power_of_two()) };
    let interval = (place >> BITS) as usize & (POINTS - 2);
    let (low, high) = (points[interval], points[interval + 1]);
    let fraction = place & ((1 << BITS) - 1);
    // What the points lack, and half a step.
    let rest = (1 << (15 + BITS)) + (1 << (BITS - 1));
    at_most(
        weighted::<BITS>([low, high], fraction, rest) >> BITS,
        i16::MAX.into(),
    ) as i16
}

/// `2^-(distance / 2^bits) * 2^15`, with `bits` at most 15; the distance is below 2^31.
#[inline(always)]
pub fn power(distance: u32, bits: u32) -> u32 {
    // From 16 on nothing is left.
    let whole = at_most((distance >> bits) as i32, 16) as u32 & 31;
    let fraction = (distance << (15 - bits)) & 0x7fff;
    let interval = (fraction >> 9) as usize;
    let low = i32::from(POWER[interval]);
    let high = i32::from(POWER[interval + 1]);
    (low + (((high - low) * (fraction & 511) as i32) >> 9)) as u32 >> whole
}

/// The points less 2^15.
const fn centered<const POINTS: usize>(points: [u16; POINTS]) -> [i16; POINTS] {
    let mut table = [0; POINTS];
    let mut i = 0;
    while i < POINTS {
        table[i] = (points[i] ^ 0x8000) as i16;
        i += 1;
    }
    table
}

const fn sigmoid_table() -> [u16; INTERVALS + 1] {
    let step = 32.0 / INTERVALS as f64;
    let mut table = [0; INTERVALS + 1];
    let mut i = 0;
    while i <= INTERVALS {
        let s = 1.0 / (1.0 + exp(-(-16.0 + i as f64 * step)));
        let bend = s * (1.0 - s) * (1.0 - 2.0 * s);
        let scaled = (s - bend * step * step / 16.0) * 65_536.0 + 0.5;
        table[i] = if scaled > 65_535.0 {
            65_535
        } else {
            scaled as u16
        };
        i += 1;
    }
    table
}

/// `2^16 Phi(-a)` over [0, 8]: from point to point it falls by the integral of the density (Simpson's rule).
const fn normal_table() -> [u16; NORMAL_INTERVALS + 1] {
    let step = 8.0 / NORMAL_INTERVALS as f64;
    let mut table = [0; NORMAL_INTERVALS + 1];
    let mut tail = 0.5;
    let mut i = 0;
    while i <= NORMAL_INTERVALS {
        let a = i as f64 * step;
        let bend = a * density(a);
        // Below zero the cast gives 0.
        table[i] = ((tail - bend * step * step / 16.0) * 65_536.0 + 0.5) as u16;
        let sum = density(a) + 4.0 * density(a + step / 2.0) + density(a + step);
        tail -= sum * step / 6.0;
        i += 1;
    }
    table
}

/// Of the normal distribution: `e^(-x^2 / 2) / sqrt(2 pi)`.
const fn density(x: f64) -> f64 {
    const ROOT: f64 = core::f64::consts::FRAC_2_SQRT_PI * core::f64::consts::FRAC_1_SQRT_2 / 2.0;
    exp(-x * x / 2.0) * ROOT
}

const fn power_table() -> [u16; POWER_INTERVALS + 1] {
    let mut table = [0; POWER_INTERVALS + 1];
    let mut i = 0;
    while i <= POWER_INTERVALS {
        let power = exp(-core::f64::consts::LN_2 * i as f64 / POWER_INTERVALS as f64);
        table[i] = (power * 32_768.0 + 0.5) as u16;
        i += 1;
    }
    table
}

/// The exponential at compile time: the series of `x / 64`, squared six times.
const fn exp(x: f64) -> f64 {
    let small = x / 64.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    let mut n = 1.0;
    while n < 20.0 {
        term *= small / n;
        sum += term;
        n += 1.0;
    }
    let mut squarings = 0;
    while squarings < 6 {
        sum *= sum;
        squarings += 1;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sigmoid_and_tanh_are_within_three_steps_of_the_function() {
        let mut worst = (0.0f64, 0.0f64);
        for p in i16::MIN..=i16::MAX {
            let s = 1.0 / (1.0 + libm::exp(-f64::from(p) / 2048.0));
            let t = libm::tanh(f64::from(p) / 4096.0);
            worst.0 = worst.0.max((f64::from(sigmoid(p)) - s * 32_768.0).abs());
            worst.1 = worst.1.max((f64::from(tanh(p)) - t * 32_768.0).abs());
        }
        assert!(worst.0 <= 2.0, "sigmoid {}", worst.0);
        assert!(worst.1 <= 3.0, "tanh {}", worst.1);
    }

    #[test]
    fn the_tails_are_within_two_steps_of_the_functions() {
        let mut worst = (0.0f64, 0.0f64);
        for a in (0..18 << 15).step_by(7) {
            let x = f64::from(a) / 32_768.0;
            let s = 65_536.0 / (1.0 + libm::exp(x));
            let n = 32_768.0 * libm::erfc(x * core::f64::consts::FRAC_1_SQRT_2);
            worst.0 = worst.0.max((f64::from(logistic_tail(a)) - s).abs());
            worst.1 = worst.1.max((f64::from(normal_tail(a)) - n).abs());
        }
        assert!(worst.0 <= 3.0, "logistic {}", worst.0);
        assert!(worst.1 <= 2.0, "normal {}", worst.1);
    }

    #[test]
    fn the_table_is_level_at_its_ends() {
        assert_eq!(LOGISTIC[0], LOGISTIC[1]);
        assert_eq!(LOGISTIC[INTERVALS - 1], LOGISTIC[INTERVALS]);
        for beyond in [1 << 15, (1 << 15) + 77, 1 << 20, i32::MAX] {
            assert_eq!(gate(beyond), gate(i16::MAX.into()));
            assert_eq!(signed_gate(-beyond), signed_gate(i16::MIN.into()));
        }
    }

    #[test]
    fn the_tables_never_fall() {
        for p in i16::MIN..i16::MAX {
            let p = i32::from(p);
            assert!(signed_gate(p + 1) >= signed_gate(p), "at {p}");
        }
        for distance in 0..65_535 {
            assert!(
                power(distance + 1, 11) <= power(distance, 11),
                "at {distance}"
            );
        }
    }

    #[test]
    fn powers_of_two_are_within_two_steps() {
        for bits in 0..=15 {
            for distance in 0..65_536u32 {
                let exact = libm::exp2(-f64::from(distance) / f64::from(1u32 << bits)) * 32_768.0;
                let error = (f64::from(power(distance, bits)) - exact).abs();
                assert!(error <= 2.0, "{distance} at {bits} bits: {error}");
            }
        }
    }
}
