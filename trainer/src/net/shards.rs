//! A mini-batch in shards: each goes forward and back on some core, and where a layer has to see the whole mini-batch
//! they wait for each other. What is summed over shards is summed in their order, so the bits do not depend on threads.
use rayon::prelude::*;

use super::batch_norm::{Moments, Sums};
use super::gradients::Gradients;
use super::network::Network;
use super::pass::{Packing, Pass, Upstream};

/// The memory of the shards.
#[derive(Debug, Clone)]
pub(crate) struct Shards {
    passes: Vec<Pass>,
    /// Of the last mini-batch, for each BatchNorm.
    pub moments: Vec<Moments>,
}

/// What a mini-batch is made of and judged by; shards are numbered from 0.
pub(crate) trait Job: Sync {
    /// Of the judgement of a shard.
    type Score: Send;

    /// Writes a shard's windows `[count, T, C]` to `x` and gives their count and the seed of its dropout masks.
    fn windows(&self, shard: usize, x: &mut Vec<f32>) -> (usize, u64);

    /// Judges a shard's outputs and writes dL/d(output) to `dy`.
    fn judge(&self, shard: usize, outputs: &[f32], dy: &mut Vec<f32>) -> Self::Score;
}

impl Shards {
    /// Room for so many shards.
    pub fn new(network: &Network, shards: usize) -> Self {
        Self {
            passes: vec![Pass::new(network); shards],
            moments: Vec::new(),
        }
    }

    /// One mini-batch of `used` shards forward and back; gives the scores in order; then `gradients` are the
    /// sums over all shards.
    pub fn run<J: Job>(
        &mut self,
        network: &Network,
        packing: &Packing,
        kind: Upstream,
        used: usize,
        job: &J,
    ) -> Vec<J::Score> {
        let passes = &mut self.passes[..used];
        let stops = network.batch_norms();
        let layers = network.layers.len();
        let begin = |shard: usize, pass: &mut Pass| {
            let (count, dropout) = job.windows(shard, pass.input());
            pass.begin(network, count, Some(dropout));
        };
        self.moments.clear();
        let mut done = 0;
        for (index, &stop) in stops.iter().enumerate() {
            let parts = each(passes, |shard, pass| {
                if index == 0 {
                    begin(shard, pass);
                }
                pass.forward_part(network, packing, done..stop);
                pass.sums(network, stop)
            });
            let moments = Moments::of(&Sums::total(&parts));
            for pass in passes.iter_mut() {
                pass.set_moments(stop, moments.clone());
            }
            self.moments.push(moments);
            done = stop;
        }
        // Without BatchNorm this is all, and no shard waits for another.
        let last = stops.last().copied();
        let mut rest = last.map_or(0, |stop| stop + 1);
        let scores = each(passes, |shard, pass| {
            if stops.is_empty() {
                begin(shard, pass);
            }
            pass.forward_part(network, packing, done..layers);
            let judge = |outputs: &[f32], dy: &mut Vec<f32>| job.judge(shard, outputs, dy);
            let score = pass.begin_backward(network, kind, false, judge);
            pass.backward_part(network, packing, rest..layers);
            score
        });
        for &stop in stops.iter().rev() {
            let parts = each(passes, |_, pass| pass.slope_sums(network, stop));
            let total = Sums::total(&parts);
            let from = stops.iter().rev().find(|before| **before < stop);
            let from = from.map_or(0, |before| before + 1);
            each(passes, |_, pass| {
                pass.set_slope_sums(stop, total.clone());
                pass.backward_part(network, packing, from..rest);
            });
            rest = from;
        }
        let (first, others) = passes.split_first_mut().expect("a mini-batch has a shard");
        for other in others {
            first.gradients.add(&other.gradients);
        }
        scores
    }

    /// Of the last mini-batch.
    pub fn gradients(&mut self) -> &mut Gradients {
        &mut self.passes[0].gradients
    }
}

/// Every pass on some core, the results in order.
fn each<R: Send>(passes: &mut [Pass], work: impl Fn(usize, &mut Pass) -> R + Sync) -> Vec<R> {
    let passes = passes.par_iter_mut().enumerate();
    passes.map(|(shard, pass)| work(shard, pass)).collect()
}
