//! Dense: `y[t] = act(W x[t] + b)`, the same weights at every time step.
use crate::error::LayerError;
use crate::format::graph::{DenseSpec, OutputSpec};
use crate::format::read::Cursor;
use crate::precision::{Precision, Rows, Taps};

use super::affine::matvec;
use super::steps::{steps, steps_mut};
use super::{Layer, Shape, Tensor};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Dense<'m, P: Precision> {
    matrix: P::Matrix<'m>,
    activation: OutputSpec,
    /// All columns.
    taps: Taps,
    output: Shape,
    use_bias: bool,
}

impl<'m, P: Precision> Dense<'m, P> {
    pub fn resolve(
        spec: &DenseSpec,
        input: Tensor<P>,
        weights: &mut Cursor<'m>,
        place: &mut Layer<'m, P>,
    ) -> Result<Tensor<P>, LayerError> {
        let shape = Shape::new(input.shape.steps as usize, spec.units.into())?;
        let range = P::output_range(&spec.output)?;
        let inputs = input.shape.channels;
        let matrix = P::matrix(
            weights,
            Rows::packed(spec.units.into()),
            &[(inputs as usize, input.range)],
        )?;
        *place = Layer::Dense(Self {
            matrix,
            activation: spec.output,
            taps: Taps::whole(inputs as usize),
            output: shape,
            use_bias: spec.use_bias,
        });
        Ok(Tensor { shape, range })
    }

    #[inline]
    pub fn run(&self, input: &[P::Activation], output: &mut [P::Activation]) {
        if output.len() == self.output.channels as usize {
            // Most often.
            self.step(input, output);
        } else {
            self.steps(input, output);
        }
    }

    #[inline(never)]
    fn steps(&self, input: &[P::Activation], output: &mut [P::Activation]) {
        let places = steps_mut(output, self.output.channels);
        for (x, y) in steps(input, self.inputs()).zip(places) {
            self.step(x, y);
        }
    }

    #[inline(never)]
    fn step(&self, x: &[P::Activation], y: &mut [P::Activation]) {
        matvec::<P>(&self.matrix, &self.activation, &self.taps, x, y);
    }

    fn inputs(&self) -> u32 {
        self.taps.len as u32
    }

    pub fn output(&self) -> Shape {
        self.output
    }

    /// Multiply-accumulates of an output step.
    pub fn step_macs(&self) -> u64 {
        u64::from(self.inputs()) * u64::from(self.output.channels)
    }

    pub fn summary(&self) -> (&'static str, u64, u64, usize) {
        let (inputs, units) = (u64::from(self.inputs()), u64::from(self.output.channels));
        let bias = u64::from(self.use_bias);
        (
            "dense",
            (inputs + bias) * units,
            self.step_macs() * u64::from(self.output.steps),
            P::matrix_bytes(&self.matrix),
        )
    }
}
