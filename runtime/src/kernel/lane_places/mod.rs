//! Many places of a convolution with the vectors of a host: some at a time share each load of weights.
use super::row_lanes::ROWS;

pub mod floats;
pub mod integers;

/// Pieces of an input that are `step` values apart, of `len` values each.
#[derive(Debug, Clone, Copy)]
struct Pieces<'x, T> {
    x: &'x [T],
    step: usize,
    len: usize,
}

impl<'x, T> Pieces<'x, T> {
    /// How many there are, but no more than `y` has places of so many rows.
    fn count<O>(&self, y: &[O], rows: usize) -> usize {
        let Some(behind) = self.x.len().checked_sub(self.len) else {
            return 0;
        };
        let places = y.len().checked_div(rows).unwrap_or_default();
        places.min(behind / self.step.max(1) + 1)
    }

    /// Those from `first` on, all of `len` values.
    #[inline(always)]
    fn at<const N: usize>(&self, first: usize) -> Option<[&'x [T]; N]> {
        let mut pieces = [&[][..]; N];
        for (place, piece) in pieces.iter_mut().enumerate() {
            let start = (first + place) * self.step;
            *piece = self.x.get(start..start + self.len)?;
        }
        Some(pieces)
    }
}

/// The rows of a block.
trait Rows<T> {
    type Sums: Copy;
    type Output: Copy;
    /// Whether six places at a time are faster than four. The sums of four are half of the sixteen registers of AVX2, and enough that
    /// no addition waits for the one before; those of six leave room for a product of floats.
    const TAKES_SIX: bool;

    /// Their sums at places with these values, all of one length.
    fn sums<const N: usize>(&self, pieces: [&[T]; N]) -> [Self::Sums; N];
    /// What becomes of the sums of a place.
    fn outputs(&self, sums: Self::Sums) -> [Self::Output; ROWS];
}

/// The outputs of a block at so many places: its rows are those from `first` on of the rows that each place has in `y`.
#[inline(always)]
fn each_place<T, R: Rows<T>>(
    block: &R,
    pieces: &Pieces<'_, T>,
    count: usize,
    (y, first, rows): (&mut [R::Output], usize, usize),
) {
    let mut place = 0;
    while R::TAKES_SIX && place + 6 <= count {
        some_places::<T, R, 6>(block, pieces, place, (y, first, rows));
        place += 6;
    }
    while place + 4 <= count {
        some_places::<T, R, 4>(block, pieces, place, (y, first, rows));
        place += 4;
    }
    match count - place {
        3 => some_places::<T, R, 3>(block, pieces, place, (y, first, rows)),
        2 => some_places::<T, R, 2>(block, pieces, place, (y, first, rows)),
        1 => some_places::<T, R, 1>(block, pieces, place, (y, first, rows)),
        _ => {}
    }
}

#[inline(always)]
fn some_places<T, R: Rows<T>, const N: usize>(
    block: &R,
    pieces: &Pieces<'_, T>,
    place: usize,
    (y, first, rows): (&mut [R::Output], usize, usize),
) {
    let Some(pieces) = pieces.at::<N>(place) else {
        return;
    };
    let sums = block.sums(pieces);
    let y = y.get_mut(place * rows + first..).unwrap_or_default();
    let steps = y.chunks_mut(rows).zip(sums);
    if first + ROWS <= rows {
        for (y, sums) in steps {
            if let Some(y) = y.first_chunk_mut() {
                *y = block.outputs(sums);
            }
        }
    } else {
        for (y, sums) in steps {
            for (y, output) in y.iter_mut().zip(block.outputs(sums)).take(rows - first) {
                *y = output;
            }
        }
    }
}
