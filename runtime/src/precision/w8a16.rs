//! w8a16: int8 weights with one scale a row, int16 activations, int32 accumulators.
use core::ops::RangeInclusive;

use crate::error::LayerError;
use crate::format::graph::{Activation, GruSpec, LstmSpec, OutputSpec};
use crate::format::header::PrecisionTag;
use crate::format::read::Cursor;
use crate::kernel::active as kernel;
use crate::math::rescale::{Rescale, multiply_high, saturate};
use crate::math::{float, table};

use super::Precision;

/// int8 weights, int16 activations, int32 accumulators; no floats between input and output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct W8A16;

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

impl Precision for W8A16 {
    const TAG: PrecisionTag = PrecisionTag::W8A16;
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
        let (range, valid) = match output.activation {
            Activation::Linear => (clamp, clamp.min <= clamp.max && output.softmax_bits == 0),
            Activation::Relu => (
                clamp,
                clamp.min == 0 && clamp.max >= 0 && output.softmax_bits == 0,
            ),
            Activation::Tanh => (
                FULL,
                (output.min, output.max, output.softmax_bits) == (0, 0, 0),
            ),
            Activation::Sigmoid => (
                NON_NEGATIVE,
                (output.min, output.max, output.softmax_bits) == (0, 0, 0),
            ),
            Activation::Softmax => (
                NON_NEGATIVE,
                (output.min, output.max) == (0, 0) && output.softmax_bits <= 15,
            ),
            Activation::HardSigmoid
            | Activation::Relu6
            | Activation::LeakyRelu { .. }
            | Activation::Elu { .. }
            | Activation::Gelu
            | Activation::Silu => return Err(LayerError::Unsupported),
        };
        if valid {
            Ok(range)
        } else {
            Err(LayerError::Scale { row: 0 })
        }
    }

    fn hidden_range(spec: &LstmSpec) -> Result<Range, LayerError> {
        let bits = Fractions::of(spec);
        let shifts: RangeInclusive<i32> = 0..=30;
        let relu = spec.activation == Activation::Relu;
        let candidate = relu || bits.candidate == table::RESULT_BITS;
        if candidate
            && shifts.contains(&bits.product_shift())
            && shifts.contains(&bits.hidden_shift(relu))
            && (relu || shifts.contains(&bits.tanh_shift()))
        {
            Ok(if relu { NON_NEGATIVE } else { FULL })
        } else {
            Err(LayerError::Scale { row: 0 })
        }
    }

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
    fn finish(matrix: &Matrix<'_>, row: usize, sum: i32, output: &OutputSpec) -> i16 {
        let value = scale(matrix, row).apply(sum);
        match output.activation {
            // Not `clamp`, which panics where the bounds are the wrong way round.
            Activation::Linear | Activation::Relu => {
                saturate(value.min(i32::from(output.max)).max(i32::from(output.min)))
            }
            Activation::Tanh => table::tanh(saturate(value)),
            Activation::Sigmoid => table::sigmoid(saturate(value)),
            // The others are refused by `output_range`.
            Activation::Softmax
            | Activation::HardSigmoid
            | Activation::Relu6
            | Activation::LeakyRelu { .. }
            | Activation::Elu { .. }
            | Activation::Gelu
            | Activation::Silu => saturate(value),
        }
    }

    /// `p_i = 2^(z_i - max z) / sum`: logits come scaled by `log2 e`, so that powers of two do.
    fn softmax(logits: &mut [i16], output: &OutputSpec) {
        let bits = u32::from(output.softmax_bits);
        let largest = i32::from(logits.iter().copied().max().unwrap_or_default());
        let power = |logit: i16| table::power((largest - i32::from(logit)) as u32, bits);
        // At most 65,535 terms of 2^15, and at least one of 2^15.
        let sum = logits
            .iter()
            .fold(0, |sum: u32, &logit| sum.wrapping_add(power(logit)));
        for logit in logits {
            let part = (power(*logit) << table::RESULT_BITS)
                .checked_div(sum)
                .unwrap_or_default();
            *logit = part.min(i16::MAX as u32) as i16;
        }
    }

    /// `c' = f c + i g`, `h = o act(c')` in fixed point; see [`Fractions`] for where the binary points are.
    #[inline(always)]
    fn lstm_unit(
        matrix: &Matrix<'_>,
        row: usize,
        sums: [i32; 4],
        spec: &LstmSpec,
        cell: &mut i32,
    ) -> i16 {
        let bits = Fractions::of(spec);
        let relu = matches!(spec.activation, Activation::Relu);
        let gate = |r: usize| saturate(scale(matrix, row + r).apply(sums[r]));
        let (i, f, g, o) = (
            table::sigmoid(gate(0)),
            table::sigmoid(gate(1)),
            gate(2),
            table::sigmoid(gate(3)),
        );
        let g = if relu { g.max(0) } else { table::tanh(g) };
        let kept = multiply_high(*cell, f) << 1;
        let new = (i32::from(i) * i32::from(g)) >> (bits.product_shift() & 31);
        *cell = kept.saturating_add(new);
        let shift = (bits.hidden_shift(relu) & 31) as u32;
        let product = if relu {
            multiply_high((*cell).max(0), o)
        } else {
            i32::from(o) * i32::from(table::tanh(saturate(*cell >> (bits.tanh_shift() & 31))))
        };
        let half = (1i32 << shift) >> 1;
        saturate(product.saturating_add(half) >> shift)
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

    fn gru_range(spec: &GruSpec) -> Result<Range, LayerError> {
        let relu = spec.activation == Activation::Relu;
        let bits = i32::from(spec.hidden_bits);
        // The candidate comes at the scale of the tanh table, or at that of the hidden state.
        if (relu && (-15..=15).contains(&bits)) || (!relu && bits == table::RESULT_BITS) {
            Ok(if relu { NON_NEGATIVE } else { FULL })
        } else {
            Err(LayerError::Scale { row: 0 })
        }
    }

    #[inline(always)]
    fn product(matrix: &Matrix<'_>, row: usize, sum: i32) -> i32 {
        scale(matrix, row).apply(sum)
    }

    #[inline(always)]
    fn gate(x: i32, h: i32) -> i16 {
        table::sigmoid(saturate(x.saturating_add(h)))
    }

    #[inline(always)]
    fn scale_product(product: i32, gate: i16) -> i32 {
        // `multiply_high` drops 16 bits of a product that has 15 more; a product is below 2^31 / 2.
        multiply_high(product, gate) << 1
    }

    #[inline(always)]
    fn scale_activation(activation: i16, gate: i16) -> i16 {
        ((i32::from(activation) * i32::from(gate) + (1 << 14)) >> 15) as i16
    }

    /// `wide` has 15 more bits than the activation; `1 - z` is exact in 16 bits as `2^15 - z`.
    #[inline(always)]
    fn gru_unit(update: i16, x: i32, h: i32, spec: &GruSpec, wide: &mut i32) -> i16 {
        let argument = saturate(x.saturating_add(h));
        let candidate = if spec.activation == Activation::Relu {
            argument.max(0)
        } else {
            table::tanh(argument)
        };
        let kept = multiply_high(*wide, update) << 1;
        let new = (32_768 - i32::from(update)) * i32::from(candidate);
        *wide = kept.saturating_add(new);
        saturate(wide.saturating_add(1 << 14) >> 15)
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

/// Fraction bits inside an LSTM: each value is an integer over `2^bits`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fractions {
    candidate: i32,
    cell: i32,
    hidden: i32,
}

impl Fractions {
    fn of(spec: &LstmSpec) -> Self {
        Self {
            candidate: i32::from(spec.candidate_bits),
            cell: i32::from(spec.cell_bits),
            hidden: i32::from(spec.hidden_bits),
        }
    }

    /// From the product of gate and candidate to the cell state.
    #[inline(always)]
    fn product_shift(self) -> i32 {
        table::RESULT_BITS + self.candidate - self.cell
    }

    /// From the cell state to the argument of the tanh table.
    #[inline(always)]
    fn tanh_shift(self) -> i32 {
        self.cell - table::TANH_BITS
    }

    /// From the product of gate and activated cell state to the hidden state.
    #[inline(always)]
    fn hidden_shift(self, relu: bool) -> i32 {
        // `multiply_high` drops 16 bits of a product that has 15 more.
        if relu {
            self.cell - 1 - self.hidden
        } else {
            2 * table::RESULT_BITS - self.hidden
        }
    }
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
