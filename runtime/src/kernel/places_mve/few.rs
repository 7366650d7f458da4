//! Convolutions with at most eight columns: four rows a vector, at two places.
#![cfg_attr(dunlin_mve, allow(unsafe_code))] // a naked function

#[cfg(dunlin_mve)]
use super::Job;

/// At most eight columns: r0 the [`Job`].
///
/// r4 weights of a column, q7 the way from there to those of all four rows; r0, r1 values of two places, r2, r3 one value of
/// each; r5 columns; r6 outputs, r8 their step, r10 their end; r7 scales; r9 what is ahead; r11 biases. q3 has the multipliers, q4
/// the shifts, q5 and q6 the bounds.
macro_rules! few_source {
    () => {
        "
        push {r4-r11, lr}
        vpush {s16-s31}
        mov r12, r0
        ldrd r1, r2, [r12, #52]
        vdup.32 q6, r1
        vdup.32 q5, r2
        ldrd r4, r5, [r12]
        ldrd r11, r7, [r12, #28]
        ldr r9, [r12, #36]
        movs r2, #0
        vidup.u32 q7, r2, #1
        vmul.i32 q7, q7, r5
        1:
        ldrd r0, r2, [r12, #8]
        ldrd r6, r8, [r12, #16]
        ldr r10, [r12, #24]
        adds r1, r0, r2
        add r10, r6, r10
        vldrw.u32 q3, [r7], #16
        vneg.s32 q4, q3
        vbic.i32 q3, #0xff
        2:
        vldrw.u32 q0, [r11]
        vldrw.u32 q1, [r11]
        dls lr, r5
        3:
        vldrb.s32 q2, [r4, q7]
        adds r4, #1
        ldrsh r2, [r0], #2
        ldrsh r3, [r1], #2
        vmla.i32 q0, q2, r2
        vmla.i32 q1, q2, r3
        le lr, 3b
        vmulh.s32 q0, q0, q3
        vmulh.s32 q1, q1, q3
        vshl.s32 q0, q0, q4
        vshl.s32 q1, q1, q4
        vmin.s32 q0, q0, q6
        vmin.s32 q1, q1, q6
        vmax.s32 q0, q0, q5
        vmax.s32 q1, q1, q5
        vstrh.32 q0, [r6]
        add r6, r8
        vstrh.32 q1, [r6]
        add r6, r8
        add r0, r9
        add r1, r9
        subs r4, r4, r5
        cmp r6, r10
        bne 2b
        add r11, #16
        add r4, r4, r5, lsl #2
        ldr r0, [r12, #16]
        ldr r1, [r12, #48]
        adds r0, #8
        str r0, [r12, #16]
        cmp r11, r1
        bne 1b
        vpop {s16-s31}
        pop {r4-r11, pc}
        "
    };
}

/// The program of [`run`](super::run), for the interpreter of the tests.
pub const FEW_COLUMNS: &str = few_source!();

/// # Safety
/// The pointers of the job reach as far as its lengths say; there are at most eight columns.
#[cfg(dunlin_mve)]
#[unsafe(naked)]
pub(super) unsafe extern "C" fn program(job: &mut Job) {
    core::arch::naked_asm!(super::super::cpu!(), few_source!(), options(raw))
}
