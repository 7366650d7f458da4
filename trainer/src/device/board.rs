//! The boards: facts read from the manifest of each folder in `firmware/boards/`.
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Target;
use crate::error::{Error, Result};

/// A board and how its images are made and started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// The folder's name, such as `qemu-m4`.
    pub name: String,
    /// `firmware/boards/NAME`.
    pub folder: PathBuf,
    /// QEMU's `-machine`.
    pub machine: String,
    /// QEMU's `-cpu`.
    pub cpu: String,
    /// Rust's target triple.
    pub target: String,
    pub flash: Region,
    pub ram: Region,
    /// Other RAM that the emulator gives the loader image.
    pub emulated: Option<Emulated>,
    pub loader: Loader,
    /// The folder of `firmware/models` with the models that are built into its images.
    pub models: String,
    /// By the names of images.
    pub budget: BTreeMap<String, Budget>,
    /// An instruction takes `2^icount_shift` ns of emulated time.
    pub icount_shift: u32,
}

/// A piece of the address space, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    pub origin: u64,
    pub length: u64,
}

/// More RAM than the chip has, for the loader image.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Emulated {
    /// In bytes.
    pub ram: u64,
    /// QEMU's name of what holds it, for `-global`.
    pub property: String,
}

/// What the loader image keeps for itself, in bytes, and the longest model that it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loader {
    /// Of the flash; the model begins behind it.
    pub flash: u64,
    /// Of the RAM, for the stack.
    pub stack: u64,
    /// Of the RAM, for variables.
    pub statics: u64,
    pub layers: u64,
}

/// The most that an image may take, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Of flash, beside a model.
    pub flash: u64,
    /// Of RAM, beside an arena and the stack.
    pub ram: Option<u64>,
    /// Of stack.
    pub stack: Option<u64>,
}

#[derive(Deserialize)]
struct Manifest {
    package: Package,
}
#[derive(Deserialize)]
struct Package {
    metadata: Metadata<Facts>,
}
#[derive(Deserialize)]
struct Metadata<T> {
    dunlin: T,
}
#[derive(Deserialize)]
struct Facts {
    machine: String,
    cpu: String,
    flash: Region,
    ram: Region,
    emulated: Option<Emulated>,
    loader: Loader,
    models: String,
    budget: BTreeMap<String, Budget>,
}
#[derive(Deserialize)]
struct WorkspaceManifest {
    workspace: Workspace,
}
#[derive(Deserialize)]
struct Workspace {
    metadata: Metadata<WorkspaceFacts>,
}
#[derive(Deserialize)]
struct WorkspaceFacts {
    icount_shift: u32,
}
#[derive(Deserialize)]
struct CargoConfig {
    build: BuildConfig,
}
#[derive(Deserialize)]
struct BuildConfig {
    target: String,
}

impl Board {
    /// The board of this name.
    ///
    /// # Errors
    /// [`Error::Input`] for an unknown name (with the names that exist) and for a folder with a malformed manifest.
    pub fn find(firmware: &Path, name: &str) -> Result<Self> {
        let names = names(firmware)?;
        if !names.iter().any(|known| known == name) {
            return Err(Error::input(format!(
                "unknown board `{name}`; the boards are {}",
                names.join(", ")
            )));
        }
        let folder = firmware.join("boards").join(name);
        let manifest: Manifest = read(&folder.join("Cargo.toml"))?;
        let workspace: WorkspaceManifest = read(&firmware.join("Cargo.toml"))?;
        let config: CargoConfig = read(&folder.join(".cargo/config.toml"))?;
        let facts = manifest.package.metadata.dunlin;
        Ok(Self {
            name: name.to_owned(),
            folder,
            machine: facts.machine,
            cpu: facts.cpu,
            target: config.build.target,
            flash: facts.flash,
            ram: facts.ram,
            emulated: facts.emulated,
            loader: facts.loader,
            models: facts.models,
            budget: facts.budget,
            icount_shift: workspace.workspace.metadata.dunlin.icount_shift,
        })
    }

    /// All boards, in the order of their names.
    ///
    /// # Errors
    /// As [`Board::find`].
    pub fn all(firmware: &Path) -> Result<Vec<Self>> {
        names(firmware)?
            .iter()
            .map(|name| Self::find(firmware, name))
            .collect()
    }

    /// What model files for the board's core are packed for.
    pub fn packed_for(&self) -> Target {
        Target::of_cpu(&self.cpu)
    }

    /// Where the emulator puts the model of a loader image.
    pub fn model_origin(&self) -> u64 {
        self.flash.origin + self.loader.flash
    }

    /// Bytes of flash that a model may have beside the loader.
    pub fn model_capacity(&self) -> u64 {
        self.flash.length - self.loader.flash
    }

    /// This board with all the RAM that the emulator gives the loader image.
    pub fn with_emulated_ram(&self) -> Self {
        let mut board = self.clone();
        if let Some(emulated) = &self.emulated {
            board.ram.length = emulated.ram;
        }
        board
    }

    /// Bytes of RAM that arena and input window may have beside the loader.
    pub fn ram_capacity(&self) -> u64 {
        self.ram.length - self.loader.stack - self.loader.statics
    }
}

/// Names of the folders in `boards/`, short names first, so that `qemu-m7` stands before `qemu-m33`.
fn names(firmware: &Path) -> Result<Vec<String>> {
    let folder = firmware.join("boards");
    let entries = fs::read_dir(&folder)
        .map_err(|error| Error::input(format!("{}: {error}", folder.display())))?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
    Ok(names)
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T> {
    let text = fs::read_to_string(path)
        .map_err(|error| Error::input(format!("{}: {error}", path.display())))?;
    toml::from_str(&text).map_err(|error| Error::input(format!("{}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn firmware() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware")
    }

    #[test]
    fn every_board_folder_is_a_board() {
        let boards = Board::all(&firmware()).unwrap();
        let names: Vec<&str> = boards.iter().map(|board| board.name.as_str()).collect();
        let all = [
            "qemu-m0", "qemu-m3", "qemu-m4", "qemu-m7", "qemu-m33", "qemu-m55",
        ];
        assert_eq!(names, all);
        for board in &boards {
            // The arena and the model begin at a multiple of 16, and each image leaves something to a model.
            assert_eq!(board.model_origin() % 16, 0, "{}", board.name);
            assert_eq!((board.ram.origin + board.loader.stack) % 16, 0);
            assert!(board.loader.flash < board.flash.length);
            assert!(board.loader.stack + board.loader.statics < board.ram.length);
        }
    }

    /// The core is named twice, for QEMU and for rustc; both must mean the same.
    #[test]
    fn rustc_builds_for_the_core_that_qemu_emulates() {
        for board in Board::all(&firmware()).unwrap() {
            let config = fs::read_to_string(board.folder.join(".cargo/config.toml")).unwrap();
            assert!(
                config.contains(&format!("target-cpu={}\"", board.cpu)),
                "{}",
                board.name
            );
            assert!(
                config.contains(&format!("[target.{}]", board.target)),
                "{}",
                board.name
            );
            assert!(
                config.contains(&format!("\"qemu\", \"{}\"", board.name)),
                "{}",
                board.name
            );
        }
    }

    #[test]
    fn an_unknown_board_is_refused_with_the_names_of_all() {
        let error = Board::find(&firmware(), "qemu-m5").unwrap_err().to_string();
        assert!(
            error.contains("`qemu-m5`") && error.contains("qemu-m4, qemu-m7"),
            "{error}"
        );
    }
}
