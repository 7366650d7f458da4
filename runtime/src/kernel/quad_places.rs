//! Convolutions on v6-M: a block of four rows of [`offset_quads`](super::offset_quads) over many places.
//!
//! What comes before and after a place's sums costs as much as nine columns: one program does it for all places, and brings the
//! sums to the scale of the output, clamps and stores them.
#![cfg_attr(dunlin_v6m, allow(unsafe_code))] // a naked function, and the call into it with checked lengths

use super::clamped::Clamped;
use super::offset_quads::{block_bytes, correction};

/// Places whose values are added up before the first four rows meet them.
const TOGETHER: usize = 32;

/// What [`PLACES`] works on; a place is a window of the values.
#[cfg(dunlin_v6m)]
#[repr(C)]
struct Job {
    /// What the sums of the next place lack, its values, and bytes from place to place of them.
    left_out: *const i32,
    x: *const i16,
    x_step: usize,
    bias: [i32; 4],
    block: *const i8,
    /// Bytes of the values of columns in whole eights.
    eights: usize,
    /// 0, 2, 4, 6.
    offsets: [usize; 4],
    /// Bytes of the values of the other columns.
    rest: usize,
    low: i32,
    y: *mut i16,
    high: i32,
    /// From the least output to the greatest.
    span: i32,
    scale: [u32; 4],
    /// Bytes from place to place of the output, and where it ends behind the last.
    y_step: usize,
    end: *mut i16,
}

/// `y[place][r] = clamp(scale[r] (bias[r] + W[r] . x[place * step..]))` for all rows, at as many places as `y` has; gives their
/// number.
///
/// 0, and nothing done, where rows fill no block or a slice is too short; the loader's checks rule the latter out.
pub fn run(quads: &Clamped<'_>, (x, step): (&[i16], usize), y: &mut [i16]) -> usize {
    let rows = quads.bias.len();
    let places = y.len().checked_div(rows).unwrap_or_default();
    let weights = rows / 4 * block_bytes(quads.columns);
    if !rows.is_multiple_of(4) || !quads.fit(weights, places, x.len(), step) {
        return 0;
    }
    let (mut x, mut y, mut left) = (x, y, places);
    while left > 0 {
        let mut left_out = [0; TOGETHER];
        let count = left.min(TOGETHER);
        let left_out = left_out.get_mut(..count).unwrap_or_default();
        let mut behind = x;
        for sum in &mut *left_out {
            *sum = correction(behind.get(..quads.columns).unwrap_or_default());
            behind = behind.get(step..).unwrap_or_default();
        }
        batch(quads, left_out, (x, step), y);
        x = behind;
        y = y.get_mut(count * rows..).unwrap_or_default();
        left -= count;
    }
    places
}

/// All rows at as many places as there are sums `left_out`, which are the [`correction`] of each.
#[cfg(dunlin_v6m)]
#[inline(always)]
fn batch(quads: &Clamped<'_>, left_out: &[i32], (x, step): (&[i16], usize), y: &mut [i16]) {
    let rows = quads.bias.len();
    let (low, high) = (i32::from(quads.bounds.0), i32::from(quads.bounds.1));
    let mut job = Job {
        left_out: left_out.as_ptr(),
        x: x.as_ptr(),
        x_step: 2 * step,
        bias: [0; 4],
        block: quads.weights.as_ptr(),
        eights: quads.columns / 8 * 16,
        offsets: [0, 2, 4, 6],
        rest: quads.columns % 8 * 2,
        low,
        y: y.as_mut_ptr(),
        high,
        span: high - low,
        scale: [0; 4],
        y_step: 2 * rows,
        end: y.as_mut_ptr(),
    };
    let fours = quads
        .bias
        .as_chunks()
        .0
        .iter()
        .zip(quads.scale.as_chunks().0);
    for (&bias, &scale) in fours {
        job.bias = bias;
        job.scale = scale;
        let y = job.y;
        job.end = y.wrapping_add(left_out.len() * rows);
        // SAFETY: for each place `columns` values of `x` are read and four of `y` are written, all of them before the ends that
        // were checked by `fit`; so was the end of the last block, which has four bytes a column.
        unsafe { places_program(&mut job) };
        job.left_out = left_out.as_ptr();
        job.x = x.as_ptr();
        job.block = job.block.wrapping_add(block_bytes(quads.columns));
        job.y = y.wrapping_add(4);
    }
}

/// All rows at as many places as there are sums `left_out`, which are the [`correction`] of each.
#[cfg(not(dunlin_v6m))]
fn batch(quads: &Clamped<'_>, left_out: &[i32], (x, step): (&[i16], usize), y: &mut [i16]) {
    use crate::math::rescale::Rescale;
    let (low, high) = (i32::from(quads.bounds.0), i32::from(quads.bounds.1));
    for (place, (y, &left_out)) in y
        .chunks_exact_mut(quads.bias.len())
        .zip(left_out)
        .enumerate()
    {
        let x = x.get(place * step..).and_then(|x| x.get(..quads.columns));
        let blocks = quads.weights.chunks_exact(block_bytes(quads.columns));
        let (biases, scales) = (
            quads.bias.as_chunks::<4>().0,
            quads.scale.as_chunks::<4>().0,
        );
        let fours = y.as_chunks_mut::<4>().0.iter_mut();
        for (((y, block), bias), scale) in fours.zip(blocks).zip(biases).zip(scales) {
            let start = bias.map(|bias| bias.wrapping_add(left_out));
            let sums = super::offset_quads::dot4(block, 0, x.unwrap_or_default(), &start);
            for ((y, sum), &scale) in y.iter_mut().zip(sums).zip(scale) {
                *y = Rescale(scale).apply(sum).min(high).max(low) as i16;
            }
        }
    }
}

/// The output of the row whose sum is in `$sum`, at `$y` bytes behind r5; its scale is `$scale` bytes behind r0.
macro_rules! row {
    ($sum:literal, $scale:literal, $y:literal) => {
        concat!(
            "ldr r4, [r0, #",
            $scale,
            "]\nlsrs r1, r4, #16\n",
            finish!($sum),
            "strh r2, [r5, #",
            $y,
            "]\n"
        )
    };
}

/// All places: r0 the [`Job`].
///
/// r14 the job; r0 weights, r1 values, r2 a weight, r3 a value, r4-r7 0, 2, 4, 6; r8-r11 the sums; r12 an end of the values.
macro_rules! places_source {
    () => {
        concat!(
            saved!(),
            "
            mov lr, r0
            1:
            mov r3, lr
            ldm r3!, {r0-r2}
            adds r2, r1, r2
            ldm r0!, {r7}
            mov r4, lr
            stm r4!, {r0, r2}
            ldm r3!, {r2, r4-r6}
            adds r2, r2, r7
            adds r4, r4, r7
            adds r5, r5, r7
            adds r6, r6, r7
            mov r8, r2
            mov r9, r4
            mov r10, r5
            mov r11, r6
            ldm r3!, {r0, r2, r4-r7}
            add r2, r1
            mov r12, r2
            cmp r1, r12
            beq 3f
            2:
            ",
            column!("r4", "0", "1", "2", "3"),
            column!("r5", "4", "5", "6", "7"),
            column!("r6", "8", "9", "10", "11"),
            column!("r7", "12", "13", "14", "15"),
            "adds r1, #8\n",
            column!("r4", "16", "17", "18", "19"),
            column!("r5", "20", "21", "22", "23"),
            column!("r6", "24", "25", "26", "27"),
            column!("r7", "28", "29", "30", "31"),
            "
            adds r0, #32
            adds r1, #8
            cmp r1, r12
            bne 2b
            3:
            mov r2, lr
            ldr r2, [r2, #52]
            add r12, r2
            cmp r1, r12
            beq 5f
            4:
            ",
            column!("r4", "0", "1", "2", "3"),
            "
            adds r0, #4
            adds r1, #2
            cmp r1, r12
            bne 4b
            5:
            mov r0, lr
            adds r0, #56
            ldm r0!, {r4-r7}
            mov r12, r4
            ",
            row!("r8", "0", "0"),
            row!("r9", "4", "2"),
            row!("r10", "8", "4"),
            row!("r11", "12", "6"),
            "
            ldr r1, [r0, #16]
            ldr r2, [r0, #20]
            adds r5, r5, r1
            subs r0, #12
            str r5, [r0]
            cmp r5, r2
            beq 6f
            b 1b
            6:
            ",
            restored!("r4-r7"),
        )
    };
}

/// The program of [`run`], for the interpreter of the tests.
pub const PLACES: &str = places_source!();

/// # Safety
/// The pointers of the job reach as far as its lengths say.
#[cfg(dunlin_v6m)]
#[unsafe(naked)]
unsafe extern "C" fn places_program(job: &mut Job) {
    core::arch::naked_asm!(places_source!(), options(raw))
}
