//! The f32 rules: sums start from the bias and grow in the order of the columns, every operation rounded, of a sum's product and addition both at once.
use std::vec::Vec;

use dunlin::format::graph::{
    Activation, ActivationSpec, GruGatedSpec, GruSpec, LayerNormSpec, LstmGatedSpec, LstmSpec,
    MergeSpec, OutputSpec,
};

use super::layers::numbered;
use super::{Reader, Rules};

/// f32 throughout.
pub struct Float;

/// `[rows][columns]` and a bias a row.
pub struct Matrix {
    weights: Vec<f32>,
    bias: Vec<f32>,
    columns: usize,
}

impl Matrix {
    fn sum(&self, row: usize, inputs: &[(usize, f32)]) -> f32 {
        let mut sum = self.bias[row];
        for &(column, x) in inputs {
            sum = self.weights[row * self.columns + column].mul_add(x, sum);
        }
        sum
    }
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-x))
}

/// 0 for what is no number.
fn relu6(x: f32) -> f32 {
    if x >= 6.0 { 6.0 } else { x.max(0.0) }
}

fn activate(activation: Activation, x: f32) -> f32 {
    match activation {
        Activation::Linear | Activation::Softmax => x,
        Activation::Relu => x.max(0.0),
        Activation::Tanh => libm::tanhf(x),
        Activation::Sigmoid => sigmoid(x),
        Activation::HardSigmoid => relu6(x + 3.0) / 6.0,
        Activation::Relu6 => relu6(x),
        Activation::LeakyRelu { .. } | Activation::Elu { .. } if x > 0.0 => x,
        Activation::LeakyRelu { slope } => f32::from_bits(slope) * x,
        Activation::Elu { alpha } => f32::from_bits(alpha) * libm::expm1f(x),
        Activation::Gelu => 0.5 * x * libm::erfcf(-x * std::f32::consts::FRAC_1_SQRT_2),
        Activation::Silu => x * sigmoid(x),
    }
}

impl Rules for Float {
    type Value = f32;
    type Cell = f32;
    type Matrix = Matrix;
    /// Gammas, then betas.
    type Norm = [Vec<f32>; 2];
    type Rows = Vec<Vec<f32>>;
    const ZERO: f32 = 0.0;

    fn matrix(reader: &mut Reader<'_>, rows: usize, columns: usize) -> Matrix {
        Matrix {
            weights: reader.floats(rows * columns),
            bias: reader.floats(rows),
            columns,
        }
    }

    fn row(matrix: &Matrix, row: usize, inputs: &[(usize, f32)], output: &OutputSpec) -> f32 {
        activate(output.activation, matrix.sum(row, inputs))
    }

    fn softmax(logits: &[f32], output: &OutputSpec) -> Vec<f32> {
        if output.activation != Activation::Softmax {
            return logits.to_vec();
        }
        let largest = logits.iter().copied().reduce(f32::max).unwrap();
        let powers: Vec<f32> = logits.iter().map(|z| libm::expf(z - largest)).collect();
        let sum = powers.iter().fold(0.0, |sum, power| sum + power);
        powers.iter().map(|power| power / sum).collect()
    }

    fn unit(
        matrix: &Matrix,
        unit: usize,
        inputs: &[(usize, f32)],
        spec: &LstmSpec,
        cell: &mut f32,
    ) -> f32 {
        let sums = [0, 1, 2, 3].map(|gate| matrix.sum(4 * unit + gate, inputs));
        lstm(sums, Activation::Sigmoid, spec.activation, cell)
    }

    fn gated_unit(
        matrix: &Matrix,
        unit: usize,
        inputs: &[(usize, f32)],
        spec: &LstmGatedSpec,
        cell: &mut f32,
    ) -> f32 {
        let sums = [0, 1, 2, 3].map(|gate| matrix.sum(4 * unit + gate, inputs));
        lstm(sums, spec.recurrent_activation, spec.lstm.activation, cell)
    }

    fn gru(
        matrices: [&Matrix; 2],
        spec: &GruSpec,
        x: &[(usize, f32)],
        hidden: &[f32],
        wide: &mut [f32],
    ) -> Vec<f32> {
        gru(matrices, spec, Activation::Sigmoid, x, hidden, wide)
    }

    fn gated_gru(
        matrices: [&Matrix; 2],
        spec: &GruGatedSpec,
        x: &[(usize, f32)],
        hidden: &[f32],
        wide: &mut [f32],
    ) -> Vec<f32> {
        gru(
            matrices,
            &spec.gru,
            spec.recurrent_activation,
            x,
            hidden,
            wide,
        )
    }

    fn norm(reader: &mut Reader<'_>, channels: usize) -> [Vec<f32>; 2] {
        [(); 2].map(|()| reader.floats(channels))
    }

    fn rows(reader: &mut Reader<'_>, vocabulary: usize, units: usize) -> Vec<Vec<f32>> {
        let weights = reader.floats(vocabulary * units);
        weights.chunks(units).map(<[f32]>::to_vec).collect()
    }

    fn activation(spec: &ActivationSpec, x: f32) -> f32 {
        activate(spec.output.activation, x)
    }

    fn concatenated(_spec: &MergeSpec, _side: usize, x: f32) -> f32 {
        x
    }

    fn sum(spec: &MergeSpec, with: f32, current: f32) -> f32 {
        activate(spec.output.activation, with + current)
    }

    fn product(spec: &MergeSpec, with: f32, current: f32) -> f32 {
        activate(spec.output.activation, with * current)
    }

    fn normalized([gamma, beta]: &[Vec<f32>; 2], spec: &LayerNormSpec, x: &[f32]) -> Vec<f32> {
        let count = x.len() as f32;
        let mean = x.iter().fold(0.0, |sum, x| sum + x) / count;
        let squares = x.iter().map(|x| (x - mean) * (x - mean));
        let variance = squares.fold(0.0, |sum, square| sum + square) / count;
        let scale = 1.0 / (variance + f32::from_bits(spec.epsilon)).sqrt();
        let each = x.iter().zip(gamma).zip(beta);
        each.map(|((x, gamma), beta)| {
            let scaled = (x - mean) * scale * gamma;
            activate(spec.output.activation, scaled + beta)
        })
        .collect()
    }

    fn embedded(rows: &Vec<Vec<f32>>, id: f32) -> Vec<f32> {
        rows[((id + 0.5).max(0.0) as usize).min(rows.len() - 1)].clone()
    }

    fn mean(values: &[f32]) -> f32 {
        values.iter().fold(0.0, |sum, value| sum + value) / values.len() as f32
    }

    fn quantize(x: f32, [scale, offset]: [f32; 2]) -> f32 {
        x * scale + offset
    }

    fn dequantize(y: f32, [scale, offset]: [f32; 2]) -> f32 {
        y * scale + offset
    }
}

/// `c' = f c + i g`, `h = o act(c')` from the sums of the gates i, f, c, o.
fn lstm(sums: [f32; 4], recurrent: Activation, activation: Activation, cell: &mut f32) -> f32 {
    let [i, f, g, o] = sums;
    let kept = activate(recurrent, f) * *cell;
    let new = activate(recurrent, i) * activate(activation, g);
    *cell = kept + new;
    activate(recurrent, o) * activate(activation, *cell)
}

/// `h' = z h + (1 - z) act(Wc x + r (Uc h))`, or `Uc (r h)`; the sums `W x` and `U h` start from their own biases.
fn gru(
    [of_x, of_h]: [&Matrix; 2],
    spec: &GruSpec,
    recurrent: Activation,
    x: &[(usize, f32)],
    hidden: &[f32],
    wide: &mut [f32],
) -> Vec<f32> {
    let units = usize::from(spec.units);
    let old = numbered(hidden);
    let gate = |row: usize| activate(recurrent, of_x.sum(row, x) + of_h.sum(row, &old));
    let update: Vec<f32> = (0..units).map(gate).collect();
    let reset: Vec<f32> = (units..2 * units).map(gate).collect();
    let kept: Vec<f32> = (0..units).map(|unit| reset[unit] * hidden[unit]).collect();
    for unit in 0..units {
        let row = 2 * units + unit;
        let of_hidden = if spec.reset_after {
            reset[unit] * of_h.sum(row, &old)
        } else {
            of_h.sum(row, &numbered(&kept))
        };
        let candidate = activate(spec.activation, of_x.sum(row, x) + of_hidden);
        let stays = update[unit] * wide[unit];
        wide[unit] = stays + (1.0 - update[unit]) * candidate;
    }
    wide.to_vec()
}
