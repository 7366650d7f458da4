//! `boards`: every image runs on every emulated board, and golden models give the host's bits there.
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use dunlin_trainer::data::Windows;
use dunlin_trainer::device::{self, Board, Mode, Options};
use dunlin_trainer::model_file::Runner;

use crate::firmware::chosen;
use crate::step::{Failure, Outcome, root};
use crate::{qemu, setup};

/// What the product image is to log of its outputs.
const PRODUCT_LOG: &str = "firmware/bin/product.log";

/// Windows that each golden model is given.
const WINDOWS: usize = 8;

pub fn run(names: &[String]) -> Outcome {
    setup::targets()?;
    setup::emulator()?;
    for board in chosen(names)? {
        let start = Instant::now();
        one(&board).map_err(|failure| Failure {
            sentence: format!(
                "{}; repeat it with: cargo xtask boards {}",
                failure.sentence, board.name
            ),
            ..failure
        })?;
        eprintln!("{}: {:.1} s", board.name, start.elapsed().as_secs_f32());
    }
    Ok(())
}

fn one(board: &Board) -> Outcome {
    qemu::log_of(board, &device::build(board, "conformance")?, |frame| {
        eprintln!("{}", frame.display_message());
    })?;
    product(board)?;
    let goldens = goldens()?;
    let mut packed = 0;
    for golden in &goldens {
        let rows = Runner::open(golden)?;
        let own = rows.packed(board.packed_for().packing())?;
        if own.bytes() != rows.bytes() {
            verify(board, &own)?;
            packed += 1;
        }
        verify(board, &rows)?;
    }
    eprintln!(
        "{}: {} golden models, {packed} of them also packed for the board, by window and by sample, give the host's bits",
        board.name,
        goldens.len()
    );
    Ok(())
}

/// The outputs in the product's log are those in the file beside the program, digit by digit.
fn product(board: &Board) -> Outcome {
    let mut outputs = String::new();
    qemu::log_of(board, &device::build(board, "product")?, |frame| {
        let line = frame.display_message().to_string();
        eprintln!("{line}");
        if line.starts_with("sample ") {
            outputs.push_str(&line);
            outputs.push('\n');
        }
    })?;
    let expected = fs::read_to_string(root().join(PRODUCT_LOG))
        .map_err(|error| Failure::new(format!("{PRODUCT_LOG}: {error}")))?;
    if outputs == expected {
        Ok(())
    } else {
        Err(Failure::new(format!(
            "{}: the product logs other outputs than {PRODUCT_LOG}; if its model was changed on purpose, write there:\n{outputs}",
            board.name
        )))
    }
}

/// The golden models of all format versions.
fn goldens() -> Result<Vec<PathBuf>, Failure> {
    let folder = root().join("tests/golden");
    let list = |folder: &PathBuf| -> Result<Vec<PathBuf>, Failure> {
        let entries = fs::read_dir(folder)
            .map_err(|error| Failure::new(format!("{}: {error}", folder.display())))?;
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        Ok(paths)
    };
    let mut goldens = Vec::new();
    for version in list(&folder)? {
        goldens.extend(list(&version)?.into_iter().filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "dunlin")
        }));
    }
    if goldens.is_empty() {
        return Err(Failure::new(format!("no model in {}", folder.display())));
    }
    Ok(goldens)
}

/// Whole windows and single samples, each against the host.
fn verify(board: &Board, golden: &Runner) -> Outcome {
    let windows = waves(golden);
    for mode in [Mode::Run, Mode::Push] {
        let options = Options {
            firmware: Some(root().join("firmware")),
            mode,
            ..Options::default()
        };
        let report = device::verify_on(golden, &windows, board, &options)?;
        report.check().map_err(|error| {
            let packing = golden.header().packing;
            Failure::new(format!(
                "{} ({mode:?}, {packing:?}, kernel {}): {error}",
                golden.source(),
                report.kernel
            ))
        })?;
    }
    Ok(())
}

/// Windows of the model's shape with waves of several lengths and heights.
fn waves(model: &Runner) -> Windows {
    let header = model.header();
    let (steps, channels) = (header.window as usize, header.input_channels as usize);
    let values = (0..WINDOWS * steps * channels)
        .map(|i| {
            let i = i as f32;
            (i * 0.37).sin() * (1.0 + (i * 0.011).cos())
        })
        .collect();
    Windows {
        count: WINDOWS,
        steps,
        channels,
        values,
    }
}
