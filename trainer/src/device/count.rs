//! Exact instruction counts of a model's calls, on activations, so that nothing but the layers is in them.
use std::time::Duration;

use crate::device::job::{Form, Mode};
use crate::device::run::{Image, Work, run};
use crate::device::{Board, VerifyReport, check_fit, host};
use crate::error::{Error, Result};
use crate::model_file::Runner;

/// A count is given up after this time.
const LIMIT: Duration = Duration::from_secs(300);

/// Windows `[windows][steps][channels]` as the layers see them.
#[derive(Debug, Clone, PartialEq)]
pub enum Activations {
    F32(Vec<f32>),
    W8A16(Vec<i16>),
}

impl Activations {
    /// As in a file: little-endian.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::F32(values) => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Self::W8A16(values) => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::W8A16(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Runs whole windows, or one stream of them, in the board's image `loader` and on the host. The emulator gives the board all the RAM that
/// it can.
///
/// # Errors
/// [`Error::Input`] for activations that are not whole windows of the model's precision or when a tool is missing;
/// [`Error::Check`] for a model that does not fit, or when the board does not do its work. Differing bits are in the report.
pub fn count(
    file: &Runner,
    board: &Board,
    loader: Image<'_>,
    mode: Mode,
    windows: &Activations,
) -> Result<VerifyReport> {
    let window = file.input_shape().len();
    if windows.is_empty() || !windows.len().is_multiple_of(window) {
        return Err(Error::input(format!(
            "{} activations are not windows of {window}",
            windows.len()
        )));
    }
    check_fit("the model", file, &board.with_emulated_ram(), mode)?;
    let expected = host::raw_outputs(file, windows, mode)?;
    let work = Work {
        mode,
        form: Form::Raw,
        windows: windows.len() / window,
        input: windows.bytes(),
        expected: expected.bytes(),
    };
    run(file, board, loader, &work, LIMIT)
}
