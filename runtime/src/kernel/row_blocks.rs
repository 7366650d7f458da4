//! All blocks of row pairs of a matrix over the same values, brought to the scale of their outputs in the same program.
#![cfg_attr(dunlin_dsp, allow(unsafe_code))] // a naked function, and the call into it with checked lengths

#[cfg(not(dunlin_dsp))]
use super::row_pairs::dot4;
use super::row_pairs::{block_bytes, columns, quad};

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
        let form = match (low, high) {
            (i16::MIN, i16::MAX) => form::SATURATED,
            (0, i16::MAX) => form::RECTIFIED,
            _ => form::CLAMPED,
        };
        run(blocks, column, x, outputs, form, (low, high));
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
        run(blocks, column, x, outputs, form::SCALED, (0, 0));
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
    let bytes = block_bytes(blocks.columns);
    for (index, (y, (bias, scale))) in y.iter_mut().zip(rows).enumerate() {
        let words = blocks.words.get(index * bytes..).unwrap_or_default();
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

/// What becomes of sums: the bounds 0 and 32,767; all 32 bits; all of 16; other bounds.
#[cfg(dunlin_dsp)]
mod form {
    pub const RECTIFIED: u32 = 0;
    pub const SCALED: u32 = 1;
    pub const SATURATED: u32 = 2;
    pub const CLAMPED: u32 = 3;
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
    form: u32,
    /// Twice in a word.
    high: u32,
    low: u32,
    /// Bytes of a block behind the columns.
    skipped: usize,
    words: *const i8,
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
            columns!("r8", "r10", ", #8"),
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
        beq 11f
        bhi 13f
        ",
            rectified!("r8", "r10"),
            rectified!("r12", "lr"),
            "
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
        13:
        ",
            saturated!("r8", "r10"),
            saturated!("r12", "lr"),
            "
        cmp r4, #2
        beq 10b
        ldrd r5, r6, [sp, #32]
        ",
            clamped!("r8", "r5", "r6", "r4"),
            clamped!("r12", "r5", "r6", "r4"),
            "
        b 10b
        "
        )
    };
}

/// The program of [`clamped`] and [`products`], for the interpreter of the tests.
pub const BLOCKS: &str = blocks_source!();

/// # Safety
/// The pointers of the job reach as far as its lengths say, and there is one block at least.
#[cfg(dunlin_dsp)]
#[unsafe(naked)]
unsafe extern "C" fn blocks_program(job: &Job) {
    core::arch::naked_asm!(super::cpu!(), blocks_source!(), options(raw))
}
