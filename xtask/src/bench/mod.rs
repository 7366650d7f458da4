//! `bench`: executed instructions of layers and models on the emulated boards, against the last accepted state.
use std::collections::BTreeMap;

use dunlin::PrecisionTag;
use dunlin_trainer::device::{Board, Image, VerifyReport, build, count};
use dunlin_trainer::model_file::Runner;

use crate::firmware::chosen;
use crate::setup;
use crate::step::{Failure, Outcome};

pub mod case;
pub mod cases;
mod committed;
mod cycles;
mod executed;
mod figure;
mod floor;
mod functions;
mod paths;
mod reference;
mod report;

use case::{Case, uneven};
use committed::Committed;
use figure::Figure;
use floor::Floors;

const USAGE: &str =
    "cargo xtask bench [CASE...] [--board BOARD] [--json | --functions] [--cycles] [--write]";

/// What the arguments ask for.
#[derive(Debug, Default)]
struct Wanted {
    cases: Vec<String>,
    boards: Vec<String>,
    json: bool,
    functions: bool,
    cycles: bool,
    write: bool,
}

pub fn run(arguments: &[String]) -> Outcome {
    let wanted = wanted(arguments)?;
    setup::targets()?;
    setup::emulator()?;
    let cases = cases::all();
    if let Some(unknown) = wanted
        .cases
        .iter()
        .find(|name| !cases.iter().any(|case| case.name == **name))
    {
        let names: Vec<&str> = cases.iter().map(|case| case.name).collect();
        return Err(Failure {
            sentence: format!("no case `{unknown}`; the cases are {}", names.join(", ")),
            code: 2,
        });
    }
    // The committed table has estimates too; they take another run of each case.
    let plugin = if wanted.cycles || wanted.write {
        Some(executed::plugin()?)
    } else {
        None
    };
    // Quantized once for all boards.
    let mut files: BTreeMap<&str, Runner> = BTreeMap::new();
    let (mut figures, mut wrong) = (Vec::new(), Vec::new());
    for board in chosen(&wanted.boards)? {
        let path = build(&board, "loader")?;
        let loader = Image {
            path: &path,
            plugin: None,
        };
        for case in &cases {
            let asked =
                wanted.cases.is_empty() || wanted.cases.iter().any(|name| name == case.name);
            if !asked || !case.runs_on(&board) {
                continue;
            }
            if !files.contains_key(case.name) {
                files.insert(case.name, case.file()?);
            }
            let file = files[case.name].packed(board.packed_for().packing())?;
            if wanted.functions {
                println!("{}", functions::text(&board, case, &file)?);
                continue;
            }
            let mut found = measure(&board, loader, case, &file)?;
            if let Some(plugin) = &plugin {
                let profile = executed::profile(&board, &path, plugin, case, &file)?;
                let cycles = cycles::estimate(&board.name, &profile.executed);
                found.figure.estimated_cycles = cycles.map(|cycles| cycles / profile.calls);
            }
            if let Some(sentence) = found.wrong {
                wrong.push(sentence);
            }
            figures.push(found.figure);
        }
    }
    if wanted.functions {
        return Ok(());
    }
    let committed = Committed::read()?;
    if wanted.json {
        let counted: Vec<Figure> = figures.iter().map(Figure::counted).collect();
        println!("{}", figure::json(&counted));
    } else {
        let floors = Floors::new(&cases)?;
        println!("{}", report::text(&figures, &committed, &floors));
    }
    if wanted.write {
        let whole = wanted.cases.is_empty() && wanted.boards.is_empty();
        let table = if whole {
            Committed::new(figures)
        } else {
            committed.with(figures)
        };
        table.write()?;
        report::write(&table, &Floors::new(&cases)?)?;
    } else {
        wrong.extend(committed.rises(&figures));
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(wrong.join("\n       ")))
    }
}

fn wanted(arguments: &[String]) -> Result<Wanted, Failure> {
    let mut wanted = Wanted::default();
    let mut arguments = arguments.iter();
    let usage = || Failure {
        sentence: format!("usage: {USAGE}"),
        code: 2,
    };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => wanted.json = true,
            "--functions" => wanted.functions = true,
            "--cycles" => wanted.cycles = true,
            "--write" => wanted.write = true,
            "--board" => wanted
                .boards
                .push(arguments.next().ok_or_else(usage)?.clone()),
            flag if flag.starts_with('-') => return Err(usage()),
            name => wanted.cases.push(name.to_owned()),
        }
    }
    Ok(wanted)
}

/// A figure, and what is wrong with it.
struct Found {
    figure: Figure,
    wrong: Option<String>,
}

fn measure(board: &Board, loader: Image<'_>, case: &Case, file: &Runner) -> Result<Found, Failure> {
    let named = |error: &dyn std::fmt::Display| {
        Failure::new(format!("{} on {}: {error}", case.name, board.name))
    };
    let inputs = case.inputs();
    let reports: Result<Vec<VerifyReport>, _> = inputs
        .iter()
        .map(|input| count(file, board, loader, case.mode, input))
        .collect();
    let reports = reports.map_err(|error| named(&error))?;
    let differing: u64 = reports.iter().map(|report| report.differing_bits).sum();
    let counts: Vec<&[u32]> = reports.iter().map(|report| &*report.counts).collect();
    let wrong = if differing > 0 {
        Some(format!("{differing} bits differ from the host's"))
    } else {
        match case.precision {
            PrecisionTag::F32 => None,
            PrecisionTag::W8A16 => uneven(case.mode, &counts),
        }
    };
    let longest = reports
        .iter()
        .map(|report| report.instructions_per_inference);
    Ok(Found {
        figure: Figure {
            name: case.name.to_owned(),
            board: board.name.clone(),
            precision: case.precision(),
            macs: case.macs(file)?,
            instructions: longest.max().unwrap_or_default(),
            estimated_cycles: None,
        },
        wrong: wrong.map(|sentence| named(&sentence).sentence),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn arguments_are_read() {
        let all = wanted(&words("dense_128_128 --board qemu-m4 --json")).unwrap();
        assert_eq!(all.cases, ["dense_128_128"]);
        assert_eq!(all.boards, ["qemu-m4"]);
        assert!(all.json && !all.write);
        for wrong in ["--fast", "--board"] {
            assert_eq!(wanted(&words(wrong)).unwrap_err().code, 2, "{wrong}");
        }
    }

    #[test]
    fn an_unknown_case_is_refused_with_the_names_of_all() {
        let failure = run(&words("dense_1_1")).unwrap_err();
        assert_eq!(failure.code, 2);
        assert!(failure.sentence.contains("dense_128_128"));
    }
}
