//! Rows as they are, for cores from v7-M on without the DSP extension: four rows share each load of a value, and a product takes a
//! load and an `MLA`.
#![cfg_attr(dunlin_v7m, allow(unsafe_code))] // a naked function, and the call into it with checked lengths

#[cfg(dunlin_v7m)]
dot4!();

/// r0 the first row, r1 values, r2 their number, r3 where the sums start, r12 bytes from row to row; the sums come back in
/// r0-r3.
///
/// r0, r4, r5, r6 the rows; r7 a value; r8-r11 the sums; r12 a weight.
macro_rules! dot4_source {
    () => {
        "
        push {r4-r11, lr}
        add r4, r0, r12
        add r5, r4, r12
        add r6, r5, r12
        ldm r3, {r8-r11}
        lsrs r3, r2, #2
        beq 2f
        1:
        .rept 4
        ldrsh r7, [r1], #2
        ldrsb r12, [r0], #1
        mla r8, r12, r7, r8
        ldrsb r12, [r4], #1
        mla r9, r12, r7, r9
        ldrsb r12, [r5], #1
        mla r10, r12, r7, r10
        ldrsb r12, [r6], #1
        mla r11, r12, r7, r11
        .endr
        subs r3, r3, #1
        bne 1b
        2:
        ands r2, r2, #3
        beq 4f
        3:
        ldrsh r7, [r1], #2
        ldrsb r12, [r0], #1
        mla r8, r12, r7, r8
        ldrsb r12, [r4], #1
        mla r9, r12, r7, r9
        ldrsb r12, [r5], #1
        mla r10, r12, r7, r10
        ldrsb r12, [r6], #1
        mla r11, r12, r7, r11
        subs r2, r2, #1
        bne 3b
        4:
        mov r0, r8
        mov r1, r9
        mov r2, r10
        mov r3, r11
        pop {r4-r11, pc}
        "
    };
}

/// The program of [`dot4`], for the interpreter of the tests.
pub const DOT4: &str = dot4_source!();

/// Not to be called but by [`dot4`]: its registers are not those of a C function.
#[cfg(dunlin_v7m)]
#[unsafe(naked)]
unsafe extern "C" fn dot4_program() {
    core::arch::naked_asm!(dot4_source!(), options(raw))
}
