//! Building a board's image with cargo, or saying which command makes that possible.
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::device::Board;
use crate::error::{Error, Result};

/// Variables that would change what the board's own cargo configuration says.
const OVERRIDES: [&str; 5] = [
    "CARGO_BUILD_TARGET",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_TARGET_DIR",
    "RUSTFLAGS",
];

/// Builds the image `bin` (`product`, `loader` or `conformance`) of a board, or finds it built, and gives its path.
///
/// # Errors
/// [`Error::Input`] when the target or cargo is missing, or the build fails, with the command that repeats it.
pub fn build(board: &Board, bin: &str) -> Result<PathBuf> {
    if let Some(target) = missing_targets([board.target.as_str()]).first() {
        return Err(Error::input(format!(
            "Rust's target {target} is not installed: install it with `{}`, or run `cargo xtask setup`",
            target_command([target.as_str()]).join(" ")
        )));
    }
    // Images of products have a profile of their own.
    let profile = if bin.starts_with("bare") {
        "bare"
    } else {
        "release"
    };
    let mut command = cargo(board);
    command.args(["build", "--profile", profile, "--bin", bin]);
    let output = command
        .args(["--quiet", "--message-format", "json-render-diagnostics"])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| Error::input(format!("cargo does not start: {error}")))?;
    let repeat = || {
        format!(
            "repeat it with `cargo build --profile {profile} --bin {bin}` in {}",
            board.folder.display()
        )
    };
    if !output.status.success() {
        return Err(Error::input(format!(
            "the image `{bin}` of {} does not build: {}",
            board.name,
            repeat()
        )));
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == bin)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| Error::input(format!("cargo names no image `{bin}`: {}", repeat())))
}

/// Cargo in the board's folder, with nothing from outside that overrides the board's configuration.
fn cargo(board: &Board) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(&board.folder);
    for variable in OVERRIDES {
        command.env_remove(variable);
    }
    command
}

/// Those of the targets that this toolchain has no library for.
pub fn missing_targets<'a>(targets: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    targets
        .into_iter()
        .filter(|target| !has_library(target))
        .map(str::to_owned)
        .collect()
}

/// The command that installs targets.
pub fn target_command<'a>(targets: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    ["rustup", "target", "add"]
        .into_iter()
        .chain(targets)
        .collect()
}

fn has_library(target: &str) -> bool {
    Command::new("rustc")
        .args(["--print", "target-libdir", "--target", target])
        .stderr(Stdio::null())
        .output()
        .is_ok_and(|output| {
            let folder = String::from_utf8_lossy(&output.stdout);
            output.status.success() && PathBuf::from(folder.trim()).is_dir()
        })
}
