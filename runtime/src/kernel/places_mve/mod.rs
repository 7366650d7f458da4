//! Convolutions on cores with Helium: four rows over several places at a time, scaled, clamped and stored four at a time.
//!
//! With many columns, two rows at three places share their loads: eleven instructions for 48 products. With few, a vector has the
//! weights of four rows in one column, and is multiplied by one value for each of two places.
#![cfg_attr(dunlin_mve, allow(unsafe_code))] // calls of programs with checked lengths

use super::clamped::Clamped;

mod few;
mod many;

pub use few::FEW_COLUMNS;
pub use many::MANY;

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
pub fn run(rows: &Clamped<'_>, (x, step): (&[i16], usize), y: &mut [i16]) -> usize {
    let (columns, filters) = (rows.columns, rows.bias.len());
    let together = together(columns);
    let count = y.len().checked_div(filters).unwrap_or_default() / together * together;
    if filters < 4 || !rows.fit(filters * columns, count, x.len(), step) {
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
    rows: &Clamped<'_>,
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
            many::program(&mut job);
        } else {
            few::program(&mut job);
        }
    }
}

/// Some rows.
#[cfg(not(dunlin_mve))]
fn all(
    rows: &Clamped<'_>,
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
