//! Recurrent weights in the order of the file: from Keras's two kernels to rows, and back.
use super::transpose;
use crate::net::{Gru, Lstm, SimpleRnn};

/// An LSTM's weights as the file has them: `[unit][gate i, f, c, o]` rows over `[x; h]`; a SimpleRNN's: `[unit]` rows.
pub(crate) struct GateRows {
    pub weights: Vec<f32>,
    pub bias: Vec<f32>,
}

impl GateRows {
    /// From Keras's `[inputs, 4 units]`, gates i, f, c, o.
    pub fn of(lstm: &Lstm) -> Self {
        Self::join(&lstm.kernel, &lstm.recurrent_kernel, &lstm.bias, lstm.units)
    }

    /// From Keras's `[inputs, units]`.
    pub fn of_simple(rnn: &SimpleRnn) -> Self {
        Self::join(&rnn.kernel, &rnn.recurrent_kernel, &rnn.bias, rnn.units)
    }

    fn join(kernel: &[f32], recurrent: &[f32], bias: &[f32], units: usize) -> Self {
        let width = bias.len();
        let mut rows = Self {
            weights: Vec::with_capacity(kernel.len() + recurrent.len()),
            bias: Vec::with_capacity(width),
        };
        for unit in 0..units {
            for column in (unit..width).step_by(units) {
                let weights = &mut rows.weights;
                weights.extend(kernel.iter().skip(column).step_by(width));
                weights.extend(recurrent.iter().skip(column).step_by(width));
                rows.bias.push(bias[column]);
            }
        }
        rows
    }

    /// Back into Keras's layout.
    pub fn store(&self, lstm: &mut Lstm) {
        self.split(
            &mut lstm.kernel,
            &mut lstm.recurrent_kernel,
            &mut lstm.bias,
            lstm.units,
        );
    }

    /// Back into Keras's layout.
    pub fn store_simple(&self, rnn: &mut SimpleRnn) {
        self.split(
            &mut rnn.kernel,
            &mut rnn.recurrent_kernel,
            &mut rnn.bias,
            rnn.units,
        );
    }

    fn split(&self, kernel: &mut [f32], recurrent: &mut [f32], bias: &mut [f32], units: usize) {
        let width = bias.len();
        let (gates, inputs) = (width / units, kernel.len() / width);
        for (row, weights) in self.weights.chunks_exact(inputs + units).enumerate() {
            let column = row % gates * units + row / gates;
            let (of_input, of_hidden) = weights.split_at(inputs);
            for (input, &weight) in of_input.iter().enumerate() {
                kernel[input * width + column] = weight;
            }
            for (unit, &weight) in of_hidden.iter().enumerate() {
                recurrent[unit * width + column] = weight;
            }
            bias[column] = self.bias[row];
        }
    }
}

/// A GRU's weights as the file has them: `[gate z, r, c][unit]` rows over x, then the same over h.
pub(crate) struct GruRows {
    /// Rows over x, `[3 units, inputs]`.
    pub input: Vec<f32>,
    /// `[3 units]`.
    pub input_bias: Vec<f32>,
    /// Rows over h, `[3 units, units]`.
    pub recurrent: Vec<f32>,
    /// `[3 units]`; zeros without `reset_after`, where one bias serves both products.
    pub recurrent_bias: Vec<f32>,
}

impl GruRows {
    /// From Keras's `[inputs, 3 units]` and `[units, 3 units]`, gates z, r, h.
    pub fn of(gru: &Gru) -> Self {
        let rows = 3 * gru.units;
        let (input_bias, recurrent_bias) = gru.bias.split_at(rows);
        let mut recurrent_bias = recurrent_bias.to_vec();
        recurrent_bias.resize(rows, 0.0);
        Self {
            input: transpose(&gru.kernel, gru.input.channels, rows),
            input_bias: input_bias.to_vec(),
            recurrent: transpose(&gru.recurrent_kernel, gru.units, rows),
            recurrent_bias,
        }
    }

    /// Back into Keras's layout; without `reset_after` the second bias has no place there.
    pub fn store(&self, gru: &mut Gru) {
        let rows = 3 * gru.units;
        gru.kernel = transpose(&self.input, rows, gru.input.channels);
        gru.recurrent_kernel = transpose(&self.recurrent, rows, gru.units);
        gru.bias = self.input_bias.clone();
        if gru.reset_after {
            gru.bias.extend_from_slice(&self.recurrent_bias);
        }
    }
}
