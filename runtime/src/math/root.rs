//! Square roots of 64-bit integers in the same number of instructions for every value.
use super::bounds::sign;

/// `value = root^2 2^(2 exponent)` with a root in [2^15, 2^16], for values of at least 1; of 0 the root is 0.
pub fn root(value: u64) -> (u32, i32) {
    // An even number of bits to the top.
    let left = leading_zeros(value) & !1;
    let top = (shift_left(value, left) >> 32) as u32;
    let floor = floor_of_root(top);
    // Rounded to nearest: `(floor + 1/2)^2 = floor^2 + floor + 1/4`; both sides are below 2^17.
    let rest = top.wrapping_sub(floor.wrapping_mul(floor));
    let up = sign(floor.wrapping_sub(rest) as i32);
    (floor.wrapping_sub(up as u32), 16 - (left / 2) as i32)
}

/// `floor(sqrt(value))`, bit by bit: a bit is set if the square of what there is then still fits.
fn floor_of_root(value: u32) -> u32 {
    let (mut root, mut rest, mut digits) = (0u32, 0u32, value);
    for _ in 0..16 {
        // Two more digits of the value; the rest is at most twice the root, so that all of it is below 2^18.
        rest = (rest << 2 | digits >> 30).wrapping_sub(root << 2 | 1);
        digits <<= 2;
        let below = sign(rest as i32) as u32;
        rest = rest.wrapping_add((root << 2 | 1) & below);
        root = root << 1 | below.wrapping_add(1);
    }
    root
}

/// `value << left` for up to 64 places, of which 64 are as 0: for a value of 0 alone.
pub fn shift_left(value: u64, left: u32) -> u64 {
    let (low, high) = (value as u32, (value >> 32) as u32);
    let places = left & 31;
    let across = (low >> 1) >> (31 - places);
    let (moved_low, moved_high) = (low << places, high << places | across);
    // All ones from 32 places on.
    let far = ((left & 32) << 26) as i32;
    let far = sign(far) as u32;
    let (low, high) = (moved_low & !far, (moved_high & !far) | (moved_low & far));
    u64::from(high) << 32 | u64::from(low)
}

/// Zeros above the highest one; 64 of 0.
fn leading_zeros(value: u64) -> u32 {
    let (low, high) = (value as u32, (value >> 32) as u32);
    // All ones where the upper half is 0.
    let empty = sign((!high & high.wrapping_sub(1)) as i32) as u32;
    zeros((high & !empty) | (low & empty)) + (32 & empty)
}

/// How many bits a value takes; 0 of 0.
pub fn length(value: u32) -> u32 {
    32 - zeros(value)
}

/// Zeros above the highest one; 32 of 0.
#[cfg(not(dunlin_v6m))]
#[inline(always)]
fn zeros(value: u32) -> u32 {
    value.leading_zeros()
}

/// Zeros above the highest one; 32 of 0. v6-M has no instruction for this, and a library branches.
#[cfg(dunlin_v6m)]
#[inline(always)]
fn zeros(value: u32) -> u32 {
    halved(value)
}

/// By halves: if the upper half is empty, its zeros count, and the search goes on in the lower one.
#[cfg(any(dunlin_v6m, test))]
fn halved(value: u32) -> u32 {
    let (mut left, mut zeros) = (value, 0);
    for width in [16, 8, 4, 2, 1] {
        let upper = left >> (32 - width);
        let empty = sign((!upper & upper.wrapping_sub(1)) as i32) as u32;
        zeros += width & empty;
        left <<= width & empty;
    }
    // What is left starts with a one, or was 0.
    zeros + (1 & !left >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_rounded_to_nearest() {
        for value in [1, 2, 3, 65_535, 1 << 30, (1 << 46) - 1, u64::MAX] {
            let (root, exponent) = root(value);
            assert!((1 << 15..=1 << 16).contains(&root));
            let exact = libm::sqrt(value as f64) / libm::exp2(exponent.into());
            assert!((exact - f64::from(root)).abs() <= 0.51, "{value}");
        }
        assert_eq!(root(0).0, 0);
    }

    #[test]
    fn floors_of_roots_are_exact() {
        for root in (0..=65_535).step_by(11).chain([65_535]) {
            let square: u32 = root * root;
            assert_eq!(floor_of_root(square), root);
            assert_eq!(floor_of_root(square + 2 * root), root);
            assert_eq!(
                floor_of_root(square.saturating_sub(1)),
                root.saturating_sub(1)
            );
        }
        assert_eq!(floor_of_root(u32::MAX), 65_535);
    }

    #[test]
    fn zeros_and_shifts_are_those_of_the_language() {
        for bit in 0..64 {
            for value in [1 << bit, u64::MAX >> bit, 5u64 << bit, 0] {
                assert_eq!(leading_zeros(value), value.leading_zeros());
                let low = value as u32;
                assert_eq!(halved(low), low.leading_zeros());
                assert_eq!(length(low), 32 - low.leading_zeros());
                assert_eq!(shift_left(value, bit), value << bit, "{value} << {bit}");
            }
        }
    }
}
