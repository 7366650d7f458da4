//! Software models of the instructions that multiply, extend and select: plain functions of registers.
//!
//! Sections of DDI 0403 (Armv7-M), "Alphabetical list of instructions", A7.7. The Q flag, which no instruction here reads, is
//! left out.
use super::operand::Shift;
use super::operation::{Long, Of1, Of2, Of3};

/// The lower half of a register, signed.
fn low(word: u32) -> i32 {
    i32::from(word as u16 as i16)
}

/// The upper half of a register, signed.
fn high(word: u32) -> i32 {
    (word as i32) >> 16
}

/// A sum modulo 2^32.
fn add(a: i32, b: u32) -> u32 {
    (a as u32).wrapping_add(b)
}

/// Both products of halves, in 64 bits: alone of `-32768 * -32768`, twice, they leave 32.
fn dual(n: u32, m: u32) -> i64 {
    i64::from(low(n) * low(m)) + i64::from(high(n) * high(m))
}

/// A word times a signed half, without the lowest 16 bits of the product.
fn word_by_half(n: u32, half: i32) -> u32 {
    ((i64::from(n as i32) * i64::from(half)) >> 16) as u32
}

/// Instructions `to, n, m, a`: SMLAD and SMLADX (A7.7, "SMLAD, SMLADX"), SMLABB and its like ("SMLABB, SMLABT, SMLATB,
/// SMLATT"), SMLAWB and SMLAWT, MLA and MLS.
pub const OF3: [(&str, Of3); 10] = [
    ("smlad", |n, m, a| (dual(n, m) as u32).wrapping_add(a)),
    ("smladx", |n, m, a| {
        (dual(n, m.rotate_right(16)) as u32).wrapping_add(a)
    }),
    ("smlabb", |n, m, a| add(low(n) * low(m), a)),
    ("smlabt", |n, m, a| add(low(n) * high(m), a)),
    ("smlatb", |n, m, a| add(high(n) * low(m), a)),
    ("smlatt", |n, m, a| add(high(n) * high(m), a)),
    ("smlawb", |n, m, a| word_by_half(n, low(m)).wrapping_add(a)),
    ("smlawt", |n, m, a| word_by_half(n, high(m)).wrapping_add(a)),
    ("mla", |n, m, a| n.wrapping_mul(m).wrapping_add(a)),
    ("mls", |n, m, a| a.wrapping_sub(n.wrapping_mul(m))),
];

/// Instructions `to, n, m`: SMUAD, SMULBB and its like, SMULWB and SMULWT, SMULL's upper half rounded down (SMMUL), MUL.
pub const OF2: [(&str, Of2); 9] = [
    ("smuad", |n, m| dual(n, m) as u32),
    ("smulbb", |n, m| (low(n) * low(m)) as u32),
    ("smulbt", |n, m| (low(n) * high(m)) as u32),
    ("smultb", |n, m| (high(n) * low(m)) as u32),
    ("smultt", |n, m| (high(n) * high(m)) as u32),
    ("smulwb", |n, m| word_by_half(n, low(m))),
    ("smulwt", |n, m| word_by_half(n, high(m))),
    ("smmul", |n, m| {
        ((i64::from(n as i32) * i64::from(m as i32)) >> 32) as u32
    }),
    ("mul", u32::wrapping_mul),
];

/// Instructions `low, high, n, m`: SMLALD, SMLALDX, SMLAL, and SMULL, which adds to nothing.
pub const LONG: [(&str, Long); 4] = [
    ("smlald", |n, m, sum| sum.wrapping_add(dual(n, m) as u64)),
    ("smlaldx", |n, m, sum| {
        sum.wrapping_add(dual(n, m.rotate_right(16)) as u64)
    }),
    ("smlal", |n, m, sum| sum.wrapping_add(signed(n, m))),
    ("smull", |n, m, _| signed(n, m)),
];

fn signed(n: u32, m: u32) -> u64 {
    (i64::from(n as i32) * i64::from(m as i32)) as u64
}

/// Instructions `to, m`, of a register that may be rotated: SXTB16, UXTB16, SXTB, SXTH, UXTB, UXTH.
pub const EXTEND: [(&str, Of1); 6] = [
    ("sxtb16", |word| {
        let halves = [word as i8, (word >> 16) as i8].map(|byte| i16::from(byte) as u16);
        u32::from(halves[0]) | u32::from(halves[1]) << 16
    }),
    ("uxtb16", |word| word & 0x00ff_00ff),
    ("sxtb", |word| i32::from(word as i8) as u32),
    ("sxth", |word| low(word) as u32),
    ("uxtb", |word| word & 0xff),
    ("uxth", |word| word & 0xffff),
];

/// SSUB16: both differences of halves, and a GE flag for each byte of one that is not negative.
pub fn subtract16(n: u32, m: u32) -> (u32, u8) {
    let differences = [low(n) - low(m), high(n) - high(m)];
    let flags = |difference: i32, bits| if difference >= 0 { bits } else { 0 };
    (
        u32::from(differences[0] as u16) | u32::from(differences[1] as u16) << 16,
        flags(differences[0], 0b0011) | flags(differences[1], 0b1100),
    )
}

/// SEL: each byte of `n` where its GE flag is set, else of `m`.
pub fn select(n: u32, m: u32, flags: u8) -> u32 {
    let (n, m) = (n.to_le_bytes(), m.to_le_bytes());
    u32::from_le_bytes(core::array::from_fn(|byte| {
        if flags >> byte & 1 == 1 {
            n[byte]
        } else {
            m[byte]
        }
    }))
}

/// SSAT and USAT of a value that is already shifted: to `bits` bits, with a sign or without.
pub fn saturated(value: u32, signed: bool, bits: u32) -> u32 {
    let value = i64::from(value as i32);
    let (least, most) = if signed {
        (-(1i64 << (bits - 1)), (1i64 << (bits - 1)) - 1)
    } else {
        (0, (1i64 << bits) - 1)
    };
    value.clamp(least, most) as u32
}

/// PKHBT (the lower half of `n`) and PKHTB (the upper half of `n`); `m` is already shifted.
pub fn packed(n: u32, m: u32, top_of_first: bool) -> u32 {
    if top_of_first {
        n & 0xffff_0000 | m & 0xffff
    } else {
        n & 0xffff | m & 0xffff_0000
    }
}

/// UBFX and SBFX.
pub fn field(word: u32, signed: bool, lowest: u32, bits: u32) -> u32 {
    let top = word << (32 - lowest - bits);
    if signed {
        ((top as i32) >> (32 - bits)) as u32
    } else {
        top >> (32 - bits)
    }
}

/// Whether PKHBT and PKHTB have this shift: a left one where the lower half of the first stays, else an arithmetic right one.
pub fn packs_with(shift: Shift, top_of_first: bool) -> bool {
    use super::operand::ShiftKind;
    shift == Shift::NONE
        || match shift.kind {
            ShiftKind::Lsl => !top_of_first,
            ShiftKind::Asr => top_of_first,
            ShiftKind::Lsr | ShiftKind::Ror => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find<T: Copy>(table: &[(&str, T)], name: &str) -> T {
        let entry = table.iter().find(|entry| entry.0 == name);
        entry.expect("a model of this name").1
    }

    /// Halves as a register has them.
    fn halves(high: i16, low: i16) -> u32 {
        u32::from(high as u16) << 16 | u32::from(low as u16)
    }

    #[test]
    fn products_of_halves_take_the_halves_that_their_names_say() {
        let (n, m) = (halves(-3, 5), halves(7, -11));
        let of3 = |name| find(&OF3, name)(n, m, 1000) as i32;
        assert_eq!(of3("smlad"), 1000 - 55 - 21);
        assert_eq!(of3("smladx"), 1000 + 35 + 33);
        assert_eq!(of3("smlabb"), 1000 - 55);
        assert_eq!(of3("smlabt"), 1000 + 35);
        assert_eq!(of3("smlatb"), 1000 + 33);
        assert_eq!(of3("smlatt"), 1000 - 21);
        let of2 = |name| find(&OF2, name)(n, m) as i32;
        assert_eq!(of2("smuad"), -55 - 21);
        assert_eq!(
            [of2("smulbb"), of2("smulbt"), of2("smultb"), of2("smultt")],
            [-55, 35, 33, -21]
        );
        let mls = find(&OF3, "mls")(3, 4, 5) as i32;
        assert_eq!((mls, find(&OF3, "mla")(3, 4, 5)), (-7, 17));
        assert_eq!(find(&OF2, "mul")(1 << 20, 1 << 13), 0);
    }

    #[test]
    fn the_largest_products_of_halves_leave_32_bits_in_a_long_sum_alone() {
        let least = halves(i16::MIN, i16::MIN);
        assert_eq!(find(&OF3, "smlad")(least, least, 0), 0x8000_0000);
        assert_eq!(find(&LONG, "smlald")(least, least, 1), 0x8000_0001);
        let (n, m) = (halves(-3, 5), halves(7, -11));
        assert_eq!(find(&LONG, "smlald")(n, m, 0) as i64, -76);
        assert_eq!(find(&LONG, "smlaldx")(n, m, 0) as i64, 68);
        let minus = find(&LONG, "smull")(u32::MAX, 3, 99) as i64;
        assert_eq!(minus, -3);
        assert_eq!(find(&LONG, "smlal")(u32::MAX, 3, 2) as i64, -1);
    }

    #[test]
    fn a_word_by_a_half_is_rounded_down() {
        let m = halves(0x4000, -1);
        assert_eq!(find(&OF2, "smulwb")(1, m) as i32, -1);
        assert_eq!(find(&OF2, "smulwt")(-5i32 as u32, m) as i32, -2);
        assert_eq!(find(&OF3, "smlawt")(8, m, 10), 12);
        assert_eq!(find(&OF3, "smlawb")(8, m, 10), 9);
        assert_eq!(find(&OF2, "smmul")(u32::MAX, 1) as i32, -1);
    }

    #[test]
    fn extensions_take_bytes_and_halves_with_their_signs() {
        let word = 0x8091_7fa2;
        let of = |name| find(&EXTEND, name)(word);
        assert_eq!(of("sxtb16"), 0xff91_ffa2);
        assert_eq!(of("uxtb16"), 0x0091_00a2);
        assert_eq!(of("sxtb"), 0xffff_ffa2);
        assert_eq!(of("sxth"), 0x0000_7fa2);
        assert_eq!(of("uxtb"), 0x0000_00a2);
        assert_eq!(of("uxth"), 0x0000_7fa2);
    }

    #[test]
    fn selection_follows_the_signs_of_differences() {
        let (difference, flags) = subtract16(halves(-5, 9), halves(-5, 10));
        assert_eq!((difference, flags), (halves(0, -1), 0b1100));
        // The difference is taken in more than 16 bits, and so the flag is that of the exact one.
        assert_eq!(
            subtract16(halves(i16::MIN, i16::MAX), halves(1, -1)),
            (halves(i16::MAX, i16::MIN), 0b0011)
        );
        assert_eq!(select(0x1122_3344, 0xaabb_ccdd, 0b1001), 0x11bb_cc44);
    }

    #[test]
    fn saturation_keeps_what_fits() {
        let of = |value: i32, signed, bits| saturated(value as u32, signed, bits) as i32;
        assert_eq!(of(40_000, true, 16), 32_767);
        assert_eq!(of(-40_000, true, 16), -32_768);
        assert_eq!(of(-32_768, true, 16), -32_768);
        assert_eq!(of(i32::MIN, true, 32), i32::MIN);
        assert_eq!(of(-1, false, 8), 0);
        assert_eq!(of(256, false, 8), 255);
        assert_eq!(of(9, false, 0), 0);
    }

    #[test]
    fn halves_and_fields_are_cut_where_they_are_said_to() {
        assert_eq!(packed(0x1111_2222, 0x3333_4444, false), 0x3333_2222);
        assert_eq!(packed(0x1111_2222, 0x3333_4444, true), 0x1111_4444);
        assert_eq!(field(0x0000_0f50, false, 4, 8), 0xf5);
        assert_eq!(field(0x0000_0f50, true, 4, 8) as i32, -11);
        assert_eq!(field(0x8000_0001, false, 0, 32), 0x8000_0001);
    }
}
