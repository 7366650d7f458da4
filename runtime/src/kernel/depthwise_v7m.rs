//! Filters of one channel each on v7-M without DSP: a weight serves four places, and what comes after the sums is in the same
//! program.
#![cfg_attr(all(dunlin_v7m, not(dunlin_dsp)), allow(unsafe_code))] // a naked function, called by `depthwise_places`

/// Behind the last tap: r1 goes by the number at `$back` in the job to the next place, and all is loaded that an output needs.
macro_rules! summed {
    ($back:literal) => {
        concat!(
            "
            ldr r12, [sp]
            ldr r3, [r12, #",
            $back,
            "]
            add r1, r1, r3
            str r1, [r12, #20]
            add r12, r12, #28
            ldm r12, {r0-r3, r8, r10, r12}
            lsr r11, r2, #16
            lsl r11, r11, #16
            "
        )
    };
}

/// The output of the sum in `$sum`: r0 where it goes, r12 the step to the next.
macro_rules! output {
    ($sum:literal) => {
        concat!(
            scaled!($sum, "r2", "r11", "r8", "r10"),
            "strh ",
            $sum,
            ", [r0]\nadd r0, r0, r12\n"
        )
    };
}

/// All channels: r0 the job of `depthwise_places`, which stands on the stack too.
///
/// Over the taps r0 counts up to zero, behind it r2 is the end of the weights; r1 values; r8, r10 once and three times the step
/// from place to place, r12 from tap to tap; r11 a weight, r3 a value; r4-r7 the sums of four places; r9 the places that are left,
/// less four while four are done at a time.
macro_rules! places_source {
    () => {
        concat!(
            "
            push {r0, r4-r11, lr}
            1:
            ldm r0!, {r1-r5}
            ldr r6, [r1], #4
            ldr r7, [r2], #4
            stm r0!, {r3-r7}
            ldrd r6, r7, [r0, #36]
            add r3, r3, r7
            add r4, r4, r6
            add r5, r5, #2
            ldr r9, [r0, #44]
            ldr r0, [sp]
            stm r0!, {r1-r5}
            cmp r9, #0
            blt 4f
            2:
            ldr r12, [sp]
            add r12, r12, #20
            ldm r12!, {r1-r4}
            mov r5, r4
            mov r6, r4
            mov r7, r4
            ldrd r0, r8, [r12, #20]
            ldr r12, [r12, #28]
            add r10, r8, r8, lsl #1
            3:
            ldrsb r11, [r2, r0]
            ldrsh r3, [r1]
            mla r4, r11, r3, r4
            ldrsh r3, [r1, r8]
            mla r5, r11, r3, r5
            ldrsh r3, [r1, r8, lsl #1]
            mla r6, r11, r3, r6
            ldrsh r3, [r1, r10]
            mla r7, r11, r3, r7
            add r1, r1, r12
            adds r0, r0, #1
            bne 3b
            ",
            summed!("72"),
            output!("r4"),
            output!("r5"),
            output!("r6"),
            output!("r7"),
            "
            ldr r3, [sp]
            str r0, [r3, #28]
            subs r9, r9, #4
            bge 2b
            4:
            adds r9, r9, #4
            beq 7f
            5:
            ldr r12, [sp]
            add r12, r12, #20
            ldm r12!, {r1-r4}
            ldr r0, [r12, #20]
            ldr r12, [r12, #28]
            6:
            ldrsb r11, [r2, r0]
            ldrsh r3, [r1]
            mla r4, r11, r3, r4
            add r1, r1, r12
            adds r0, r0, #1
            bne 6b
            ",
            summed!("68"),
            output!("r4"),
            "
            ldr r3, [sp]
            str r0, [r3, #28]
            subs r9, r9, #1
            bne 5b
            7:
            ldr r0, [sp]
            ldr r1, [r0]
            ldr r2, [r0, #88]
            cmp r1, r2
            bne 1b
            pop {r0, r4-r11, pc}
            "
        )
    };
}

/// The program, for the interpreter of the tests.
pub const PLACES: &str = places_source!();

/// # Safety
/// The pointers of the job reach as far as its lengths say.
#[cfg(all(dunlin_v7m, not(dunlin_dsp)))]
#[unsafe(naked)]
pub(super) unsafe extern "C" fn places_program(job: &mut super::depthwise_places::Job) {
    core::arch::naked_asm!(places_source!(), options(raw))
}
