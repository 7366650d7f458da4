//! Sums, shifts and flags.
use super::operand::{Shift, ShiftKind};
use super::operation::Condition;

/// N, Z, C and V.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    pub negative: bool,
    pub zero: bool,
    pub carry: bool,
    pub overflow: bool,
}

impl Flags {
    /// N and Z of a result.
    pub fn set(&mut self, result: u32) {
        self.negative = result >> 31 == 1;
        self.zero = result == 0;
    }

    /// `ConditionPassed` (DDI 0403, A7.3.1).
    pub fn hold(self, condition: Condition) -> bool {
        let less = self.negative != self.overflow;
        match condition {
            Condition::Equal => self.zero,
            Condition::NotEqual => !self.zero,
            Condition::CarrySet => self.carry,
            Condition::CarryClear => !self.carry,
            Condition::Minus => self.negative,
            Condition::Plus => !self.negative,
            Condition::Overflow => self.overflow,
            Condition::NoOverflow => !self.overflow,
            Condition::Higher => self.carry && !self.zero,
            Condition::LowerOrSame => !self.carry || self.zero,
            Condition::GreaterOrEqual => !less,
            Condition::Less => less,
            Condition::Greater => !less && !self.zero,
            Condition::LessOrEqual => less || self.zero,
        }
    }
}

/// `AddWithCarry` (DDI 0403, A2.2.1): the sum and its flags.
pub fn add_with_carry(x: u32, y: u32, carry: bool) -> (u32, Flags) {
    let unsigned = u64::from(x) + u64::from(y) + u64::from(carry);
    let signed = i64::from(x as i32) + i64::from(y as i32) + i64::from(carry);
    let result = unsigned as u32;
    let mut flags = Flags {
        carry: unsigned != u64::from(result),
        overflow: signed != i64::from(result as i32),
        ..Flags::default()
    };
    flags.set(result);
    (result, flags)
}

/// `Shift_C` (DDI 0403, A7.4.2): the value and the carry. A register may say up to 255 places.
pub fn shifted(value: u32, shift: Shift, carry: bool) -> (u32, bool) {
    let places = shift.places;
    if places == 0 {
        return (value, carry);
    }
    let bit = |at: u32| value.checked_shr(at).unwrap_or_default() & 1 == 1;
    match shift.kind {
        ShiftKind::Lsl => (
            value.checked_shl(places).unwrap_or_default(),
            places <= 32 && bit(32 - places),
        ),
        ShiftKind::Lsr => (
            value.checked_shr(places).unwrap_or_default(),
            bit(places - 1),
        ),
        ShiftKind::Asr => (
            ((value as i32) >> places.min(31)) as u32,
            bit((places - 1).min(31)),
        ),
        ShiftKind::Ror => {
            let result = value.rotate_right(places % 32);
            (result, result >> 31 == 1)
        }
    }
}

/// The carry of a number in an instruction of 32 bits (`ThumbExpandImm_C`, DDI 0403, A5.3.2), and whether it can be in one.
pub fn number_carry(number: u32, carry: bool) -> Option<bool> {
    let byte = number & 0xff;
    let upper = number >> 8 & 0xff;
    if number == byte || number == byte * 0x0001_0001 || number == byte * 0x0101_0101 {
        return Some(carry);
    }
    if number == upper * 0x0100_0100 {
        return Some(carry);
    }
    // Eight bits, the highest of them set, rotated right by 8 to 31.
    let eight = |places: &u32| {
        let bits = number.rotate_left(*places);
        (0x80..=0xff).contains(&bits)
    };
    (8..32).find(eight).map(|_| number >> 31 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_carry_and_overflow_apart() {
        let flags = |x, y, carry| {
            let (sum, flags) = add_with_carry(x, y, carry);
            (sum, flags.carry, flags.overflow)
        };
        assert_eq!(flags(0x7fff_ffff, 1, false), (0x8000_0000, false, true));
        assert_eq!(flags(u32::MAX, 0, true), (0, true, false));
        // 5 - 7 and 7 - 5: the carry says that nothing was borrowed.
        assert_eq!(flags(5, !7, true), (-2i32 as u32, false, false));
        assert_eq!(flags(7, !5, true), (2, true, false));
        assert_eq!(flags(0x8000_0000, 0x8000_0000, true), (1, true, true));
    }

    #[test]
    fn shifts_carry_the_last_bit_that_left() {
        let of = |kind, places, value| shifted(value, Shift { kind, places }, false);
        assert_eq!(of(ShiftKind::Lsl, 31, 0b11), (0x8000_0000, true));
        assert_eq!(of(ShiftKind::Lsl, 32, 0b11), (0, true));
        assert_eq!(of(ShiftKind::Lsl, 33, u32::MAX), (0, false));
        assert_eq!(of(ShiftKind::Lsr, 2, 0b110), (1, true));
        assert_eq!(of(ShiftKind::Lsr, 32, 0x8000_0000), (0, true));
        assert_eq!(of(ShiftKind::Lsr, 33, u32::MAX), (0, false));
        assert_eq!(of(ShiftKind::Asr, 40, 0x8000_0000), (u32::MAX, true));
        assert_eq!(of(ShiftKind::Ror, 8, 0x0000_00f1), (0xf100_0000, true));
        assert_eq!(
            shifted(9, Shift::NONE, true),
            (9, true),
            "no shift leaves the carry"
        );
    }

    #[test]
    fn a_rotated_number_sets_the_carry_and_some_are_none() {
        for plain in [0, 0xff, 0x00ab_00ab, 0xab00_ab00, 0xabab_abab] {
            assert_eq!(number_carry(plain, true), Some(true));
            assert_eq!(number_carry(plain, false), Some(false));
        }
        assert_eq!(number_carry(0xff00_0000, false), Some(true));
        assert_eq!(number_carry(0x0000_0ff0, true), Some(false));
        assert_eq!(number_carry(0x0000_1ff0, true), None);
        assert_eq!(number_carry(0xf000_000f, true), None);
    }
}
