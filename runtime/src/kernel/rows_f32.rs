//! f32 rows as they are, on cores with a floating-point unit: four rows share each load of eight values, and all
//! blocks of four go in one program.
//!
//! `VFMA` rounds a product and its sum once, as [`reference`](super::reference) does.
#![cfg_attr(dunlin_fpu, allow(unsafe_code))] // naked functions, and the calls into them with checked lengths

#[cfg(dunlin_fpu)]
use super::row_lanes::Lanes;

#[cfg(not(dunlin_fpu))]
pub use super::float_rows::{dot, strided};

/// Whether [`blocks`] has a program.
pub const HAS_BLOCKS: bool = cfg!(dunlin_fpu);

/// `y[b][r] = bias[b][r] + sum of W[4 b + r][column + i] * x[i]` in the order of `i`, for as many blocks as `y` has, over rows of
/// `stride` weights each that follow each other.
///
/// `false`, and nothing done, where there is no such program, or a slice is too short.
#[inline(always)]
pub fn blocks(
    rows: &[f32],
    stride: usize,
    column: usize,
    x: &[f32],
    bias: &[[f32; 4]],
    y: &mut [[f32; 4]],
) -> bool {
    #[cfg(dunlin_fpu)]
    {
        let enough = |rows: &[f32]| {
            let count = stride.checked_mul(4)?.checked_mul(y.len())?;
            Some(count <= rows.len() && column.checked_add(x.len())? <= stride)
        };
        if y.is_empty() || bias.len() < y.len() || enough(rows) != Some(true) {
            return false;
        }
        let job = Job {
            stride: 4 * stride,
            bias: bias.as_ptr(),
            y: y.as_mut_ptr(),
            blocks: y.len(),
        };
        // SAFETY: there are at least one block and as many biases and rows of whole `stride`s as are asked for, and in each row as
        // many weights from `column` on as there are values.
        unsafe {
            blocks_program(
                rows.as_ptr().wrapping_add(column),
                x.as_ptr(),
                x.len(),
                &job,
            )
        };
        true
    }
    #[cfg(not(dunlin_fpu))]
    {
        let _ = (rows, stride, column, x, bias, y);
        false
    }
}

/// `sums[r] + sum of W[r][column + i] * x[i]` in the order of `i`, over four rows as in [`blocks`]; `None` where that does nothing.
#[inline(always)]
pub fn dot4(
    rows: &[f32],
    stride: usize,
    column: usize,
    x: &[f32],
    sums: [f32; 4],
) -> Option<[f32; 4]> {
    let mut y = [[0.0; 4]];
    blocks(rows, stride, column, x, &[sums], &mut y).then_some(y[0])
}

/// What [`BLOCKS`] works on besides.
#[cfg(dunlin_fpu)]
#[repr(C)]
struct Job {
    /// Bytes from row to row.
    stride: usize,
    bias: *const [f32; 4],
    y: *mut [f32; 4],
    blocks: usize,
}

/// [`dot`](super::float_rows::dot): where there is a program it does without the lanes.
#[cfg(dunlin_fpu)]
#[inline(always)]
pub fn dot<L: Lanes>(_: L, row: &[f32], x: &[f32], mut sum: f32) -> f32 {
    // SAFETY: as many values of both as the shorter one has.
    unsafe { dot_program(row.as_ptr(), x.as_ptr(), row.len().min(x.len()), &mut sum) };
    sum
}

/// [`strided`](super::float_rows::strided), likewise.
#[cfg(dunlin_fpu)]
#[inline(always)]
pub fn strided<L: Lanes>(_: L, row: &[f32], x: &[f32], stride: usize, sum: f32) -> f32 {
    let stride = stride.max(1);
    let mut job = Strided {
        sum,
        stride: 4 * stride,
    };
    let count = row.len().min(x.len().div_ceil(stride));
    // SAFETY: as many weights, and so many values `stride` apart, as the shorter of both has.
    unsafe { strided_program(row.as_ptr(), x.as_ptr(), count, &mut job) };
    job.sum
}

/// What [`STRIDED`] works on besides.
#[cfg(dunlin_fpu)]
#[repr(C)]
struct Strided {
    sum: f32,
    /// Bytes from value to value.
    stride: usize,
}

/// Eight columns of a row.
macro_rules! eight {
    ($row:literal, $sum:literal) => {
        concat!(
            "vldm ",
            $row,
            "!, {s12-s19}\n",
            "vfma.f32 ",
            $sum,
            ", s12, s4\n",
            "vfma.f32 ",
            $sum,
            ", s13, s5\n",
            "vfma.f32 ",
            $sum,
            ", s14, s6\n",
            "vfma.f32 ",
            $sum,
            ", s15, s7\n",
            "vfma.f32 ",
            $sum,
            ", s16, s8\n",
            "vfma.f32 ",
            $sum,
            ", s17, s9\n",
            "vfma.f32 ",
            $sum,
            ", s18, s10\n",
            "vfma.f32 ",
            $sum,
            ", s19, s11\n",
        )
    };
}

/// Four columns of a row.
macro_rules! four {
    ($row:literal, $sum:literal) => {
        concat!(
            "vldm ",
            $row,
            "!, {s8-s11}\n",
            "vfma.f32 ",
            $sum,
            ", s8, s4\n",
            "vfma.f32 ",
            $sum,
            ", s9, s5\n",
            "vfma.f32 ",
            $sum,
            ", s10, s6\n",
            "vfma.f32 ",
            $sum,
            ", s11, s7\n",
        )
    };
}

/// One or two columns of four rows.
macro_rules! columns {
    (2) => {
        "
        vldm r11!, {s4-s5}
        vldm r10!, {s8-s9}
        vfma.f32 s0, s8, s4
        vfma.f32 s0, s9, s5
        vldm r12!, {s8-s9}
        vfma.f32 s1, s8, s4
        vfma.f32 s1, s9, s5
        vldm r4!, {s8-s9}
        vfma.f32 s2, s8, s4
        vfma.f32 s2, s9, s5
        vldm r5!, {s8-s9}
        vfma.f32 s3, s8, s4
        vfma.f32 s3, s9, s5
        "
    };
    (1) => {
        "
        vldm r11!, {s4}
        vldm r10!, {s8}
        vfma.f32 s0, s8, s4
        vldm r12!, {s8}
        vfma.f32 s1, s8, s4
        vldm r4!, {s8}
        vfma.f32 s2, s8, s4
        vldm r5!, {s8}
        vfma.f32 s3, s8, s4
        "
    };
}

/// r0 the first row, r1 values, r2 their number, r3 the [`Job`].
///
/// r6 the stride, r7 biases, r8 outputs, r9 blocks; of a block r10, r12, r4, r5 the rows, r11 the values, r14 eights of columns, s0-s3
/// the sums; from s4 on values, then weights.
macro_rules! blocks_source {
    () => {
        concat!(
            "
        push {r4-r11, lr}
        vpush {s16-s19}
        ldm r3, {r6-r9}
        1:
        vldm r7!, {s0-s3}
        mov r10, r0
        mov r11, r1
        add r12, r0, r6
        add r4, r12, r6
        add r5, r4, r6
        add r0, r5, r6
        lsrs lr, r2, #3
        beq 3f
        2:
        vldm r11!, {s4-s11}
        ",
            eight!("r10", "s0"),
            eight!("r12", "s1"),
            eight!("r4", "s2"),
            eight!("r5", "s3"),
            "
        subs lr, lr, #1
        bne 2b
        3:
        lsls lr, r2, #30
        bcc 4f
        vldm r11!, {s4-s7}
        ",
            four!("r10", "s0"),
            four!("r12", "s1"),
            four!("r4", "s2"),
            four!("r5", "s3"),
            "
        4:
        lsls lr, r2, #31
        bcc 5f
        ",
            columns!(2),
            "
        5:
        bpl 6f
        ",
            columns!(1),
            "
        6:
        vstm r8!, {s0-s3}
        subs r9, r9, #1
        bne 1b
        vpop {s16-s19}
        pop {r4-r11, pc}
        "
        )
    };
}

/// A row alone: r0 the row, r1 values, r2 their number, r3 the sum.
macro_rules! dot_source {
    () => {
        "
        vldm r3, {s0}
        subs r2, r2, #15
        blt 2f
        vpush {s16-s30}
        1:
        vldm r0!, {s1-s15}
        vldm r1!, {s16-s30}
        vfma.f32 s0, s1, s16
        vfma.f32 s0, s2, s17
        vfma.f32 s0, s3, s18
        vfma.f32 s0, s4, s19
        vfma.f32 s0, s5, s20
        vfma.f32 s0, s6, s21
        vfma.f32 s0, s7, s22
        vfma.f32 s0, s8, s23
        vfma.f32 s0, s9, s24
        vfma.f32 s0, s10, s25
        vfma.f32 s0, s11, s26
        vfma.f32 s0, s12, s27
        vfma.f32 s0, s13, s28
        vfma.f32 s0, s14, s29
        vfma.f32 s0, s15, s30
        subs r2, r2, #15
        bge 1b
        vpop {s16-s30}
        2:
        adds r2, r2, #8
        blt 4f
        3:
        vldm r0!, {s1-s7}
        vldm r1!, {s8-s14}
        vfma.f32 s0, s1, s8
        vfma.f32 s0, s2, s9
        vfma.f32 s0, s3, s10
        vfma.f32 s0, s4, s11
        vfma.f32 s0, s5, s12
        vfma.f32 s0, s6, s13
        vfma.f32 s0, s7, s14
        subs r2, r2, #7
        bge 3b
        4:
        adds r2, r2, #7
        beq 6f
        5:
        vldm r0!, {s1}
        vldm r1!, {s8}
        vfma.f32 s0, s1, s8
        subs r2, r2, #1
        bne 5b
        6:
        vstm r3, {s0}
        bx lr
        "
    };
}

/// A row over values that stand apart: r0 the row, r1 values, r2 their number, r3 the [`Strided`].
macro_rules! strided_source {
    () => {
        "
        vldm r3, {s0}
        ldr r12, [r3, #4]
        cmp r2, #0
        beq 2f
        1:
        vldm r0!, {s1}
        vldm r1, {s2}
        add r1, r1, r12
        vfma.f32 s0, s1, s2
        subs r2, r2, #1
        bne 1b
        2:
        vstm r3, {s0}
        bx lr
        "
    };
}

/// The programs of [`blocks`], [`dot`] and [`strided`], for the interpreter of the tests.
pub const BLOCKS: &str = blocks_source!();
pub const DOT: &str = dot_source!();
pub const STRIDED: &str = strided_source!();

/// # Safety
/// `count` values at `x` and at each row, and at least one block with all that belongs to it.
#[cfg(dunlin_fpu)]
#[unsafe(naked)]
unsafe extern "C" fn blocks_program(row: *const f32, x: *const f32, count: usize, job: &Job) {
    core::arch::naked_asm!(super::fpu!(), blocks_source!(), options(raw))
}

/// # Safety
/// `count` values at `row` and at `x`.
#[cfg(dunlin_fpu)]
#[unsafe(naked)]
unsafe extern "C" fn dot_program(row: *const f32, x: *const f32, count: usize, sum: &mut f32) {
    core::arch::naked_asm!(super::fpu!(), dot_source!(), options(raw))
}

/// # Safety
/// `count` values at `row`, and as many at `x`, the job's stride apart.
#[cfg(dunlin_fpu)]
#[unsafe(naked)]
unsafe extern "C" fn strided_program(
    row: *const f32,
    x: *const f32,
    count: usize,
    job: &mut Strided,
) {
    core::arch::naked_asm!(super::fpu!(), strided_source!(), options(raw))
}
