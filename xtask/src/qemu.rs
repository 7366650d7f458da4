//! `qemu BOARD IMAGE`: runs an image, prints its decoded log, and ends with its exit code.
use std::fs;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;
use std::time::Duration;

use defmt_decoder::{DecodeError, Table};
use dunlin_trainer::device::{Board, Emulator, Ended, Log, firmware_folder};

use crate::step::{Failure, Outcome, root};

/// Nobody waits longer for an image in an emulator.
const LIMIT: Duration = Duration::from_secs(900);

pub fn run(arguments: &[String]) -> Outcome {
    let [board, image] = arguments else {
        return Err(Failure::new("usage: cargo xtask qemu BOARD IMAGE"));
    };
    let board = Board::find(&firmware_folder(Some(&root().join("firmware")))?, board)?;
    let colored = io::stdout().is_terminal();
    log_of(&board, Path::new(image), |frame| {
        println!("{}", frame.display(colored));
    })
}

/// Runs an image and hands over each frame of its log as it comes.
///
/// # Errors
/// The image's own exit code, or why it did not run.
pub fn log_of(
    board: &Board,
    image: &Path,
    mut show: impl FnMut(&defmt_decoder::Frame<'_>),
) -> Outcome {
    let unreadable =
        |error: &dyn std::fmt::Display| Failure::new(format!("{}: {error}", image.display()));
    let image = fs::canonicalize(image).map_err(|error| unreadable(&error))?;
    let elf = fs::read(&image).map_err(|error| unreadable(&error))?;
    let table = Table::parse(&elf)
        .map_err(|error| unreadable(&error))?
        .ok_or_else(|| unreadable(&"the image has no defmt log"))?;

    let folder = tempfile::tempdir()
        .map_err(|error| Failure::new(format!("no temporary folder: {error}")))?;
    let mut emulator = Emulator::start(board, &image, folder.path(), None, None, Log::Pipe)?;
    let mut frames = table.new_stream_decoder();
    if let Some(mut pipe) = emulator.take_log() {
        let mut bytes = [0; 4096];
        // The pipe ends when the image does; nothing else writes to it.
        while let Ok(count @ 1..) = pipe.read(&mut bytes) {
            frames.received(&bytes[..count]);
            loop {
                match frames.decode() {
                    Ok(frame) => show(&frame),
                    Err(DecodeError::UnexpectedEof) => break,
                    Err(DecodeError::Malformed) => eprintln!("(a malformed log frame)"),
                }
            }
            io::stdout().flush().ok();
        }
    }
    match emulator.wait(LIMIT)? {
        Ended::Exit(0) => Ok(()),
        Ended::Exit(code) => Err(Failure {
            sentence: format!("the image on {} ended with exit code {code}", board.name),
            code: u8::try_from(code).unwrap_or(1),
        }),
        Ended::Signal => Err(Failure::new(format!(
            "the core of {} locked up, as after a stack overflow",
            board.name
        ))),
    }
}
