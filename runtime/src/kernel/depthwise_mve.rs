//! Filters of one channel each on cores with Helium: eight channels at a time.
//!
//! The weights of eight filters are turned round once for all places, a vector a tap. The products of the channels with even
//! numbers and of those with odd ones are added in a vector each, and meet again when they become outputs.
#![cfg_attr(dunlin_mve, allow(unsafe_code))] // a naked function, and the call into it with checked lengths

use super::depthwise::Depthwise;
use super::sliding::Run;

/// Channels at a time.
const EIGHT: usize = 8;
/// The most taps: a vector on the stack each.
pub const TAPS: usize = 32;
/// Runs of places for which weights are turned round once.
const RUNS: usize = 12;

/// A run of places, in bytes from the first value, weight and output of a channel.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
struct Places {
    /// Of the first tap at the first place.
    x: usize,
    /// Of the first tap in the weights on the stack.
    weights: usize,
    taps: usize,
    /// Behind the last place.
    y_end: usize,
    /// From behind the last tap of a place to the first of the next.
    ahead: usize,
}

/// What [`EIGHTS`] works on.
#[cfg(dunlin_mve)]
#[repr(C)]
struct Job {
    weights: *const i8,
    /// Taps of a filter, and bytes from filter to filter.
    size: usize,
    x: *const i16,
    y: *mut i16,
    bias: *const i32,
    scale: *const u32,
    /// Bytes from tap to tap, and from place to place of the outputs.
    tap_step: usize,
    y_step: usize,
    runs: *const Places,
    runs_end: *const Places,
    end: *const i32,
    high: i32,
    low: i32,
}

/// The outputs of all channels, at all places of `y`; gives the number of channels.
///
/// 0 where there are fewer than eight channels or several filters for one, or too many taps, or a place meets no value, or a slice
/// is too short.
#[cfg_attr(dunlin_mve, inline(never))]
pub fn clamped(depthwise: &Depthwise<'_>, y: &mut [i16]) -> usize {
    let Depthwise {
        filters,
        scale,
        sliding,
        x,
        ..
    } = depthwise;
    let (count, size) = (filters.channels, sliding.size as usize);
    let fits = count >= EIGHT
        && (1..=TAPS).contains(&size)
        && filters.bias.len() == count
        && scale.len() >= count
        && filters.weights.len() >= count * size;
    if !fits {
        return 0;
    }
    let mut runs = sliding.runs(x.len() / count, y.len() / count);
    let mut rest = y;
    loop {
        let mut table = [Places::default(); RUNS];
        let (mut places, mut used) = (0, 0);
        for (entry, run) in table.iter_mut().zip(&mut runs) {
            places += run.places;
            let Some(run) = depthwise.places(&run, places) else {
                return 0;
            };
            *entry = run;
            used += 1;
        }
        let runs = table.get(..used).unwrap_or_default();
        let Some((y, behind)) = rest.split_at_mut_checked(places * count) else {
            return 0;
        };
        if runs.is_empty() {
            return count;
        }
        let eights = count / EIGHT * EIGHT;
        depthwise.channels((0, eights), runs, y);
        // The channels that are left over are done with those before them, once more.
        if eights < count {
            depthwise.channels((count - EIGHT, EIGHT), runs, y);
        }
        rest = behind;
    }
}

impl Depthwise<'_> {
    /// A run up to so many places from the first of a table on; `None` where it meets values that are not there.
    fn places(&self, run: &Run, places: usize) -> Option<Places> {
        let step = 2 * self.filters.channels;
        let [stride, dilation] = [self.sliding.stride, self.sliding.dilation].map(|n| n as usize);
        let taps = run.taps.len();
        let inside = taps > 0 && run.is_inside(&self.sliding, self.steps());
        inside.then_some(Places {
            x: run.at * step,
            weights: 16 * run.taps.start,
            taps,
            y_end: places * step,
            ahead: (stride * step).wrapping_sub(taps * dilation * step),
        })
    }

    /// So many channels from one on, a multiple of eight.
    #[cfg(dunlin_mve)]
    #[inline(always)]
    fn channels(&self, (first, count): (usize, usize), runs: &[Places], y: &mut [i16]) {
        let size = self.sliding.size as usize;
        let step = 2 * self.filters.channels;
        let bias = self.filters.bias.as_ptr().wrapping_add(first);
        let weights = self.filters.weights.as_ptr();
        let runs = runs.as_ptr_range();
        let mut job = Job {
            weights: weights.wrapping_add(first * size),
            size,
            x: self.x.as_ptr().wrapping_add(first),
            y: y.as_mut_ptr().wrapping_add(first),
            bias,
            scale: self.scale.as_ptr().wrapping_add(first),
            tap_step: self.sliding.dilation as usize * step,
            y_step: step,
            runs: runs.start,
            runs_end: runs.end,
            end: bias.wrapping_add(count),
            high: self.bounds.1.into(),
            low: self.bounds.0.into(),
        };
        // SAFETY: `places` has checked that the taps of all places lie in `x`, and `clamped` that their outputs lie in `y`, and
        // weights, biases and scales of all filters in their slices; there are at most as many taps as the program has room for.
        unsafe { eights_program(&mut job) };
    }

    /// So many channels from one on.
    #[cfg(not(dunlin_mve))]
    fn channels(&self, (first, count): (usize, usize), runs: &[Places], y: &mut [i16]) {
        use crate::math::rescale::Rescale;
        let (channels, size) = (self.filters.channels, self.sliding.size as usize);
        let [stride, dilation] = [self.sliding.stride, self.sliding.dilation].map(|n| n as usize);
        let (low, high) = self.bounds;
        let scales = self.filters.bias.iter().zip(self.scale).enumerate();
        for (channel, (&bias, &scale)) in scales.skip(first).take(count) {
            let mut done = 0;
            for run in runs {
                let first = channel * size + run.weights / 16;
                let weights = self.filters.weights.get(first..first + run.taps);
                let places = run.y_end / (2 * channels);
                for (at, place) in (done..places).enumerate() {
                    let start = run.x / 2 + at * stride * channels + channel;
                    let x = self.x.get(start..).unwrap_or_default();
                    let weights = weights.unwrap_or_default();
                    let sum = super::reference::strided(weights, x, dilation * channels, bias);
                    if let Some(y) = y.get_mut(place * channels + channel) {
                        *y = Rescale(scale).apply(sum).clamp(low.into(), high.into()) as i16;
                    }
                }
                done = places;
            }
        }
    }
}

/// Eights of channels: r0 the [`Job`].
///
/// On the stack stand vectors: biases of even channels and of odd ones, the shifts of odd ones, the bounds, and the weights of each
/// tap. q0, q1 have the sums, q5, q6 the multipliers, and q7 the shifts of even channels. r0 values, r1 weights, r8 the first of
/// them; r2 from tap to tap, r3 taps; r4 outputs, r5 from place to place, r6 their end; r7 ahead; r9, r12 the first value and output
/// of these channels; r10 runs; r11 the job.
macro_rules! eights_source {
    () => {
        "
        push {r4-r11, lr}
        vpush {s16-s31}
        sub sp, #592
        mov r11, r0
        ldrd r1, r2, [r11, #44]
        vdup.16 q0, r1
        vstrw.32 q0, [sp, #48]
        vdup.16 q0, r2
        vstrw.32 q0, [sp, #64]
        1:
        ldrd r1, r2, [r11]
        movs r4, #0
        vidup.u16 q7, r4, #1
        vmul.i16 q7, q7, r2
        add r5, r1, r2, lsl #3
        str r5, [r11]
        add r5, sp, #80
        dls lr, r2
        2:
        vldrb.s16 q0, [r1, q7]
        adds r1, #1
        vstrh.16 q0, [r5], #16
        le lr, 2b
        ldrd r9, r12, [r11, #8]
        ldrd r2, r5, [r11, #24]
        ldr r10, [r11, #32]
        mov r4, r12
        add r0, r9, #16
        add r1, r12, #16
        strd r0, r1, [r11, #8]
        ldrd r0, r1, [r11, #16]
        vld20.32 {q0, q1}, [r0]
        vld21.32 {q0, q1}, [r0]!
        vstrw.32 q0, [sp]
        vstrw.32 q1, [sp, #16]
        vld20.32 {q5, q6}, [r1]
        vld21.32 {q5, q6}, [r1]!
        strd r0, r1, [r11, #16]
        vneg.s32 q7, q5
        vneg.s32 q0, q6
        vstrw.32 q0, [sp, #32]
        vbic.i32 q5, #0xff
        vbic.i32 q6, #0xff
        3:
        ldm r10!, {r0, r1, r3, r6, r7}
        add r8, sp, #80
        add r8, r1
        add r0, r9
        add r6, r12
        4:
        vldrw.u32 q0, [sp]
        vldrw.u32 q1, [sp, #16]
        mov r1, r8
        dls lr, r3
        5:
        vldrh.u16 q2, [r0]
        vldrh.u16 q3, [r1], #16
        add r0, r2
        vmullb.s16 q4, q2, q3
        vadd.i32 q0, q0, q4
        vmullt.s16 q4, q2, q3
        vadd.i32 q1, q1, q4
        le lr, 5b
        vldrw.u32 q2, [sp, #32]
        vldrw.u32 q3, [sp, #48]
        vldrw.u32 q4, [sp, #64]
        vmulh.s32 q0, q0, q5
        vmulh.s32 q1, q1, q6
        vshl.s32 q0, q0, q7
        vshl.s32 q1, q1, q2
        vqmovnb.s32 q0, q0
        vqmovnt.s32 q0, q1
        vmin.s16 q0, q0, q3
        vmax.s16 q0, q0, q4
        vstrh.16 q0, [r4]
        add r0, r7
        add r4, r5
        cmp r4, r6
        bne 4b
        ldr r0, [r11, #36]
        cmp r10, r0
        bne 3b
        ldr r0, [r11, #16]
        ldr r1, [r11, #40]
        cmp r0, r1
        bne 1b
        add sp, #592
        vpop {s16-s31}
        pop {r4-r11, pc}
        "
    };
}

/// The program of [`clamped`], for the interpreter of the tests.
pub const EIGHTS: &str = eights_source!();

/// # Safety
/// The pointers of the job reach as far as its lengths say.
#[cfg(dunlin_mve)]
#[unsafe(naked)]
unsafe extern "C" fn eights_program(job: &mut Job) {
    core::arch::naked_asm!(super::cpu!(), eights_source!(), options(raw))
}
