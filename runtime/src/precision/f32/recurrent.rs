//! LSTM and GRU cells in f32.
use crate::error::LayerError;
use crate::format::features::Features;
use crate::format::graph::{Activation, GruSpec, LstmSpec};
use crate::math::float;

use super::{F32, Matrix, activate, relu, unused};
use crate::precision::{Gates, Numbers, Recurrent};

impl<const FEATURES: u64> Recurrent for F32<FEATURES> {
    fn hidden_range(spec: &LstmSpec) -> Result<(), LayerError> {
        unused(&[spec.candidate_bits, spec.cell_bits, spec.hidden_bits])
    }

    /// `c' = f c + i g`, `h = o act(c')` with `i, f, o = sigmoid(sum)` and `g = act(sum)`
    /// (Gers, Schmidhuber and Cummins, 2000).
    #[inline(always)]
    fn lstm_unit(
        _matrix: &Matrix<'_>,
        _row: usize,
        sums: [f32; 4],
        spec: &LstmSpec,
        cell: &mut f32,
    ) -> f32 {
        let relu_cell =
            !Self::FEATURES.has(Features::TANH) || matches!(spec.activation, Activation::Relu);
        let activate = |x: f32| if relu_cell { relu(x) } else { float::tanh(x) };
        let [i, f, g, o] = sums;
        *cell = float::sigmoid(f) * *cell + float::sigmoid(i) * activate(g);
        float::sigmoid(o) * activate(*cell)
    }

    fn gru_range(spec: &GruSpec) -> Result<(), LayerError> {
        unused(&[spec.hidden_bits])
    }

    #[inline(always)]
    fn product(_matrix: &Matrix<'_>, _row: usize, sum: f32) -> f32 {
        sum
    }

    #[inline(always)]
    fn gate(x: f32, h: f32) -> f32 {
        float::sigmoid(x + h)
    }

    #[inline(always)]
    fn scale_product(product: f32, gate: f32) -> f32 {
        product * gate
    }

    #[inline(always)]
    fn scale_activation(activation: f32, gate: f32) -> f32 {
        activation * gate
    }

    #[inline(always)]
    fn gru_unit(update: f32, x: f32, h: f32, spec: &GruSpec, wide: &mut f32) -> f32 {
        let candidate = if spec.activation == Activation::Relu {
            relu(x + h)
        } else {
            float::tanh(x + h)
        };
        *wide = update * *wide + (1.0 - update) * candidate;
        *wide
    }

    fn gated_hidden_range(spec: &LstmSpec, gates: Gates) -> Result<(), LayerError> {
        unused(&[gates.bits])?;
        Self::hidden_range(spec)
    }

    #[inline(always)]
    fn gated_lstm_unit(
        _matrix: &Matrix<'_>,
        _row: usize,
        sums: [f32; 4],
        spec: &LstmSpec,
        gates: Gates,
        cell: &mut f32,
    ) -> f32 {
        let [i, f, g, o] = sums;
        let gate = |x| activate::<FEATURES>(gates.activation, x);
        *cell = gate(f) * *cell + gate(i) * activate::<FEATURES>(spec.activation, g);
        gate(o) * activate::<FEATURES>(spec.activation, *cell)
    }

    fn gated_gru_range(spec: &GruSpec, gates: Gates) -> Result<(), LayerError> {
        unused(&[spec.hidden_bits, gates.bits])
    }

    #[inline(always)]
    fn any_gate(x: f32, h: f32, gates: Gates) -> f32 {
        activate::<FEATURES>(gates.activation, x + h)
    }

    #[inline(always)]
    fn gated_product(product: f32, gate: f32, _gates: Gates) -> f32 {
        product * gate
    }

    #[inline(always)]
    fn gated_activation(activation: f32, gate: f32, _gates: Gates) -> f32 {
        activation * gate
    }

    #[inline(always)]
    fn gated_gru_unit(
        update: f32,
        x: f32,
        h: f32,
        spec: &GruSpec,
        _gates: Gates,
        wide: &mut f32,
    ) -> f32 {
        *wide = update * *wide + (1.0 - update) * activate::<FEATURES>(spec.activation, x + h);
        *wide
    }
}
