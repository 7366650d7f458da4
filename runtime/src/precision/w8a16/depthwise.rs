//! One filter a channel, four channels at a time.
use crate::kernel::active;
use crate::math::bounds::{at_least, at_most};

use super::matrix::Matrix;
use crate::precision::Strided;

/// Clamped outputs of the channels from row `first` on, whole fours of them; gives their number. Not generic, so that it is fast
/// in images that are compiled for size.
#[inline(never)]
pub fn clamped(
    matrix: &Matrix<'_>,
    first: usize,
    (low, high): (i16, i16),
    filter: &Strided,
    x: &[i16],
    y: &mut [i16],
) -> usize {
    let of = first * matrix.columns;
    let weights = matrix.weights.get(of..).unwrap_or_default();
    let bias = matrix.bias.get(first..).unwrap_or_default().as_chunks().0;
    let scales = matrix.scale.get(first..).unwrap_or_default();
    let (start, taps) = (filter.columns.start, filter.columns.len());
    let (low, high) = (i32::from(low), i32::from(high));
    let mut done = 0;
    for (y, &sums) in y.as_chunks_mut::<4>().0.iter_mut().zip(bias) {
        let from = |r: usize| {
            let row = (done + r) * matrix.columns + start;
            weights.get(row..row + taps).unwrap_or_default()
        };
        let rows = [from(0), from(1), from(2), from(3)];
        let values = x.get(done..).unwrap_or_default();
        let sums = active::strided4(rows, values, filter.stride, sums);
        let scales = scales.get(done..).and_then(|scales| scales.first_chunk());
        let scales: [u32; 4] = scales.copied().unwrap_or_default();
        for ((y, sum), scale) in y.iter_mut().zip(sums).zip(scales) {
            let value = crate::math::rescale::Rescale(scale).apply(sum);
            *y = at_least(at_most(value, high), low) as i16;
        }
        done += 4;
    }
    done
}
