//! QEMU: found or refused with the command that installs it, started, watched, and killed when nobody waits any more.
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use std::{env, ffi::OsString};

use crate::device::Board;
use crate::error::{Error, Result};

const PROGRAM: &str = "qemu-system-arm";

/// Where the image's log frames (defmt) go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Log {
    /// Into the file `log` of the working folder.
    File,
    /// To this process, through [`Emulator::take_log`].
    Pipe,
}

/// How an image ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It exited with this code.
    Exit(i32),
    /// The emulator was ended by a signal; QEMU aborts when a core locks up.
    Signal,
}

/// A running image. Dropping it kills it.
#[derive(Debug)]
pub struct Emulator {
    child: Child,
    errors: PathBuf,
}

impl Emulator {
    /// Starts an image; its files lie in `folder`. `model` is put into flash at the board's place for it; a file name in `folder`.
    /// `plugin` is one of QEMU's, with its arguments.
    ///
    /// # Errors
    /// [`Error::Input`] when QEMU is missing or does not start.
    pub fn start(
        board: &Board,
        image: &Path,
        folder: &Path,
        model: Option<&str>,
        plugin: Option<&str>,
        log: Log,
    ) -> Result<Self> {
        let errors = folder.join("qemu.stderr");
        let stderr = File::create(&errors)
            .map_err(|error| Error::input(format!("{}: {error}", errors.display())))?;
        let (chardev, stdout) = match log {
            Log::File => ("file,id=log,path=log", Stdio::null()),
            Log::Pipe => ("stdio,id=log,signal=off", Stdio::piped()),
        };
        let mut command = Command::new(PROGRAM);
        command
            .current_dir(folder)
            .args(["-machine", &board.machine, "-cpu", &board.cpu])
            .args(["-display", "none", "-serial", "none", "-monitor", "none"])
            .arg("-icount")
            .arg(format!("shift={},sleep=off", board.icount_shift))
            .args(["-chardev", chardev])
            .args(["-semihosting-config", "enable=on,target=native,chardev=log"])
            .arg("-kernel")
            .arg(image)
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr);
        if let Some(model) = model {
            let place = board.model_origin();
            command
                .arg("-device")
                .arg(format!("loader,file={model},addr={place:#x},force-raw=on"));
            if let Some(emulated) = &board.emulated {
                let setting = format!("{}={}", emulated.property, emulated.ram);
                command.arg("-global").arg(setting);
            }
        }
        if let Some(plugin) = plugin {
            command.arg("-plugin").arg(plugin);
        }
        match command.spawn() {
            Ok(child) => Ok(Self { child, errors }),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(missing()),
            Err(error) => Err(Error::input(format!("{PROGRAM} does not start: {error}"))),
        }
    }

    /// The log frames, for [`Log::Pipe`]; once.
    pub fn take_log(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Waits until the image ends.
    ///
    /// # Errors
    /// [`Error::Check`] when it does not end in time; it is killed then. [`Error::Input`] when QEMU itself refuses.
    pub fn wait(mut self, limit: Duration) -> Result<Ended> {
        let start = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => {
                    let said = fs::read_to_string(&self.errors).unwrap_or_default();
                    return match status.code() {
                        // QEMU's own refusals also end with 1, and say why.
                        Some(1) if said.contains(PROGRAM) => Err(Error::input(format!(
                            "QEMU cannot run this: {}",
                            said.trim()
                        ))),
                        Some(code) => Ok(Ended::Exit(code)),
                        None => Ok(Ended::Signal),
                    };
                }
                Ok(None) if start.elapsed() > limit => {
                    return Err(Error::check(format!(
                        "the image did not end within {} seconds",
                        limit.as_secs()
                    )));
                }
                Ok(None) => {
                    sleep(pause);
                    pause = (pause * 2).min(Duration::from_millis(50));
                }
                Err(error) => return Err(Error::input(format!("{PROGRAM}: {error}"))),
            }
        }
    }

    /// Whether QEMU is on the path.
    pub fn is_installed() -> bool {
        on_path(PROGRAM)
    }

    /// Refuses to go on without QEMU.
    ///
    /// # Errors
    /// [`Error::Input`] with the command that installs it.
    pub fn require() -> Result<()> {
        if Self::is_installed() {
            Ok(())
        } else {
            Err(missing())
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // Both fail only for a process that has ended.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn missing() -> Error {
    let way = match install_command() {
        Some(words) => format!("install it with `{}`", words.join(" ")),
        None => "install QEMU for Arm from https://www.qemu.org/download".to_owned(),
    };
    Error::input(format!(
        "{PROGRAM} is not on the path: {way}, or run `cargo xtask setup`"
    ))
}

/// The command that installs QEMU here, without `sudo`; `None` where no package manager is known.
pub fn install_command() -> Option<Vec<&'static str>> {
    let commands: [&[&str]; 4] = [
        &["apt-get", "install", "-y", "qemu-system-arm"],
        &["dnf", "install", "-y", "qemu-system-arm"],
        &["pacman", "-S", "--noconfirm", "qemu-system-arm"],
        &["brew", "install", "qemu"],
    ];
    let known = commands.into_iter().find(|words| on_path(words[0]))?;
    Some(known.to_vec())
}

fn on_path(program: &str) -> bool {
    let paths: OsString = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&paths).any(|folder| {
        folder.join(program).is_file() || folder.join(format!("{program}.exe")).is_file()
    })
}
