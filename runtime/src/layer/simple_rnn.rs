//! SimpleRNN: `h' = act(W x + U h + b)`, one matvec over `[x; h]` (Elman, 1990); or with a LayerNorm before the activation,
//! `h' = act(layer_norm(W x + U h + b))`.
use crate::error::LayerError;
use crate::format::features::Features;
use crate::format::graph::{
    Activation, LayerNormSpec, OutputSpec, SimpleRnnNormSpec, SimpleRnnSpec,
};
use crate::format::read::Cursor;
use crate::precision::{Precision, Rows, Taps};

use super::affine::matvec;
use super::layer_norm::LayerNorm;
use super::recurrent::{Recurrent, take};
use super::{Layer, Memory, Tensor};

#[derive(Debug, Clone, Copy)]
pub(crate) struct SimpleRnn<'m, P: Precision> {
    matrix: P::Matrix<'m>,
    /// Of the matrix.
    output: OutputSpec,
    /// With what becomes of its values: not a whole layer, which would make this one the largest.
    norm: Option<(P::Norm<'m>, OutputSpec)>,
    sizes: Recurrent,
    use_bias: bool,
}

impl<'m, P: Precision> SimpleRnn<'m, P> {
    pub fn resolve(
        spec: &SimpleRnnSpec,
        input: Tensor<P>,
        weights: &mut Cursor<'m>,
        place: &mut Layer<'m, P>,
    ) -> Result<Tensor<P>, LayerError> {
        if spec.output.activation == Activation::Softmax {
            return Err(LayerError::Unsupported);
        }
        Self::put(spec, None, input, weights, place)
    }

    pub fn resolve_norm(
        spec: &SimpleRnnNormSpec,
        input: Tensor<P>,
        weights: &mut Cursor<'m>,
        place: &mut Layer<'m, P>,
    ) -> Result<Tensor<P>, LayerError> {
        let SimpleRnnNormSpec { rnn, norm } = spec;
        if rnn.output.activation != Activation::Linear {
            return Err(LayerError::Unsupported);
        }
        Self::put(rnn, Some(norm), input, weights, place)
    }

    fn put(
        spec: &SimpleRnnSpec,
        norm: Option<&LayerNormSpec>,
        input: Tensor<P>,
        weights: &mut Cursor<'m>,
        place: &mut Layer<'m, P>,
    ) -> Result<Tensor<P>, LayerError> {
        let (sizes, shape) = Recurrent::new(input.shape, spec.units, spec.return_sequences)?;
        let range = P::output_range(&spec.output)?;
        let hidden = norm.map_or(Ok(range), LayerNorm::<P>::range)?;
        let columns = [
            (sizes.inputs.into(), input.range),
            (spec.units.into(), P::with_zero(hidden)),
        ];
        let matrix = P::matrix(weights, Rows::packed(spec.units.into()), &columns)?;
        let norm = match norm {
            Some(norm) => Some((P::norm(weights, spec.units.into(), norm)?, norm.output)),
            None => None,
        };
        *place = Layer::SimpleRnn(Self {
            matrix,
            output: spec.output,
            norm,
            sizes,
            use_bias: spec.use_bias,
        });
        let range = hidden;
        Ok(Tensor { shape, range })
    }

    pub fn run(
        &self,
        input: &[P::Activation],
        output: &mut [P::Activation],
        state: &mut [u8],
        scratch: &mut [u8],
    ) {
        let (hidden, _) = take::<P::Activation>(state, self.sizes.units.into());
        let (joint, sums) = take::<P::Activation>(scratch, self.sizes.joint());
        let (sums, _) = take::<P::Activation>(sums, self.sums());
        let step = |xh: &[P::Activation], hidden: &mut [P::Activation]| {
            let taps = Taps::whole(xh.len());
            match &self.norm {
                None => matvec::<P>(&self.matrix, &self.output, taps, xh, hidden),
                Some((norm, output)) if P::FEATURES.has(Features::LAYER_NORM) => {
                    matvec::<P>(&self.matrix, &self.output, taps, xh, sums);
                    P::normalize(norm, output, sums, hidden);
                }
                // Not built: the loader has refused it.
                Some(_) => {}
            }
        };
        self.sizes.run::<P>(input, output, hidden, joint, step);
    }

    pub fn sizes(&self) -> &Recurrent {
        &self.sizes
    }

    /// State: hidden state. Scratch: `[x; h]`, then what goes into the norm.
    pub fn memory(&self) -> Memory {
        let activation = size_of::<P::Activation>();
        Memory {
            state: usize::from(self.sizes.units) * activation,
            scratch: (self.sizes.joint() + self.sums()) * activation,
        }
    }

    /// Multiply-accumulates of an input step.
    pub fn step_macs(&self) -> u64 {
        u64::from(self.sizes.units) * self.sizes.joint() as u64
    }

    /// Values before the norm.
    fn sums(&self) -> usize {
        match self.norm {
            Some(_) => self.sizes.units.into(),
            None => 0,
        }
    }

    pub fn summary(&self) -> (&'static str, u64, u64, usize) {
        let units = u64::from(self.sizes.units);
        let weights = self.step_macs();
        let bias = units * u64::from(self.use_bias);
        let (kind, parameters, bytes) = match &self.norm {
            None => ("simple_rnn", 0, 0),
            Some((norm, _)) => ("simple_rnn_norm", 2 * units, P::norm_bytes(norm)),
        };
        let bytes = bytes + P::matrix_bytes(&self.matrix);
        (
            kind,
            weights + bias + parameters,
            weights * u64::from(self.sizes.window),
            bytes,
        )
    }
}
