//! `fuzz`: arbitrary bytes as models, for a minute; what it finds becomes an ordinary test.
use std::fs;

use crate::step::{Failure, Outcome, Step, root};

const FOLDER: &str = "tests/fuzz";

pub fn run(arguments: &[String]) -> Outcome {
    let seconds = arguments.first().map_or("60", String::as_str);
    if seconds.parse::<u32>().is_err() {
        return Err(Failure::new(format!(
            "`{seconds}` is not a number of seconds"
        )));
    }
    // The sanitizers that cargo-fuzz switches on exist in nightly only.
    if !Step::new("cargo +nightly --version").succeeds() {
        Step::new("rustup toolchain install nightly --profile minimal").run()?;
    }
    if !Step::new("cargo +nightly fuzz --version").succeeds() {
        Step::new("cargo install cargo-fuzz --locked").run()?;
    }
    let folder = root().join(FOLDER).join("fuzz_targets");
    let entries = fs::read_dir(&folder)
        .map_err(|error| Failure::new(format!("{}: {error}", folder.display())))?;
    let mut targets: Vec<String> = entries
        .flatten()
        .filter_map(|entry| Some(entry.path().file_stem()?.to_str()?.to_owned()))
        .collect();
    targets.sort();
    for target in targets {
        // What is found goes to the first folder; the others are places to start from.
        let corpus = format!("{FOLDER}/corpus/{target}");
        fs::create_dir_all(root().join(&corpus))
            .map_err(|error| Failure::new(format!("{corpus}: {error}")))?;
        Step::new(&format!(
            "cargo +nightly fuzz run --fuzz-dir {FOLDER} {target} {corpus} {FOLDER}/crashes tests/golden/v1 -- -max_total_time={seconds} -max_len=8192 -len_control=0"
        ))
        .run()?;
    }
    Ok(())
}
