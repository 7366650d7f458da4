//! Examples: reading, windows, splits and scaling.
use crate::config::{Config, DataConfig};
use crate::error::Result;
use std::path::Path;

mod csv_series;
mod examples;
mod npy;
pub mod random;
mod scaling;
mod series;
#[cfg(test)]
mod tests;
pub use examples::{read_targets, read_windows};
pub use scaling::{apply, apply_targets};

/// Reads or generates all examples that `config` describes, in raw units, and fits the scalings on the training part.
///
/// # Errors
/// `Error::Input` that names the file and the line, column or index of what is wrong.
pub fn load(config: &Config) -> Result<Dataset> {
    match &config.data {
        DataConfig::Series {
            steps,
            train,
            validation,
            test,
            seed,
        } => {
            let counts = series::Counts {
                train: *train,
                validation: *validation,
                test: *test,
            };
            Ok(series::generate(*steps, &counts, *seed))
        }
        DataConfig::Npy {
            x_train,
            y_train,
            x_test,
            y_test,
            validation_split,
            standardize,
        } => {
            let files = examples::Files {
                x_train,
                y_train,
                x_test,
                y_test,
            };
            let parts = examples::load(
                &files,
                config.model.task,
                *validation_split,
                config.training.seed,
            )?;
            let target_channel = (parts[0].x.channels == 1).then_some(0);
            Ok(Dataset::new(parts, *standardize, target_channel))
        }
        DataConfig::Csv {
            path,
            inputs,
            target,
            standardize,
            window,
            horizon,
            hop,
            validation_split,
            test_split,
        } => {
            let cut = csv_series::Cut {
                window: *window,
                horizon: *horizon,
                hop: *hop,
                validation_split: *validation_split,
                test_split: *test_split,
            };
            let parts = csv_series::load(Path::new(path), inputs, target, config.model.task, &cut)?;
            let target_channel = inputs.iter().position(|input| input == target);
            Ok(Dataset::new(parts, *standardize, target_channel))
        }
    }
}

/// Writes a float32 array as `.npy`, atomically.
///
/// # Errors
/// `Error::Input` when the file cannot be written, or when `shape` does not have as many elements as `values`.
pub fn write_npy(path: impl AsRef<Path>, shape: &[usize], values: &[f32]) -> Result<()> {
    npy::write(path.as_ref(), shape, values)
}

/// Input windows `[N, T, C]`, row-major, in raw units.
#[derive(Debug, Clone, PartialEq)]
pub struct Windows {
    /// N: number of windows.
    pub count: usize,
    /// T: time steps a window.
    pub steps: usize,
    /// C: channels a step.
    pub channels: usize,
    /// `count * steps * channels` values.
    pub values: Vec<f32>,
}

impl Windows {
    /// Window `i` as `[T, C]`.
    pub fn window(&self, i: usize) -> &[f32] {
        let size = self.steps * self.channels;
        &self.values[i * size..(i + 1) * size]
    }
}

/// What the model should answer for each window.
#[derive(Debug, Clone, PartialEq)]
pub enum Targets {
    /// `[N, width]`, row-major, in raw units.
    Values { width: usize, values: Vec<f32> },
    /// Class indices below `classes`.
    Labels { classes: usize, labels: Vec<u32> },
}

impl Targets {
    /// N: number of windows that have a target.
    pub fn count(&self) -> usize {
        match self {
            Self::Values { width, values } => values.len() / (*width).max(1),
            Self::Labels { labels, .. } => labels.len(),
        }
    }

    /// Values a window; a label is one.
    pub fn width(&self) -> usize {
        match self {
            Self::Values { width, .. } => *width,
            Self::Labels { .. } => 1,
        }
    }
}

/// Examples of one part of the data.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    pub x: Windows,
    pub y: Targets,
}

impl Split {
    /// The examples at `indices`, in that order.
    pub fn pick(&self, indices: &[usize]) -> Self {
        let y = match &self.y {
            Targets::Values { width, values } => Targets::Values {
                width: *width,
                values: indices
                    .iter()
                    .flat_map(|i| &values[i * width..(i + 1) * width])
                    .copied()
                    .collect(),
            },
            Targets::Labels { classes, labels } => Targets::Labels {
                classes: *classes,
                labels: indices.iter().map(|i| labels[*i]).collect(),
            },
        };
        let x = Windows {
            count: indices.len(),
            values: indices
                .iter()
                .flat_map(|i| self.x.window(*i))
                .copied()
                .collect(),
            ..self.x
        };
        Self { x, y }
    }
}

/// Per-channel standardization: `normalized = (raw - mean) / std`. Empty vectors mean identity.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scaling {
    pub mean: Vec<f32>,
    pub std: Vec<f32>,
}

/// All parts, in raw units, and the scalings fitted on the training part.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    pub train: Split,
    pub validation: Split,
    pub test: Split,
    /// Of the input channels; folded into the model file.
    pub input_scaling: Scaling,
    /// Of the regression targets; folded into the model file.
    pub target_scaling: Scaling,
    /// The input channel that the target continues, if one does: the naive forecast repeats its last value.
    pub target_channel: Option<usize>,
}

impl Dataset {
    /// `parts` are train, validation and test; the scalings are those of the training part, or none.
    fn new(parts: [Split; 3], standardize: bool, target_channel: Option<usize>) -> Self {
        let [train, validation, test] = parts;
        let (input_scaling, target_scaling) = if standardize {
            let target = match &train.y {
                Targets::Values { width, values } => Scaling::fit(values, *width),
                Targets::Labels { .. } => Scaling::default(),
            };
            (Scaling::fit(&train.x.values, train.x.channels), target)
        } else {
            (Scaling::default(), Scaling::default())
        };
        Self {
            train,
            validation,
            test,
            input_scaling,
            target_scaling,
            target_channel,
        }
    }
}
