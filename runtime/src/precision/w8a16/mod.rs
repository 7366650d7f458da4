//! w8a16: int8 weights with one scale a row, int16 activations, int32 accumulators.
use crate::error::LayerError;
use crate::format::features::{ALL, Build, Features};
use crate::format::graph::{Activation, LstmSpec, OutputSpec};
use crate::format::header::{Packing, PrecisionTag};
use crate::format::read::Cursor;
use crate::kernel::copy::copy;
use crate::kernel::depthwise::{self, Depthwise, Filters};
use crate::math::float;

use super::{Gates, Numbers, Precision, Rows, Sliding, Taps};

mod activated;
mod affine;
mod bounds;
mod elementwise;
mod gated;
mod helium;
mod lanes;
mod lstm;
mod matrix;
pub(crate) mod packed;
mod places;
mod recurrent;
mod sums;

use activated::{ROWS, activate, activated, has_others, is_clamped};
use affine::of_packing;
use matrix::Matrix;

/// int8 weights, int16 activations, int32 accumulators; no floats between input and output. With the code for these
/// [`features`](crate::features) and no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct W8A16<const FEATURES: u32 = ALL>;

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

impl<const FEATURES: u32> Numbers for W8A16<FEATURES> {
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
        let has = |features| Self::FEATURES.has(features);
        let (range, valid) = match output.activation {
            Activation::Linear => (clamp, clamped && bits == 0),
            Activation::Relu | Activation::Relu6 => (clamp, clamp.min == 0 && clamped && bits == 0),
            Activation::LeakyRelu { slope } if has(Features::SMOOTH) => {
                (clamp, clamped && bits == 0 && slope <= 0x7fff)
            }
            Activation::Elu { alpha } if has(Features::SMOOTH) => {
                (clamp, clamped && bits <= 15 && alpha <= 0xffff)
            }
            Activation::Gelu | Activation::Silu if has(Features::SMOOTH) => {
                (clamp, clamped && bits <= 15)
            }
            Activation::Tanh if has(Features::TANH) => (FULL, unclamped && bits == 0),
            Activation::Sigmoid | Activation::HardSigmoid if has(Features::SIGMOID) => {
                (NON_NEGATIVE, unclamped && bits == 0)
            }
            Activation::Softmax if has(Features::SOFTMAX) => {
                (NON_NEGATIVE, unclamped && bits <= 15)
            }
            Activation::LeakyRelu { .. }
            | Activation::Elu { .. }
            | Activation::Gelu
            | Activation::Silu
            | Activation::Tanh
            | Activation::Sigmoid
            | Activation::HardSigmoid
            | Activation::Softmax => return Err(LayerError::NotBuilt),
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

impl<const FEATURES: u32> Precision for W8A16<FEATURES> {
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
    fn affine(matrix: &Matrix<'_>, output: &OutputSpec, taps: &Taps, x: &[i16], y: &mut [i16]) {
        if has_others(Features(FEATURES)) {
            activated::<FEATURES>(matrix, output, taps, x, y);
        } else {
            let bounds = [output.min, output.max];
            of_packing!(FEATURES, matrix, clamped(bounds, taps, x, y));
        }
    }

    #[inline]
    fn products(matrix: &Matrix<'_>, x: &[i16], y: &mut [i32]) {
        let taps = Taps::whole(x.len());
        of_packing!(FEATURES, matrix, run products(&taps, x, y));
    }

    fn places_scratch(matrix: &Matrix<'_>, output: &OutputSpec) -> usize {
        if is_clamped::<FEATURES>(output) {
            places::scratch_bytes(matrix)
        } else {
            0
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
        if !is_clamped::<FEATURES>(output) {
            return 0;
        }
        let bounds = (output.min, output.max);
        places::clamped::<FEATURES>(matrix, bounds, (x, step), y, scratch)
    }

    fn depthwise(
        matrix: &Matrix<'_>,
        output: &OutputSpec,
        channels: usize,
        sliding: Sliding,
        x: &[i16],
        y: &mut [i16],
    ) {
        let mut depthwise = Depthwise {
            filters: Filters {
                weights: matrix.weights,
                bias: matrix.bias,
                channels,
            },
            scale: matrix.scale,
            bounds: (output.min, output.max),
            sliding,
            x,
        };
        if is_clamped::<FEATURES>(output) {
            return depthwise::clamped(&depthwise, y);
        }
        let steps = depthwise.steps();
        for y in y.chunks_exact_mut(matrix.bias.len().max(1)) {
            let taps = depthwise.sliding.taps(steps);
            for (index, y) in y.chunks_mut(ROWS).enumerate() {
                let mut sums = [0; ROWS];
                let used = sums.get_mut(..y.len()).unwrap_or_default();
                depthwise::scaled(&depthwise, taps, ROWS * index, used);
                for (y, sum) in y.iter_mut().zip(sums) {
                    *y = activate::<FEATURES>(sum, output);
                }
            }
            depthwise.sliding = depthwise.sliding.skip(1);
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
                of_packing!(FEATURES, matrix, cell lstm_gated(spec, gates, xh, cell, hidden));
            }
            None if has(Features::TANH) && spec.activation != Activation::Relu => {
                of_packing!(FEATURES, matrix, cell lstm_tanh(spec, xh, cell, hidden));
            }
            Some(_) | None => {
                of_packing!(FEATURES, matrix, cell lstm_relu(spec, xh, cell, hidden));
            }
        }
    }
}
