//! Four rows side by side with unsigned weights, for cores of the v6-M architecture: there a load of an unsigned byte has an
//! immediate offset and one of a signed byte has not.
//!
//! A block holds four rows as bytes `w + 128`, a column after the other: `r0 r1 r2 r3, r0 r1 r2 r3, ...`. What the 128 adds to
//! every sum, `128 * sum of x`, is the same for all rows: see [`correction`].
#![cfg_attr(dunlin_v6m, allow(unsafe_code))] // naked functions, and the calls into them with checked lengths

#[cfg(not(dunlin_v6m))]
const OFFSET: i32 = 128;

/// Bytes of a block of four rows.
pub const fn block_bytes(columns: usize) -> usize {
    columns * 4
}

/// `W[r][column]` of a block.
#[inline]
pub fn weight(block: &[i8], r: usize, column: usize) -> i8 {
    block
        .get(column * 4 + r)
        .map_or(0, |&stored| stored.wrapping_sub(i8::MIN))
}

/// Stores four rows of equal length.
#[cfg(feature = "write")]
pub fn pack(rows: [&[i8]; 4], block: &mut [i8]) {
    for (column, place) in block.chunks_exact_mut(4).enumerate() {
        for (row, place) in rows.iter().zip(place) {
            *place = row
                .get(column)
                .copied()
                .unwrap_or_default()
                .wrapping_add(i8::MIN);
        }
    }
}

/// What the sums of [`dot4`] lack for these values: `-128 * sum of x`, modulo 2^32.
#[cfg(not(dunlin_v6m))]
pub fn correction(x: &[i16]) -> i32 {
    let sum = x.iter().fold(0i32, |sum, &x| sum.wrapping_add(x.into()));
    sum.wrapping_mul(-OFFSET)
}

/// What the sums of [`dot4`] lack for these values: `-128 * sum of x`, modulo 2^32.
#[cfg(dunlin_v6m)]
#[inline(always)]
pub fn correction(x: &[i16]) -> i32 {
    // SAFETY: as many values as there are.
    unsafe { correction_program(x.as_ptr(), x.len()) }
}

/// `sums[r] + sum of (W[r][column + i] + 128) * x[i]` over four rows of a block, modulo 2^32; the shorter of both ends the sum.
#[inline(always)]
pub fn dot4(block: &[i8], column: usize, x: &[i16], sums: &[i32; 4]) -> [i32; 4] {
    columns(block.get(column * 4..).unwrap_or_default(), x, sums)
}

#[cfg(not(dunlin_v6m))]
fn columns(block: &[i8], x: &[i16], sums: &[i32; 4]) -> [i32; 4] {
    let mut sums = *sums;
    for (column, &x) in block.chunks_exact(4).zip(x) {
        for (sum, &stored) in sums.iter_mut().zip(column) {
            *sum = sum.wrapping_add(i32::from(stored as u8) * i32::from(x));
        }
    }
    sums
}

#[cfg(dunlin_v6m)]
#[inline(always)]
fn columns(block: &[i8], x: &[i16], sums: &[i32; 4]) -> [i32; 4] {
    let columns = x.len().min(block.len() / 4);
    let (a, b, c, d);
    // SAFETY: the program reads four bytes of the block and a value of `x` for each column, writes to its own stack alone and
    // leaves all registers but these as they were.
    unsafe {
        core::arch::asm!(
            "bl {program}",
            program = sym dot4_program,
            inlateout("r0") block.as_ptr() => a,
            inlateout("r1") x.as_ptr() => b,
            inlateout("r2") columns => c,
            inlateout("r3") sums.as_ptr() => d,
            out("r12") _,
            out("lr") _,
            options(readonly),
        );
    }
    [a, b, c, d]
}

/// The program of [`dot4`]: r0 weights, r1 values, r2 columns, r3 where the sums start; it leaves the four sums in r0-r3.
/// r4-r7 are 0, 2, 4, 6; r8-r11 the sums; r12 an end of the values.
macro_rules! dot4_source {
    () => {
        concat!(
            "
            push {r2, r4-r7, lr}
            mov r4, r8
            mov r5, r9
            mov r6, r10
            mov r7, r11
            push {r4-r7}
            ldm r3!, {r4-r7}
            mov r8, r4
            mov r9, r5
            mov r10, r6
            mov r11, r7
            movs r4, #0
            movs r5, #2
            movs r6, #4
            movs r7, #6
            lsrs r3, r2, #3
            lsls r3, r3, #4
            adds r3, r1, r3
            mov r12, r3
            cmp r1, r3
            beq 2f
            1:
            .rept 2
            ",
            column!("r4", "0", "1", "2", "3"),
            column!("r5", "4", "5", "6", "7"),
            column!("r6", "8", "9", "10", "11"),
            column!("r7", "12", "13", "14", "15"),
            "
            adds r0, #16
            adds r1, #8
            .endr
            cmp r1, r12
            bne 1b
            2:
            ldr r2, [sp, #16]
            lsls r2, r2, #29
            lsrs r2, r2, #28
            beq 4f
            adds r2, r1, r2
            mov r12, r2
            3:
            ",
            column!("r4", "0", "1", "2", "3"),
            "
            adds r0, #4
            adds r1, #2
            cmp r1, r12
            bne 3b
            4:
            mov r0, r8
            mov r1, r9
            mov r2, r10
            mov r3, r11
            pop {r4-r7}
            mov r8, r4
            mov r9, r5
            mov r10, r6
            mov r11, r7
            add sp, #4
            pop {r4-r7, pc}
            "
        )
    };
}

/// The program of [`correction`]: r0 values, r1 their number.
///
/// r3-r6 become where the last whole four values end and 2, 4, 6 bytes behind it; from there r2 counts bytes, from below zero up
/// to r1, those of the values left over.
macro_rules! correction_source {
    () => {
        "
        push {r4-r7, lr}
        lsrs r2, r1, #2
        lsls r2, r2, #3
        lsls r1, r1, #1
        subs r1, r1, r2
        adds r3, r0, r2
        adds r4, r3, #2
        adds r5, r3, #4
        adds r6, r3, #6
        movs r0, #0
        rsbs r2, r2, #0
        beq 3f
        1:
        ldrsh r7, [r2, r3]
        adds r0, r0, r7
        ldrsh r7, [r2, r4]
        adds r0, r0, r7
        ldrsh r7, [r2, r5]
        adds r0, r0, r7
        ldrsh r7, [r2, r6]
        adds r0, r0, r7
        adds r2, #8
        bne 1b
        b 3f
        2:
        ldrsh r7, [r2, r3]
        adds r0, r0, r7
        adds r2, #2
        3:
        cmp r2, r1
        bne 2b
        lsls r0, r0, #7
        rsbs r0, r0, #0
        pop {r4-r7, pc}
        "
    };
}

/// The programs of [`dot4`] and [`correction`], for the interpreter of the tests.
pub const DOT4: &str = dot4_source!();
pub const CORRECTION: &str = correction_source!();

/// # Safety
/// As many values at `x`.
#[cfg(dunlin_v6m)]
#[unsafe(naked)]
unsafe extern "C" fn correction_program(x: *const i16, values: usize) -> i32 {
    core::arch::naked_asm!(correction_source!(), options(raw))
}

/// Not to be called but by [`columns`]: its registers are not those of a C function.
#[cfg(dunlin_v6m)]
#[unsafe(naked)]
unsafe extern "C" fn dot4_program() {
    core::arch::naked_asm!(dot4_source!(), options(raw))
}
