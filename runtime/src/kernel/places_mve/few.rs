//! Convolutions with at most eight columns: four rows a vector, at four places.
#![cfg_attr(dunlin_mve, allow(unsafe_code))] // a naked function

#[cfg(dunlin_mve)]
use super::Job;

/// At most eight columns: r0 the [`Job`].
///
/// On the stack stand the weights of four rows, a word each, column by column; from 128 on their biases and the bounds as vectors;
/// the job, what is ahead, and the end of the outputs. r0 values, and r5, r6, r7 the ways to those of the next places; r2, r3, r8,
/// r12 a value of each place; r1 outputs, r9 the step to those of the next two places; r11 columns. q0 to q3 have the sums of a
/// place each, q5 the multipliers, q6 the shifts, q7 where in the output the four rows of two places go.
macro_rules! few_source {
    () => {
        "
        push {r4-r11, lr}
        vpush {s16-s31}
        sub sp, #192
        str r0, [sp, #176]
        ldrd r1, r2, [r0, #52]
        vdup.16 q0, r1
        vstrw.32 q0, [sp, #144]
        vdup.16 q0, r2
        vstrw.32 q0, [sp, #160]
        ldr r1, [r0, #20]
        lsl r9, r1, #1
        lsls r1, r1, #15
        mov r3, #0x10001
        movs r2, #0
        vidup.u32 q7, r2, #1
        vmul.i32 q7, q7, r3
        vadd.i32 q7, q7, r1
        ldr r1, [r0, #36]
        str r1, [sp, #180]
        ldr r11, [r0, #4]
        ldr r5, [r0, #12]
        lsls r6, r5, #1
        adds r7, r6, r5
        1:
        ldr r4, [r0]
        movs r2, #0
        vidup.u32 q0, r2, #1
        vmul.i32 q0, q0, r11
        mov r3, sp
        dls lr, r11
        2:
        vldrb.s32 q1, [r4, q0]
        adds r4, #1
        vstrw.32 q1, [r3], #16
        le lr, 2b
        add r4, r4, r11
        add r4, r4, r11, lsl #1
        str r4, [r0]
        ldrd r2, r3, [r0, #28]
        vldrw.u32 q0, [r2], #16
        vldrw.u32 q5, [r3], #16
        strd r2, r3, [r0, #28]
        vstrw.32 q0, [sp, #128]
        vneg.s32 q6, q5
        vbic.i32 q5, #0xff
        ldr r1, [r0, #16]
        ldr r2, [r0, #24]
        adds r2, r1, r2
        str r2, [sp, #184]
        add r2, r1, #8
        str r2, [r0, #16]
        ldr r0, [r0, #8]
        3:
        vldrw.u32 q0, [sp, #128]
        vldrw.u32 q1, [sp, #128]
        vldrw.u32 q2, [sp, #128]
        vldrw.u32 q3, [sp, #128]
        mov r4, sp
        dls lr, r11
        4:
        vldrw.u32 q4, [r4], #16
        ldrsh r2, [r0, r5]
        ldrsh r3, [r0, r6]
        ldrsh r8, [r0, r7]
        ldrsh r12, [r0], #2
        vmla.i32 q0, q4, r12
        vmla.i32 q1, q4, r2
        vmla.i32 q2, q4, r3
        vmla.i32 q3, q4, r8
        le lr, 4b
        vmulh.s32 q0, q0, q5
        vmulh.s32 q1, q1, q5
        vmulh.s32 q2, q2, q5
        vmulh.s32 q3, q3, q5
        vshl.s32 q0, q0, q6
        vshl.s32 q1, q1, q6
        vshl.s32 q2, q2, q6
        vshl.s32 q3, q3, q6
        vqmovnb.s32 q0, q0
        vqmovnb.s32 q2, q2
        vqmovnt.s32 q0, q1
        vqmovnt.s32 q2, q3
        vldrw.u32 q1, [sp, #144]
        vldrw.u32 q3, [sp, #160]
        vmin.s16 q0, q0, q1
        vmin.s16 q2, q2, q1
        vmax.s16 q0, q0, q3
        vmax.s16 q2, q2, q3
        ldrd r2, r3, [sp, #180]
        vstrh.16 q0, [r1, q7, uxtw #1]
        add r1, r9
        vstrh.16 q2, [r1, q7, uxtw #1]
        add r1, r9
        add r0, r2
        cmp r1, r3
        bne 3b
        ldr r0, [sp, #176]
        ldr r1, [r0, #28]
        ldr r2, [r0, #48]
        cmp r1, r2
        bne 1b
        add sp, #192
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
