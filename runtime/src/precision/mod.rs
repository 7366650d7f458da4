//! The kinds of numbers a model computes with, as a sealed trait: the numeric path is a type parameter.
use core::ops::Range;

use bytemuck::Pod;

use crate::error::LayerError;
use crate::format::features::{Built, Features};
use crate::format::graph::OutputSpec;
use crate::format::header::PrecisionTag;
use crate::format::read::Cursor;

mod elementwise;
mod f32;
mod recurrent;
mod slices;
pub(crate) mod w8a16;

pub use elementwise::{Elementwise, Merging};
pub use f32::F32;
pub use recurrent::{Gates, Recurrent};
pub use w8a16::W8A16;

mod sealed {
    pub trait Sealed {}
    impl<const FEATURES: u64> Sealed for super::F32<FEATURES> {}
    impl<const FEATURES: u64> Sealed for super::W8A16<FEATURES> {}
}

/// The types of a kind of numbers, and the way in and out of a model.
pub trait Numbers: sealed::Sealed + Copy + core::fmt::Debug + 'static {
    /// What the header of a file of this precision says.
    const TAG: PrecisionTag;
    /// What this build has, for code that depends on nothing else of the numbers.
    type Build: Built;
    /// What this build has; a match over layers or activations asks it where that drops code.
    const FEATURES: Features = Self::Build::FEATURES;
    /// An element of a tensor between layers.
    type Activation: Pod + PartialOrd + core::fmt::Debug;
    /// Holds a row's sum.
    type Accumulator: Copy;
    /// An element of a state that keeps more bits than an activation: an LSTM's cell, a GRU's hidden state.
    type Cell: Pod;
    /// A row's sum at the scale of a gate's argument.
    type Product: Pod;
    /// Values that a tensor can have; what the proof against overflow starts from.
    type Range: Copy + core::fmt::Debug;
    /// Weights of a layer, borrowed from the file.
    type Matrix<'m>: Copy + core::fmt::Debug;

    /// The zero that pads and that states start from.
    const ZERO: Self::Activation;
    /// Below every activation: a pool starts from it.
    const LOWEST: Self::Activation;

    /// What an input tensor can hold.
    fn input_range() -> Self::Range;
    /// The range with zero in it, as padding needs.
    fn with_zero(range: Self::Range) -> Self::Range;
    /// What a layer with this output can give.
    ///
    /// # Errors
    /// [`LayerError`] for a specification out of its bounds.
    fn output_range(output: &OutputSpec) -> Result<Self::Range, LayerError>;

    /// From an input value to an activation.
    fn quantize(x: f32, scale: f32, offset: f32) -> Self::Activation;
    /// From an activation to an output value.
    fn dequantize(y: Self::Activation, scale: f32, offset: f32) -> f32;
}

/// The rows of a matrix in a file.
#[derive(Debug, Clone, Copy)]
pub struct Rows {
    pub count: usize,
    /// Parts of as many rows each, which are read one by one.
    pub groups: usize,
    /// Whether the rows are in the file's packing; the others follow each other.
    pub packed: bool,
}

impl Rows {
    /// Rows for [`Precision::dot4`], in one group.
    pub fn packed(count: usize) -> Self {
        Self {
            count,
            groups: 1,
            packed: true,
        }
    }
}

/// A kind of numbers: [`F32`] or [`W8A16`].
///
/// What layers with weights need of it is below: a matrix with one bias and scale a row, dot products of row pieces, and
/// the way from an accumulator to an activation.
pub trait Precision: Elementwise + Recurrent {
    /// Takes a matrix off the weights and checks it. `columns` are pieces of a row with the range of `x` in each. A matrix of
    /// several groups is read by [`Precision::group`] alone.
    fn matrix<'m>(
        weights: &mut Cursor<'m>,
        rows: Rows,
        columns: &[(usize, Self::Range)],
    ) -> Result<Self::Matrix<'m>, LayerError>;
    /// The rows of a group, of which all have the same number.
    fn group<'m>(matrix: &Self::Matrix<'m>, index: usize, groups: usize) -> Self::Matrix<'m>;

    /// Bytes that the matrix takes in the file.
    fn matrix_bytes(matrix: &Self::Matrix<'_>) -> usize;
    /// The bias of a row, where its sum starts.
    fn bias(matrix: &Self::Matrix<'_>, row: usize) -> Self::Accumulator;
    /// The biases of four rows, with what [`Precision::dot4`] leaves out for all the `pieces` of `x`.
    fn bias4(
        matrix: &Self::Matrix<'_>,
        row: usize,
        correction: Self::Accumulator,
    ) -> [Self::Accumulator; 4];
    /// What [`Precision::dot4`] leaves out of every row's sum for these `pieces` of `x`.
    fn correction<'x>(
        matrix: &Self::Matrix<'_>,
        pieces: impl Iterator<Item = &'x [Self::Activation]>,
    ) -> Self::Accumulator;
    /// Whether [`Precision::dot4`] reads two or three rows behind the last full four too.
    fn fills_up(matrix: &Self::Matrix<'_>) -> bool;
    /// Adds `W[row, column..] . x` to the sum of a row that is not read by [`Precision::dot4`].
    fn dot(
        matrix: &Self::Matrix<'_>,
        row: usize,
        column: usize,
        x: &[Self::Activation],
        sum: Self::Accumulator,
    ) -> Self::Accumulator;
    /// Adds `W[row + r, column..] . x` to the sums of four rows, `row` being a multiple of four.
    fn dot4(
        matrix: &Self::Matrix<'_>,
        row: usize,
        column: usize,
        x: &[Self::Activation],
        sums: [Self::Accumulator; 4],
    ) -> [Self::Accumulator; 4];
    /// Adds `W[row, columns] . x[0], x[stride], ...` to a row's sum.
    fn strided(
        matrix: &Self::Matrix<'_>,
        row: usize,
        columns: Range<usize>,
        x: &[Self::Activation],
        stride: usize,
        sum: Self::Accumulator,
    ) -> Self::Accumulator;
    /// Adds `W[row + r, columns] . x[r], x[r + stride], ...` to the sums of four rows.
    fn strided4(
        matrix: &Self::Matrix<'_>,
        row: usize,
        columns: Range<usize>,
        x: &[Self::Activation],
        stride: usize,
        sums: [Self::Accumulator; 4],
    ) -> [Self::Accumulator; 4];
    /// From a row's sum to its activation; for a softmax, to its logit.
    fn finish(
        matrix: &Self::Matrix<'_>,
        row: usize,
        sum: Self::Accumulator,
        output: &OutputSpec,
    ) -> Self::Activation;
    /// [`Precision::finish`] of four rows.
    fn finish4(
        matrix: &Self::Matrix<'_>,
        row: usize,
        sums: [Self::Accumulator; 4],
        output: &OutputSpec,
    ) -> [Self::Activation; 4];

    /// The mean of some activations of one channel; zero of none.
    fn mean(values: impl Iterator<Item = Self::Activation>) -> Self::Activation;
}
