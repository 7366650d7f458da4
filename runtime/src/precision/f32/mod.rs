//! f32: the unquantized model, the reference for the integer ones.
use core::ops::Range;

use crate::error::LayerError;
use crate::format::features::{ALL, Build, Features};
use crate::format::graph::{Activation, OutputSpec};
use crate::format::header::PrecisionTag;
use crate::format::read::Cursor;
use crate::kernel::active as kernel;
use crate::math::float;

use super::slices::{four, part};
use super::{Numbers, Precision, Rows};

mod elementwise;
mod recurrent;

/// 32-bit floats throughout; with the code for these [`features`](crate::features) and no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct F32<const FEATURES: u64 = ALL>;

/// `[rows][columns]` weights and one bias a row.
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'m> {
    weights: &'m [f32],
    bias: &'m [f32],
    columns: usize,
}

impl<const FEATURES: u64> Numbers for F32<FEATURES> {
    const TAG: PrecisionTag = PrecisionTag::F32;
    type Build = Build<FEATURES>;
    type Activation = f32;
    type Accumulator = f32;
    type Cell = f32;
    type Product = f32;
    type Range = ();
    type Matrix<'m> = Matrix<'m>;
    const ZERO: f32 = 0.0;
    const LOWEST: f32 = f32::NEG_INFINITY;

    fn input_range() {}

    fn with_zero((): ()) {}

    fn output_range(output: &OutputSpec) -> Result<(), LayerError> {
        unused(&[output.min, output.max, output.softmax_bits.into()])
    }

    #[inline(always)]
    fn quantize(x: f32, scale: f32, offset: f32) -> f32 {
        x * scale + offset
    }

    #[inline(always)]
    fn dequantize(y: f32, scale: f32, offset: f32) -> f32 {
        y * scale + offset
    }
}

impl<const FEATURES: u64> Precision for F32<FEATURES> {
    fn matrix<'m>(
        weights: &mut Cursor<'m>,
        rows: Rows,
        columns: &[(usize, ())],
    ) -> Result<Matrix<'m>, LayerError> {
        let columns = columns.iter().map(|&(count, ())| count).sum();
        let count = rows.count.checked_mul(columns).ok_or(LayerError::Memory)?;
        Ok(Matrix {
            weights: weights.take(count)?,
            bias: weights.take(rows.count)?,
            columns,
        })
    }

    #[inline]
    fn group<'m>(matrix: &Self::Matrix<'m>, index: usize, groups: usize) -> Self::Matrix<'m> {
        Matrix {
            weights: part(matrix.weights, index, groups),
            bias: part(matrix.bias, index, groups),
            columns: matrix.columns,
        }
    }

    fn matrix_bytes(matrix: &Matrix<'_>) -> usize {
        size_of_val(matrix.weights) + size_of_val(matrix.bias)
    }

    #[inline(always)]
    fn bias(matrix: &Matrix<'_>, row: usize) -> f32 {
        matrix.bias.get(row).copied().unwrap_or_default()
    }

    #[inline(always)]
    fn bias4(matrix: &Matrix<'_>, row: usize, _correction: f32) -> [f32; 4] {
        four(matrix.bias, row)
    }

    #[inline(always)]
    fn correction<'x>(_: &Matrix<'_>, _: impl Iterator<Item = &'x [f32]>) -> f32 {
        0.0
    }

    #[inline(always)]
    fn fills_up(_: &Matrix<'_>) -> bool {
        false
    }

    #[inline(always)]
    fn dot(matrix: &Matrix<'_>, row: usize, column: usize, x: &[f32], sum: f32) -> f32 {
        kernel::dot_f32(piece(matrix, row, column, x.len()), x, sum)
    }

    #[inline(always)]
    fn dot4(matrix: &Matrix<'_>, row: usize, column: usize, x: &[f32], sums: [f32; 4]) -> [f32; 4] {
        let rows = core::array::from_fn(|r| piece(matrix, row + r, column, x.len()));
        kernel::dot4_f32(rows, x, sums)
    }

    #[inline(always)]
    fn strided(
        matrix: &Matrix<'_>,
        row: usize,
        columns: Range<usize>,
        x: &[f32],
        stride: usize,
        sum: f32,
    ) -> f32 {
        let row = piece(matrix, row, columns.start, columns.len());
        kernel::strided_f32(row, x, stride, sum)
    }

    #[inline(always)]
    fn strided4(
        matrix: &Matrix<'_>,
        row: usize,
        columns: Range<usize>,
        x: &[f32],
        stride: usize,
        sums: [f32; 4],
    ) -> [f32; 4] {
        let rows = core::array::from_fn(|r| piece(matrix, row + r, columns.start, columns.len()));
        kernel::strided4_f32(rows, x, stride, sums)
    }

    #[inline(always)]
    fn finish(_matrix: &Matrix<'_>, _row: usize, sum: f32, output: &OutputSpec) -> f32 {
        activate::<FEATURES>(output.activation, sum)
    }

    #[inline(always)]
    fn finish4(_: &Matrix<'_>, _: usize, sums: [f32; 4], output: &OutputSpec) -> [f32; 4] {
        sums.map(|sum| activate::<FEATURES>(output.activation, sum))
    }

    fn mean(values: impl Iterator<Item = f32>) -> f32 {
        let (sum, count) = values.fold((0.0, 0.0f32), |(sum, count), x| (sum + x, count + 1.0));
        if count > 0.0 { sum / count } else { 0.0 }
    }
}

/// Checks what only integers need, so that a file says nothing that has no meaning.
fn unused<T: Copy + Default + PartialEq>(values: &[T]) -> Result<(), LayerError> {
    if values.iter().all(|&value| value == T::default()) {
        Ok(())
    } else {
        Err(LayerError::Scale { row: 0 })
    }
}

/// The activation of one value; a softmax leaves its logits to [`Elementwise::softmax`](super::Elementwise::softmax).
#[inline(always)]
fn activate<const FEATURES: u64>(activation: Activation, x: f32) -> f32 {
    let has = |features| Features(FEATURES).has(features);
    match activation {
        Activation::Linear | Activation::Softmax => x,
        Activation::Relu => relu(x),
        Activation::Relu6 => relu6(x),
        Activation::Tanh if has(Features::TANH) => float::tanh(x),
        Activation::Sigmoid if has(Features::SIGMOID) => float::sigmoid(x),
        Activation::HardSigmoid if has(Features::SIGMOID) => relu6(x + 3.0) / 6.0,
        Activation::LeakyRelu { .. }
        | Activation::Elu { .. }
        | Activation::Gelu
        | Activation::Silu
            if has(Features::SMOOTH) =>
        {
            smooth(activation, x)
        }
        // Not built: the loader has refused them.
        Activation::Tanh
        | Activation::Sigmoid
        | Activation::HardSigmoid
        | Activation::LeakyRelu { .. }
        | Activation::Elu { .. }
        | Activation::Gelu
        | Activation::Silu => x,
    }
}

/// The activations of [`Features::SMOOTH`].
#[inline(always)]
fn smooth(activation: Activation, x: f32) -> f32 {
    match activation {
        Activation::LeakyRelu { slope } => {
            if x > 0.0 {
                x
            } else {
                f32::from_bits(slope) * x
            }
        }
        Activation::Elu { alpha } => {
            if x > 0.0 {
                x
            } else {
                f32::from_bits(alpha) * float::exp_m1(x)
            }
        }
        Activation::Gelu => float::gelu(x),
        Activation::Silu => x * float::sigmoid(x),
        Activation::Linear
        | Activation::Relu
        | Activation::Relu6
        | Activation::Tanh
        | Activation::Sigmoid
        | Activation::HardSigmoid
        | Activation::Softmax => x,
    }
}

#[inline(always)]
fn relu6(x: f32) -> f32 {
    let x = relu(x);
    if x < 6.0 { x } else { 6.0 }
}

/// `max(x, 0)`, and 0 for NaN.
#[inline(always)]
fn relu(x: f32) -> f32 {
    if x > 0.0 { x } else { 0.0 }
}

#[inline(always)]
fn piece<'m>(matrix: &Matrix<'m>, row: usize, column: usize, len: usize) -> &'m [f32] {
    let start = row * matrix.columns + column;
    matrix.weights.get(start..start + len).unwrap_or_default()
}
