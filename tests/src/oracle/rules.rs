//! The rules of a precision: what the oracle needs of its arithmetic.
use std::vec::Vec;

use dunlin::format::graph::{
    ActivationSpec, GruGatedSpec, GruSpec, LayerNormSpec, LstmGatedSpec, LstmSpec, MergeSpec,
    OutputSpec,
};

use super::Reader;

pub trait Rules {
    type Value: Copy + PartialOrd;
    type Cell: Copy + Default;
    type Matrix;
    /// Gamma and beta of each channel.
    type Norm;
    /// Rows of an embedding.
    type Rows;
    const ZERO: Self::Value;

    /// The next matrix of the weights.
    fn matrix(reader: &mut Reader<'_>, rows: usize, columns: usize) -> Self::Matrix;
    /// The next gammas and betas of the weights.
    fn norm(reader: &mut Reader<'_>, channels: usize) -> Self::Norm;
    /// The next rows of the weights.
    fn rows(reader: &mut Reader<'_>, vocabulary: usize, units: usize) -> Self::Rows;

    /// A row's activations from the columns that meet an input, before a softmax.
    fn row(
        matrix: &Self::Matrix,
        row: usize,
        inputs: &[(usize, Self::Value)],
        output: &OutputSpec,
    ) -> Self::Value;
    /// Softmax over the units of a step, where the output asks for one.
    fn softmax(logits: &[Self::Value], output: &OutputSpec) -> Vec<Self::Value>;
    /// The mean of some values.
    fn mean(values: &[Self::Value]) -> Self::Value;
    fn quantize(x: f32, scale: [f32; 2]) -> Self::Value;
    fn dequantize(y: Self::Value, scale: [f32; 2]) -> f32;

    /// A value of an Activation layer, before a softmax.
    fn activation(spec: &ActivationSpec, x: Self::Value) -> Self::Value;
    /// A value of tensor `with` (side 0) or of the current one (side 1) in a concatenation.
    fn concatenated(spec: &MergeSpec, side: usize, x: Self::Value) -> Self::Value;
    fn sum(spec: &MergeSpec, with: Self::Value, current: Self::Value) -> Self::Value;
    fn product(spec: &MergeSpec, with: Self::Value, current: Self::Value) -> Self::Value;
    /// A step through a LayerNorm.
    fn normalized(norm: &Self::Norm, spec: &LayerNormSpec, x: &[Self::Value]) -> Vec<Self::Value>;
    /// The row of an id.
    fn embedded(rows: &Self::Rows, id: Self::Value) -> Vec<Self::Value>;

    /// The hidden state of a unit after a step over `[x; h]`.
    fn unit(
        matrix: &Self::Matrix,
        unit: usize,
        inputs: &[(usize, Self::Value)],
        spec: &LstmSpec,
        cell: &mut Self::Cell,
    ) -> Self::Value;
    /// The same with gates of any activation.
    fn gated_unit(
        matrix: &Self::Matrix,
        unit: usize,
        inputs: &[(usize, Self::Value)],
        spec: &LstmGatedSpec,
        cell: &mut Self::Cell,
    ) -> Self::Value;
    /// The hidden states of a GRU after a step over `x` and `hidden`; `wide` are the same with all their bits.
    fn gru(
        matrices: [&Self::Matrix; 2],
        spec: &GruSpec,
        x: &[(usize, Self::Value)],
        hidden: &[Self::Value],
        wide: &mut [Self::Cell],
    ) -> Vec<Self::Value>;
    /// The same with gates of any activation.
    fn gated_gru(
        matrices: [&Self::Matrix; 2],
        spec: &GruGatedSpec,
        x: &[(usize, Self::Value)],
        hidden: &[Self::Value],
        wide: &mut [Self::Cell],
    ) -> Vec<Self::Value>;
}
