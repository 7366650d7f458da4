//! One mini-batch: split into shards, each shard forward and back on some core, the gradients summed in order.
use super::loss::{Objective, Sums};
use crate::data::Windows;
use crate::net::{Gradients, Job, Network, Packing, Shards};

/// Examples in a shard, at least: as many as rows in one block of the matrix product.
const SHARD: usize = 8;
/// Shards in a mini-batch, at most: each has gradients of its own to sum up.
const MOST_SHARDS: usize = 16;

/// The memory to work through mini-batches. How a mini-batch is split depends on its size alone, never on the number
/// of threads, so the sums have the same bits on any number of cores.
pub(crate) struct Batch {
    shard: usize,
    shards: Shards,
    packing: Packing,
}

/// The examples of a mini-batch, in parts.
struct Examples<'a> {
    x: &'a Windows,
    objective: &'a Objective<'a>,
    all: &'a [usize],
    shard: usize,
    dropout: u64,
}

impl Examples<'_> {
    fn part(&self, shard: usize) -> &[usize] {
        let start = shard * self.shard;
        &self.all[start..self.all.len().min(start + self.shard)]
    }
}

impl Job for Examples<'_> {
    type Score = Sums;

    fn windows(&self, shard: usize, x: &mut Vec<f32>) -> (usize, u64) {
        let part = self.part(shard);
        for example in part {
            x.extend_from_slice(self.x.window(*example));
        }
        // Far apart, so that no two shards of a training share a seed.
        (part.len(), self.dropout.wrapping_add((shard as u64) << 48))
    }

    fn judge(&self, shard: usize, outputs: &[f32], dy: &mut Vec<f32>) -> Sums {
        let part = self.part(shard);
        self.objective.gradient(part, outputs, self.all.len(), dy);
        self.objective.sums(part, outputs)
    }
}

impl Batch {
    /// For mini-batches of at most `batch_size` examples.
    pub fn new(network: &Network, batch_size: usize) -> Self {
        let shard = batch_size.div_ceil(MOST_SHARDS).max(SHARD);
        Self {
            shard,
            shards: Shards::new(network, batch_size.div_ceil(shard)),
            packing: Packing::new(network),
        }
    }

    /// Loss and metric of `examples`, and the gradient of their mean loss; moving averages in `network` follow the
    /// mini-batch. `dropout` seeds the masks.
    pub fn run(
        &mut self,
        network: &mut Network,
        x: &Windows,
        objective: &Objective<'_>,
        examples: &[usize],
        dropout: u64,
    ) -> (Sums, &mut Gradients) {
        self.packing.update(network);
        let job = Examples {
            x,
            objective,
            all: examples,
            shard: self.shard,
            dropout,
        };
        let used = examples.len().div_ceil(self.shard);
        let kind = objective.upstream();
        let scores = self.shards.run(network, &self.packing, kind, used, &job);
        network.follow(&self.shards.moments);
        let total = scores.iter().fold(Sums::default(), |total, s| Sums {
            loss: total.loss + s.loss,
            metric: total.metric + s.metric,
        });
        (total, self.shards.gradients())
    }
}
