//! What becomes of sums: two bounds, or another activation.
use crate::format::features::Features;
use crate::format::graph::{Activation, OutputSpec};
use crate::format::header::Packing;
use crate::math::bounds::{at_least, at_most, saturate};
use crate::math::{activation, table};
use crate::precision::Taps;

use super::affine::{self, of_packing};
use super::matrix::Matrix;

/// Whether a build has other activations than two bounds.
pub(super) const fn has_others(features: Features) -> bool {
    let smooth = Features::TANH.and(Features::SIGMOID).and(Features::SMOOTH);
    features.any(smooth.and(Features::SOFTMAX))
}

/// Whether the activation is no more than two bounds.
#[inline(always)]
pub(super) fn is_clamped<const FEATURES: u32>(output: &OutputSpec) -> bool {
    if !has_others(Features(FEATURES)) {
        return true;
    }
    match output.activation {
        Activation::Linear | Activation::Relu | Activation::Relu6 => true,
        Activation::Tanh
        | Activation::Sigmoid
        | Activation::HardSigmoid
        | Activation::Softmax
        | Activation::LeakyRelu { .. }
        | Activation::Elu { .. }
        | Activation::Gelu
        | Activation::Silu => false,
    }
}

/// [`Precision::affine`](crate::precision::Precision::affine) with any activation.
// With Helium, where sums are few instructions, a call less is worth its code.
#[cfg_attr(dunlin_mve, inline(always))]
#[cfg_attr(not(dunlin_mve), inline(never))]
pub(super) fn activated<const FEATURES: u32>(
    matrix: &Matrix<'_>,
    output: &OutputSpec,
    taps: &Taps,
    x: &[i16],
    y: &mut [i16],
) {
    if is_clamped::<FEATURES>(output) {
        let bounds = [output.min, output.max];
        of_packing!(FEATURES, matrix, clamped(bounds, taps, x, y));
    } else {
        not_clamped::<FEATURES>(matrix, output, taps, x, y);
    }
}

/// [`activated`] with another activation than two bounds.
#[inline(never)]
fn not_clamped<const FEATURES: u32>(
    matrix: &Matrix<'_>,
    output: &OutputSpec,
    taps: &Taps,
    x: &[i16],
    y: &mut [i16],
) {
    let has = |features| Features(FEATURES).has(features);
    match output.activation {
        Activation::Tanh if has(Features::TANH) => {
            of_packing!(FEATURES, matrix, tanh(taps, x, y));
        }
        Activation::LeakyRelu { .. }
        | Activation::Elu { .. }
        | Activation::Gelu
        | Activation::Silu
            if has(Features::SMOOTH) =>
        {
            smoothed::<FEATURES>(matrix, output, taps, x, y);
        }
        // Over 16 bits, as are the logits of a softmax; or not built, and refused by the loader.
        Activation::Linear
        | Activation::Relu
        | Activation::Relu6
        | Activation::Tanh
        | Activation::Sigmoid
        | Activation::HardSigmoid
        | Activation::Softmax
        | Activation::LeakyRelu { .. }
        | Activation::Elu { .. }
        | Activation::Gelu
        | Activation::Silu => {
            let bounds = [i16::MIN, i16::MAX];
            of_packing!(FEATURES, matrix, clamped(bounds, taps, x, y));
        }
    }
    if has(Features::SIGMOID) {
        match output.activation {
            Activation::Sigmoid => y.iter_mut().for_each(|y| *y = table::sigmoid(*y)),
            Activation::HardSigmoid => {
                let of = |y: i16| activation::hard_sigmoid(y.into());
                y.iter_mut().for_each(|y| *y = of(*y));
            }
            Activation::Linear
            | Activation::Relu
            | Activation::Relu6
            | Activation::Tanh
            | Activation::Softmax
            | Activation::LeakyRelu { .. }
            | Activation::Elu { .. }
            | Activation::Gelu
            | Activation::Silu => {}
        }
    }
}

/// The activation of a value at the scale of its argument; a softmax leaves its logits to
/// [`Elementwise::softmax`](crate::precision::Elementwise::softmax).
#[inline(always)]
pub(super) fn activate<const FEATURES: u32>(value: i32, output: &OutputSpec) -> i16 {
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

/// Rows whose sums wait on the stack for their activations.
pub(super) const ROWS: usize = 16;

/// Those of the activations that take a call, of sums in 32 bits: so many rows at a time.
fn smoothed<const FEATURES: u32>(
    matrix: &Matrix<'_>,
    output: &OutputSpec,
    taps: &Taps,
    x: &[i16],
    y: &mut [i16],
) {
    let (mut y, mut row) = (y, 0);
    while !y.is_empty() {
        let matrix = &matrix.starting_at(row);
        let mut sums = [0; ROWS];
        let at = y.len().min(ROWS);
        let (part, behind) = core::mem::take(&mut y)
            .split_at_mut_checked(at)
            .unwrap_or_default();
        let sums = sums.get_mut(..part.len()).unwrap_or_default();
        of_packing!(FEATURES, matrix, products(taps, x, sums));
        for (y, &mut sum) in part.iter_mut().zip(sums) {
            *y = smooth(sum, output);
        }
        row += ROWS;
        y = behind;
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

/// The nearest value within the bounds of the output. All values that come here are below 2^31 less 2^16: scaled sums and merges
/// are within 2^30, norms within a quarter more. Not `i32::clamp`, which panics where the bounds are the wrong way round.
#[inline(always)]
pub(super) fn clamp(value: i32, output: &OutputSpec) -> i16 {
    at_least(at_most(value, output.max.into()), output.min.into()) as i16
}
