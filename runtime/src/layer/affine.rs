//! The one operation under Dense, Conv1D and the recurrent layers: rows of weights times pieces of the input.
use crate::format::features::Features;
use crate::format::graph::{Activation, OutputSpec};
use crate::precision::{Precision, Taps};

/// `y[r] = act(bias[r] + sum of W[r] . x)` over the taps, for every row.
#[inline]
pub(crate) fn matvec<P: Precision>(
    matrix: &P::Matrix<'_>,
    output: &OutputSpec,
    taps: &Taps,
    x: &[P::Activation],
    y: &mut [P::Activation],
) {
    P::affine(matrix, output, taps, x, y);
    if P::FEATURES.has(Features::SOFTMAX) && matches!(output.activation, Activation::Softmax) {
        P::softmax(y, output);
    }
}
