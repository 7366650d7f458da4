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
    /// The point of the table for 0.
    point: *const i16,
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
        let job = Job {
            arguments: arguments.as_ptr(),
            state: state.as_mut_ptr(),
            hidden: hidden.as_mut_ptr(),
            fours: count / 4,
            point: crate::math::table::points_from_0().as_ptr(),
            product: -shifts.product,
            argument: -shifts.argument,
            last: -shifts.hidden,
            half: shifts.half(),
        };
        if job.fours > 0 {
            // SAFETY: all slices have this many fours of units, and two points of the table are read for each value of 16 bits.
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

/// The hyperbolic tangents of as many arguments as both slices have.
#[inline(always)]
pub fn tanh(arguments: &[i32], y: &mut [i16]) {
    #[cfg(dunlin_mve)]
    let done = {
        let fours = arguments.len().min(y.len()) / 4;
        if fours > 0 {
            let points = crate::math::table::points_from_0().as_ptr();
            // SAFETY: as of `units`.
            unsafe { each_tanh_program(arguments.as_ptr(), y.as_mut_ptr(), fours, points) };
        }
        4 * fours
    };
    #[cfg(not(dunlin_mve))]
    let done = 0;
    for (y, &argument) in y.iter_mut().zip(arguments).skip(done) {
        *y = crate::math::table::signed_gate(argument) as i16;
    }
}

/// Fours of units: r0 the job.
///
/// r0 arguments, r1 cell states, r2 hidden states; r4 the point of the table for 0, r9 the next; r5, r6, r7 shifts to the left; r8
/// half a step. q0 to q3 have the gates i, f, c, o.
macro_rules! units_source {
    ($candidate:expr, $hidden:expr) => {
        concat!(
            "
        push {r4-r10, lr}
        vpush {s16-s31}
        ldm r0, {r0-r8}
        add r9, r4, #2
        mov r10, #0x400000
        dls lr, r3
        vmov.i32 q6, #0x7f
        1:
        vld40.32 {q0, q1, q2, q3}, [r0]
        vld41.32 {q0, q1, q2, q3}, [r0]
        vld42.32 {q0, q1, q2, q3}, [r0]
        vld43.32 {q0, q1, q2, q3}, [r0]!
        ",
            gate!("q0"),
            gate!("q1"),
            gate!("q3"),
            $candidate,
            "
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
        pop {r4-r10, pc}
        "
        )
    };
}

macro_rules! tanh_source {
    () => {
        units_source!(
            signed_gate!("q2"),
            concat!("vshl.s32 q0, r6", signed_gate!("q0"), "vmul.i32 q0, q0, q3")
        )
    };
}

macro_rules! relu_source {
    () => {
        units_source!(
            "vqmovnb.s32 q2, q2
        vmovlb.s16 q2, q2
        vmov.i32 q7, #0
        vmax.s32 q2, q2, q7",
            "vmax.s32 q0, q0, q7
        vshl.i32 q3, q3, #16
        vmulh.s32 q0, q0, q3"
        )
    };
}

/// r0 fours of arguments, r1 where their hyperbolic tangents go, r2 the number of fours, r3 the point of the table for 0.
macro_rules! each_tanh_source {
    () => {
        concat!(
            "
        push {r4, r9, r10, lr}
        vpush {s16-s31}
        mov r4, r3
        add r9, r3, #2
        vmov.i32 q6, #0x7f
        dls lr, r2
        1:
        vldrw.u32 q0, [r0], #16
        ",
            signed_gate!("q0"),
            "
        vstrh.32 q0, [r1], #8
        le lr, 1b
        vpop {s16-s31}
        pop {r4, r9, r10, pc}
        "
        )
    };
}

/// The programs of [`units`] and [`tanh`], for the interpreter of the tests.
pub const EACH_TANH: &str = each_tanh_source!();
pub const TANH: &str = tanh_source!();
pub const RELU: &str = relu_source!();

/// # Safety
/// The pointers of the job reach as far as its number of fours says, and the table has two points for each argument of 16 bits.
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
/// As many fours of arguments and outputs; the table as of [`tanh_program`].
#[cfg(dunlin_mve)]
#[unsafe(naked)]
unsafe extern "C" fn each_tanh_program(
    arguments: *const i32,
    y: *mut i16,
    fours: usize,
    points: *const i16,
) {
    core::arch::naked_asm!(super::cpu!(), each_tanh_source!(), options(raw))
}
