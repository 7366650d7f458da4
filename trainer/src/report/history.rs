//! The history of a training run as a CSV file: one line an epoch.
use super::atomic;
use crate::error::Result;
use crate::train::History;
use std::fmt::Write;
use std::path::Path;

/// Writes `epoch,loss,val_loss,METRIC,val_METRIC` and a line for each epoch, atomically. Without a validation part its cells
/// are empty.
///
/// # Errors
/// `Error::Input` when the file cannot be written.
pub fn write(path: &Path, history: &History) -> Result<()> {
    atomic::write(path, text(history).as_bytes())
}

fn text(history: &History) -> String {
    let metric = history.metric;
    let mut text = format!("epoch,loss,val_loss,{metric},val_{metric}\n");
    for epoch in &history.epochs {
        let (train, validation) = (epoch.train, epoch.validation);
        let cell = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{},{},{},{},{}",
            epoch.number,
            train.loss,
            cell(validation.map(|score| score.loss)),
            train.metric,
            cell(validation.map(|score| score.metric)),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::{Epoch, Score};

    #[test]
    fn a_line_for_each_epoch_under_the_names() {
        let score = |loss, metric| Score { loss, metric };
        let mut history = History {
            metric: "mae",
            epochs: vec![
                Epoch {
                    number: 1,
                    train: score(0.5, 0.25),
                    validation: Some(score(0.75, 0.125)),
                },
                Epoch {
                    number: 2,
                    train: score(0.25, 1e-7),
                    validation: None,
                },
            ],
            kept_epoch: 1,
        };
        let expected =
            "epoch,loss,val_loss,mae,val_mae\n1,0.5,0.75,0.25,0.125\n2,0.25,,0.0000001,\n";
        assert_eq!(text(&history), expected);
        history.epochs.clear();
        assert_eq!(text(&history), "epoch,loss,val_loss,mae,val_mae\n");
    }
}
