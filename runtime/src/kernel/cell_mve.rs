//! The cells of a plain LSTM on cores with Helium: four units at a time, with the bits of [`cell`](super::cell).
#![cfg_attr(dunlin_mve, allow(unsafe_code))] // naked functions, and the calls into them with checked lengths

use super::cell::{self, Shifts};

/// The activation of candidates and cell states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inner {
    Tanh,
    Relu,
}

impl Inner {
    /// One unit.
    #[inline(always)]
    fn unit(self, arguments: [i32; 4], shifts: Shifts, state: &mut i32) -> i16 {
        match self {
            Self::Tanh => cell::tanh(arguments, shifts, state),
            Self::Relu => cell::relu(arguments, shifts, state),
        }
    }
}

/// What the programs work on.
#[cfg(dunlin_mve)]
#[repr(C)]
struct Job {
    arguments: *const [i32; 4],
    state: *mut i32,
    hidden: *mut i16,
    /// Fours of units.
    fours: usize,
    /// The line of the table for arguments from 0 on.
    line: *const u32,
    /// Shifts to the left.
    product: i32,
    argument: i32,
    last: i32,
    half: i32,
}

/// A step of as many units as all slices have: from the arguments of the gates i, f, c, o to the cell states and hidden states.
#[inline(always)]
pub fn units(
    inner: Inner,
    shifts: Shifts,
    arguments: &[[i32; 4]],
    state: &mut [i32],
    hidden: &mut [i16],
) {
    #[cfg(dunlin_mve)]
    let done = {
        let count = arguments.len().min(state.len()).min(hidden.len());
        let lines = crate::math::table::logistic_lines();
        let job = Job {
            arguments: arguments.as_ptr(),
            state: state.as_mut_ptr(),
            hidden: hidden.as_mut_ptr(),
            fours: count / 4,
            line: lines.as_ptr().wrapping_add(lines.len() / 2),
            product: -shifts.product,
            argument: -shifts.argument,
            last: -shifts.hidden,
            half: shifts.half(),
        };
        if job.fours > 0 {
            // SAFETY: all slices have this many fours of units, and a line of the table is read for each value of 16 bits.
            unsafe {
                match inner {
                    Inner::Tanh => tanh_program(&job),
                    Inner::Relu => relu_program(&job),
                }
            }
        }
        4 * job.fours
    };
    #[cfg(not(dunlin_mve))]
    let done = 0;
    let units = arguments.iter().zip(state).zip(hidden).skip(done);
    for ((&arguments, state), hidden) in units {
        *hidden = inner.unit(arguments, shifts, state);
    }
}

/// The logistic function of four arguments, with 16 fraction bits; q6 is 127.
macro_rules! logistic {
    ($q:literal) => {
        concat!(
            "
        vqmovnb.s32 ",
            $q,
            ", ",
            $q,
            "
        vmovlb.s16 ",
            $q,
            ", ",
            $q,
            "
        vshr.s32 q4, ",
            $q,
            ", #7
        vldrw.u32 q5, [r4, q4, uxtw #2]
        vand ",
            $q,
            ", ",
            $q,
            ", q6
        vshr.s32 q4, q5, #16
        vmovlb.u16 q5, q5
        vmul.i32 ",
            $q,
            ", ",
            $q,
            ", q4
        vshr.u32 ",
            $q,
            ", ",
            $q,
            ", #7
        vadd.i32 ",
            $q,
            ", ",
            $q,
            ", q5
        "
        )
    };
}

/// Fours of units: r0 the job.
///
/// r0 arguments, r1 cell states, r2 hidden states; r4 the table; r5, r6, r7 shifts to the left; r8 half a step. q0 to q3 have the
/// gates i, f, c, o; q7 is 2^15, or 0 with relu.
macro_rules! units_source {
    ($constant:literal, $candidate:expr, $hidden:expr) => {
        concat!(
            "
        push {r4-r8, lr}
        vpush {s16-s31}
        ldm r0, {r0-r8}
        dls lr, r3
        vmov.i32 q6, #0x7f
        ",
            $constant,
            "
        1:
        vld40.32 {q0, q1, q2, q3}, [r0]
        vld41.32 {q0, q1, q2, q3}, [r0]
        vld42.32 {q0, q1, q2, q3}, [r0]
        vld43.32 {q0, q1, q2, q3}, [r0]!
        ",
            logistic!("q0"),
            logistic!("q1"),
            logistic!("q3"),
            $candidate,
            "
        vshr.u32 q0, q0, #1
        vshr.u32 q1, q1, #1
        vshr.u32 q3, q3, #1
        vldrw.u32 q4, [r1]
        vshl.i32 q1, q1, #16
        vmul.i32 q0, q0, q2
        vmulh.s32 q4, q4, q1
        vshl.s32 q0, r5
        vshl.i32 q4, q4, #1
        vqadd.s32 q0, q4, q0
        vstrw.32 q0, [r1], #16
        ",
            $hidden,
            "
        vqadd.s32 q0, q0, r8
        vshl.s32 q0, r7
        vqmovnb.s32 q0, q0
        vstrh.32 q0, [r2], #8
        le lr, 1b
        vpop {s16-s31}
        pop {r4-r8, pc}
        "
        )
    };
}

macro_rules! tanh_source {
    () => {
        units_source!(
            "vmov.i32 q7, #0x8000",
            concat!(logistic!("q2"), "vsub.i32 q2, q2, q7"),
            concat!(
                "vshl.s32 q0, r6",
                logistic!("q0"),
                "vsub.i32 q0, q0, q7
        vmul.i32 q0, q0, q3"
            )
        )
    };
}

macro_rules! relu_source {
    () => {
        units_source!(
            "vmov.i32 q7, #0",
            "vqmovnb.s32 q2, q2
        vmovlb.s16 q2, q2
        vmax.s32 q2, q2, q7",
            "vmax.s32 q0, q0, q7
        vshl.i32 q3, q3, #16
        vmulh.s32 q0, q0, q3"
        )
    };
}

/// The programs of [`units`], for the interpreter of the tests.
pub const TANH: &str = tanh_source!();
pub const RELU: &str = relu_source!();

/// # Safety
/// The pointers of the job reach as far as its number of fours says, and the table has a line for each argument of 16 bits.
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
