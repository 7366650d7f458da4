//! Eight channels beside each other at two places at a time, where what a tap of one place meets is what the tap before meets at
//! the next place: a value is loaded once for both, and so are the weights, which a group of channels takes out of its rows once.
#![cfg_attr(dunlin_fpu, allow(unsafe_code))] // a naked function, and the call into it with checked lengths

#[cfg(dunlin_fpu)]
use core::mem::MaybeUninit;

#[cfg(dunlin_fpu)]
use super::Places;

/// Channels of a group.
pub const CHANNELS: usize = 8;
/// Taps of a call at most.
pub const TAPS: usize = 16;
/// Places to be done alone at most.
#[cfg(dunlin_fpu)]
const ALONE: usize = 16;
/// Taps of a turn of the loop over them.
pub const TURN: usize = 4;
/// Bytes of the code of a tap.
pub const TAP: usize = 4 * 19;

/// Room for the weights of a group of channels, [`CHANNELS`] for each tap, and places to be done alone over some of these taps.
#[cfg(dunlin_fpu)]
pub(super) struct Room {
    weights: [MaybeUninit<f32>; CHANNELS * TAPS],
    alone: [MaybeUninit<Alone>; ALONE],
    count: usize,
}

/// A place to be done alone.
#[cfg(dunlin_fpu)]
#[repr(C)]
#[derive(Clone, Copy)]
struct Alone {
    taps: usize,
    x: *const f32,
    y: *mut f32,
    weights: *const f32,
}

#[cfg(dunlin_fpu)]
impl Room {
    pub(super) const fn new() -> Self {
        Self {
            weights: [MaybeUninit::uninit(); _],
            alone: [MaybeUninit::uninit(); _],
            count: 0,
        }
    }

    /// Leaves a place to [`eights`] of others, of whose taps it has those from `first` on; `false` where that cannot be.
    #[inline(always)]
    pub(super) fn leave(&mut self, places: &Places, place: usize, first: usize) -> bool {
        let Some(alone) = self.alone.get_mut(self.count).filter(|_| places.taps > 0) else {
            return false;
        };
        alone.write(Alone {
            taps: places.taps,
            x: places.x.wrapping_add(place * places.stride),
            y: places.y.wrapping_add(place * places.channels),
            weights: self
                .weights
                .as_ptr()
                .cast::<f32>()
                .wrapping_add(CHANNELS * first),
        });
        self.count += 1;
        true
    }
}

/// The outputs of all whole groups of channels, where that is faster, and of the places left to it, whose taps are at most [`TAPS`];
/// gives the number of these channels.
///
/// # Safety
/// All that belongs to the places and their channels is there.
#[cfg(dunlin_fpu)]
#[inline(never)]
pub(super) unsafe fn eights(places: &Places, room: &mut Room) -> usize {
    let (channels, taps) = (places.channels, places.taps);
    let groups = channels / CHANNELS;
    // Places so far apart share values.
    let apart = places.tap.checked_div(places.stride).unwrap_or_default();
    // Two pairs make up for taking out the weights.
    if groups == 0 || taps == 0 || apart * places.stride != places.tap || places.count < 4 * apart {
        return 0;
    }
    for place in 0..apart {
        let count = (places.count - place).div_ceil(apart);
        let last = place + (count - 1) * apart;
        if count % 2 == 1 && !(apart == 1 && taps <= TAPS && room.leave(places, last, 0)) {
            // SAFETY: as the caller says.
            unsafe { places.fours(0, groups * CHANNELS / 4, last, 1) };
        }
        let y = places.y.wrapping_add(place * channels);
        let between = 4 * apart * channels;
        // More taps add to the sums of those before, which are the outputs so far.
        let (mut first, mut sums, mut step) = (0, places.bias, 0);
        while first < taps {
            let now = (taps - first).min(TAPS);
            let turns = now.div_ceil(TURN);
            let x = places.stride * place + places.tap * first;
            let mut job = Job {
                weights: places.weights.wrapping_add(first),
                row: 4 * places.size,
                taps: now,
                room: room.weights.as_mut_ptr().cast(),
                turns,
                pairs: count / 2,
                tap: 4 * places.tap,
                x: places.x.wrapping_add(x),
                y,
                place: between,
                sums,
                step,
                groups,
                entry: (now + TURN - TURN * turns) * TAP,
                alone: room.alone.as_ptr().cast(),
                count: room.count,
                done: 0,
            };
            // SAFETY: as the caller says; there is room for so many taps, and there are at least one of them, a group and two pairs.
            unsafe { program(&mut job) };
            (first, sums, step) = (first + now, y.cast_const(), between);
        }
    }
    groups * CHANNELS
}

/// What [`PROGRAM`] works on; all distances are in bytes.
#[cfg(dunlin_fpu)]
#[repr(C)]
struct Job {
    /// The first tap used of the first filter.
    weights: *const f32,
    /// From filter to filter.
    row: usize,
    taps: usize,
    /// Room for the weights of a group, [`CHANNELS`] for each tap.
    room: *mut f32,
    /// Turns over the taps, the first of which may have fewer than [`TURN`].
    turns: usize,
    pairs: usize,
    /// From what a tap meets to what the next one meets, and so from place to place.
    tap: usize,
    /// What the first tap meets at the first place.
    x: *const f32,
    y: *mut f32,
    /// From place to place.
    place: usize,
    /// What the sums begin with, and from place to place: the biases of all, or the outputs.
    sums: *const f32,
    step: usize,
    groups: usize,
    /// The code of the taps of the first turn; from the first group on where it stands.
    entry: usize,
    /// Places to be done alone, how many, and how far the groups have come.
    alone: *const Alone,
    count: usize,
    done: usize,
}

/// The products of a tap's values with its weights.
macro_rules! products {
    () => {
        "
        vfma.f32 s0, s16, s24
        vfma.f32 s1, s17, s25
        vfma.f32 s2, s18, s26
        vfma.f32 s3, s19, s27
        vfma.f32 s4, s20, s28
        vfma.f32 s5, s21, s29
        vfma.f32 s6, s22, s30
        vfma.f32 s7, s23, s31
        "
    };
}

/// A tap at two places, of which the values of the first are there.
macro_rules! tap {
    () => {
        concat!(
            "
        vldm r9!, {s24-s31}
        ",
            products!(),
            "
        vldm lr, {s16-s23}
        add.w lr, lr, r3
        vfma.f32 s8, s16, s24
        vfma.f32 s9, s17, s25
        vfma.f32 s10, s18, s26
        vfma.f32 s11, s19, s27
        vfma.f32 s12, s20, s28
        vfma.f32 s13, s21, s29
        vfma.f32 s14, s22, s30
        vfma.f32 s15, s23, s31
        "
        )
    };
}

/// A tap at one place.
macro_rules! alone {
    () => {
        concat!(
            "
        vldm r9!, {s24-s31}
        vldm r4, {s16-s23}
        add r4, r4, r3
        ",
            products!(),
        )
    };
}

/// r0 the [`Job`], then in r12: its weights, values, outputs and sums move along with the groups.
///
/// First the weights of a group to its room, of each tap those of all channels: r0-r7 the rows, r8 bytes from row to row, r9 taps,
/// r10 room. Then the places: r0 turns that are left, r1 turns, r2 pairs, r3 bytes from tap to tap, r4 values, r5 outputs, r6 bytes
/// from output to output, r7 sums, r8 bytes to the next ones, r9 weights, r10 the first of them, r14 a tap's values; s0-s15 the
/// sums, s16-s23 values, s24-s31 weights. Last the places alone, which r14 has, with how many are left in r2: r0 pairs of taps, r4
/// values, r5 outputs, r6 bytes of the groups that are done, r9 weights.
macro_rules! source {
    () => {
        concat!(
            "
        push {r4-r11, lr}
        vpush {s16-s31}
        mov r12, r0
        adr r1, 5f
        ldr r2, [r0, #52]
        subs r1, r1, r2
        adds r1, #1
        str r1, [r0, #52]
        1:
        ldm r12, {r0, r8-r10}
        add r1, r0, r8
        add r2, r1, r8
        add r3, r2, r8
        add r4, r3, r8
        add r5, r4, r8
        add r6, r5, r8
        add r7, r6, r8
        add r11, r7, r8
        str r11, [r12]
        2:
        vldm r0!, {s0}
        vldm r1!, {s1}
        vldm r2!, {s2}
        vldm r3!, {s3}
        vldm r4!, {s4}
        vldm r5!, {s5}
        vldm r6!, {s6}
        vldm r7!, {s7}
        vstm r10!, {s0-s7}
        subs r9, r9, #1
        bne 2b
        ldr r10, [r12, #12]
        add r0, r12, #16
        ldm r0, {r1-r8}
        add r0, r4, #32
        str r0, [r12, #28]
        add r0, r5, #32
        str r0, [r12, #32]
        add r0, r7, #32
        str r0, [r12, #40]
        3:
        vldm r7, {s0-s7}
        add r7, r7, r8
        vldm r7, {s8-s15}
        add r7, r7, r8
        mov r9, r10
        mov r0, r1
        vldm r4, {s16-s23}
        add lr, r4, r3
        add r4, lr, r3
        ldr pc, [r12, #52]
        4:
        .rept 4
        ",
            tap!(),
            "
        .endr
        5:
        subs r0, r0, #1
        bne 4b
        vstm r5, {s0-s7}
        add r5, r5, r6
        vstm r5, {s8-s15}
        add r5, r5, r6
        subs r2, r2, #1
        bne 3b
        ldrd lr, r2, [r12, #56]
        ldr r6, [r12, #64]
        add r0, r6, #32
        str r0, [r12, #64]
        cmp r2, #0
        beq 9f
        6:
        ldm lr!, {r0, r4, r5, r9}
        add r4, r4, r6
        add r5, r5, r6
        vldm r7, {s0-s7}
        lsrs r0, r0, #1
        bcc 7f
        ",
            alone!(),
            "
        beq 8f
        7:
        ",
            alone!(),
            alone!(),
            "
        subs r0, r0, #1
        bne 7b
        8:
        vstm r5, {s0-s7}
        subs r2, r2, #1
        bne 6b
        9:
        ldr r0, [r12, #48]
        subs r0, r0, #1
        str r0, [r12, #48]
        bne 1b
        vpop {s16-s31}
        pop {r4-r11, pc}
        "
        )
    };
}

/// The program of pairs of places, for the interpreter of the tests.
pub const PROGRAM: &str = source!();

/// # Safety
/// At least one pair, one tap and one group, with all that belongs to them.
#[cfg(dunlin_fpu)]
#[unsafe(naked)]
unsafe extern "C" fn program(job: &mut Job) {
    core::arch::naked_asm!(super::super::fpu!(), source!(), options(raw))
}
