//! The cases that the tests of kernels share: how long slices are, where they start, and what is in them.
//!
//! Everywhere but under Miri these are all lengths, starts and values, each with each. Miri takes a thousand times as long and looks at
//! memory alone, so what it runs is chosen here, for all kernels: lengths around every width of a block, each with starts of
//! its own, and one set of values.
use crate::inputs::Random;

/// The longest slice: past four times the widest unrolling.
pub(crate) const LONGEST: usize = 67;
/// Slices start at each of these: no kernel may need more than the alignment of one element.
pub(crate) const OFFSETS: usize = 4;
pub(crate) const BUFFER: usize = LONGEST + OFFSETS;

/// The lengths of slices: all of them; under Miri none, those around the widths of blocks, and one past twice the widest.
pub(crate) const LENGTHS: &[usize] = if cfg!(miri) {
    &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 35]
} else {
    &EVERY_LENGTH
};

const EVERY_LENGTH: [usize; LONGEST + 1] = {
    let mut lengths = [0; LONGEST + 1];
    let mut len = 0;
    while len < lengths.len() {
        lengths[len] = len;
        len += 1;
    }
    lengths
};

/// Those of some choices that a case takes: all of them, under Miri another one each turn.
pub(crate) fn choices<T>(all: &[T], turn: usize) -> &[T] {
    let at = turn % all.len().max(1);
    match all.get(at..=at) {
        Some(one) if cfg!(miri) => one,
        _ => all,
    }
}

/// Where slices start.
pub(crate) fn starts(turn: usize) -> impl Iterator<Item = usize> {
    choices(&[0, 1, 2, 3], turn).iter().copied()
}

/// Every length with every pair of starts.
pub(crate) fn each_place(mut case: impl FnMut(usize, usize, usize)) {
    for &len in LENGTHS {
        for rows_at in starts(len) {
            for x_at in starts(len + len / OFFSETS) {
                case(len, rows_at, x_at);
            }
        }
    }
}

/// Every stride that four channels can have, with every length that fits behind an offset.
pub(crate) fn each_stride(mut case: impl FnMut(usize, usize, usize)) {
    for stride in (4..=24).step_by(if cfg!(miri) { 10 } else { 1 }) {
        let fits = |len: &&usize| **len <= (LONGEST - 4) / stride;
        for &len in LENGTHS.iter().take_while(fits) {
            for at in starts(len) {
                case(len, stride, at);
            }
        }
    }
}

/// How many of some random cases are run, and how many under Miri.
pub(crate) const fn rounds(all: usize, under_miri: usize) -> usize {
    if cfg!(miri) { under_miri } else { all }
}

/// The lowest exponents of floats, and how many there are: around 1; over a wide span; products that are subnormal or round to zero.
pub(crate) fn spans() -> impl Iterator<Item = (u32, u32)> {
    let all = [(120, 8), (80, 60), (30, 40)];
    all.into_iter().take(if cfg!(miri) { 1 } else { 3 })
}

/// How the values of a case are made.
#[derive(Clone, Copy)]
pub(crate) enum Values {
    /// With extreme ones among them.
    Random,
    /// The largest products of one sign, of the other, and of both in turn.
    Extreme { weight: i8, x: i16, alternate: bool },
}

const VALUES: [Values; 7] = [
    Values::Random,
    extreme(127, i16::MAX, false),
    extreme(127, i16::MIN, false),
    extreme(-127, i16::MAX, false),
    extreme(-127, i16::MIN, false),
    extreme(127, i16::MIN, true),
    extreme(-127, i16::MAX, true),
];

const fn extreme(weight: i8, x: i16, alternate: bool) -> Values {
    Values::Extreme {
        weight,
        x,
        alternate,
    }
}

impl Values {
    /// Four rows of weights, and values.
    pub(crate) fn make(self, random: &mut Random) -> ([[i8; BUFFER]; 4], [i16; BUFFER]) {
        let mut rows = [[0i8; BUFFER]; 4];
        let mut x = [0i16; BUFFER];
        for (i, x) in x.iter_mut().enumerate() {
            *x = match self {
                Values::Random => match random.bits() {
                    bits if bits >> 28 == 0 => i16::MIN,
                    bits if bits >> 28 == 1 => i16::MAX,
                    bits => bits as i16,
                },
                Values::Extreme { x, alternate, .. } if alternate && i % 2 == 1 => !x,
                Values::Extreme { x, .. } => x,
            };
        }
        for weight in rows.iter_mut().flatten() {
            *weight = match self {
                Values::Random => (random.bits() as i8).max(-127),
                Values::Extreme { weight, .. } => weight,
            };
        }
        (rows, x)
    }
}

/// Random values, and every kind of extreme ones; under Miri the first alone.
pub(crate) fn values() -> impl Iterator<Item = Values> {
    VALUES.into_iter().take(if cfg!(miri) { 1 } else { 7 })
}

/// A float of random sign and fraction, its exponent field in `lowest..lowest + span`; one in 16 is a zero.
pub(crate) fn float(bits: u32, lowest: u32, span: u32) -> f32 {
    let sign = bits & 0x8000_0000;
    if bits & 0x0f == 0 {
        return f32::from_bits(sign);
    }
    let exponent = lowest + (bits >> 4 & 0xff) % span;
    f32::from_bits(sign | exponent << 23 | bits >> 8 & 0x007f_ffff)
}

pub(crate) fn piece<T>(values: &[T], start: usize, len: usize) -> &[T] {
    values.get(start..start + len).unwrap_or_default()
}

/// Rows of `stride` values, one behind the other.
pub(crate) fn rows<T: Copy>(values: &mut [T], stride: usize, of: impl Fn(usize, usize) -> T) {
    let count = values.len() / BUFFER;
    for (at, place) in values.iter_mut().enumerate().take(count * stride) {
        *place = of(at / stride.max(1), at % stride.max(1));
    }
}

/// What a scale makes of a sum, by 64-bit integers.
pub(crate) fn scaled(sum: i32, scale: u32) -> i32 {
    ((i64::from(sum) * i64::from(scale >> 16)) >> 16 >> (scale & 31)) as i32
}

/// An output by 64-bit integers.
pub(crate) fn finished(sum: i32, scale: u32, (low, high): (i16, i16)) -> i16 {
    let scaled = (i64::from(sum) * i64::from(scale >> 16)) >> 16 >> (scale & 31);
    scaled.clamp(low.into(), high.into()) as i16
}

/// One of the bounds that have programs of their own, or others.
pub(crate) fn bounds(random: &mut Random) -> (i16, i16) {
    match random.bits() % 3 {
        0 => (0, i16::MAX),
        1 => (i16::MIN, i16::MAX),
        _ => (-300, 2_000),
    }
}

/// A scale that leaves something of most sums.
pub(crate) fn scale(random: &mut Random) -> u32 {
    ((1 + random.bits() % 32_767) << 16) | (random.bits() % 12)
}
