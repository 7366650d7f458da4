//! The kinds of numbers a model computes with, as a sealed trait: the numeric path is a type parameter.
use bytemuck::Pod;

use crate::error::LayerError;
use crate::format::features::{Built, Features};
use crate::format::graph::{LstmSpec, OutputSpec};
use crate::format::header::PrecisionTag;
use crate::format::read::Cursor;

mod elementwise;
pub(crate) mod f32;
mod recurrent;
mod taps;
pub(crate) mod w8a16;

pub use crate::kernel::sliding::Sliding;
pub use elementwise::{Elementwise, Merging};
pub use f32::F32;
pub use recurrent::{Gates, Recurrent};
pub use taps::Taps;
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

    /// Copies as many activations as the shorter slice has.
    fn copy(to: &mut [Self::Activation], from: &[Self::Activation]);
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
    /// Whether [`Precision::depthwise`] does groups of several channels too.
    const DEPTHWISE_DOES_GROUPS: bool = false;

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
    /// `y[r] = act(bias[r] + sum of W[r] . x)` over the taps, for every row; of a softmax the logits.
    fn affine(
        matrix: &Self::Matrix<'_>,
        output: &OutputSpec,
        taps: &Taps,
        x: &[Self::Activation],
        y: &mut [Self::Activation],
    );
    /// Every row's sum over all of `x`, at the scale of what gates add up: [`Recurrent::gate`].
    fn products(matrix: &Self::Matrix<'_>, x: &[Self::Activation], y: &mut [Self::Product]);
    /// Scratch that [`Precision::places`] wants, in bytes.
    fn places_scratch(matrix: &Self::Matrix<'_>, output: &OutputSpec) -> usize;
    /// [`Precision::affine`] at many places: the first `columns` values from every `step`-th value on. Does as many places, from
    /// the first on, as there is a way for that is faster than one by one; gives their number.
    fn places(
        matrix: &Self::Matrix<'_>,
        output: &OutputSpec,
        x: &[Self::Activation],
        step: usize,
        y: &mut [Self::Activation],
        scratch: &mut [u8],
    ) -> usize;
    /// Filters of one channel each, as many for each channel: `y[place][r] = act(bias[r] + sum over the taps k of
    /// W[r][k] . x[step of k][channel of r])` for as many places as `y` has.
    fn depthwise(
        matrix: &Self::Matrix<'_>,
        output: &OutputSpec,
        channels: usize,
        sliding: Sliding,
        x: &[Self::Activation],
        y: &mut [Self::Activation],
    );
    /// One time step of an LSTM over `[x; h]`: rows `[unit][gate i, f, c, o]`. No gates are sigmoids.
    fn lstm_step(
        matrix: &Self::Matrix<'_>,
        spec: &LstmSpec,
        gates: Option<Gates>,
        xh: &[Self::Activation],
        cell: &mut [Self::Cell],
        hidden: &mut [Self::Activation],
    );
}
