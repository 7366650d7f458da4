//! A place alone: two channels of a step are a word, of which each half meets a weight of its own filter.
//!
//! The filters stay as they are: four weights of each are a load, and two words of two. For a sample of a stream, for most strides, and
//! for places that are too few to take filters and channels out for.
#![cfg_attr(dunlin_dsp, allow(unsafe_code))] // a naked function, and the call into it with checked lengths

#[cfg(dunlin_dsp)]
use super::super::depthwise::Depthwise;

/// What [`STEP`] works on.
#[cfg(dunlin_dsp)]
#[repr(C)]
struct Job {
    /// The step that the first tap meets.
    x: *const i16,
    /// Bytes from tap to tap.
    tap_step: usize,
    weights: *const i8,
    /// Bytes from filter to filter.
    size: usize,
    y: *mut u8,
    form: u32,
    scale: *const u32,
    bias: *const i32,
    /// Bytes from behind the taps of two channels to those of the next ones: values, and weights.
    back: isize,
    ahead: usize,
    end: *mut u8,
    taps: usize,
    /// The greatest and the least output, twice in a word.
    high: u32,
    low: u32,
}

/// What becomes of sums: the two usual bounds of 16 bits, others, or 32 bits.
#[cfg(dunlin_dsp)]
mod form {
    pub const SATURATED: u32 = 0;
    pub const RECTIFIED: u32 = 1;
    pub const CLAMPED: u32 = 2;
    pub const SCALED: u32 = 3;
}

/// Where outputs go, and what becomes of them.
#[cfg(dunlin_dsp)]
pub enum Outputs<'y> {
    Clamped(&'y mut [i16]),
    Scaled(&'y mut [i32]),
}

/// The outputs of pairs of channels from `first` on at the place with these [`taps`](super::super::sliding::Sliding::taps), as many as there is room for.
///
/// `false`, and nothing done, where a slice is too short; the loader's checks rule that out.
#[cfg(dunlin_dsp)]
#[inline(always)]
pub fn place(
    depthwise: &Depthwise<'_>,
    (tap, taps_end, step): (usize, usize, usize),
    first: usize,
    outputs: Outputs<'_>,
) -> bool {
    let Depthwise {
        filters,
        scale,
        bounds,
        sliding,
        x,
    } = *depthwise;
    let (channels, size) = (filters.channels, sliding.size as usize);
    let dilation = sliding.dilation as usize;
    let taps = taps_end.saturating_sub(tap);
    let (start, count, bytes, form) = match outputs {
        Outputs::Clamped(y) => {
            let form = match bounds {
                (i16::MIN, i16::MAX) => form::SATURATED,
                (0, i16::MAX) => form::RECTIFIED,
                _ => form::CLAMPED,
            };
            (y.as_mut_ptr().cast(), y.len() & !1, 2, form)
        }
        Outputs::Scaled(y) => (y.as_mut_ptr().cast(), y.len() & !1, 4, form::SCALED),
    };
    if count == 0 {
        return true;
    }
    let last = step + taps.saturating_sub(1) * dilation;
    let end = first + count;
    let fits = end <= channels
        && taps_end <= size
        && end <= filters.bias.len().min(scale.len())
        && filters.weights.len() >= end * size
        && (taps == 0 || x.len() >= last * channels + end);
    if !fits {
        return false;
    }
    let tap_step = 2 * channels * dilation;
    let twice = |value: i16| u32::from(value as u16) * 0x1_0001;
    let mut job = Job {
        x: x.as_ptr().wrapping_add(step * channels + first),
        tap_step,
        weights: filters.weights.as_ptr().wrapping_add(first * size + tap),
        size,
        y: start,
        form,
        scale: scale.as_ptr().wrapping_add(first),
        bias: filters.bias.as_ptr().wrapping_add(first),
        back: 4isize.wrapping_sub(((taps & !1) * tap_step) as isize),
        ahead: 2 * size - taps,
        end: start.wrapping_add(bytes * count),
        taps,
        high: twice(bounds.1),
        low: twice(bounds.0),
    };
    // SAFETY: of each channel the program reads `taps` weights, values `tap_step` bytes apart, a bias and a scale, and writes an
    // output: all of them lie in the slices, as was checked for the last channel. There are two channels at least.
    unsafe { step_program(&mut job) };
    true
}

/// A tap of both channels: the weights of each filter's, the half of them, and where its step is.
macro_rules! tap {
    ($first:literal, $second:literal, $half:literal, $x:literal) => {
        concat!(
            concat!("ldr r10, [r0", $x, "]\n"),
            concat!("smla", $half, "b r4, ", $first, ", r10, r4\n"),
            concat!("smla", $half, "t r5, ", $second, ", r10, r5\n"),
        )
    };
}

/// All pairs of channels: r0 the [`Job`].
///
/// r0 values, r1 from tap to tap, r11 three times that; r2 weights of the first channel, r3 from them to the second's; r4, r5 the
/// sums; r6-r9 weights; r10 values; r12 taps that are left, less four; r14 the job from `y` on.
macro_rules! step_source {
    () => {
        concat!(
            "
        push {r4-r11, lr}
        mov lr, r0
        ldm lr!, {r0-r3}
        add r11, r1, r1, lsl #1
        ldm lr, {r6-r9}
        1:
        ldrd r4, r5, [r9], #8
        stm lr, {r6-r9}
        ldr r12, [lr, #28]
        subs r12, #4
        blt 3f
        2:
        ldr r8, [r2, r3]
        ldr r6, [r2], #4
        sxtb16 r9, r8, ror #8
        sxtb16 r8, r8
        sxtb16 r7, r6, ror #8
        sxtb16 r6, r6
        ",
            tap!("r6", "r8", "b", ""),
            tap!("r7", "r9", "b", ", r1"),
            tap!("r6", "r8", "t", ", r1, lsl #1"),
            tap!("r7", "r9", "t", ", r11"),
            "
        add r0, r0, r1, lsl #2
        subs r12, #4
        bge 2b
        3:
        lsls r12, r12, #31
        bcc 4f
        ldrsb r8, [r2, r3]
        ldrsb r6, [r2], #1
        ldrsb r9, [r2, r3]
        ldrsb r7, [r2], #1
        ",
            tap!("r6", "r8", "b", ""),
            tap!("r7", "r9", "b", ", r1"),
            "
        add r0, r0, r1, lsl #1
        4:
        bpl 5f
        ldrsb r8, [r2, r3]
        ldrsb r6, [r2], #1
        ",
            tap!("r6", "r8", "b", ""),
            "
        5:
        ldm lr, {r6-r10, r12}
        add r0, r0, r10
        add r2, r2, r12
        ldrd r10, r12, [r8], #8
        smulwt r4, r4, r10
        smulwt r5, r5, r12
        asr r4, r4, r10
        asr r5, r5, r12
        cbz r7, 8f
        cmp r7, #2
        bhs 9f
        ",
            rectified!("r4", "r5"),
            "
        6:
        str r4, [r6], #4
        ldr r10, [lr, #24]
        cmp r6, r10
        bne 1b
        pop {r4-r11, pc}
        8:
        ",
            saturated!("r4", "r5"),
            "
        b 6b
        9:
        bhi 10f
        ",
            saturated!("r4", "r5"),
            "
        ldrd r10, r12, [lr, #32]
        ",
            clamped!("r4", "r10", "r12", "r5"),
            "
        b 6b
        10:
        str r4, [r6], #4
        mov r4, r5
        b 6b
        "
        )
    };
}

/// The program of [`place`], for the interpreter of the tests.
pub const STEP: &str = step_source!();

/// # Safety
/// The pointers of the job reach as far as its lengths say, and there are two channels at least.
#[cfg(dunlin_dsp)]
#[unsafe(naked)]
unsafe extern "C" fn step_program(job: &mut Job) {
    core::arch::naked_asm!(super::super::cpu!(), step_source!(), options(raw))
}
