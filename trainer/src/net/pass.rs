//! One pass forward and back through a network, with the memory that it needs and reuses.
use super::batch_norm::{Moments, Sums};
use super::gradients::Gradients;
use super::layer::Layer;
use super::network::Network;
use std::ops::Range;

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
    /// Which slopes lead to a weight, or to the input where that is asked for.
    wanted: Vec<bool>,
    kind: Upstream,
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
            wanted: Vec::new(),
            kind: Upstream::Outputs,
            spare: Vec::new(),
            gradients: Gradients::new(network),
        }
    }

    /// The windows that the next `forward` reads, `[count, T, C]`; cleared here, filled by the caller.
    pub fn input(&mut self) -> &mut Vec<f32> {
        self.tensors[0].clear();
        &mut self.tensors[0]
    }

    /// Training pass forward over `count` windows in `input`, which are the whole mini-batch; `dropout` seeds the
    /// masks, `None` drops nothing. Gives `[count, T', C']`.
    pub fn forward(
        &mut self,
        network: &Network,
        packing: &Packing,
        count: usize,
        dropout: Option<u64>,
    ) -> &[f32] {
        self.begin(network, count, dropout);
        let mut done = 0;
        for stop in network.batch_norms() {
            self.forward_part(network, packing, done..stop);
            let moments = Moments::of(&self.sums(network, stop));
            self.scratch[stop].moments = Some(moments);
            done = stop;
        }
        self.forward_part(network, packing, done..network.layers.len());
        self.outputs()
    }

    /// Before a pass forward over the windows in `input`.
    pub(super) fn begin(&mut self, network: &Network, count: usize, dropout: Option<u64>) {
        self.count = count;
        for index in 0..network.layers.len() {
            self.scratch[index].dropout = dropout.map(|seed| (seed, index as u64));
        }
    }

    /// Some layers forward; those before them have been.
    pub(super) fn forward_part(
        &mut self,
        network: &Network,
        packing: &Packing,
        layers: Range<usize>,
    ) {
        for index in layers {
            let node = &network.layers[index];
            let (before, rest) = self.tensors.split_at_mut(index + 1);
            let call = Forward {
                packs: &packing.layers[index],
                count: self.count,
                inputs: &node.inputs(before),
            };
            let scratch = &mut self.scratch[index];
            node.layer.operation().forward(call, scratch, &mut rest[0]);
        }
    }

    /// What this shard gives to the moments of a BatchNorm whose input is there.
    pub(super) fn sums(&self, network: &Network, index: usize) -> Sums {
        let node = &network.layers[index];
        let Layer::BatchNorm(norm) = &node.layer else {
            return Sums::default();
        };
        norm.sums(&self.tensors[node.inputs[0]])
    }

    /// Of the whole mini-batch, for the BatchNorm at `index`.
    pub(super) fn set_moments(&mut self, index: usize, moments: Moments) {
        self.scratch[index].moments = Some(moments);
    }

    /// What this shard gives to the gradient's sums of a BatchNorm whose output's slope is there.
    pub(super) fn slope_sums(&self, network: &Network, index: usize) -> Sums {
        let Layer::BatchNorm(norm) = &network.layers[index].layer else {
            return Sums::default();
        };
        let dy = self.slopes[index + 1].as_deref().unwrap_or(&[]);
        norm.slope_sums(dy, &self.scratch[index])
    }

    /// Of the whole mini-batch, for the BatchNorm at `index`.
    pub(super) fn set_slope_sums(&mut self, index: usize, sums: Sums) {
        self.scratch[index].slope_sums = sums;
    }

    /// The answers of the last `forward`, `[count, T', C']`.
    pub(super) fn outputs(&self) -> &[f32] {
        self.tensors.last().map_or(&[], Vec::as_slice)
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
        self.begin_backward(network, kind, wants_dx, |outputs, dy| {
            upstream(outputs, dy);
        });
        let mut rest = network.layers.len();
        for stop in network.batch_norms().into_iter().rev() {
            self.backward_part(network, packing, stop + 1..rest);
            let sums = self.slope_sums(network, stop);
            self.scratch[stop].slope_sums = sums;
            rest = stop + 1;
        }
        self.backward_part(network, packing, 0..rest);
        self.slopes[0].as_deref().unwrap_or(&[])
    }

    /// Takes dL/d(output), before the layers go back from the last to the first.
    pub(super) fn begin_backward<R>(
        &mut self,
        network: &Network,
        kind: Upstream,
        wants_dx: bool,
        upstream: impl FnOnce(&[f32], &mut Vec<f32>) -> R,
    ) -> R {
        self.gradients.clear();
        self.wanted = wanted(network, wants_dx);
        self.kind = kind;
        self.spare
            .extend(self.slopes.iter_mut().filter_map(Option::take));
        let mut dy = self.spare.pop().unwrap_or_default();
        dy.clear();
        let result = upstream(self.outputs(), &mut dy);
        self.slopes[network.layers.len()] = Some(dy);
        result
    }

    /// Some layers back; those after them have been.
    pub(super) fn backward_part(
        &mut self,
        network: &Network,
        packing: &Packing,
        layers: Range<usize>,
    ) {
        for index in layers.rev() {
            let node = &network.layers[index];
            // Nobody asks for the slopes of what has nothing to learn.
            let Some(mut dy) = self.slopes[index + 1].take() else {
                continue;
            };
            let slope =
                |tensor: &usize| self.wanted[*tensor].then(|| self.spare.pop().unwrap_or_default());
            let mut dx: Vec<Option<Vec<f32>>> = node.inputs.iter().map(slope).collect();
            let (before, rest) = self.tensors.split_at(index + 1);
            let step = Backward {
                packs: &packing.layers[index],
                count: self.count,
                inputs: &node.inputs(before),
                y: &rest[0],
                dy: &mut dy,
                dy_is_dz: self.kind == Upstream::Logits && index + 1 == network.layers.len(),
                dx: &mut dx,
                gradients: &mut self.gradients.layers[index],
            };
            let scratch = &mut self.scratch[index];
            node.layer.operation().backward(step, scratch);
            self.spare.push(dy);
            for (tensor, dx) in node.inputs.iter().zip(dx) {
                if let Some(dx) = dx {
                    self.receive(*tensor, dx);
                }
            }
        }
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
