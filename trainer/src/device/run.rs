//! A model and its input through the loader image of a board, and what came out against what the host expects.
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::device::emulator::{Emulator, Ended, Log};
use crate::device::job::{self, Form, Mode};
use crate::device::{Board, VerifyReport};
use crate::error::{Error, Result};
use crate::model_file::Runner;

/// A loader image, and the plugin of QEMU that watches it.
#[derive(Debug, Clone, Copy)]
pub struct Image<'a> {
    pub path: &'a Path,
    /// The library with its arguments, as QEMU's `-plugin` takes them.
    pub plugin: Option<&'a str>,
}

/// What a board is to do, and what is to come of it.
#[derive(Debug)]
pub struct Work {
    pub mode: Mode,
    pub form: Form,
    pub windows: usize,
    pub input: Vec<u8>,
    pub expected: Vec<u8>,
}

/// Runs the loader image.
///
/// # Errors
/// [`Error::Input`] when QEMU is missing, and [`Error::Check`] when the board does not do its work.
pub fn run(
    file: &Runner,
    board: &Board,
    loader: Image<'_>,
    work: &Work,
    limit: Duration,
) -> Result<VerifyReport> {
    let folder = tempfile::tempdir()
        .map_err(|error| Error::input(format!("no temporary folder: {error}")))?;
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes)
            .map_err(|error| Error::input(format!("{}: {error}", path.display())))
    };
    write("model", file.bytes())?;
    let job = job::encode(work.mode, work.form, file.bytes().len(), work.windows);
    write("job", &job)?;
    write("input", &work.input)?;
    let Image { path, plugin } = loader;
    let emulator = Emulator::start(board, path, folder.path(), Some("model"), plugin, Log::File)?;
    explain(board, emulator.wait(limit)?)?;

    let record = job::read_record(&folder.path().join("record"))?;
    let output = fs::read(folder.path().join("output")).unwrap_or_default();
    if output.len() != work.expected.len() || record.windows as usize != work.windows {
        return Err(Error::check(format!(
            "{} gave {} bytes of outputs for {} windows, the host {} bytes for {}",
            board.name,
            output.len(),
            record.windows,
            work.expected.len(),
            work.windows
        )));
    }
    let calls = match work.mode {
        Mode::Run => work.windows,
        Mode::Push => work.windows * file.input_shape().steps as usize,
    };
    let counts = job::read_counts(&folder.path().join("counts"), calls)?.ok_or_else(|| {
        Error::check(format!(
            "a call takes more instructions than the timer of {} can count",
            board.name
        ))
    })?;
    Ok(VerifyReport {
        board: board.name.clone(),
        kernel: record.kernel,
        windows: work.windows,
        differing_bits: differing_bits(&work.expected, &output),
        instructions_per_inference: counts.iter().copied().max().unwrap_or_default().into(),
        counts,
        stack_bytes: record.call_stack,
        load_stack: record.load_stack,
    })
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

fn differing_bits(expected: &[u8], output: &[u8]) -> u64 {
    let pairs = expected.iter().zip(output);
    pairs
        .map(|(expected, byte)| u64::from((expected ^ byte).count_ones()))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_differing_bit_is_counted() {
        let host: Vec<u8> = [1.0_f32, -0.0, f32::NAN]
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let mut board = host.clone();
        assert_eq!(differing_bits(&host, &board), 0);
        board[7] ^= 0x80;
        board[8] ^= 0x03;
        assert_eq!(differing_bits(&host, &board), 3);
    }
}
