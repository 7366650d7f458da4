//! The one operation under Dense, Conv1D and LSTM: rows of weights times pieces of the input.
use crate::format::features::Features;
use crate::format::graph::{Activation, OutputSpec};
use crate::precision::Precision;

use super::recurrent::copy;

/// Which columns of the matrix meet which values of the input: `runs` pieces of `len` each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taps {
    pub runs: usize,
    /// Values in a run.
    pub len: usize,
    /// First column; run `i` starts at `column + i * len`.
    pub column: usize,
    /// First value of the input; run `i` starts at `start + i * stride`.
    pub start: usize,
    pub stride: usize,
}

impl Taps {
    /// All columns over one contiguous piece of `len` values.
    pub fn whole(len: usize) -> Self {
        Self {
            runs: 1,
            len,
            column: 0,
            start: 0,
            stride: 0,
        }
    }

    fn pieces<T>(self, x: &[T]) -> impl Iterator<Item = (usize, &[T])> {
        (0..self.runs).map_while(move |run| {
            let start = self.start + run * self.stride;
            Some((
                self.column + run * self.len,
                x.get(start..start + self.len)?,
            ))
        })
    }
}

/// `y[r] = act(bias[r] + sum of W[r] . x)` over the taps, for every row.
#[inline]
pub(crate) fn matvec<P: Precision>(
    matrix: &P::Matrix<'_>,
    output: &OutputSpec,
    taps: Taps,
    x: &[P::Activation],
    y: &mut [P::Activation],
) {
    rows::<P>(matrix, 0, output, taps, x, y);
    if P::FEATURES.has(Features::SOFTMAX) && output.activation == Activation::Softmax {
        P::softmax(y, output);
    }
}

/// [`matvec`] of the rows from `first` on, a softmax left to do. Of a packed matrix `first` is 0.
#[inline]
pub(crate) fn rows<P: Precision>(
    matrix: &P::Matrix<'_>,
    first: usize,
    output: &OutputSpec,
    taps: Taps,
    x: &[P::Activation],
    y: &mut [P::Activation],
) {
    let left_out = P::correction(matrix, taps.pieces(x).map(|(_, x)| x));
    let (blocks, rest) = y.as_chunks_mut::<4>();
    let mut row = first;
    for block in blocks {
        let sums = sums4::<P>(matrix, row, left_out, taps, x);
        *block = P::finish4(matrix, row, sums, output);
        row += 4;
    }
    if rest.len() > 1 && P::fills_up(matrix) {
        let sums = sums4::<P>(matrix, row, left_out, taps, x);
        copy(rest, &P::finish4(matrix, row, sums, output));
    } else {
        for y in rest {
            *y = P::finish(matrix, row, sum1::<P>(matrix, row, taps, x), output);
            row += 1;
        }
    }
}

/// The sum of one row.
#[inline]
fn sum1<P: Precision>(
    matrix: &P::Matrix<'_>,
    row: usize,
    taps: Taps,
    x: &[P::Activation],
) -> P::Accumulator {
    taps.pieces(x)
        .fold(P::bias(matrix, row), |sum, (column, x)| {
            P::dot(matrix, row, column, x, sum)
        })
}

/// The sums of four rows from `row` on; `left_out` is the correction for the taps.
#[inline]
pub(crate) fn sums4<P: Precision>(
    matrix: &P::Matrix<'_>,
    row: usize,
    left_out: P::Accumulator,
    taps: Taps,
    x: &[P::Activation],
) -> [P::Accumulator; 4] {
    let bias = P::bias4(matrix, row, left_out);
    taps.pieces(x).fold(bias, |sums, (column, x)| {
        P::dot4(matrix, row, column, x, sums)
    })
}

/// Scaled sums of all rows over all of `x`, without bias or activation left to do: what gates add up.
#[inline]
pub(crate) fn products<P: Precision>(
    matrix: &P::Matrix<'_>,
    x: &[P::Activation],
    y: &mut [P::Product],
) {
    let left_out = P::correction(matrix, [x].into_iter());
    let sums4 = |row| {
        let sums = P::bias4(matrix, row, left_out);
        P::dot4(matrix, row, 0, x, sums)
    };
    let (blocks, rest) = y.as_chunks_mut::<4>();
    let mut row = 0;
    for block in blocks {
        for (r, (y, sum)) in block.iter_mut().zip(sums4(row)).enumerate() {
            *y = P::product(matrix, row + r, sum);
        }
        row += 4;
    }
    if rest.len() > 1 && P::fills_up(matrix) {
        for (r, (y, sum)) in rest.iter_mut().zip(sums4(row)).enumerate() {
            *y = P::product(matrix, row + r, sum);
        }
    } else {
        for y in rest {
            let sum = P::dot(matrix, row, 0, x, P::bias(matrix, row));
            *y = P::product(matrix, row, sum);
            row += 1;
        }
    }
}
