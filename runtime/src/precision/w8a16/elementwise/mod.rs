//! Activations, merges, norms and embeddings on 16-bit integers.
use crate::error::LayerError;
use crate::format::features::has_speed;
use crate::format::graph::{Activation, ActivationSpec, LayerNormSpec, MergeSpec, OutputSpec};
use crate::format::read::Cursor;
use crate::kernel::pool;
use crate::math::bounds::{at_least, at_most};
use crate::math::division::Divisor;
use crate::math::rescale::multiply_high;
use crate::math::{norm, table};

use super::activations::of_each;
use super::{Range, W8A16};
use crate::precision::{Elementwise, Merging, Numbers};

/// Largest shift to the right; the half that rounds it leaves room for a product of 2^30.
const MOST_SHIFT: u8 = 30;
/// Largest scaled beta; a scaled difference is below 2^28.
const MOST_BETA: u32 = 1 << 30;

/// Gamma and beta a channel, and the rest of the arithmetic.
#[derive(Debug, Clone, Copy)]
pub struct Norm<'m> {
    gamma: &'m [i16],
    beta: &'m [i32],
    norm: norm::Norm,
}

/// `[vocabulary][units]` and a multiplier a row.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'m> {
    weights: &'m [i8],
    multipliers: &'m [i16],
    units: usize,
}

impl<const FEATURES: u64> Elementwise for W8A16<FEATURES> {
    type Norm<'m> = Norm<'m>;
    type Rows<'m> = Rows<'m>;

    fn activation_range(spec: &ActivationSpec) -> Result<Range, LayerError> {
        scaled(spec.multiplier > 0, spec.shift)?;
        Self::output_range(&spec.output)
    }

    fn activate(spec: &ActivationSpec, x: &[i16], y: &mut [i16]) {
        rescaled::<FEATURES>(&spec.output, spec.multiplier, spec.shift, x, y);
    }

    /// `p_i = 2^(z_i - max z) / sum`: logits come scaled by `log2 e`, so that powers of two do.
    fn softmax(logits: &mut [i16], output: &OutputSpec) {
        let bits = u32::from(output.softmax_bits);
        let largest = logits
            .iter()
            .fold(i32::from(i16::MIN), |most, &z| at_least(z.into(), most));
        let power = |logit: i16| table::power((largest - i32::from(logit)) as u32, bits);
        // At most 65,535 terms of 2^15, and at least one of 2^15.
        let sum = logits
            .iter()
            .fold(0, |sum: u32, &logit| sum.wrapping_add(power(logit)));
        let sum = Divisor::new(sum);
        for logit in logits {
            let part = sum.divide(power(*logit) << table::RESULT_BITS);
            *logit = at_most((part & 0xffff) as i32, i16::MAX.into()) as i16;
        }
    }

    #[inline]
    fn largest(x: &[i16], channels: usize, taps: usize, y: &mut [i16]) {
        if !has_speed(FEATURES) {
            return pool::one_by_one::<FEATURES>(x, channels, taps, y, false);
        }
        pool::largest::<FEATURES>(x, channels, taps, y);
    }

    #[inline]
    fn mean(x: &[i16], channels: usize, taps: usize, y: &mut [i16]) {
        if !has_speed(FEATURES) {
            return pool::one_by_one::<FEATURES>(x, channels, taps, y, true);
        }
        pool::mean::<FEATURES>(x, channels, taps, y);
    }

    fn merge_range(merging: Merging, spec: &MergeSpec) -> Result<Range, LayerError> {
        let [with, current] = spec.multipliers;
        let valid = match merging {
            Merging::Concatenate => {
                if spec.output.activation != Activation::Linear {
                    return Err(LayerError::Unsupported);
                }
                with > 0 && current > 0
            }
            // Two products of 2^15 and these.
            Merging::Add => [with, current].iter().all(|m| (0..=1 << 14).contains(m)),
            Merging::Multiply => with > 0 && current == 0,
        };
        scaled(valid, spec.shift)?;
        Self::output_range(&spec.output)
    }

    fn concatenate(spec: &MergeSpec, side: usize, x: &[i16], y: &mut [i16]) {
        let [with, current] = spec.multipliers;
        let multiplier = if side == 0 { with } else { current };
        rescaled::<FEATURES>(&spec.output, multiplier, spec.shift, x, y);
    }

    fn add(spec: &MergeSpec, with: &[i16], current: &[i16], y: &mut [i16]) {
        let [m0, m1] = spec.multipliers.map(i32::from);
        merged::<FEATURES>(spec, with, current, y, |with, current| {
            i32::from(with) * m0 + i32::from(current) * m1
        });
    }

    fn multiply(spec: &MergeSpec, with: &[i16], current: &[i16], y: &mut [i16]) {
        let [multiplier, _] = spec.multipliers;
        merged::<FEATURES>(spec, with, current, y, |with, current| {
            multiply_high(i32::from(with) * i32::from(current), multiplier)
        });
    }

    fn norm<'m>(
        weights: &mut Cursor<'m>,
        channels: usize,
        spec: &LayerNormSpec,
    ) -> Result<Norm<'m>, LayerError> {
        scaled(true, spec.shift)?;
        let norm = Norm {
            gamma: weights.take(channels)?,
            beta: weights.take(channels)?,
            norm: norm::Norm::new(channels as u32, spec.epsilon).with_shift(spec.shift),
        };
        let too_large = |beta: &i32| beta.unsigned_abs() > MOST_BETA;
        match norm.beta.iter().position(too_large) {
            Some(row) => Err(LayerError::Overflow { row: row as u32 }),
            None => Ok(norm),
        }
    }

    fn norm_bytes(norm: &Norm<'_>) -> usize {
        size_of_val(norm.gamma).next_multiple_of(4) + size_of_val(norm.beta)
    }

    fn normalize(norm: &Norm<'_>, output: &OutputSpec, x: &[i16], y: &mut [i16]) {
        let row = norm.norm.row(x);
        let channels = x.iter().zip(norm.gamma).zip(norm.beta);
        let sums = channels.map(|((&x, &gamma), &beta)| {
            // Within 2^28 and 2^30.
            let sum = multiply_high(row.normalize(x), gamma).wrapping_add(beta);
            sum >> (norm.norm.shift & 31)
        });
        of_each::<FEATURES>(output, y, sums);
    }

    fn rows<'m>(
        weights: &mut Cursor<'m>,
        vocabulary: usize,
        units: usize,
    ) -> Result<(Rows<'m>, Range), LayerError> {
        let count = vocabulary.checked_mul(units).ok_or(LayerError::Memory)?;
        let rows = Rows {
            weights: weights.take(count)?,
            multipliers: weights.take(vocabulary)?,
            units,
        };
        let mut range = Range { min: 0, max: 0 };
        let each = rows
            .weights
            .chunks_exact(units.max(1))
            .zip(rows.multipliers);
        for (row, (weights, &multiplier)) in each.enumerate() {
            // 127 times 258 is within 16 bits.
            if !(1..=258).contains(&multiplier) {
                return Err(LayerError::Scale { row: row as u32 });
            }
            for &weight in weights {
                if weight == i8::MIN {
                    return Err(LayerError::WeightRange { row: row as u32 });
                }
                let value = i16::from(weight).wrapping_mul(multiplier);
                range.min = range.min.min(value);
                range.max = range.max.max(value);
            }
        }
        Ok((rows, range))
    }

    fn rows_bytes(rows: &Rows<'_>) -> usize {
        size_of_val(rows.weights).next_multiple_of(4)
            + size_of_val(rows.multipliers).next_multiple_of(4)
    }

    fn embed(rows: &Rows<'_>, id: i16, y: &mut [i16]) {
        let last = rows.multipliers.len().saturating_sub(1);
        let id = at_most(at_least(id.into(), 0), last as i32) as usize;
        let multiplier = rows.multipliers.get(id).copied().unwrap_or_default();
        let start = id * rows.units;
        // No more than a row, so that the last one takes as many instructions as the others.
        let row = rows.weights.get(start..start + rows.units);
        for (y, &weight) in y.iter_mut().zip(row.unwrap_or_default()) {
            *y = i16::from(weight).wrapping_mul(multiplier);
        }
    }
}

/// Checks a scale.
fn scaled(multipliers: bool, shift: u8) -> Result<(), LayerError> {
    if multipliers && shift <= MOST_SHIFT {
        Ok(())
    } else {
        Err(LayerError::Scale { row: 0 })
    }
}

/// `y = act(multiplier x / 2^shift)`.
fn rescaled<const FEATURES: u64>(
    output: &OutputSpec,
    multiplier: i16,
    shift: u8,
    x: &[i16],
    y: &mut [i16],
) {
    let product = |&x: &i16| i32::from(x) * i32::from(multiplier);
    let sums = x.iter().map(|x| rounded(product(x), shift));
    of_each::<FEATURES>(output, y, sums);
}

/// `y = act(merge(with, current) / 2^shift)`.
#[inline(always)]
fn merged<const FEATURES: u64>(
    spec: &MergeSpec,
    with: &[i16],
    current: &[i16],
    y: &mut [i16],
    merge: impl Fn(i16, i16) -> i32,
) {
    let both = with.iter().zip(current);
    let sums = both.map(|(&with, &current)| rounded(merge(with, current), spec.shift));
    of_each::<FEATURES>(&spec.output, y, sums);
}

/// `value / 2^shift`, halves up; the value is within 2^30.
#[inline(always)]
fn rounded(value: i32, shift: u8) -> i32 {
    let shift = shift & 31;
    value.wrapping_add((1 << shift) >> 1) >> shift
}

#[cfg(test)]
mod tests;
