//! Embedding: each id of a sequence to its row; ids outside are clamped into the vocabulary.
use crate::error::LayerError;
use crate::format::graph::EmbeddingSpec;
use crate::format::read::Cursor;
use crate::precision::Precision;

use super::steps::{steps, steps_mut};
use super::{Layer, Shape, Tensor};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Embedding<'m, P: Precision> {
    rows: P::Rows<'m>,
    vocabulary: u16,
    output: Shape,
}

impl<'m, P: Precision> Embedding<'m, P> {
    pub fn resolve(
        spec: &EmbeddingSpec,
        input: Tensor<P>,
        weights: &mut Cursor<'m>,
        place: &mut Layer<'m, P>,
    ) -> Result<Tensor<P>, LayerError> {
        if input.shape.channels != 1 {
            return Err(LayerError::Shapes);
        }
        if spec.vocabulary == 0 {
            return Err(LayerError::Dimension);
        }
        let shape = Shape::new(input.shape.steps as usize, spec.units.into())?;
        let (rows, range) = P::rows(weights, spec.vocabulary.into(), spec.units.into())?;
        *place = Layer::Embedding(Self {
            rows,
            vocabulary: spec.vocabulary,
            output: shape,
        });
        Ok(Tensor { shape, range })
    }

    /// The one id of a step to the step's row.
    pub fn step(&self, x: &[P::Activation], y: &mut [P::Activation]) {
        if let Some(&id) = x.first() {
            P::embed(&self.rows, id, y);
        }
    }

    /// Whole steps.
    pub fn run(&self, input: &[P::Activation], output: &mut [P::Activation]) {
        for (x, y) in steps(input, 1).zip(steps_mut(output, self.output.channels)) {
            self.step(x, y);
        }
    }

    pub fn output(&self) -> Shape {
        self.output
    }

    pub fn summary(&self) -> (&'static str, u64, u64, usize) {
        let parameters = u64::from(self.vocabulary) * u64::from(self.output.channels);
        let bytes = P::rows_bytes(&self.rows);
        ("embedding", parameters, 0, bytes)
    }
}
