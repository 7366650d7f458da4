//! The one operation under Dense, Conv1D and LSTM: rows of weights times pieces of the input.
use crate::format::features::Features;
use crate::format::graph::{Activation, OutputSpec};
use crate::precision::Precision;

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

/// [`matvec`] of the rows from `first` on, a softmax left to do.
#[inline]
pub(crate) fn rows<P: Precision>(
    matrix: &P::Matrix<'_>,
    first: usize,
    output: &OutputSpec,
    taps: Taps,
    x: &[P::Activation],
    y: &mut [P::Activation],
) {
    let (blocks, rest) = y.as_chunks_mut::<4>();
    let mut row = first;
    for block in blocks {
        let sums = sums4::<P>(matrix, row, taps, x);
        for (r, (y, sum)) in block.iter_mut().zip(sums).enumerate() {
            *y = P::finish(matrix, row + r, sum, output);
        }
        row += 4;
    }
    for y in rest {
        *y = P::finish(matrix, row, sum1::<P>(matrix, row, taps, x), output);
        row += 1;
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

/// The sums of four rows from `row` on.
#[inline]
pub(crate) fn sums4<P: Precision>(
    matrix: &P::Matrix<'_>,
    row: usize,
    taps: Taps,
    x: &[P::Activation],
) -> [P::Accumulator; 4] {
    let bias = core::array::from_fn(|r| P::bias(matrix, row + r));
    taps.pieces(x).fold(bias, |sums, (column, x)| {
        P::dot4(matrix, row, column, x, sums)
    })
}

/// Scaled sums of the rows from `first` on, without bias or activation left to do: what gates add up.
///
/// The walk over the rows is that of [`rows`], written again: with one walk and a closure for its end, a Conv1D takes 5 % more
/// instructions (351,387 to 369,048 for the chapter's on qemu-m4).
#[inline]
pub(crate) fn products<P: Precision>(
    matrix: &P::Matrix<'_>,
    first: usize,
    taps: Taps,
    x: &[P::Activation],
    y: &mut [P::Product],
) {
    let (blocks, rest) = y.as_chunks_mut::<4>();
    let mut row = first;
    for block in blocks {
        let sums = sums4::<P>(matrix, row, taps, x);
        for (r, (y, sum)) in block.iter_mut().zip(sums).enumerate() {
            *y = P::product(matrix, row + r, sum);
        }
        row += 4;
    }
    for y in rest {
        *y = P::product(matrix, row, sum1::<P>(matrix, row, taps, x));
        row += 1;
    }
}
