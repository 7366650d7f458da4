//! From a 32-bit accumulator to a 16-bit activation, in few instructions on every core and with the same bits.
//!
//! A scale is `multiplier / 2^(16 + shift)` with a 15-bit multiplier, so that the product needs no 64-bit
//! multiply: on cores with DSP it is one `SMULWT`, on M0+ two 16-bit multiplies. Rounding is already in the bias
//! (half an output step), so that both right shifts may round down.

use super::bounds::sign;
#[cfg(any(dunlin_dsp, dunlin_mve))]
pub use super::instruction::multiply_high;
use super::instruction::{multiply_upper, shift_right};

/// One row's scale: the multiplier in the upper half, the shift in the lowest byte.
///
/// `SMULWT` reads the upper half and a register shift the lowest byte: neither needs unpacking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rescale(pub u32);

impl Rescale {
    /// A scale of `multiplier / 2^(16 + shift)`; `None` unless the multiplier is in [1, 32767] and the shift in [0, 31].
    pub const fn new(multiplier: u32, shift: u32) -> Option<Self> {
        if multiplier == 0 || multiplier > 0x7fff || shift > 31 {
            return None;
        }
        Some(Self(multiplier << 16 | shift))
    }

    /// Whether these bits are a scale.
    pub const fn is_valid(self) -> bool {
        let multiplier = self.0 >> 16;
        multiplier != 0 && multiplier <= 0x7fff && self.0 & 0xffff <= 31
    }

    /// The scale as a real number, for the host.
    pub fn value(self) -> f64 {
        f64::from(self.0 >> 16) / (1u64 << (16 + (self.0 & 31))) as f64
    }

    /// `floor(floor(accumulator * multiplier / 2^16) / 2^shift)`.
    #[inline(always)]
    pub fn apply(self, accumulator: i32) -> i32 {
        shift_right(multiply_upper(accumulator, self.0), self.0)
    }
}

/// `floor(a * b / 2^16)`: what `SMULWB` computes. It cannot overflow.
#[cfg(not(any(dunlin_v6m, dunlin_dsp, dunlin_mve)))]
#[inline(always)]
pub fn multiply_high(a: i32, b: i16) -> i32 {
    ((i64::from(a) * i64::from(b)) >> 16) as i32
}

/// `floor(a * b / 2^16)`, without a 64-bit product.
#[cfg(dunlin_v6m)]
#[inline(always)]
pub fn multiply_high(a: i32, b: i16) -> i32 {
    // Two 16-bit halves instead of a 64-bit product: the low half is below 2^16 * 2^15.
    let b = i32::from(b);
    let high = (a >> 16) * b;
    let low = (a & 0xffff) * b;
    high + (low >> 16)
}

/// `value * 2^shift`, or the nearest multiple of `2^shift` that 32 bits hold; the shift is in [0, 31].
#[inline(always)]
pub fn shift_left(value: i32, shift: i32) -> i32 {
    let shift = shift & 31;
    let lost = ((value << shift) >> shift) ^ value;
    // All ones where bits are lost.
    let outside = sign(lost | lost.wrapping_neg());
    let bound = sign(value) ^ (i32::MAX >> shift);
    (value ^ ((value ^ bound) & outside)) << shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiply_high_is_the_high_part_of_the_48_bit_product() {
        let values = [
            0,
            1,
            -1,
            0xffff,
            0x10000,
            -0x10000,
            i32::MAX,
            i32::MIN,
            123_456_789,
            -987_654_321,
        ];
        for a in values {
            for b in [0, 1, -1, 255, -256, i16::MAX, i16::MIN, 16_384, -12_345] {
                let exact = (i64::from(a) * i64::from(b)) >> 16;
                assert_eq!(i64::from(multiply_high(a, b)), exact, "{a} * {b}");
            }
        }
    }

    #[test]
    fn shifts_to_the_left_saturate() {
        assert_eq!(shift_left(-3, 4), -48);
        assert_eq!(shift_left(1 << 14, 16), 1 << 30);
        assert_eq!(shift_left(1 << 15, 16), 0x7fff_0000);
        assert_eq!(shift_left(-(1 << 15), 16), i32::MIN);
        assert_eq!(shift_left(i32::MIN, 16), i32::MIN);
        assert_eq!(shift_left(i32::MAX, 0), i32::MAX);
    }

    #[test]
    fn a_scale_is_refused_outside_its_bits() {
        assert_eq!(Rescale::new(0, 3), None);
        assert_eq!(Rescale::new(0x8000, 3), None);
        assert_eq!(Rescale::new(1, 32), None);
        let scale = Rescale::new(0x4000, 4).unwrap();
        assert!(scale.is_valid());
        assert_eq!(scale.value(), 1.0 / 64.0);
        assert_eq!(scale.apply(640), 10);
        assert_eq!(scale.apply(-1), -1);
        assert!(!Rescale(0x4000_0020).is_valid());
        assert!(!Rescale(0x8000_0000).is_valid());
    }
}
