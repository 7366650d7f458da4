//! The host's own run, in the same mode as the board's.
use dunlin::format::MAX_LAYERS;
use dunlin::format::write::AlignedBytes;
use dunlin::{Model, Precision, Session};

use crate::data::Windows;
use crate::device::Mode;
use crate::error::{Error, Result};
use crate::model_file::{AnyModel, Runner};

/// Every output for these windows, in order; in push mode, all that fall due.
///
/// # Errors
/// [`Error::Input`] for windows of another shape than the model's.
pub fn outputs(model: &Runner, windows: &Windows, mode: Mode) -> Result<Vec<f32>> {
    model.check_whole(windows)?;
    match (mode, model.model()?) {
        (Mode::Run, _) => model.run(windows),
        (Mode::Push, AnyModel::F32(model)) => pushed(&model, windows),
        (Mode::Push, AnyModel::W8A16(model)) => pushed(&model, windows),
    }
}

/// One stream through all windows; a continuous model carries its state from one to the next.
fn pushed<P: Precision>(model: &Model<'_, P, MAX_LAYERS>, windows: &Windows) -> Result<Vec<f32>> {
    let mut arena = AlignedBytes::zeroed(model.arena_bytes());
    let mut session =
        Session::new(model, &mut arena).map_err(|error| Error::check(error.to_string()))?;
    let mut outputs = Vec::new();
    session
        .push_chunk(&windows.values, |output| outputs.extend_from_slice(output))
        .map_err(|error| Error::check(error.to_string()))?;
    Ok(outputs)
}
