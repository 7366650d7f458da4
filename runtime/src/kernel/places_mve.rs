//! Convolutions on cores with Helium: four rows over several places at a time, scaled, clamped and stored four at a time.
//!
//! With many columns, two rows at three places share their loads: eleven instructions for 48 products. With few, a vector has the
//! weights of four rows in one column, and is multiplied by one value for each of two places.
#![cfg_attr(dunlin_mve, allow(unsafe_code))] // naked functions, and the calls into them with checked lengths

/// Rows that follow each other, with what becomes of their sums.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    pub weights: &'a [i8],
    pub columns: usize,
    pub bias: &'a [i32],
    /// As [`Rescale`](crate::math::rescale::Rescale) has them.
    pub scale: &'a [u32],
    /// The least and the greatest output.
    pub bounds: (i16, i16),
}

/// The most columns for which vectors lie across the rows.
const FEW: usize = 8;

/// Places that are done at a time.
pub const fn together(columns: usize) -> usize {
    if columns > FEW { 3 } else { 2 }
}

/// What the programs work on.
#[cfg(dunlin_mve)]
#[repr(C)]
struct Job {
    weights: *const i8,
    columns: usize,
    x: *const i16,
    /// Bytes from place to place of the values.
    step: usize,
    y: *mut i16,
    /// Bytes from place to place of the outputs, and of all places.
    y_step: usize,
    y_bytes: usize,
    bias: *const i32,
    scale: *const u32,
    /// Bytes from the last value read of a place to the first of that which comes next in its stead.
    ahead: usize,
    /// Pairs of eight columns behind the first eight, and the columns behind them: 1 to 16.
    pairs: usize,
    rest: usize,
    end: *const i32,
    high: i32,
    low: i32,
}

/// `y[place * rows + r] = clamp(scale[r] (bias[r] + W[r] . x[place * step..]))` for all rows and the first places, as many as come
/// [`together`]; gives their number.
///
/// Fewer than four rows are not done, nor anything where a slice is too short.
#[cfg_attr(dunlin_mve, inline(never))]
pub fn run(rows: &Rows<'_>, (x, step): (&[i16], usize), y: &mut [i16]) -> usize {
    let (columns, filters) = (rows.columns, rows.bias.len());
    let together = together(columns);
    let count = y.len().checked_div(filters).unwrap_or_default() / together * together;
    let fits = filters >= 4
        && columns > 0
        && count > 0
        && rows.scale.len() >= filters
        && rows.weights.len() >= filters * columns
        && x.len() >= (count - 1) * step + columns;
    if !fits {
        return 0;
    }
    let fours = filters / 4 * 4;
    all(rows, 0, fours, (x, step), y, count);
    // The rows that are left over are done with those before them, once more.
    if fours < filters {
        all(rows, filters - 4, 4, (x, step), y, count);
    }
    count
}

/// Some rows, a multiple of four of them.
#[cfg(dunlin_mve)]
fn all(
    rows: &Rows<'_>,
    first: usize,
    count: usize,
    (x, step): (&[i16], usize),
    y: &mut [i16],
    places: usize,
) {
    let columns = rows.columns;
    let together = together(columns);
    let pairs = columns.saturating_sub(FEW + 1) / 16;
    let rest = columns.saturating_sub(FEW + 16 * pairs);
    let read = if columns > FEW {
        FEW + 16 * pairs + rest.next_multiple_of(8)
    } else {
        columns
    };
    let bias = rows.bias.as_ptr().wrapping_add(first);
    let y_step = 2 * rows.bias.len();
    let mut job = Job {
        weights: rows.weights.as_ptr().wrapping_add(first * columns),
        columns,
        x: x.as_ptr(),
        step: 2 * step,
        y: y.as_mut_ptr().wrapping_add(first),
        y_step,
        y_bytes: places * y_step,
        bias,
        scale: rows.scale.as_ptr().wrapping_add(first),
        ahead: (2 * together * step).wrapping_sub(2 * read),
        pairs,
        rest,
        end: bias.wrapping_add(count),
        high: rows.bounds.1.into(),
        low: rows.bounds.0.into(),
    };
    // SAFETY: `run` has checked that there are this many places of values, as many weights, biases and scales as the rows take, and
    // that the outputs of all places lie in `y`.
    unsafe {
        if columns > FEW {
            many_program(&mut job);
        } else {
            few_program(&mut job);
        }
    }
}

/// Some rows.
#[cfg(not(dunlin_mve))]
fn all(
    rows: &Rows<'_>,
    first: usize,
    count: usize,
    (x, step): (&[i16], usize),
    y: &mut [i16],
    places: usize,
) {
    use crate::math::rescale::Rescale;
    let (low, high) = rows.bounds;
    let scales = rows.bias.iter().zip(rows.scale).enumerate();
    for (row, (&bias, &scale)) in scales.skip(first).take(count) {
        let weights = rows.weights.get(row * rows.columns..).unwrap_or_default();
        let weights = weights.get(..rows.columns).unwrap_or_default();
        for place in 0..places {
            let x = x.get(place * step..).unwrap_or_default();
            let sum = super::reference::dot(weights, x, bias);
            if let Some(y) = y.get_mut(place * rows.bias.len() + row) {
                *y = Rescale(scale).apply(sum).clamp(low.into(), high.into()) as i16;
            }
        }
    }
}

/// Eight columns of two rows at three places; `vmlav` starts sums, `vmlava` adds to them.
macro_rules! eight {
    ($multiply:literal) => {
        concat!(
            "
        vldrb.s16 q0, [r1], #8
        vldrb.s16 q1, [r3], #8
        vldrh.u16 q2, [r5], #16
        ",
            $multiply,
            " r0, q0, q2
        ",
            $multiply,
            " r6, q1, q2
        vldrh.u16 q2, [r7], #16
        ",
            $multiply,
            " r2, q0, q2
        ",
            $multiply,
            " r8, q1, q2
        vldrh.u16 q2, [r9], #16
        ",
            $multiply,
            " r4, q0, q2
        ",
            $multiply,
            " r10, q1, q2
        "
        )
    };
}

/// All columns of two rows at three places, into two lanes of q3, q4 and q5.
macro_rules! two_rows {
    ($second:literal, $first:literal) => {
        concat!(
            eight!("vmlav.s16"),
            "
        wls lr, r11, 3f
        2:
        .rept 2
        ",
            eight!("vmlava.s16"),
            "
        .endr
        le lr, 2b
        3:
        dlstp.16 lr, r12
        4:
        ",
            eight!("vmlava.s16"),
            "
        letp lr, 4b
        vmov q3",
            $second,
            ", q3",
            $first,
            ", r0, r6
        vmov q4",
            $second,
            ", q4",
            $first,
            ", r2, r8
        vmov q5",
            $second,
            ", q5",
            $first,
            ", r4, r10
        "
        )
    };
}

/// What becomes of four sums in a vector, at r1, and the step to the next place.
macro_rules! finish {
    ($q:literal) => {
        concat!(
            "
        vadd.i32 ",
            $q,
            ", ",
            $q,
            ", q0
        vmulh.s32 ",
            $q,
            ", ",
            $q,
            ", q6
        vshl.s32 ",
            $q,
            ", ",
            $q,
            ", q7
        vmin.s32 ",
            $q,
            ", ",
            $q,
            ", q1
        vmax.s32 ",
            $q,
            ", ",
            $q,
            ", q2
        vstrh.32 ",
            $q,
            ", [r1]
        adds r1, r1, r3
        "
        )
    };
}

/// More than eight columns: r0 the [`Job`].
///
/// On the stack stand the rows 0 and 2, the values of three places, and the rows 1 and 3; then what is ahead, outputs, their step
/// and end, and the job; then vectors of biases and bounds. r1, r3 are rows, r5, r7, r9 values, r0 to r10 with even numbers sums;
/// q6 has the multipliers and q7 the shifts.
macro_rules! many_source {
    () => {
        concat!(
            "
        push {r4-r11, lr}
        vpush {s16-s31}
        sub sp, #96
        str r0, [sp, #44]
        ldrd r1, r2, [r0, #52]
        vdup.32 q0, r1
        vstrw.32 q0, [sp, #64]
        vdup.32 q0, r2
        vstrw.32 q0, [sp, #80]
        9:
        ldm r0, {r1-r10}
        add r11, r1, r2
        add r12, r11, r2
        strd r1, r12, [sp]
        add r12, r12, r2
        strd r11, r12, [sp, #20]
        add r1, r12, r2
        str r1, [r0]
        add r11, r3, r4
        add r12, r11, r4
        strd r3, r11, [sp, #8]
        str r12, [sp, #16]
        str r10, [sp, #28]
        adds r7, r5, r7
        strd r5, r6, [sp, #32]
        str r7, [sp, #40]
        adds r5, #8
        str r5, [r0, #16]
        vldrw.u32 q0, [r8], #16
        vstrw.32 q0, [sp, #48]
        vldrw.u32 q6, [r9], #16
        strd r8, r9, [r0, #28]
        vneg.s32 q7, q6
        vbic.i32 q6, #0xff
        ldrd r11, r12, [r0, #40]
        1:
        ldm sp, {r1, r3, r5, r7, r9}
        ",
            two_rows!("[2]", "[0]"),
            "
        ldrd r1, r3, [sp, #20]
        ldrd r5, r7, [sp, #8]
        ldr r9, [sp, #16]
        ",
            two_rows!("[3]", "[1]"),
            "
        vldrw.u32 q0, [sp, #48]
        vldrw.u32 q1, [sp, #64]
        vldrw.u32 q2, [sp, #80]
        ldrd r1, r3, [sp, #32]
        ",
            finish!("q3"),
            finish!("q4"),
            finish!("q5"),
            "
        ldr r0, [sp, #28]
        ldr r2, [sp, #40]
        adds r5, r5, r0
        adds r7, r7, r0
        add r9, r9, r0
        strd r5, r7, [sp, #8]
        str r9, [sp, #16]
        str r1, [sp, #32]
        cmp r1, r2
        bne 1b
        ldr r0, [sp, #44]
        ldr r1, [r0, #28]
        ldr r2, [r0, #48]
        cmp r1, r2
        bne 9b
        add sp, #96
        vpop {s16-s31}
        pop {r4-r11, pc}
        "
        )
    };
}

/// At most eight columns: r0 the [`Job`].
///
/// r4 weights of a column, q7 the way from there to those of all four rows; r0, r1 values of two places, r2, r3 one value of
/// each; r5 columns; r6 outputs, r8 their step, r10 their end; r7 scales; r9 what is ahead; r11 biases. q3 has the multipliers, q4
/// the shifts, q5 and q6 the bounds.
macro_rules! few_source {
    () => {
        "
        push {r4-r11, lr}
        vpush {s16-s31}
        mov r12, r0
        ldrd r1, r2, [r12, #52]
        vdup.32 q6, r1
        vdup.32 q5, r2
        ldrd r4, r5, [r12]
        ldrd r11, r7, [r12, #28]
        ldr r9, [r12, #36]
        movs r2, #0
        vidup.u32 q7, r2, #1
        vmul.i32 q7, q7, r5
        1:
        ldrd r0, r2, [r12, #8]
        ldrd r6, r8, [r12, #16]
        ldr r10, [r12, #24]
        adds r1, r0, r2
        add r10, r6, r10
        vldrw.u32 q3, [r7], #16
        vneg.s32 q4, q3
        vbic.i32 q3, #0xff
        2:
        vldrw.u32 q0, [r11]
        vldrw.u32 q1, [r11]
        dls lr, r5
        3:
        vldrb.s32 q2, [r4, q7]
        adds r4, #1
        ldrsh r2, [r0], #2
        ldrsh r3, [r1], #2
        vmla.i32 q0, q2, r2
        vmla.i32 q1, q2, r3
        le lr, 3b
        vmulh.s32 q0, q0, q3
        vmulh.s32 q1, q1, q3
        vshl.s32 q0, q0, q4
        vshl.s32 q1, q1, q4
        vmin.s32 q0, q0, q6
        vmin.s32 q1, q1, q6
        vmax.s32 q0, q0, q5
        vmax.s32 q1, q1, q5
        vstrh.32 q0, [r6]
        add r6, r8
        vstrh.32 q1, [r6]
        add r6, r8
        add r0, r9
        add r1, r9
        subs r4, r4, r5
        cmp r6, r10
        bne 2b
        add r11, #16
        add r4, r4, r5, lsl #2
        ldr r0, [r12, #16]
        ldr r1, [r12, #48]
        adds r0, #8
        str r0, [r12, #16]
        cmp r11, r1
        bne 1b
        vpop {s16-s31}
        pop {r4-r11, pc}
        "
    };
}

/// The programs of [`run`], for the interpreter of the tests.
pub const MANY: &str = many_source!();
pub const FEW_COLUMNS: &str = few_source!();

/// # Safety
/// The pointers of the job reach as far as its lengths say; there are more than eight columns.
#[cfg(dunlin_mve)]
#[unsafe(naked)]
unsafe extern "C" fn many_program(job: &mut Job) {
    core::arch::naked_asm!(super::cpu!(), many_source!(), options(raw))
}

/// # Safety
/// As of [`many_program`], with at most eight columns.
#[cfg(dunlin_mve)]
#[unsafe(naked)]
unsafe extern "C" fn few_program(job: &mut Job) {
    core::arch::naked_asm!(super::cpu!(), few_source!(), options(raw))
}
