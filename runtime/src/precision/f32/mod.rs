//! f32: the unquantized model, the reference for the integer ones.
use crate::error::LayerError;
use crate::format::features::{ALL, Build, Features};
use crate::format::graph::{Activation, LstmSpec, OutputSpec};
use crate::format::header::{Packing, PrecisionTag};
use crate::format::read::Cursor;
use crate::math::float;

use super::{Gates, Numbers, Precision, Rows, Sliding, Taps};
use crate::kernel::slices::part;

mod affine;
mod elementwise;
pub(crate) mod lanes;
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
    /// Whether the rows stand as [`lanes`] has them.
    #[cfg(not(target_os = "none"))]
    in_lanes: bool,
}

impl Matrix<'_> {
    #[inline(always)]
    fn in_lanes(&self) -> bool {
        #[cfg(target_os = "none")]
        return false;
        #[cfg(not(target_os = "none"))]
        self.in_lanes
    }
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

    #[inline]
    fn copy(to: &mut [f32], from: &[f32]) {
        for (to, &from) in to.iter_mut().zip(from) {
            *to = from;
        }
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
        let in_lanes =
            Packing::RowLanes.is_readable() && rows.packed && weights.packing == Packing::RowLanes;
        let count = if in_lanes {
            let groups = rows.groups.max(1);
            let count = lanes::count(rows.count / groups, columns);
            count.and_then(|count| count.checked_mul(groups))
        } else {
            rows.count.checked_mul(columns)
        };
        #[cfg(feature = "write")]
        if rows.packed {
            weights.note_matrix(rows.count, rows.groups.max(1), columns);
        }
        Ok(Matrix {
            weights: weights.take(count.ok_or(LayerError::Memory)?)?,
            bias: weights.take(rows.count)?,
            columns,
            #[cfg(not(target_os = "none"))]
            in_lanes,
        })
    }

    #[inline]
    fn group<'m>(matrix: &Self::Matrix<'m>, index: usize, groups: usize) -> Self::Matrix<'m> {
        Matrix {
            weights: part(matrix.weights, index, groups),
            bias: part(matrix.bias, index, groups),
            ..*matrix
        }
    }

    fn matrix_bytes(matrix: &Matrix<'_>) -> usize {
        size_of_val(matrix.weights) + size_of_val(matrix.bias)
    }

    #[inline]
    fn affine(matrix: &Matrix<'_>, output: &OutputSpec, taps: &Taps, x: &[f32], y: &mut [f32]) {
        affine::sums(matrix, taps, x, y);
        activate_all::<FEATURES>(output.activation, y);
    }

    #[inline]
    fn products(matrix: &Matrix<'_>, x: &[f32], y: &mut [f32]) {
        affine::sums(matrix, &Taps::whole(x.len()), x, y);
    }

    fn places_scratch(_: &Matrix<'_>, _: &OutputSpec) -> usize {
        0
    }

    #[inline]
    fn places(
        matrix: &Matrix<'_>,
        output: &OutputSpec,
        x: &[f32],
        step: usize,
        y: &mut [f32],
        _: &mut [u8],
    ) -> usize {
        let rectified = matrix.in_lanes() && output.activation == Activation::Relu;
        let count = if matrix.in_lanes() {
            lanes::places(matrix, rectified, (x, step), y)
        } else {
            affine::places(matrix, (x, step), y)
        };
        if !rectified {
            let done = y.get_mut(..count * matrix.bias.len());
            activate_all::<FEATURES>(output.activation, done.unwrap_or_default());
        }
        count
    }

    fn depthwise(
        matrix: &Matrix<'_>,
        output: &OutputSpec,
        channels: usize,
        sliding: Sliding,
        x: &[f32],
        y: &mut [f32],
    ) {
        affine::depthwise(matrix, channels, sliding, x, y);
        activate_all::<FEATURES>(output.activation, y);
    }

    #[inline]
    fn lstm_step(
        matrix: &Matrix<'_>,
        spec: &LstmSpec,
        gates: Option<Gates>,
        xh: &[f32],
        cell: &mut [f32],
        hidden: &mut [f32],
    ) {
        match gates {
            None => recurrent::lstm_step::<FEATURES>(matrix, spec, xh, cell, hidden),
            Some(gates) => {
                recurrent::gated_lstm_step::<FEATURES>(matrix, spec, gates, xh, cell, hidden)
            }
        }
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

/// [`activate`] of all values; the usual ones take no call for each.
#[inline]
fn activate_all<const FEATURES: u64>(activation: Activation, y: &mut [f32]) {
    match activation {
        Activation::Linear | Activation::Softmax => {}
        Activation::Relu => affine::rectify(y),
        Activation::Tanh
        | Activation::Sigmoid
        | Activation::HardSigmoid
        | Activation::Relu6
        | Activation::LeakyRelu { .. }
        | Activation::Elu { .. }
        | Activation::Gelu
        | Activation::Silu => {
            for y in y {
                *y = activate::<FEATURES>(activation, *y);
            }
        }
    }
}

/// The activation of one value; a softmax leaves its logits to [`Elementwise::softmax`](super::Elementwise::softmax).
#[inline(always)]
fn activate<const FEATURES: u64>(activation: Activation, x: f32) -> f32 {
    let has = |features| Features::of(FEATURES).has(features);
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

/// `max(x, 0)`, and 0 for NaN. On the bits: three instructions, where a comparison takes four, or a call without an FPU.
#[inline(always)]
fn relu(x: f32) -> f32 {
    /// The first of the bits of NaN.
    const NAN: i32 = 0x7f80_0001;
    let bits = x.to_bits() as i32;
    // Zero below zero; from there on the order of the bits is that of the values.
    let positive = bits & !(bits >> 31);
    let below = positive.wrapping_sub(NAN) >> 31;
    f32::from_bits((positive & below) as u32)
}

#[inline(always)]
fn piece<'m>(matrix: &Matrix<'m>, row: usize, column: usize, len: usize) -> &'m [f32] {
    let start = row * matrix.columns + column;
    matrix.weights.get(start..start + len).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::relu;

    #[test]
    fn relu_is_what_a_comparison_gives() {
        // All signs and exponents, with fractions at both ends and between.
        for high in 0..1 << 9 {
            for fraction in [0, 1, 0x12_3456, 0x3f_ffff, 0x40_0000, 0x7f_ffff] {
                let x = f32::from_bits(high << 23 | fraction);
                let expected = if x > 0.0 { x } else { 0.0 };
                assert_eq!(relu(x).to_bits(), expected.to_bits(), "{:#x}", x.to_bits());
            }
        }
    }
}
