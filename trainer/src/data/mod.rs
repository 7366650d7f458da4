//! Examples: reading, windows, splits and scaling.
use crate::config::{Config, DataConfig, Forecast};
use crate::error::Result;
use std::path::Path;

mod csv_series;
mod examples;
mod forecast;
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
            horizon,
            targets,
            target_start,
            target_stride,
        } => {
            let counts = series::Counts {
                train: *train,
                validation: *validation,
                test: *test,
            };
            let forecast = Forecast::new(*horizon, *targets, *target_start, *target_stride);
            Ok(series::generate(*steps, &forecast, &counts, *seed))
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
            targets,
            target_start,
            target_stride,
            hop,
            validation_split,
            test_split,
        } => {
            let cut = csv_series::Cut {
                window: *window,
                forecast: Forecast::new(*horizon, *targets, *target_start, *target_stride),
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
    /// `[N, steps, width]`, row-major, in raw units. One step is an answer to the whole window; with more steps there is one
    /// for each step of the model's output, and the last of them is the forecast that counts.
    Values {
        steps: usize,
        width: usize,
        values: Vec<f32>,
    },
    /// Class indices below `classes`.
    Labels { classes: usize, labels: Vec<u32> },
}

impl Targets {
    /// N: number of windows that have a target.
    pub fn count(&self) -> usize {
        match self {
            Self::Values { values, .. } => values.len() / self.size().max(1),
            Self::Labels { labels, .. } => labels.len(),
        }
    }

    /// Values a window; a label is one.
    pub fn size(&self) -> usize {
        match self {
            Self::Values { steps, width, .. } => steps * width,
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
        let size = self.y.size();
        let y = match &self.y {
            Targets::Values {
                steps,
                width,
                values,
            } => Targets::Values {
                steps: *steps,
                width: *width,
                values: indices
                    .iter()
                    .flat_map(|i| &values[i * size..(i + 1) * size])
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
                Targets::Values { width, values, .. } => Scaling::fit(values, *width),
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
