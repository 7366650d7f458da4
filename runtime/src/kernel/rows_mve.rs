//! Rows as they are, for cores with Helium: four rows share each load of eight values.
#![cfg_attr(dunlin_mve, allow(unsafe_code))] // a naked function, and the call into it with checked lengths

/// `sums[r] + sum of W[r][column + i] * x[i]`, modulo 2^32, over four rows of `stride` weights each that follow each other;
/// `None` where a row is too short, and without values.
#[cfg(dunlin_mve)]
#[inline(always)]
pub fn dot4(
    rows: &[i8],
    stride: usize,
    column: usize,
    x: &[i16],
    sums: &[i32; 4],
) -> Option<[i32; 4]> {
    let last = rows.get(3 * stride + column..)?;
    if x.is_empty() || last.len() < x.len() {
        return None;
    }
    let (a, b, c, d);
    // SAFETY: the program reads as many weights of each row as there are values; the last row's were checked, and the others
    // stand before it. It writes to its own stack alone and keeps to the registers of a C function, but for its results.
    unsafe {
        core::arch::asm!(
            "bl {program}",
            program = sym dot4_program,
            inlateout("r0") rows.as_ptr().wrapping_add(column) => a,
            inlateout("r1") x.as_ptr() => b,
            inlateout("r2") x.len() => c,
            inlateout("r3") sums.as_ptr() => d,
            inlateout("r12") stride => _,
            clobber_abi("C"),
            options(readonly),
        );
    }
    Some([a, b, c, d])
}

/// `sums[r] + sum of W[r][column + i] * x[i]`, modulo 2^32, over four rows of `stride` weights each that follow each other;
/// `None` where a row is too short, and without values.
#[cfg(not(dunlin_mve))]
pub fn dot4(
    rows: &[i8],
    stride: usize,
    column: usize,
    x: &[i16],
    sums: &[i32; 4],
) -> Option<[i32; 4]> {
    if x.is_empty() || rows.get(3 * stride + column..)?.len() < x.len() {
        return None;
    }
    let row = |r: usize| rows.get(r * stride + column..).unwrap_or_default();
    Some(super::reference::dot4(
        [row(0), row(1), row(2), row(3)],
        x,
        *sums,
    ))
}

/// r0 the first row, r1 values, r2 their number, r3 where the sums start, r12 bytes from row to row; the sums come back in
/// r0-r3. The last vector of values may be shorter: the loop is tail-predicated.
macro_rules! dot4_source {
    () => {
        "
        push {r4-r6, r8, r10, lr}
        adds r4, r0, r12
        adds r5, r4, r12
        adds r6, r5, r12
        dlstp.16 lr, r2
        ldm r3, {r2, r8, r10, r12}
        1:
        vldrh.u16 q0, [r1], #16
        vldrb.s16 q1, [r0], #8
        vmlava.s16 r2, q1, q0
        vldrb.s16 q1, [r4], #8
        vmlava.s16 r8, q1, q0
        vldrb.s16 q1, [r5], #8
        vmlava.s16 r10, q1, q0
        vldrb.s16 q1, [r6], #8
        vmlava.s16 r12, q1, q0
        letp lr, 1b
        mov r0, r2
        mov r1, r8
        mov r2, r10
        mov r3, r12
        pop {r4-r6, r8, r10, pc}
        "
    };
}

/// The program of [`dot4`].
pub const DOT4: &str = dot4_source!();

/// Not to be called but by [`dot4`]: its registers are not those of a C function.
#[cfg(dunlin_mve)]
#[unsafe(naked)]
unsafe extern "C" fn dot4_program() {
    core::arch::naked_asm!(super::cpu!(), dot4_source!(), options(raw))
}
