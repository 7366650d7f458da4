//! The programs of depthwise convolutions on cores with the DSP extension.
#![cfg_attr(dunlin_dsp, allow(unsafe_code))] // naked functions

#[cfg(dunlin_dsp)]
use super::Job;

/// Two steps in the registers of `take_out_source`.
macro_rules! two_steps {
    () => {
        "
        ldr r4, [r0]
        ldr r5, [r0, r3]
        add r0, r0, r3, lsl #1
        pkhbt r6, r4, r5, lsl #16
        pkhtb r7, r5, r4, asr #16
        str r7, [r1, #160]
        str r6, [r1], #4
        "
    };
}

/// Takes two channels out of steps: r0 the first step, r1 where the first half goes, r2 the number of steps, r3 bytes from step
/// to step. Words of the second channel are 160 bytes behind those of the first: [`CHANNEL_WORDS`](super::CHANNEL_WORDS).
macro_rules! take_out_source {
    () => {
        concat!(
            "
        push {r4-r7, lr}
        subs r2, #4
        blt 2f
        1:
        .rept 2
        ",
            two_steps!(),
            "
        .endr
        subs r2, #4
        bge 1b
        2:
        lsls r2, r2, #31
        bcc 3f
        ",
            two_steps!(),
            "
        3:
        bpl 4f
        ldr r4, [r0]
        strh r4, [r1]
        lsr r4, r4, #16
        strh r4, [r1, #160]
        4:
        pop {r4-r7, pc}
        "
        )
    };
}

/// Two taps at four places: the weights of both ways, a word of the channel and the next one.
macro_rules! word {
    ($first:literal, $second:literal, $x:literal, $next:literal) => {
        concat!(
            "
        smlad r8, ",
            $first,
            ", ",
            $x,
            ", r8
        smlad r9, ",
            $second,
            ", ",
            $x,
            ", r9
        smlad r10, ",
            $first,
            ", ",
            $next,
            ", r10
        smlad r11, ",
            $second,
            ", ",
            $next,
            ", r11
        "
        )
    };
}

/// Takes the weights of a filter out in both ways: r1 the first of r2 weights, r12 where they go; r4-r6, r8 and r9 change.
macro_rules! weights_twice {
    () => {
        "
        mov r5, #0
        lsrs r4, r2, #1
        beq 2f
        1:
        ldrsb r6, [r1], #1
        pkhbt r9, r5, r6, lsl #16
        ldrsb r5, [r1], #1
        pkhbt r8, r6, r5, lsl #16
        strd r8, r9, [r12], #8
        subs r4, #1
        bne 1b
        2:
        lsls r2, r2, #31
        beq 3f
        ldrsb r4, [r1]
        3:
        uxth r8, r4
        pkhbt r9, r5, r4, lsl #16
        strd r8, r9, [r12], #8
        mov r8, #0
        strd r8, r8, [r12]
        "
    };
}

/// The same in one way.
macro_rules! weights_once {
    () => {
        "
        lsrs r4, r2, #1
        beq 2f
        1:
        ldrsb r6, [r1], #1
        ldrsb r5, [r1], #1
        pkhbt r6, r6, r5, lsl #16
        str r6, [r12], #4
        subs r4, #1
        bne 1b
        2:
        lsls r2, r2, #31
        beq 3f
        ldrsb r4, [r1]
        3:
        uxth r4, r4
        str r4, [r12], #4
        mov r4, #0
        str r4, [r12]
        "
    };
}

/// All columns of four places that are a step apart, in the registers of [`places_source`].
macro_rules! one_apart {
    () => {
        concat!(
            "
        cbz r2, 9f
        ldr r6, [r1], #4
        10:
        ldm r0!, {r3-r5, r12}
        ldr r7, [r1], #4
        ",
            word!("r3", "r4", "r6", "r7"),
            "
        ldr r6, [r1], #4
        ",
            word!("r5", "r12", "r7", "r6"),
            "
        subs r2, #1
        bne 10b
        b 5f
        9:
        ldm r1!, {r2, r6, r7}
        ldm r0!, {r3-r5, r12}
        ",
            word!("r3", "r4", "r2", "r6"),
            word!("r5", "r12", "r6", "r7"),
            "
        ldm r0!, {r3-r5, r12}
        ldrd r2, r6, [r1], #8
        ",
            word!("r3", "r4", "r7", "r2"),
            word!("r5", "r12", "r2", "r6"),
            "
        ldrd r3, r4, [r0]
        ldr r7, [r1], #4
        ",
            word!("r3", "r4", "r6", "r7"),
        )
    };
}

/// The same of places that are two steps apart: a word of weights meets a word of the channel for each.
macro_rules! two_apart {
    () => {
        "
        10:
        ldrd r3, r5, [r0], #8
        ldm r1!, {r4, r6, r7, r12}
        smlad r8, r3, r4, r8
        smlad r9, r3, r6, r9
        smlad r10, r3, r7, r10
        smlad r11, r3, r12, r11
        smlad r8, r5, r6, r8
        smlad r9, r5, r7, r9
        smlad r10, r5, r12, r10
        ldr r4, [r1], #-8
        smlad r11, r5, r4, r11
        subs r2, #1
        bne 10b
        "
    };
}

/// All places of a filter: r0 the job.
///
/// r0 weights; r1 words of the channel; r14 outputs; r8-r11 the sums of four places; r3, r4, r5, r12 two words of weights for
/// the first of two places and for the second; r2, r6, r7 words of the channel. `$two_places` is how many bytes two places are apart.
macro_rules! places_source {
    ($weights:expr, $columns:expr, $two_places:literal) => {
        concat!(
            "
        push {r0, r4-r11, lr}
        ldm r0!, {r1-r4}
        mov lr, r4
        adds r0, #8
        str r0, [sp]
        add r12, r0, #40
        ",
            $weights,
            "
        mov r1, r3
        adds r0, #20
        4:
        ldm r0!, {r2, r8-r11}
        ",
            $columns,
            "
        5:
        ldr r0, [sp]
        ldm r0!, {r2-r6}
        sub r1, r1, r5
        smulwt r8, r8, r2
        smulwt r9, r9, r2
        smulwt r10, r10, r2
        smulwt r11, r11, r2
        asr r8, r8, r2
        asr r9, r9, r2
        asr r10, r10, r2
        asr r11, r11, r2
        cbnz r6, 11f
        usat r8, #15, r8
        usat r9, #15, r9
        usat r10, #15, r10
        usat r11, #15, r11
        6:
        subs r4, r4, r1
        blt 7f
        strh r8, [lr]
        strh r9, [lr, r3]
        add lr, lr, r3, lsl #1
        strh r10, [lr]
        strh r11, [lr, r3]
        add lr, lr, r3, lsl #1
        bne 4b
        pop {r0, r4-r11, pc}
        7:
        strh r8, [lr]
        adds r4, #",
            $two_places,
            "
        blt 8f
        strh r9, [lr, r3]
        beq 8f
        strh r10, [lr, r3, lsl #1]
        8:
        pop {r0, r4-r11, pc}
        11:
        ldrd r6, r7, [r0, #-28]
        ",
            saturated!("r8", "r9"),
            saturated!("r10", "r11"),
            clamped!("r8", "r6", "r7", "r12"),
            clamped!("r10", "r6", "r7", "r12"),
            "
        lsr r9, r8, #16
        lsr r11, r10, #16
        b 6b
        "
        )
    };
}

/// The programs of [`run`](super::run), for the interpreter of the tests.
pub const TAKE_OUT: &str = take_out_source!();
pub const PLACES: &str = places_source!(weights_twice!(), one_apart!(), "4");
pub const PLACES_TWO_APART: &str = places_source!(weights_once!(), two_apart!(), "8");

/// # Safety
/// `count` steps at `x`, `step` bytes apart, with two values each; room for as many values at `words` and behind it.
#[cfg(dunlin_dsp)]
#[unsafe(naked)]
pub unsafe extern "C" fn take_out_program(
    x: *const i16,
    words: *mut u16,
    count: usize,
    step: usize,
) {
    core::arch::naked_asm!(super::super::cpu!(), take_out_source!(), options(raw))
}

/// # Safety
/// The pointers of the job reach as far as its lengths say.
#[cfg(dunlin_dsp)]
#[unsafe(naked)]
pub unsafe extern "C" fn places_program(job: &mut Job) {
    core::arch::naked_asm!(
        super::super::cpu!(),
        places_source!(weights_twice!(), one_apart!(), "4"),
        options(raw)
    )
}

/// # Safety
/// As of [`places_program`].
#[cfg(dunlin_dsp)]
#[unsafe(naked)]
pub unsafe extern "C" fn two_apart_program(job: &mut Job) {
    core::arch::naked_asm!(
        super::super::cpu!(),
        places_source!(weights_once!(), two_apart!(), "8"),
        options(raw)
    )
}
