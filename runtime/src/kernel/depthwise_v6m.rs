//! Filters of one channel each on v6-M: a weight serves four places, and what comes after the sums is in the same program.
#![cfg_attr(dunlin_v6m, allow(unsafe_code))] // a naked function, called by [`depthwise_places`](super::depthwise_places)

/// A tap at the place whose offset from r1 is in `$offset` and whose sum in `$sum`; r2 the weight, r3 changes.
macro_rules! tap {
    ($offset:literal, $sum:literal) => {
        concat!(
            "ldrsh r3, [r1, ",
            $offset,
            "]\nmuls r3, r2, r3\nadd ",
            $sum,
            ", r3\n"
        )
    };
}

/// Behind the last tap: r1 goes by the number at `$back` in the job to the next place, and all is loaded that an output needs.
macro_rules! summed {
    ($back:literal) => {
        concat!(
            "
            ldr r3, [sp]
            ldr r2, [r3, #",
            $back,
            "]
            adds r1, r1, r2
            str r1, [r3, #20]
            adds r3, #28
            ldm r3!, {r0, r2, r4, r6, r7}
            ldm r3, {r3, r5}
            mov r12, r3
            lsrs r1, r4, #16
            "
        )
    };
}

/// The output of the sum in `$sum`: r0 where it goes, r5 the step to the next.
macro_rules! output {
    ($sum:literal) => {
        concat!(finish!($sum), "strh r2, [r0]\nadds r0, r0, r5\n")
    };
}

/// All channels: r0 the job of [`depthwise_places`](super::depthwise_places), which stands on the stack too.
///
/// Over the taps r0 counts up to zero, behind it r4 is the end of the weights; r1 values; r4-r7 the offsets of four places; r8-r11
/// their sums; r12 the step from tap to tap; r14 the places that are left, less four while four are done at a time.
macro_rules! places_source {
    () => {
        concat!(
            saved!(),
            "
            push {r0}
            1:
            ldm r0!, {r1-r5}
            ldm r1!, {r6}
            ldm r2!, {r7}
            stm r0!, {r3-r7}
            ldr r6, [r0, #36]
            ldr r7, [r0, #40]
            adds r3, r3, r7
            adds r4, r4, r6
            adds r5, #2
            ldr r6, [r0, #44]
            mov lr, r6
            ldr r0, [sp]
            stm r0!, {r1-r5}
            cmp r6, #0
            blt 4f
            2:
            ldr r0, [sp]
            adds r0, #20
            ldm r0!, {r1, r4-r6}
            mov r8, r6
            mov r9, r6
            mov r10, r6
            mov r11, r6
            adds r0, #20
            ldm r0, {r0, r2, r3}
            mov r12, r3
            adds r5, r4, r2
            adds r6, r5, r2
            adds r7, r6, r2
            3:
            ldrsb r2, [r0, r4]
            ",
            tap!("r4", "r8"),
            tap!("r5", "r9"),
            tap!("r6", "r10"),
            tap!("r7", "r11"),
            "
            add r1, r12
            adds r0, #1
            bne 3b
            ",
            summed!("72"),
            output!("r8"),
            output!("r9"),
            output!("r10"),
            output!("r11"),
            "
            ldr r3, [sp]
            str r0, [r3, #28]
            mov r2, lr
            subs r2, #4
            mov lr, r2
            bge 2b
            4:
            mov r2, lr
            adds r2, #4
            beq 7f
            mov lr, r2
            5:
            ldr r0, [sp]
            adds r0, #20
            ldm r0!, {r1, r4-r6}
            mov r11, r6
            adds r0, #20
            ldm r0, {r0, r2, r3}
            mov r12, r3
            6:
            ldrsb r2, [r0, r4]
            ",
            tap!("r4", "r11"),
            "
            add r1, r12
            adds r0, #1
            bne 6b
            ",
            summed!("68"),
            output!("r11"),
            "
            ldr r3, [sp]
            str r0, [r3, #28]
            mov r2, lr
            subs r2, #1
            mov lr, r2
            bne 5b
            7:
            ldr r0, [sp]
            ldr r1, [r0]
            ldr r2, [r0, #88]
            cmp r1, r2
            beq 8f
            b 1b
            8:
            ",
            restored!("r0, r4-r7"),
        )
    };
}

/// The program, for the interpreter of the tests.
pub const PLACES: &str = places_source!();

/// # Safety
/// The pointers of the job reach as far as its lengths say.
#[cfg(dunlin_v6m)]
#[unsafe(naked)]
pub(super) unsafe extern "C" fn places_program(job: &mut super::depthwise_places::Job) {
    core::arch::naked_asm!(places_source!(), options(raw))
}
