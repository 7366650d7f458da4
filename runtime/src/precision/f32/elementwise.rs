//! Activations, merges, norms and embeddings in f32.
use crate::error::LayerError;
use crate::format::graph::{ActivationSpec, LayerNormSpec, MergeSpec, OutputSpec};
use crate::format::read::Cursor;
use crate::math::float;

use super::{F32, activate_all, affine, unused};
use crate::precision::{Elementwise, Merging, Numbers};

/// Gamma and beta a channel.
#[derive(Debug, Clone, Copy)]
pub struct Norm<'m> {
    gamma: &'m [f32],
    beta: &'m [f32],
    epsilon: f32,
}

/// `[vocabulary][units]`.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'m> {
    weights: &'m [f32],
    units: usize,
}

impl<const FEATURES: u64> Elementwise for F32<FEATURES> {
    type Norm<'m> = Norm<'m>;
    type Rows<'m> = Rows<'m>;

    fn activation_range(spec: &ActivationSpec) -> Result<(), LayerError> {
        unused(&[spec.multiplier, spec.shift.into()])?;
        Self::output_range(&spec.output)
    }

    fn activate(spec: &ActivationSpec, x: &[f32], y: &mut [f32]) {
        Self::copy(y, x);
        activate_all::<FEATURES>(spec.output.activation, y);
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

    fn largest(x: &[f32], channels: usize, taps: usize, y: &mut [f32]) {
        #[cfg(not(target_os = "none"))]
        if taps == 2 {
            return affine::largest_of_two(x, channels, y);
        }
        affine::largest(x, channels, taps, y);
    }

    fn mean(x: &[f32], channels: usize, taps: usize, y: &mut [f32]) {
        #[cfg(not(target_os = "none"))]
        if channels > 1 {
            return affine::mean(x, channels, taps, y);
        }
        let windows = x.chunks_exact((channels * taps).max(1));
        for (window, y) in windows.zip(y.chunks_exact_mut(channels.max(1))) {
            for (channel, y) in y.iter_mut().enumerate() {
                let values = window.iter().skip(channel).step_by(channels.max(1));
                *y = values.fold(0.0, |sum, x| sum + x) / taps as f32;
            }
        }
    }

    fn merge_range(_merging: Merging, spec: &MergeSpec) -> Result<(), LayerError> {
        unused(&spec.multipliers)?;
        unused(&[spec.shift])?;
        Self::output_range(&spec.output)
    }

    fn concatenate(_spec: &MergeSpec, _side: usize, x: &[f32], y: &mut [f32]) {
        Self::copy(y, x);
    }

    fn add(spec: &MergeSpec, with: &[f32], current: &[f32], y: &mut [f32]) {
        for (y, (with, current)) in y.iter_mut().zip(with.iter().zip(current)) {
            *y = with + current;
        }
        activate_all::<FEATURES>(spec.output.activation, y);
    }

    fn multiply(spec: &MergeSpec, with: &[f32], current: &[f32], y: &mut [f32]) {
        for (y, (with, current)) in y.iter_mut().zip(with.iter().zip(current)) {
            *y = with * current;
        }
        activate_all::<FEATURES>(spec.output.activation, y);
    }

    fn norm<'m>(
        weights: &mut Cursor<'m>,
        channels: usize,
        spec: &LayerNormSpec,
    ) -> Result<Norm<'m>, LayerError> {
        unused(&[spec.shift])?;
        Ok(Norm {
            gamma: weights.take(channels)?,
            beta: weights.take(channels)?,
            epsilon: f32::from_bits(spec.epsilon),
        })
    }

    fn norm_bytes(norm: &Norm<'_>) -> usize {
        size_of_val(norm.gamma) + size_of_val(norm.beta)
    }

    fn normalize(norm: &Norm<'_>, output: &OutputSpec, x: &[f32], y: &mut [f32]) {
        let count = x.len() as f32;
        let mean = x.iter().fold(0.0, |sum, x| sum + x) / count;
        let squares = x.iter().fold(0.0, |sum, x| sum + (x - mean) * (x - mean));
        let scale = 1.0 / float::sqrt(squares / count + norm.epsilon);
        let channels = x.iter().zip(norm.gamma).zip(norm.beta);
        for (y, ((&x, gamma), beta)) in y.iter_mut().zip(channels) {
            *y = (x - mean) * scale * gamma + beta;
        }
        activate_all::<FEATURES>(output.activation, y);
    }

    fn rows<'m>(
        weights: &mut Cursor<'m>,
        vocabulary: usize,
        units: usize,
    ) -> Result<(Rows<'m>, ()), LayerError> {
        let count = vocabulary.checked_mul(units).ok_or(LayerError::Memory)?;
        let weights = weights.take(count)?;
        Ok((Rows { weights, units }, ()))
    }

    fn rows_bytes(rows: &Rows<'_>) -> usize {
        size_of_val(rows.weights)
    }

    /// Halves go up; what is no number gives row 0.
    fn embed(rows: &Rows<'_>, id: f32, y: &mut [f32]) {
        // `as` saturates and sends NaN to 0.
        let id = (id + 0.5) as usize;
        let mut each = rows.weights.chunks_exact(rows.units.max(1));
        let row = each.nth(id.min(each.len().saturating_sub(1)));
        for (y, &weight) in y.iter_mut().zip(row.unwrap_or_default()) {
            *y = weight;
        }
    }
}
