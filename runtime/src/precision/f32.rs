//! f32: the unquantized model, the reference for the integer ones.
use crate::error::LayerError;
use crate::format::graph::{Activation, GruSpec, LstmSpec, OutputSpec};
use crate::format::header::PrecisionTag;
use crate::format::read::Cursor;
use crate::kernel::active as kernel;
use crate::math::float;

use super::Precision;

/// 32-bit floats throughout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct F32;

/// `[rows][columns]` weights and one bias a row.
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'m> {
    weights: &'m [f32],
    bias: &'m [f32],
    columns: usize,
}

impl Precision for F32 {
    const TAG: PrecisionTag = PrecisionTag::F32;
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
        let unused = (output.min, output.max, output.softmax_bits);
        if unused == (0, 0, 0) {
            Ok(())
        } else {
            Err(LayerError::Scale { row: 0 })
        }
    }

    fn hidden_range(spec: &LstmSpec) -> Result<(), LayerError> {
        let unused = (spec.candidate_bits, spec.cell_bits, spec.hidden_bits);
        if unused == (0, 0, 0) {
            Ok(())
        } else {
            Err(LayerError::Scale { row: 0 })
        }
    }

    fn matrix<'m>(
        weights: &mut Cursor<'m>,
        rows: usize,
        columns: &[(usize, ())],
    ) -> Result<Matrix<'m>, LayerError> {
        let columns = columns.iter().map(|&(count, ())| count).sum();
        let count = rows.checked_mul(columns).ok_or(LayerError::Memory)?;
        Ok(Matrix {
            weights: weights.take(count)?,
            bias: weights.take(rows)?,
            columns,
        })
    }

    fn matrix_bytes(matrix: &Matrix<'_>) -> usize {
        size_of_val(matrix.weights) + size_of_val(matrix.bias)
    }

    #[inline(always)]
    fn bias(matrix: &Matrix<'_>, row: usize) -> f32 {
        matrix.bias.get(row).copied().unwrap_or_default()
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
    fn finish(_matrix: &Matrix<'_>, _row: usize, sum: f32, output: &OutputSpec) -> f32 {
        activate(output.activation, sum)
    }

    fn softmax(logits: &mut [f32], _output: &OutputSpec) {
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut sum = 0.0;
        for logit in logits.iter_mut() {
            *logit = float::exp(*logit - largest);
            sum += *logit;
        }
        for logit in logits {
            *logit /= sum;
        }
    }

    /// `c' = f c + i g`, `h = o act(c')` with `i, f, o = sigmoid(sum)` and `g = act(sum)`
    /// (Gers, Schmidhuber and Cummins, 2000).
    #[inline(always)]
    fn lstm_unit(
        _matrix: &Matrix<'_>,
        _row: usize,
        sums: [f32; 4],
        spec: &LstmSpec,
        cell: &mut f32,
    ) -> f32 {
        let relu_cell = matches!(spec.activation, Activation::Relu);
        let activate = |x: f32| if relu_cell { relu(x) } else { float::tanh(x) };
        let [i, f, g, o] = sums;
        *cell = float::sigmoid(f) * *cell + float::sigmoid(i) * activate(g);
        float::sigmoid(o) * activate(*cell)
    }

    fn mean(values: impl Iterator<Item = f32>) -> f32 {
        let (sum, count) = values.fold((0.0, 0.0f32), |(sum, count), x| (sum + x, count + 1.0));
        if count > 0.0 { sum / count } else { 0.0 }
    }

    fn gru_range(spec: &GruSpec) -> Result<(), LayerError> {
        if spec.hidden_bits == 0 {
            Ok(())
        } else {
            Err(LayerError::Scale { row: 0 })
        }
    }

    #[inline(always)]
    fn product(_matrix: &Matrix<'_>, _row: usize, sum: f32) -> f32 {
        sum
    }

    #[inline(always)]
    fn gate(x: f32, h: f32) -> f32 {
        float::sigmoid(x + h)
    }

    #[inline(always)]
    fn scale_product(product: f32, gate: f32) -> f32 {
        product * gate
    }

    #[inline(always)]
    fn scale_activation(activation: f32, gate: f32) -> f32 {
        activation * gate
    }

    #[inline(always)]
    fn gru_unit(update: f32, x: f32, h: f32, spec: &GruSpec, wide: &mut f32) -> f32 {
        let candidate = if spec.activation == Activation::Relu {
            relu(x + h)
        } else {
            float::tanh(x + h)
        };
        *wide = update * *wide + (1.0 - update) * candidate;
        *wide
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

/// The activation of one value; a softmax leaves its logits to [`Precision::softmax`].
#[inline(always)]
fn activate(activation: Activation, x: f32) -> f32 {
    match activation {
        Activation::Linear | Activation::Softmax => x,
        Activation::Relu => relu(x),
        Activation::Tanh => float::tanh(x),
        Activation::Sigmoid => float::sigmoid(x),
        Activation::HardSigmoid => relu6(x + 3.0) / 6.0,
        Activation::Relu6 => relu6(x),
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
