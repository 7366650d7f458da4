//! `firmware`: form, lints and images of the boards.
use dunlin_trainer::device::{Board, firmware_folder};

use crate::setup;
use crate::step::{Failure, Outcome, Step, root};

pub fn run(names: &[String]) -> Outcome {
    setup::targets()?;
    Step::new("cargo fmt --all --check")
        .within("firmware")
        .run()?;
    for board in chosen(names)? {
        for line in [
            "cargo clippy --release --bins -- -D warnings",
            "cargo build --release --bins",
        ] {
            Step::new(line).within(&board.folder).run()?;
        }
    }
    Ok(())
}

/// The boards of these names; all, if there is none.
pub fn chosen(names: &[String]) -> Result<Vec<Board>, Failure> {
    let firmware = firmware_folder(Some(&root().join("firmware")))?;
    if names.is_empty() {
        return Ok(Board::all(&firmware)?);
    }
    let boards = names.iter().map(|name| Board::find(&firmware, name));
    Ok(boards.collect::<Result<_, _>>()?)
}
