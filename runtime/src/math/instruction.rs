//! Single instructions that a compiler does not choose by itself, each with a model in Rust for all other cores.
#![cfg_attr(target_arch = "arm", allow(unsafe_code))] // shifts of registers

/// `value >> shift` by the lowest byte of `word`, which is at most 31: shifts by a register take no other bits.
#[inline(always)]
pub fn shift_right(value: i32, word: u32) -> i32 {
    #[cfg(all(target_arch = "arm", not(dunlin_v6m)))]
    {
        let shifted;
        // SAFETY: a shift of a register.
        unsafe {
            core::arch::asm!("asr {0}, {1}, {2}", out(reg) shifted, in(reg) value, in(reg) word,
                options(pure, nomem, nostack, preserves_flags));
        }
        shifted
    }
    #[cfg(dunlin_v6m)]
    {
        let shifted;
        // SAFETY: a shift of a register.
        unsafe {
            core::arch::asm!("asrs {0}, {1}", inlateout(reg) value => shifted, in(reg) word,
                options(pure, nomem, nostack));
        }
        shifted
    }
    #[cfg(not(target_arch = "arm"))]
    {
        value >> (word & 31)
    }
}

/// -1 for a negative value, else 0, so that the compiler sees no comparison in it.
#[cfg(dunlin_v6m)]
#[inline(always)]
pub fn sign(value: i32) -> i32 {
    let sign;
    // SAFETY: a shift of a register.
    unsafe {
        core::arch::asm!("asrs {0}, {1}, #31", out(reg) sign, in(reg) value,
            options(pure, nomem, nostack));
    }
    sign
}

/// `floor(a * b / 2^16)`. Before another shift, and with Helium, the compiler prefers a 64-bit product and shifts of it.
#[cfg(any(dunlin_dsp, dunlin_mve))]
#[inline(always)]
pub fn multiply_high(a: i32, b: i16) -> i32 {
    let product;
    // SAFETY: a product of registers.
    unsafe {
        core::arch::asm!("smulwb {0}, {1}, {2}", out(reg) product, in(reg) a, in(reg) i32::from(b),
            options(pure, nomem, nostack, preserves_flags));
    }
    product
}

/// `floor(a * b / 2^16)` with `b` the signed upper half of `word`.
#[inline(always)]
pub fn multiply_upper(a: i32, word: u32) -> i32 {
    #[cfg(any(dunlin_dsp, dunlin_mve))]
    {
        let product;
        // SAFETY: a product of registers.
        unsafe {
            core::arch::asm!("smulwt {0}, {1}, {2}", out(reg) product, in(reg) a, in(reg) word,
                options(pure, nomem, nostack, preserves_flags));
        }
        product
    }
    #[cfg(not(any(dunlin_dsp, dunlin_mve)))]
    {
        super::rescale::multiply_high(a, (word >> 16) as i16)
    }
}

/// The sum of the products of both signed halves of two words, modulo 2^32.
#[cfg(any(dunlin_dsp, dunlin_mve))]
#[inline(always)]
pub fn multiply_halves(a: u32, b: u32) -> i32 {
    let products;
    // SAFETY: products of registers.
    unsafe {
        core::arch::asm!("smuad {0}, {1}, {2}", out(reg) products, in(reg) a, in(reg) b,
            options(pure, nomem, nostack));
    }
    products
}

/// [`multiply_halves`] and `sum`.
#[cfg(any(dunlin_dsp, dunlin_mve))]
#[inline(always)]
pub fn multiply_halves_add(a: u32, b: u32, sum: i32) -> i32 {
    let products;
    // SAFETY: products of registers.
    unsafe {
        core::arch::asm!("smlad {0}, {1}, {2}, {3}", out(reg) products, in(reg) a, in(reg) b, in(reg) sum,
            options(pure, nomem, nostack));
    }
    products
}
