//! f32 rows as they are, on cores with Helium: four rows a vector, column by column, twelve of them share each load of eight values.
//!
//! `VFMA` rounds a product and its sum once, as [`reference`](super::reference) does; but Helium takes subnormal numbers for zeros. Where
//! one comes, the status says so, and [`sums`] that it has not done it.
#![cfg_attr(dunlin_mve_f32, allow(unsafe_code))] // a naked function, and the call into it with checked lengths

/// Whether [`sums`] has a program.
pub const HAS_SUMS: bool = cfg!(dunlin_mve_f32);

/// Rows that share a load of values.
#[cfg(dunlin_mve_f32)]
const TWELVE: usize = 12;

/// `y[r] = bias[r] + sum of W[r][column + i] * x[i]` in the order of `i`, for as many rows as `y` has, of `stride` weights each that
/// follow each other; without biases from what stands in `y`.
///
/// `false` where there is no such program, a slice is too short, or a number was subnormal: then some of `y` may be written. One row takes
/// longer than with the program for scalars.
#[cfg_attr(dunlin_mve_f32, inline(never))]
#[cfg_attr(not(dunlin_mve_f32), inline(always))]
pub fn sums(
    rows: &[f32],
    stride: usize,
    column: usize,
    x: &[f32],
    bias: Option<&[f32]>,
    y: &mut [f32],
) -> bool {
    #[cfg(dunlin_mve_f32)]
    {
        let count = y.len();
        let weights = stride.checked_mul(count);
        let reach = column.checked_add(x.len());
        let fits = weights.is_some_and(|weights| weights <= rows.len())
            && reach.is_some_and(|reach| reach <= stride);
        if bias.is_some_and(|bias| bias.len() < count) || !fits {
            return false;
        }
        let (done, bytes) = (count / TWELVE * TWELVE, 4 * stride);
        let first = rows.as_ptr().wrapping_add(column).wrapping_sub(1);
        let y = y.as_mut_ptr();
        let mut job = Job {
            x: x.as_ptr(),
            eights: x.len() / 8,
            ones: x.len() % 8,
            rest: first.wrapping_add(done * stride),
            left: count - done,
            stride: bytes,
            bias: bias.map_or(y.cast_const(), <[f32]>::as_ptr),
            y,
            y_end: y.wrapping_add(done),
            first,
            ahead: (TWELVE * bytes).wrapping_sub(4 * x.len()),
        };
        // SAFETY: there are as many rows and biases as outputs, and in each row as many weights from `column` on as there are values.
        // What stands in the outputs of some rows is read before they are written.
        unsafe { program(&mut job) == 0 }
    }
    #[cfg(not(dunlin_mve_f32))]
    {
        let _ = (rows, stride, column, x, bias, y);
        false
    }
}

/// What [`PROGRAM`] works on.
#[cfg(dunlin_mve_f32)]
#[repr(C)]
struct Job {
    x: *const f32,
    /// Eights of columns, and those behind them.
    eights: usize,
    ones: usize,
    /// Before the first weight of the rows behind the last whole twelve, and how many they are.
    rest: *const f32,
    left: usize,
    /// Bytes from row to row.
    stride: usize,
    bias: *const f32,
    y: *mut f32,
    /// Behind the outputs of whole twelves of rows.
    y_end: *mut f32,
    /// Before the first weight.
    first: *const f32,
    /// Bytes from the last weight of a row to before the first of the one twelve rows on.
    ahead: usize,
}

/// A column of twelve rows, with its value.
macro_rules! twelve {
    ($x:literal) => {
        concat!(
            "vldrw.u32 q6, [q0, #4]!\n",
            "vldrw.u32 q7, [q1, #4]!\n",
            "vfma.f32 q3, q6, ",
            $x,
            "\nvldrw.u32 q6, [q2, #4]!\n",
            "vfma.f32 q4, q7, ",
            $x,
            "\nvfma.f32 q5, q6, ",
            $x,
            "\n",
        )
    };
}

/// A column of four rows, with its value.
macro_rules! four {
    ($x:literal) => {
        concat!("vldrw.u32 q6, [q0, #4]!\n", "vfma.f32 q3, q6, ", $x, "\n")
    };
}

/// All columns of some rows: r1 values, r12 the job, from r4 on eight values.
macro_rules! columns {
    ($rows:ident) => {
        concat!(
            "
        ldrd r1, r4, [r12]
        wls lr, r4, 3f
        2:
        ldm r1!, {r4-r11}
        ",
            $rows!("r4"),
            $rows!("r5"),
            $rows!("r6"),
            $rows!("r7"),
            $rows!("r8"),
            $rows!("r9"),
            $rows!("r10"),
            $rows!("r11"),
            "
        le lr, 2b
        3:
        ldr r4, [r12, #8]
        wls lr, r4, 5f
        4:
        ldr r4, [r1], #4
        ",
            $rows!("r4"),
            "
        le lr, 4b
        5:
        "
        )
    };
}

/// r0 the [`Job`]; comes back as what says that a number was subnormal.
///
/// r12 the job, r3 biases, r2 outputs. First twelves of rows: q0 to q2 the addresses before a weight of each row, q3 to q5 their
/// sums, r0 the way to the next twelve. Then fours of those that are left, of which the last may be fewer: then some lanes have the
/// same row. q1 is the number of each lane's row, q0 its weights, q3 its sum; r0 is before the first weight.
macro_rules! source {
    () => {
        concat!(
            "
        push {r4-r11, lr}
        vpush {s16-s31}
        mov r12, r0
        ",
            clear_flags!("r1", subnormal),
            "
        ldr r4, [r12, #20]
        ldr r3, [r12, #24]
        ldrd r2, r5, [r12, #28]
        cmp r2, r5
        beq 6f
        ldrd r1, r0, [r12, #36]
        movs r6, #0
        vidup.u32 q0, r6, #1
        vmul.i32 q0, q0, r4
        vadd.i32 q0, q0, r1
        lsls r4, r4, #2
        vadd.i32 q1, q0, r4
        vadd.i32 q2, q1, r4
        1:
        vldrw.u32 q3, [r3], #16
        vldrw.u32 q4, [r3], #16
        vldrw.u32 q5, [r3], #16
        ",
            columns!(twelve),
            "
        vstrw.32 q3, [r2], #16
        vstrw.32 q4, [r2], #16
        vstrw.32 q5, [r2], #16
        vadd.i32 q0, q0, r0
        vadd.i32 q1, q1, r0
        vadd.i32 q2, q2, r0
        ldr r4, [r12, #32]
        cmp r2, r4
        bne 1b
        6:
        ldrd r0, r4, [r12, #12]
        cmp r4, #0
        beq 8f
        7:
        subs r5, r4, #1
        movs r6, #0
        vidup.u32 q1, r6, #1
        vdup.32 q2, r5
        vmin.s32 q1, q1, q2
        ldr r6, [r12, #20]
        vmul.i32 q0, q1, r6
        vadd.i32 q0, q0, r0
        add r0, r0, r6, lsl #2
        vldrw.u32 q3, [r3, q1, uxtw #2]
        adds r3, #16
        ",
            columns!(four),
            "
        vstrw.32 q3, [r2, q1, uxtw #2]
        adds r2, #16
        ldr r4, [r12, #16]
        subs r4, #4
        str r4, [r12, #16]
        bgt 7b
        8:
        ",
            give_flags!(subnormal),
            "
        vpop {s16-s31}
        pop {r4-r11, pc}
        "
        )
    };
}

/// The program of [`sums`], for the interpreter of the tests.
pub const PROGRAM: &str = source!();

/// # Safety
/// At least one row, and all that belongs to each.
#[cfg(dunlin_mve_f32)]
#[unsafe(naked)]
unsafe extern "C" fn program(job: &mut Job) -> u32 {
    core::arch::naked_asm!(super::cpu!(), source!(), options(raw))
}
