//! A network: layers in a row, their shapes chained, their weights drawn from a seed.
use rayon::prelude::*;

use super::layer::{Layer, Packs, Scratch};
use super::random::stream;
use super::shape::Shape;
use crate::config::LayerConfig;
use crate::error::{Error, Result};

/// Examples that go through the layers together in inference; large enough for the matrix products, small enough
/// to share among cores.
const CHUNK: usize = 32;
/// Values in one example between two layers; more would not fit any memory times a mini-batch.
const SIZE_LIMIT: usize = 1 << 26;

/// Layers in a row over windows `[steps, channels]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    pub steps: usize,
    pub channels: usize,
    pub layers: Vec<Layer>,
}

/// One trained tensor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter<'a> {
    /// Index into `Network::layers`.
    pub layer: usize,
    /// `kernel`, `recurrent_kernel` or `bias`.
    pub name: &'static str,
    pub values: &'a [f32],
}

/// One trained tensor, to change.
#[derive(Debug, PartialEq)]
pub struct ParameterMut<'a> {
    /// Index into `Network::layers`.
    pub layer: usize,
    /// `kernel`, `recurrent_kernel` or `bias`.
    pub name: &'static str,
    pub values: &'a mut [f32],
}

impl Network {
    /// A network for windows `[steps, channels]` with fresh weights as Keras draws them.
    ///
    /// # Errors
    /// `Error::Input` names the first layer that is impossible, why, and the way out.
    pub fn new(layers: &[LayerConfig], steps: usize, channels: usize, seed: u64) -> Result<Self> {
        if layers.is_empty() {
            return Err(Error::input(
                "the model has no layers; add a [[layers]] table",
            ));
        }
        if steps == 0 || channels == 0 {
            return Err(Error::input(format!(
                "windows of {steps} steps and {channels} channels are empty; give at least 1 of each"
            )));
        }
        let mut shape = Shape { steps, channels };
        let mut network = Self {
            steps,
            channels,
            layers: Vec::with_capacity(layers.len()),
        };
        for (index, config) in layers.iter().enumerate() {
            // A stream a layer: the weights of one do not depend on the sizes of the others.
            let mut random = stream(seed, index as u64);
            let layer = Layer::new(config, shape, &mut random)
                .and_then(|layer| {
                    let out = layer.output();
                    match out.steps.checked_mul(out.channels) {
                        Some(size) if size <= SIZE_LIMIT => Ok(layer),
                        Some(_) | None => Err(format!(
                            "its output {out} has more than {SIZE_LIMIT} values; make it smaller"
                        )),
                    }
                })
                .map_err(|reason| {
                    Error::input(format!("layer {} ({}): {reason}", index + 1, kind(config)))
                })?;
            shape = layer.output();
            network.layers.push(layer);
        }
        Ok(network)
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
        self.layers.last().map_or(self.input(), Layer::output)
    }

    /// Inference: windows `[count, T, C]` to answers `[count, T', C']`. The bits do not depend on the number of
    /// threads, nor on the windows that come together.
    ///
    /// # Panics
    /// When `x` does not hold `count` windows.
    pub fn forward(&self, x: &[f32], count: usize) -> Vec<f32> {
        assert_eq!(x.len(), count * self.input().size(), "{count} windows");
        let packs = self.packs(false);
        let chunks: Vec<Vec<f32>> = x
            .par_chunks(CHUNK * self.input().size())
            .map(|x| {
                let mut values = x.to_vec();
                let mut next = Vec::new();
                let count = x.len() / self.input().size();
                for (layer, packs) in self.layers.iter().zip(&packs) {
                    layer.forward(packs, &values, count, &mut Scratch::default(), &mut next);
                    std::mem::swap(&mut values, &mut next);
                }
                values
            })
            .collect();
        chunks.concat()
    }

    /// The output of every layer, each `[count, T', C']`; the last is what `forward` gives.
    ///
    /// # Panics
    /// When `x` does not hold `count` windows.
    pub fn trace(&self, x: &[f32], count: usize) -> Vec<Vec<f32>> {
        assert_eq!(x.len(), count * self.input().size(), "{count} windows");
        let packs = self.packs(false);
        let mut outputs: Vec<Vec<f32>> = Vec::with_capacity(self.layers.len());
        for (layer, packs) in self.layers.iter().zip(&packs) {
            let from = outputs.last().map_or(x, Vec::as_slice);
            // Every layer works on each window alone, so chunks of windows can go side by side.
            let chunks: Vec<Vec<f32>> = from
                .par_chunks(CHUNK * layer.input().size())
                .map(|x| {
                    let mut y = Vec::new();
                    let count = x.len() / layer.input().size();
                    layer.forward(packs, x, count, &mut Scratch::default(), &mut y);
                    y
                })
                .collect();
            outputs.push(chunks.concat());
        }
        outputs
    }

    /// All trained tensors in a fixed order.
    pub fn parameters(&self) -> Vec<Parameter<'_>> {
        let layers = self.layers.iter().enumerate();
        layers
            .flat_map(|(layer, l)| {
                l.parameters()
                    .into_iter()
                    .map(move |(name, values)| Parameter {
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
            .flat_map(|(layer, l)| {
                l.parameters_mut()
                    .into_iter()
                    .map(move |(name, values)| ParameterMut {
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
        for (layer, packs) in self.layers.iter().zip(packs) {
            layer.pack(packs, training);
        }
    }
}

/// The name of a layer that could not be built.
fn kind(config: &LayerConfig) -> &'static str {
    match config {
        LayerConfig::Dense { .. } => "dense",
        LayerConfig::Conv1d { .. } => "conv1d",
        LayerConfig::MaxPool1d { .. } => "max_pool1d",
        LayerConfig::AveragePool1d { .. } => "average_pool1d",
        LayerConfig::GlobalMaxPool1d => "global_max_pool1d",
        LayerConfig::GlobalAveragePool1d => "global_average_pool1d",
        LayerConfig::Flatten => "flatten",
        LayerConfig::SimpleRnn { .. } => "simple_rnn",
        LayerConfig::Lstm { .. } => "lstm",
        LayerConfig::Gru { .. } => "gru",
        LayerConfig::Dropout { .. } => "dropout",
    }
}
