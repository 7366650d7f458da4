//! A network: layers in order, each reading earlier ones, and what it answers.
use rayon::prelude::*;

use super::batch_norm::Moments;
use super::layer::Layer;
use super::operation::{Forward, Packs, Scratch};
use super::shape::Shape;
use crate::error::{Error, Result};

/// Examples that go through the layers together in inference; large enough for the matrix products, small enough
/// to share among cores.
const CHUNK: usize = 32;

/// Layers over windows `[steps, channels]`. Tensor 0 is the window, tensor n the output of the n-th layer (from 1); the
/// last tensor is the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    pub steps: usize,
    pub channels: usize,
    pub layers: Vec<Node>,
}

/// A layer and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub layer: Layer,
    /// The tensors that it reads, all of them before its own output; merges read several, other layers one.
    pub inputs: Vec<usize>,
    /// What messages call it: `layer 3 (dense)`, counted as in the description.
    pub place: String,
}

/// One trained tensor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter<'a> {
    /// Index into `Network::layers`.
    pub layer: usize,
    /// Keras's name: `kernel`, `recurrent_kernel`, `bias`.
    pub name: &'static str,
    pub values: &'a [f32],
}

/// One trained tensor, to change.
#[derive(Debug, PartialEq)]
pub struct ParameterMut<'a> {
    /// Index into `Network::layers`.
    pub layer: usize,
    /// Keras's name: `kernel`, `recurrent_kernel`, `bias`.
    pub name: &'static str,
    pub values: &'a mut [f32],
}

impl Network {
    /// A network of this layer alone.
    pub(crate) fn of(layer: Layer) -> Self {
        let Shape { steps, channels } = layer.input();
        Self {
            steps,
            channels,
            layers: vec![Node {
                place: format!("layer 1 ({})", layer.name()),
                layer,
                inputs: vec![0],
            }],
        }
    }

    /// Shape of one window.
    pub fn input(&self) -> Shape {
        Shape {
            steps: self.steps,
            channels: self.channels,
        }
    }

    /// Shape of one answer.
    pub fn output(&self) -> Shape {
        self.shape(self.layers.len())
    }

    /// Shape of a tensor: 0 is the window, n the output of the n-th layer.
    pub fn shape(&self, tensor: usize) -> Shape {
        match tensor {
            0 => self.input(),
            _ => self.layers[tensor - 1].layer.output(),
        }
    }

    /// Inference: windows `[count, T, C]` to answers `[count, T', C']`. The bits do not depend on the number of
    /// threads, nor on the windows that come together.
    ///
    /// # Panics
    /// When `x` does not hold `count` windows.
    pub fn forward(&self, x: &[f32], count: usize) -> Vec<f32> {
        let keep = |tensor| tensor == self.layers.len();
        let chunks = self.chunks(x, count, keep);
        let answers = chunks.into_iter().filter_map(|mut tensors| tensors.pop());
        answers.collect::<Vec<_>>().concat()
    }

    /// The output of every layer, each `[count, T', C']`; the last is what `forward` gives.
    ///
    /// # Panics
    /// When `x` does not hold `count` windows.
    pub fn trace(&self, x: &[f32], count: usize) -> Vec<Vec<f32>> {
        let chunks = self.chunks(x, count, |_| true);
        let tensors = 1..=self.layers.len();
        tensors
            .map(|tensor| {
                let parts: Vec<&[f32]> = chunks.iter().map(|c| c[tensor].as_slice()).collect();
                parts.concat()
            })
            .collect()
    }

    /// The tensors of each chunk of windows; those that `keep` does not ask for are empty.
    fn chunks(
        &self,
        x: &[f32],
        count: usize,
        keep: impl Fn(usize) -> bool + Sync,
    ) -> Vec<Vec<Vec<f32>>> {
        let size = self.input().size();
        assert_eq!(x.len(), count * size, "{count} windows");
        let packs = self.packs(false);
        let last_readers = self.last_readers();
        x.par_chunks(CHUNK * size)
            .map(|x| {
                let count = x.len() / size;
                let mut tensors = vec![x.to_vec()];
                for (index, (node, packs)) in self.layers.iter().zip(&packs).enumerate() {
                    let mut y = Vec::new();
                    let call = Forward {
                        packs,
                        count,
                        inputs: &node.inputs(&tensors),
                    };
                    let operation = node.layer.operation();
                    operation.forward(call, &mut Scratch::default(), &mut y);
                    tensors.push(y);
                    for &input in &node.inputs {
                        if last_readers[input] == index && !keep(input) {
                            tensors[input] = Vec::new();
                        }
                    }
                }
                tensors
            })
            .collect()
    }

    /// For each tensor the last layer that reads it; 0 for one that nobody reads.
    fn last_readers(&self) -> Vec<usize> {
        let mut readers = vec![0; self.layers.len() + 1];
        for (index, node) in self.layers.iter().enumerate() {
            for &input in &node.inputs {
                readers[input] = index;
            }
        }
        readers
    }

    /// The layers that need to see a whole mini-batch in training.
    pub(crate) fn batch_norms(&self) -> Vec<usize> {
        let layers = 0..self.layers.len();
        layers
            .filter(|index| matches!(self.layers[*index].layer, Layer::BatchNorm(_)))
            .collect()
    }

    /// Moves the moving averages of the BatchNorms, in order, towards the moments of a mini-batch.
    pub(crate) fn follow(&mut self, moments: &[Moments]) {
        let mut moments = moments.iter();
        for node in &mut self.layers {
            if let Layer::BatchNorm(norm) = &mut node.layer
                && let Some(moments) = moments.next()
            {
                norm.follow(moments);
            }
        }
    }

    /// Refuses windows that the layers cannot take: an Embedding takes ids.
    ///
    /// # Errors
    /// `Error::Input` names the layer and the value.
    pub fn check_windows(&self, values: &[f32]) -> Result<()> {
        for node in &self.layers {
            if let Layer::Embedding(embedding) = &node.layer {
                let named = |reason| Error::input(format!("{}: {reason}", node.place));
                embedding.check(values).map_err(named)?;
            }
        }
        Ok(())
    }

    /// All trained tensors in a fixed order.
    pub fn parameters(&self) -> Vec<Parameter<'_>> {
        let layers = self.layers.iter().enumerate();
        layers
            .flat_map(|(layer, node)| {
                let parameters = node.layer.operation().parameters().into_iter();
                parameters.map(move |(name, values)| Parameter {
                    layer,
                    name,
                    values,
                })
            })
            .collect()
    }

    /// All trained tensors, to change, in the order of `parameters`.
    pub fn parameters_mut(&mut self) -> Vec<ParameterMut<'_>> {
        let layers = self.layers.iter_mut().enumerate();
        layers
            .flat_map(|(layer, node)| {
                let parameters = node.layer.operation_mut().parameters_mut().into_iter();
                parameters.map(move |(name, values)| ParameterMut {
                    layer,
                    name,
                    values,
                })
            })
            .collect()
    }

    pub(crate) fn packs(&self, training: bool) -> Vec<Packs> {
        let mut packs = vec![Packs::default(); self.layers.len()];
        self.pack(&mut packs, training);
        packs
    }

    pub(crate) fn pack(&self, packs: &mut [Packs], training: bool) {
        for (node, packs) in self.layers.iter().zip(packs) {
            node.layer.operation().pack(packs, training);
        }
    }
}

impl Node {
    /// What the layer reads, out of all tensors.
    pub(crate) fn inputs<'a>(&self, tensors: &'a [Vec<f32>]) -> Vec<&'a [f32]> {
        let inputs = self.inputs.iter();
        inputs.map(|tensor| tensors[*tensor].as_slice()).collect()
    }
}
