//! Flatten: `[T, C] -> [1, T * C]`; the values stay where they are.
use super::operation::{Backward, Forward, Operation, Scratch, shapes};
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
}

impl Operation for Flatten {
    fn name(&self) -> &'static str {
        "flatten"
    }

    shapes!();

    fn forward(&self, call: Forward<'_>, _scratch: &mut Scratch, y: &mut Vec<f32>) {
        y.clear();
        y.extend_from_slice(call.x());
    }

    fn backward(&self, step: Backward<'_>, _scratch: &mut Scratch) {
        if let Some(dx) = &mut step.dx[0] {
            dx.clear();
            dx.extend_from_slice(step.dy);
        }
    }
}
