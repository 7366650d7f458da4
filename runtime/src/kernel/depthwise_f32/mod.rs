//! Filters of one channel each in f32, on cores with a floating-point unit: eight channels at two places at a time where places
//! share values ([`pairs`]), else four channels beside each other, four taps at a time, in one program for all places with the same
//! taps.
//!
//! `VFMA` rounds a product and its sum once, as [`reference`](super::reference) does.
#![cfg_attr(dunlin_fpu, allow(unsafe_code))] // a naked function, and the call into it with checked lengths

use super::depthwise::Filters;
use super::sliding::Sliding;

#[cfg(dunlin_fpu)]
use pairs::Room;

pub mod pairs;

/// `y[place][f] = bias[f] + sum over the taps k of W[f][k] x[step of k][f]` in the order of `k`, for as many places as `y` has, of the
/// first channels; gives their number, 0 where there is no such program, or more than one filter a channel.
#[inline(always)]
pub fn run(filters: &Filters<'_, f32, f32>, sliding: Sliding, x: &[f32], y: &mut [f32]) -> usize {
    #[cfg(dunlin_fpu)]
    {
        all(filters, sliding, x, y).unwrap_or_default()
    }
    #[cfg(not(dunlin_fpu))]
    {
        let _ = (filters, sliding, x, y);
        0
    }
}

/// As [`run`]; `None` where a slice is too short.
#[cfg(dunlin_fpu)]
#[inline(always)]
fn all(
    filters: &Filters<'_, f32, f32>,
    sliding: Sliding,
    x: &[f32],
    y: &mut [f32],
) -> Option<usize> {
    let channels = filters.channels;
    let [size, stride, dilation] =
        [sliding.size, sliding.stride, sliding.dilation].map(|n| n as usize);
    let groups = channels / 4;
    let enough = channels.checked_mul(size)? <= filters.weights.len();
    if groups == 0 || channels != filters.bias.len() || !enough {
        return None;
    }
    let steps = x.len() / channels;
    let mut rest = y;
    let mut room = Room::new();
    // Most places, and whether those at the ends go with them: they are done last.
    let mut main = None;
    let (_, inside) = sliding.inside(steps, rest.len() / channels);
    let ends =
        stride == dilation && size <= pairs::TAPS && inside >= 4 && channels >= pairs::CHANNELS;
    let eights = channels / pairs::CHANNELS * pairs::CHANNELS;
    for run in sliding.runs(steps, rest.len() / channels) {
        let (y, behind) = rest.split_at_mut_checked(run.places * channels)?;
        rest = behind;
        if !run.is_inside(&sliding, steps) {
            return None;
        }
        let places = Places {
            weights: filters.weights.as_ptr().wrapping_add(run.taps.start),
            bias: filters.bias.as_ptr(),
            channels,
            taps: run.taps.len(),
            size,
            x: x.as_ptr().wrapping_add(run.at * channels),
            tap: dilation * channels,
            stride: stride * channels,
            y: y.as_mut_ptr(),
            count: run.places,
        };
        // SAFETY: there is at least one place, as every run has; each has outputs for all channels, each channel a bias and `size`
        // weights, and the last tap of the last place, as all before it, meets a whole step of the input.
        unsafe {
            let left = match (ends, places.count) {
                (true, 1) => room.leave(&places, 0, run.taps.start),
                (true, _) => true,
                (false, _) => false,
            };
            let done = if left {
                eights
            } else {
                pairs::eights(&places, &mut room)
            };
            places.fours(done, groups - done / 4, 0, places.count);
        }
        if ends && places.count > 1 {
            main = Some(places);
        }
    }
    if let Some(places) = main {
        // SAFETY: as before; the places left have some of the taps of these.
        unsafe { pairs::eights(&places, &mut room) };
    }
    Some(4 * groups)
}

/// Places with the same taps; all distances are in values.
#[cfg(dunlin_fpu)]
struct Places {
    /// The first tap used of the first filter.
    weights: *const f32,
    bias: *const f32,
    channels: usize,
    taps: usize,
    /// Weights of a filter.
    size: usize,
    /// What the first tap meets at the first place.
    x: *const f32,
    /// From what a tap meets to what the next one meets.
    tap: usize,
    /// The same from place to place.
    stride: usize,
    y: *mut f32,
    count: usize,
}

#[cfg(dunlin_fpu)]
impl Places {
    /// Groups of four channels from a channel on, at some of the places.
    ///
    /// # Safety
    /// There are these channels and places, with all that belongs to them, and at least one place.
    #[inline(never)]
    unsafe fn fours(&self, channel: usize, groups: usize, place: usize, places: usize) {
        if groups == 0 {
            return;
        }
        let channels = self.channels;
        let mut job = Job {
            weights: self.weights.wrapping_add(channel * self.size),
            x: self.x.wrapping_add(channel + place * self.stride),
            bias: self.bias.wrapping_add(channel),
            groups,
            taps: self.taps,
            row: 4 * self.size,
            tap: 4 * self.tap,
            y: self.y.wrapping_add(channel + place * channels),
            place: 4 * self.stride,
            gap: 4 * (channels - 4 * groups),
            places,
        };
        // SAFETY: as the caller says, and there is a group.
        unsafe { program(&mut job) };
    }
}

/// What [`PROGRAM`] works on; all distances are in bytes.
#[cfg(dunlin_fpu)]
#[repr(C)]
struct Job {
    /// The first tap used of the first filter.
    weights: *const f32,
    /// What it meets at the next place.
    x: *const f32,
    bias: *const f32,
    /// Of four channels each.
    groups: usize,
    taps: usize,
    /// From filter to filter.
    row: usize,
    /// From what a tap meets to what the next one meets.
    tap: usize,
    y: *mut f32,
    /// From what a place's taps meet to what the next place's meet.
    place: usize,
    /// Outputs of a place that belong to no group.
    gap: usize,
    places: usize,
}

/// A tap of four channels, with their weights.
macro_rules! tap {
    ($a:literal, $b:literal, $c:literal, $d:literal) => {
        concat!(
            "vldm lr, {s4-s7}\n",
            "add lr, lr, r3\n",
            "vfma.f32 s0, ",
            $a,
            ", s4\n",
            "vfma.f32 s1, ",
            $b,
            ", s5\n",
            "vfma.f32 s2, ",
            $c,
            ", s6\n",
            "vfma.f32 s3, ",
            $d,
            ", s7\n",
        )
    };
}

/// r0 the [`Job`], whose values and places move along; inside of a group what is left to count of taps.
///
/// r1 taps, r2 bytes from filter to filter, r3 from tap to tap; r4 the next group's filters, r5 its values, r6 outputs, r7 biases,
/// r8 groups; of a group r9-r12 the filters, r14 the values, s0-s3 the sums, s4-s7 a tap's values, from s8 on weights.
macro_rules! source {
    () => {
        concat!(
            "
        push {r0, r4-r11, lr}
        vpush {s16-s23}
        add r9, r0, #16
        ldm r9, {r1-r3, r6}
        1:
        ldm r0, {r4, r5, r7, r8}
        ldr r9, [r0, #32]
        add r9, r9, r5
        str r9, [r0, #4]
        2:
        vldm r7!, {s0-s3}
        mov r9, r4
        add r10, r9, r2
        add r11, r10, r2
        add r12, r11, r2
        add r4, r12, r2
        mov lr, r5
        adds r5, r5, #16
        lsrs r0, r1, #2
        beq 4f
        3:
        vldm r9!, {s8-s11}
        vldm r10!, {s12-s15}
        vldm r11!, {s16-s19}
        vldm r12!, {s20-s23}
        ",
            tap!("s8", "s12", "s16", "s20"),
            tap!("s9", "s13", "s17", "s21"),
            tap!("s10", "s14", "s18", "s22"),
            tap!("s11", "s15", "s19", "s23"),
            "
        subs r0, r0, #1
        bne 3b
        4:
        ands r0, r1, #3
        beq 6f
        5:
        vldm r9!, {s8}
        vldm r10!, {s9}
        vldm r11!, {s10}
        vldm r12!, {s11}
        ",
            tap!("s8", "s9", "s10", "s11"),
            "
        subs r0, r0, #1
        bne 5b
        6:
        vstm r6!, {s0-s3}
        subs r8, r8, #1
        bne 2b
        ldr r0, [sp, #32]
        ldr r9, [r0, #36]
        add r6, r6, r9
        ldr r9, [r0, #40]
        subs r9, r9, #1
        str r9, [r0, #40]
        bne 1b
        vpop {s16-s23}
        pop {r0, r4-r11, pc}
        "
        )
    };
}

/// The program of [`run`], for the interpreter of the tests.
pub const PROGRAM: &str = source!();

/// # Safety
/// At least one place and one group, with all that belongs to them.
#[cfg(dunlin_fpu)]
#[unsafe(naked)]
unsafe extern "C" fn program(job: &mut Job) {
    core::arch::naked_asm!(super::fpu!(), source!(), options(raw))
}
