//! Rows of weights with what becomes of their sums, as programs take them that do many places of a convolution.

/// Rows in some order, with a bias and a scale a row, and outputs between two bounds.
#[derive(Debug, Clone, Copy)]
pub struct Clamped<'a> {
    pub weights: &'a [i8],
    pub columns: usize,
    pub bias: &'a [i32],
    /// As [`Rescale`](crate::math::rescale::Rescale) has them.
    pub scale: &'a [u32],
    /// The least and the greatest output.
    pub bounds: (i16, i16),
}

impl Clamped<'_> {
    /// Whether so many weights are there, and there is something to do at so many places of so many values, `step` values apart.
    pub(super) fn fit(&self, weights: usize, places: usize, values: usize, step: usize) -> bool {
        places > 0
            && self.columns > 0
            && self.weights.len() >= weights
            && self.scale.len() >= self.bias.len()
            && values >= (places - 1) * step + self.columns
    }
}
