//! Convolutions on cores with the DSP extension: two rows over two places at a time.
//!
//! The rows are taken out of their [`row_pairs`](super::row_pairs) once, as 16-bit weights in a scratch memory, and then serve all
//! places: eight weights and eight values are loaded by three instructions for sixteen products (two a `SMLAD`). The sums are
//! brought to the scale of the output, clamped and stored in the same program.
#![cfg_attr(dunlin_dsp, allow(unsafe_code))] // calls into the programs with checked lengths

mod programs;

pub use programs::{PLACES, RECTIFIED, THREE, UNPACK};
#[cfg(dunlin_dsp)]
use programs::{places_program, rectified_program, three_program, unpack_program};

/// Words of scratch that rows of so many columns need.
pub const fn scratch_words(columns: usize) -> usize {
    columns.next_multiple_of(2)
}

/// Two rows next to each other, with what becomes of their sums.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// The block of four that they stand in.
    pub block: &'a [i8],
    /// Whether they are its last two.
    pub second: bool,
    pub columns: usize,
    pub bias: [i32; 2],
    /// As [`Rescale`](crate::math::rescale::Rescale) has them.
    pub scale: [u32; 2],
    /// The least and the greatest output.
    pub bounds: (i16, i16),
}

/// What [`PLACES`] works on; a place is a window of the values.
#[cfg(dunlin_dsp)]
#[repr(C)]
struct Job {
    weights: *const u32,
    x: [*const i16; 2],
    columns: usize,
    bias: [i32; 2],
    scale: [u32; 2],
    high: u32,
    low: u32,
    y: *mut i16,
    /// Bytes from place to place of the output.
    y_step: usize,
    /// Bytes from a pair of places to the next one.
    x_step: usize,
    /// Pairs of places.
    count: usize,
    /// The output behind the last pair of places, and `y_step` again: one load for both.
    end: *mut i16,
    y_step_beside: usize,
}

/// `y[place * filters + r] = clamp(scale[r] (bias[r] + W[r] . x[place * step..]))` for both rows and `2 * count` places.
///
/// `false`, and nothing done, where a slice is too short; the loader's checks rule that out.
#[cfg(dunlin_dsp)]
pub fn run(
    pair: Pair<'_>,
    scratch: &mut [u32],
    (x, step): (&[i16], usize),
    (y, filters): (&mut [i16], usize),
    count: usize,
) -> bool {
    if !fits(&pair, scratch, (x, step), (y, filters), count) {
        return false;
    }
    let columns = pair.columns;
    let words = scratch_words(columns);
    let twice = |value: i16| u32::from(value as u16) * 0x1_0001;
    let mut job = Job {
        weights: scratch.as_ptr(),
        x: [x.as_ptr(), x.as_ptr().wrapping_add(step)],
        columns,
        bias: pair.bias,
        scale: pair.scale,
        high: twice(pair.bounds.1),
        low: twice(pair.bounds.0),
        y: y.as_mut_ptr(),
        y_step: 2 * filters,
        x_step: 4 * step,
        count,
        end: y.as_mut_ptr().wrapping_add(2 * count * filters),
        y_step_beside: 2 * filters,
    };
    // SAFETY: `words` words are read from the block and written to the scratch memory, which has them; the block starts at a
    // multiple of four bytes in a file. Then, for each place, `columns` values of `x` are read and two of `y` are written, all
    // of them before the ends that were checked above.
    unsafe {
        unpack_program(
            pair.block.as_ptr(),
            scratch.as_mut_ptr(),
            words,
            pair.second,
        );
        match pair.bounds {
            (0, i16::MAX) if columns == 3 => three_program(&mut job),
            (0, i16::MAX) => rectified_program(&mut job),
            _ => places_program(&mut job),
        }
    }
    true
}

/// `y[place * filters + r] = clamp(scale[r] (bias[r] + W[r] . x[place * step..]))` for both rows and `2 * count` places.
///
/// `false`, and nothing done, where a slice is too short; the loader's checks rule that out.
#[cfg(not(dunlin_dsp))]
pub fn run(
    pair: Pair<'_>,
    scratch: &mut [u32],
    (x, step): (&[i16], usize),
    (y, filters): (&mut [i16], usize),
    count: usize,
) -> bool {
    use crate::math::rescale::Rescale;
    if !fits(&pair, scratch, (x, step), (y, filters), count) {
        return false;
    }
    for place in 0..2 * count {
        let x = x.get(place * step..).unwrap_or_default();
        for r in 0..2 {
            let row = 2 * usize::from(pair.second) + r;
            let weight = |column| super::row_pairs::weight(pair.block, row, column);
            let products = x.iter().take(pair.columns).enumerate();
            let sum = products.fold(pair.bias[r], |sum, (column, &x)| {
                sum.wrapping_add(i32::from(weight(column)) * i32::from(x))
            });
            let (low, high) = pair.bounds;
            if let Some(y) = y.get_mut(place * filters + r) {
                let scaled = Rescale(pair.scale[r]).apply(sum);
                *y = scaled.clamp(low.into(), high.into()) as i16;
            }
        }
    }
    true
}

/// Whether there is something to do, and all slices are long enough for it.
fn fits(
    pair: &Pair<'_>,
    scratch: &[u32],
    (x, step): (&[i16], usize),
    (y, filters): (&[i16], usize),
    count: usize,
) -> bool {
    let words = scratch_words(pair.columns);
    let last = 2 * count.saturating_sub(1) + 1;
    count > 0
        && pair.columns > 0
        && pair.block.len() >= 4 * words
        && scratch.len() >= words
        && x.len() >= last * step + pair.columns
        && y.len() >= last * filters + 2
}
