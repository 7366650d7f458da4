//! The files between host and loader image; `firmware/support/src/job.rs` is the other side and draws the layout.
use std::fs;
use std::path::Path;

use crate::error::{Error, Result};

/// How the windows go into the model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Whole windows; a call is a window.
    #[default]
    Run,
    /// One sample at a time; a call is a sample.
    Push,
}

/// What goes in and comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// f32, in the units of the training data.
    Values,
    /// Activations of the model's precision, without scales.
    Raw,
}

/// What the loader wrote when it stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub windows: u32,
    pub outputs: u32,
    pub call_stack: u32,
    pub load_stack: u32,
    pub kernel: String,
}

const WORDS: usize = 8;

/// The file `job`.
pub fn encode(mode: Mode, form: Form, model_bytes: usize, windows: usize) -> Vec<u8> {
    let mode: u32 = match (form, mode) {
        (Form::Values, Mode::Run) => 0,
        (Form::Values, Mode::Push) => 1,
        (Form::Raw, Mode::Run) => 2,
        (Form::Raw, Mode::Push) => 3,
    };
    let mut bytes = b"DNJ1".to_vec();
    for word in [mode, model_bytes as u32, windows as u32] {
        bytes.extend(word.to_le_bytes());
    }
    bytes
}

/// Reads the file `record` and turns a stop before the end into an error.
///
/// # Errors
/// [`Error::Check`] when there is no record, or it says that the board could not do the job.
pub fn read_record(path: &Path) -> Result<Record> {
    let bytes = fs::read(path)
        .map_err(|_| Error::check("the loader image ended without a record of its run"))?;
    decode(&bytes)
}

fn decode(bytes: &[u8]) -> Result<Record> {
    let malformed = || Error::check("the loader image wrote a malformed record");
    let (head, name) = bytes.split_at_checked(4 * WORDS).ok_or_else(malformed)?;
    if !head.starts_with(b"DNR2") {
        return Err(malformed());
    }
    let word = |i: usize| {
        u32::from_le_bytes([
            head[4 * i],
            head[4 * i + 1],
            head[4 * i + 2],
            head[4 * i + 3],
        ])
    };
    let detail = word(2);
    let stopped = match word(1) {
        0 => None,
        1 => Some("it could not read or write a file of the host".to_owned()),
        2 => Some("it did not understand its job".to_owned()),
        3 => Some("its runtime refuses the model file".to_owned()),
        4 => Some(format!(
            "the model needs {detail} bytes of RAM, more than it has"
        )),
        5 => Some("the input ended within a window".to_owned()),
        other => Some(format!("it gave the unknown status {other}")),
    };
    if let Some(reason) = stopped {
        return Err(Error::check(format!("the loader image stopped: {reason}")));
    }
    if name.len() != word(7) as usize {
        return Err(malformed());
    }
    Ok(Record {
        windows: word(3),
        outputs: word(4),
        call_stack: word(5),
        load_stack: word(6),
        kernel: String::from_utf8_lossy(name).into_owned(),
    })
}

/// Reads the file `counts`: executed instructions of so many calls, or `None` where one was too long for the timer.
///
/// # Errors
/// [`Error::Check`] when there are not as many.
pub fn read_counts(path: &Path, calls: usize) -> Result<Option<Vec<u32>>> {
    let bytes = fs::read(path).unwrap_or_default();
    let (words, rest) = bytes.as_chunks();
    if words.len() != calls || !rest.is_empty() {
        return Err(Error::check(format!(
            "the loader image counted {} calls of {calls}",
            words.len()
        )));
    }
    let counts = words.iter().map(|&word| u32::from_le_bytes(word));
    Ok(counts
        .map(|count| (count != u32::MAX).then_some(count))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(status: u32) -> Vec<u8> {
        let mut bytes = b"DNR2".to_vec();
        for word in [status, 9, 3, 6, 700, 800, 6] {
            bytes.extend(u32::to_le_bytes(word));
        }
        bytes.extend(b"scalar");
        bytes
    }

    #[test]
    fn a_record_is_read_back() {
        let read = decode(&record(0)).unwrap();
        assert_eq!((read.windows, read.outputs), (3, 6));
        assert_eq!(
            (read.call_stack, read.load_stack, read.kernel.as_str()),
            (700, 800, "scalar")
        );
    }

    #[test]
    fn every_truncation_and_every_stop_is_an_error() {
        let whole = record(0);
        for length in 0..whole.len() {
            assert!(decode(&whole[..length]).is_err(), "{length} bytes");
        }
        for status in 1..7 {
            assert!(decode(&record(status)).is_err(), "status {status}");
        }
        assert!(
            decode(&record(4))
                .unwrap_err()
                .to_string()
                .contains("9 bytes of RAM")
        );
    }

    #[test]
    fn as_many_counts_as_calls_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("counts");
        assert!(read_counts(&path, 1).is_err());
        fs::write(&path, [7, 0, 0, 0, 1, 1, 0, 0]).unwrap();
        assert_eq!(read_counts(&path, 2).unwrap(), Some(vec![7, 257]));
        assert!(read_counts(&path, 1).is_err() && read_counts(&path, 3).is_err());
        fs::write(&path, [7, 0, 0, 0, 255, 255, 255, 255]).unwrap();
        assert_eq!(read_counts(&path, 2).unwrap(), None);
        fs::write(&path, [7, 0, 0, 0, 1]).unwrap();
        assert!(read_counts(&path, 1).is_err());
    }
}
