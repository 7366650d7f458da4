//! Convolutions with more than eight columns: two rows at three places.
#![cfg_attr(dunlin_mve, allow(unsafe_code))] // a naked function

#[cfg(dunlin_mve)]
use super::Job;

/// Eight columns of two rows at three places; `vmlav` starts sums, `vmlava` adds to them.
macro_rules! eight {
    ($multiply:literal) => {
        concat!(
            "
        vldrb.s16 q0, [r1], #8
        vldrb.s16 q1, [r3], #8
        vldrh.u16 q2, [r5], #16
        ",
            $multiply,
            " r0, q0, q2
        ",
            $multiply,
            " r6, q1, q2
        vldrh.u16 q2, [r7], #16
        ",
            $multiply,
            " r2, q0, q2
        ",
            $multiply,
            " r8, q1, q2
        vldrh.u16 q2, [r9], #16
        ",
            $multiply,
            " r4, q0, q2
        ",
            $multiply,
            " r10, q1, q2
        "
        )
    };
}

/// All columns of two rows at three places, into two lanes of q3, q4 and q5.
macro_rules! two_rows {
    ($second:literal, $first:literal) => {
        concat!(
            eight!("vmlav.s16"),
            "
        wls lr, r11, 3f
        2:
        .rept 2
        ",
            eight!("vmlava.s16"),
            "
        .endr
        le lr, 2b
        3:
        dlstp.16 lr, r12
        4:
        ",
            eight!("vmlava.s16"),
            "
        letp lr, 4b
        vmov q3",
            $second,
            ", q3",
            $first,
            ", r0, r6
        vmov q4",
            $second,
            ", q4",
            $first,
            ", r2, r8
        vmov q5",
            $second,
            ", q5",
            $first,
            ", r4, r10
        "
        )
    };
}

/// What becomes of four sums in a vector, at r1, and the step to the next place.
macro_rules! finish {
    ($q:literal) => {
        concat!(
            "
        vadd.i32 ",
            $q,
            ", ",
            $q,
            ", q0
        vmulh.s32 ",
            $q,
            ", ",
            $q,
            ", q6
        vshl.s32 ",
            $q,
            ", ",
            $q,
            ", q7
        vmin.s32 ",
            $q,
            ", ",
            $q,
            ", q1
        vmax.s32 ",
            $q,
            ", ",
            $q,
            ", q2
        vstrh.32 ",
            $q,
            ", [r1]
        adds r1, r1, r3
        "
        )
    };
}

/// More than eight columns: r0 the [`Job`].
///
/// On the stack stand the rows 0 and 2, the values of three places, and the rows 1 and 3; then what is ahead, outputs, their step
/// and end, and the job; then vectors of biases and bounds. r1, r3 are rows, r5, r7, r9 values, r0 to r10 with even numbers sums;
/// q6 has the multipliers and q7 the shifts.
macro_rules! many_source {
    () => {
        concat!(
            "
        push {r4-r11, lr}
        vpush {s16-s31}
        sub sp, #96
        str r0, [sp, #44]
        ldrd r1, r2, [r0, #52]
        vdup.32 q0, r1
        vstrw.32 q0, [sp, #64]
        vdup.32 q0, r2
        vstrw.32 q0, [sp, #80]
        9:
        ldm r0, {r1-r10}
        add r11, r1, r2
        add r12, r11, r2
        strd r1, r12, [sp]
        add r12, r12, r2
        strd r11, r12, [sp, #20]
        add r1, r12, r2
        str r1, [r0]
        add r11, r3, r4
        add r12, r11, r4
        strd r3, r11, [sp, #8]
        str r12, [sp, #16]
        str r10, [sp, #28]
        adds r7, r5, r7
        strd r5, r6, [sp, #32]
        str r7, [sp, #40]
        adds r5, #8
        str r5, [r0, #16]
        vldrw.u32 q0, [r8], #16
        vstrw.32 q0, [sp, #48]
        vldrw.u32 q6, [r9], #16
        strd r8, r9, [r0, #28]
        vneg.s32 q7, q6
        vbic.i32 q6, #0xff
        ldrd r11, r12, [r0, #40]
        1:
        ldm sp, {r1, r3, r5, r7, r9}
        ",
            two_rows!("[2]", "[0]"),
            "
        ldrd r1, r3, [sp, #20]
        ldrd r5, r7, [sp, #8]
        ldr r9, [sp, #16]
        ",
            two_rows!("[3]", "[1]"),
            "
        vldrw.u32 q0, [sp, #48]
        vldrw.u32 q1, [sp, #64]
        vldrw.u32 q2, [sp, #80]
        ldrd r1, r3, [sp, #32]
        ",
            finish!("q3"),
            finish!("q4"),
            finish!("q5"),
            "
        ldr r0, [sp, #28]
        ldr r2, [sp, #40]
        adds r5, r5, r0
        adds r7, r7, r0
        add r9, r9, r0
        strd r5, r7, [sp, #8]
        str r9, [sp, #16]
        str r1, [sp, #32]
        cmp r1, r2
        bne 1b
        ldr r0, [sp, #44]
        ldr r1, [r0, #28]
        ldr r2, [r0, #48]
        cmp r1, r2
        bne 9b
        add sp, #96
        vpop {s16-s31}
        pop {r4-r11, pc}
        "
        )
    };
}

/// The program of [`run`](super::run), for the interpreter of the tests.
pub const MANY: &str = many_source!();

/// # Safety
/// The pointers of the job reach as far as its lengths say; there are more than eight columns.
#[cfg(dunlin_mve)]
#[unsafe(naked)]
pub(super) unsafe extern "C" fn program(job: &mut Job) {
    core::arch::naked_asm!(super::super::cpu!(), many_source!(), options(raw))
}
