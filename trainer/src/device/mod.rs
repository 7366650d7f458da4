//! Boards and how a model gets onto one: the board table, the emulator, and the comparison of every bit with the host.
//!
//! What is known of a board stands in its folder under `firmware/boards/`, and nowhere else.
use std::env;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

mod board;
mod count;
mod emulator;
mod host;
mod image;
mod job;
mod run;
mod target;
mod verify;

pub use board::{Board, Budget, Loader, Region};
pub use count::{Activations, count};
pub use emulator::{Emulator, Ended, Log, install_command};
pub use image::{build, missing_targets, target_command};
pub use job::Mode;
pub use run::Image;
pub use target::Target;
pub use verify::{Options, VerifyReport, check_fit, verify, verify_on};

/// Says where the firmware workspace is, when it is not in a folder above.
pub const FIRMWARE_VARIABLE: &str = "DUNLIN_FIRMWARE";

/// The folder `firmware`: the given one, that of the environment variable `DUNLIN_FIRMWARE`, or one found in the
/// current folder, the program's, or a folder above either.
///
/// # Errors
/// [`Error::Input`] when there is none, or the one named has no `boards`.
pub fn firmware_folder(given: Option<&Path>) -> Result<PathBuf> {
    let named = given
        .map(|path| ("--firmware", path.to_path_buf()))
        .or_else(|| env::var_os(FIRMWARE_VARIABLE).map(|path| (FIRMWARE_VARIABLE, path.into())));
    if let Some((by, path)) = named {
        if path.join("boards").is_dir() {
            return Ok(path);
        }
        return Err(Error::input(format!(
            "{by} names `{}`, which has no folder `boards`: give the folder `firmware` of the dunlin sources",
            path.display()
        )));
    }
    let here = env::current_dir().unwrap_or_default();
    let program = env::current_exe().unwrap_or_default();
    here.ancestors()
        .chain(program.ancestors())
        .map(|folder| folder.join("firmware"))
        .find(|folder| folder.join("boards").is_dir())
        .ok_or_else(|| {
            Error::input(format!(
                "no folder `firmware/boards` here or above: run inside the dunlin sources, give `--firmware DIR`, or set {FIRMWARE_VARIABLE}"
            ))
        })
}
