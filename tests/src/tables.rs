//! Tables and rescaling: checksums of all results, which the host's oracle computes too, and their bounds.
use dunlin::math::bounds::saturate;
use dunlin::math::rescale::{Rescale, multiply_high};
use dunlin::math::{float, table};

use crate::inputs::{Fnv, Random};

/// FNV-1a of the results of [`sigmoid`], and of the other functions below; `tests/oracle.rs` computes the same
/// numbers by other means.
pub const SIGMOID: u32 = 0x4016_5f51;
pub const TANH: u32 = 0x9a61_6f5e;
pub const POWER: u32 = 0x19f2_be08;
pub const TAILS: u32 = 0x6a2b_8887;
pub const RESCALE: u32 = 0x76f7_0cb5;
pub const FLOAT: u32 = 0xddc6_d282;

/// Distances of [`power`].
pub const DISTANCES: u32 = 4096;
/// Arguments of [`tails`], and how far apart they are.
pub const PLACES: i32 = 8192;
pub const PLACE_STEP: i32 = 67;
/// Arguments of [`floats`], and how far apart they are.
pub const FLOATS: i32 = 512;
pub const FLOAT_STEP: f32 = 1.0 / 16.0;

/// The tables and functions below the kernels.
pub fn run(report: &mut dyn FnMut(&str, bool)) {
    report("table sigmoid", sigmoid() == Some(SIGMOID));
    report("table tanh", tanh() == Some(TANH));
    report("table power", power() == Some(POWER));
    report("table tails", tails() == Some(TAILS));
    report("rescale", rescale() == RESCALE);
    report("float exp, tanh, sigmoid", floats() == FLOAT);
}

/// All 65,536 results; `None` where they fall or leave [0, 32767].
pub fn sigmoid() -> Option<u32> {
    rising(table::sigmoid, 0)
}

/// All 65,536 results; `None` where they fall or leave [-32768, 32767].
pub fn tanh() -> Option<u32> {
    rising(table::tanh, i16::MIN)
}

#[inline(never)]
fn rising(function: fn(i16) -> i16, lowest: i16) -> Option<u32> {
    let mut sum = Fnv::new();
    let mut last = lowest;
    for p in i16::MIN..=i16::MAX {
        let y = function(p);
        if y < last {
            return None;
        }
        last = y;
        sum.word(y as u16 as u32);
    }
    Some(sum.0)
}

/// Powers of two of [`DISTANCES`] distances with every number of bits; `None` where they rise.
#[inline(never)]
pub fn power() -> Option<u32> {
    let mut sum = Fnv::new();
    for bits in 0..=15 {
        let mut last = 1 << table::RESULT_BITS;
        // From 0 on with the finest bits, further apart with fewer.
        for distance in 0..DISTANCES {
            let y = table::power(distance * 13, bits);
            if y > last {
                return None;
            }
            last = y;
            sum.word(y);
        }
    }
    Some(sum.0)
}

/// Both tails up to 16.7; `None` where they rise.
#[inline(never)]
pub fn tails() -> Option<u32> {
    let mut sum = Fnv::new();
    let mut last = [i16::MAX; 2];
    for n in 0..PLACES {
        let y = [table::logistic_tail, table::normal_tail].map(|tail| tail(n * PLACE_STEP));
        if y[0] > last[0] || y[1] > last[1] {
            return None;
        }
        last = y;
        sum.word(y[0] as u32);
        sum.word(y[1] as u32);
    }
    Some(sum.0)
}

/// Accumulators and scales of [`rescale`].
pub fn scales() -> impl Iterator<Item = (i32, u32, u32)> {
    let accumulators = [0, 1, -1, 0xffff, -0x10000, i32::MAX, i32::MIN];
    let mut random = Random::new();
    (0..1024).map(move |n: usize| {
        let bits = random.bits();
        // Accumulators of every size: random ones shifted down.
        let shifted = (bits as i32) >> (n % 31);
        let accumulator = accumulators.get(n).copied().unwrap_or(shifted);
        let multiplier = 1 + random.bits() % 0x7fff;
        (accumulator, multiplier, n as u32 % 32)
    })
}

/// Rescaled and saturated accumulators.
#[inline(never)]
pub fn rescale() -> u32 {
    let mut sum = Fnv::new();
    for (accumulator, multiplier, shift) in scales() {
        let Some(scale) = Rescale::new(multiplier, shift) else {
            continue;
        };
        let value = scale.apply(accumulator);
        sum.word(value as u32);
        sum.word(saturate(value) as u16 as u32);
        sum.word(multiply_high(accumulator, -(multiplier as i16)) as u32);
    }
    sum.0
}

/// Bits of the f32 functions at `n *` [`FLOAT_STEP`] for n in `-FLOATS..=FLOATS`.
#[inline(never)]
pub fn floats() -> u32 {
    let mut sum = Fnv::new();
    for n in -FLOATS..=FLOATS {
        let x = n as f32 * FLOAT_STEP;
        sum.word(float::exp(x).to_bits());
        sum.word(float::tanh(x).to_bits());
        sum.word(float::sigmoid(x).to_bits());
    }
    sum.0
}
