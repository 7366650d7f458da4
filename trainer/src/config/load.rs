//! Reads a description file: schema first, then what one key alone cannot tell.
use super::document::Document;
use super::{Config, DataConfig, LayerConfig, Loss, Mode, Optimizer, Task, wire};
use crate::error::{Error, Result};
use std::path::Path;

/// `inspect` shows the name from a fixed field of the model file.
const MAX_NAME_BYTES: usize = 32;
/// Values that one part of the generated data may have: 1 GiB as f32.
const MAX_SERIES_VALUES: usize = 1 << 28;

impl Config {
    /// Reads and checks the description file at `path`. The paths in `[data]` are relative to its folder and come
    /// back joined to it.
    ///
    /// # Errors
    /// `Error::Input` with file and line for anything unreadable, unknown, missing, out of range or contradictory.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let name = path.display().to_string();
        let bytes = std::fs::read(path)
            .map_err(|error| Error::input(format!("cannot read {name}: {error}")))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            Error::input(format!("{name}: not a text file: byte {at} is not UTF-8"))
        })?;
        let mut config = Self::parse(&name, &text)?;
        config.join_paths(path.parent().unwrap_or(Path::new("")));
        Ok(config)
    }

    /// Checks the text of a description file; `file` is its name in messages. Paths stay as they are written.
    pub fn parse(file: &str, text: &str) -> Result<Self> {
        let document = Document::parse(file, text)?;
        document.check()?;
        // The schema has said yes, so serde can only fail where the two disagree; its message is then the best there is.
        let mut config: Self = toml::from_str(text).map_err(|error| {
            Error::input(format!("{file}: {}", error.message().replace('\n', ", ")))
        })?;
        for (index, table) in config.layers.iter_mut().enumerate() {
            table.settle().map_err(|key| {
                let activation = if key == "alpha" { "elu" } else { "leaky_relu" };
                let sentence = format!(
                    "{}: `{key}` is for activation = \"{activation}\"; leave it out",
                    table.place(index)
                );
                document.layer_error(index, key, &sentence)
            })?;
        }
        config.cross_check(&document)?;
        Ok(config)
    }

    /// Contradictions between keys.
    fn cross_check(&self, document: &Document<'_>) -> Result<()> {
        if self.model.mode == Mode::Continuous && self.model.hop.is_some() {
            let sentence = "`hop` of [model] is for mode = \"windowed\": a continuous model has no windows; leave it out";
            return Err(document.error("model", "hop", sentence));
        }
        if self.model.name.len() > MAX_NAME_BYTES {
            let sentence = format!(
                "`name` of [model] has {} bytes; at most {MAX_NAME_BYTES} fit in the model file",
                self.model.name.len()
            );
            return Err(document.error("model", "name", &sentence));
        }
        wire(&self.layers)
            .map_err(|fault| document.layer_error(fault.layer, fault.key, &fault.sentence))?;
        self.cross_check_data(document)?;
        self.cross_check_training(document)?;
        let learns = self.layers.iter().any(|table| table.layer.learns());
        let ids = self
            .layers
            .iter()
            .position(|table| matches!(table.layer, LayerConfig::Embedding { .. }));
        let standardized = match self.data {
            DataConfig::Series { .. } => false,
            DataConfig::Npy { standardize, .. } | DataConfig::Csv { standardize, .. } => {
                standardize
            }
        };
        if let (Some(index), true) = (ids, standardized) {
            let sentence = format!(
                "{} reads ids, which `standardize` = true would change; leave it out",
                self.layers[index].place(index)
            );
            return Err(document.error("data", "standardize", &sentence));
        }
        for (index, table) in self.layers.iter().enumerate() {
            if table.merge_mode.is_some() && !table.bidirectional {
                let sentence = format!(
                    "{}: `merge_mode` is for bidirectional = true; set that, or leave it out",
                    table.place(index)
                );
                return Err(document.layer_error(index, "merge_mode", &sentence));
            }
        }
        if !learns {
            let sentence = "no layer has anything to learn; add a dense, conv1d, simple_rnn, lstm or gru layer";
            return Err(document.error("layers", "", sentence));
        }
        Ok(())
    }

    fn cross_check_data(&self, document: &Document<'_>) -> Result<()> {
        let forecast = self.data.forecast();
        // The series says better than a forecast why it has no labels.
        let task = match self.data {
            DataConfig::Series { .. } => Task::Regression,
            DataConfig::Npy { .. } | DataConfig::Csv { .. } => self.model.task,
        };
        let contradiction =
            forecast.and_then(|(forecast, window)| forecast.contradiction(window, task));
        if let Some((key, sentence)) = contradiction {
            return Err(document.error("data", key, &sentence));
        }
        match &self.data {
            DataConfig::Series {
                steps,
                train,
                validation,
                test,
                ..
            } => {
                if self.model.task == Task::Classification {
                    let sentence = "the generated series has values to predict and no labels, so `task` must be \
                                    \"regression\" with source = \"series\"";
                    return Err(document.error("model", "task", sentence));
                }
                let targets = forecast.map_or(1, |(forecast, window)| {
                    forecast.steps(window).saturating_mul(forecast.width())
                });
                for (key, count) in [("train", train), ("validation", validation), ("test", test)] {
                    let values = steps.saturating_add(targets);
                    if values.saturating_mul(*count) > MAX_SERIES_VALUES {
                        let sentence = format!(
                            "`{key}` of [data] asks for {count} series, each with {steps} input values and {targets} target \
                             values; at most {MAX_SERIES_VALUES} values are generated"
                        );
                        return Err(document.error("data", key, &sentence));
                    }
                }
            }
            DataConfig::Csv {
                validation_split,
                test_split,
                ..
            } => {
                let sum = validation_split + test_split;
                if sum >= 1.0 {
                    let sentence = format!(
                        "`validation_split` + `test_split` of [data] is {sum}, which leaves nothing to train on; it must \
                         be below 1"
                    );
                    return Err(document.error("data", "test_split", &sentence));
                }
            }
            DataConfig::Npy { .. } => {}
        }
        Ok(())
    }

    fn cross_check_training(&self, document: &Document<'_>) -> Result<()> {
        let training = &self.training;
        let sentence = match (self.model.task, training.loss) {
            (Task::Regression, Some(Loss::CrossEntropy)) => {
                "`loss` = \"cross_entropy\" needs labels; with task = \"regression\" use \"mse\" or \"mae\""
            }
            (Task::Classification, Some(Loss::Mse | Loss::Mae)) => {
                "`loss` of a model with task = \"classification\" must be \"cross_entropy\" (the default); leave it out"
            }
            (Task::Regression, None | Some(Loss::Mse | Loss::Mae))
            | (Task::Classification, None | Some(Loss::CrossEntropy)) => "",
        };
        if !sentence.is_empty() {
            return Err(document.error("training", "loss", sentence));
        }
        if training.optimizer == Optimizer::Adam && training.momentum != 0.0 {
            let sentence =
                "`momentum` is for optimizer = \"sgd\"; adam has its own, so leave it out";
            return Err(document.error("training", "momentum", sentence));
        }
        Ok(())
    }

    /// Makes the paths of `[data]` relative to `folder`. Absolute paths stay.
    fn join_paths(&mut self, folder: &Path) {
        // The folder may have a name that is not UTF-8; the message of the file that is not found then shows it.
        let join = |path: &mut String| *path = folder.join(&*path).to_string_lossy().into_owned();
        match &mut self.data {
            DataConfig::Series { .. } => {}
            DataConfig::Npy {
                x_train,
                y_train,
                x_test,
                y_test,
                ..
            } => [x_train, y_train, x_test, y_test]
                .into_iter()
                .for_each(join),
            DataConfig::Csv { path, .. } => join(path),
        }
    }
}
