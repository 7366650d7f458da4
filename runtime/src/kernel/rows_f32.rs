//! f32 rows as they are, on cores with a floating-point unit: four rows share each load of four values.
//!
//! `VMLA` rounds the product before it adds, as [`reference`](super::reference) does; `VFMA` would give other bits.
#![cfg_attr(dunlin_fpu, allow(unsafe_code))] // a naked function, and the call into it with checked lengths

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

/// r0 the first row, r1 values, r2 their number, r3 the [`Job`].
///
/// r0, r4, r5, r12 the rows; s0-s3 the sums; s4-s7 values; s8-s11 weights.
macro_rules! dot4_source {
    () => {
        "
        push {r4, r5, r6, lr}
        ldr r12, [r3], #4
        vldm r3, {s0-s3}
        add r4, r0, r12, lsl #1
        add r5, r4, r12
        add r12, r12, r0
        lsrs r6, r2, #2
        beq 2f
        1:
        vldm r1!, {s4-s7}
        vldm r0!, {s8-s11}
        vmla.f32 s0, s8, s4
        vmla.f32 s0, s9, s5
        vmla.f32 s0, s10, s6
        vmla.f32 s0, s11, s7
        vldm r12!, {s8-s11}
        vmla.f32 s1, s8, s4
        vmla.f32 s1, s9, s5
        vmla.f32 s1, s10, s6
        vmla.f32 s1, s11, s7
        vldm r4!, {s8-s11}
        vmla.f32 s2, s8, s4
        vmla.f32 s2, s9, s5
        vmla.f32 s2, s10, s6
        vmla.f32 s2, s11, s7
        vldm r5!, {s8-s11}
        vmla.f32 s3, s8, s4
        vmla.f32 s3, s9, s5
        vmla.f32 s3, s10, s6
        vmla.f32 s3, s11, s7
        subs r6, r6, #1
        bne 1b
        2:
        ands r2, r2, #3
        beq 4f
        3:
        vldm r1!, {s4}
        vldm r0!, {s8}
        vmla.f32 s0, s8, s4
        vldm r12!, {s8}
        vmla.f32 s1, s8, s4
        vldm r4!, {s8}
        vmla.f32 s2, s8, s4
        vldm r5!, {s8}
        vmla.f32 s3, s8, s4
        subs r2, r2, #1
        bne 3b
        4:
        vstm r3, {s0-s3}
        pop {r4, r5, r6, pc}
        "
    };
}

/// The program of [`dot4`], for the interpreter of the tests.
pub const DOT4: &str = dot4_source!();

/// # Safety
/// `count` values at `x` and at each of four rows.
#[cfg(dunlin_fpu)]
#[unsafe(naked)]
unsafe extern "C" fn dot4_program(row: *const f32, x: *const f32, count: usize, job: &mut Job) {
    core::arch::naked_asm!(super::fpu!(), dot4_source!(), options(raw))
}
