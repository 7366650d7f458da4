//! Convolutions with more than eight columns: four rows at two places.
#![cfg_attr(dunlin_mve, allow(unsafe_code))] // a naked function

#[cfg(dunlin_mve)]
use super::Job;

/// Vectors of eight columns that follow each other in the program, and the bytes of one: fourteen instructions of four.
pub(super) const UNROLLED: usize = 8;
pub(super) const EIGHT_BYTES: usize = 14 * 4;

/// Eight columns of four rows at two places.
macro_rules! eight {
    () => {
        "
        vldrh.u16 q0, [r9], #16
        vldrh.u16 q1, [r11], #16
        vldrb.s16 q2, [r1], #8
        vmlava.s16 r0, q2, q0
        vmlava.s16 r8, q2, q1
        vldrb.s16 q2, [r3], #8
        vmlava.s16 r2, q2, q0
        vmlava.s16 r10, q2, q1
        vldrb.s16 q2, [r5], #8
        vmlava.s16 r4, q2, q0
        vmlava.s16 r12, q2, q1
        vldrb.s16 q2, [r7], #8
        vmlava.s16 r6, q2, q0
        vmlava.s16 lr, q2, q1
        "
    };
}

/// More than eight columns: r0 the [`Job`].
///
/// All fourteen registers are taken between the sums' start and their end, so that there is none for a counter: jumps go where
/// the stack says. r1, r3, r5, r7 are rows; r9, r11 the values of two places; r0, r2, r4, r6 the sums of one and r8, r10, r12, lr of
/// the other. On the stack stand biases and rows as `ldm` takes them; from 48 on the way into the unrolled columns, the one out of
/// them, and the one behind the last of them; the predicate of the columns behind all vectors; outputs, the step to those of the
/// next two places, their end, and what is ahead; runs of unrolled columns that are left, and all of them; a sum meanwhile; the job. q3
/// has the multipliers and q4 the shifts, q5 and q6 the bounds, q7 where in the output the four rows of both places go.
macro_rules! many_source {
    () => {
        concat!(
            "
        push {r4-r11, lr}
        vpush {s16-s31}
        sub sp, #96
        str r0, [sp, #92]
        ldrd r1, r2, [r0, #52]
        vdup.16 q5, r1
        vdup.16 q6, r2
        ldr r1, [r0, #20]
        lsls r2, r1, #1
        str r2, [sp, #68]
        lsls r1, r1, #15
        mov r3, #0x10001
        movs r2, #0
        vidup.u32 q7, r2, #1
        vmul.i32 q7, q7, r3
        vadd.i32 q7, q7, r1
        ldr r1, [r0, #36]
        str r1, [sp, #76]
        ldrd r2, r3, [r0, #40]
        adr r4, 4f
        adds r4, #1
        subs r2, r4, r2
        str r2, [sp, #48]
        strd r3, r3, [sp, #80]
        adr r5, 7f
        adds r5, #1
        ldr r2, [r0, #60]
        str r2, [sp, #60]
        cbz r2, 2f
        adr r5, 6f
        adds r5, #1
        2:
        strd r5, r5, [sp, #52]
        cbz r3, 9f
        adr r4, 5f
        adds r4, #1
        str r4, [sp, #52]
        9:
        ldrd r1, r2, [r0]
        adds r3, r1, r2
        adds r5, r3, r2
        adds r7, r5, r2
        adds r2, r7, r2
        str r2, [r0]
        ldrd r8, r10, [r0, #28]
        ldm r8!, {r2, r4, r6, r12}
        vldrw.u32 q3, [r10], #16
        strd r8, r10, [r0, #28]
        vneg.s32 q4, q3
        vbic.i32 q3, #0xff
        strd r2, r1, [sp]
        strd r4, r3, [sp, #8]
        strd r6, r5, [sp, #16]
        strd r12, r7, [sp, #24]
        strd r2, r4, [sp, #32]
        strd r6, r12, [sp, #40]
        ldrd r9, r11, [r0, #8]
        add r11, r9
        ldr r1, [r0, #16]
        ldr r2, [r0, #24]
        adds r2, r1, r2
        str r1, [sp, #64]
        str r2, [sp, #72]
        adds r1, #8
        str r1, [r0, #16]
        1:
        ldm sp, {r0-r8, r10, r12, lr}
        ldr pc, [sp, #48]
        3:
        .rept 8
        ",
            eight!(),
            "
        .endr
        4:
        ldr pc, [sp, #52]
        5:
        str r0, [sp, #88]
        ldr r0, [sp, #80]
        subs r0, #1
        str r0, [sp, #80]
        ldr r0, [sp, #88]
        bpl 3b
        ldr r0, [sp, #84]
        str r0, [sp, #80]
        ldr r0, [sp, #88]
        ldr pc, [sp, #56]
        6:
        vldr p0, [sp, #60]
        vpsttt
        vldrht.u16 q0, [r9], #16
        vldrht.u16 q1, [r11], #16
        vldrbt.s16 q2, [r7]
        vmlava.s16 r6, q2, q0
        vmlava.s16 lr, q2, q1
        vldrb.s16 q2, [r1]
        vmlava.s16 r0, q2, q0
        vmlava.s16 r8, q2, q1
        vldrb.s16 q2, [r3]
        vmlava.s16 r2, q2, q0
        vmlava.s16 r10, q2, q1
        vldrb.s16 q2, [r5]
        vmlava.s16 r4, q2, q0
        vmlava.s16 r12, q2, q1
        7:
        vmov q0[2], q0[0], r0, r4
        vmov q0[3], q0[1], r2, r6
        vmov q1[2], q1[0], r8, r12
        vmov q1[3], q1[1], r10, lr
        vmulh.s32 q0, q0, q3
        vmulh.s32 q1, q1, q3
        vshl.s32 q0, q0, q4
        vshl.s32 q1, q1, q4
        vqmovnb.s32 q0, q0
        vqmovnt.s32 q0, q1
        vmin.s16 q0, q0, q5
        vmax.s16 q0, q0, q6
        ldrd r0, r2, [sp, #64]
        ldrd r4, r6, [sp, #72]
        vstrh.16 q0, [r0, q7, uxtw #1]
        adds r0, r0, r2
        str r0, [sp, #64]
        add r9, r6
        add r11, r6
        cmp r0, r4
        bne 1b
        ldr r0, [sp, #92]
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
