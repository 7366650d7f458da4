//! Activation: a layer of its own that applies a function to every value.
use super::activation;
use super::operation::{Backward, Forward, Operation, Scratch, shapes};
use super::shape::Shape;
use crate::config::Activation;

/// `[T, C] -> [T, C]`.
#[derive(Debug, Clone, PartialEq)]
pub struct ActivationLayer {
    /// Any but softmax.
    pub activation: Activation,
    pub input: Shape,
    pub output: Shape,
}

impl ActivationLayer {
    /// An error is the reason alone, without the layer's name.
    pub(crate) fn new(activation: Activation, input: Shape) -> Result<Self, String> {
        if activation == Activation::Softmax {
            return Err("softmax is for dense layers: write activation = \"softmax\" there".into());
        }
        Ok(Self {
            activation,
            input,
            output: input,
        })
    }
}

impl Operation for ActivationLayer {
    fn name(&self) -> &'static str {
        "activation"
    }

    shapes!();

    fn forward(&self, call: Forward<'_>, _scratch: &mut Scratch, y: &mut Vec<f32>) {
        y.clear();
        y.extend_from_slice(call.x());
        activation::apply(self.activation, y, self.input.channels);
    }

    fn backward(&self, step: Backward<'_>, _scratch: &mut Scratch) {
        if let Some(dx) = &mut step.dx[0] {
            dx.clear();
            dx.extend_from_slice(step.dy);
            activation::backward(
                self.activation,
                step.inputs[0],
                step.y,
                dx,
                self.input.channels,
            );
        }
    }
}
