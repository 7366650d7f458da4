//! The f32 rules: sums start from the bias and grow in the order of the columns, every operation rounded.
use std::vec::Vec;

use dunlin::format::graph::{Activation, GruSpec, LstmSpec, OutputSpec};

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
            let product = self.weights[row * self.columns + column] * x;
            sum += product;
        }
        sum
    }
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-x))
}

fn activate(activation: Activation, x: f32) -> f32 {
    match activation {
        Activation::Linear | Activation::Softmax => x,
        Activation::Relu => x.max(0.0),
        Activation::Tanh => libm::tanhf(x),
        Activation::Sigmoid => sigmoid(x),
        Activation::HardSigmoid
        | Activation::Relu6
        | Activation::LeakyRelu { .. }
        | Activation::Elu { .. }
        | Activation::Gelu
        | Activation::Silu => panic!("no golden file has {activation:?}"),
    }
}

impl Rules for Float {
    type Value = f32;
    type Cell = f32;
    type Matrix = Matrix;
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
        let gate = |gate: usize| matrix.sum(4 * unit + gate, inputs);
        let kept = sigmoid(gate(1)) * *cell;
        let new = sigmoid(gate(0)) * activate(spec.activation, gate(2));
        *cell = kept + new;
        sigmoid(gate(3)) * activate(spec.activation, *cell)
    }

    /// `h' = z h + (1 - z) act(Wc x + r (Uc h))`, or `Uc (r h)`; the sums `W x` and `U h` start from their own biases.
    fn gru(
        [of_x, of_h]: [&Matrix; 2],
        spec: &GruSpec,
        x: &[(usize, f32)],
        hidden: &[f32],
        wide: &mut [f32],
    ) -> Vec<f32> {
        let units = usize::from(spec.units);
        let old = numbered(hidden);
        let gate = |row: usize| sigmoid(of_x.sum(row, x) + of_h.sum(row, &old));
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
