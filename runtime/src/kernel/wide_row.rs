//! A row that stands alone in a packed matrix, as 16-bit weights: for twice the bytes it takes half the instructions.
#![cfg_attr(any(dunlin_dsp, dunlin_v6m), allow(unsafe_code))] // naked functions, and the calls into them with checked lengths

/// `sum + sum of row[i] * x[i]`, modulo 2^32; the shorter of both ends the sum.
#[cfg(not(any(dunlin_dsp, dunlin_v6m)))]
#[inline]
pub fn dot(row: &[i16], x: &[i16], sum: i32) -> i32 {
    row.iter().zip(x).fold(sum, |sum, (&w, &x)| {
        sum.wrapping_add(i32::from(w) * i32::from(x))
    })
}

/// `sum + sum of row[i] * x[i]`, modulo 2^32; the shorter of both ends the sum.
#[cfg(any(dunlin_dsp, dunlin_v6m))]
#[inline(always)]
pub fn dot(row: &[i16], x: &[i16], sum: i32) -> i32 {
    // SAFETY: as many values of both as the shorter one has.
    unsafe { dot_asm(row.as_ptr(), x.as_ptr(), row.len().min(x.len()), sum) }
}

/// Ten columns with the DSP extension.
macro_rules! ten {
    () => {
        "
        ldm r0!, {r4-r8}
        ldm r1!, {r9-r12, lr}
        smlad r3, r4, r9, r3
        smlad r3, r5, r10, r3
        smlad r3, r6, r11, r3
        smlad r3, r7, r12, r3
        smlad r3, r8, lr, r3
        "
    };
}

/// With the DSP extension: r0 row, r1 values, r2 their number, r3 the sum.
macro_rules! dsp_source {
    () => {
        concat!(
            "
        push {r4-r11, lr}
        orr r4, r0, r1
        tst r4, #2
        bne 4f
        subs r2, #60
        blt 2f
        1:
        .rept 6
        ",
            ten!(),
            "
        .endr
        subs r2, #60
        bge 1b
        2:
        adds r2, #50
        blt 8f
        3:
        ",
            ten!(),
            "
        subs r2, #10
        bge 3b
        8:
        adds r2, #8
        blt 6f
        5:
        ldr r4, [r0], #4
        ldr r5, [r1], #4
        smlad r3, r4, r5, r3
        subs r2, #2
        bge 5b
        6:
        adds r2, #1
        bne 7f
        ldrsh r4, [r0]
        ldrsh r5, [r1]
        smlabb r3, r4, r5, r3
        7:
        mov r0, r3
        pop {r4-r11, pc}
        4:
        subs r2, #2
        bge 5b
        b 6b
        "
        )
    };
}

/// On v6-M: r0 row, r1 values, r2 their number, r3 the sum.
///
/// r2, r6, r7, r3 become where the last whole 16 values end and 2, 4, 6 bytes behind it; from there r1 counts the values' bytes,
/// from below zero up, and r0 those of the row. r12 the sum; r14 the bytes of the values left over.
macro_rules! v6m_source {
    () => {
        "
        push {r4-r7, lr}
        mov r12, r3
        lsrs r3, r2, #4
        lsls r3, r3, #5
        lsls r2, r2, #1
        subs r2, r2, r3
        mov lr, r2
        adds r2, r1, r3
        subs r0, r0, r2
        adds r6, r2, #2
        adds r7, r2, #4
        rsbs r1, r3, #0
        beq 4f
        adds r3, r2, #6
        1:
        .rept 4
        ldrsh r4, [r0, r2]
        ldrsh r5, [r1, r2]
        muls r4, r5, r4
        add r12, r4
        ldrsh r4, [r0, r6]
        ldrsh r5, [r1, r6]
        muls r4, r5, r4
        add r12, r4
        ldrsh r4, [r0, r7]
        ldrsh r5, [r1, r7]
        muls r4, r5, r4
        add r12, r4
        ldrsh r4, [r0, r3]
        ldrsh r5, [r1, r3]
        muls r4, r5, r4
        add r12, r4
        adds r0, #8
        adds r1, #8
        .endr
        bne 1b
        b 4f
        3:
        ldrsh r4, [r0, r2]
        ldrsh r5, [r1, r2]
        muls r4, r5, r4
        add r12, r4
        adds r0, #2
        adds r1, #2
        4:
        cmp r1, lr
        bne 3b
        mov r0, r12
        pop {r4-r7, pc}
        "
    };
}

/// The programs of [`dot`], for the interpreter of the tests.
pub const DSP: &str = dsp_source!();
pub const V6M: &str = v6m_source!();

/// # Safety
/// `row` and `x` with `columns` values.
#[cfg(dunlin_dsp)]
#[unsafe(naked)]
unsafe extern "C" fn dot_asm(row: *const i16, x: *const i16, columns: usize, sum: i32) -> i32 {
    core::arch::naked_asm!(super::cpu!(), dsp_source!(), options(raw))
}

/// # Safety
/// `row` and `x` with `columns` values.
#[cfg(dunlin_v6m)]
#[unsafe(naked)]
unsafe extern "C" fn dot_asm(row: *const i16, x: *const i16, columns: usize, sum: i32) -> i32 {
    core::arch::naked_asm!(v6m_source!(), options(raw))
}
