//! Filters of one channel each on cores with Helium: eight channels at a time.
//!
//! The weights of eight filters are turned round once for all places, a vector a tap. The products of the channels with even
//! numbers and of those with odd ones are added in a vector each, and meet again when they become outputs.
#![cfg_attr(dunlin_mve, allow(unsafe_code))] // a naked function, and the call into it with checked lengths

use super::depthwise::Filters;
use super::sliding::{Run, Sliding};

/// Channels at a time.
const EIGHT: usize = 8;
/// The most taps: a vector on the stack each.
pub const TAPS: usize = 32;

/// What [`EIGHTS`] works on.
#[cfg(dunlin_mve)]
#[repr(C)]
struct Job {
    weights: *const i8,
    /// Bytes from filter to filter.
    size: usize,
    taps: usize,
    x: *const i16,
    /// Bytes from tap to tap, and from behind the last tap of a place to the first of the next.
    tap_step: usize,
    ahead: usize,
    y: *mut i16,
    /// Bytes from place to place of the outputs, and of all places.
    y_step: usize,
    y_bytes: usize,
    bias: *const i32,
    scale: *const u32,
    end: *const i32,
    high: i32,
    low: i32,
}

/// The outputs of a run of places; `x` is from its first step on. `false`, and nothing done, where there are fewer than eight
/// filters, or not one a channel, or too many taps, or a slice is too short.
pub fn run(
    filters: &Filters<'_, i8, i32>,
    scale: &[u32],
    bounds: (i16, i16),
    (run, sliding): (&Run, Sliding),
    x: &[i16],
    y: &mut [i16],
) -> bool {
    let (count, taps) = (filters.channels, run.taps.len());
    let [size, stride, dilation] =
        [sliding.size, sliding.stride, sliding.dilation].map(|n| n as usize);
    let last = run.places.saturating_sub(1) * stride + taps.saturating_sub(1) * dilation;
    let fits = count >= EIGHT
        && filters.bias.len() == count
        && scale.len() >= count
        && filters.weights.len() >= count * size
        && (1..=TAPS).contains(&taps)
        && run.taps.end <= size
        && run.places > 0
        && x.len() >= (last + 1) * count
        && y.len() >= run.places * count;
    if !fits {
        return false;
    }
    let eights = count / EIGHT * EIGHT;
    let all = |first, count, y: &mut [i16]| {
        channels(filters, scale, bounds, (run, sliding), (first, count), x, y);
    };
    all(0, eights, y);
    // The channels that are left over are done with those before them, once more.
    if eights < count {
        all(count - EIGHT, EIGHT, y);
    }
    true
}

/// So many channels from one on, a multiple of eight.
#[cfg(dunlin_mve)]
#[inline(always)]
fn channels(
    filters: &Filters<'_, i8, i32>,
    scale: &[u32],
    bounds: (i16, i16),
    (run, sliding): (&Run, Sliding),
    (first, count): (usize, usize),
    x: &[i16],
    y: &mut [i16],
) {
    let (size, taps) = (sliding.size as usize, run.taps.len());
    let step = 2 * filters.channels;
    let tap_step = sliding.dilation as usize * step;
    let bias = filters.bias.as_ptr().wrapping_add(first);
    let weights = filters.weights.as_ptr();
    let mut job = Job {
        weights: weights.wrapping_add(first * size + run.taps.start),
        size,
        taps,
        x: x.as_ptr().wrapping_add(first),
        tap_step,
        ahead: (sliding.stride as usize * step).wrapping_sub(taps * tap_step),
        y: y.as_mut_ptr().wrapping_add(first),
        y_step: step,
        y_bytes: run.places * step,
        bias,
        scale: scale.as_ptr().wrapping_add(first),
        end: bias.wrapping_add(count),
        high: bounds.1.into(),
        low: bounds.0.into(),
    };
    // SAFETY: `run` has checked that the taps of all places lie in `x`, the outputs in `y`, and weights, biases and scales of all
    // filters in their slices; there are at most as many taps as the program has room for.
    unsafe { eights_program(&mut job) };
}

/// So many channels from one on.
#[cfg(not(dunlin_mve))]
fn channels(
    filters: &Filters<'_, i8, i32>,
    scale: &[u32],
    (low, high): (i16, i16),
    (run, sliding): (&Run, Sliding),
    (first, count): (usize, usize),
    x: &[i16],
    y: &mut [i16],
) {
    use crate::math::rescale::Rescale;
    let channels = filters.channels;
    let scales = filters.bias.iter().zip(scale).enumerate();
    for (channel, (&bias, &scale)) in scales.skip(first).take(count) {
        let row = channel * sliding.size as usize;
        let weights = filters.weights.get(row..).unwrap_or_default();
        let weights = weights.get(run.taps.clone()).unwrap_or_default();
        for place in 0..run.places {
            let start = place * sliding.stride as usize * channels + channel;
            let x = x.get(start..).unwrap_or_default();
            let stride = sliding.dilation as usize * channels;
            let sum = super::reference::strided(weights, x, stride, bias);
            if let Some(y) = y.get_mut(place * channels + channel) {
                *y = Rescale(scale).apply(sum).clamp(low.into(), high.into()) as i16;
            }
        }
    }
}

/// Eights of channels: r0 the [`Job`].
///
/// On the stack stand vectors: biases of even channels and of odd ones, the shifts of odd ones, the bounds, and the weights of each
/// tap. q0, q1 have the sums, q5, q6 the multipliers, and q7 the shifts of even channels.
macro_rules! eights_source {
    () => {
        "
        push {r4-r11, lr}
        vpush {s16-s31}
        sub sp, #592
        mov r11, r0
        ldrd r1, r2, [r11, #48]
        vdup.16 q0, r1
        vstrw.32 q0, [sp, #48]
        vdup.16 q0, r2
        vstrw.32 q0, [sp, #64]
        1:
        ldrd r1, r2, [r11]
        ldr r3, [r11, #8]
        movs r4, #0
        vidup.u16 q7, r4, #1
        vmul.i16 q7, q7, r2
        add r2, r1, r2, lsl #3
        str r2, [r11]
        add r5, sp, #80
        dls lr, r3
        2:
        vldrb.s16 q0, [r1, q7]
        adds r1, #1
        vstrh.16 q0, [r5], #16
        le lr, 2b
        ldrd r8, r9, [r11, #36]
        vld20.32 {q0, q1}, [r8]
        vld21.32 {q0, q1}, [r8]!
        vstrw.32 q0, [sp]
        vstrw.32 q1, [sp, #16]
        vld20.32 {q5, q6}, [r9]
        vld21.32 {q5, q6}, [r9]!
        strd r8, r9, [r11, #36]
        vneg.s32 q7, q5
        vneg.s32 q0, q6
        vstrw.32 q0, [sp, #32]
        vbic.i32 q5, #0xff
        vbic.i32 q6, #0xff
        ldrd r0, r2, [r11, #12]
        add r1, r0, #16
        str r1, [r11, #12]
        ldrd r7, r4, [r11, #20]
        ldrd r5, r6, [r11, #28]
        adds r6, r4, r6
        add r1, r4, #16
        str r1, [r11, #24]
        3:
        vldrw.u32 q0, [sp]
        vldrw.u32 q1, [sp, #16]
        add r1, sp, #80
        dls lr, r3
        4:
        vldrh.u16 q2, [r0]
        vldrh.u16 q3, [r1], #16
        add r0, r2
        vmullb.s16 q4, q2, q3
        vadd.i32 q0, q0, q4
        vmullt.s16 q4, q2, q3
        vadd.i32 q1, q1, q4
        le lr, 4b
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
        bne 3b
        ldr r0, [r11, #44]
        cmp r8, r0
        bne 1b
        add sp, #592
        vpop {s16-s31}
        pop {r4-r11, pc}
        "
    };
}

/// The program of [`run`], for the interpreter of the tests.
pub const EIGHTS: &str = eights_source!();

/// # Safety
/// The pointers of the job reach as far as its lengths say.
#[cfg(dunlin_mve)]
#[unsafe(naked)]
unsafe extern "C" fn eights_program(job: &mut Job) {
    core::arch::naked_asm!(super::cpu!(), eights_source!(), options(raw))
}
