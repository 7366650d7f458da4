//! `verify`: the same model and inputs on the host and on an emulated board, compared bit by bit.
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use crate::data::Windows;
use crate::device::emulator::{Emulator, Ended, Log};
use crate::device::job::{self, Mode};
use crate::device::{Board, firmware_folder, host, image};
use crate::error::{Error, Result};
use crate::model_file::Runner;

/// How to verify.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder `firmware`, where it is not found by itself.
    pub firmware: Option<PathBuf>,
    pub mode: Mode,
    /// The emulated run is stopped after this time.
    pub limit: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            firmware: None,
            mode: Mode::Run,
            limit: Duration::from_secs(900),
        }
    }
}

/// What a board did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    pub board: String,
    /// The kernel variant that ran there.
    pub kernel: String,
    pub windows: usize,
    /// Bits of all outputs that are not the host's.
    pub differing_bits: u64,
    /// Executed by the longest call: a window, or in push mode a sample.
    pub instructions_per_inference: u64,
    /// Used below its caller by the call that needs most.
    pub stack_bytes: u32,
    /// Executed by the shortest call.
    #[serde(skip)]
    pub shortest: u64,
    /// Stack used by loading the model in the loader image, which has room for more layers than a product would.
    #[serde(skip)]
    pub load_stack: u32,
}

impl VerifyReport {
    /// Whether the board gave the host's bits.
    ///
    /// # Errors
    /// [`Error::Check`] with the number of bits that differ.
    pub fn check(&self) -> Result<()> {
        match self.differing_bits {
            0 => Ok(()),
            bits => Err(Error::check(format!(
                "{bits} bits of the outputs of {} differ from the host's",
                self.board
            ))),
        }
    }
}

/// Runs `windows` through the model on the board's loader image and on the host.
///
/// # Errors
/// Before anything is built: [`Error::Input`] for a bad model, windows of another shape or an unknown board, and
/// [`Error::Check`] for a model that does not fit the board. Then [`Error::Input`] when a tool is missing, and
/// [`Error::Check`] when the board does not do the job. Differing bits are not an error here: see [`VerifyReport::check`].
pub fn verify(
    model: &Path,
    windows: &Windows,
    board: &str,
    options: &Options,
) -> Result<VerifyReport> {
    let name = model.display().to_string();
    let file = Runner::open(model)?;
    let board = Board::find(&firmware_folder(options.firmware.as_deref())?, board)?;
    check_fit(&name, &file, &board, options.mode)?;
    let expected = host::outputs(&file, windows, options.mode)?;
    let loader = image::build(&board, "loader")?;

    let folder = tempfile::tempdir()
        .map_err(|error| Error::input(format!("no temporary folder: {error}")))?;
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes)
            .map_err(|error| Error::input(format!("{}: {error}", path.display())))
    };
    write("model", file.bytes())?;
    write(
        "job",
        &job::encode(options.mode, file.bytes().len(), windows.count),
    )?;
    let input: Vec<u8> = windows
        .values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    write("input", &input)?;
    let emulator = Emulator::start(&board, &loader, folder.path(), Some("model"), Log::File)?;
    explain(&board, emulator.wait(options.limit)?)?;

    let record = job::read_record(&folder.path().join("record"))?;
    let output = fs::read(folder.path().join("output")).unwrap_or_default();
    if output.len() != 4 * expected.len() || record.windows as usize != windows.count {
        return Err(Error::check(format!(
            "{} gave {} bytes of outputs for {} windows, the host {} bytes for {}",
            board.name,
            output.len(),
            record.windows,
            4 * expected.len(),
            windows.count
        )));
    }
    if record.longest == u64::MAX {
        return Err(Error::check(format!(
            "a call takes more instructions than the timer of {} can count",
            board.name
        )));
    }
    Ok(VerifyReport {
        board: board.name,
        kernel: record.kernel,
        windows: windows.count,
        differing_bits: differing_bits(&expected, &output),
        instructions_per_inference: record.longest,
        stack_bytes: record.call_stack,
        shortest: record.shortest,
        load_stack: record.load_stack,
    })
}

/// Whether model, arena and input fit beside the loader image; what does not fit is named with the bytes needed and there.
///
/// # Errors
/// [`Error::Check`] when something does not fit.
pub fn check_fit(name: &str, file: &Runner, board: &Board, mode: Mode) -> Result<()> {
    let header = file.header();
    let channels = u64::from(header.input_channels);
    let input = 4 * match mode {
        Mode::Run => u64::from(header.window) * channels,
        Mode::Push => channels,
    };
    let (flash, ram) = (
        file.bytes().len() as u64,
        u64::from(header.arena_bytes) + input,
    );
    let refused = |needed: String, there: String| {
        Err(Error::check(format!(
            "{name} does not fit {}: it needs {needed}, {} has {there}",
            board.name, board.name
        )))
    };
    if flash > board.model_capacity() {
        return refused(
            format!("{flash} bytes of flash"),
            format!(
                "{} beside the loader ({} in all)",
                board.model_capacity(),
                board.flash.length
            ),
        );
    }
    if ram > board.ram_capacity() {
        return refused(
            format!(
                "{ram} bytes of RAM (arena {}, input {input})",
                header.arena_bytes
            ),
            format!(
                "{} beside stack and loader ({} in all)",
                board.ram_capacity(),
                board.ram.length
            ),
        );
    }
    if u64::from(header.layer_count) > board.loader.layers {
        return refused(
            format!("room for {} layers", header.layer_count),
            format!("room for {}", board.loader.layers),
        );
    }
    Ok(())
}

/// Turns an end without a record into a sentence.
fn explain(board: &Board, ended: Ended) -> Result<()> {
    match ended {
        // With 1, the record says why.
        Ended::Exit(0 | 1) => Ok(()),
        Ended::Exit(101) => Err(Error::check(format!(
            "the loader image of {} panicked",
            board.name
        ))),
        Ended::Exit(code) => Err(Error::check(format!(
            "the loader image of {} stopped with code {code} (102 is a processor fault, as of a stack overflow)",
            board.name
        ))),
        Ended::Signal => Err(Error::check(format!(
            "the core of {} locked up, as after a stack overflow",
            board.name
        ))),
    }
}

fn differing_bits(expected: &[f32], output: &[u8]) -> u64 {
    let bits = output
        .chunks_exact(4)
        .map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    expected
        .iter()
        .zip(bits)
        .map(|(expected, bits)| u64::from((expected.to_bits() ^ bits).count_ones()))
        .sum()
}
