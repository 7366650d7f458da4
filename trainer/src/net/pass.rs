//! One pass forward and back through a network, with the memory that it needs and reuses.
use super::layer::{Backward, Packs, Scratch};
use super::network::Network;

/// The weights of a network as the matrix products read them, for both directions; pack again after each change.
#[derive(Debug, Clone)]
pub struct Packing {
    layers: Vec<Packs>,
}

impl Packing {
    pub fn new(network: &Network) -> Self {
        Self {
            layers: network.packs(true),
        }
    }

    /// Takes over the weights of `network` as they are now.
    pub fn update(&mut self, network: &Network) {
        network.pack(&mut self.layers, true);
    }
}

/// The gradient of a loss by each trained tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Gradients {
    /// One list a layer, one vector a tensor, as in `Network::parameters`.
    pub(crate) layers: Vec<Vec<Vec<f32>>>,
}

impl Gradients {
    /// Zeros.
    pub fn new(network: &Network) -> Self {
        let zeros = |(_, values): (&str, &[f32])| vec![0.0; values.len()];
        let layers = network.layers.iter();
        Self {
            layers: layers
                .map(|l| l.parameters().into_iter().map(zeros).collect())
                .collect(),
        }
    }

    /// One slice a tensor, in the order of `Network::parameters`.
    pub fn tensors(&self) -> impl Iterator<Item = &[f32]> {
        self.layers.iter().flatten().map(Vec::as_slice)
    }

    /// One slice a tensor, to change, in the order of `Network::parameters`.
    pub fn tensors_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.layers.iter_mut().flatten().map(Vec::as_mut_slice)
    }

    pub fn clear(&mut self) {
        self.tensors_mut().for_each(|tensor| tensor.fill(0.0));
    }

    pub fn add(&mut self, other: &Self) {
        for (sum, other) in self.tensors_mut().zip(other.tensors()) {
            for (sum, other) in sum.iter_mut().zip(other) {
                *sum += other;
            }
        }
    }
}

/// What the caller's dL/d(output) is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upstream {
    /// By the network's outputs.
    Outputs,
    /// By the inputs of the last layer's activation; the last layer must be Dense.
    Logits,
}

/// The state of one shard of a mini-batch.
#[derive(Debug, Clone)]
pub struct Pass {
    x: Vec<f32>,
    count: usize,
    /// Of every layer.
    outputs: Vec<Vec<f32>>,
    scratch: Vec<Scratch>,
    /// dL/dy and dL/dx of the layer in turn.
    dy: Vec<f32>,
    dx: Vec<f32>,
    /// Of the last `backward`.
    pub gradients: Gradients,
}

impl Pass {
    pub fn new(network: &Network) -> Self {
        let layers = network.layers.len();
        Self {
            x: Vec::new(),
            count: 0,
            outputs: vec![Vec::new(); layers],
            scratch: vec![Scratch::default(); layers],
            dy: Vec::new(),
            dx: Vec::new(),
            gradients: Gradients::new(network),
        }
    }

    /// The windows that the next `forward` reads, `[count, T, C]`; cleared here, filled by the caller.
    pub fn input(&mut self) -> &mut Vec<f32> {
        self.x.clear();
        &mut self.x
    }

    /// Training pass forward over `count` windows in `input`; `dropout` seeds the masks, `None` drops nothing.
    /// Gives `[count, T', C']`.
    pub fn forward(
        &mut self,
        network: &Network,
        packing: &Packing,
        count: usize,
        dropout: Option<u64>,
    ) -> &[f32] {
        self.count = count;
        for (index, layer) in network.layers.iter().enumerate() {
            let (before, rest) = self.outputs.split_at_mut(index);
            let x = before.last().unwrap_or(&self.x);
            let scratch = &mut self.scratch[index];
            scratch.dropout = dropout.map(|seed| (seed, index as u64));
            layer.forward(&packing.layers[index], x, count, scratch, &mut rest[0]);
        }
        self.outputs.last().map_or(&self.x, |y| y)
    }

    /// Back from dL/d(output), which `upstream` fills given the outputs, to `gradients`, and with `wants_dx` to
    /// dL/d(input), `[count, T, C]`.
    pub fn backward(
        &mut self,
        network: &Network,
        packing: &Packing,
        kind: Upstream,
        wants_dx: bool,
        upstream: impl FnOnce(&[f32], &mut Vec<f32>),
    ) -> &[f32] {
        self.gradients.clear();
        self.dy.clear();
        upstream(self.outputs.last().unwrap_or(&self.x), &mut self.dy);
        for (index, layer) in network.layers.iter().enumerate().rev() {
            let (before, rest) = self.outputs.split_at(index);
            let step = Backward {
                packs: &packing.layers[index],
                count: self.count,
                x: before.last().unwrap_or(&self.x),
                y: &rest[0],
                dy: &mut self.dy,
                dy_is_dz: kind == Upstream::Logits && index + 1 == network.layers.len(),
                dx: (index > 0 || wants_dx).then_some(&mut self.dx),
                gradients: &mut self.gradients.layers[index],
            };
            layer.backward(step, &mut self.scratch[index]);
            std::mem::swap(&mut self.dy, &mut self.dx);
        }
        &self.dy
    }
}
