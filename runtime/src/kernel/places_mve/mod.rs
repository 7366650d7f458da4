//! Convolutions on cores with Helium: four rows over several places at a time, scaled, clamped and stored eight outputs at a time.
//!
//! With many columns, four rows at two places share their loads: fourteen instructions for 64 products. With few, a vector has the
//! weights of four rows in one column, and is multiplied by one value for each of four places.
#![cfg_attr(dunlin_mve, allow(unsafe_code))] // calls of programs with checked lengths

use super::clamped::Clamped;

mod few;
mod many;

pub use few::FEW_COLUMNS;
pub use many::MANY;

/// The most columns for which vectors lie across the rows.
const FEW: usize = 8;

/// The most rows: places that follow each other store at offsets of 16 bits.
const MOST_ROWS: usize = 0xfff0;

/// Places that are done at a time.
pub const fn together(columns: usize) -> usize {
    if columns > FEW { 2 } else { 4 }
}

/// Of so many places, the number that [`run`] does: with few columns those that are left over come with some before them, once
/// more; with many, one that is left over takes less alone.
pub const fn done(columns: usize, places: usize) -> usize {
    let together = together(columns);
    if columns > FEW || places < together {
        places / together * together
    } else {
        places
    }
}

/// How the program for many columns goes through those of a row: bytes of code from its entry to the end of the unrolled columns,
/// further runs of unrolled columns, and a predicate with two bits for each of the columns behind all vectors.
pub const fn way(columns: usize) -> [u32; 3] {
    let before_last = (columns / 8).saturating_sub(1);
    let first = before_last % many::UNROLLED + 1;
    [
        (first * many::EIGHT_BYTES) as u32,
        (before_last / many::UNROLLED) as u32,
        (1 << (2 * (columns % 8))) - 1,
    ]
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
    /// The first two parts of the [`way`].
    entry: u32,
    further: u32,
    end: *const i32,
    high: i32,
    low: i32,
    /// The last part of the way.
    rest: u32,
}

/// `y[place * rows + r] = clamp(scale[r] (bias[r] + W[r] . x[place * step..]))` for all rows and the first places, as many as are
/// [`done`]; gives their number.
///
/// Fewer than four rows are not done, nor anything where a slice is too short.
#[cfg_attr(dunlin_mve, inline(never))]
pub fn run(rows: &Clamped<'_>, (x, step): (&[i16], usize), y: &mut [i16]) -> usize {
    let (columns, filters) = (rows.columns, rows.bias.len());
    let places = y.len().checked_div(filters).unwrap_or_default();
    let count = done(columns, places);
    let some = (4..=MOST_ROWS).contains(&filters);
    if !some || !rows.fit(filters * columns, count, x.len(), step) {
        return 0;
    }
    let together = together(columns);
    let (fours, whole) = (filters / 4 * 4, count / together * together);
    // The rows that are left over are done with those before them, once more, and so are the places.
    let (mut place, mut places) = (0, whole);
    loop {
        let (mut row, mut rows_done) = (0, fours);
        loop {
            all(
                rows,
                (row, rows_done - row),
                (x, step),
                y,
                (place, places - place),
            );
            if rows_done == filters {
                break;
            }
            (row, rows_done) = (filters - 4, filters);
        }
        if places == count {
            return count;
        }
        (place, places) = (count - together, count);
    }
}

/// Some rows, a multiple of four of them, at some places: from one on so many of each.
#[cfg(dunlin_mve)]
#[inline(never)]
fn all(
    rows: &Clamped<'_>,
    (first, count): (usize, usize),
    (x, step): (&[i16], usize),
    y: &mut [i16],
    (place, places): (usize, usize),
) {
    let columns = rows.columns;
    let together = together(columns);
    let [entry, further, rest] = way(columns);
    let read = if columns > FEW {
        columns.next_multiple_of(8)
    } else {
        columns
    };
    let bias = rows.bias.as_ptr().wrapping_add(first);
    let y_step = 2 * rows.bias.len();
    let mut job = Job {
        weights: rows.weights.as_ptr().wrapping_add(first * columns),
        columns,
        x: x.as_ptr().wrapping_add(place * step),
        step: 2 * step,
        y: (y.as_mut_ptr()).wrapping_add(place * rows.bias.len() + first),
        y_step,
        y_bytes: places * y_step,
        bias,
        scale: rows.scale.as_ptr().wrapping_add(first),
        ahead: (2 * together * step).wrapping_sub(2 * read),
        entry,
        further,
        end: bias.wrapping_add(count),
        high: rows.bounds.1.into(),
        low: rows.bounds.0.into(),
        rest,
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

/// Some rows at some places.
#[cfg(not(dunlin_mve))]
fn all(
    rows: &Clamped<'_>,
    (first, count): (usize, usize),
    (x, step): (&[i16], usize),
    y: &mut [i16],
    (place, places): (usize, usize),
) {
    use crate::math::rescale::Rescale;
    let (low, high) = rows.bounds;
    let scales = rows.bias.iter().zip(rows.scale).enumerate();
    for (row, (&bias, &scale)) in scales.skip(first).take(count) {
        let weights = rows.weights.get(row * rows.columns..).unwrap_or_default();
        let weights = weights.get(..rows.columns).unwrap_or_default();
        for place in place..place + places {
            let x = x.get(place * step..).unwrap_or_default();
            let sum = super::reference::dot(weights, x, bias);
            if let Some(y) = y.get_mut(place * rows.bias.len() + row) {
                *y = Rescale(scale).apply(sum).clamp(low.into(), high.into()) as i16;
            }
        }
    }
}
