//! The w8a16 rules in 64-bit integers, and their tables from the functions of the host's `f64`.
use std::vec::Vec;

use dunlin::format::graph::{Activation, GruSpec, LstmSpec, OutputSpec};

use super::layers::numbered;
use super::{Reader, Rules};

/// int8 weights, int16 activations, int32 accumulators.
pub struct Integer;

/// `[rows][columns]`, a bias and a scale a row.
pub struct Matrix {
    weights: Vec<i64>,
    bias: Vec<i64>,
    scale: Vec<i64>,
    columns: usize,
}

impl Matrix {
    /// A row's sum through its scale.
    fn scaled(&self, row: usize, inputs: &[(usize, i16)]) -> i64 {
        let mut sum = self.bias[row];
        for &(column, x) in inputs {
            sum += self.weights[row * self.columns + column] * i64::from(x);
        }
        assert!(i32::try_from(sum).is_ok(), "the loader proves that it fits");
        rescale(sum, self.scale[row] >> 16, self.scale[row] & 0xff)
    }
}

/// `floor(floor(accumulator * multiplier / 2^16) / 2^shift)`.
pub fn rescale(accumulator: i64, multiplier: i64, shift: i64) -> i64 {
    (accumulator * multiplier)
        .div_euclid(1 << 16)
        .div_euclid(1 << shift)
}

fn saturate(value: i64) -> i16 {
    value.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

/// Point `i` of 512 intervals over [-16, 16] of `2^16 sigmoid(x)`, off the curve by `f''(x) h^2 / 16`.
fn sigmoid_point(i: i64) -> i64 {
    let step = 1.0 / 16.0;
    let s = 1.0 / (1.0 + (16.0 - i as f64 * step).exp());
    let second = s * (1.0 - s) * (1.0 - 2.0 * s);
    let point = (s - second * step * step / 16.0) * 65_536.0;
    (point.round() as i64).min(65_535)
}

/// `2^16 sigmoid(p / 2^11)` on the line between two points.
fn logistic(p: i16) -> i64 {
    let (interval, fraction) = ((i64::from(p) + 32_768) / 128, (i64::from(p) + 32_768) % 128);
    let (low, high) = (sigmoid_point(interval), sigmoid_point(interval + 1));
    low + ((high - low) * fraction).div_euclid(128)
}

/// `2^15 sigmoid(p / 2^11)`.
pub fn sigmoid(p: i16) -> i16 {
    (logistic(p).div_euclid(2)) as i16
}

/// `2^15 tanh(p / 2^12) = 2^15 (2 sigmoid(p / 2^11) - 1)`.
pub fn tanh(p: i16) -> i16 {
    (logistic(p) - 32_768) as i16
}

/// `2^15 2^-(distance / 2^bits)`, by lines between 64 points and halving.
pub fn power_of_two(distance: i64, bits: i64) -> i64 {
    let whole = distance >> bits;
    if whole > 15 {
        return 0;
    }
    // Fractions of 2^-15, in intervals of 2^9.
    let fraction = (distance % (1 << bits)) << (15 - bits);
    let point = |i: i64| (32_768.0 * (-(i as f64) / 64.0).exp2()).round() as i64;
    let (low, high) = (point(fraction / 512), point(fraction / 512 + 1));
    let value = low + ((high - low) * (fraction % 512)).div_euclid(512);
    value >> whole
}

impl Rules for Integer {
    type Value = i16;
    type Cell = i32;
    type Matrix = Matrix;
    const ZERO: i16 = 0;

    fn matrix(reader: &mut Reader<'_>, rows: usize, columns: usize) -> Matrix {
        Matrix {
            weights: reader.bytes(rows * columns),
            bias: reader.words(rows),
            scale: reader.words(rows),
            columns,
        }
    }

    fn row(matrix: &Matrix, row: usize, inputs: &[(usize, i16)], output: &OutputSpec) -> i16 {
        let value = matrix.scaled(row, inputs);
        match output.activation {
            Activation::Linear | Activation::Relu => {
                value.clamp(output.min.into(), output.max.into()) as i16
            }
            Activation::Tanh => tanh(saturate(value)),
            Activation::Sigmoid => sigmoid(saturate(value)),
            Activation::Softmax => saturate(value),
            Activation::HardSigmoid
            | Activation::Relu6
            | Activation::LeakyRelu { .. }
            | Activation::Elu { .. }
            | Activation::Gelu
            | Activation::Silu => panic!("no golden file has {:?}", output.activation),
        }
    }

    fn softmax(logits: &[i16], output: &OutputSpec) -> Vec<i16> {
        if output.activation != Activation::Softmax {
            return logits.to_vec();
        }
        let largest = i64::from(*logits.iter().max().unwrap());
        let bits = i64::from(output.softmax_bits);
        let powers: Vec<i64> = logits
            .iter()
            .map(|&z| power_of_two(largest - i64::from(z), bits))
            .collect();
        let sum: i64 = powers.iter().sum();
        let parts = powers.iter().map(|power| power * 32_768 / sum);
        parts.map(saturate).collect()
    }

    /// Fraction bits: gates 15, candidate and cell as the layer says; the argument of tanh has 12.
    fn unit(
        matrix: &Matrix,
        unit: usize,
        inputs: &[(usize, i16)],
        spec: &LstmSpec,
        cell: &mut i32,
    ) -> i16 {
        let relu = spec.activation == Activation::Relu;
        let gate = |gate: usize| saturate(matrix.scaled(4 * unit + gate, inputs));
        let sigmoid = |p: i16| i64::from(sigmoid(p));
        let candidate = if relu { gate(2).max(0) } else { tanh(gate(2)) };
        let (candidate_bits, cell_bits, hidden_bits) = (
            i64::from(spec.candidate_bits),
            i64::from(spec.cell_bits),
            i64::from(spec.hidden_bits),
        );
        // 2^-15 of the product, in steps of two of the cell's last place.
        let kept = 2 * (i64::from(*cell) * sigmoid(gate(1))).div_euclid(1 << 16);
        let new = (sigmoid(gate(0)) * i64::from(candidate))
            .div_euclid(1 << (15 + candidate_bits - cell_bits));
        let sum = (kept + new).clamp(i32::MIN.into(), i32::MAX.into());
        *cell = sum as i32;
        let (product, product_bits) = if relu {
            // Sixteen places dropped of the product's cell_bits + 15.
            let product = sum.max(0) * sigmoid(gate(3));
            (product.div_euclid(1 << 16), cell_bits - 1)
        } else {
            let argument = saturate(sum.div_euclid(1 << (cell_bits - 12)));
            (sigmoid(gate(3)) * i64::from(tanh(argument)), 30)
        };
        let places = product_bits - hidden_bits;
        let half = (1i64 << places) / 2;
        saturate((product + half).div_euclid(1 << places))
    }

    /// `h' = z h + (1 - z) act(Wc x + r (Uc h))`, or `Uc (r h)`. Fraction bits: gates 15, `wide` 15 more than the hidden
    /// state, products those of the argument of their table (or, of relu, of the hidden state).
    fn gru(
        [of_x, of_h]: [&Matrix; 2],
        spec: &GruSpec,
        x: &[(usize, i16)],
        hidden: &[i16],
        wide: &mut [i32],
    ) -> Vec<i16> {
        let units = usize::from(spec.units);
        let old = numbered(hidden);
        let gate = |row: usize| {
            let argument = of_x.scaled(row, x) + of_h.scaled(row, &old);
            i64::from(sigmoid(saturate(argument)))
        };
        let update: Vec<i64> = (0..units).map(gate).collect();
        let reset: Vec<i64> = (units..2 * units).map(gate).collect();
        // The nearest, halves up.
        let kept =
            |unit: usize| (i64::from(hidden[unit]) * reset[unit] + 16_384).div_euclid(32_768);
        let kept: Vec<i16> = (0..units).map(|unit| saturate(kept(unit))).collect();
        let new = |(unit, wide): (usize, &mut i32)| {
            let row = 2 * units + unit;
            let of_hidden = if spec.reset_after {
                // 2^-15 of the product, in steps of two of its last place.
                2 * (of_h.scaled(row, &old) * reset[unit]).div_euclid(1 << 16)
            } else {
                of_h.scaled(row, &numbered(&kept))
            };
            let argument = saturate(of_x.scaled(row, x) + of_hidden);
            let candidate = match spec.activation {
                Activation::Tanh => tanh(argument),
                Activation::Relu => argument.max(0),
                Activation::Linear
                | Activation::Sigmoid
                | Activation::Softmax
                | Activation::HardSigmoid
                | Activation::Relu6
                | Activation::LeakyRelu { .. }
                | Activation::Elu { .. }
                | Activation::Gelu
                | Activation::Silu => {
                    panic!("the loader refuses it")
                }
            };
            let stays = 2 * (i64::from(*wide) * update[unit]).div_euclid(1 << 16);
            let sum = stays + (32_768 - update[unit]) * i64::from(candidate);
            *wide = sum.clamp(i32::MIN.into(), i32::MAX.into()) as i32;
            saturate((i64::from(*wide) + 16_384).div_euclid(32_768))
        };
        wide.iter_mut().enumerate().map(new).collect()
    }

    /// `floor(sum / n + 1/2)`.
    fn mean(values: &[i16]) -> i16 {
        let sum: i64 = values.iter().copied().map(i64::from).sum();
        let count = values.len() as i64;
        saturate((2 * sum + count).div_euclid(2 * count))
    }

    fn quantize(x: f32, [scale, offset]: [f32; 2]) -> i16 {
        let value = (x * scale + offset).round();
        saturate(value as i64)
    }

    fn dequantize(y: i16, [scale, offset]: [f32; 2]) -> f32 {
        f32::from(y) * scale + offset
    }
}
