//! `verify`: the same model and inputs on the host and on an emulated board, compared bit by bit.
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use crate::data::Windows;
use crate::device::emulator::Emulator;
use crate::device::job::{Form, Mode};
use crate::device::run::{Image, Work, run};
use crate::device::{Board, Target, firmware_folder, host, image};
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
    /// Executed by each call.
    #[serde(skip)]
    pub counts: Vec<u32>,
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
/// Before anything is built: [`Error::Input`] for a bad model, one that is packed for other cores, windows of another shape or an
/// unknown board, and
/// [`Error::Check`] for a model that does not fit the board. Then [`Error::Input`] when a tool is missing, and
/// [`Error::Check`] when the board does not do the job. Differing bits are not an error here: see [`VerifyReport::check`].
pub fn verify(
    model: &Path,
    windows: &Windows,
    board: &str,
    options: &Options,
) -> Result<VerifyReport> {
    let file = Runner::open(model)?;
    let board = Board::find(&firmware_folder(options.firmware.as_deref())?, board)?;
    verify_on(&file, windows, &board, options)
}

/// [`verify`] of a model that is open, on a known board.
///
/// # Errors
/// As [`verify`].
pub fn verify_on(
    file: &Runner,
    windows: &Windows,
    board: &Board,
    options: &Options,
) -> Result<VerifyReport> {
    check_packing(file.source(), file, board)?;
    check_fit(file.source(), file, board, options.mode)?;
    let expected = host::outputs(file, windows, options.mode)?;
    Emulator::require()?;
    let loader = image::build(board, "loader")?;
    let loader = Image {
        path: &loader,
        plugin: None,
    };
    let work = Work {
        mode: options.mode,
        form: Form::Values,
        windows: windows.count,
        input: bytes(&windows.values),
        expected: bytes(&expected),
    };
    run(file, board, loader, &work, options.limit)
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// Whether the board's core reads the weights of the file.
///
/// # Errors
/// [`Error::Input`] with the targets that the file can be written for instead.
fn check_packing(name: &str, file: &Runner, board: &Board) -> Result<()> {
    let packing = file.header().packing;
    let target = board.packed_for();
    if target.reads(packing) {
        return Ok(());
    }
    let instead = match target {
        Target::Portable | Target::Host => String::new(),
        Target::M0 | Target::M4 | Target::M55 => {
            format!("`--target {}` for this core or ", target.name())
        }
    };
    Err(Error::input(format!(
        "{name} is packed for `--target {}`, and {} has a {}, which does not read that: write the file again with {instead}\
         `--target portable` for all (`dunlin quantize` makes it from the float model)",
        Target::of_packing(packing).name(),
        board.name,
        board.cpu
    )))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn sources() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
    }

    fn model() -> PathBuf {
        sources().join("tests/golden/v1/stacked_lstm.dunlin")
    }

    fn fit(change: impl Fn(&mut Board, &Runner)) -> Result<()> {
        let file = Runner::open(&model()).unwrap();
        let mut board = Board::find(&sources().join("firmware"), "qemu-m0").unwrap();
        change(&mut board, &file);
        check_fit("model", &file, &board, Mode::Run)
    }

    #[test]
    fn a_model_that_just_fits_is_taken_and_one_byte_less_is_refused() {
        let ram = |file: &Runner| {
            let header = file.header();
            u64::from(header.arena_bytes + 4 * header.window * header.input_channels)
        };
        for (missing, word) in [(0, ""), (1, "RAM")] {
            let result = fit(|board, file| {
                board.ram.length = board.loader.stack + board.loader.statics + ram(file) - missing;
            });
            let sentence = result.map_or_else(|error| error.to_string(), |()| String::new());
            assert!(
                sentence.contains(word) && sentence.is_empty() == (missing == 0),
                "{sentence}"
            );
        }
        for (missing, word) in [(0, ""), (1, "flash")] {
            let result = fit(|board, file| {
                board.flash.length = board.loader.flash + file.bytes().len() as u64 - missing;
            });
            let sentence = result.map_or_else(|error| error.to_string(), |()| String::new());
            assert!(
                sentence.contains(word) && sentence.is_empty() == (missing == 0),
                "{sentence}"
            );
        }
        let result =
            fit(|board, file| board.loader.layers = u64::from(file.header().layer_count) - 1);
        assert!(result.unwrap_err().to_string().contains("layers"));
    }

    #[test]
    fn a_refusal_states_the_bytes_needed_and_there_and_is_a_failed_check() {
        let error =
            fit(|board, _| board.ram.length = board.loader.stack + board.loader.statics + 344)
                .unwrap_err();
        assert_eq!(error.exit_code(), 1);
        let sentence = error.to_string();
        assert!(sentence.contains("qemu-m0 has 344 beside"), "{sentence}");
        assert!(
            sentence.contains("needs 512 bytes of RAM (arena 416, input 96)"),
            "{sentence}"
        );
    }

    #[test]
    fn bad_input_is_refused_before_anything_is_built() {
        let windows = Windows {
            count: 1,
            steps: 3,
            channels: 1,
            values: vec![0.0; 3],
        };
        let options = Options {
            firmware: Some(sources().join("firmware")),
            ..Options::default()
        };
        let refused = |model: &Path, board: &str| {
            let error = verify(model, &windows, board, &options).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{error}");
            error.to_string()
        };
        assert!(refused(Path::new("no.dunlin"), "qemu-m4").contains("no.dunlin"));
        assert!(refused(&sources().join("Cargo.toml"), "qemu-m4").contains("Cargo.toml"));
        assert!(refused(&model(), "qemu-m99").contains("qemu-m99"));
        assert!(refused(&model(), "qemu-m4").contains("3 steps"));
    }
}
