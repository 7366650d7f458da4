//! `dunlin evaluate`: a model's scores beside those of the naive baselines.
use std::path::PathBuf;

use clap::Args;

use super::source::{Source, targets};
use crate::config::Task;
use crate::data::Targets;
use crate::error::{Error, Result};
use crate::metrics::{self, Baseline, Baselines, Evaluation, Scores};
use crate::model_file::Runner;
use crate::report::table::Table;

/// Score a model file on test data, beside the naive baselines
#[derive(Debug, Args)]
pub struct Arguments {
    /// The model file
    model: PathBuf,
    /// A description (its test part) or windows x.npy
    #[arg(long)]
    data: PathBuf,
    /// The targets of windows from x.npy [default: y.npy beside it]
    #[arg(long)]
    targets: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<()> {
    let runner = Runner::open(&arguments.model)?;
    let evaluation = match Source::open(&arguments.data)? {
        Source::Dataset(dataset) => metrics::evaluate(&runner.run(&dataset.test.x)?, &dataset)?,
        Source::Windows(windows) => {
            let outputs = runner.run(&windows)?;
            let width = outputs.len() / windows.count.max(1);
            let named = arguments.targets.as_deref();
            // Labels are integers; a model for them gives a score a class.
            let truth = targets(&arguments.data, named, Task::Classification, Some(width))
                .or_else(
                    |error| match targets(&arguments.data, named, Task::Regression, None) {
                        Ok(values) if width == values.size() => Ok(values),
                        Ok(_) => Err(error),
                        Err(error) => Err(error),
                    },
                )?;
            if truth.count() != windows.count {
                return Err(Error::input(format!(
                    "{} has {} windows, its targets are {}",
                    arguments.data.display(),
                    windows.count,
                    truth.count()
                )));
            }
            Evaluation {
                scores: metrics::score(&outputs, &truth)?,
                baselines: unavailable(&truth),
            }
        }
    };
    if arguments.json {
        let json = serde_json::to_string_pretty(&evaluation)
            .map_err(|error| Error::check(error.to_string()))?;
        println!("{json}");
    } else {
        print(&evaluation);
    }
    Ok(())
}

/// An array of windows has no training part to fit a baseline on.
fn unavailable(truth: &Targets) -> Baselines {
    let reason =
        || "give the description (.toml) as --data: baselines need the training part".to_owned();
    match truth {
        Targets::Values { .. } => Baselines::Regression {
            last_value: Baseline::Unavailable {
                unavailable: reason(),
            },
            linear: Baseline::Unavailable {
                unavailable: reason(),
            },
        },
        Targets::Labels { .. } => Baselines::Classification {
            majority_class: Baseline::Unavailable {
                unavailable: reason(),
            },
        },
    }
}

/// The names of the figures in a table of scores.
pub fn header(scores: &Scores) -> Vec<&'static str> {
    match scores {
        Scores::Regression(r) if r.last_time_step_mse.is_some() => {
            vec!["last step MSE", "MSE", "MAE", "R²"]
        }
        Scores::Regression(_) => vec!["MSE", "MAE", "R²"],
        Scores::Classification(_) => vec!["accuracy", "F1", ""],
    }
}

/// The figures of one row in a table of scores.
pub fn cells(scores: &Scores) -> Vec<String> {
    match scores {
        Scores::Regression(r) => {
            let last = r.last_time_step_mse.map(|mse| format!("{mse:.5}"));
            let all = [
                format!("{:.5}", r.mse),
                format!("{:.5}", r.mae),
                format!("{:.4}", r.r2),
            ];
            last.into_iter().chain(all).collect()
        }
        Scores::Classification(c) => vec![
            format!("{:.4}", c.accuracy),
            format!("{:.4}", c.f1),
            String::new(),
        ],
    }
}

/// The rows of the baselines.
pub fn baseline_cells(baselines: &Baselines) -> Vec<(&'static str, Vec<String>)> {
    fn row<S: Clone>(baseline: &Baseline<S>, scores: impl Fn(S) -> Scores) -> Vec<String> {
        match baseline {
            Baseline::Scores(values) => cells(&scores(values.clone())),
            Baseline::Unavailable { unavailable } => vec![format!("({unavailable})")],
        }
    }
    match baselines {
        Baselines::Regression { last_value, linear } => {
            [("last value", last_value), ("linear regression", linear)]
                .map(|(name, baseline)| {
                    let mut cells = row(baseline, Scores::Regression);
                    // Of a sequence they forecast the last step alone: nothing to stand beside errors over all steps.
                    if baseline
                        .scores()
                        .is_some_and(|r| r.last_time_step_mse.is_some())
                    {
                        cells.truncate(1);
                    }
                    (name, cells)
                })
                .to_vec()
        }
        Baselines::Classification { majority_class } => {
            vec![(
                "majority class",
                row(majority_class, Scores::Classification),
            )]
        }
    }
}

fn print(evaluation: &Evaluation) {
    let mut table = Table::new([vec![""], header(&evaluation.scores)].concat());
    table.row([vec!["model".to_owned()], cells(&evaluation.scores)].concat());
    for (name, cells) in baseline_cells(&evaluation.baselines) {
        table.row([vec![name.to_owned()], cells].concat());
    }
    print!("{table}");
    if let Scores::Classification(scores) = &evaluation.scores {
        let classes = 0..scores.confusion_matrix.len();
        let mut per_class = Table::new(["class", "precision", "recall", "F1"]);
        for (class, score) in scores.per_class.iter().enumerate() {
            per_class.row([
                class.to_string(),
                format!("{:.4}", score.precision),
                format!("{:.4}", score.recall),
                format!("{:.4}", score.f1),
            ]);
        }
        let mut confusion = Table::new(
            std::iter::once("true \\ predicted".to_owned())
                .chain(classes.map(|class| class.to_string())),
        );
        for (class, row) in scores.confusion_matrix.iter().enumerate() {
            confusion
                .row(std::iter::once(class.to_string()).chain(row.iter().map(ToString::to_string)));
        }
        print!("\n{per_class}\n{confusion}");
    }
}
