//! Convolutions over rows as they are, for cores from v7-M on without the DSP extension: two rows over three places at a time.
//!
//! Five loads serve six products, and the sums are brought to the scale of the output, clamped and stored in the same program.
#![cfg_attr(dunlin_v7m, allow(unsafe_code))] // a naked function, and the call into it with checked lengths

use super::clamped::Clamped;

/// What [`PLACES`] works on; a place is a window of the values.
#[cfg(dunlin_v7m)]
#[repr(C)]
struct Job {
    /// Two rows, one behind the other.
    weights: *const i8,
    /// The values of the next place.
    x: *const i16,
    columns: usize,
    /// Bytes of the values from place to place.
    x_step: usize,
    bias: [i32; 2],
    /// Shifts in the lowest bytes, then multipliers alone.
    scale: [u32; 2],
    low: i32,
    high: i32,
    multiplier: [u32; 2],
    /// From the least output to the greatest.
    span: i32,
    y: *mut i16,
    /// Bytes from place to place of the output.
    y_step: usize,
    /// Threes of places.
    count: usize,
}

/// `y[place][r] = clamp(scale[r] (bias[r] + W[r] . x[place * step..]))` for all rows, at as many places as `y` has, but for one
/// or two that are left of threes; gives their number.
///
/// 0, and nothing done, where the number of rows is odd or a slice is too short; the loader's checks rule the latter out.
pub fn run(rows: &Clamped<'_>, (x, step): (&[i16], usize), y: &mut [i16]) -> usize {
    let filters = rows.bias.len();
    let places = y.len().checked_div(filters).unwrap_or_default() / 3 * 3;
    let weights = filters * rows.columns;
    if !filters.is_multiple_of(2) || !rows.fit(weights, places, x.len(), step) {
        return 0;
    }
    all(rows, (x, step), y, places);
    places
}

/// All rows at so many places.
#[cfg(dunlin_v7m)]
#[inline(always)]
fn all(rows: &Clamped<'_>, (x, step): (&[i16], usize), y: &mut [i16], places: usize) {
    let (low, high) = (i32::from(rows.bounds.0), i32::from(rows.bounds.1));
    let mut job = Job {
        weights: rows.weights.as_ptr(),
        x: x.as_ptr(),
        columns: rows.columns,
        x_step: 2 * step,
        bias: [0; 2],
        scale: [0; 2],
        low,
        high,
        multiplier: [0; 2],
        span: high - low,
        y: y.as_mut_ptr(),
        y_step: 2 * rows.bias.len(),
        count: 0,
    };
    let pairs = rows.bias.as_chunks().0.iter();
    for (&bias, &scale) in pairs.zip(rows.scale.as_chunks().0) {
        job.bias = bias;
        job.scale = scale;
        job.multiplier = scale.map(|scale| scale & 0xffff_0000);
        job.x = x.as_ptr();
        job.count = places / 3;
        let y = job.y;
        // SAFETY: for each place `columns` values of `x` are read and two of `y` are written, all of them before the ends that
        // were checked by `run`; so was the end of the last row.
        unsafe { places_program(&mut job) };
        job.weights = job.weights.wrapping_add(2 * rows.columns);
        job.y = y.wrapping_add(2);
    }
}

/// All rows at so many places.
#[cfg(not(dunlin_v7m))]
fn all(rows: &Clamped<'_>, (x, step): (&[i16], usize), y: &mut [i16], places: usize) {
    use crate::math::rescale::Rescale;
    let (low, high) = (i32::from(rows.bounds.0), i32::from(rows.bounds.1));
    let outputs = y.chunks_exact_mut(rows.bias.len()).take(places);
    for (place, y) in outputs.enumerate() {
        let x = x.get(place * step..).unwrap_or_default();
        let each = rows.weights.chunks_exact(rows.columns);
        let finish = rows.bias.iter().zip(rows.scale);
        for ((y, row), (&bias, &scale)) in y.iter_mut().zip(each).zip(finish) {
            let sum = super::active::dot(row, x, bias);
            *y = Rescale(scale).apply(sum).min(high).max(low) as i16;
        }
    }
}

/// A column: r0 the first row, r2 bytes to the second; r1 the first place's values, r3 bytes to the second's; sums r4-r9, two a
/// place.
macro_rules! two_by_three {
    () => {
        "
        ldrsb r11, [r0, r2]
        ldrsb r10, [r0], #1
        ldrsh r12, [r1, r3, lsl #1]
        mla r8, r10, r12, r8
        mla r9, r11, r12, r9
        ldrsh r12, [r1, r3]
        mla r6, r10, r12, r6
        mla r7, r11, r12, r7
        ldrsh r12, [r1], #2
        mla r4, r10, r12, r4
        mla r5, r11, r12, r5
        "
    };
}

/// All places, three at a time: r0 the [`Job`], which stands on the stack too.
macro_rules! places_source {
    () => {
        concat!(
            "
            push {r0, r4-r11, lr}
            1:
            ldr r12, [sp]
            ldm r12, {r0-r5}
            mov r6, r4
            mov r7, r5
            mov r8, r4
            mov r9, r5
            lsrs lr, r2, #2
            beq 3f
            2:
            .rept 4
            ",
            two_by_three!(),
            "
            .endr
            subs lr, lr, #1
            bne 2b
            3:
            ands lr, r2, #3
            beq 5f
            4:
            ",
            two_by_three!(),
            "
            subs lr, lr, #1
            bne 4b
            5:
            ldr r12, [sp]
            add r12, r12, #24
            ldm r12, {r0-r3, r10-r12}
            ",
            scaled!("r4", "r0", "r10", "r12", "r2"),
            scaled!("r5", "r1", "r11", "r12", "r2"),
            scaled!("r6", "r0", "r10", "r12", "r2"),
            scaled!("r7", "r1", "r11", "r12", "r2"),
            scaled!("r8", "r0", "r10", "r12", "r2"),
            scaled!("r9", "r1", "r11", "r12", "r2"),
            "
            ldr r12, [sp]
            ldrd r0, r1, [r12, #52]
            strh r4, [r0]
            strh r5, [r0, #2]
            add r0, r0, r1
            strh r6, [r0]
            strh r7, [r0, #2]
            add r0, r0, r1
            strh r8, [r0]
            strh r9, [r0, #2]
            add r0, r0, r1
            str r0, [r12, #52]
            ldr r0, [r12, #4]
            ldr r1, [r12, #12]
            add r0, r0, r1, lsl #1
            add r0, r0, r1
            str r0, [r12, #4]
            ldr r0, [r12, #60]
            subs r0, r0, #1
            str r0, [r12, #60]
            bne 1b
            pop {r0, r4-r11, pc}
            "
        )
    };
}

/// The program of [`run`], for the interpreter of the tests.
pub const PLACES: &str = places_source!();

/// # Safety
/// The pointers of the job reach as far as its lengths say.
#[cfg(dunlin_v7m)]
#[unsafe(naked)]
unsafe extern "C" fn places_program(job: &mut Job) {
    core::arch::naked_asm!(places_source!(), options(raw))
}
