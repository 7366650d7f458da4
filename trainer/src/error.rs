//! The one error of the host side: a sentence for a person, and the exit code that goes with it.
use std::fmt;

/// Why a command stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The input is bad: a file, a key or an argument. Exit code 2. The sentence names the file, the line or
    /// layer, and the way out.
    Input(String),
    /// A check failed: bits differ, a model does not fit a board. Exit code 1.
    Check(String),
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Bad input, as a sentence.
    pub fn input(message: impl Into<String>) -> Self {
        Self::Input(message.into())
    }

    /// A failed check, as a sentence.
    pub fn check(message: impl Into<String>) -> Self {
        Self::Check(message.into())
    }

    /// The process exit code: 1 for a failed check, 2 for bad input.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Check(_) => 1,
            Self::Input(_) => 2,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(message) | Self::Check(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Error {}
