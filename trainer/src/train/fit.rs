//! `fit`: epochs over shuffled mini-batches, validation after each, early stopping.
use super::batch::Batch;
use super::loss::{Objective, Sums};
use super::optimizer::{Optimizer, clip_norm};
use crate::config::{Task, TrainingConfig};
use crate::data::Split;
use crate::error::{Error, Result};
use crate::net::Network;
use crate::net::random::{DROPOUT, SHUFFLE, stream};

/// Loss and metric (mae or accuracy), means over the examples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    pub loss: f64,
    pub metric: f64,
}

/// One epoch as Keras reports it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Epoch {
    /// From 1.
    pub number: usize,
    /// Means over the mini-batches while the weights moved.
    pub train: Score,
    /// With the weights after the epoch; `None` without validation examples.
    pub validation: Option<Score>,
}

/// A finished training.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// `mae` or `accuracy`: what `Score::metric` is.
    pub metric: &'static str,
    pub epochs: Vec<Epoch>,
    /// The epoch (from 1) whose weights the network has now.
    pub kept_epoch: usize,
}

/// News for whoever watches.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    /// A mini-batch is done; `score` is the epoch's mean so far.
    Batch {
        /// From 1.
        epoch: usize,
        epochs: usize,
        /// From 1.
        batch: usize,
        batches: usize,
        metric: &'static str,
        score: Score,
    },
    /// An epoch is done.
    Epoch {
        epochs: usize,
        metric: &'static str,
        epoch: &'a Epoch,
    },
}

/// Fits `network` to `train`, whose values are normalized already, and judges it by `validation` (may be empty).
/// The same seed gives the same bits for any number of threads.
///
/// # Errors
/// `Error::Input` when network, data, task and configuration do not belong together, or when the loss is no longer a
/// number; the network is then as far as the training came.
pub fn fit(
    network: &mut Network,
    train: &Split,
    validation: &Split,
    task: Task,
    config: &TrainingConfig,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<History> {
    check(train, validation, config)?;
    let objective = Objective::new(network, train, task, config.loss)?;
    let judge = match validation.x.count {
        0 => None,
        _ => Some(Objective::new(network, validation, task, config.loss)?),
    };
    let mut optimizer = Optimizer::new(network, config)?;
    let mut batch = Batch::new(network, config.batch_size.min(train.x.count));
    let mut order: Vec<usize> = (0..train.x.count).collect();
    let mut history = History {
        metric: objective.metric(),
        epochs: Vec::new(),
        kept_epoch: 0,
    };
    let mut best: Option<(f64, Network)> = None;
    let batches = train.x.count.div_ceil(config.batch_size);
    let mut steps = 0u64;
    for number in 1..=config.epochs {
        if config.shuffle {
            stream(config.seed, SHUFFLE + number as u64).shuffle(&mut order);
        }
        let mut sums = Sums::default();
        let mut seen = 0;
        for (index, examples) in order.chunks(config.batch_size).enumerate() {
            let dropout = stream(config.seed, DROPOUT + steps).below(u64::MAX);
            steps += 1;
            let (part, gradients) = batch.run(network, &train.x, &objective, examples, dropout);
            sums.loss += part.loss;
            sums.metric += part.metric;
            seen += examples.len();
            check_finite(sums.loss, "loss", number)?;
            if let Some(limit) = config.clip_norm {
                clip_norm(gradients, limit);
            }
            optimizer.step(network, gradients);
            progress(Progress::Batch {
                epoch: number,
                epochs: config.epochs,
                batch: index + 1,
                batches,
                metric: history.metric,
                score: mean(sums, seen),
            });
        }
        let epoch = Epoch {
            number,
            train: mean(sums, seen),
            validation: match &judge {
                Some(judge) => Some(evaluate(network, validation, judge, number)?),
                None => None,
            },
        };
        history.epochs.push(epoch);
        history.kept_epoch = number;
        progress(Progress::Epoch {
            epochs: config.epochs,
            metric: history.metric,
            epoch: &epoch,
        });
        if let (Some(patience), Some(score)) = (config.early_stopping, epoch.validation)
            && stop(&mut best, &history, score.loss, patience, network)
        {
            break;
        }
    }
    // Overflow in the very last step would show in no loss.
    let sum: f32 = network
        .parameters()
        .iter()
        .flat_map(|p| p.values)
        .map(|w| w * 0.0)
        .sum();
    check_finite(f64::from(sum), "weights", history.epochs.len())?;
    if let Some((loss, weights)) = best {
        *network = weights;
        let kept = |e: &&Epoch| e.validation.is_some_and(|v| v.loss == loss);
        history.kept_epoch = history.epochs.iter().find(kept).map_or(0, |e| e.number);
    }
    Ok(history)
}

/// Keeps the best weights so far in `best`; true after `patience` epochs without better ones.
fn stop(
    best: &mut Option<(f64, Network)>,
    history: &History,
    loss: f64,
    patience: usize,
    network: &Network,
) -> bool {
    match best {
        Some((least, _)) if loss >= *least => {
            let worse = history.epochs.iter().rev();
            let since = worse
                .take_while(|e| e.validation.is_none_or(|v| v.loss != *least))
                .count();
            since >= patience.max(1)
        }
        Some(_) | None => {
            *best = Some((loss, network.clone()));
            false
        }
    }
}

fn mean(sums: Sums, count: usize) -> Score {
    Score {
        loss: sums.loss / count as f64,
        metric: sums.metric / count as f64,
    }
}

fn evaluate(
    network: &Network,
    split: &Split,
    objective: &Objective<'_>,
    epoch: usize,
) -> Result<Score> {
    let outputs = network.forward(&split.x.values, split.x.count);
    let all: Vec<usize> = (0..split.x.count).collect();
    let sums = objective.sums(&all, &outputs);
    check_finite(sums.loss, "validation loss", epoch)?;
    Ok(mean(sums, split.x.count))
}

fn check_finite(value: f64, what: &str, epoch: usize) -> Result<()> {
    if value.is_finite() {
        return Ok(());
    }
    let (is, no) = if what == "weights" {
        ("are", "finite")
    } else {
        ("is", "a finite number")
    };
    Err(Error::input(format!(
        "epoch {epoch}: the {what} {is} no longer {no}; set training.clip_norm (for example 1.0) or a smaller \
         training.learning_rate, and look for extreme values in the data"
    )))
}

fn check(train: &Split, validation: &Split, config: &TrainingConfig) -> Result<()> {
    if train.x.count == 0 {
        return Err(Error::input("there is no training example; give more data"));
    }
    for (name, value) in [("epochs", config.epochs), ("batch_size", config.batch_size)] {
        if value == 0 {
            return Err(Error::input(format!(
                "training.{name} is 0; give at least 1"
            )));
        }
    }
    if let Some(limit) = config.clip_norm
        && !(limit > 0.0 && limit.is_finite())
    {
        return Err(Error::input(format!(
            "training.clip_norm = {limit} must be above 0; the usual is 1.0"
        )));
    }
    if config.early_stopping.is_some() && validation.x.count == 0 {
        return Err(Error::input(
            "training.early_stopping needs validation examples but there are none; set data.validation_split",
        ));
    }
    Ok(())
}
