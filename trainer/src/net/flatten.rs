//! Flatten: `[T, C] -> [1, T * C]`; the values stay where they are.
use super::layer::Backward;
use super::shape::Shape;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flatten {
    pub input: Shape,
    pub output: Shape,
}

impl Flatten {
    pub(crate) fn new(input: Shape) -> Self {
        Self {
            input,
            output: Shape {
                steps: 1,
                channels: input.size(),
            },
        }
    }

    pub(crate) fn forward(&self, x: &[f32], y: &mut Vec<f32>) {
        y.clear();
        y.extend_from_slice(x);
    }

    pub(crate) fn backward(&self, step: Backward<'_>) {
        if let Some(dx) = step.dx {
            dx.clear();
            dx.extend_from_slice(step.dy);
        }
    }
}
