//! SimpleRNN: `h' = act(W x + U h + b)`, one matvec over `[x; h]` (Elman, 1990).
use crate::error::LayerError;
use crate::format::graph::{Activation, SimpleRnnSpec};
use crate::format::read::Cursor;
use crate::precision::Precision;

use super::affine::{Taps, matvec};
use super::recurrent::{Recurrent, take};
use super::{Memory, Tensor};

#[derive(Debug, Clone, Copy)]
pub(crate) struct SimpleRnn<'m, P: Precision> {
    matrix: P::Matrix<'m>,
    spec: SimpleRnnSpec,
    sizes: Recurrent,
}

impl<'m, P: Precision> SimpleRnn<'m, P> {
    pub fn resolve(
        spec: SimpleRnnSpec,
        input: Tensor<P>,
        weights: &mut Cursor<'m>,
    ) -> Result<(Self, Tensor<P>), LayerError> {
        if spec.output.activation == Activation::Softmax {
            return Err(LayerError::Unsupported);
        }
        let (sizes, shape) = Recurrent::new(input.shape, spec.units, spec.return_sequences)?;
        let range = P::output_range(&spec.output)?;
        let columns = [
            (sizes.inputs as usize, input.range),
            (spec.units.into(), P::with_zero(range)),
        ];
        let matrix = P::matrix(weights, spec.units.into(), &columns)?;
        Ok((
            Self {
                matrix,
                spec,
                sizes,
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
        let (hidden, _) = take::<P::Activation>(state, self.spec.units.into());
        let (joint, _) = take::<P::Activation>(scratch, self.sizes.joint());
        let step = |xh: &[P::Activation], hidden: &mut [P::Activation]| {
            matvec::<P>(
                &self.matrix,
                &self.spec.output,
                Taps::whole(xh.len()),
                xh,
                hidden,
            );
        };
        self.sizes.run::<P>(input, output, hidden, joint, step);
    }

    pub fn sizes(&self) -> &Recurrent {
        &self.sizes
    }

    /// State: hidden state. Scratch: `[x; h]`.
    pub fn memory(&self) -> Memory {
        let activation = size_of::<P::Activation>();
        Memory {
            state: usize::from(self.spec.units) * activation,
            scratch: self.sizes.joint() * activation,
        }
    }

    /// Multiply-accumulates of an input step.
    pub fn step_macs(&self) -> u64 {
        u64::from(self.spec.units) * self.sizes.joint() as u64
    }

    pub fn summary(&self) -> (&'static str, u64, u64, usize) {
        let units = u64::from(self.spec.units);
        let weights = units * self.sizes.joint() as u64;
        let bias = units * u64::from(self.spec.use_bias);
        let bytes = P::matrix_bytes(&self.matrix);
        (
            "simple_rnn",
            weights + bias,
            weights * u64::from(self.sizes.window),
            bytes,
        )
    }
}
