//! What the plugin in `xtask/plugin` saw: the executed instructions of the measured calls.
use std::fs;
use std::path::{Path, PathBuf};

use dunlin_trainer::device::{Board, Image, count};
use dunlin_trainer::model_file::Runner;
use serde_json::Value;

use crate::step::{Failure, Step};

use super::case::Case;

/// An instruction of the image and how often it was executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Executed {
    pub address: u64,
    /// The first halfword in front.
    pub opcode: u32,
    /// 2 or 4 bytes.
    pub size: u8,
    pub count: u64,
    /// How often something else than the next instruction followed.
    pub left: u64,
}

/// What some calls executed.
#[derive(Debug)]
pub struct Profile {
    pub calls: u64,
    /// By address.
    pub executed: Vec<Executed>,
}

impl Profile {
    /// Instructions of all calls.
    pub fn instructions(&self) -> u64 {
        self.executed.iter().map(|executed| executed.count).sum()
    }
}

/// Runs one random window of a case in the board's `loader` under the plugin. Its instructions are exactly those that the
/// board's timer counts, or it is an error.
pub fn profile(
    board: &Board,
    loader: &Path,
    plugin: &Path,
    case: &Case,
    file: &Runner,
) -> Result<Profile, Failure> {
    let folder = tempfile::tempdir()
        .map_err(|error| Failure::new(format!("no temporary folder: {error}")))?;
    let out = folder.path().join("executed");
    // QEMU takes a comma in a value when it is doubled.
    let word = |path: &Path| path.display().to_string().replace(',', ",,");
    let arguments = format!("{},out={}", word(plugin), word(&out));
    let image = Image {
        path: loader,
        plugin: Some(&arguments),
    };
    let report = count(file, board, image, case.mode, &case.one_window())?;
    let text = fs::read_to_string(&out)
        .map_err(|error| Failure::new(format!("the plugin wrote nothing: {error}")))?;
    let profile = Profile {
        calls: report.counts.len() as u64,
        executed: parse(&text)?,
    };
    // The instruction that calls is counted too.
    let calls = profile.calls;
    let found = profile.instructions() - calls;
    let counted: u64 = report.counts.iter().copied().map(u64::from).sum();
    if found == counted {
        Ok(profile)
    } else {
        Err(Failure::new(format!(
            "{} on {}: the plugin saw {found} instructions in {calls} calls, the timer {counted}",
            case.name, board.name
        )))
    }
}

/// Builds the plugin; where it is.
pub fn plugin() -> Result<PathBuf, Failure> {
    let line = "cargo build --quiet --profile tool --package executed --message-format json-render-diagnostics";
    let text = Step::new(line).output()?;
    let messages = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut files = messages
        .filter(|message| message["target"]["name"] == "executed")
        .filter_map(|message| message["filenames"][0].as_str().map(PathBuf::from));
    files
        .next()
        .ok_or_else(|| Failure::new(format!("cargo names no plugin: {line}")))
}

/// Reads what the plugin wrote.
fn parse(text: &str) -> Result<Vec<Executed>, Failure> {
    let parsed = |line: &str| -> Option<Executed> {
        let mut words = line.split(' ');
        let executed = Executed {
            address: u64::from_str_radix(words.next()?, 16).ok()?,
            opcode: u32::from_str_radix(words.next()?, 16).ok()?,
            size: words.next()?.parse().ok()?,
            count: words.next()?.parse().ok()?,
            left: words.next()?.parse().ok()?,
        };
        words.next().is_none().then_some(executed)
    };
    text.lines()
        .map(|line| {
            parsed(line).ok_or_else(|| {
                Failure::new(format!("the plugin wrote a line that is none: `{line}`"))
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_and_others_refused() {
        let found = parse("1000a 4770 2 5 5\n1000c fb123456 4 70 0\n").unwrap();
        let expected = Executed {
            address: 0x1_000c,
            opcode: 0xfb12_3456,
            size: 4,
            count: 70,
            left: 0,
        };
        assert_eq!((found.len(), found[1]), (2, expected));
        for wrong in [
            "",
            "1000a",
            "1000a 4770 2 5",
            "1000a 4770 2 5 5 5",
            "x 4770 2 5 5",
        ] {
            assert!(parse(&format!("{wrong}\n")).is_err(), "{wrong}");
        }
    }
}
