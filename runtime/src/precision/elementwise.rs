//! What layers without a matrix need of a kind of numbers: activations, merges, norms, embeddings.
use core::fmt::Debug;

use crate::error::LayerError;
use crate::format::graph::{ActivationSpec, LayerNormSpec, MergeSpec, OutputSpec};
use crate::format::read::Cursor;

use super::Numbers;

/// What a merge makes of two tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merging {
    Concatenate,
    Add,
    Multiply,
}

pub trait Elementwise: Numbers {
    /// Gamma, beta and epsilon of a LayerNorm, borrowed from the file.
    type Norm<'m>: Copy + Debug;
    /// Rows of an Embedding, borrowed from the file.
    type Rows<'m>: Copy + Debug;

    /// What an Activation layer can give.
    ///
    /// # Errors
    /// [`LayerError`] for a specification out of its bounds, as in the functions below.
    fn activation_range(spec: &ActivationSpec) -> Result<Self::Range, LayerError>;
    /// `y = act(x)`; for a softmax, the logits.
    fn activate(spec: &ActivationSpec, x: &[Self::Activation], y: &mut [Self::Activation]);
    /// Softmax over logits, in place.
    fn softmax(logits: &mut [Self::Activation], output: &OutputSpec);

    /// The largest value of each channel over `[steps][taps][channels]`, into `[steps][channels]`; at least one tap.
    fn largest(x: &[Self::Activation], channels: usize, taps: usize, y: &mut [Self::Activation]);
    /// As [`Elementwise::largest`], the mean.
    fn mean(x: &[Self::Activation], channels: usize, taps: usize, y: &mut [Self::Activation]);

    /// What a merge can give.
    fn merge_range(merging: Merging, spec: &MergeSpec) -> Result<Self::Range, LayerError>;
    /// Values of a tensor on their way into a concatenation; `side` 0 is tensor `with`, 1 the current one.
    fn concatenate(
        spec: &MergeSpec,
        side: usize,
        x: &[Self::Activation],
        y: &mut [Self::Activation],
    );
    /// `y = act(with + current)`.
    fn add(
        spec: &MergeSpec,
        with: &[Self::Activation],
        current: &[Self::Activation],
        y: &mut [Self::Activation],
    );
    /// `y = act(with * current)`.
    fn multiply(
        spec: &MergeSpec,
        with: &[Self::Activation],
        current: &[Self::Activation],
        y: &mut [Self::Activation],
    );

    /// Takes gamma and beta of this many channels off the weights.
    fn norm<'m>(
        weights: &mut Cursor<'m>,
        channels: usize,
        spec: &LayerNormSpec,
    ) -> Result<Self::Norm<'m>, LayerError>;
    /// Bytes that the norm takes in the file.
    fn norm_bytes(norm: &Self::Norm<'_>) -> usize;
    /// `act(gamma (x - mean) / sqrt(variance + epsilon) + beta)` over the channels of a step.
    fn normalize(
        norm: &Self::Norm<'_>,
        output: &OutputSpec,
        x: &[Self::Activation],
        y: &mut [Self::Activation],
    );

    /// Takes the rows of an Embedding off the weights; with what they can give.
    fn rows<'m>(
        weights: &mut Cursor<'m>,
        vocabulary: usize,
        units: usize,
    ) -> Result<(Self::Rows<'m>, Self::Range), LayerError>;
    /// Bytes that the rows take in the file.
    fn rows_bytes(rows: &Self::Rows<'_>) -> usize;
    /// The row of the id nearest to `id`.
    fn embed(rows: &Self::Rows<'_>, id: Self::Activation, y: &mut [Self::Activation]);
}
