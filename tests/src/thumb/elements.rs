//! Tables of the functions that Helium's instructions compute of elements (DDI 0553, chapter C2).

/// A function of an element of each of two vectors.
pub type Of2 = fn(u32, u32) -> u32;

fn signed(of: fn(i64, i64) -> i64, n: u32, m: u32) -> u32 {
    of(i64::from(n as i32), i64::from(m as i32)) as u32
}

fn saturated_sum(n: u32, m: u32) -> u32 {
    (n as i32).saturating_add(m as i32) as u32
}

/// To the left by the lowest byte of a word, or to the right where that is negative.
pub fn shift(n: u32, by: u32) -> u32 {
    let by = i32::from(by as i8);
    match by {
        32.. => 0,
        0..=31 => n << by,
        _ => ((n as i32) >> (-by).min(31)) as u32,
    }
}

/// Instructions `to, n, m` on words.
pub const WORDS: [(&str, Of2); 9] = [
    ("vadd.i32", u32::wrapping_add),
    ("vsub.i32", u32::wrapping_sub),
    ("vmul.i32", u32::wrapping_mul),
    ("vmulh.s32", |n, m| signed(|n, m| (n * m) >> 32, n, m)),
    ("vshl.s32", shift),
    ("vmin.s32", |n, m| signed(i64::min, n, m)),
    ("vmax.s32", |n, m| signed(i64::max, n, m)),
    ("vqadd.s32", saturated_sum),
    ("vand", |n, m| n & m),
];

/// Instructions `to, n, m` on halves.
pub const HALVES: [(&str, Of2); 3] = [
    ("vmin.s16", |n, m| (n as i16).min(m as i16) as u32),
    ("vmax.s16", |n, m| (n as i16).max(m as i16) as u32),
    ("vrhadd.s16", |n, m| {
        ((i32::from(n as i16) + i32::from(m as i16) + 1) >> 1) as u32
    }),
];

/// Instructions `to, n, #number` on words, and the largest number.
pub const NUMBERS: [(&str, Of2, i64); 3] = [
    ("vshr.s32", |n, by| ((n as i32) >> by.min(31)) as u32, 32),
    (
        "vshr.u32",
        |n, by| n.checked_shr(by).unwrap_or_default(),
        32,
    ),
    ("vshl.i32", |n, by| n << by, 31),
];

pub fn find<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    table
        .iter()
        .find(|entry| entry.0 == name)
        .map(|entry| entry.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_of_elements_are_those_of_their_names() {
        let of = |name| find(&WORDS, name).expect(name);
        let minus = |n: i32| n as u32;
        assert_eq!(of("vmulh.s32")(minus(-1), 0x4000_0000), u32::MAX);
        assert_eq!(of("vmulh.s32")(0x8000_0000, 0x8000_0000), 0x4000_0000);
        assert_eq!(of("vshl.s32")(minus(-9), 0x1234_56fe), minus(-3));
        assert_eq!(of("vshl.s32")(minus(-9), 0x80), u32::MAX);
        assert_eq!([of("vshl.s32")(5, 2), of("vshl.s32")(5, 32)], [20, 0]);
        assert_eq!(of("vqadd.s32")(0x7fff_ffff, 1), 0x7fff_ffff);
        assert_eq!(of("vmin.s32")(minus(-1), 1), u32::MAX);
        assert_eq!(of("vmax.s32")(minus(-1), 1), 1);
        let of = |name| find(&HALVES, name).expect(name) as Of2;
        assert_eq!(of("vmin.s16")(0xffff, 1) as u16, 0xffff);
        assert_eq!(of("vmax.s16")(0x8000, 1) as u16, 1);
        assert_eq!(of("vrhadd.s16")(0xfffe, 1) as u16, 0);
        assert_eq!(of("vrhadd.s16")(0x8000, 0x8000) as u16, 0x8000);
    }
}
