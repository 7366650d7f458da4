//! The progress bar of training, in the manner of Keras: a line an epoch on stderr, nothing when it is not a terminal.
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::fit::{Progress, Score};

/// Shows the news of `fit`: give `&mut |p| bar.show(p)`.
pub struct Bar {
    bar: ProgressBar,
    quiet: bool,
    /// The epoch that the bar is showing.
    epoch: usize,
}

impl Bar {
    /// With `quiet` it shows nothing at all.
    pub fn new(quiet: bool) -> Self {
        Self {
            bar: ProgressBar::hidden(),
            quiet,
            epoch: 0,
        }
    }

    /// Shows one piece of news.
    pub fn show(&mut self, news: Progress<'_>) {
        match news {
            Progress::Batch {
                epoch,
                epochs,
                batch,
                batches,
                metric,
                score,
            } => {
                if self.epoch != epoch {
                    self.start(epoch, epochs, batches);
                }
                self.bar.set_position(batch as u64);
                self.bar.set_message(scores("", metric, score));
            }
            Progress::Epoch { metric, epoch, .. } => {
                let mut line = scores("", metric, epoch.train);
                if let Some(score) = epoch.validation {
                    line.push_str(" - ");
                    line.push_str(&scores("val_", metric, score));
                }
                self.bar.finish_with_message(line);
            }
        }
    }

    fn start(&mut self, epoch: usize, epochs: usize, batches: usize) {
        // indicatif draws only on a terminal.
        let target = if self.quiet {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        self.epoch = epoch;
        self.bar = ProgressBar::with_draw_target(Some(batches as u64), target);
        let style =
            ProgressStyle::with_template("{prefix} {pos}/{len} [{bar:24}] {elapsed} - {msg}");
        if let Ok(style) = style {
            self.bar.set_style(style.progress_chars("=>."));
        }
        self.bar.set_prefix(format!("Epoch {epoch}/{epochs}"));
    }
}

/// `loss: 0.0123 - mae: 0.0815`
fn scores(prefix: &str, metric: &str, score: Score) -> String {
    format!(
        "{prefix}loss: {:.4} - {prefix}{metric}: {:.4}",
        score.loss, score.metric
    )
}
