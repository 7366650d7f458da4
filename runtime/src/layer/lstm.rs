//! LSTM: one fused matvec over `[x; h]` with four gate rows a unit, then the cell.
//!
//! Hochreiter and Schmidhuber (1997) with the forget gate of Gers et al. (2000), as Keras has it: gates i, f, c, o;
//! `c' = f c + i g`, `h = o act(c')`.
use bytemuck::Pod;

use crate::error::LayerError;
use crate::format::graph::{Activation, LstmSpec};
use crate::format::read::Cursor;
use crate::precision::Precision;

use super::affine::{Taps, sums4};
use super::{Shape, Tensor};

const GATES: usize = 4;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Lstm<'m, P: Precision> {
    matrix: P::Matrix<'m>,
    spec: LstmSpec,
    inputs: u32,
    /// Time steps of a whole window.
    window: u32,
}

impl<'m, P: Precision> Lstm<'m, P> {
    pub fn resolve(
        spec: LstmSpec,
        input: Tensor<P>,
        weights: &mut Cursor<'m>,
    ) -> Result<(Self, Tensor<P>), LayerError> {
        if !matches!(spec.activation, Activation::Tanh | Activation::Relu) {
            return Err(LayerError::Unsupported);
        }
        let Shape { steps, channels } = input.shape;
        let units = usize::from(spec.units);
        let shape = Shape::new(
            if spec.return_sequences {
                steps as usize
            } else {
                1
            },
            units,
        )?;
        let range = P::hidden_range(&spec)?;
        let columns = [
            (channels as usize, input.range),
            (units, P::with_zero(range)),
        ];
        let matrix = P::matrix(weights, GATES * units, &columns)?;
        Ok((
            Self {
                matrix,
                spec,
                inputs: channels,
                window: steps,
            },
            Tensor { shape, range },
        ))
    }

    pub fn run(
        &self,
        input: &[P::Activation],
        output: &mut [P::Activation],
        state: &mut [u8],
        scratch: &mut [u8],
    ) {
        let (inputs, units) = (
            self.inputs.max(1) as usize,
            usize::from(self.spec.units.max(1)),
        );
        let Some((cell, hidden)) = state.split_at_mut_checked(units * size_of::<P::Cell>()) else {
            return;
        };
        let (cell, hidden) = (values::<P::Cell>(cell), values::<P::Activation>(hidden));
        let (Some(hidden), Some(xh)) = (
            hidden.get_mut(..units),
            values::<P::Activation>(scratch).get_mut(..inputs + units),
        ) else {
            return;
        };
        let mut places = output.chunks_exact_mut(units);
        for x in input.chunks_exact(inputs) {
            let (head, tail) = xh.split_at_mut(inputs.min(xh.len()));
            copy(head, x);
            copy(tail, hidden);
            self.step(xh, cell, hidden);
            if self.spec.return_sequences
                && let Some(place) = places.next()
            {
                copy(place, hidden);
            }
        }
        if !self.spec.return_sequences
            && let Some(place) = places.next()
        {
            copy(place, hidden);
        }
    }

    /// One time step: all gates read `[x; h]`, so that the new hidden state can be written at once.
    fn step(&self, xh: &[P::Activation], cell: &mut [P::Cell], hidden: &mut [P::Activation]) {
        let taps = Taps::whole(xh.len());
        for (unit, (cell, hidden)) in cell.iter_mut().zip(hidden).enumerate() {
            let row = unit * GATES;
            let sums = sums4::<P>(&self.matrix, row, taps, xh);
            *hidden = P::lstm_unit(&self.matrix, row, sums, &self.spec, cell);
        }
    }

    pub fn output(&self) -> Shape {
        Shape {
            steps: if self.spec.return_sequences {
                self.window
            } else {
                1
            },
            channels: self.spec.units.into(),
        }
    }

    pub fn return_sequences(&self) -> bool {
        self.spec.return_sequences
    }

    /// Cell state, then hidden state.
    pub fn state_bytes(&self) -> usize {
        let units = usize::from(self.spec.units);
        units * (size_of::<P::Cell>() + size_of::<P::Activation>())
    }

    /// `[x; h]`.
    pub fn scratch_bytes(&self) -> usize {
        (self.inputs as usize + usize::from(self.spec.units)) * size_of::<P::Activation>()
    }

    pub fn summary(&self) -> (&'static str, u64, u64, Option<&P::Matrix<'m>>) {
        let (inputs, units) = (u64::from(self.inputs), u64::from(self.spec.units));
        let weights = 4 * units * (inputs + units);
        let bias = 4 * units * u64::from(self.spec.use_bias);
        (
            "lstm",
            weights + bias,
            weights * u64::from(self.window),
            Some(&self.matrix),
        )
    }
}

/// `copy_from_slice` without its panic on lengths, which are the same here.
#[inline]
fn copy<T: Copy>(to: &mut [T], from: &[T]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to = from;
    }
}

/// Bytes of the arena as values; empty where they do not fit, which the plan of the arena rules out.
fn values<T: Pod>(bytes: &mut [u8]) -> &mut [T] {
    bytemuck::try_cast_slice_mut(bytes).unwrap_or_default()
}
