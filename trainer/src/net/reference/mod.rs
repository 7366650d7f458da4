//! An independent forward pass in f64, written straight from the equations in plain loops: the judge of gradients and
//! of quantized models. It shares no code with the layers.
mod activation;
mod layers;
mod recurrent;

use std::collections::BTreeMap;

use super::{Layer, Network};

/// A layer's weights by their Keras names; also those that are not trained.
pub type Weights = BTreeMap<&'static str, Vec<f64>>;

/// A network with its weights in f64.
#[derive(Debug, Clone)]
pub struct Reference<'a> {
    network: &'a Network,
    /// One entry a layer; empty without weights.
    pub weights: Vec<Weights>,
}

impl<'a> Reference<'a> {
    /// The network as it is now.
    pub fn new(network: &'a Network) -> Self {
        Self {
            network,
            weights: network.layers.iter().map(|n| weights(&n.layer)).collect(),
        }
    }

    /// Training: a mini-batch of windows `[T, C]` to their answers, each BatchNorm by the moments of the mini-batch.
    pub fn forward_batch(&self, windows: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let mut tensors = vec![windows.to_vec()];
        for (node, weights) in self.network.layers.iter().zip(&self.weights) {
            let y = if let Layer::BatchNorm(l) = &node.layer {
                let batch = &tensors[node.inputs[0]];
                let (mean, variance) = layers::moments(l.input.channels, batch);
                let norm = |x: &Vec<f64>| layers::batch_norm(l, weights, (&mean, &variance), x);
                batch.iter().map(norm).collect()
            } else {
                let window = |at: usize| {
                    let inputs = node.inputs.iter().map(|t| tensors[*t][at].as_slice());
                    forward(&node.layer, weights, &inputs.collect::<Vec<_>>())
                };
                (0..windows.len()).map(window).collect()
            };
            tensors.push(y);
        }
        tensors.pop().unwrap_or_default()
    }

    /// One window `[T, C]` to its answer `[T', C']`.
    pub fn forward(&self, x: &[f64]) -> Vec<f64> {
        self.trace(x).pop().unwrap_or_else(|| x.to_vec())
    }

    /// The output of every layer for one window `[T, C]`.
    pub fn trace(&self, x: &[f64]) -> Vec<Vec<f64>> {
        let mut tensors = vec![x.to_vec()];
        for (node, weights) in self.network.layers.iter().zip(&self.weights) {
            let inputs: Vec<&[f64]> = node.inputs.iter().map(|t| tensors[*t].as_slice()).collect();
            tensors.push(forward(&node.layer, weights, &inputs));
        }
        tensors.split_off(1)
    }
}

fn weights(layer: &Layer) -> Weights {
    let lists: Vec<(&'static str, &Vec<f32>)> = match layer {
        Layer::Dense(l) => vec![("kernel", &l.kernel), ("bias", &l.bias)],
        Layer::Conv1d(l) => vec![("kernel", &l.kernel), ("bias", &l.bias)],
        Layer::SimpleRnn(l) => vec![
            ("kernel", &l.kernel),
            ("recurrent_kernel", &l.recurrent_kernel),
            ("bias", &l.bias),
            ("gamma", &l.gamma),
            ("beta", &l.beta),
        ],
        Layer::Lstm(l) => vec![
            ("kernel", &l.kernel),
            ("recurrent_kernel", &l.recurrent_kernel),
            ("bias", &l.bias),
        ],
        Layer::Gru(l) => vec![
            ("kernel", &l.kernel),
            ("recurrent_kernel", &l.recurrent_kernel),
            ("bias", &l.bias),
        ],
        Layer::GroupedConv1d(l) => vec![("kernel", &l.kernel), ("bias", &l.bias)],
        Layer::Embedding(l) => vec![("embeddings", &l.embeddings)],
        Layer::LayerNorm(l) => vec![("gamma", &l.gamma), ("beta", &l.beta)],
        Layer::BatchNorm(l) => vec![
            ("gamma", &l.gamma),
            ("beta", &l.beta),
            ("moving_mean", &l.moving_mean),
            ("moving_variance", &l.moving_variance),
        ],
        Layer::Pool1d(_)
        | Layer::Resample(_)
        | Layer::GlobalPool1d(_)
        | Layer::Flatten(_)
        | Layer::Dropout(_)
        | Layer::Activation(_)
        | Layer::Merge(_) => Vec::new(),
    };
    let wide = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect();
    lists
        .into_iter()
        .map(|(name, values)| (name, wide(values)))
        .collect()
}

/// One window through a layer.
fn forward(layer: &Layer, weights: &Weights, inputs: &[&[f64]]) -> Vec<f64> {
    let x = inputs[0];
    match layer {
        Layer::Dense(l) => layers::dense(l, weights, x),
        Layer::Conv1d(l) => layers::conv1d(l, weights, x),
        Layer::Pool1d(l) => layers::pool1d(l, x),
        Layer::GlobalPool1d(l) => layers::global_pool1d(l, x),
        Layer::Flatten(_) | Layer::Dropout(_) => x.to_vec(),
        Layer::SimpleRnn(l) => recurrent::simple_rnn(l, weights, x),
        Layer::Lstm(l) => recurrent::lstm(l, weights, x),
        Layer::Gru(l) => recurrent::gru(l, weights, x),
        Layer::Activation(l) => {
            let mut y = x.to_vec();
            activation::activate(l.activation, &mut y);
            y
        }
        Layer::Merge(l) => {
            let mut y = layers::merge(l, inputs);
            activation::activate(l.activation, &mut y);
            y
        }
        Layer::GroupedConv1d(l) => layers::grouped_conv1d(l, weights, x),
        Layer::Resample(l) => layers::resample(l, x),
        Layer::Embedding(l) => {
            let row = |id: &f64| &weights["embeddings"][*id as usize * l.units..][..l.units];
            x.iter().flat_map(row).copied().collect()
        }
        Layer::LayerNorm(l) => {
            let rows = x.chunks_exact(l.input.channels);
            let norm = |row| layers::layer_norm(row, weights, l.epsilon);
            let mut y: Vec<f64> = rows.flat_map(norm).collect();
            activation::activate(l.activation, &mut y);
            y
        }
        Layer::BatchNorm(l) => {
            let moments = (&weights["moving_mean"][..], &weights["moving_variance"][..]);
            layers::batch_norm(l, weights, moments, x)
        }
    }
}
