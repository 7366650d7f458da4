//! The model description (TOML): layers, task, data and training.
use serde::Deserialize;

mod activation;
mod document;
mod forecast;
mod layer;
mod layer_schema;
mod layer_table;
mod load;
mod nearest;
pub mod schema;
#[cfg(test)]
mod tests;
mod wiring;
pub use activation::Activation;
pub use forecast::{Forecast, ForecastTargets};
pub use layer::{LayerConfig, MergeMode, Padding, ZeroSteps};
pub use layer_table::LayerTable;
pub use nearest::{nearest, suggestion};
pub(crate) use wiring::wire;

/// A whole description file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub model: ModelConfig,
    pub layers: Vec<LayerTable>,
    pub data: DataConfig,
    #[serde(default)]
    pub training: TrainingConfig,
}

/// What the model is for and how it meets time.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// Shown by `inspect`; at most 32 bytes.
    #[serde(default)]
    pub name: String,
    pub task: Task,
    #[serde(default)]
    pub mode: Mode,
    /// Windowed: samples from the start of a window to the start of the next one; the window's length if left out.
    #[serde(default)]
    pub hop: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    Regression,
    Classification,
}

/// Whether recurrent state is cleared before each window (as in training) or carried for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    #[default]
    Windowed,
    Continuous,
}

/// Where the examples come from.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "source", rename_all = "snake_case", deny_unknown_fields)]
pub enum DataConfig {
    /// The generated series of Géron's chapter 15: two sines and noise.
    Series {
        #[serde(default = "series_steps")]
        steps: usize,
        #[serde(default = "series_train")]
        train: usize,
        #[serde(default = "series_validation")]
        validation: usize,
        #[serde(default = "series_test")]
        test: usize,
        #[serde(default = "series_seed")]
        seed: u64,
        /// How many values ahead the targets reach.
        #[serde(default = "one")]
        horizon: usize,
        #[serde(default = "vector")]
        targets: ForecastTargets,
        /// Sequence only: the first step that has a target, from 0.
        #[serde(default)]
        target_start: usize,
        /// Sequence only: steps from one that has a target to the next.
        #[serde(default = "one")]
        target_stride: usize,
    },
    /// NumPy arrays: `x` is float `[N, T, C]`; `y` is int labels `[N]`, or float values `[N]` or `[N, K]`.
    Npy {
        x_train: String,
        y_train: String,
        x_test: String,
        y_test: String,
        /// Part of the training examples kept for validation.
        #[serde(default = "validation_split")]
        validation_split: f32,
        /// Per-channel standardization of `x`, from the training part, folded into the model file.
        #[serde(default)]
        standardize: bool,
    },
    /// One CSV time series with a header line, cut into windows in time order.
    Csv {
        path: String,
        inputs: Vec<String>,
        target: String,
        window: usize,
        /// How many rows ahead the targets reach.
        #[serde(default = "one")]
        horizon: usize,
        #[serde(default)]
        targets: ForecastTargets,
        /// Sequence only: the first row of the window that has a target, from 0.
        #[serde(default)]
        target_start: usize,
        /// Sequence only: rows from one that has a target to the next.
        #[serde(default = "one")]
        target_stride: usize,
        /// Rows between the starts of two windows.
        #[serde(default = "one")]
        hop: usize,
        #[serde(default = "validation_split")]
        validation_split: f32,
        #[serde(default = "validation_split")]
        test_split: f32,
        #[serde(default)]
        standardize: bool,
    },
}

fn vector() -> ForecastTargets {
    ForecastTargets::Vector
}
fn series_steps() -> usize {
    50
}
fn series_train() -> usize {
    7_000
}
fn series_validation() -> usize {
    2_000
}
fn series_test() -> usize {
    1_000
}
fn series_seed() -> u64 {
    42
}
fn validation_split() -> f32 {
    0.2
}
fn one() -> usize {
    1
}

/// How the model is fitted.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingConfig {
    pub epochs: usize,
    pub batch_size: usize,
    pub optimizer: Optimizer,
    /// Default: 0.001 for adam, 0.01 for sgd.
    pub learning_rate: Option<f32>,
    /// SGD only.
    pub momentum: f32,
    /// Clips the global gradient norm.
    pub clip_norm: Option<f32>,
    /// Default: `mse` for regression, `cross_entropy` for classification.
    pub loss: Option<Loss>,
    pub shuffle: bool,
    pub seed: u64,
    /// Stop after this many epochs without a better validation loss, and keep the best weights.
    pub early_stopping: Option<usize>,
}

impl Default for TrainingConfig {
    fn default() -> Self {
        Self {
            epochs: 20,
            batch_size: 32,
            optimizer: Optimizer::Adam,
            learning_rate: None,
            momentum: 0.0,
            clip_norm: None,
            loss: None,
            shuffle: true,
            seed: 42,
            early_stopping: None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Optimizer {
    Adam,
    Sgd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    Mse,
    Mae,
    CrossEntropy,
}
