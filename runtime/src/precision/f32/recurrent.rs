//! LSTM and GRU cells in f32.
use crate::error::LayerError;
use crate::format::features::Features;
use crate::format::graph::{Activation, GruSpec, LstmSpec};
use crate::kernel::rows_f32_mve;
use crate::math::float;

use super::{F32, Matrix, activate, affine, lanes, relu, unused};
use crate::precision::{Gates, Recurrent, Taps};

impl<const FEATURES: u64> Recurrent for F32<FEATURES> {
    fn hidden_range(spec: &LstmSpec) -> Result<(), LayerError> {
        unused(&[spec.candidate_bits, spec.cell_bits, spec.hidden_bits])
    }

    fn gru_range(spec: &GruSpec) -> Result<(), LayerError> {
        unused(&[spec.hidden_bits])
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

/// `c' = f c + i g`, `h = o act(c')` with `i, f, o = sigmoid(sum)` and `g = act(sum)`
/// (Gers, Schmidhuber and Cummins, 2000), for every unit.
pub fn lstm_step<const FEATURES: u64>(
    matrix: &Matrix<'_>,
    spec: &LstmSpec,
    xh: &[f32],
    cell: &mut [f32],
    hidden: &mut [f32],
) {
    let relu_cell =
        !Features::of(FEATURES).has(Features::TANH) || matches!(spec.activation, Activation::Relu);
    if matrix.in_lanes() {
        return if relu_cell {
            lanes::each_unit(matrix, xh, cell, hidden, &Sigmoids::<true>)
        } else {
            lanes::each_unit(matrix, xh, cell, hidden, &Sigmoids::<false>)
        };
    }
    let activate = |x: f32| if relu_cell { relu(x) } else { float::tanh(x) };
    each_unit(matrix, xh, cell, hidden, |[i, f, g, o], cell| {
        *cell = float::sigmoid(f) * *cell + float::sigmoid(i) * activate(g);
        float::sigmoid(o) * activate(*cell)
    });
}

/// The functions of [`lstm_step`], with relu in the cell or with tanh.
struct Sigmoids<const RELU: bool>;

impl<const RELU: bool> lanes::Cell for Sigmoids<RELU> {
    #[inline(always)]
    fn gate(&self, sum: f32) -> f32 {
        float::sigmoid(sum)
    }

    #[inline(always)]
    fn activate(&self, x: f32) -> f32 {
        if RELU { relu(x) } else { float::tanh(x) }
    }
}

/// [`lstm_step`] with any gates and any activation in the cell.
pub fn gated_lstm_step<const FEATURES: u64>(
    matrix: &Matrix<'_>,
    spec: &LstmSpec,
    gates: Gates,
    xh: &[f32],
    cell: &mut [f32],
    hidden: &mut [f32],
) {
    let functions = Gated::<FEATURES> {
        gate: gates.activation,
        activation: spec.activation,
    };
    if matrix.in_lanes() {
        return lanes::each_unit(matrix, xh, cell, hidden, &functions);
    }
    let gate = |x| activate::<FEATURES>(gates.activation, x);
    let activate = |x| activate::<FEATURES>(spec.activation, x);
    each_unit(matrix, xh, cell, hidden, |[i, f, g, o], cell| {
        *cell = gate(f) * *cell + gate(i) * activate(g);
        gate(o) * activate(*cell)
    });
}

/// The functions of [`gated_lstm_step`].
struct Gated<const FEATURES: u64> {
    gate: Activation,
    activation: Activation,
}

impl<const FEATURES: u64> lanes::Cell for Gated<FEATURES> {
    #[inline(always)]
    fn gate(&self, sum: f32) -> f32 {
        activate::<FEATURES>(self.gate, sum)
    }

    #[inline(always)]
    fn activate(&self, x: f32) -> f32 {
        activate::<FEATURES>(self.activation, x)
    }
}

/// `hidden = unit(sums of the gates i, f, c, o; cell)` for every unit of a matrix in rows.
#[inline(always)]
fn each_unit(
    matrix: &Matrix<'_>,
    xh: &[f32],
    cell: &mut [f32],
    hidden: &mut [f32],
    unit: impl Fn([f32; 4], &mut f32) -> f32,
) {
    /// Units whose sums are made at once: of Helium, whole twelves of rows.
    const UNITS: usize = if rows_f32_mve::HAS_SUMS { 12 } else { 8 };
    let taps = Taps::whole(xh.len());
    let mut row = 0;
    for (cell, hidden) in cell.chunks_mut(UNITS).zip(hidden.chunks_mut(UNITS)) {
        let of_units = Matrix {
            weights: matrix
                .weights
                .get(row * matrix.columns..)
                .unwrap_or_default(),
            bias: matrix.bias.get(row..).unwrap_or_default(),
            ..*matrix
        };
        let mut gates = [[0.0; 4]; UNITS];
        let gates = gates.get_mut(..cell.len()).unwrap_or_default();
        affine::sums(&of_units, &taps, xh, gates.as_flattened_mut());
        for ((cell, hidden), &mut gates) in cell.iter_mut().zip(hidden).zip(gates) {
            *hidden = unit(gates, cell);
        }
        row += 4 * UNITS;
    }
}
