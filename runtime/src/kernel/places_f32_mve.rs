//! f32 convolutions on cores with Helium: eight rows at two places share the loads of weights and of values.
//!
//! As [`rows_f32_mve`](super::rows_f32_mve), with the same way out where a number is subnormal.
#![cfg_attr(dunlin_mve_f32, allow(unsafe_code))] // a naked function, and the call into it with checked lengths

/// The least number of rows: fewer take less place by place.
#[cfg(dunlin_mve_f32)]
const LEAST: usize = 5;

/// `y[place][r] = bias[r] + W[r] . x[place * step..]` for all rows, as many as there are biases, of `columns` weights each. Does an
/// even number of places, from the first on, and gives it.
///
/// 0 where there is no such program, or it takes longer than another, a slice is too short, or a number was subnormal: then some of
/// `y` may be written.
#[cfg_attr(dunlin_mve_f32, inline(never))]
#[cfg_attr(not(dunlin_mve_f32), inline(always))]
pub fn run(
    weights: &[f32],
    columns: usize,
    bias: &[f32],
    (x, step): (&[f32], usize),
    y: &mut [f32],
) -> usize {
    #[cfg(dunlin_mve_f32)]
    {
        let rows = bias.len();
        let pairs = y.len().checked_div(rows).unwrap_or_default() / 2;
        let last = step.checked_mul((2 * pairs).saturating_sub(1));
        let read = last.and_then(|last| last.checked_add(columns));
        let fits = read.is_some_and(|read| read <= x.len())
            && rows
                .checked_mul(columns)
                .is_some_and(|count| count <= weights.len());
        if pairs == 0 || rows < LEAST || !fits {
            return 0;
        }
        let mut job = Job {
            x: x.as_ptr(),
            step: 4 * step,
            fours: columns / 4,
            ones: columns % 4,
            y: y.as_mut_ptr(),
            pairs,
            bias: bias.as_ptr(),
            left: rows,
            weights: weights.as_ptr().wrapping_sub(1),
            stride: 4 * columns,
            y_step: 4 * rows,
            ahead: (8 * step).wrapping_sub(4 * columns),
            to_do: core::mem::MaybeUninit::uninit(),
        };
        // SAFETY: there are as many weights and biases as the rows take, values at all places and outputs for them, and at least one of
        // each.
        match unsafe { program(&mut job) } {
            0 => 2 * pairs,
            _ => 0,
        }
    }
    #[cfg(not(dunlin_mve_f32))]
    {
        let _ = (weights, columns, bias, x, step, y);
        0
    }
}

/// What [`PROGRAM`] works on.
#[cfg(dunlin_mve_f32)]
#[repr(C)]
struct Job {
    x: *const f32,
    /// Bytes from place to place of the values.
    step: usize,
    /// Fours of columns, and those behind them.
    fours: usize,
    ones: usize,
    /// Of the next rows at the first place.
    y: *mut f32,
    /// Of places.
    pairs: usize,
    bias: *const f32,
    /// Rows that are not done.
    left: usize,
    /// Before the first weight of the next rows.
    weights: *const f32,
    /// Bytes from row to row.
    stride: usize,
    /// Bytes from place to place of the outputs.
    y_step: usize,
    /// Bytes from the last value of a place to the first of the place after the next.
    ahead: usize,
    /// Pairs of places of these rows.
    to_do: core::mem::MaybeUninit<usize>,
}

/// A column of eight rows at two places, with the values of both.
macro_rules! column {
    ($a:literal, $b:literal) => {
        concat!(
            "vldrw.u32 q6, [q0, #4]!\n",
            "vldrw.u32 q7, [q1, #4]!\n",
            "vfma.f32 q2, q6, ",
            $a,
            "\nvfma.f32 q4, q6, ",
            $b,
            "\nvfma.f32 q3, q7, ",
            $a,
            "\nvfma.f32 q5, q7, ",
            $b,
            "\n",
        )
    };
}

/// r0 the [`Job`]; comes back as what says that a number was subnormal.
///
/// r12 the job; r1, r3 the values of two places, r4-r7 and r8-r11 four of each; r0, r2 the outputs of both. q0, q1 the addresses before a
/// weight of each row; q2, q3 the sums of one place, q4, q5 of the other. On the stack stand the numbers of each lane's row, the same
/// in some lanes where there are fewer than eight, and the biases.
macro_rules! source {
    () => {
        concat!(
            "
        push {r4-r11, lr}
        vpush {s16-s31}
        sub sp, #64
        mov r12, r0
        ",
            clear_flags!("r1", subnormal),
            "
        1:
        ldrd r7, r4, [r12, #24]
        subs r5, r4, #1
        vdup.32 q2, r5
        movs r6, #0
        vidup.u32 q0, r6, #1
        vidup.u32 q1, r6, #1
        vmin.s32 q0, q0, q2
        vmin.s32 q1, q1, q2
        vstrw.32 q0, [sp]
        vstrw.32 q1, [sp, #16]
        vldrw.u32 q2, [r7, q0, uxtw #2]
        vldrw.u32 q3, [r7, q1, uxtw #2]
        vstrw.32 q2, [sp, #32]
        vstrw.32 q3, [sp, #48]
        adds r7, #32
        subs r4, #8
        strd r7, r4, [r12, #24]
        ldrd r5, r6, [r12, #32]
        vmul.i32 q0, q0, r6
        vmul.i32 q1, q1, r6
        vadd.i32 q0, q0, r5
        vadd.i32 q1, q1, r5
        add r5, r5, r6, lsl #3
        str r5, [r12, #32]
        ldrd r0, r4, [r12, #16]
        str r4, [r12, #48]
        add r5, r0, #32
        str r5, [r12, #16]
        ldr r4, [r12, #40]
        adds r2, r0, r4
        ldrd r1, r4, [r12]
        adds r3, r1, r4
        2:
        vldrw.u32 q2, [sp, #32]
        vldrw.u32 q3, [sp, #48]
        vldrw.u32 q4, [sp, #32]
        vldrw.u32 q5, [sp, #48]
        ldr r4, [r12, #8]
        wls lr, r4, 4f
        3:
        ldm r1!, {r4-r7}
        ldm r3!, {r8-r11}
        ",
            column!("r4", "r8"),
            column!("r5", "r9"),
            column!("r6", "r10"),
            column!("r7", "r11"),
            "
        le lr, 3b
        4:
        ldr r4, [r12, #12]
        wls lr, r4, 6f
        5:
        ldr r4, [r1], #4
        ldr r8, [r3], #4
        ",
            column!("r4", "r8"),
            "
        le lr, 5b
        6:
        vldrw.u32 q6, [sp]
        vldrw.u32 q7, [sp, #16]
        vstrw.32 q2, [r0, q6, uxtw #2]
        vstrw.32 q3, [r0, q7, uxtw #2]
        vstrw.32 q4, [r2, q6, uxtw #2]
        vstrw.32 q5, [r2, q7, uxtw #2]
        add r4, r12, #36
        ldm r4, {r5-r8}
        vsub.i32 q0, q0, r5
        vsub.i32 q1, q1, r5
        add r0, r0, r6, lsl #1
        add r2, r2, r6, lsl #1
        add r1, r7
        add r3, r7
        subs r8, r8, #1
        str r8, [r12, #48]
        bne 2b
        ldr r4, [r12, #28]
        cmp r4, #0
        bgt 1b
        ",
            give_flags!(subnormal),
            "
        add sp, #64
        vpop {s16-s31}
        pop {r4-r11, pc}
        "
        )
    };
}

/// The program of [`run`], for the interpreter of the tests.
pub const PROGRAM: &str = source!();

/// # Safety
/// At least one pair of places and one row, and all that belongs to them.
#[cfg(dunlin_mve_f32)]
#[unsafe(naked)]
unsafe extern "C" fn program(job: &mut Job) -> u32 {
    core::arch::naked_asm!(super::cpu!(), source!(), options(raw))
}
