//! f32 rows as they are, on cores with a floating-point unit: four rows share each load of eight values.
//!
//! `VMLA` rounds the product before it adds, as [`reference`](super::reference) does; `VFMA` would give other bits.
#![cfg_attr(dunlin_fpu, allow(unsafe_code))] // naked functions, and the calls into them with checked lengths

/// `sums[r] + sum of W[r][column + i] * x[i]` in the order of `i`, over four rows of `stride` weights each that follow each
/// other; `None` where the last row is too short.
#[cfg(dunlin_fpu)]
#[inline(always)]
pub fn dot4(
    rows: &[f32],
    stride: usize,
    column: usize,
    x: &[f32],
    sums: [f32; 4],
) -> Option<[f32; 4]> {
    if rows.get(3 * stride + column..)?.len() < x.len() {
        return None;
    }
    let mut job = Job {
        stride: 4 * stride,
        sums,
    };
    // SAFETY: the program reads as many weights of each row as there are values; the last row's were checked, and the others
    // stand before it.
    unsafe {
        dot4_program(
            rows.as_ptr().wrapping_add(column),
            x.as_ptr(),
            x.len(),
            &mut job,
        );
    }
    Some(job.sums)
}

/// `sums[r] + sum of W[r][column + i] * x[i]` in the order of `i`, over four rows of `stride` weights each that follow each
/// other; `None` where the last row is too short.
#[cfg(not(dunlin_fpu))]
pub fn dot4(
    rows: &[f32],
    stride: usize,
    column: usize,
    x: &[f32],
    sums: [f32; 4],
) -> Option<[f32; 4]> {
    if rows.get(3 * stride + column..)?.len() < x.len() {
        return None;
    }
    let row = |r: usize| rows.get(r * stride + column..).unwrap_or_default();
    Some(super::reference::dot4_f32(
        [row(0), row(1), row(2), row(3)],
        x,
        sums,
    ))
}

/// What [`DOT4`] works on besides.
#[cfg(dunlin_fpu)]
#[repr(C)]
struct Job {
    /// Bytes from row to row.
    stride: usize,
    sums: [f32; 4],
}

/// `sum + sum of row[i] * x[i]` in the order of `i`; the shorter of both ends the sum.
#[cfg(dunlin_fpu)]
#[inline(always)]
pub fn dot(row: &[f32], x: &[f32], mut sum: f32) -> f32 {
    // SAFETY: as many values of both as the shorter one has.
    unsafe { dot_program(row.as_ptr(), x.as_ptr(), row.len().min(x.len()), &mut sum) };
    sum
}

/// `sum + sum of row[i] * x[i]` in the order of `i`; the shorter of both ends the sum.
#[cfg(not(dunlin_fpu))]
#[inline(always)]
pub fn dot(row: &[f32], x: &[f32], sum: f32) -> f32 {
    super::reference::dot_f32(row, x, sum)
}

/// Eight columns of a row.
macro_rules! eight {
    ($row:literal, $sum:literal) => {
        concat!(
            "vldm ",
            $row,
            "!, {s12-s19}\n",
            "vmla.f32 ",
            $sum,
            ", s12, s4\n",
            "vmla.f32 ",
            $sum,
            ", s13, s5\n",
            "vmla.f32 ",
            $sum,
            ", s14, s6\n",
            "vmla.f32 ",
            $sum,
            ", s15, s7\n",
            "vmla.f32 ",
            $sum,
            ", s16, s8\n",
            "vmla.f32 ",
            $sum,
            ", s17, s9\n",
            "vmla.f32 ",
            $sum,
            ", s18, s10\n",
            "vmla.f32 ",
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
            "vmla.f32 ",
            $sum,
            ", s8, s4\n",
            "vmla.f32 ",
            $sum,
            ", s9, s5\n",
            "vmla.f32 ",
            $sum,
            ", s10, s6\n",
            "vmla.f32 ",
            $sum,
            ", s11, s7\n",
        )
    };
}

pub(super) use {eight, four};

/// r0 the first row, r1 values, r2 their number, r3 the [`Job`], whose sums' place keeps s16-s19 of the caller until the end.
///
/// r0, r12, r4, r5 the rows; s0-s3 the sums; from s4 on values, then weights.
macro_rules! dot4_source {
    () => {
        concat!(
            "
        push {r4, r5, r6, lr}
        ldr r12, [r3], #4
        vldm r3, {s0-s3}
        add r4, r0, r12, lsl #1
        add r5, r4, r12
        add r12, r12, r0
        lsrs r6, r2, #3
        beq 2f
        vstm r3, {s16-s19}
        1:
        vldm r1!, {s4-s11}
        ",
            eight!("r0", "s0"),
            eight!("r12", "s1"),
            eight!("r4", "s2"),
            eight!("r5", "s3"),
            "
        subs r6, r6, #1
        bne 1b
        vldm r3, {s16-s19}
        2:
        lsls r6, r2, #30
        bcc 3f
        vldm r1!, {s4-s7}
        ",
            four!("r0", "s0"),
            four!("r12", "s1"),
            four!("r4", "s2"),
            four!("r5", "s3"),
            "
        3:
        beq 5f
        lsrs r6, r6, #30
        4:
        vldm r1!, {s4}
        vldm r0!, {s8}
        vmla.f32 s0, s8, s4
        vldm r12!, {s8}
        vmla.f32 s1, s8, s4
        vldm r4!, {s8}
        vmla.f32 s2, s8, s4
        vldm r5!, {s8}
        vmla.f32 s3, s8, s4
        subs r6, r6, #1
        bne 4b
        5:
        vstm r3, {s0-s3}
        pop {r4, r5, r6, pc}
        "
        )
    };
}

/// A row alone: r0 the row, r1 values, r2 their number, r3 the sum.
macro_rules! dot_source {
    () => {
        "
        vldm r3, {s0}
        subs r2, r2, #7
        blt 2f
        1:
        vldm r0!, {s1-s7}
        vldm r1!, {s8-s14}
        vmla.f32 s0, s1, s8
        vmla.f32 s0, s2, s9
        vmla.f32 s0, s3, s10
        vmla.f32 s0, s4, s11
        vmla.f32 s0, s5, s12
        vmla.f32 s0, s6, s13
        vmla.f32 s0, s7, s14
        subs r2, r2, #7
        bge 1b
        2:
        adds r2, r2, #7
        beq 4f
        3:
        vldm r0!, {s1}
        vldm r1!, {s8}
        vmla.f32 s0, s1, s8
        subs r2, r2, #1
        bne 3b
        4:
        vstm r3, {s0}
        bx lr
        "
    };
}

/// The programs of [`dot4`] and [`dot`], for the interpreter of the tests.
pub const DOT4: &str = dot4_source!();
pub const DOT: &str = dot_source!();

/// # Safety
/// `count` values at `x` and at each of four rows.
#[cfg(dunlin_fpu)]
#[unsafe(naked)]
unsafe extern "C" fn dot4_program(row: *const f32, x: *const f32, count: usize, job: &mut Job) {
    core::arch::naked_asm!(super::fpu!(), dot4_source!(), options(raw))
}

/// # Safety
/// `count` values at `row` and at `x`.
#[cfg(dunlin_fpu)]
#[unsafe(naked)]
unsafe extern "C" fn dot_program(row: *const f32, x: *const f32, count: usize, sum: &mut f32) {
    core::arch::naked_asm!(super::fpu!(), dot_source!(), options(raw))
}
