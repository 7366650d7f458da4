//! The programs of convolutions on cores with the DSP extension.
#![cfg_attr(dunlin_dsp, allow(unsafe_code))] // naked functions

#[cfg(dunlin_dsp)]
use super::Job;

/// Takes two rows out of a block: r0 its words, r1 where they go, r2 the number of words, which is even; r3 whether they are
/// the last two rows.
macro_rules! unpack_source {
    () => {
        "
        push {r4, r5, lr}
        cmp r3, #0
        bne 2f
        1:
        ldrd r4, r5, [r0], #8
        sxtb16 r12, r4
        sxtb16 lr, r5
        ssub16 r4, r4, r12
        ssub16 r5, r5, lr
        sxtb16 r4, r4, ror #8
        sxtb16 r5, r5, ror #8
        strd r4, r5, [r1], #8
        subs r2, #2
        bne 1b
        pop {r4, r5, pc}
        2:
        ldrd r4, r5, [r0], #8
        sxtb16 r4, r4
        sxtb16 r5, r5
        strd r4, r5, [r1], #8
        subs r2, #2
        bne 2b
        pop {r4, r5, pc}
        "
    };
}

/// Each place's sums in r8-r11 as outputs in a word in r8 and r10, between any bounds; r2 the upper ones, r3 the lower ones.
macro_rules! any {
    () => {
        concat!(
            saturated!("r8", "r9"),
            saturated!("r10", "r11"),
            clamped!("r8", "r2", "r3", "lr"),
            clamped!("r10", "r2", "r3", "lr"),
        )
    };
}

/// The same for bounds of 0 and 32,767.
macro_rules! positive {
    () => {
        concat!(rectified!("r8", "r9"), rectified!("r10", "r11"))
    };
}

/// Four columns of two rows at two places, whose values stand at multiples of four bytes.
macro_rules! aligned {
    () => {
        "
        ldm r0!, {r4-r7}
        ldrd r12, lr, [r1], #8
        smlad r8, r4, r12, r8
        smlad r9, r5, r12, r9
        smlad r8, r6, lr, r8
        smlad r9, r7, lr, r9
        ldrd r12, lr, [r2], #8
        smlad r10, r4, r12, r10
        smlad r11, r5, r12, r11
        smlad r10, r6, lr, r10
        smlad r11, r7, lr, r11
        "
    };
}

/// The same wherever the values stand.
macro_rules! unaligned {
    () => {
        "
        ldm r0!, {r4-r7}
        ldr r12, [r1], #4
        ldr lr, [r1], #4
        smlad r8, r4, r12, r8
        smlad r9, r5, r12, r9
        smlad r8, r6, lr, r8
        smlad r9, r7, lr, r9
        ldr r12, [r2], #4
        ldr lr, [r2], #4
        smlad r10, r4, r12, r10
        smlad r11, r5, r12, r11
        smlad r10, r6, lr, r10
        smlad r11, r7, lr, r11
        "
    };
}

/// All pairs of places: r0 the job.
///
/// r0 weights; r1, r2 values of both places; r3 quads of columns; r4-r7 weights; r12, r14 values; r8, r9 the sums of the first
/// place, r10, r11 of the second.
macro_rules! places_source {
    ($bounds:expr) => {
        concat!(
            "
        push {r0, r4-r11, lr}
        1:
        ldr r0, [sp]
        ldm r0, {r0-r3, r8, r9}
        mov r10, r8
        mov r11, r9
        lsrs r3, r3, #2
        beq 6f
        orr r12, r1, r2
        tst r12, #2
        bne 4f
        lsrs r3, r3, #1
        bcc 2f
        ",
            aligned!(),
            "
        2:
        beq 6f
        3:
        .rept 2
        ",
            aligned!(),
            "
        .endr
        subs r3, #1
        bne 3b
        b 6f
        4:
        lsrs r3, r3, #1
        bcc 5f
        ",
            unaligned!(),
            "
        5:
        beq 6f
        9:
        .rept 2
        ",
            unaligned!(),
            "
        .endr
        subs r3, #1
        bne 9b
        6:
        ldr r3, [sp]
        ldr r3, [r3, #12]
        lsls r3, r3, #31
        bcc 7f
        ldrd r4, r5, [r0], #8
        ldr r12, [r1], #4
        ldr lr, [r2], #4
        smlad r8, r4, r12, r8
        smlad r9, r5, r12, r9
        smlad r10, r4, lr, r10
        smlad r11, r5, lr, r11
        7:
        bpl 8f
        ldrd r4, r5, [r0]
        ldrh r12, [r1]
        ldrh lr, [r2]
        smlad r8, r4, r12, r8
        smlad r9, r5, r12, r9
        smlad r10, r4, lr, r10
        smlad r11, r5, lr, r11
        8:
        ldr r12, [sp]
        add lr, r12, #24
        ldm lr, {r0-r7}
        smulwt r8, r8, r0
        smulwt r9, r9, r1
        smulwt r10, r10, r0
        smulwt r11, r11, r1
        asr r8, r8, r0
        asr r9, r9, r1
        asr r10, r10, r0
        asr r11, r11, r1
        ",
            $bounds,
            "
        str r8, [r4]
        str r10, [r4, r5]
        add r4, r4, r5, lsl #1
        str r4, [r12, #40]
        ldrd r0, r1, [r12, #4]
        add r0, r0, r6
        add r1, r1, r6
        strd r0, r1, [r12, #4]
        subs r7, #1
        str r7, [r12, #52]
        bne 1b
        pop {r0, r4-r11, pc}
        "
        )
    };
}

/// All pairs of places of three columns with bounds of 0 and 32,767: r0 the job.
///
/// r4-r7 the weights, which stay there; r1 values, r2 the step from place to place, r3 outputs; r12, r14 values.
macro_rules! three_source {
    () => {
        concat!(
            "
        push {r4-r11, lr}
        ldrd r1, r2, [r0, #4]
        subs r2, r2, r1
        ldr r3, [r0, #40]
        ldr r4, [r0]
        ldm r4, {r4-r7}
        1:
        ldr r12, [r1]
        ldrh lr, [r1, #4]
        ldrd r8, r9, [r0, #16]
        smlad r10, r4, r12, r8
        smlad r11, r5, r12, r9
        smlad r10, r6, lr, r10
        smlad r11, r7, lr, r11
        add r1, r1, r2
        ldr r12, [r1]
        ldrh lr, [r1, #4]
        add r1, r1, r2
        smlad r8, r4, r12, r8
        smlad r9, r5, r12, r9
        smlad r8, r6, lr, r8
        smlad r9, r7, lr, r9
        ldrd r12, lr, [r0, #24]
        smulwt r8, r8, r12
        smulwt r9, r9, lr
        smulwt r10, r10, r12
        smulwt r11, r11, lr
        asr r8, r8, r12
        asr r9, r9, lr
        asr r10, r10, r12
        asr r11, r11, lr
        ",
            positive!(),
            "
        ldrd r12, lr, [r0, #56]
        str r10, [r3]
        str r8, [r3, lr]
        add r3, r3, lr, lsl #1
        cmp r3, r12
        bne 1b
        pop {r4-r11, pc}
        "
        )
    };
}

/// The programs of [`run`](super::run), for the interpreter of the tests.
pub const UNPACK: &str = unpack_source!();
pub const PLACES: &str = places_source!(any!());
pub const RECTIFIED: &str = places_source!(positive!());
pub const THREE: &str = three_source!();

/// # Safety
/// `words` words at `block` and at `scratch`, both at multiples of four bytes.
#[cfg(dunlin_dsp)]
#[unsafe(naked)]
pub unsafe extern "C" fn unpack_program(
    block: *const i8,
    scratch: *mut u32,
    words: usize,
    second: bool,
) {
    core::arch::naked_asm!(super::super::cpu!(), unpack_source!(), options(raw))
}

/// # Safety
/// The pointers of the job reach as far as its lengths say.
#[cfg(dunlin_dsp)]
#[unsafe(naked)]
pub unsafe extern "C" fn places_program(job: &mut Job) {
    core::arch::naked_asm!(super::super::cpu!(), places_source!(any!()), options(raw))
}

/// # Safety
/// As of [`places_program`].
#[cfg(dunlin_dsp)]
#[unsafe(naked)]
pub unsafe extern "C" fn rectified_program(job: &mut Job) {
    core::arch::naked_asm!(
        super::super::cpu!(),
        places_source!(positive!()),
        options(raw)
    )
}

/// # Safety
/// As of [`places_program`], with three columns.
#[cfg(dunlin_dsp)]
#[unsafe(naked)]
pub unsafe extern "C" fn three_program(job: &mut Job) {
    core::arch::naked_asm!(super::super::cpu!(), three_source!(), options(raw))
}
