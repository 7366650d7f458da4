//! Running a bare image: the stack that it takes, and its output against the host's.
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use dunlin::format::MAX_LAYERS;
use dunlin::format::write::AlignedBytes;
use dunlin::{Model, Session, W8A16};
use dunlin_trainer::device::{Board, Emulator, Ended, Log};

use crate::step::Failure;

const LIMIT: Duration = Duration::from_secs(60);

/// Bytes of all stack at its deepest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stack {
    pub load: u64,
    pub run: u64,
}

/// Runs an image with this model: built in, or put where a loader finds it.
///
/// # Errors
/// What went wrong, or that its output is not the host's.
pub fn run(board: &Board, image: &Path, model: &[u8], built_in: bool) -> Result<Stack, Failure> {
    let failed = |error| Failure::new(format!("no temporary folder: {error}"));
    let folder = tempfile::tempdir().map_err(failed)?;
    let placed = (!built_in).then_some("model");
    if let Some(name) = placed {
        std::fs::write(folder.path().join(name), model).map_err(failed)?;
    }
    let image = image
        .canonicalize()
        .map_err(|error| Failure::new(format!("{}: {error}", image.display())))?;
    let mut emulator = Emulator::start(board, &image, folder.path(), placed, None, Log::Pipe)?;
    let mut said = String::new();
    if let Some(mut pipe) = emulator.take_log() {
        pipe.read_to_string(&mut said)
            .map_err(|error| Failure::new(format!("the image's words: {error}")))?;
    }
    let ended = emulator.wait(LIMIT)?;
    if ended != Ended::Exit(0) {
        return Err(Failure::new(format!(
            "{}: {} ended with {ended:?}",
            board.name,
            image.display()
        )));
    }
    let words = words(&said);
    let Some([load, run, output @ ..]) = words.as_deref() else {
        return Err(Failure::new(format!(
            "not the words of a bare image: {said}"
        )));
    };
    let expected: Vec<u32> = expected(model)?;
    if output != expected {
        return Err(Failure::new(format!(
            "{}: {} gives {output:x?}, the host {expected:x?}",
            board.name,
            image.display()
        )));
    }
    Ok(Stack {
        load: (*load).into(),
        run: (*run).into(),
    })
}

/// Hexadecimal words, a line each.
fn words(text: &str) -> Option<Vec<u32>> {
    let words = text.lines().map(|line| u32::from_str_radix(line, 16));
    words.collect::<Result<_, _>>().ok()
}

/// The words that the image gives of the output: see `firmware/support/src/bare.rs`.
fn expected(model: &[u8]) -> Result<Vec<u32>, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::new(error.to_string());
    let file = AlignedBytes::new(model);
    let model = Model::<W8A16, MAX_LAYERS>::from_bytes(file.as_slice()).map_err(|e| failed(&e))?;
    let shape = model.input_shape();
    let mut arena = AlignedBytes::zeroed(model.arena_bytes());
    let mut session = Session::new(&model, &mut arena).map_err(|e| failed(&e))?;
    let window: Vec<i16> = (0..shape.len() as u32).map(sawtooth).collect();
    let output = session.run_raw(&window).map_err(|e| failed(&e))?;
    Ok(output.iter().map(|&value| value as u32).collect())
}

fn sawtooth(step: u32) -> i16 {
    step.wrapping_mul(7919) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_hexadecimal_lines() {
        assert_eq!(words("0000000a\nffff8000\n"), Some(vec![10, 0xffff_8000]));
        assert_eq!(words("0000000a\nnot\n"), None);
    }
}
