//! Outputs of integers at many places.
use super::super::clamped::Clamped;
use super::super::row_lanes::{Job, Lanes, ROWS, block_bytes, dispatch, split};
use super::super::slices::some;
use super::super::wide_row;
use super::{Pieces, Rows, each_place};
use crate::math::bounds::{at_least, at_most};
use crate::math::rescale::Rescale;

/// The outputs of all rows at places whose taps are `step` values apart; gives their number.
pub fn run(rows: &Clamped<'_>, (x, step): (&[i16], usize), y: &mut [i16]) -> usize {
    let mut done = 0;
    dispatch(Places {
        rows,
        x: (x, step),
        y,
        done: &mut done,
    });
    done
}

/// What [`run`] does, with any vectors.
pub struct Places<'a> {
    pub rows: &'a Clamped<'a>,
    pub x: (&'a [i16], usize),
    pub y: &'a mut [i16],
    pub done: &'a mut usize,
}

impl Job for Places<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { rows: all, x, .. } = self;
        let rows = all.bias.len();
        let pieces = Pieces {
            x: x.0,
            step: x.1,
            len: all.columns,
        };
        let count = pieces.count(self.y, rows);
        let (blocks, alone) = split(rows);
        let bytes = block_bytes(all.columns);
        for index in 0..blocks {
            let first = ROWS * index;
            let weights = all.weights.get(index * bytes..).unwrap_or_default();
            let weights = weights.get(..bytes).unwrap_or_default();
            let scales: [u32; ROWS] = some(all.scale, first);
            let block = Block {
                lanes,
                bounds: all.bounds,
                bias: lanes.load(&some(all.bias, first)),
                scales: lanes.load(&bytemuck::cast(scales)),
                pairs: weights.as_chunks().0,
            };
            each_place(&block, &pieces, count, (self.y, first, rows));
        }
        if alone {
            let row = all.weights.get(blocks * bytes..).unwrap_or_default();
            let row = bytemuck::try_cast_slice(row).unwrap_or_default();
            let ([bias], [scale]) = (some(all.bias, rows - 1), some(all.scale, rows - 1));
            let (low, high) = (all.bounds.0.into(), all.bounds.1.into());
            for (place, y) in self.y.chunks_exact_mut(rows).take(count).enumerate() {
                if let (Some([x]), Some(y)) = (pieces.at(place), y.last_mut()) {
                    let value = Rescale(scale).apply(wide_row::dot(row, x, bias));
                    *y = at_least(at_most(value, high), low) as i16;
                }
            }
        }
        *self.done = count;
    }
}

/// The rows of a block.
struct Block<'m, L: Lanes> {
    lanes: L,
    bounds: (i16, i16),
    bias: L::Sums,
    scales: L::Sums,
    /// Two columns after the other.
    pairs: &'m [[i8; 2 * ROWS]],
}

impl<L: Lanes> Rows<i16> for Block<'_, L> {
    type Sums = L::Sums;
    type Output = i16;
    const TAKES_SIX: bool = false;

    #[inline(always)]
    fn sums<const N: usize>(&self, x: [&[i16]; N]) -> [L::Sums; N] {
        let lanes = self.lanes;
        let mut sums = [self.bias; N];
        let mut twos = [&[][..]; N];
        for (twos, x) in twos.iter_mut().zip(x) {
            *twos = x.as_chunks::<2>().0;
        }
        let count = twos.first().map_or(0, |twos| twos.len());
        for at in 0..count.min(self.pairs.len()) {
            let Some(pair) = self.pairs.get(at) else {
                break;
            };
            let weights = lanes.weights(pair);
            for (sums, twos) in sums.iter_mut().zip(twos) {
                if let Some(&two) = twos.get(at) {
                    *sums = lanes.add(*sums, weights, two);
                }
            }
        }
        if let Some(pair) = self.pairs.get(count) {
            let weights = lanes.weights(pair);
            for (sums, x) in sums.iter_mut().zip(x) {
                if let Some(&x) = x.last() {
                    *sums = lanes.add(*sums, weights, [x, 0]);
                }
            }
        }
        sums
    }

    #[inline(always)]
    fn outputs(&self, sums: L::Sums) -> [i16; ROWS] {
        let values = self.lanes.rescale(sums, self.scales);
        self.lanes.clamp(values, self.bounds)
    }
}
