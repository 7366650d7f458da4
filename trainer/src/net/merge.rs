//! Add, Average, Multiply and Concatenate: the layers that read several others.
use super::activation;
use super::operation::{Backward, Forward, Operation, Scratch};
use super::shape::Shape;
use crate::config::Activation;

/// What a merge makes of its inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merging {
    Add,
    /// The mean of the inputs.
    Average,
    Multiply,
    /// The channels side by side, in the order of the inputs.
    Concatenate,
}

impl Merging {
    /// The layer's name as in a model description.
    pub fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Average => "average",
            Self::Multiply => "multiply",
            Self::Concatenate => "concatenate",
        }
    }
}

/// Two or more tensors to one: all of one shape, or for Concatenate of as many steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Merge {
    pub merging: Merging,
    /// Of the result; descriptions leave it linear, lowering brings it here for Add and Multiply.
    pub activation: Activation,
    pub inputs: Vec<Shape>,
    pub output: Shape,
}

impl Merge {
    /// An error is the reason alone, without the layer's name.
    pub(crate) fn new(merging: Merging, inputs: &[Shape]) -> Result<Self, String> {
        let [first, others @ ..] = inputs else {
            return Err("it needs inputs".into());
        };
        if others.is_empty() {
            return Err("it needs two or more inputs".into());
        }
        let mut channels = first.channels;
        for other in others {
            match merging {
                Merging::Add | Merging::Average | Merging::Multiply if other != first => {
                    return Err(format!(
                        "its inputs are {first} and {other}; they must have the same shape"
                    ));
                }
                Merging::Add | Merging::Average | Merging::Multiply => {}
                Merging::Concatenate if other.steps != first.steps => {
                    return Err(format!(
                        "its inputs are {first} and {other}; they must have as many steps"
                    ));
                }
                Merging::Concatenate => {
                    channels = channels
                        .checked_add(other.channels)
                        .ok_or("it has too many channels")?;
                }
            }
        }
        Ok(Self {
            merging,
            activation: Activation::Linear,
            inputs: inputs.to_vec(),
            output: Shape {
                steps: first.steps,
                channels,
            },
        })
    }

    fn concatenate(&self, inputs: &[&[f32]], rows: usize, y: &mut Vec<f32>) {
        y.reserve(rows * self.output.channels);
        for row in 0..rows {
            for (x, shape) in inputs.iter().zip(&self.inputs) {
                y.extend_from_slice(&x[row * shape.channels..(row + 1) * shape.channels]);
            }
        }
    }

    /// dL/d(input `index`).
    fn slope(&self, index: usize, inputs: &[&[f32]], dy: &[f32], dx: &mut Vec<f32>) {
        dx.clear();
        match self.merging {
            Merging::Add => dx.extend_from_slice(dy),
            Merging::Average => {
                let part = 1.0 / inputs.len() as f32;
                dx.extend(dy.iter().map(|d| d * part));
            }
            // dx = dy times all the others
            Merging::Multiply => {
                dx.extend_from_slice(dy);
                for (other, x) in inputs.iter().enumerate() {
                    if other != index {
                        dx.iter_mut().zip(*x).for_each(|(d, x)| *d *= x);
                    }
                }
            }
            Merging::Concatenate => {
                let first: usize = self.inputs[..index].iter().map(|s| s.channels).sum();
                let channels = self.inputs[index].channels;
                for row in dy.chunks_exact(self.output.channels) {
                    dx.extend_from_slice(&row[first..first + channels]);
                }
            }
        }
    }
}

impl Operation for Merge {
    fn name(&self) -> &'static str {
        self.merging.name()
    }

    fn input(&self) -> Shape {
        self.inputs.last().copied().unwrap_or(self.output)
    }

    fn output(&self) -> Shape {
        self.output
    }

    /// From the last input to the first, as a model file with merges of two computes it.
    fn forward(&self, call: Forward<'_>, scratch: &mut Scratch, y: &mut Vec<f32>) {
        y.clear();
        let Some((last, others)) = call.inputs.split_last() else {
            return;
        };
        match self.merging {
            Merging::Concatenate => {
                return self.concatenate(call.inputs, call.count * self.output.steps, y);
            }
            Merging::Add | Merging::Average | Merging::Multiply => y.extend_from_slice(last),
        }
        for x in others.iter().rev() {
            let values = y.iter_mut().zip(*x);
            if self.merging == Merging::Multiply {
                values.for_each(|(y, x)| *y *= x);
            } else {
                values.for_each(|(y, x)| *y += x);
            }
        }
        if self.merging == Merging::Average {
            let part = 1.0 / call.inputs.len() as f32;
            y.iter_mut().for_each(|y| *y *= part);
        }
        let channels = self.output.channels;
        activation::apply_and_keep(self.activation, y, channels, &mut scratch.arguments);
    }

    fn backward(&self, step: Backward<'_>, scratch: &mut Scratch) {
        let channels = self.output.channels;
        activation::backward(
            self.activation,
            &scratch.arguments,
            step.y,
            step.dy,
            channels,
        );
        for (index, dx) in step.dx.iter_mut().enumerate() {
            if let Some(dx) = dx {
                self.slope(index, step.inputs, step.dy, dx);
            }
        }
    }
}
