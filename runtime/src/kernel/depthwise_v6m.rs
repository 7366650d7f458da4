//! Filters of one channel each on v6-M: a weight serves four places, and what comes after the sums is in the same program.
#![cfg_attr(dunlin_v6m, allow(unsafe_code))] // a naked function, and the call into it with checked lengths

#[cfg(dunlin_v6m)]
use super::depthwise::Filters;
#[cfg(dunlin_v6m)]
use super::sliding::{Run, Sliding};

/// What [`PLACES`] works on: the channels one after the other, each at all places of a run.
#[cfg(dunlin_v6m)]
#[repr(C)]
struct Job {
    bias: *const i32,
    scale: *const u32,
    next: Channel,
    /// Of the channel that is worked on.
    now: Channel,
    now_bias: i32,
    now_scale: u32,
    high: i32,
    /// From the least output to the greatest.
    span: i32,
    low: i32,
    /// Bytes from place to place of the output.
    y_step: usize,
    /// Minus the number of taps.
    taps: isize,
    /// Bytes of `x` from place to place, and from tap to tap.
    place_step: usize,
    tap_step: usize,
    /// Bytes from the last tap of a place, and of four, to the next first one.
    back: isize,
    back_four: isize,
    /// Bytes of a filter, and how many more a value has.
    size: usize,
    beside: isize,
    /// Four less than there are.
    places: isize,
    end: *const i32,
}

/// Where a channel's weights, values and outputs are.
#[cfg(dunlin_v6m)]
#[derive(Clone, Copy)]
#[repr(C)]
struct Channel {
    /// Bytes from the end of the weights to the first value.
    x: isize,
    /// Where the weights end.
    end: *const i8,
    y: *mut i16,
}

/// `y[place][c] = clamp(scale[c] (bias[c] + sum over the taps k of W[c][k] x[step of k][c]))` for all channels, at as many places
/// as `y` has; gives the number of channels.
///
/// 0 where a channel has several filters, a place has no taps, or a slice is too short, which the loader's checks rule out.
#[cfg(dunlin_v6m)]
#[inline(always)]
pub fn together(
    filters: &Filters<'_, i8, i32>,
    scale: &[u32],
    bounds: (i16, i16),
    sliding: Sliding,
    x: &[i16],
    y: &mut [i16],
) -> usize {
    let (channels, size) = (filters.channels, sliding.size as usize);
    if channels == 0
        || filters.bias.len() != channels
        || scale.len() != channels
        || filters.weights.len() != channels * size
    {
        return 0;
    }
    let mut rest = y;
    for run in sliding.runs(x.len() / channels, rest.len() / channels) {
        let Some((y, behind)) = rest.split_at_mut_checked(run.places * channels) else {
            return 0;
        };
        rest = behind;
        if !at_run(filters, scale, bounds, (&run, sliding), x, y) {
            return 0;
        }
    }
    channels
}

/// The outputs of a run; `false` where it has no taps, or some of them do not meet the input.
#[cfg(dunlin_v6m)]
#[inline(always)]
fn at_run(
    filters: &Filters<'_, i8, i32>,
    scale: &[u32],
    (low, high): (i16, i16),
    (run, sliding): (&Run, Sliding),
    x: &[i16],
    y: &mut [i16],
) -> bool {
    let (channels, taps) = (filters.channels, run.taps.len());
    let [stride, dilation] = [sliding.stride, sliding.dilation].map(|n| n as usize);
    let last = run.at + run.places.saturating_sub(1) * stride + taps.saturating_sub(1) * dilation;
    if run.places == 0 || taps == 0 || x.len() < (last + 1) * channels {
        return false;
    }
    let [place_step, tap_step] = [stride, dilation].map(|steps| 2 * steps * channels);
    let end = filters.weights.as_ptr().wrapping_add(run.taps.end);
    let first = x.as_ptr().wrapping_add(run.at * channels);
    let next = Channel {
        x: (first as isize).wrapping_sub(end as isize),
        end,
        y: y.as_mut_ptr(),
    };
    let (low, high) = (i32::from(low), i32::from(high));
    let back = (place_step as isize).wrapping_sub((taps * tap_step) as isize);
    let mut job = Job {
        bias: filters.bias.as_ptr(),
        scale: scale.as_ptr(),
        next,
        now: next,
        now_bias: 0,
        now_scale: 0,
        high,
        span: high - low,
        low,
        y_step: 2 * channels,
        taps: -(taps as isize),
        place_step,
        tap_step,
        back,
        back_four: back.wrapping_add(3 * place_step as isize),
        size: sliding.size as usize,
        beside: 2 - sliding.size as isize,
        places: run.places as isize - 4,
        end: filters.bias.as_ptr().wrapping_add(channels),
    };
    // SAFETY: of each channel a bias, a scale and the taps' weights are read, which there are, and the values that the taps meet
    // at each place, of which the last step was checked; `y` has a value for each channel and place.
    unsafe { places_program(&mut job) };
    true
}

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

/// All channels: r0 the [`Job`], which stands on the stack too.
///
/// Over the taps r0 counts up to zero, behind it r4 is the end of the weights; r1 values; r4-r7 the offsets of four places; r8-r11
/// their sums; r12 the step from tap to tap; r14 the places that are left, less four while four are done at a time.
macro_rules! places_source {
    () => {
        concat!(
            "
            push {r4-r7, lr}
            mov r4, r8
            mov r5, r9
            mov r6, r10
            mov r7, r11
            push {r4-r7}
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
            pop {r0, r4-r7}
            mov r8, r4
            mov r9, r5
            mov r10, r6
            mov r11, r7
            pop {r4-r7, pc}
            "
        )
    };
}

/// The program of `together`, for the interpreter of the tests.
pub const PLACES: &str = places_source!();

/// # Safety
/// The pointers of the job reach as far as its lengths say.
#[cfg(dunlin_v6m)]
#[unsafe(naked)]
unsafe extern "C" fn places_program(job: &mut Job) {
    core::arch::naked_asm!(places_source!(), options(raw))
}
