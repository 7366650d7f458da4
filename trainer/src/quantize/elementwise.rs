//! Layers without a matrix: activations, merges, norms, embeddings.
use dunlin::format::graph::{
    ActivationSpec, EmbeddingSpec, LayerNormSpec, LayerSpec, MergeSpec, OutputSpec,
};
use dunlin::format::write::Weights;

use super::activation::{Output, Wanted};
use super::{LARGEST, Tensor};
use crate::config::Activation;
use crate::net::{Embedding, Merging};

/// Largest shift that the runtime has.
const MOST_SHIFT: i32 = 30;
/// Largest sum of a merge over that of one of its inputs.
const LARGEST_TERM: f64 = 16_384.0;
/// Largest offset of a LayerNorm, its rounding included.
const LARGEST_BETA: f64 = (1 << 30) as f64;
/// Steps of a normalized value in 1, over what a multiplication by gamma drops: `2^20 / 2^16`.
const NORM_STEPS: f64 = 16.0;
/// Largest multiplier of an embedding's row.
const LARGEST_ROW: f64 = 258.0;

/// A shift in [0, 30] with which `factor * 2^(shift + dropped)` is as large as it may be, and that product.
fn scaled(factor: f64, dropped: i32, most: f64) -> (f64, u8) {
    let shift = ((most / factor).log2().floor() as i32 - dropped).clamp(0, MOST_SHIFT);
    let multiplier = factor * f64::from(shift + dropped).exp2();
    (multiplier.round().clamp(0.0, most), shift as u8)
}

/// An Activation layer.
pub(super) fn activation(
    activation: Activation,
    input: Tensor,
    wanted: Wanted,
) -> (LayerSpec, Tensor) {
    let output = Output::new(activation, wanted);
    let (multiplier, shift) = scaled(input.scale / output.argument, 0, LARGEST);
    let spec = ActivationSpec {
        multiplier: multiplier.max(1.0) as i16,
        shift,
        output: output.spec,
    };
    (LayerSpec::Activation(spec), output.tensor)
}

/// A merge of the tensor of number `with` and the current one, with an activation of the result.
pub(super) fn merge(
    (merging, activation): (Merging, Activation),
    with: usize,
    inputs: [Tensor; 2],
    wanted: Wanted,
) -> (LayerSpec, Tensor) {
    let scales = inputs.map(|tensor| tensor.scale);
    let largest = scales[0].max(scales[1]);
    let spec = |multipliers: [f64; 2], shift, output: OutputSpec| MergeSpec {
        with: with as u16,
        multipliers: multipliers.map(|multiplier| multiplier as i16),
        shift,
        output,
    };
    match merging {
        Merging::Concatenate => {
            // The coarser tensor passes unchanged.
            let wanted = Wanted {
                largest: largest * LARGEST / super::HEADROOM,
                ..wanted
            };
            let output = Output::new(Activation::Linear, wanted);
            let (_, shift) = scaled(largest / output.argument, 0, LARGEST_TERM);
            let steps = f64::from(shift).exp2();
            let multipliers = scales.map(|scale| (scale / output.argument * steps).round());
            let multipliers = multipliers.map(|m| m.clamp(1.0, LARGEST));
            let spec = spec(multipliers, shift, output.spec);
            (LayerSpec::Concatenate(spec), output.tensor)
        }
        // Lowering has made additions of averages.
        Merging::Add | Merging::Average => {
            let output = Output::new(activation, wanted);
            let (_, shift) = scaled(largest / output.argument, 0, LARGEST_TERM);
            let steps = f64::from(shift).exp2();
            let multipliers = scales.map(|scale| (scale / output.argument * steps).round());
            let multipliers = multipliers.map(|m| m.clamp(0.0, LARGEST_TERM));
            let spec = spec(multipliers, shift, output.spec);
            (LayerSpec::Add(spec), output.tensor)
        }
        Merging::Multiply => {
            // A step below that of the product would need a multiplier above 1/2.
            let lsb = scales[0] * scales[1];
            let output = Output::new(activation, Wanted { lsb, ..wanted });
            let factor = scales[0] * scales[1] / output.argument;
            let (multiplier, shift) = scaled(factor, 16, LARGEST);
            let spec = spec([multiplier.max(1.0), 0.0], shift, output.spec);
            (LayerSpec::Multiply(spec), output.tensor)
        }
    }
}

/// A LayerNorm over an input of this scale, with gamma and beta.
pub(super) fn norm(
    [gamma, beta]: [&[f32]; 2],
    epsilon: f32,
    input: f64,
    output: Output,
    weights: &mut Weights,
) -> LayerNormSpec {
    let largest = |values: &[f32]| {
        let values = values.iter().map(|value| f64::from(value.abs()));
        values.fold(f64::MIN_POSITIVE, f64::max)
    };
    let scale = output.argument;
    let (_, of_gamma) = scaled(largest(gamma) / scale / NORM_STEPS, 0, LARGEST);
    let (_, of_beta) = scaled(largest(beta) / scale + 1.0, 0, LARGEST_BETA);
    let shift = of_gamma.min(of_beta);
    let steps = f64::from(shift).exp2() / scale;
    let gammas: Vec<i16> = gamma
        .iter()
        .map(|&gamma| (f64::from(gamma) * steps / NORM_STEPS).round() as i16)
        .collect();
    let half = f64::from(shift).exp2() / 2.0;
    let betas: Vec<i32> = beta
        .iter()
        .map(|&beta| (f64::from(beta) * steps + half).round() as i32)
        .map(|beta| beta.clamp(-(1 << 30), 1 << 30))
        .collect();
    weights.push(&gammas);
    weights.push(&betas);
    LayerNormSpec {
        // `as` saturates.
        epsilon: (f64::from(epsilon) / (input * input)).round() as u32,
        shift,
        output: output.spec,
    }
}

/// An Embedding: each row has a scale that is a whole number of output steps.
pub(super) fn embedding(layer: &Embedding, weights: &mut Weights) -> (LayerSpec, Tensor) {
    let row_largest = |row: &[f32]| {
        let values = row.iter().map(|value| f64::from(value.abs()));
        values.fold(0.0, f64::max)
    };
    let rows = layer.embeddings.chunks_exact(layer.units);
    let largest = rows.clone().map(row_largest).fold(1e-30, f64::max);
    let scale = largest / 127.0 / LARGEST_ROW;
    let (mut values, mut multipliers) = (Vec::new(), Vec::new());
    let mut range = (0, 0);
    for row in rows {
        let multiplier = (row_largest(row) / 127.0 / scale).ceil();
        let multiplier = multiplier.clamp(1.0, LARGEST_ROW);
        for &value in row {
            let weight = (f64::from(value) / scale / multiplier).round() as i8;
            let weight = weight.max(-127);
            values.push(weight);
            let result = i16::from(weight) * multiplier as i16;
            range = (result.min(range.0), result.max(range.1));
        }
        multipliers.push(multiplier as i16);
    }
    weights.push(&values);
    weights.push(&multipliers);
    let spec = EmbeddingSpec {
        vocabulary: layer.vocabulary as u16,
        units: layer.units as u16,
    };
    let tensor = Tensor {
        scale,
        range,
        producer: None,
    };
    (LayerSpec::Embedding(spec), tensor)
}
