//! Filters of one channel each in f32, on cores with Helium: four channels a vector, at four places that share the loads of weights.
//!
//! As [`rows_f32_mve`](super::rows_f32_mve), with the same way out where a number is subnormal.
#![cfg_attr(dunlin_mve_f32, allow(unsafe_code))] // a naked function, and the call into it with checked lengths

use super::depthwise::Filters;
use super::sliding::Sliding;

/// `y[place][f] = bias[f] + sum over the taps k of W[f][k] x[step of k][f]` in the order of `k`, for as many places as `y` has; gives the
/// number of channels.
///
/// 0 where there is no such program, or more than one filter a channel, a slice is too short, or a number was subnormal: then some of
/// `y` may be written.
#[inline(always)]
pub fn run(filters: &Filters<'_, f32, f32>, sliding: Sliding, x: &[f32], y: &mut [f32]) -> usize {
    #[cfg(dunlin_mve_f32)]
    {
        every(filters, sliding, x, y).unwrap_or_default()
    }
    #[cfg(not(dunlin_mve_f32))]
    {
        let _ = (filters, sliding, x, y);
        0
    }
}

/// Runs of places for which the weights' addresses are made once.
#[cfg(dunlin_mve_f32)]
const RUNS: usize = 12;

/// As [`run`]; `None` where that is 0.
#[cfg(dunlin_mve_f32)]
#[inline(always)]
fn every(
    filters: &Filters<'_, f32, f32>,
    sliding: Sliding,
    x: &[f32],
    y: &mut [f32],
) -> Option<usize> {
    let channels = filters.channels;
    let [size, stride, dilation] =
        [sliding.size, sliding.stride, sliding.dilation].map(|n| n as usize);
    let enough = channels.checked_mul(size)? <= filters.weights.len();
    if channels == 0 || channels != filters.bias.len() || !enough {
        return None;
    }
    let steps = x.len() / channels;
    let mut runs = sliding.runs(steps, y.len() / channels);
    let mut rest = y;
    loop {
        let mut table = [Places::default(); RUNS];
        let (mut places, mut used) = (0, 0);
        for (entry, run) in table.iter_mut().zip(&mut runs) {
            if !run.is_inside(&sliding, steps) {
                return None;
            }
            *entry = Places {
                x: 4 * run.at * channels,
                weights: 4 * run.taps.start,
                taps: run.taps.len(),
                fours: run.places / 4,
                ones: run.places % 4,
            };
            places += run.places;
            used += 1;
        }
        let (y, behind) = rest.split_at_mut_checked(places * channels)?;
        let runs = table.get(..used).unwrap_or_default().as_ptr_range();
        if runs.is_empty() {
            return Some(channels);
        }
        let mut job = Job {
            weights: filters.weights.as_ptr().wrapping_sub(1),
            row: 4 * size,
            bias: filters.bias.as_ptr(),
            left: channels,
            x: x.as_ptr(),
            y: y.as_mut_ptr(),
            tap: 4 * dilation * channels,
            place: 4 * stride * channels,
            y_step: 4 * channels,
            runs: runs.start,
            runs_end: runs.end,
        };
        // SAFETY: there are a channel and a run; each place has outputs for all channels, each channel a bias and `size` weights, and
        // the last tap of the last place of a run, as all before it, meets a whole step of the input.
        if unsafe { program(&mut job) } != 0 {
            return None;
        }
        rest = behind;
    }
}

/// A run of places with the same taps; distances are in bytes.
#[cfg(dunlin_mve_f32)]
#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
struct Places {
    /// To what the first tap meets at the first place.
    x: usize,
    /// To the first tap used.
    weights: usize,
    taps: usize,
    /// Of places, and those behind them.
    fours: usize,
    ones: usize,
}

/// What [`PROGRAM`] works on; distances are in bytes.
#[cfg(dunlin_mve_f32)]
#[repr(C)]
struct Job {
    /// Before the first weight of the next filter.
    weights: *const f32,
    /// From filter to filter.
    row: usize,
    bias: *const f32,
    /// Channels that are not done.
    left: usize,
    /// The first value of the next channel, and its first output.
    x: *const f32,
    y: *mut f32,
    /// From what a tap meets to what the next one meets.
    tap: usize,
    /// From what a place's taps meet to what the next place's meet.
    place: usize,
    /// From place to place of the outputs.
    y_step: usize,
    runs: *const Places,
    runs_end: *const Places,
}

/// r0 the [`Job`]; comes back as what says that a number was subnormal.
///
/// r12 the job, r11 runs; r0-r3 the values of four places, r4 taps, r5 from tap to tap, r6 from place to place, r7 outputs, r8 the step
/// to those of the next place, r9 fours of places and r10 those behind them. q0 the ways to each channel's value, q1 the addresses
/// before its weight, q2 a tap's weights, q3 values, q4-q7 the sums of a place each. On the stack stand the numbers of the channels,
/// the same in some lanes where there are fewer than four, the biases, the addresses before the first weights, the ways to the
/// channels' values, and the addresses before the first weights that a run uses.
macro_rules! source {
    () => {
        concat!(
            "
        push {r4-r11, lr}
        vpush {s16-s31}
        sub sp, #80
        mov r12, r0
        ",
            clear_flags!("r1", subnormal),
            "
        ldrd r5, r6, [r12, #24]
        ldr r8, [r12, #32]
        1:
        ldrd r3, r4, [r12, #8]
        subs r1, r4, #1
        vdup.32 q2, r1
        movs r2, #0
        vidup.u32 q0, r2, #1
        vmin.s32 q0, q0, q2
        vstrw.32 q0, [sp]
        vldrw.u32 q1, [r3, q0, uxtw #2]
        vstrw.32 q1, [sp, #16]
        adds r3, #16
        subs r4, #4
        strd r3, r4, [r12, #8]
        ldrd r1, r2, [r12]
        vmul.i32 q1, q0, r2
        vadd.i32 q1, q1, r1
        vstrw.32 q1, [sp, #32]
        add r1, r1, r2, lsl #2
        str r1, [r12]
        vshl.i32 q0, q0, #2
        vstrw.32 q0, [sp, #48]
        ldr r7, [r12, #20]
        add r1, r7, #16
        str r1, [r12, #20]
        ldr r11, [r12, #36]
        2:
        ldm r11!, {r0, r3, r4, r9, r10}
        ldr r1, [r12, #16]
        adds r0, r0, r1
        vldrw.u32 q1, [sp, #32]
        vadd.i32 q1, q1, r3
        vstrw.32 q1, [sp, #64]
        cmp r9, #0
        beq 6f
        3:
        adds r1, r0, r6
        adds r2, r1, r6
        adds r3, r2, r6
        vldrw.u32 q4, [sp, #16]
        vldrw.u32 q5, [sp, #16]
        vldrw.u32 q6, [sp, #16]
        vldrw.u32 q7, [sp, #16]
        vldrw.u32 q1, [sp, #64]
        vldrw.u32 q0, [sp, #48]
        wls lr, r4, 5f
        4:
        vldrw.u32 q2, [q1, #4]!
        vldrw.u32 q3, [r0, q0]
        vfma.f32 q4, q3, q2
        vldrw.u32 q3, [r1, q0]
        vfma.f32 q5, q3, q2
        vldrw.u32 q3, [r2, q0]
        vfma.f32 q6, q3, q2
        vldrw.u32 q3, [r3, q0]
        vfma.f32 q7, q3, q2
        vadd.i32 q0, q0, r5
        le lr, 4b
        5:
        vldrw.u32 q0, [sp]
        vstrw.32 q4, [r7, q0, uxtw #2]
        add r7, r8
        vstrw.32 q5, [r7, q0, uxtw #2]
        add r7, r8
        vstrw.32 q6, [r7, q0, uxtw #2]
        add r7, r8
        vstrw.32 q7, [r7, q0, uxtw #2]
        add r7, r8
        adds r0, r3, r6
        subs r9, r9, #1
        bne 3b
        6:
        cmp r10, #0
        beq 3f
        7:
        vldrw.u32 q4, [sp, #16]
        vldrw.u32 q1, [sp, #64]
        vldrw.u32 q0, [sp, #48]
        wls lr, r4, 9f
        8:
        vldrw.u32 q2, [q1, #4]!
        vldrw.u32 q3, [r0, q0]
        vadd.i32 q0, q0, r5
        vfma.f32 q4, q3, q2
        le lr, 8b
        9:
        vldrw.u32 q0, [sp]
        vstrw.32 q4, [r7, q0, uxtw #2]
        add r7, r8
        adds r0, r0, r6
        subs r10, r10, #1
        bne 7b
        3:
        ldr r1, [r12, #40]
        cmp r11, r1
        bne 2b
        ldr r1, [r12, #16]
        adds r1, #16
        str r1, [r12, #16]
        ldr r4, [r12, #12]
        cmp r4, #0
        bgt 1b
        ",
            give_flags!(subnormal),
            "
        add sp, #80
        vpop {s16-s31}
        pop {r4-r11, pc}
        "
        )
    };
}

/// The program of [`run`], for the interpreter of the tests.
pub const PROGRAM: &str = source!();

/// # Safety
/// At least one run and one channel, with all that belongs to them.
#[cfg(dunlin_mve_f32)]
#[unsafe(naked)]
unsafe extern "C" fn program(job: &mut Job) -> u32 {
    core::arch::naked_asm!(super::cpu!(), source!(), options(raw))
}
