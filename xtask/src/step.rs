//! A step of a job: a command that is printed, run, and named again when it fails.
use std::env;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dunlin_trainer::error::Error;

/// Why a job stopped.
#[derive(Debug)]
pub struct Failure {
    pub sentence: String,
    /// The exit code.
    pub code: u8,
}

pub type Outcome = Result<(), Failure>;

impl Failure {
    pub fn new(sentence: impl Into<String>) -> Self {
        Self {
            sentence: sentence.into(),
            code: 1,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            code: error.exit_code(),
            sentence: error.to_string(),
        }
    }
}

/// The project's root.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// A command in a folder of the project.
pub struct Step {
    folder: PathBuf,
    words: Vec<String>,
}

impl Step {
    /// A command line, split at blanks, in the project's root.
    pub fn new(line: &str) -> Self {
        Self {
            folder: root(),
            words: line.split_whitespace().map(str::to_owned).collect(),
        }
    }

    /// In this folder of the project instead.
    pub fn within(mut self, folder: impl AsRef<Path>) -> Self {
        self.folder = self.folder.join(folder);
        self
    }

    /// Prints and runs the command.
    ///
    /// # Errors
    /// The command and its folder, to repeat it.
    pub fn run(self) -> Outcome {
        let shown = self.shown();
        print(&shown);
        let status = self.command().status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(_) => Err(Failure::new(format!(
                "repeat the failed step with: {shown}"
            ))),
            Err(error) => Err(Failure::new(format!(
                "`{}` does not start: {error}; the step is: {shown}",
                self.words[0]
            ))),
        }
    }

    /// Prints and runs the command, and gives what it wrote to standard output.
    ///
    /// # Errors
    /// As [`Step::run`].
    pub fn output(self) -> Result<String, Failure> {
        let shown = self.shown();
        print(&shown);
        let output = self.command().stderr(Stdio::inherit()).output();
        match output {
            Ok(output) if output.status.success() => {
                Ok(String::from_utf8_lossy(&output.stdout).into_owned())
            }
            Ok(_) => Err(Failure::new(format!(
                "repeat the failed step with: {shown}"
            ))),
            Err(error) => Err(Failure::new(format!(
                "`{}` does not start: {error}; the step is: {shown}",
                self.words[0]
            ))),
        }
    }

    /// Whether the command succeeds; prints nothing.
    pub fn succeeds(self) -> bool {
        let mut command = self.command();
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).current_dir(&self.folder);
        command
    }

    fn shown(&self) -> String {
        let line = self.words.join(" ");
        match self.folder.strip_prefix(root()) {
            Ok(folder) if folder.as_os_str().is_empty() => line,
            Ok(folder) => format!("(cd {} && {line})", folder.display()),
            Err(_) => format!("(cd {} && {line})", self.folder.display()),
        }
    }
}

/// Shows a command; bold where somebody looks.
fn print(shown: &str) {
    if std::io::stderr().is_terminal() {
        eprintln!("\x1b[1m$ {shown}\x1b[0m");
    } else {
        eprintln!("$ {shown}");
    }
}
