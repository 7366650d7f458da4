//! The vectors that the columns of a matrix meet, sampled for their moments.
use std::ops::Range;

use super::moments::Moments;
use crate::net::{Conv1d, GroupedConv1d, Shape};

/// Vectors that moments are taken of.
const VECTORS: usize = 8_192;

/// Moments of vectors, of at most `VECTORS` of them, evenly spaced.
pub(super) fn sampled<V: AsRef<[f32]>>(
    vectors: impl ExactSizeIterator<Item = V>,
    columns: usize,
) -> Moments {
    let step = vectors.len().div_ceil(VECTORS).max(1);
    let vectors: Vec<Vec<f32>> = vectors
        .step_by(step)
        .map(|vector| vector.as_ref().to_vec())
        .collect();
    Moments::of(&vectors, columns)
}

/// The taps of a convolution.
pub(super) struct Taps {
    kernel_size: usize,
    strides: usize,
    dilation_rate: usize,
    left: usize,
    input: Shape,
    output: Shape,
}

/// The same fields of two layers.
macro_rules! taps {
    ($conv:expr) => {
        Self {
            kernel_size: $conv.kernel_size,
            strides: $conv.strides,
            dilation_rate: $conv.dilation_rate,
            left: $conv.walk.left,
            input: $conv.input,
            output: $conv.output,
        }
    };
}

impl Taps {
    pub fn of(conv: &Conv1d) -> Self {
        taps!(conv)
    }

    pub fn of_grouped(conv: &GroupedConv1d) -> Self {
        taps!(conv)
    }

    /// What the taps meet in some channels, padding included.
    pub fn patches(&self, x: &[f32], channels: Range<usize>) -> Moments {
        let (size, width) = (self.input.steps * self.input.channels, channels.len());
        let windows = x.len() / size;
        let places = (0..windows * self.output.steps).map(|place| {
            let window = &x[place / self.output.steps * size..][..size];
            let start = place % self.output.steps * self.strides;
            let mut patch = vec![0.0; self.kernel_size * width];
            for (tap, values) in patch.chunks_exact_mut(width).enumerate() {
                let step = (start + tap * self.dilation_rate)
                    .checked_sub(self.left)
                    .filter(|&step| step < self.input.steps);
                if let Some(step) = step {
                    let step = &window[step * self.input.channels..];
                    values.copy_from_slice(&step[channels.clone()]);
                }
            }
            patch
        });
        sampled(places, self.kernel_size * width)
    }
}

/// The hidden state before each step, from those after it.
pub(super) fn before(hidden: &[f32], units: usize, steps: usize) -> Vec<Vec<f32>> {
    let places = 0..hidden.len() / units;
    let at = |place: usize| match place % steps {
        0 => vec![0.0; units],
        _ => hidden[(place - 1) * units..][..units].to_vec(),
    };
    places.map(at).collect()
}

/// `[x; h]` of every step: the input and the hidden state of the step before.
pub(super) fn inputs_and_hidden(input: Shape, units: usize, x: &[f32], hidden: &[f32]) -> Moments {
    let hidden = before(hidden, units, input.steps);
    let places = x.chunks_exact(input.channels).zip(&hidden);
    sampled(
        places.map(|(x, hidden)| [x, hidden].concat()),
        input.channels + units,
    )
}
