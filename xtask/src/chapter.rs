//! `chapter`: the models of the chapter on time series, one and ten steps ahead, each trained, quantized and run on an emulated
//! Cortex-M4; prints the tables, and writes them to README when asked.
use std::fs;

use dunlin_trainer::report::atomic;
use dunlin_trainer::report::table::{Table, thousands};

use crate::measure::{self, BOARD, Measured, measure};
use crate::setup;
use crate::step::{Failure, Outcome, root};

/// The three things to forecast: the folder under `examples/chapter`, and the heading of its table.
const TASKS: [(&str, &str); 3] = [
    ("one_step", "One step ahead"),
    ("ten_steps", "Ten steps ahead, sequence to vector"),
    (
        "ten_steps_sequence",
        "Ten steps ahead, sequence to sequence",
    ),
];

/// The models, by the names of their descriptions, with those that the table shows. A task has a model if its folder has the
/// description.
const ROWS: [(&str, &str); 8] = [
    ("simple_rnn_1", "SimpleRNN(1)"),
    ("simple_rnn_20", "SimpleRNN(20, 20)"),
    ("lstm_100_relu", "LSTM(100, relu)"),
    ("lstm_20", "LSTM(20, 20)"),
    ("gru_20", "GRU(20, 20)"),
    ("conv1d_gru", "Conv1D(20, 4, strides 2), GRU(20, 20)"),
    ("conv1d_max_pool", "Conv1D(64, 3), MaxPool1D(2), Flatten"),
    ("wavenet", "WaveNet: Conv1D(20, 2) x 8"),
];

/// Windows that run on the board.
const WINDOWS: u32 = 100;
const QUICK_WINDOWS: u32 = 4;
const README: &str = "README.md";
/// The lines around the tables in README.
const BEGIN: &str = "<!-- made by `cargo xtask chapter --write`: begin -->";
const END: &str = "<!-- made by `cargo xtask chapter --write`: end -->";

/// What the command line asks for.
#[derive(Debug, Default, PartialEq)]
struct Options {
    /// Names out of [`ROWS`]; all, if there is none.
    rows: Vec<String>,
    epochs: Option<u32>,
    quick: bool,
    write: bool,
}

pub fn run(arguments: &[String]) -> Outcome {
    let options = parse(arguments)?;
    setup::run(&[])?;
    measure::build()?;
    let text = tables(&options)?;
    println!("\n{text}");
    if options.write {
        let path = root().join(README);
        let readme = fs::read_to_string(&path)
            .map_err(|error| Failure::new(format!("{README}: {error}")))?;
        atomic::write(&path, replaced(&readme, &text)?.as_bytes())?;
        eprintln!("wrote the tables to {README}");
    }
    Ok(())
}

/// One small row of each task, one epoch: whether the job still works.
pub fn check() -> Outcome {
    run(&["--rows", "simple_rnn_1", "--quick"].map(str::to_owned))
}

fn parse(arguments: &[String]) -> Result<Options, Failure> {
    let usage = "usage: cargo xtask chapter [--rows NAME,...] [--epochs N] [--quick] [--write]";
    let refused = |why: String| Failure {
        sentence: format!("{why}; {usage}"),
        code: 2,
    };
    let mut options = Options::default();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--quick" => options.quick = true,
            "--write" => options.write = true,
            "--epochs" => {
                let value = words.next().map_or("", String::as_str);
                let epochs = value.parse().ok().filter(|epochs| *epochs > 0);
                options.epochs = Some(epochs.ok_or_else(|| {
                    refused(format!("--epochs takes a number from 1, not `{value}`"))
                })?);
            }
            "--rows" => {
                let names = words.next().map_or("", String::as_str);
                for name in names.split(',') {
                    if !ROWS.iter().any(|(known, _)| *known == name) {
                        let known: Vec<&str> = ROWS.iter().map(|(known, _)| *known).collect();
                        return Err(refused(format!(
                            "no row is named `{name}`; there are {}",
                            known.join(", ")
                        )));
                    }
                    options.rows.push(name.to_owned());
                }
            }
            unknown => return Err(refused(format!("unknown argument `{unknown}`"))),
        }
    }
    let whole = options.rows.is_empty() && options.epochs.is_none() && !options.quick;
    if options.write && !whole {
        return Err(refused(
            "--write is for the whole table as the descriptions train it, without --rows, --epochs and --quick".to_owned(),
        ));
    }
    Ok(options)
}

/// All tables, in Markdown.
fn tables(options: &Options) -> Result<String, Failure> {
    let (out, windows) = match options.quick {
        true => ("out/chapter-quick", QUICK_WINDOWS),
        false => ("out/chapter", WINDOWS),
    };
    let epochs = options.epochs.or(options.quick.then_some(1));
    let mut text = String::new();
    for (task, heading) in TASKS {
        let mut found = Vec::new();
        for (row, title) in chosen(options) {
            let description = format!("examples/chapter/{task}/{row}.toml");
            if root().join(&description).is_file() {
                let measured = measure(
                    &description,
                    &format!("{out}/{task}/{row}"),
                    epochs,
                    windows,
                )?;
                found.push((title, measured));
            }
        }
        if let Some(table) = table(&found) {
            text.push_str(&format!("{heading}:\n\n{table}\n"));
        }
    }
    text.push_str(&format!(
        "\"Differing bits\" compares {windows} windows on `{BOARD}` with the PC.\n"
    ));
    Ok(text)
}

fn chosen(options: &Options) -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = options.rows.is_empty();
    ROWS.into_iter()
        .filter(move |(name, _)| all || options.rows.iter().any(|row| row == name))
}

/// The table of one task: the baselines, which are the same for all its models, and the models.
fn table(found: &[(&str, Measured)]) -> Option<String> {
    let (_, first) = found.first()?;
    let mut table = Table::new([
        "model",
        "float MSE",
        "w8a16 MSE",
        "parameters",
        "file bytes",
        "RAM bytes",
        "instructions",
        "differing bits",
    ]);
    for (name, mse) in [("naive", first.naive_mse), ("linear", first.linear_mse)] {
        table.row([name.to_owned(), format!("{mse:.5}")]);
    }
    for (title, model) in found {
        table.row([
            (*title).to_owned(),
            format!("{:.5}", model.float_mse),
            format!("{:.5}", model.quantized_mse),
            thousands(model.parameters),
            thousands(model.file_bytes),
            thousands(model.ram_bytes),
            thousands(model.instructions),
            thousands(model.differing_bits),
        ]);
    }
    Some(table.markdown())
}

/// `readme` with `text` between the two lines that mark its place.
fn replaced(readme: &str, text: &str) -> Result<String, Failure> {
    let parts = readme.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    match parts {
        Some((before, after)) => Ok(format!("{before}{BEGIN}\n\n{text}\n{END}{after}")),
        None => Err(Failure::new(format!(
            "{README} lacks the lines `{BEGIN}` and `{END}`, in this order"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn every_description_of_the_chapter_is_a_row() {
        let mut seen = BTreeSet::new();
        for (task, _) in TASKS {
            let folder = root().join("examples/chapter").join(task);
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
                let known = ROWS.iter().any(|(row, _)| *row == name);
                assert!(known, "{}", path.display());
                let config = dunlin_trainer::config::Config::load(&path);
                config.unwrap_or_else(|error| panic!("{error}"));
                seen.insert(name);
            }
        }
        assert_eq!(seen.len(), ROWS.len(), "{seen:?}");
    }

    #[test]
    fn the_tables_of_readme_have_their_place() {
        let readme = fs::read_to_string(root().join(README)).unwrap();
        let new = replaced(&readme, "a table\n").unwrap();
        assert!(new.contains(&format!("{BEGIN}\n\na table\n\n{END}")));
        assert_eq!(replaced(&new, "a table\n").unwrap(), new);
        assert!(replaced("no lines", "a table").is_err());
        assert!(replaced(&format!("{END}{BEGIN}"), "a table").is_err());
    }

    #[test]
    fn arguments_are_taken_or_refused_by_name() {
        let options = parse(&words("--rows gru_20,wavenet --epochs 3 --quick")).unwrap();
        assert_eq!(options.rows, ["gru_20", "wavenet"]);
        assert_eq!((options.epochs, options.quick), (Some(3), true));
        let names: Vec<&str> = chosen(&options).map(|(name, _)| name).collect();
        assert_eq!(names, ["gru_20", "wavenet"]);
        assert_eq!(chosen(&Options::default()).count(), ROWS.len());
        for (line, says) in [
            ("--rows gru", "no row is named `gru`"),
            ("--rows", "no row is named ``"),
            ("--epochs 0", "not `0`"),
            ("--fast", "`--fast`"),
            ("--write --quick", "--write is for the whole table"),
        ] {
            let failure = parse(&words(line)).unwrap_err();
            assert!(failure.sentence.contains(says), "{failure:?}");
            assert_eq!(failure.code, 2);
        }
    }
}
