//! The chapter's models as their descriptions state them, shortly trained.
use std::path::Path;

use super::{Row, network, ratios};
use crate::config::{Config, DataConfig};
use crate::data;
use crate::error::{Error, Result};
use crate::train::fit;

/// The folders of descriptions in `examples/chapter`.
pub const TASKS: [&str; 3] = ["one_step", "ten_steps", "ten_steps_sequence"];
/// Series to train and to calibrate on, and those to judge on.
const TRAIN: usize = 256;
const TEST: usize = 32;

/// The ratios of every description in a folder, each trained for so many passes over 256 series.
///
/// # Errors
/// What reading, training or quantizing refuses.
pub fn chapter(folder: &Path, epochs: usize) -> Result<Vec<Row>> {
    let unreadable = |error| Error::input(format!("{}: {error}", folder.display()));
    let entries = std::fs::read_dir(folder).map_err(unreadable)?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(unreadable)?.path());
    }
    paths.sort();
    paths.iter().map(|path| row(path, epochs)).collect()
}

fn row(path: &Path, epochs: usize) -> Result<Row> {
    let mut config = Config::load(path)?;
    if let DataConfig::Series {
        train,
        validation,
        test,
        ..
    } = &mut config.data
    {
        (*train, *validation, *test) = (TRAIN, TEST, TEST);
    }
    config.training.epochs = epochs;
    let dataset = data::load(&config)?;
    let x = &dataset.train.x;
    let mut network = network(&config.layers, x.steps, x.channels)?;
    fit(
        &mut network,
        &dataset.train,
        &dataset.validation,
        config.model.task,
        &config.training,
        &mut |_| {},
    )?;
    let name = path.file_stem().unwrap_or_default();
    Ok(Row {
        name: name.to_string_lossy().into_owned(),
        ratios: ratios(network, x, &dataset.test.x)?,
        reason: None,
    })
}
