//! The `--data` argument: a description (TOML), whose data it names, or a NumPy array of windows.
use std::path::{Path, PathBuf};

use crate::config::{Config, Task};
use crate::data::{self, Dataset, Targets, Windows};
use crate::error::{Error, Result};

/// Data that was named on the command line.
pub enum Source {
    /// From a description: all parts.
    Dataset(Box<Dataset>),
    /// From a `.npy` file.
    Windows(Windows),
}

impl Source {
    /// Reads what the path names, by its extension.
    pub fn open(path: &Path) -> Result<Self> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("toml") => Ok(Self::Dataset(Box::new(data::load(&Config::load(path)?)?))),
            Some("npy") => Ok(Self::Windows(data::read_windows(path)?)),
            _ => Err(Error::input(format!(
                "{}: data is a description (.toml) or an array of windows [N, T, C] (.npy)",
                path.display()
            ))),
        }
    }

    /// The windows that a model is judged on: of a description, its test part.
    pub fn test_windows(self) -> Windows {
        match self {
            Self::Dataset(dataset) => dataset.test.x,
            Self::Windows(windows) => windows,
        }
    }

    /// The windows that a model is calibrated on: of a description, its training part.
    pub fn training_windows(self) -> Windows {
        match self {
            Self::Dataset(dataset) => dataset.train.x,
            Self::Windows(windows) => windows,
        }
    }
}

/// The targets that belong to an array of windows: those named, or `y...npy` beside `x...npy`.
pub fn targets(
    windows: &Path,
    named: Option<&Path>,
    task: Task,
    classes: Option<usize>,
) -> Result<Targets> {
    let path = match named {
        Some(path) => path.to_owned(),
        None => sibling(windows)?,
    };
    data::read_targets(path, task, classes)
}

fn sibling(windows: &Path) -> Result<PathBuf> {
    let name = windows
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let sibling = name
        .strip_prefix('x')
        .map(|rest| windows.with_file_name(format!("y{rest}")));
    sibling.filter(|path| path.is_file()).ok_or_else(|| {
        Error::input(format!(
            "{}: no targets beside it; name them with --targets y.npy",
            windows.display()
        ))
    })
}
