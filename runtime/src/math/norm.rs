//! Integer layer normalization: `(x - mean) / sqrt(variance + epsilon)` of 16-bit values, without floats.
//!
//! The mean has 13 bits below a step of the input. The differences are brought to 30 bits by one shift for all, their
//! squares are summed exactly from the upper 16, and the reciprocal of the root is a 15-bit multiplier with a shift.
use super::bounds::{at_least, at_most};
use super::division::Divisor;
use super::rescale::multiply_high;
use super::root::{length, root, shift_left};

/// Fraction bits of a normalized value.
pub const NORM_BITS: u32 = 20;

/// Bits of the mean below a step of the input.
const MEAN_BITS: u32 = 13;

/// What does not depend on the values: the number of channels with its root, and epsilon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Norm {
    channels: u16,
    root_shift: u8,
    /// How far a layer moves its scaled sums to the right; here, where a byte is left.
    pub shift: u8,
    /// `sqrt(channels) * 2^root_shift`, in [2^15, 2^16].
    root: u32,
    /// In steps of the input squared.
    epsilon: u32,
}

/// Where the values of a row lie: `(x - mean) / deviation * 2^20` follows from a value by [`Row::normalize`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// With 13 more bits than the values.
    mean: i32,
    /// Differences to the left, to 30 bits.
    widen: u32,
    /// 15 bits.
    multiplier: i16,
    shift: u32,
}

impl Norm {
    /// For rows of this many channels, in [1, 65,535]; epsilon in steps of the input squared.
    pub fn new(channels: u32, epsilon: u32) -> Self {
        let channels = channels.clamp(1, 0xffff) as u16;
        let (root, shift) = root(channels.into());
        Self {
            channels,
            root,
            // The shift is negative for numbers below 2^30.
            root_shift: shift.unsigned_abs() as u8,
            shift: 0,
            epsilon,
        }
    }

    /// Keeps how far scaled sums go to the right.
    pub fn with_shift(self, shift: u8) -> Self {
        Self { shift, ..self }
    }

    /// Mean and deviation of a row. Where all values are the mean, any multiplier does.
    pub fn row(&self, x: &[i16]) -> Row {
        let first = x.first().copied().unwrap_or_default().into();
        let (mut sum, mut least, mut most) = (0i32, first, first);
        for &x in x {
            let x = i32::from(x);
            sum = sum.wrapping_add(x);
            least = at_most(x, least);
            most = at_least(x, most);
        }
        let mean = self.mean(sum);
        let difference = |x: i32| (x << MEAN_BITS) - mean;
        // At most 29 bits: the differences are below 2^16 steps.
        let length = length(at_least(difference(most), -difference(least)) as u32);
        // Where epsilon is far above all squares, no wider than it can be shifted.
        let epsilon = u64::from(self.channels) * u64::from(self.epsilon);
        let room = epsilon.leading_zeros() / 2 + 1;
        let widen = at_most(30 - length as i32, room as i32) as u32 & 31;
        // Of the upper 16 bits, rounded: below 2^46.
        let squares = x.iter().fold(0u64, |squares, &x| {
            let upper = ((difference(x.into()) << widen) + (1 << 14)) >> 15;
            squares.wrapping_add((upper * upper) as u32 as u64)
        });
        // The squares are `2^(2 (widen - 2))` to a step squared; at least one bit wider.
        let epsilon = shift_left(epsilon, 2 * widen - 2) >> 2;
        let (deviation, exponent) = root(squares.wrapping_add(epsilon));
        // sqrt(channels) / sqrt(squares) as a 15-bit multiplier.
        let quotient = Divisor::new(deviation).divide((self.root << 14) + deviation / 2);
        Row {
            mean,
            widen,
            multiplier: at_most((quotient & 0x7fff_ffff) as i32, i16::MAX.into()) as i16,
            // n = d multiplier 2^(-14 - root_shift - exponent - 15), of which 16 go in the multiplication.
            shift: at_least(
                (u32::from(self.root_shift) + 13 - NORM_BITS) as i32 + exponent,
                0,
            ) as u32
                & 31,
        }
    }

    /// The mean with 13 more bits, rounded to nearest.
    fn mean(&self, sum: i32) -> i32 {
        // Of values from 0 on: below 2^32.
        let sum = (sum as u32).wrapping_add(u32::from(self.channels) << 15);
        let channels = Divisor::new(self.channels.into());
        let whole = channels.divide(sum);
        // The rest is below 2^16.
        let rest = channels.rest(sum, whole);
        let fraction = channels.divide((rest << MEAN_BITS) + u32::from(self.channels / 2));
        ((whole as i32 - (1 << 15)) << MEAN_BITS) + fraction as i32
    }
}

impl Row {
    /// `(x - mean) / sqrt(variance + epsilon) * 2^20` of a value of the row; below 2^29.
    #[inline(always)]
    pub fn normalize(&self, x: i16) -> i32 {
        let difference = ((i32::from(x) << MEAN_BITS) - self.mean) << self.widen;
        multiply_high(difference, self.multiplier) >> self.shift
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn exact(x: &[i16], epsilon: f64) -> Vec<f64> {
        let count = x.len() as f64;
        let mean = x.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
        let squares = x.iter().map(|&x| (f64::from(x) - mean).powi(2));
        let deviation = libm::sqrt(squares.sum::<f64>() / count + epsilon);
        x.iter()
            .map(|&x| (f64::from(x) - mean) / deviation)
            .collect()
    }

    /// Root mean squares of the normalized values and of their errors.
    fn levels(x: &[i16], epsilon: u32) -> (f64, f64) {
        let row = Norm::new(x.len() as u32, epsilon).row(x);
        let (mut signal, mut noise) = (0.0, 0.0);
        for (&x, exact) in x.iter().zip(exact(x, epsilon.into())) {
            let found = f64::from(row.normalize(x)) / f64::from(1 << NORM_BITS);
            signal += exact * exact;
            noise += (found - exact) * (found - exact);
        }
        let count = x.len() as f64;
        (libm::sqrt(signal / count), libm::sqrt(noise / count))
    }

    #[test]
    fn rows_are_within_76_decibels_of_f64() {
        let mut bits = 0x2545_f491u32;
        let mut random = move || {
            bits ^= bits << 13;
            bits ^= bits >> 17;
            bits ^= bits << 5;
            bits
        };
        for channels in [2, 3, 5, 16, 33, 100, 1_000, 65_535] {
            for range in [1, 2, 5, 40, 1_000, 20_000, 65_535] {
                for epsilon in [0, 1, 77, 100_000, u32::MAX] {
                    let offset = (random() % (65_536 - range)) as i32 - 32_768;
                    let mut x: Vec<i16> = (0..channels)
                        .map(|_| (offset + (random() % (range + 1)) as i32) as i16)
                        .collect();
                    // So that they differ.
                    (x[0], x[1]) = (offset as i16, (offset + range as i32) as i16);
                    let (signal, noise) = levels(&x, epsilon);
                    // 76 decibels, and the last bit of small values.
                    let most = signal * 1.5e-4 + 1.0 / f64::from(1 << NORM_BITS);
                    assert!(noise < most, "{channels} {range} {epsilon}: {noise}");
                }
            }
        }
    }

    #[test]
    fn rows_without_differences_give_zero() {
        for value in [i16::MIN, -1, 0, 5, i16::MAX] {
            for epsilon in [0, u32::MAX] {
                let row = Norm::new(7, epsilon).row(&[value; 7]);
                assert_eq!(row.normalize(value), 0);
            }
        }
        // One channel alone never differs from its mean.
        assert_eq!(Norm::new(1, 0).row(&[123]).normalize(123), 0);
    }
}
