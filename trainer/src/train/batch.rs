//! One mini-batch: split into shards, each shard forward and back on some core, the gradients summed in order.
use rayon::prelude::*;

use super::loss::{Objective, Sums};
use crate::data::Windows;
use crate::net::{Gradients, Network, Packing, Pass};

/// Examples in a shard, at least: as many as rows in one block of the matrix product.
const SHARD: usize = 8;
/// Shards in a mini-batch, at most: each has gradients of its own to sum up.
const MOST_SHARDS: usize = 16;

/// The memory to work through mini-batches. How a mini-batch is split depends on its size alone, never on the number
/// of threads, so the sums have the same bits on any number of cores.
pub(crate) struct Batch {
    shard: usize,
    passes: Vec<Pass>,
    packing: Packing,
}

impl Batch {
    /// For mini-batches of at most `batch_size` examples.
    pub fn new(network: &Network, batch_size: usize) -> Self {
        let shard = batch_size.div_ceil(MOST_SHARDS).max(SHARD);
        Self {
            shard,
            passes: vec![Pass::new(network); batch_size.div_ceil(shard)],
            packing: Packing::new(network),
        }
    }

    /// Loss and metric of `examples`, and the gradient of their mean loss. `dropout` seeds the masks.
    pub fn run(
        &mut self,
        network: &Network,
        x: &Windows,
        objective: &Objective<'_>,
        examples: &[usize],
        dropout: u64,
    ) -> (Sums, &mut Gradients) {
        self.packing.update(network);
        let packing = &self.packing;
        let shards: Vec<Sums> = self
            .passes
            .par_iter_mut()
            .zip(examples.par_chunks(self.shard))
            .enumerate()
            .map(|(index, (pass, part))| {
                let input = pass.input();
                part.iter()
                    .for_each(|i| input.extend_from_slice(x.window(*i)));
                // Far apart, so that no two shards of a training share a seed.
                let seed = dropout.wrapping_add((index as u64) << 48);
                let outputs = pass.forward(network, packing, part.len(), Some(seed));
                let sums = objective.sums(part, outputs);
                pass.backward(network, packing, objective.upstream(), false, |y, dy| {
                    objective.gradient(part, y, examples.len(), dy);
                });
                sums
            })
            .collect();
        let used = &mut self.passes[..shards.len()];
        let (first, others) = used.split_first_mut().expect("a batch has an example");
        for other in others {
            first.gradients.add(&other.gradients);
        }
        let total = shards.iter().fold(Sums::default(), |total, s| Sums {
            loss: total.loss + s.loss,
            metric: total.metric + s.metric,
        });
        (total, &mut first.gradients)
    }
}
