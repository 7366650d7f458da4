//! w8a16: int8 weights with one scale a row, int16 activations, int32 accumulators.
use crate::error::LayerError;
use crate::format::features::{ALL, Build, Features};
use crate::format::graph::{Activation, LstmSpec, OutputSpec};
use crate::format::header::{Packing, PrecisionTag};
use crate::format::read::Cursor;
use crate::kernel::active as kernel;
use crate::kernel::copy::copy;
use crate::math::bounds::saturate;
use crate::math::{activation, float, table};

use super::{Gates, Numbers, Precision, Rows, Strided, Taps};

mod affine;
mod depthwise;
mod elementwise;
mod gated;
mod lanes;
mod lstm;
mod matrix;
pub(crate) mod packed;
mod places;
mod recurrent;

use affine::of_packing;
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

    #[inline]
    fn copy(to: &mut [i16], from: &[i16]) {
        copy(to, from);
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

    #[inline]
    fn affine(matrix: &Matrix<'_>, output: &OutputSpec, taps: &Taps, x: &[i16], y: &mut [i16]) {
        let has = |features| Features(FEATURES).has(features);
        match output.activation {
            Activation::Linear | Activation::Relu | Activation::Relu6 => {
                of_packing!(
                    FEATURES,
                    matrix,
                    clamped(taps, x, y, (output.min, output.max))
                );
            }
            Activation::Tanh if has(Features::TANH) => {
                of_packing!(FEATURES, matrix, tanh(taps, x, y))
            }
            Activation::Sigmoid if has(Features::SIGMOID) => {
                of_packing!(FEATURES, matrix, sigmoid(taps, x, y))
            }
            Activation::HardSigmoid if has(Features::SIGMOID) => {
                of_packing!(FEATURES, matrix, hard_sigmoid(taps, x, y));
            }
            Activation::Softmax if has(Features::SOFTMAX) => {
                of_packing!(FEATURES, matrix, clamped(taps, x, y, (i16::MIN, i16::MAX)));
            }
            Activation::LeakyRelu { .. }
            | Activation::Elu { .. }
            | Activation::Gelu
            | Activation::Silu
                if has(Features::SMOOTH) =>
            {
                of_packing!(FEATURES, matrix, smoothed(taps, x, y, output));
            }
            // Not built: the loader has refused them.
            Activation::Tanh
            | Activation::Sigmoid
            | Activation::HardSigmoid
            | Activation::Softmax
            | Activation::LeakyRelu { .. }
            | Activation::Elu { .. }
            | Activation::Gelu
            | Activation::Silu => {}
        }
    }

    #[inline]
    fn products(matrix: &Matrix<'_>, x: &[i16], y: &mut [i32]) {
        of_packing!(FEATURES, matrix, products(x, y));
    }

    fn places_scratch(matrix: &Matrix<'_>, output: &OutputSpec) -> usize {
        match output.activation {
            Activation::Linear | Activation::Relu | Activation::Relu6 => {
                places::scratch_bytes(matrix)
            }
            Activation::Tanh
            | Activation::Sigmoid
            | Activation::HardSigmoid
            | Activation::Softmax
            | Activation::LeakyRelu { .. }
            | Activation::Elu { .. }
            | Activation::Gelu
            | Activation::Silu => 0,
        }
    }

    #[inline]
    fn places(
        matrix: &Matrix<'_>,
        output: &OutputSpec,
        x: &[i16],
        step: usize,
        y: &mut [i16],
        scratch: &mut [u8],
    ) -> usize {
        let bounds = (output.min, output.max);
        places::clamped(matrix, bounds, (x, step), y, scratch)
    }

    fn depthwise(
        matrix: &Matrix<'_>,
        first: usize,
        output: &OutputSpec,
        filter: &Strided,
        x: &[i16],
        y: &mut [i16],
    ) {
        let is_clamped = match output.activation {
            Activation::Linear | Activation::Relu | Activation::Relu6 => true,
            Activation::Tanh
            | Activation::Sigmoid
            | Activation::HardSigmoid
            | Activation::LeakyRelu { .. }
            | Activation::Elu { .. }
            | Activation::Gelu
            | Activation::Silu
            | Activation::Softmax => false,
        };
        let (mut x, mut y, mut first) = (x, y, first);
        if is_clamped {
            let bounds = (output.min, output.max);
            let done = depthwise::clamped(matrix, first, bounds, filter, x, y);
            x = x.get(done..).unwrap_or_default();
            y = y.get_mut(done..).unwrap_or_default();
            first += done;
        }
        let columns = &filter.columns;
        let piece = |row| matrix.piece(row, columns.start, columns.len());
        let (blocks, rest) = y.as_chunks_mut::<4>();
        let mut row = first;
        for block in blocks {
            let x = x.get(row - first..).unwrap_or_default();
            let rows = core::array::from_fn(|r| piece(row + r));
            let sums = kernel::strided4(rows, x, filter.stride, matrix.bias4(row));
            for (r, (y, sum)) in block.iter_mut().zip(sums).enumerate() {
                *y = activate::<FEATURES>(matrix.rescale(row + r).apply(sum), output);
            }
            row += 4;
        }
        for y in rest {
            let x = x.get(row - first..).unwrap_or_default();
            let sum = kernel::strided(piece(row), x, filter.stride, matrix.bias(row));
            *y = activate::<FEATURES>(matrix.rescale(row).apply(sum), output);
            row += 1;
        }
    }

    #[inline]
    fn lstm_step(
        matrix: &Matrix<'_>,
        spec: &LstmSpec,
        gates: Option<Gates>,
        xh: &[i16],
        cell: &mut [i32],
        hidden: &mut [i16],
    ) {
        let has = |features| Features(FEATURES).has(features);
        match gates {
            Some(gates) if has(Features::GATES) => {
                of_packing!(FEATURES, matrix, lstm_gated(spec, gates, xh, cell, hidden));
            }
            None if has(Features::TANH) && spec.activation != Activation::Relu => {
                of_packing!(FEATURES, matrix, lstm_tanh(spec, xh, cell, hidden));
            }
            Some(_) | None => {
                of_packing!(FEATURES, matrix, lstm_relu(spec, xh, cell, hidden));
            }
        }
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
