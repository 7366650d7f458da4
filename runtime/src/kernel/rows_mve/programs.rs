//! Rows on cores with Helium: the programs.
#![cfg_attr(dunlin_mve, allow(unsafe_code))] // naked functions

#[cfg(dunlin_mve)]
use core::mem::MaybeUninit;

/// What [`PRODUCTS`] and [`CLAMPED`] work on.
#[cfg(dunlin_mve)]
#[repr(C)]
pub(super) struct Job {
    pub x: *const i16,
    pub stride: usize,
    /// Columns, and then pairs of eight of them and those behind.
    pub columns: usize,
    pub behind: MaybeUninit<usize>,
    pub weights: *const i8,
    pub sums: *const i32,
    pub scale: *const u32,
    pub y: *mut u8,
    /// Bytes from the end of a row, rounded up to eight columns, back to the start of the next.
    pub back: MaybeUninit<usize>,
    /// Rows, and then the output behind the last four of them.
    pub rows: usize,
    /// The lower one and the upper one.
    pub bounds: [i16; 2],
    pub low: MaybeUninit<[i32; 4]>,
    /// Rows of the last four that are done already: there are some behind the last whole four.
    pub again: usize,
}

/// Eight columns of four rows, or as many of them as a loop has left.
macro_rules! eight {
    () => {
        "
        vldrh.u16 q0, [r9], #16
        vldrb.s16 q1, [r1], #8
        vmlava.s16 r0, q1, q0
        vldrb.s16 q1, [r3], #8
        vmlava.s16 r2, q1, q0
        vldrb.s16 q1, [r5], #8
        vmlava.s16 r4, q1, q0
        vldrb.s16 q1, [r7], #8
        vmlava.s16 r8, q1, q0
        "
    };
}

/// Fours of rows: r0 the job.
///
/// r1, r3, r5, r7 the rows; r0, r2, r4, r8 their sums, which have even numbers; r9 values; r10 the job, r11 sums and r12 scales in
/// memory, r6 outputs. The last columns may be fewer than a vector has: their loop is tail-predicated.
macro_rules! four_rows {
    ($begin:literal, $unscaled:literal, $store:literal, $places:literal, $end:literal) => {
        concat!(
            "
        push {r4-r11, lr}
        mov r10, r0
        ldrd r1, r2, [r10, #4]
        lsrs r3, r2, #4
        and r4, r2, #15
        strd r3, r4, [r10, #8]
        adds r2, #7
        bic r2, r2, #7
        subs r2, r2, r1
        str r2, [r10, #32]
        ldrd r1, r11, [r10, #16]
        ldrd r12, r6, [r10, #24]
        ldr r2, [r10, #36]
        bic r2, r2, #3
        ",
            $begin,
            "
        str r2, [r10, #36]
        1:
        ldrd r9, r0, [r10]
        ldr lr, [r10, #8]
        adds r3, r1, r0
        adds r5, r3, r0
        adds r7, r5, r0
        ldm r11!, {r0, r2, r4, r8}
        wls lr, lr, 3f
        2:
        .rept 2
        ",
            eight!(),
            "
        .endr
        le lr, 2b
        3:
        ldr lr, [r10, #12]
        wlstp.16 lr, lr, 8f
        4:
        ",
            eight!(),
            "
        letp lr, 4b
        8:
        ",
            $unscaled,
            "
        vmov q0[2], q0[0], r0, r4
        vmov q0[3], q0[1], r2, r8
        vldrw.u32 q1, [r12], #16
        vneg.s32 q2, q1
        vbic.i32 q1, #0xff
        vmulh.s32 q0, q0, q1
        vshl.s32 q0, q0, q2
        ",
            $store,
            "
        5:
        ldrd r0, r2, [r10, #32]
        subs r1, r7, r0
        cmp r6, r2
        bne 1b
        ldr r0, [r10, #60]
        cbz r0, 7f
        ldr r2, [r10, #4]
        mls r1, r0, r2, r1
        sub r11, r11, r0, lsl #2
        sub r12, r12, r0, lsl #2
        movs r2, #0
        str r2, [r10, #60]
        ",
            $places,
            "
        str r2, [r10, #36]
        b 1b
        7:
        pop {r4-r11, pc}
        ",
            $end
        )
    };
}

/// To 32 bits; sums that are not scaled go straight to memory.
macro_rules! products_source {
    () => {
        four_rows!(
            "
        add r2, r6, r2, lsl #2
        ",
            "
        cmp r12, #0
        beq 6f
        ",
            "
        vstrw.32 q0, [r6], #16
        ",
            "
        sub r6, r6, r0, lsl #2
        add r2, r6, #16
        ",
            "
        6:
        stm r6!, {r0, r2, r4, r8}
        b 5b
        "
        )
    };
}

/// To 16 bits; q3 has the upper bound.
macro_rules! clamped_source {
    () => {
        four_rows!(
            "
        add r2, r6, r2, lsl #1
        ldrsh r3, [r10, #42]
        vdup.32 q3, r3
        ldrsh r3, [r10, #40]
        vdup.32 q1, r3
        vstrw.32 q1, [r10, #44]
        ",
            "",
            "
        vldrw.u32 q1, [r10, #44]
        vmin.s32 q0, q0, q3
        vmax.s32 q0, q0, q1
        vstrh.32 q0, [r6], #8
        ",
            "
        sub r6, r6, r0, lsl #1
        add r2, r6, #8
        ",
            ""
        )
    };
}

/// One row: r0 what its sum starts from, r1 its weights, r2 values, r3 their number; the sum comes back in r0.
macro_rules! dot_source {
    () => {
        "
        push {lr}
        lsrs r12, r3, #6
        and r3, r3, #63
        wls lr, r12, 2f
        1:
        .rept 8
        vldrh.u16 q0, [r2], #16
        vldrb.s16 q1, [r1], #8
        vmlava.s16 r0, q1, q0
        .endr
        le lr, 1b
        2:
        wlstp.16 lr, r3, 4f
        3:
        vldrh.u16 q0, [r2], #16
        vldrb.s16 q1, [r1], #8
        vmlava.s16 r0, q1, q0
        letp lr, 3b
        4:
        pop {pc}
        "
    };
}

/// The programs of [`products`](super::products), [`clamped`](super::clamped) and [`dot`](super::dot), for the interpreter of the tests.
pub const PRODUCTS: &str = products_source!();
pub const CLAMPED: &str = clamped_source!();
pub const DOT: &str = dot_source!();

/// # Safety
/// The pointers of the job reach as far as its lengths say.
#[cfg(dunlin_mve)]
#[unsafe(naked)]
pub(super) unsafe extern "C" fn products_program(job: &mut Job) {
    core::arch::naked_asm!(super::super::cpu!(), products_source!(), options(raw))
}

/// # Safety
/// As of [`products_program`].
#[cfg(dunlin_mve)]
#[unsafe(naked)]
pub(super) unsafe extern "C" fn clamped_program(job: &mut Job) {
    core::arch::naked_asm!(super::super::cpu!(), clamped_source!(), options(raw))
}

/// # Safety
/// As many weights and values.
#[cfg(dunlin_mve)]
#[unsafe(naked)]
pub(super) unsafe extern "C" fn dot_program(
    start: i32,
    row: *const i8,
    x: *const i16,
    columns: usize,
) -> i32 {
    core::arch::naked_asm!(super::super::cpu!(), dot_source!(), options(raw))
}
