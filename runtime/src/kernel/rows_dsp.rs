//! Rows as they are, for cores with the DSP extension: four weights of a row are a load and two words of two, which four values,
//! put in the same order once for four rows, meet in two `SMLAD`.
#![cfg_attr(dunlin_dsp, allow(unsafe_code))] // a naked function, and the call into it with checked lengths

#[cfg(dunlin_dsp)]
dot4!();

/// Four columns of the row at `$row`, its sum in `$sum`; the values of the even ones in r3, of the odd ones in r8.
macro_rules! row {
    ($row:literal, $sum:literal) => {
        concat!(
            concat!("ldr r9, ", $row, "\n"),
            "sxtb16 r10, r9\nsxtb16 r9, r9, ror #8\n",
            concat!("smlad ", $sum, ", r10, r3, ", $sum, "\n"),
            concat!("smlad ", $sum, ", r9, r8, ", $sum, "\n"),
        )
    };
}

/// Four columns of four rows.
macro_rules! quad {
    () => {
        concat!(
            "
        ldr r9, [r1], #4
        ldr r10, [r1], #4
        pkhbt r3, r9, r10, lsl #16
        pkhtb r8, r10, r9, asr #16
        ",
            row!("[r0, r12]", "r5"),
            row!("[r0, r12, lsl #1]", "r6"),
            row!("[r0, r11]", "r7"),
            row!("[r0], #4", "r4"),
        )
    };
}

/// r0 the first row, r1 values, r2 their number, r3 where the sums start, r12 bytes from row to row; the sums come back in
/// r0-r3.
///
/// r11 bytes from the first row to the last; r4-r7 the sums; r14 eights of columns.
macro_rules! dot4_source {
    () => {
        concat!(
            "
        push {r4-r11, lr}
        add r11, r12, r12, lsl #1
        ldm r3, {r4-r7}
        lsrs lr, r2, #3
        bcc 1f
        ",
            quad!(),
            "
        1:
        beq 3f
        2:
        .rept 2
        ",
            quad!(),
            "
        .endr
        subs lr, #1
        bne 2b
        3:
        ands r2, r2, #3
        beq 5f
        4:
        ldrsh r3, [r1], #2
        ldrsb r9, [r0, r12]
        mla r5, r9, r3, r5
        ldrsb r9, [r0, r12, lsl #1]
        mla r6, r9, r3, r6
        ldrsb r9, [r0, r11]
        mla r7, r9, r3, r7
        ldrsb r9, [r0], #1
        mla r4, r9, r3, r4
        subs r2, #1
        bne 4b
        5:
        mov r0, r4
        mov r1, r5
        mov r2, r6
        mov r3, r7
        pop {r4-r11, pc}
        "
        )
    };
}

/// The program of [`dot4`], for the interpreter of the tests.
pub const DOT4: &str = dot4_source!();

/// Not to be called but by [`dot4`]: its registers are not those of a C function.
#[cfg(dunlin_dsp)]
#[unsafe(naked)]
unsafe extern "C" fn dot4_program() {
    core::arch::naked_asm!(super::cpu!(), dot4_source!(), options(raw))
}
