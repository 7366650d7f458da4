//! `max(y, 0)` of f32 values in place, on cores with a floating-point unit.
//!
//! Without FPv5 the core clears what has its sign set, two instructions less than it takes to look for NaN at each value: the unit
//! adds up products of two values each instead, which end in NaN where there is one. Its `VMAXNM` is the whole of it
//! in FPv5, but for signaling NaN. Where there may be NaN, the caller takes another way.
#![cfg_attr(dunlin_fpu, allow(unsafe_code))] // naked functions, and the call into one with checked lengths

/// Values at a time.
pub const EIGHT: usize = 8;
/// With FPv5.
pub const SIXTEEN: usize = 16;

/// `max(y, 0)` of each; `false` where there is no such program, or may be a NaN: of those that are left, no value is negative.
#[inline(always)]
pub fn rectify(y: &mut [f32]) -> bool {
    #[cfg(dunlin_fpu)]
    {
        const WIDTH: usize = if cfg!(dunlin_fpv5) { SIXTEEN } else { EIGHT };
        let (blocks, ones) = (y.len() / WIDTH, y.len() % WIDTH);
        // SAFETY: there are as many values, and at least a block of them.
        blocks > 0 && unsafe { program(y.as_mut_ptr(), blocks, ones, &0.0) } == 0
    }
    #[cfg(not(dunlin_fpu))]
    {
        let _ = y;
        false
    }
}

/// r0 values, r1 eights, r2 values behind them; gives whether there may be a NaN. r3-r10 and s4-s11 values, s0-s3 sums of their
/// products.
macro_rules! clearing {
    () => {
        concat!(
            "
        push {r4-r10}
        ",
            clear_flags!("r3", invalid),
            "
        vldm r0, {s0-s3}
        1:
        ldm r0, {r3-r10}
        vldm r0, {s4-s11}
        vfma.f32 s0, s4, s5
        vfma.f32 s1, s6, s7
        vfma.f32 s2, s8, s9
        vfma.f32 s3, s10, s11
        bic r3, r3, r3, asr #31
        bic r4, r4, r4, asr #31
        bic r5, r5, r5, asr #31
        bic r6, r6, r6, asr #31
        bic r7, r7, r7, asr #31
        bic r8, r8, r8, asr #31
        bic r9, r9, r9, asr #31
        bic r10, r10, r10, asr #31
        stm r0!, {r3-r10}
        subs r1, r1, #1
        bne 1b
        cmp r2, #0
        beq 3f
        2:
        ldr r3, [r0]
        vldm r0, {s4}
        vfma.f32 s0, s4, s4
        bic r3, r3, r3, asr #31
        str r3, [r0], #4
        subs r2, r2, #1
        bne 2b
        3:
        vfma.f32 s0, s1, s2
        vfma.f32 s0, s3, s3
        vcmpe.f32 s0, s0
        ",
            give_flags!(invalid),
            "
        pop {r4-r10}
        bx lr
        "
        )
    };
}

/// r0 values, r1 sixteens, r2 values behind them, r3 a zero; gives whether there is a signaling NaN. s0 the zero, s1-s16 values.
macro_rules! selecting {
    () => {
        concat!(
            "
        vpush {s16}
        vldm r3, {s0}
        ",
            clear_flags!("r3", invalid),
            "
        1:
        vldm r0, {s1-s16}
        vmaxnm.f32 s1, s1, s0
        vmaxnm.f32 s2, s2, s0
        vmaxnm.f32 s3, s3, s0
        vmaxnm.f32 s4, s4, s0
        vmaxnm.f32 s5, s5, s0
        vmaxnm.f32 s6, s6, s0
        vmaxnm.f32 s7, s7, s0
        vmaxnm.f32 s8, s8, s0
        vmaxnm.f32 s9, s9, s0
        vmaxnm.f32 s10, s10, s0
        vmaxnm.f32 s11, s11, s0
        vmaxnm.f32 s12, s12, s0
        vmaxnm.f32 s13, s13, s0
        vmaxnm.f32 s14, s14, s0
        vmaxnm.f32 s15, s15, s0
        vmaxnm.f32 s16, s16, s0
        vstm r0!, {s1-s16}
        subs r1, r1, #1
        bne 1b
        cmp r2, #0
        beq 3f
        2:
        vldm r0, {s1}
        vmaxnm.f32 s1, s1, s0
        vstm r0!, {s1}
        subs r2, r2, #1
        bne 2b
        3:
        ",
            give_flags!(invalid),
            "
        vpop {s16}
        bx lr
        "
        )
    };
}

/// The program of [`rectify`] without FPv5, for the interpreter of the tests.
pub const CLEARING: &str = clearing!();

/// That with FPv5.
pub const SELECTING: &str = selecting!();

/// # Safety
/// At least one block, and as many values.
#[cfg(all(dunlin_fpu, not(dunlin_fpv5)))]
#[unsafe(naked)]
unsafe extern "C" fn program(y: *mut f32, blocks: usize, ones: usize, zero: &f32) -> usize {
    core::arch::naked_asm!(super::fpu!(), clearing!(), options(raw))
}

/// # Safety
/// At least one block, and as many values.
#[cfg(all(dunlin_fpu, dunlin_fpv5))]
#[unsafe(naked)]
unsafe extern "C" fn program(y: *mut f32, blocks: usize, ones: usize, zero: &f32) -> usize {
    core::arch::naked_asm!(super::fpu!(), selecting!(), options(raw))
}
