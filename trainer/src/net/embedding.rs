//! Embedding: a learned row for each id.
use super::operation::{Backward, Forward, Operation, Scratch, parameters, shapes, weight_count};
use super::shape::Shape;
use crate::data::random::Random;

/// `[T, 1] -> [T, units]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding {
    /// Ids are 0 to `vocabulary - 1`.
    pub vocabulary: usize,
    pub units: usize,
    pub input: Shape,
    pub output: Shape,
    /// `[vocabulary, units]`.
    pub embeddings: Vec<f32>,
}

impl Embedding {
    /// Fresh weights; an error is the reason alone, without the layer's name.
    pub(crate) fn new(
        vocabulary: usize,
        units: usize,
        input: Shape,
        random: &mut Random,
    ) -> Result<Self, String> {
        if vocabulary == 0 || units == 0 {
            return Err("input_dim and output_dim must be at least 1".into());
        }
        if input.channels != 1 {
            return Err(format!(
                "its input is {input}, but it takes one id a step: [{}, 1]",
                input.steps
            ));
        }
        let count = weight_count(&[vocabulary, units])?;
        Ok(Self {
            vocabulary,
            units,
            input,
            output: Shape {
                steps: input.steps,
                channels: units,
            },
            // Keras: uniform in ±0.05.
            embeddings: (0..count)
                .map(|_| (0.1 * random.uniform() - 0.05) as f32)
                .collect(),
        })
    }

    /// The row of an id; ids outside are clamped into the vocabulary.
    fn row(&self, id: f32) -> std::ops::Range<usize> {
        let id = (id.max(0.0) as usize).min(self.vocabulary - 1);
        id * self.units..(id + 1) * self.units
    }

    /// Refuses windows with a value that is no id.
    pub(crate) fn check(&self, windows: &[f32]) -> Result<(), String> {
        let last = self.vocabulary - 1;
        let good = |x: f32| x >= 0.0 && x <= last as f32 && x.fract() == 0.0;
        match windows.iter().find(|x| !good(**x)) {
            None => Ok(()),
            Some(x) => Err(format!(
                "its input has the value {x}, but ids are whole numbers from 0 to {last} (input_dim - 1); correct the \
                 data or input_dim, and leave standardize out"
            )),
        }
    }
}

impl Operation for Embedding {
    fn name(&self) -> &'static str {
        "embedding"
    }

    shapes!();
    parameters!(embeddings);

    fn forward(&self, call: Forward<'_>, _scratch: &mut Scratch, y: &mut Vec<f32>) {
        y.clear();
        for id in call.x() {
            y.extend_from_slice(&self.embeddings[self.row(*id)]);
        }
    }

    fn backward(&self, step: Backward<'_>, _scratch: &mut Scratch) {
        for (id, dy) in step.inputs[0].iter().zip(step.dy.chunks_exact(self.units)) {
            let row = &mut step.gradients[0][self.row(*id)];
            row.iter_mut().zip(dy).for_each(|(sum, dy)| *sum += dy);
        }
        // An id has no slope.
        if let Some(dx) = &mut step.dx[0] {
            dx.clear();
            dx.resize(step.inputs[0].len(), 0.0);
        }
    }
}
