//! w8a16: int8 weights with one scale a row, int16 activations, int32 accumulators.
use core::ops;

use crate::error::LayerError;
use crate::format::features::{ALL, Features};
use crate::format::graph::{Activation, OutputSpec};
use crate::format::header::PrecisionTag;
use crate::format::read::Cursor;
use crate::kernel::active as kernel;
use crate::math::rescale::{Rescale, saturate};
use crate::math::{activation, float, table};

use super::{Numbers, Precision};

mod elementwise;
mod gated;
mod recurrent;

/// int8 weights, int16 activations, int32 accumulators; no floats between input and output. With the code for these
/// [`features`](crate::features) and no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct W8A16<const FEATURES: u64 = ALL>;

/// The smallest and largest value of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    pub min: i16,
    pub max: i16,
}

const FULL: Range = Range {
    min: i16::MIN,
    max: i16::MAX,
};
const NON_NEGATIVE: Range = Range {
    min: 0,
    max: i16::MAX,
};

/// `[rows][columns]` weights in [-127, 127], one bias (rounding included) and one scale a row.
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'m> {
    weights: &'m [i8],
    bias: &'m [i32],
    scale: &'m [u32],
    columns: usize,
}

impl<const FEATURES: u64> Numbers for W8A16<FEATURES> {
    const TAG: PrecisionTag = PrecisionTag::W8A16;
    const FEATURES: Features = Features(FEATURES);
    type Activation = i16;
    type Accumulator = i32;
    type Cell = i32;
    type Product = i32;
    type Range = Range;
    type Matrix<'m> = Matrix<'m>;
    const ZERO: i16 = 0;
    const LOWEST: i16 = i16::MIN;

    fn input_range() -> Range {
        FULL
    }

    fn with_zero(range: Range) -> Range {
        Range {
            min: range.min.min(0),
            max: range.max.max(0),
        }
    }

    fn output_range(output: &OutputSpec) -> Result<Range, LayerError> {
        let clamp = Range {
            min: output.min,
            max: output.max,
        };
        let clamped = clamp.min <= clamp.max;
        let unclamped = (clamp.min, clamp.max) == (0, 0);
        let bits = output.softmax_bits;
        let (range, valid) = match output.activation {
            Activation::Linear => (clamp, clamped && bits == 0),
            Activation::Relu | Activation::Relu6 => (clamp, clamp.min == 0 && clamped && bits == 0),
            Activation::LeakyRelu { slope } => (clamp, clamped && bits == 0 && slope <= 0x7fff),
            Activation::Elu { alpha } => (clamp, clamped && bits <= 15 && alpha <= 0xffff),
            Activation::Gelu | Activation::Silu => (clamp, clamped && bits <= 15),
            Activation::Tanh => (FULL, unclamped && bits == 0),
            Activation::Sigmoid | Activation::HardSigmoid => (NON_NEGATIVE, unclamped && bits == 0),
            Activation::Softmax => (NON_NEGATIVE, unclamped && bits <= 15),
        };
        if valid {
            Ok(range)
        } else {
            Err(LayerError::Scale { row: 0 })
        }
    }

    #[inline(always)]
    fn quantize(x: f32, scale: f32, offset: f32) -> i16 {
        float::quantize(x, scale, offset)
    }

    #[inline(always)]
    fn dequantize(y: i16, scale: f32, offset: f32) -> f32 {
        f32::from(y) * scale + offset
    }
}

impl<const FEATURES: u64> Precision for W8A16<FEATURES> {
    fn matrix<'m>(
        weights: &mut Cursor<'m>,
        rows: usize,
        columns: &[(usize, Range)],
    ) -> Result<Matrix<'m>, LayerError> {
        let width = columns.iter().map(|&(count, _)| count).sum();
        let count = rows.checked_mul(width).ok_or(LayerError::Memory)?;
        let matrix = Matrix {
            weights: weights.take(count)?,
            bias: weights.take(rows)?,
            scale: weights.take(rows)?,
            columns: width,
        };
        let rows = matrix
            .weights
            .chunks_exact(width.max(1))
            .zip(matrix.bias)
            .zip(matrix.scale)
            .enumerate();
        for (row, ((weights, &bias), &scale)) in rows {
            let row = row as u32;
            if !Rescale(scale).is_valid() {
                return Err(LayerError::Scale { row });
            }
            if weights.contains(&i8::MIN) {
                return Err(LayerError::WeightRange { row });
            }
            let (low, high) = bounds(weights, bias, columns);
            if low < i64::from(i32::MIN) || high > i64::from(i32::MAX) {
                return Err(LayerError::Overflow { row });
            }
        }
        Ok(matrix)
    }

    fn matrix_bytes(matrix: &Matrix<'_>) -> usize {
        size_of_val(matrix.weights).next_multiple_of(4)
            + size_of_val(matrix.bias)
            + size_of_val(matrix.scale)
    }

    #[inline(always)]
    fn bias(matrix: &Matrix<'_>, row: usize) -> i32 {
        matrix.bias.get(row).copied().unwrap_or_default()
    }

    #[inline(always)]
    fn dot(matrix: &Matrix<'_>, row: usize, column: usize, x: &[i16], sum: i32) -> i32 {
        kernel::dot(piece(matrix, row, column, x.len()), x, sum)
    }

    #[inline(always)]
    fn dot4(matrix: &Matrix<'_>, row: usize, column: usize, x: &[i16], sums: [i32; 4]) -> [i32; 4] {
        let rows = core::array::from_fn(|r| piece(matrix, row + r, column, x.len()));
        kernel::dot4(rows, x, sums)
    }

    #[inline(always)]
    fn strided(
        matrix: &Matrix<'_>,
        row: usize,
        columns: ops::Range<usize>,
        x: &[i16],
        stride: usize,
        sum: i32,
    ) -> i32 {
        let row = piece(matrix, row, columns.start, columns.len());
        kernel::strided(row, x, stride, sum)
    }

    #[inline(always)]
    fn strided4(
        matrix: &Matrix<'_>,
        row: usize,
        columns: ops::Range<usize>,
        x: &[i16],
        stride: usize,
        sums: [i32; 4],
    ) -> [i32; 4] {
        let rows = core::array::from_fn(|r| piece(matrix, row + r, columns.start, columns.len()));
        kernel::strided4(rows, x, stride, sums)
    }

    #[inline(always)]
    fn finish(matrix: &Matrix<'_>, row: usize, sum: i32, output: &OutputSpec) -> i16 {
        activate::<FEATURES>(scale(matrix, row).apply(sum), output)
    }

    /// Rounded to nearest, halves up. At most 65,535 values of 16 bits, so that the sum fits.
    fn mean(values: impl Iterator<Item = i16>) -> i16 {
        let (sum, count) = values.fold((0i32, 0i32), |(sum, count), x| {
            (sum.wrapping_add(x.into()), count.wrapping_add(1))
        });
        saturate(
            sum.wrapping_add(count / 2)
                .checked_div_euclid(count)
                .unwrap_or_default(),
        )
    }
}

/// The activation of a value at the scale of its argument; a softmax leaves its logits to
/// [`Elementwise::softmax`](super::Elementwise::softmax).
#[inline(always)]
fn activate<const FEATURES: u64>(value: i32, output: &OutputSpec) -> i16 {
    let has = |features| Features(FEATURES).has(features);
    match output.activation {
        Activation::Linear | Activation::Relu | Activation::Relu6 => clamp(value, output),
        Activation::Tanh if has(Features::TANH) => table::tanh(saturate(value)),
        Activation::Sigmoid if has(Features::SIGMOID) => table::sigmoid(saturate(value)),
        Activation::HardSigmoid if has(Features::SIGMOID) => activation::hard_sigmoid(value),
        Activation::Softmax if has(Features::SOFTMAX) => saturate(value),
        Activation::LeakyRelu { .. }
        | Activation::Elu { .. }
        | Activation::Gelu
        | Activation::Silu
            if has(Features::SMOOTH) =>
        {
            smooth(value, output)
        }
        // Not built: the loader has refused them.
        Activation::Tanh
        | Activation::Sigmoid
        | Activation::HardSigmoid
        | Activation::Softmax
        | Activation::LeakyRelu { .. }
        | Activation::Elu { .. }
        | Activation::Gelu
        | Activation::Silu => clamp(value, output),
    }
}

/// The activations that take a call.
#[inline(never)]
fn smooth(value: i32, output: &OutputSpec) -> i16 {
    let bits = u32::from(output.softmax_bits);
    let value = match output.activation {
        Activation::LeakyRelu { slope } => activation::leaky_relu(value, slope),
        Activation::Elu { alpha } => activation::elu(value, alpha, bits),
        Activation::Gelu => activation::gelu(value, bits),
        Activation::Silu => activation::silu(value, bits),
        Activation::Linear
        | Activation::Relu
        | Activation::Relu6
        | Activation::Tanh
        | Activation::Sigmoid
        | Activation::HardSigmoid
        | Activation::Softmax => value,
    };
    clamp(value, output)
}

/// Not `i32::clamp`, which panics where the bounds are the wrong way round.
#[inline(always)]
fn clamp(value: i32, output: &OutputSpec) -> i16 {
    saturate(value.min(i32::from(output.max)).max(i32::from(output.min)))
}

/// The smallest and largest sum that a row can reach.
fn bounds(row: &[i8], bias: i32, columns: &[(usize, Range)]) -> (i64, i64) {
    let (mut low, mut high) = (i64::from(bias), i64::from(bias));
    let mut row = row.iter();
    for &(count, range) in columns {
        let (mut positive, mut negative) = (0i64, 0i64);
        for &weight in row.by_ref().take(count) {
            positive += i64::from(weight.max(0));
            negative += i64::from(weight.min(0));
        }
        let (min, max) = (i64::from(range.min), i64::from(range.max));
        low += positive * min + negative * max;
        high += positive * max + negative * min;
    }
    (low, high)
}

#[inline(always)]
fn scale(matrix: &Matrix<'_>, row: usize) -> Rescale {
    Rescale(matrix.scale.get(row).copied().unwrap_or_default())
}

#[inline(always)]
fn piece<'m>(matrix: &Matrix<'m>, row: usize, column: usize, len: usize) -> &'m [i8] {
    let start = row * matrix.columns + column;
    matrix.weights.get(start..start + len).unwrap_or_default()
}
