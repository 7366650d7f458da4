//! One pass forward and back through a network, with the memory that it needs and reuses.
use super::network::Network;
use super::operation::{Backward, Forward, Packs, Scratch};

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
                .map(|l| {
                    l.layer
                        .operation()
                        .parameters()
                        .into_iter()
                        .map(zeros)
                        .collect()
                })
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
    count: usize,
    /// The windows, then the output of every layer.
    tensors: Vec<Vec<f32>>,
    scratch: Vec<Scratch>,
    /// dL/d(tensor), while `backward` needs it.
    slopes: Vec<Option<Vec<f32>>>,
    /// Memory for the next slopes.
    spare: Vec<Vec<f32>>,
    /// Of the last `backward`.
    pub gradients: Gradients,
}

impl Pass {
    pub fn new(network: &Network) -> Self {
        let layers = network.layers.len();
        Self {
            count: 0,
            tensors: vec![Vec::new(); layers + 1],
            scratch: vec![Scratch::default(); layers],
            slopes: vec![None; layers + 1],
            spare: Vec::new(),
            gradients: Gradients::new(network),
        }
    }

    /// The windows that the next `forward` reads, `[count, T, C]`; cleared here, filled by the caller.
    pub fn input(&mut self) -> &mut Vec<f32> {
        self.tensors[0].clear();
        &mut self.tensors[0]
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
        for (index, node) in network.layers.iter().enumerate() {
            let (before, rest) = self.tensors.split_at_mut(index + 1);
            let scratch = &mut self.scratch[index];
            scratch.dropout = dropout.map(|seed| (seed, index as u64));
            let call = Forward {
                packs: &packing.layers[index],
                count,
                inputs: &node.inputs(before),
            };
            node.layer.operation().forward(call, scratch, &mut rest[0]);
        }
        &self.tensors[network.layers.len()]
    }

    /// Back from dL/d(output), which `upstream` fills given the outputs, to `gradients`, and with `wants_dx` to
    /// dL/d(input), `[count, T, C]`, which is empty otherwise.
    pub fn backward(
        &mut self,
        network: &Network,
        packing: &Packing,
        kind: Upstream,
        wants_dx: bool,
        upstream: impl FnOnce(&[f32], &mut Vec<f32>),
    ) -> &[f32] {
        self.gradients.clear();
        let layers = network.layers.len();
        let wanted = wanted(network, wants_dx);
        self.spare
            .extend(self.slopes.iter_mut().filter_map(Option::take));
        let mut dy = self.spare.pop().unwrap_or_default();
        dy.clear();
        upstream(&self.tensors[layers], &mut dy);
        self.slopes[layers] = Some(dy);
        for (index, node) in network.layers.iter().enumerate().rev() {
            // Nobody asks for the slopes of what has nothing to learn.
            let Some(mut dy) = self.slopes[index + 1].take() else {
                continue;
            };
            let slope =
                |tensor: &usize| wanted[*tensor].then(|| self.spare.pop().unwrap_or_default());
            let mut dx: Vec<Option<Vec<f32>>> = node.inputs.iter().map(slope).collect();
            let (before, rest) = self.tensors.split_at(index + 1);
            let step = Backward {
                packs: &packing.layers[index],
                count: self.count,
                inputs: &node.inputs(before),
                y: &rest[0],
                dy: &mut dy,
                dy_is_dz: kind == Upstream::Logits && index + 1 == layers,
                dx: &mut dx,
                gradients: &mut self.gradients.layers[index],
            };
            node.layer
                .operation()
                .backward(step, &mut self.scratch[index]);
            self.spare.push(dy);
            for (tensor, dx) in node.inputs.iter().zip(dx) {
                if let Some(dx) = dx {
                    self.receive(*tensor, dx);
                }
            }
        }
        self.slopes[0].as_deref().unwrap_or(&[])
    }

    /// Adds what one reader of a tensor gives to its slope.
    fn receive(&mut self, tensor: usize, dx: Vec<f32>) {
        match &mut self.slopes[tensor] {
            None => self.slopes[tensor] = Some(dx),
            Some(sum) => {
                sum.iter_mut().zip(&dx).for_each(|(sum, dx)| *sum += dx);
                self.spare.push(dx);
            }
        }
    }
}

/// Which tensors' slopes lead to a weight, or to the input where that is asked for.
fn wanted(network: &Network, input: bool) -> Vec<bool> {
    let mut wanted = vec![input];
    for node in &network.layers {
        let learns = !node.layer.operation().parameters().is_empty();
        wanted.push(learns || node.inputs.iter().any(|tensor| wanted[*tensor]));
    }
    wanted
}
