//! What a model must beat to be worth its flash.
use super::linear::{Linear, MAX_INPUTS};
use super::{Classification, Regression, classification, last_steps, regression};
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

    fn map<T>(self, judge: impl FnOnce(S) -> T) -> Baseline<T> {
        match self {
            Self::Scores(forecasts) => Baseline::Scores(judge(forecasts)),
            Self::Unavailable { unavailable } => Baseline::Unavailable { unavailable },
        }
    }
}

/// The baselines of a task.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Baselines {
    /// Of targets with several steps they forecast the last one, from the whole window.
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
                steps,
                width,
                values: known,
            },
            Targets::Values { values: truth, .. },
        ) => {
            let [known, truth] = [known, truth].map(|values| last_steps(values, *steps, *width));
            let judge = |outputs: Vec<f32>| {
                let mut scores = regression(&outputs, &truth, 1, *width);
                scores.last_time_step_mse = (*steps > 1).then_some(scores.mse);
                scores
            };
            Baselines::Regression {
                last_value: last_value(test, *width, target_channel).map(judge),
                linear: linear(train, &known, test, *width).map(judge),
            }
        }
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

/// Forecasts `[N, width]`.
fn last_value(test: &Split, width: usize, target_channel: Option<usize>) -> Baseline<Vec<f32>> {
    let Some(channel) = target_channel else {
        let unavailable =
            "no input is the past of the target, so there is no last value to repeat".into();
        return Baseline::Unavailable { unavailable };
    };
    let last = (test.x.steps - 1) * test.x.channels + channel;
    let outputs = (0..test.x.count)
        .flat_map(|i| std::iter::repeat_n(test.x.window(i)[last], width))
        .collect();
    Baseline::Scores(outputs)
}

/// Forecasts `[N, width]`.
fn linear(train: &Split, known: &[f32], test: &Split, width: usize) -> Baseline<Vec<f32>> {
    let inputs = train.x.steps * train.x.channels;
    if inputs > MAX_INPUTS {
        let unavailable =
            format!("a window has {inputs} values; linear regression is fitted up to {MAX_INPUTS}");
        return Baseline::Unavailable { unavailable };
    }
    let model = Linear::fit(&train.x, known, width);
    Baseline::Scores(model.predict(&test.x))
}
