//! Rows over `[x; h]`: input and hidden weights that share a scale, as LSTM and SimpleRNN have them.
use super::Overflow;
use super::Tensor;
use super::moments::{Moments, Rounding};
use super::row::{Real, Rows, natural_lsb};
use crate::model_file::GateRows;

/// A recurrent layer's rows with what they meet.
pub(super) struct Joint<'a> {
    pub gates: &'a GateRows,
    /// Columns of `x`; those of `h` follow.
    pub inputs: usize,
    pub units: usize,
    pub input: Tensor,
    /// Of `[x; h]`.
    pub met: &'a Moments,
}

impl Joint<'_> {
    /// The rows for a hidden state of this scale and range; `scale` gives that of a row's result.
    pub fn quantize(
        &self,
        hidden_scale: f64,
        hidden_range: (i16, i16),
        scale: impl Fn(usize) -> f64,
        coarser: f64,
    ) -> Result<Rows, Overflow> {
        let ranges = [
            vec![self.input.range; self.inputs],
            vec![hidden_range; self.units],
        ]
        .concat();
        let rounding = Rounding::new(self.met, |column| self.scale(column, hidden_scale));
        let mut rows = Rows::default();
        for (row, (weights, bias)) in self.rows().enumerate() {
            let weights = self.in_steps(weights, hidden_scale);
            let real = Real {
                weights: &weights,
                bias,
                ranges: &ranges,
            };
            rows.push(real, scale(row), coarser, &rounding)?;
        }
        Ok(rows)
    }

    /// Expected squared error of all rows from rounding weights and hidden state, when the hidden state has this scale.
    /// Input and hidden weights share a row's scale: a coarser hidden state lets input weights that are large for their
    /// range keep their bits, and the other way round.
    pub fn noise(&self, hidden_scale: f64) -> f64 {
        // Sum of squares of the integers that a row's rounding errors meet.
        let columns = 0..self.inputs + self.units;
        let square =
            |column| self.met.mean_square(column) / self.scale(column, hidden_scale).powi(2);
        let power: f64 = columns.map(square).sum();
        let noise = |(weights, bias): (&[f32], f64)| {
            let weights = self.in_steps(weights, hidden_scale);
            let lsb = natural_lsb(&Real {
                weights: &weights,
                bias,
                ranges: &[],
            });
            let hidden_rounding: f64 = weights[self.inputs..].iter().map(|w| w * w).sum();
            // A rounding error is uniform: its variance is a twelfth of a step squared.
            (lsb * lsb * power + hidden_rounding) / 12.0
        };
        self.rows().map(noise).sum()
    }

    /// The coarsest row's accumulator step.
    pub fn largest_lsb(&self, hidden_scale: f64) -> f64 {
        let lsb = |(weights, bias): (&[f32], f64)| {
            let weights = self.in_steps(weights, hidden_scale);
            natural_lsb(&Real {
                weights: &weights,
                bias,
                ranges: &[],
            })
        };
        self.rows().map(lsb).fold(0.0, f64::max)
    }

    fn rows(&self) -> impl Iterator<Item = (&[f32], f64)> {
        let rows = self.gates.weights.chunks_exact(self.inputs + self.units);
        rows.zip(&self.gates.bias)
            .map(|(weights, &bias)| (weights, bias.into()))
    }

    /// Weights times the scale of what they meet.
    fn in_steps(&self, weights: &[f32], hidden_scale: f64) -> Vec<f64> {
        let columns = weights.iter().enumerate();
        columns
            .map(|(column, &w)| f64::from(w) * self.scale(column, hidden_scale))
            .collect()
    }

    fn scale(&self, column: usize, hidden_scale: f64) -> f64 {
        if column < self.inputs {
            self.input.scale
        } else {
            hidden_scale
        }
    }
}
