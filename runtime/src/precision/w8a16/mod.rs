//! w8a16: int8 weights with one scale a row, int16 activations, int32 accumulators.
use core::ops;

use crate::error::LayerError;
use crate::format::features::{ALL, Build, Features};
use crate::format::graph::{Activation, OutputSpec};
use crate::format::header::PrecisionTag;
use crate::format::read::Cursor;
use crate::kernel::active as kernel;
use crate::math::rescale::saturate;
use crate::math::{activation, float, table};

use super::{Numbers, Precision, Rows};

mod elementwise;
mod gated;
mod matrix;
pub(crate) mod packed;
mod recurrent;

use matrix::Matrix;

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

impl<const FEATURES: u64> Numbers for W8A16<FEATURES> {
    const TAG: PrecisionTag = PrecisionTag::W8A16;
    type Build = Build<FEATURES>;
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
        rows: Rows,
        columns: &[(usize, Range)],
    ) -> Result<Matrix<'m>, LayerError> {
        Matrix::take::<FEATURES>(weights, rows, columns)
    }

    #[inline]
    fn group<'m>(matrix: &Self::Matrix<'m>, index: usize, groups: usize) -> Self::Matrix<'m> {
        matrix.group(index, groups)
    }

    fn matrix_bytes(matrix: &Matrix<'_>) -> usize {
        matrix.bytes()
    }

    #[inline(always)]
    fn bias(matrix: &Matrix<'_>, row: usize) -> i32 {
        matrix.bias(row)
    }

    #[inline(always)]
    fn bias4(matrix: &Matrix<'_>, row: usize, correction: i32) -> [i32; 4] {
        matrix.bias4(row).map(|bias| bias.wrapping_add(correction))
    }

    #[inline(always)]
    fn correction<'x>(matrix: &Matrix<'_>, pieces: impl Iterator<Item = &'x [i16]>) -> i32 {
        pieces.fold(0, |sum, x| {
            sum.wrapping_add(matrix.correction::<FEATURES>(x))
        })
    }

    #[inline(always)]
    fn fills_up(matrix: &Matrix<'_>) -> bool {
        matrix.fills_up()
    }

    #[inline(always)]
    fn dot(matrix: &Matrix<'_>, row: usize, column: usize, x: &[i16], sum: i32) -> i32 {
        matrix.dot::<FEATURES>(row, column, x, sum)
    }

    #[inline(always)]
    fn dot4(matrix: &Matrix<'_>, row: usize, column: usize, x: &[i16], sums: [i32; 4]) -> [i32; 4] {
        matrix.dot4::<FEATURES>(row, column, x, sums)
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
        let row = matrix.piece(row, columns.start, columns.len());
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
        let rows = core::array::from_fn(|r| matrix.piece(row + r, columns.start, columns.len()));
        kernel::strided4(rows, x, stride, sums)
    }

    #[inline(always)]
    fn finish(matrix: &Matrix<'_>, row: usize, sum: i32, output: &OutputSpec) -> i16 {
        activate::<FEATURES>(matrix.rescale(row).apply(sum), output)
    }

    #[inline(always)]
    fn finish4(matrix: &Matrix<'_>, row: usize, sums: [i32; 4], output: &OutputSpec) -> [i16; 4] {
        let scales = matrix.rescale4(row);
        core::array::from_fn(|r| activate::<FEATURES>(scales[r].apply(sums[r]), output))
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
