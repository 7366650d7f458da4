//! What a model must beat to be worth its flash.
use super::linear::{Linear, MAX_INPUTS};
use super::{Classification, Regression, classification, regression};
use crate::data::{Split, Targets};
use crate::error::{Error, Result};
use serde::Serialize;

/// A baseline's scores, or why there are none.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Baseline<S> {
    Scores(S),
    Unavailable { unavailable: String },
}

impl<S> Baseline<S> {
    pub fn scores(&self) -> Option<&S> {
        match self {
            Self::Scores(scores) => Some(scores),
            Self::Unavailable { .. } => None,
        }
    }
}

/// The baselines of a task.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Baselines {
    Regression {
        /// Repeats the last value of the channel that the target continues.
        last_value: Baseline<Regression>,
        /// Linear regression on the flattened window, fitted on the training part.
        linear: Baseline<Regression>,
    },
    Classification {
        /// Always the most frequent class of the training part.
        majority_class: Baseline<Classification>,
    },
}

/// Scores of the naive baselines on `test`. `target_channel` is the input channel that the target continues, if any.
/// Both splits have the same window shape, as those of a dataset have.
///
/// # Errors
/// `Error::Input` when one part has values and the other labels.
pub fn baselines(train: &Split, test: &Split, target_channel: Option<usize>) -> Result<Baselines> {
    Ok(match (&train.y, &test.y) {
        (
            Targets::Values {
                width,
                values: known,
            },
            Targets::Values { values: truth, .. },
        ) => Baselines::Regression {
            last_value: last_value(test, truth, *width, target_channel),
            linear: linear(train, known, test, truth, *width),
        },
        (
            Targets::Labels {
                classes,
                labels: known,
            },
            Targets::Labels { labels: truth, .. },
        ) => {
            let mut counts = vec![0u32; *classes];
            known.iter().for_each(|label| counts[*label as usize] += 1);
            let majority = (0..*classes).rev().max_by_key(|c| counts[*c]).unwrap_or(0) as u32;
            let always = vec![majority; truth.len()];
            Baselines::Classification {
                majority_class: Baseline::Scores(classification(&always, truth, *classes)),
            }
        }
        (Targets::Values { .. }, Targets::Labels { .. })
        | (Targets::Labels { .. }, Targets::Values { .. }) => {
            let sentence =
                "the training part and the test part must both have values, or both labels";
            return Err(Error::input(sentence));
        }
    })
}

fn last_value(
    test: &Split,
    truth: &[f32],
    width: usize,
    target_channel: Option<usize>,
) -> Baseline<Regression> {
    let Some(channel) = target_channel else {
        let unavailable =
            "no input is the past of the target, so there is no last value to repeat".into();
        return Baseline::Unavailable { unavailable };
    };
    let last = (test.x.steps - 1) * test.x.channels + channel;
    let outputs: Vec<f32> = (0..test.x.count)
        .flat_map(|i| std::iter::repeat_n(test.x.window(i)[last], width))
        .collect();
    Baseline::Scores(regression(&outputs, truth, width))
}

fn linear(
    train: &Split,
    known: &[f32],
    test: &Split,
    truth: &[f32],
    width: usize,
) -> Baseline<Regression> {
    let inputs = train.x.steps * train.x.channels;
    if inputs > MAX_INPUTS {
        let unavailable =
            format!("a window has {inputs} values; linear regression is fitted up to {MAX_INPUTS}");
        return Baseline::Unavailable { unavailable };
    }
    let model = Linear::fit(&train.x, known, width);
    Baseline::Scores(regression(&model.predict(&test.x), truth, width))
}
