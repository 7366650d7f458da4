//! The cells of a plain GRU on cores with Helium: four units at a time, with the bits of [`cell`](super::cell).
#![cfg_attr(dunlin_mve, allow(unsafe_code))] // naked functions, and the calls into them with checked lengths

use super::cell_mve::Inner;

/// What the programs work on, in the order of their registers.
#[cfg(dunlin_mve)]
#[repr(C)]
struct Job {
    /// The arguments of gates, and of candidates where there are some.
    gates: [*const i32; 2],
    candidates: [*const i32; 2],
    /// The point of the table for 0.
    point: *const i16,
    /// States, or products.
    wide: *mut i32,
    hidden: *mut i16,
    /// Fours of units.
    fours: usize,
}

/// Products times the sigmoids of sums of two arguments, in fours; gives the number of those that are done.
#[cfg_attr(dunlin_mve, inline(never))]
pub fn scale(arguments: [&[i32]; 2], products: &mut [i32]) -> usize {
    let [x, h] = arguments;
    let fours = x.len().min(h.len()).min(products.len()) / 4;
    #[cfg(dunlin_mve)]
    if fours > 0 {
        let gates = arguments.map(<[i32]>::as_ptr);
        let job = Job {
            gates,
            candidates: gates,
            point: crate::math::table::points_from_0().as_ptr(),
            wide: products.as_mut_ptr(),
            hidden: core::ptr::null_mut(),
            fours,
        };
        // SAFETY: the slices that the program uses have this many fours, and two points of the table are read for each value of 16
        // bits.
        unsafe { scale_program(&job) };
    }
    #[cfg(not(dunlin_mve))]
    for ((&x, &h), product) in x.iter().zip(h).zip(products).take(4 * fours) {
        *product = super::cell::scaled(*product, super::cell::gru_gate(x, h));
    }
    4 * fours
}

/// Units from the arguments of their update gates and candidates, each a sum of two, in fours: their states with all bits, and their
/// hidden states. Gives the number of those that are done.
#[cfg_attr(dunlin_mve, inline(never))]
pub fn units(
    inner: Inner,
    updates: [&[i32]; 2],
    candidates: [&[i32]; 2],
    wide: &mut [i32],
    hidden: &mut [i16],
) -> usize {
    let of_both = updates.into_iter().chain(candidates);
    let least = of_both.fold(wide.len().min(hidden.len()), |least, slice| {
        least.min(slice.len())
    });
    let fours = least / 4;
    #[cfg(dunlin_mve)]
    if fours > 0 {
        let job = Job {
            gates: updates.map(<[i32]>::as_ptr),
            candidates: candidates.map(<[i32]>::as_ptr),
            point: crate::math::table::points_from_0().as_ptr(),
            wide: wide.as_mut_ptr(),
            hidden: hidden.as_mut_ptr(),
            fours,
        };
        // SAFETY: as of `scale`.
        unsafe {
            match inner {
                Inner::Tanh => tanh_program(&job),
                Inner::Relu => relu_program(&job),
            }
        }
    }
    #[cfg(not(dunlin_mve))]
    {
        use super::cell::{gru_candidate, gru_gate, gru_unit};
        let [updates_x, updates_h] = updates;
        let updates = updates_x.iter().zip(updates_h);
        let [candidates_x, candidates_h] = candidates;
        let candidates = candidates_x.iter().zip(candidates_h);
        let states = wide.iter_mut().zip(hidden).take(4 * fours);
        for (((wide, hidden), (&x, &h)), (&of_x, &of_h)) in states.zip(updates).zip(candidates) {
            let candidate = gru_candidate(of_x, of_h, inner == Inner::Relu);
            *hidden = gru_unit(gru_gate(x, h), candidate, wide);
        }
    }
    4 * fours
}

/// Fours of products: r0 the job.
///
/// r0 and r1 arguments of gates, r5 products; r10 is 2^22.
macro_rules! scale_source {
    () => {
        concat!(
            "
        push {r4-r10, lr}
        vpush {s16-s31}
        ldm r0, {r0-r7}
        add r9, r4, #2
        mov r10, #0x400000
        vmov.i32 q6, #0x7f
        dls lr, r7
        1:
        vldrw.u32 q0, [r0], #16
        vldrw.u32 q1, [r1], #16
        vadd.i32 q0, q0, q1
        ",
            gate!("q0"),
            "
        vldrw.u32 q1, [r5]
        vshl.i32 q0, q0, #16
        vmulh.s32 q1, q1, q0
        vshl.i32 q1, q1, #1
        vstrw.32 q1, [r5], #16
        le lr, 1b
        vpop {s16-s31}
        pop {r4-r10, pc}
        "
        )
    };
}

/// Fours of units: r0 the job.
///
/// r0 and r1 arguments of update gates, r2 and r3 of candidates; r5 states and r6 hidden states; r7 half a step of those, r8 one in
/// gates, r10 2^22.
macro_rules! units_source {
    ($candidate:expr) => {
        concat!(
            "
        push {r4-r10, lr}
        vpush {s16-s31}
        ldm r0, {r0-r7}
        add r9, r4, #2
        mov r10, #0x400000
        vmov.i32 q6, #0x7f
        dls lr, r7
        mov r7, #0x4000
        mov r8, #0x8000
        1:
        vldrw.u32 q0, [r0], #16
        vldrw.u32 q1, [r1], #16
        vadd.i32 q0, q0, q1
        ",
            gate!("q0"),
            "
        vldrw.u32 q1, [r2], #16
        vldrw.u32 q2, [r3], #16
        vadd.i32 q1, q1, q2
        ",
            $candidate,
            "
        vldrw.u32 q2, [r5]
        vshl.i32 q3, q0, #16
        vmulh.s32 q2, q2, q3
        vshl.i32 q2, q2, #1
        vsub.i32 q0, q0, r8
        vmul.i32 q0, q0, q1
        vsub.i32 q0, q2, q0
        vstrw.32 q0, [r5], #16
        vadd.i32 q0, q0, r7
        vshr.s32 q0, q0, #15
        vqmovnb.s32 q0, q0
        vstrh.32 q0, [r6], #8
        le lr, 1b
        vpop {s16-s31}
        pop {r4-r10, pc}
        "
        )
    };
}

macro_rules! tanh_source {
    () => {
        units_source!(signed_gate!("q1"))
    };
}

macro_rules! relu_source {
    () => {
        units_source!(
            "vqmovnb.s32 q1, q1
        vmovlb.s16 q1, q1
        vmov.i32 q7, #0
        vmax.s32 q1, q1, q7"
        )
    };
}

/// The programs of [`scale`] and [`units`], for the interpreter of the tests.
pub const SCALE: &str = scale_source!();
pub const TANH: &str = tanh_source!();
pub const RELU: &str = relu_source!();

/// # Safety
/// The pointers of the job reach as far as its number of fours says; and the table has two points for each argument of 16 bits.
#[cfg(dunlin_mve)]
#[unsafe(naked)]
unsafe extern "C" fn tanh_program(job: &Job) {
    core::arch::naked_asm!(super::cpu!(), tanh_source!(), options(raw))
}

/// # Safety
/// As of [`tanh_program`].
#[cfg(dunlin_mve)]
#[unsafe(naked)]
unsafe extern "C" fn relu_program(job: &Job) {
    core::arch::naked_asm!(super::cpu!(), relu_source!(), options(raw))
}

/// # Safety
/// As of [`tanh_program`].
#[cfg(dunlin_mve)]
#[unsafe(naked)]
unsafe extern "C" fn scale_program(job: &Job) {
    core::arch::naked_asm!(super::cpu!(), scale_source!(), options(raw))
}
