//! Activations of many values at a time: which one it is, is asked once.
//!
//! What is not generic is fast in images that are compiled for size.
use crate::format::features::{Features, has_speed};
use crate::format::graph::{Activation, OutputSpec};
use crate::format::header::Packing;
use crate::math::bounds::{at_least, at_most, saturate};
use crate::math::{activation, table};
use crate::precision::Taps;

use super::affine::{self, of_packing};
use super::matrix::Matrix;

/// Sums that wait on the stack for their activations.
pub const MANY: usize = 16;

/// Whether the activation is no more than two bounds.
#[inline(always)]
pub fn is_clamped<const FEATURES: u64>(output: &OutputSpec) -> bool {
    let others = Features::TANH.and(Features::SIGMOID).and(Features::SMOOTH);
    if !Features::of(FEATURES).any(others.and(Features::SOFTMAX)) {
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

/// [`Precision::affine`](crate::precision::Precision::affine) with another activation than tanh and what [`is_clamped`].
#[inline(never)]
pub fn activated<const FEATURES: u64>(
    matrix: &Matrix<'_>,
    output: &OutputSpec,
    taps: &Taps,
    x: &[i16],
    y: &mut [i16],
) {
    let Some((low, high)) = bounds::<FEATURES>(output) else {
        return of_parts::<FEATURES>(output, y, |row, sums| {
            let matrix = &matrix.starting_at(row);
            of_packing!(FEATURES, matrix, products(taps, x, sums));
        });
    };
    of_packing!(FEATURES, matrix, clamped([low, high], taps, x, y));
    of_values::<FEATURES>(output, y);
}

/// What values in 16 bits are to lie between before [`of_values`]; `None` for the activations that need all of their 32 bits.
#[inline(always)]
pub fn bounds<const FEATURES: u64>(output: &OutputSpec) -> Option<(i16, i16)> {
    match output.activation {
        Activation::Linear | Activation::Relu | Activation::Relu6 => Some((output.min, output.max)),
        Activation::LeakyRelu { .. }
        | Activation::Elu { .. }
        | Activation::Gelu
        | Activation::Silu
            if Features::of(FEATURES).has(Features::SMOOTH) =>
        {
            None
        }
        // Not built, and refused by the loader: the last four.
        Activation::Tanh
        | Activation::Sigmoid
        | Activation::HardSigmoid
        | Activation::Softmax
        | Activation::LeakyRelu { .. }
        | Activation::Elu { .. }
        | Activation::Gelu
        | Activation::Silu => Some((i16::MIN, i16::MAX)),
    }
}

/// The activations of values between their [`bounds`], in place; a softmax leaves its logits to
/// [`Elementwise::softmax`](crate::precision::Elementwise::softmax).
#[inline(always)]
pub fn of_values<const FEATURES: u64>(output: &OutputSpec, y: &mut [i16]) {
    let has = |features| Features::of(FEATURES).has(features);
    match output.activation {
        Activation::Tanh if has(Features::TANH) => tanh(y),
        Activation::Sigmoid if has(Features::SIGMOID) => sigmoid(y),
        Activation::HardSigmoid if has(Features::SIGMOID) => hard_sigmoid(y),
        Activation::Linear
        | Activation::Relu
        | Activation::Relu6
        | Activation::Softmax
        | Activation::Tanh
        | Activation::Sigmoid
        | Activation::HardSigmoid
        | Activation::LeakyRelu { .. }
        | Activation::Elu { .. }
        | Activation::Gelu
        | Activation::Silu => {}
    }
}

/// The outputs of these sums.
#[inline(always)]
pub fn of_each<const FEATURES: u64>(
    output: &OutputSpec,
    y: &mut [i16],
    mut sums: impl Iterator<Item = i32>,
) {
    if has_speed(FEATURES) && bounds::<FEATURES>(output).is_some() {
        return bounded::<FEATURES>(output, y, sums);
    }
    of_parts::<FEATURES>(output, y, |_, part| {
        for (place, sum) in part.iter_mut().zip(&mut sums) {
            *place = sum;
        }
    });
}

/// The outputs, [`MANY`] at a time, of the sums that `sums` puts in their place; it is given the number of the first one. Of the
/// activations that need 32 bits; in a compact build, of all.
#[inline(always)]
pub fn of_parts<const FEATURES: u64>(
    output: &OutputSpec,
    y: &mut [i16],
    mut sums: impl FnMut(usize, &mut [i32]),
) {
    let (mut rest, mut first) = (y, 0);
    let mut room = [0; MANY];
    while !rest.is_empty() {
        let count = rest.len().min(MANY);
        let (y, behind) = core::mem::take(&mut rest)
            .split_at_mut_checked(count)
            .unwrap_or_default();
        let part = room.get_mut(..y.len()).unwrap_or_default();
        sums(first, part);
        if has_speed(FEATURES) {
            smooth(part, output, y);
        } else {
            of_sums::<FEATURES>(part, output, y);
        }
        first += MANY;
        rest = behind;
    }
}

/// Any activation, as a function of which a compact build has one.
#[inline(never)]
fn of_sums<const FEATURES: u64>(sums: &[i32], output: &OutputSpec, y: &mut [i16]) {
    match bounds::<FEATURES>(output) {
        Some(bounds) if is_clamped::<FEATURES>(output) => clamp(sums, bounds, y),
        Some(_) => bounded::<FEATURES>(output, y, sums.iter().copied()),
        None => smooth_here(sums, output, y),
    }
}

/// Two bounds. Not generic: it is what most values of a model go through.
#[inline(never)]
fn clamp(sums: &[i32], bounds: (i16, i16), y: &mut [i16]) {
    each(sums.iter().copied(), y, |sum| within(sum, bounds));
}

/// The activations of values in 16 bits.
#[inline(always)]
fn bounded<const FEATURES: u64>(
    output: &OutputSpec,
    y: &mut [i16],
    sums: impl Iterator<Item = i32>,
) {
    let has = |features| Features::of(FEATURES).has(features);
    match output.activation {
        Activation::Tanh if has(Features::TANH) => {
            each(sums, y, |sum| table::tanh(saturate(sum)));
        }
        Activation::Sigmoid if has(Features::SIGMOID) => {
            each(sums, y, |sum| table::sigmoid(saturate(sum)));
        }
        Activation::HardSigmoid if has(Features::SIGMOID) => {
            each(sums, y, activation::hard_sigmoid);
        }
        Activation::Linear
        | Activation::Relu
        | Activation::Relu6
        | Activation::Softmax
        | Activation::Tanh
        | Activation::Sigmoid
        | Activation::HardSigmoid
        | Activation::LeakyRelu { .. }
        | Activation::Elu { .. }
        | Activation::Gelu
        | Activation::Silu => {
            let bounds = bounds::<FEATURES>(output).unwrap_or_default();
            each(sums, y, |sum| within(sum, bounds));
        }
    }
}

/// The activations that need 32 bits, of values at the scale of their arguments.
#[inline(never)]
fn smooth(sums: &[i32], output: &OutputSpec, y: &mut [i16]) {
    smooth_here(sums, output, y);
}

#[inline(always)]
fn smooth_here(sums: &[i32], output: &OutputSpec, y: &mut [i16]) {
    let (bits, bounds) = (u32::from(output.softmax_bits), (output.min, output.max));
    let sums = sums.iter().copied();
    match output.activation {
        Activation::LeakyRelu { slope } => {
            each(sums, y, |sum| {
                within(activation::leaky_relu(sum, slope), bounds)
            });
        }
        Activation::Elu { alpha } => {
            each(sums, y, |sum| {
                within(activation::elu(sum, alpha, bits), bounds)
            });
        }
        Activation::Gelu => each(sums, y, |sum| within(activation::gelu(sum, bits), bounds)),
        Activation::Silu => each(sums, y, |sum| within(activation::silu(sum, bits), bounds)),
        Activation::Linear
        | Activation::Relu
        | Activation::Relu6
        | Activation::Softmax
        | Activation::Tanh
        | Activation::Sigmoid
        | Activation::HardSigmoid => {}
    }
}

#[inline(always)]
fn each(sums: impl Iterator<Item = i32>, y: &mut [i16], of: impl Fn(i32) -> i16) {
    for (y, sum) in y.iter_mut().zip(sums) {
        *y = of(sum);
    }
}

#[inline(never)]
fn tanh(y: &mut [i16]) {
    y.iter_mut().for_each(|y| *y = table::tanh(*y));
}

#[inline(never)]
fn sigmoid(y: &mut [i16]) {
    y.iter_mut().for_each(|y| *y = table::sigmoid(*y));
}

#[inline(never)]
fn hard_sigmoid(y: &mut [i16]) {
    y.iter_mut()
        .for_each(|y| *y = activation::hard_sigmoid((*y).into()));
}

/// The nearest value within bounds. All values that come here are below 2^31 less 2^16: scaled sums and merges are within 2^30,
/// norms within a quarter more. Not `i32::clamp`, which panics where the bounds are the wrong way round.
#[inline(always)]
fn within(value: i32, (low, high): (i16, i16)) -> i16 {
    at_least(at_most(value, high.into()), low.into()) as i16
}
