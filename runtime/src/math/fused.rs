//! `a * b + c` of floats, rounded once (IEEE 754-2019, 5.4.1 "fusedMultiplyAdd"): what each step of a sum of products is in f32.
//!
//! One instruction where the core has it (`VFMA` of a Cortex-M with a floating-point unit, `FMADD` of AArch64; x86-64 has it in
//! [`Lanes`](crate::kernel::row_lanes::Lanes)), else integers; with the same bits everywhere.
#![cfg_attr(
    any(dunlin_fpu, all(target_arch = "aarch64", target_feature = "neon")),
    allow(unsafe_code)
)] // one instruction, on registers alone

/// `a * b + c`, rounded once, to nearest, ties to even.
#[inline(always)]
pub fn mul_add(a: f32, b: f32, c: f32) -> f32 {
    #[cfg(dunlin_fpu)]
    {
        let mut sum = c.to_bits();
        // By way of the core's registers: to the compiler a unit for single precision alone has no others. The kernels' programs have
        // no such detour.
        // SAFETY: touches these registers and no memory.
        unsafe {
            core::arch::asm!(
                "vmov s0, {a}",
                "vmov s1, {b}",
                "vmov s2, {sum}",
                "vfma.f32 s2, s0, s1",
                "vmov {sum}, s2",
                sum = inout(reg) sum,
                a = in(reg) a.to_bits(),
                b = in(reg) b.to_bits(),
                out("s0") _,
                out("s1") _,
                out("s2") _,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
        f32::from_bits(sum)
    }
    #[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
    {
        use core::arch::aarch64::{vdup_n_f32, vfma_f32, vget_lane_f32};
        // SAFETY: the target has these instructions, which touch no memory.
        unsafe { vget_lane_f32::<0>(vfma_f32(vdup_n_f32(c), vdup_n_f32(a), vdup_n_f32(b))) }
    }
    #[cfg(not(any(dunlin_fpu, all(target_arch = "aarch64", target_feature = "neon"))))]
    {
        in_integers(a, b, c)
    }
}

/// Bits of a float's fraction.
const FRACTION: u32 = 23;
/// What stands before the fraction of a normal number.
const HIDDEN: u32 = 1 << FRACTION;
/// The exponent field of infinities and NaN.
const SPECIAL: u32 = 255;
/// Bits of a sum behind the 24 that a float keeps.
const BEHIND: u32 = 40;

/// [`mul_add`] for processors that do not have it.
#[cfg_attr(target_os = "none", inline(never))]
#[cfg_attr(not(target_os = "none"), inline)]
pub fn in_integers(a: f32, b: f32, c: f32) -> f32 {
    let [of_a, of_b, of_c] = [a, b, c].map(f32::to_bits);
    let special = |bits: u32| field(bits) == SPECIAL;
    if special(of_a) || special(of_b) {
        // The product is infinite, or no number: nothing of it is rounded.
        return a * b + c;
    }
    if special(of_c) {
        return c + c;
    }
    let ((mantissa_a, exponent_a), (mantissa_b, exponent_b)) = (parts(of_a), parts(of_b));
    let product = u64::from(mantissa_a) * u64::from(mantissa_b);
    if product == 0 {
        // A zero with a sign, and nothing to round.
        return a * b + c;
    }
    let (mantissa_c, exponent_c) = parts(of_c);
    let sign = (of_a ^ of_b) >> 31;
    let is_difference = (sign ^ of_c >> 31) != 0;
    // Both with their first bits at 60 or 61, and zeros in the last bits: where their difference loses its first bits, none is shifted
    // out of the smaller. The exponent is that of bit 0, plus the bias and the fraction's 23 bits.
    let (product, of_product) = (product << 14, exponent_a + exponent_b - 150 - 14);
    let (added, of_added) = (u64::from(mantissa_c) << 37, exponent_c - 37);
    let apart = of_product - of_added;
    let (product, added, exponent) = if apart >= 0 {
        (product, shifted(added, apart), of_product)
    } else {
        (shifted(product, -apart), added, of_added)
    };
    if !is_difference {
        rounded(sign, product + added, exponent)
    } else if product > added {
        rounded(sign, product - added, exponent)
    } else if product < added {
        rounded(sign ^ 1, added - product, exponent)
    } else {
        0.0
    }
}

#[inline(always)]
fn field(bits: u32) -> u32 {
    bits >> FRACTION & 0xff
}

/// The magnitude of a finite number as `mantissa * 2^(exponent - 150)`, with bit 23 of the mantissa set but for zero.
#[inline(always)]
fn parts(bits: u32) -> (u32, i32) {
    let fraction = bits & (HIDDEN - 1);
    match field(bits) {
        0 if fraction == 0 => (0, ZERO_EXPONENT),
        0 => {
            let shift = fraction.leading_zeros() - (31 - FRACTION);
            (fraction << shift, 1 - shift as i32)
        }
        exponent => (HIDDEN | fraction, exponent as i32),
    }
}

/// Far enough below all exponents that a zero is what is shifted.
const ZERO_EXPONENT: i32 = -1000;

/// Shifted right, with bit 0 set where a bit was lost.
#[inline(always)]
fn shifted(value: u64, by: i32) -> u64 {
    match value.checked_shr(by as u32) {
        Some(kept) => kept | u64::from(kept << by != value),
        None => u64::from(value != 0),
    }
}

/// `sum * 2^(exponent - 150)` as a float; bit 0 may stand for bits below it. The sum is not 0.
#[inline(always)]
fn rounded(sign: u32, sum: u64, exponent: i32) -> f32 {
    let zeros = sum.leading_zeros();
    // With the first bit at 63, that of a float at 23: its field is one less here, as the hidden bit adds one.
    let field = exponent - zeros as i32 + BEHIND as i32 - 1;
    let sum = sum << zeros;
    let (sum, field) = if field >= 0 {
        (sum, field as u32)
    } else {
        // Too small for a normal number.
        (shifted(sum, -field), 0)
    };
    let magnitude = if field >= SPECIAL - 1 {
        SPECIAL << FRACTION
    } else {
        // A carry out of the fraction counts up the field, up to infinity.
        let kept = (field << FRACTION) + (sum >> BEHIND) as u32;
        let rest = sum << (64 - BEHIND);
        let half = 1 << 63;
        kept + u32::from(rest > half || rest == half && kept & 1 == 1)
    };
    f32::from_bits(sign << 31 | magnitude)
}

#[cfg(test)]
mod tests {
    use super::{in_integers, mul_add};

    fn check(a: f32, b: f32, c: f32) {
        let expected = a.mul_add(b, c);
        for found in [in_integers(a, b, c), mul_add(a, b, c)] {
            let same = found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan();
            assert!(
                same,
                "{a:e} * {b:e} + {c:e}: {found:e}, expected {expected:e}"
            );
        }
    }

    /// Zeros, the least, the greatest, infinities, NaN, and what is beside powers of two.
    fn edges() -> impl Iterator<Item = f32> + Clone {
        let fractions = [
            0, 1, 2, 0x3f_ffff, 0x40_0000, 0x40_0001, 0x7f_fffe, 0x7f_ffff,
        ];
        let fields = [
            0, 1, 2, 23, 24, 25, 47, 48, 63, 64, 65, 101, 102, 103, 104, 125, 126, 127, 128, 129,
            150, 151, 152, 189, 190, 191, 229, 230, 252, 253, 254, 255,
        ];
        let bits = fields
            .into_iter()
            .flat_map(move |field| fractions.map(|fraction| field << 23 | fraction));
        bits.flat_map(|bits| [bits, bits | 1 << 31])
            .map(f32::from_bits)
    }

    fn step() -> usize {
        if cfg!(miri) { 41 } else { 1 }
    }

    #[test]
    fn the_edges_are_the_processors() {
        for a in edges().step_by(2 * step()) {
            for b in edges().step_by(3 * step()) {
                for c in edges().step_by(step()) {
                    check(a, b, c);
                }
            }
        }
    }

    #[test]
    fn sums_that_cancel_are_the_processors() {
        // The addend near the product, above it and below it by a few units of its last bits, with and against its sign.
        let mut state = 1u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from_bits(state >> 9 | (100 + (state >> 3) % 50) << 23)
        };
        for _ in (0..100_000).step_by(step()) {
            let (a, b) = (random(), random());
            let product = (a * b).to_bits();
            for near in [0, 1, 2, 3, 1 << 22, 1 << 23, 12 << 23, 24 << 23, 25 << 23] {
                for c in [product.wrapping_add(near), product.wrapping_sub(near)] {
                    check(a, b, -f32::from_bits(c));
                    check(-a, b, -f32::from_bits(c));
                }
            }
        }
    }

    #[test]
    fn any_bits_are_the_processors() {
        let mut state = 7u64;
        let mut random = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            f32::from_bits((state >> 32) as u32)
        };
        for _ in (0..2_000_000).step_by(step() * step()) {
            check(random(), random(), random());
        }
    }
}
