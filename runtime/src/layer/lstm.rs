//! LSTM: one fused matvec over `[x; h]` with four gate rows a unit, then the cell.
//!
//! Hochreiter and Schmidhuber (1997) with the forget gate of Gers et al. (2000), as Keras has it: gates i, f, c, o;
//! `c' = f c + i g`, `h = o act(c')`. The gates i, f, o are sigmoids, or of any activation that recurrent layers have.
use crate::error::LayerError;
use crate::format::graph::{Activation, LstmGatedSpec, LstmSpec};
use crate::format::read::Cursor;
use crate::precision::{Gates, Precision, Rows};

use super::recurrent::{Recurrent, take};
use super::{Layer, Memory, Tensor};

const GATES: usize = 4;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Lstm<'m, P: Precision> {
    matrix: P::Matrix<'m>,
    spec: LstmSpec,
    /// None are sigmoids, with tanh or relu in the cell.
    gates: Option<Gates>,
    sizes: Recurrent,
}

impl<'m, P: Precision> Lstm<'m, P> {
    pub fn resolve(
        spec: &LstmSpec,
        input: Tensor<P>,
        weights: &mut Cursor<'m>,
        place: &mut Layer<'m, P>,
    ) -> Result<Tensor<P>, LayerError> {
        if !matches!(spec.activation, Activation::Tanh | Activation::Relu) {
            return Err(LayerError::Unsupported);
        }
        let range = P::hidden_range(spec)?;
        Self::put(spec, None, range, input, weights, place)
    }

    pub fn resolve_gated(
        spec: &LstmGatedSpec,
        input: Tensor<P>,
        weights: &mut Cursor<'m>,
        place: &mut Layer<'m, P>,
    ) -> Result<Tensor<P>, LayerError> {
        let gates = Gates::new(
            spec.recurrent_activation,
            spec.gate_bits,
            spec.lstm.activation,
        )?;
        let range = P::gated_hidden_range(&spec.lstm, gates)?;
        Self::put(&spec.lstm, Some(gates), range, input, weights, place)
    }

    fn put(
        spec: &LstmSpec,
        gates: Option<Gates>,
        range: P::Range,
        input: Tensor<P>,
        weights: &mut Cursor<'m>,
        place: &mut Layer<'m, P>,
    ) -> Result<Tensor<P>, LayerError> {
        let units = usize::from(spec.units);
        let (sizes, shape) = Recurrent::new(input.shape, spec.units, spec.return_sequences)?;
        let columns = [
            (sizes.inputs.into(), input.range),
            (units, P::with_zero(range)),
        ];
        let matrix = P::matrix(weights, Rows::packed(GATES * units), &columns)?;
        *place = Layer::Lstm(Self {
            matrix,
            spec: *spec,
            gates,
            sizes,
        });
        Ok(Tensor { shape, range })
    }

    pub fn run(
        &self,
        input: &[P::Activation],
        output: &mut [P::Activation],
        state: &mut [u8],
        scratch: &mut [u8],
    ) {
        let units = usize::from(self.spec.units);
        let (cell, hidden) = take::<P::Cell>(state, units);
        let (hidden, _) = take::<P::Activation>(hidden, units);
        let (joint, _) = take::<P::Activation>(scratch, self.sizes.joint());
        let step = |xh: &[P::Activation], hidden: &mut [P::Activation]| {
            P::lstm_step(&self.matrix, &self.spec, self.gates, xh, cell, hidden);
        };
        self.sizes.run::<P>(input, output, hidden, joint, step);
    }

    pub fn sizes(&self) -> &Recurrent {
        &self.sizes
    }

    /// State: cell state, then hidden state. Scratch: `[x; h]`.
    pub fn memory(&self) -> Memory {
        let (units, activation) = (usize::from(self.spec.units), size_of::<P::Activation>());
        Memory {
            state: units * (size_of::<P::Cell>() + activation),
            scratch: self.sizes.joint() * activation,
        }
    }

    /// Multiply-accumulates of an input step.
    pub fn step_macs(&self) -> u64 {
        GATES as u64 * u64::from(self.spec.units) * self.sizes.joint() as u64
    }

    pub fn summary(&self) -> (&'static str, u64, u64, usize) {
        let units = u64::from(self.spec.units);
        let weights = self.step_macs();
        let bias = 4 * units * u64::from(self.spec.use_bias);
        (
            "lstm",
            weights + bias,
            weights * u64::from(self.sizes.window),
            P::matrix_bytes(&self.matrix),
        )
    }
}
