//! Outputs of floats at many places, each sum made in the order of the columns.
use super::super::float_rows::dot;
use super::super::row_lanes::{Job, Lanes, ROWS, dispatch, split};
use super::super::slices::some;
use super::{Pieces, Rows, each_place};

/// Rows in blocks of sixteen, column after column, and behind them one that would stand alone in its block.
#[derive(Debug, Clone, Copy)]
pub struct Floats<'a> {
    pub weights: &'a [f32],
    pub bias: &'a [f32],
    pub columns: usize,
    /// Whether an output is no sum but 0 where the sum is not above it.
    pub rectified: bool,
}

/// The outputs of all rows at places whose taps are `step` values apart; gives their number.
pub fn run(rows: &Floats<'_>, (x, step): (&[f32], usize), y: &mut [f32]) -> usize {
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
    pub rows: &'a Floats<'a>,
    pub x: (&'a [f32], usize),
    pub y: &'a mut [f32],
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
        let size = ROWS * all.columns;
        for index in 0..blocks {
            let first = ROWS * index;
            let weights = all.weights.get(index * size..).unwrap_or_default();
            let block = Block {
                lanes,
                rectified: all.rectified,
                bias: lanes.load_floats(&some(all.bias, first)),
                columns: weights.get(..size).unwrap_or_default().as_chunks().0,
            };
            each_place(&block, &pieces, count, (self.y, first, rows));
        }
        if alone {
            let row = all.weights.get(blocks * size..).unwrap_or_default();
            let [bias] = some(all.bias, rows - 1);
            for (place, y) in self.y.chunks_exact_mut(rows).take(count).enumerate() {
                if let (Some([x]), Some(y)) = (pieces.at(place), y.last_mut()) {
                    let sum = dot(lanes, row, x, bias);
                    *y = if all.rectified { positive(sum) } else { sum };
                }
            }
        }
        *self.done = count;
    }
}

/// The rows of a block.
struct Block<'m, L: Lanes> {
    lanes: L,
    rectified: bool,
    bias: L::Floats,
    columns: &'m [[f32; ROWS]],
}

impl<L: Lanes> Rows<f32> for Block<'_, L> {
    type Sums = L::Floats;
    type Output = f32;
    const TAKES_SIX: bool = true;

    #[inline(always)]
    fn sums<const N: usize>(&self, x: [&[f32]; N]) -> [L::Floats; N] {
        let lanes = self.lanes;
        let mut sums = [self.bias; N];
        let (twos, last) = self.columns.as_chunks::<2>();
        let mut pairs = [&[][..]; N];
        for (pairs, x) in pairs.iter_mut().zip(x) {
            *pairs = x.as_chunks::<2>().0;
        }
        let count = pairs.first().map_or(0, |pairs| pairs.len().min(twos.len()));
        for at in 0..count {
            let Some([a, b]) = twos.get(at) else {
                break;
            };
            let (a, b) = (lanes.load_floats(a), lanes.load_floats(b));
            for (sums, pairs) in sums.iter_mut().zip(pairs) {
                if let Some(&[x, _]) = pairs.get(at) {
                    *sums = lanes.add_floats(*sums, a, x);
                }
            }
            for (sums, pairs) in sums.iter_mut().zip(pairs) {
                if let Some(&[_, x]) = pairs.get(at) {
                    *sums = lanes.add_floats(*sums, b, x);
                }
            }
        }
        if let [weights] = last {
            let weights = lanes.load_floats(weights);
            for (sums, x) in sums.iter_mut().zip(x) {
                if let Some(&x) = x.last() {
                    *sums = lanes.add_floats(*sums, weights, x);
                }
            }
        }
        sums
    }

    #[inline(always)]
    fn outputs(&self, sums: L::Floats) -> [f32; ROWS] {
        let outputs = self.lanes.store_floats(sums);
        if self.rectified {
            return outputs.map(positive);
        }
        outputs
    }
}

/// `max(x, 0)`, and 0 for NaN.
#[inline(always)]
fn positive(x: f32) -> f32 {
    if x > 0.0 { x } else { 0.0 }
}
