//! Two rows in a lane, for cores with the DSP extension: two multiplications serve four weights without unpacking them all.
//!
//! A block holds four rows `r0..r3` as 32-bit words of two 16-bit lanes, a lane a column. A word carries the rows `p` and
//! `p + 2` as `h = 256 a + b` with `a = W[p]`, `b = W[p + 2]`; the words of `p = 0` and `p = 1` alternate:
//!
//! ```text
//! columns 0, 1: word of r0, r2; word of r1, r3;  columns 2, 3: word of r0, r2; ...
//! ```
//! With `S = sum of h x` in 64 bits (`SMLALD`) and `B = sum of b x` in 32 (`SXTB16`, `SMLAD`), `A = (S - B) / 256` exactly.
#![cfg_attr(dunlin_dsp, allow(unsafe_code))] // naked functions, and the calls into them with checked lengths

/// Bytes of a block of four rows: an odd last column is filled up with a column of zeros.
pub const fn block_bytes(columns: usize) -> usize {
    columns.next_multiple_of(2) * 4
}

/// `W[r][column]` of a block.
#[inline]
pub fn weight(block: &[i8], r: usize, column: usize) -> i8 {
    let at = (column / 2 * 2 + r % 2) * 4 + column % 2 * 2;
    let (Some(&low), Some(&high)) = (block.get(at), block.get(at + 1)) else {
        return 0;
    };
    if r < 2 {
        // The upper byte is one less where the lower one is negative.
        high.wrapping_add(i8::from(low < 0))
    } else {
        low
    }
}

/// Stores four rows of equal length; the weights are in [-127, 127].
#[cfg(feature = "write")]
pub fn pack(rows: [&[i8]; 4], block: &mut [i8]) {
    for (word, place) in block.chunks_exact_mut(4).enumerate() {
        let p = word % 2;
        for (lane, place) in place.chunks_exact_mut(2).enumerate() {
            let column = word / 2 * 2 + lane;
            let of = |r: usize| rows[r].get(column).copied().unwrap_or_default();
            let [low, high] = (i16::from(of(p)) * 256 + i16::from(of(p + 2))).to_le_bytes();
            place.copy_from_slice(&[low as i8, high as i8]);
        }
    }
}

/// `sums[r] + sum of W[r][column + i] * x[i]` over four rows of a block, modulo 2^32; the shorter of both ends the sum.
#[inline(always)]
pub fn dot4(block: &[i8], column: usize, x: &[i16], sums: &[i32; 4]) -> [i32; 4] {
    if column % 2 == 1 {
        from_odd(block, column, x, sums)
    } else {
        from_even(block.get(column * 4..).unwrap_or_default(), x, sums)
    }
}

/// [`dot4`] from an odd column on.
#[inline(never)]
fn from_odd(block: &[i8], column: usize, x: &[i16], sums: &[i32; 4]) -> [i32; 4] {
    let (first, rest) = x.split_first().unwrap_or((&0, &[]));
    // The column before meets a zero.
    let pair = block.get((column - 1) * 4..).unwrap_or_default();
    let sums = from_even(pair, &[0, *first], sums);
    from_even(block.get(column * 4 + 4..).unwrap_or_default(), rest, &sums)
}

/// [`dot4`] from an even column on.
#[cfg(not(dunlin_dsp))]
fn from_even(block: &[i8], x: &[i16], sums: &[i32; 4]) -> [i32; 4] {
    core::array::from_fn(|r| {
        let columns = x.iter().take(block.len() / 8 * 2).enumerate();
        columns.fold(sums[r], |sum, (column, &x)| {
            sum.wrapping_add(i32::from(weight(block, r, column)) * i32::from(x))
        })
    })
}

/// [`dot4`] from an even column on.
#[cfg(dunlin_dsp)]
#[inline(always)]
fn from_even(block: &[i8], x: &[i16], sums: &[i32; 4]) -> [i32; 4] {
    let columns = x.len().min(block.len() / 8 * 2);
    let (a, b, c, d);
    // SAFETY: the program reads four bytes of the block and a value of `x` for each column, and for an odd last column four
    // bytes more, which are there: blocks have an even number of columns. Blocks start at a multiple of four bytes in a file,
    // and so do even columns. It writes to its own stack alone and leaves all registers but these as they were.
    unsafe {
        core::arch::asm!(
            "bl {program}",
            program = sym dot4_program,
            inlateout("r0") block.as_ptr() => a,
            inlateout("r1") x.as_ptr() => b,
            inlateout("r2") columns => _,
            inlateout("r3") sums.as_ptr() => _,
            out("r12") c,
            out("lr") d,
            options(readonly),
        );
    }
    [a, b, c, d]
}

/// Four columns of the four rows, their words in r4-r7 and their values in r2 and r3.
macro_rules! quad {
    () => {
        "
        smlald r8, r9, r4, r2
        smlald r10, r11, r5, r2
        smlald r8, r9, r6, r3
        smlald r10, r11, r7, r3
        sxtb16 r4, r4
        sxtb16 r5, r5
        sxtb16 r6, r6
        sxtb16 r7, r7
        smlad r12, r4, r2, r12
        smlad lr, r5, r2, lr
        smlad r12, r6, r3, r12
        smlad lr, r7, r3, lr
        "
    };
}

/// All columns of four rows: r0 words, r1 values, r2 and the stack's second word their number; r4, r5, r12, r14 where the sums
/// start. It leaves the sums in two registers, r12 and r14, and r0, unless a
/// sum takes it, behind the words: the last load moves it by what the macro is given.
///
/// r4-r7 words; r2, r3 values; r8, r9 and r10, r11 the sums S of both pairs; r12, r14 the sums B.
macro_rules! columns {
    ($first:literal, $second:literal, $behind:literal) => {
        concat!(
            "
        adds r8, r12, r4, lsl #8
        asr r9, r4, #24
        adc r9, r9, r12, asr #31
        adds r10, lr, r5, lsl #8
        asr r11, r5, #24
        adc r11, r11, lr, asr #31
        tst r1, #2
        bne 4f
        bics r4, r2, #31
        beq 2f
        add r4, r1, r4, lsl #1
        str r4, [sp]
        1:
        .rept 8
        ldm r0!, {r4-r7}
        ldrd r2, r3, [r1], #8
        ",
            quad!(),
            "
        .endr
        ldr r4, [sp]
        cmp r1, r4
        bne 1b
        ldr r2, [sp, #4]
        2:
        ands r4, r2, #28
        beq 12f
        add r4, r1, r4, lsl #1
        str r4, [sp]
        3:
        ldm r0!, {r4-r7}
        ldrd r2, r3, [r1], #8
        ",
            quad!(),
            "
        ldr r4, [sp]
        cmp r1, r4
        bne 3b
        b 6f
        4:
        bic r4, r2, #3
        adds r4, r1, r4, lsl #1
        str r4, [sp]
        5:
        ldr r4, [sp]
        cmp r1, r4
        beq 6f
        ldm r0!, {r4-r7}
        ldr r2, [r1], #4
        ldr r3, [r1], #4
        ",
            quad!(),
            "
        b 5b
        6:
        ldr r2, [sp, #4]
        12:
        lsls r2, r2, #31
        bcc 7f
        ldr r2, [r1], #4
        ldrd r4, r5, [r0], #8
        smlald r8, r9, r4, r2
        smlald r10, r11, r5, r2
        sxtb16 r4, r4
        sxtb16 r5, r5
        smlad r12, r4, r2, r12
        smlad lr, r5, r2, lr
        7:
        bpl 8f
        ldrh r2, [r1]
        ldrd r4, r5, [r0]",
            $behind,
            "
        smlald r8, r9, r4, r2
        smlald r10, r11, r5, r2
        sxtb16 r4, r4
        sxtb16 r5, r5
        smlad r12, r4, r2, r12
        smlad lr, r5, r2, lr
        8:
        subs r8, r8, r12
        sbc r9, r9, r12, asr #31
        lsr r8, r8, #8
        orr ",
            $first,
            ", r8, r9, lsl #24
        subs r10, r10, lr
        sbc r11, r11, lr, asr #31
        lsr r10, r10, #8
        orr ",
            $second,
            ", r10, r11, lsl #24
        "
        )
    };
}

pub(super) use {columns, quad};

/// The program of [`dot4`]: r0 words, r1 values, r2 columns, r3 where the sums start; it leaves the four sums in r0, r1, r12 and
/// r14.
macro_rules! dot4_source {
    () => {
        concat!(
            "
        push {r1, r2, r4-r11, lr}
        ldm r3, {r4, r5, r12, lr}
        ",
            columns!("r0", "r1", ""),
            "
        pop {r2-r11, pc}
        "
        )
    };
}

/// The program of [`dot4`], for the interpreter of the tests.
pub const DOT4: &str = dot4_source!();

/// Not to be called but by [`from_even`]: its registers are not those of a C function.
#[cfg(dunlin_dsp)]
#[unsafe(naked)]
unsafe extern "C" fn dot4_program() {
    core::arch::naked_asm!(super::cpu!(), dot4_source!(), options(raw))
}
