//! Bounds and saturation in the same number of instructions for every value, so that a count does not depend on the data.
//!
//! Cores from v7-M on have conditional execution or saturating instructions for this. On v6-M a compiler writes branches, so
//! there it is masks of sign bits, behind an instruction that the compiler does not see through.

#[cfg(dunlin_v6m)]
pub use super::instruction::sign;

/// -1 for a negative value, else 0.
#[cfg(not(dunlin_v6m))]
#[inline(always)]
pub fn sign(value: i32) -> i32 {
    value >> 31
}

/// The value above 0, else 0.
#[inline(always)]
pub fn positive(value: i32) -> i32 {
    value & !sign(value)
}

/// The smaller of two values less than 2^31 apart.
#[cfg(dunlin_v6m)]
#[inline(always)]
pub fn at_most(value: i32, bound: i32) -> i32 {
    let above = value.wrapping_sub(bound);
    bound.wrapping_add(above & sign(above))
}

/// The larger of two values less than 2^31 apart.
#[cfg(dunlin_v6m)]
#[inline(always)]
pub fn at_least(value: i32, bound: i32) -> i32 {
    let above = value.wrapping_sub(bound);
    bound.wrapping_add(above & !sign(above))
}

/// The nearest value of an `i16`.
#[cfg(dunlin_v6m)]
#[inline(always)]
pub fn saturate(value: i32) -> i16 {
    let negative = sign(value);
    // 0 where the value fits, else above 0.
    let outside = (value >> 15) ^ negative;
    let changed = sign(outside.wrapping_neg());
    let bound = negative ^ i32::from(i16::MAX);
    (value ^ ((value ^ bound) & changed)) as i16
}

/// The nearest value in [0, 32767].
#[cfg(dunlin_v6m)]
#[inline(always)]
pub fn rectify(value: i32) -> i16 {
    at_most(positive(value), i16::MAX.into()) as i16
}

/// The nearest value of so many bits without a sign.
#[cfg(dunlin_v6m)]
#[inline(always)]
pub fn unsigned<const BITS: u32>(value: i32) -> i32 {
    at_most(positive(value), (1 << BITS) - 1)
}

/// The sum, or the nearest value of 32 bits.
#[cfg(dunlin_v6m)]
#[inline(always)]
pub fn add_saturating(a: i32, b: i32) -> i32 {
    let sum = a.wrapping_add(b);
    let overflow = sign((sum ^ a) & (sum ^ b));
    let bound = sign(a) ^ i32::MAX;
    sum ^ ((sum ^ bound) & overflow)
}

/// The smaller of two values less than 2^31 apart.
#[cfg(not(dunlin_v6m))]
#[inline(always)]
pub fn at_most(value: i32, bound: i32) -> i32 {
    value.min(bound)
}

/// The larger of two values less than 2^31 apart.
#[cfg(not(dunlin_v6m))]
#[inline(always)]
pub fn at_least(value: i32, bound: i32) -> i32 {
    value.max(bound)
}

/// The nearest value of an `i16`.
#[cfg(not(dunlin_v6m))]
#[inline(always)]
pub fn saturate(value: i32) -> i16 {
    value.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

/// The nearest value in [0, 32767].
#[cfg(not(dunlin_v6m))]
#[inline(always)]
pub fn rectify(value: i32) -> i16 {
    value.clamp(0, i16::MAX.into()) as i16
}

/// The nearest value of so many bits without a sign.
#[cfg(not(dunlin_v6m))]
#[inline(always)]
pub fn unsigned<const BITS: u32>(value: i32) -> i32 {
    value.clamp(0, (1 << BITS) - 1)
}

/// The sum, or the nearest value of 32 bits.
#[cfg(not(dunlin_v6m))]
#[inline(always)]
pub fn add_saturating(a: i32, b: i32) -> i32 {
    a.saturating_add(b)
}
