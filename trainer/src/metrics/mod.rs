//! Scores of a model, always beside those of the naive baselines.
use crate::data::{Dataset, Targets};
use crate::error::{Error, Result};
use serde::Serialize;

mod baseline;
mod classification;
mod linear;
mod regression;
pub use baseline::{Baseline, Baselines, baselines};
pub use classification::{Classification, PerClass, argmax, classification};
pub use regression::{Regression, last_steps, regression};

/// Scores by their usual names.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Scores {
    Regression(Regression),
    Classification(Classification),
}

/// What `evaluate` prints and writes: `mse, last_time_step_mse (of sequences), mae, r2, baselines` or `accuracy, ..., confusion_matrix, baselines`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    #[serde(flatten)]
    pub scores: Scores,
    pub baselines: Baselines,
}

/// Compares a model's outputs with the truth. For values, `outputs` is `[N, steps, width]` in raw units; for labels it is
/// `[N, classes]` scores, of which the largest names the class.
///
/// # Errors
/// `Error::Input` when the number of outputs does not fit the targets, or an output is NaN.
pub fn score(outputs: &[f32], truth: &Targets) -> Result<Scores> {
    let width = match truth {
        Targets::Values { .. } => truth.size(),
        Targets::Labels { classes, .. } => *classes,
    };
    let count = truth.count();
    if count == 0 || outputs.len() != count * width {
        return Err(Error::input(format!(
            "the model gives {} values for {count} targets that need {width} each; its last layer does not fit the data",
            outputs.len()
        )));
    }
    if let Some(i) = outputs.iter().position(|v| v.is_nan()) {
        let window = i / width;
        return Err(Error::input(format!(
            "the model's output for window {window} is NaN; train it again"
        )));
    }
    Ok(match truth {
        Targets::Values {
            steps,
            width,
            values,
        } => Scores::Regression(regression(outputs, values, *steps, *width)),
        Targets::Labels { classes, labels } => {
            Scores::Classification(classification(&argmax(outputs, *classes), labels, *classes))
        }
    })
}

/// Scores of `outputs` on the test part of `data`, beside the baselines that the training part gives.
///
/// # Errors
/// As [`score`].
pub fn evaluate(outputs: &[f32], data: &Dataset) -> Result<Evaluation> {
    Ok(Evaluation {
        scores: score(outputs, &data.test.y)?,
        baselines: baselines(&data.train, &data.test, data.target_channel)?,
    })
}
