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
    let product = |r| i32::from(weight(block, r, column)) * i32::from(*first);
    let sums = core::array::from_fn(|r| sums[r].wrapping_add(product(r)));
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

/// Blocks of four rows that follow each other, with a bias and a scale a row.
#[derive(Debug, Clone, Copy)]
pub struct Blocks<'a> {
    pub words: &'a [i8],
    /// Columns of a row.
    pub columns: usize,
    pub bias: &'a [[i32; 4]],
    /// As [`Rescale`](crate::math::rescale::Rescale) has them.
    pub scale: &'a [[u32; 4]],
}

impl Blocks<'_> {
    /// Whether so many blocks are there with all that belongs to them, and so many columns from an even one on.
    fn fit(&self, blocks: usize, column: usize, columns: usize) -> bool {
        let bytes = block_bytes(self.columns);
        bytes
            .checked_mul(blocks)
            .is_some_and(|bytes| bytes <= self.words.len())
            && blocks <= self.bias.len().min(self.scale.len())
            && column.is_multiple_of(2)
            && column <= self.columns
            && columns <= self.columns - column
    }
}

/// `y[r] = clamp(scale[r] (bias[r] + sum of W[r][column + i] * x[i]))` for as many blocks as `y` has, over all of `x`.
///
/// `false`, and nothing done, from an odd column on, and where a slice is too short.
#[inline]
pub fn clamped(
    blocks: &Blocks<'_>,
    (low, high): (i16, i16),
    column: usize,
    x: &[i16],
    y: &mut [[i16; 4]],
) -> bool {
    if y.is_empty() {
        return true;
    }
    if !blocks.fit(y.len(), column, x.len()) {
        return false;
    }
    #[cfg(dunlin_dsp)]
    {
        let outputs = y.as_mut_ptr_range();
        let outputs = outputs.start.cast::<u8>()..outputs.end.cast();
        let bounded = (low, high) != (i16::MIN, i16::MAX);
        run(blocks, column, x, outputs, bounded.into(), (low, high));
    }
    #[cfg(not(dunlin_dsp))]
    each_block(blocks, column, x, y, |value| {
        value.min(high.into()).max(low.into()) as i16
    });
    true
}

/// [`clamped`] without bounds.
#[inline]
pub fn products(blocks: &Blocks<'_>, column: usize, x: &[i16], y: &mut [[i32; 4]]) -> bool {
    if y.is_empty() {
        return true;
    }
    if !blocks.fit(y.len(), column, x.len()) {
        return false;
    }
    #[cfg(dunlin_dsp)]
    {
        let outputs = y.as_mut_ptr_range();
        let outputs = outputs.start.cast::<u8>()..outputs.end.cast();
        run(blocks, column, x, outputs, 2, (0, 0));
    }
    #[cfg(not(dunlin_dsp))]
    each_block(blocks, column, x, y, |value| value);
    true
}

/// As many blocks as `y` has; all of them fit.
#[cfg(not(dunlin_dsp))]
fn each_block<T>(
    blocks: &Blocks<'_>,
    column: usize,
    x: &[i16],
    y: &mut [[T; 4]],
    finish: impl Fn(i32) -> T,
) {
    use crate::math::rescale::Rescale;
    let rows = blocks.bias.iter().zip(blocks.scale);
    let bytes = block_bytes(blocks.columns).max(1);
    let words = blocks.words.chunks_exact(bytes);
    for ((y, words), (bias, scale)) in y.iter_mut().zip(words).zip(rows) {
        let sums = dot4(words, column, x, bias);
        for ((y, &scale), sum) in y.iter_mut().zip(scale).zip(sums) {
            *y = finish(Rescale(scale).apply(sum));
        }
    }
}

/// As many blocks as there is room for outputs; all of them fit.
#[cfg(dunlin_dsp)]
#[inline(always)]
fn run(
    blocks: &Blocks<'_>,
    column: usize,
    x: &[i16],
    outputs: core::ops::Range<*mut u8>,
    form: u32,
    (low, high): (i16, i16),
) {
    let twice = |value: i16| u32::from(value as u16) * 0x1_0001;
    let job = Job {
        room: 0,
        columns: x.len(),
        x: x.as_ptr(),
        bias: blocks.bias.as_ptr(),
        scale: blocks.scale.as_ptr(),
        y: outputs.start,
        end: outputs.end,
        form,
        high: twice(high),
        low: twice(low),
        skipped: block_bytes(blocks.columns) - block_bytes(x.len()),
        words: blocks.words.as_ptr().wrapping_add(4 * column),
    };
    // SAFETY: for each four outputs, the program reads four biases, four scales and the columns of a block, of which there are
    // enough by `fit`, and all of `x`. Blocks and even columns start at multiples of four bytes in a file.
    unsafe { blocks_program(&job) };
}

/// What [`BLOCKS`] works on.
#[cfg(dunlin_dsp)]
#[repr(C)]
struct Job {
    /// Where the program has the end of a loop.
    room: u32,
    columns: usize,
    x: *const i16,
    bias: *const [i32; 4],
    scale: *const [u32; 4],
    y: *mut u8,
    end: *mut u8,
    /// 0: outputs of 16 bits, 1: between bounds, 2: of 32 bits.
    form: u32,
    /// Twice in a word.
    high: u32,
    low: u32,
    /// Bytes of a block behind the columns.
    skipped: usize,
    words: *const i8,
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
/// start. It leaves r0 behind the words, unless the sums take it: two registers, r12 and r14.
///
/// r4-r7 words; r2, r3 values; r8, r9 and r10, r11 the sums S of both pairs; r12, r14 the sums B.
macro_rules! columns {
    ($first:literal, $second:literal) => {
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
        bic r4, r2, #31
        adds r4, r1, r4, lsl #1
        str r4, [sp]
        cmp r1, r4
        beq 2f
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
        2:
        ldr r2, [sp, #4]
        ands r4, r2, #28
        beq 6f
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
        ldrd r4, r5, [r0], #8
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

/// The program of [`dot4`]: r0 words, r1 values, r2 columns, r3 where the sums start; it leaves the four sums in r0, r1, r12 and
/// r14.
macro_rules! dot4_source {
    () => {
        concat!(
            "
        push {r1, r2, r4-r11, lr}
        ldm r3, {r4, r5, r12, lr}
        ",
            columns!("r0", "r1"),
            "
        pop {r2-r11, pc}
        "
        )
    };
}

/// The program of [`clamped`] and [`products`]: r0 the [`Job`].
///
/// On the stack are the words of the job, the first one free for the end of a loop.
macro_rules! blocks_source {
    () => {
        concat!(
            "
        push {r4-r11, lr}
        ldm r0!, {r2-r12}
        push {r2-r12}
        ldr r0, [r0]
        9:
        ldrd r2, r1, [sp, #4]
        ldr r3, [sp, #12]
        ldm r3!, {r4, r5, r12, lr}
        str r3, [sp, #12]
        ",
            columns!("r8", "r10"),
            "
        ldrd r1, r2, [sp, #16]
        ldm r1!, {r3-r6}
        smulwt r8, r8, r3
        smulwt r10, r10, r4
        smulwt r12, r12, r5
        smulwt lr, lr, r6
        asr r8, r8, r3
        asr r10, r10, r4
        asr r12, r12, r5
        asr lr, lr, r6
        ldrd r3, r4, [sp, #24]
        cmp r4, #1
        bhi 11f
        ssat r8, #16, r8
        ssat r10, #16, r10
        ssat r12, #16, r12
        ssat lr, #16, lr
        pkhbt r8, r8, r10, lsl #16
        pkhbt r12, r12, lr, lsl #16
        bcc 10f
        ldrd r5, r6, [sp, #32]
        ssub16 r4, r8, r5
        sel r8, r5, r8
        ssub16 r4, r12, r5
        sel r12, r5, r12
        ssub16 r4, r8, r6
        sel r8, r8, r6
        ssub16 r4, r12, r6
        sel r12, r12, r6
        10:
        str r8, [r2], #4
        str r12, [r2], #4
        strd r1, r2, [sp, #16]
        ldr r1, [sp, #40]
        add r0, r0, r1
        cmp r2, r3
        bne 9b
        add sp, #44
        pop {r4-r11, pc}
        11:
        stm r2!, {r8, r10, r12, lr}
        strd r1, r2, [sp, #16]
        ldr r1, [sp, #40]
        add r0, r0, r1
        cmp r2, r3
        bne 9b
        add sp, #44
        pop {r4-r11, pc}
        "
        )
    };
}

/// The programs of [`dot4`], [`clamped`] and [`products`], for the interpreter of the tests.
pub const DOT4: &str = dot4_source!();
pub const BLOCKS: &str = blocks_source!();

/// Not to be called but by [`from_even`]: its registers are not those of a C function.
#[cfg(dunlin_dsp)]
#[unsafe(naked)]
unsafe extern "C" fn dot4_program() {
    core::arch::naked_asm!(super::cpu!(), dot4_source!(), options(raw))
}

/// # Safety
/// The pointers of the job reach as far as its lengths say, and there is one block at least.
#[cfg(dunlin_dsp)]
#[unsafe(naked)]
unsafe extern "C" fn blocks_program(job: &Job) {
    core::arch::naked_asm!(super::cpu!(), blocks_source!(), options(raw))
}
