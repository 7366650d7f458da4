//! The host's own run, in the same mode as the board's.
use dunlin::format::MAX_LAYERS;
use dunlin::format::write::AlignedBytes;
use dunlin::{Model, Precision, Session};

use crate::data::Windows;
use crate::device::{Activations, Mode};
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

/// Every output for windows of activations, in order.
///
/// # Errors
/// [`Error::Input`] for activations of another precision than the model's.
pub fn raw_outputs(model: &Runner, windows: &Activations, mode: Mode) -> Result<Activations> {
    match (model.model()?, windows) {
        (AnyModel::F32(model), Activations::F32(windows)) => {
            Ok(Activations::F32(raw(&model, windows, mode)?))
        }
        (AnyModel::W8A16(model), Activations::W8A16(windows)) => {
            Ok(Activations::W8A16(raw(&model, windows, mode)?))
        }
        (AnyModel::F32(_), Activations::W8A16(_)) | (AnyModel::W8A16(_), Activations::F32(_)) => {
            Err(Error::input(
                "the activations are not of the model's precision",
            ))
        }
    }
}

fn raw<P: Precision>(
    model: &Model<'_, P, MAX_LAYERS>,
    windows: &[P::Activation],
    mode: Mode,
) -> Result<Vec<P::Activation>> {
    let mut arena = AlignedBytes::zeroed(model.arena_bytes());
    let mut session =
        Session::new(model, &mut arena).map_err(|error| Error::check(error.to_string()))?;
    let mut outputs = Vec::new();
    let shape = model.input_shape();
    let piece = match mode {
        Mode::Run => shape.len(),
        Mode::Push => shape.channels as usize,
    };
    for piece in windows.chunks(piece.max(1)) {
        let output = match mode {
            Mode::Run => session.run_raw(piece).map(Some),
            Mode::Push => session.push_raw(piece),
        };
        let output = output.map_err(|error| Error::check(error.to_string()))?;
        outputs.extend_from_slice(output.unwrap_or_default());
    }
    Ok(outputs)
}
