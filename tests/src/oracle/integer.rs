//! The w8a16 rules in 64-bit integers.
use std::vec::Vec;

use dunlin::format::graph::{
    Activation, ActivationSpec, GruGatedSpec, GruSpec, LayerNormSpec, LstmGatedSpec, LstmSpec,
    MergeSpec, OutputSpec,
};

use super::layers::numbered;
use super::tables::{activated, power_of_two, rescale, saturate, sigmoid, tanh};
use super::{Reader, Rules, cells, norm};

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
    pub(super) fn scaled(&self, row: usize, inputs: &[(usize, i16)]) -> i64 {
        let mut sum = self.bias[row];
        for &(column, x) in inputs {
            sum += self.weights[row * self.columns + column] * i64::from(x);
        }
        assert!(i32::try_from(sum).is_ok(), "the loader proves that it fits");
        rescale(sum, self.scale[row] >> 16, self.scale[row] & 0xff)
    }
}

/// `act(floor(sum / 2^shift + 1/2))` of some products.
fn scaled(terms: &[(i64, i16)], shift: u8, output: &OutputSpec) -> i16 {
    let sum: i64 = terms.iter().map(|&(x, m)| x * i64::from(m)).sum();
    let half = (1 << shift) / 2;
    activated((sum + half).div_euclid(1 << shift), output)
}

impl Rules for Integer {
    type Value = i16;
    type Cell = i32;
    type Matrix = Matrix;
    type Norm = norm::Norm;
    type Rows = Vec<Vec<i16>>;
    const ZERO: i16 = 0;

    fn matrix(reader: &mut Reader<'_>, rows: usize, columns: usize) -> Matrix {
        Matrix {
            weights: reader.bytes(rows * columns),
            bias: reader.words(rows),
            scale: reader.words(rows),
            columns,
        }
    }

    fn norm(reader: &mut Reader<'_>, channels: usize) -> norm::Norm {
        norm::Norm {
            gamma: reader.halves(channels),
            beta: reader.words(channels),
        }
    }

    fn rows(reader: &mut Reader<'_>, vocabulary: usize, units: usize) -> Vec<Vec<i16>> {
        let weights = reader.bytes(vocabulary * units);
        let multipliers = reader.halves(vocabulary);
        let rows = weights.chunks(units).zip(multipliers);
        rows.map(|(row, multiplier)| row.iter().map(|&w| saturate(w * multiplier)).collect())
            .collect()
    }

    fn activation(spec: &ActivationSpec, x: i16) -> i16 {
        scaled(&[(x.into(), spec.multiplier)], spec.shift, &spec.output)
    }

    fn concatenated(spec: &MergeSpec, side: usize, x: i16) -> i16 {
        scaled(
            &[(x.into(), spec.multipliers[side])],
            spec.shift,
            &spec.output,
        )
    }

    fn sum(spec: &MergeSpec, with: i16, current: i16) -> i16 {
        let [of_with, of_current] = spec.multipliers;
        let terms = [(with.into(), of_with), (current.into(), of_current)];
        scaled(&terms, spec.shift, &spec.output)
    }

    fn product(spec: &MergeSpec, with: i16, current: i16) -> i16 {
        let product = i64::from(with) * i64::from(current) * i64::from(spec.multipliers[0]);
        scaled(&[(product.div_euclid(65_536), 1)], spec.shift, &spec.output)
    }

    fn normalized(norm: &norm::Norm, spec: &LayerNormSpec, x: &[i16]) -> Vec<i16> {
        norm.step(spec, x)
    }

    fn embedded(rows: &Vec<Vec<i16>>, id: i16) -> Vec<i16> {
        rows[usize::try_from(id).unwrap_or(0).min(rows.len() - 1)].clone()
    }

    fn gated_unit(
        matrix: &Matrix,
        unit: usize,
        inputs: &[(usize, i16)],
        spec: &LstmGatedSpec,
        cell: &mut i32,
    ) -> i16 {
        let sums = [0, 1, 2, 3].map(|gate| matrix.scaled(4 * unit + gate, inputs));
        cells::lstm(sums, spec, cell)
    }

    fn gated_gru(
        matrices: [&Matrix; 2],
        spec: &GruGatedSpec,
        x: &[(usize, i16)],
        hidden: &[i16],
        wide: &mut [i32],
    ) -> Vec<i16> {
        cells::gru(matrices, spec, x, hidden, wide)
    }

    fn row(matrix: &Matrix, row: usize, inputs: &[(usize, i16)], output: &OutputSpec) -> i16 {
        activated(matrix.scaled(row, inputs), output)
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
