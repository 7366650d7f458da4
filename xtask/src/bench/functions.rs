//! `--functions CASE`: where the instructions of a call go, by function and by line of source.
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;

use addr2line::Context;
use addr2line::gimli::{DwarfSections, EndianSlice, LittleEndian};
use dunlin_trainer::device::{Board, build};
use dunlin_trainer::model_file::Runner;
use dunlin_trainer::report::table::{Table, thousands};
use object::{File, Object, ObjectSection, ObjectSymbol, SymbolKind};

use crate::step::Failure;

use super::case::Case;
use super::executed::{Profile, plugin, profile};

/// Lines of source with fewer of 1,000 instructions are not shown.
const SHOWN: u64 = 10;

/// The tables of a case on a board.
pub fn text(board: &Board, case: &Case, file: &Runner) -> Result<String, Failure> {
    let image = build(board, "loader")?;
    let profile = profile(board, &image, &plugin()?, case, file)?;
    let failed = |error: &dyn Display| Failure::new(format!("{}: {error}", image.display()));
    let elf = fs::read(&image).map_err(|error| failed(&error))?;
    let elf = File::parse(&*elf).map_err(|error| failed(&error))?;
    let functions = Functions::of(&elf);
    let sections = DwarfSections::load(|section| -> Result<Cow<'_, [u8]>, object::Error> {
        match elf.section_by_name(section.name()) {
            Some(section) => section.uncompressed_data(),
            None => Ok(Cow::Borrowed(&[])),
        }
    })
    .map_err(|error| failed(&error))?;
    let dwarf = sections.borrow(|section| EndianSlice::new(section, LittleEndian));
    let context = Context::from_dwarf(dwarf).map_err(|error| failed(&error))?;
    let by_function = table("function", &profile, 0, |address| functions.at(address));
    let by_line = table("line of source, from 1 % on", &profile, SHOWN, |address| {
        line(&context, address)
    });
    let per_call = profile.instructions() / profile.calls;
    Ok(format!(
        "{} on {}: {} instructions a call\n\n{by_function}\n{by_line}",
        case.name,
        board.name,
        thousands(per_call)
    ))
}

/// Instructions a call by what `name` makes of their addresses, the most first; from `least` of 1,000 on.
fn table(title: &str, profile: &Profile, least: u64, name: impl Fn(u64) -> String) -> Table {
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    for executed in &profile.executed {
        *sums.entry(name(executed.address)).or_default() += executed.count;
    }
    let mut sums: Vec<(String, u64)> = sums.into_iter().collect();
    sums.sort_by_key(|(_, count)| u64::MAX - count);
    let all = profile.instructions().max(1);
    let mut table = Table::new([title, "instructions a call", "share"]);
    for (name, count) in sums {
        if count * 1000 >= least * all {
            let share = count as f64 / all as f64 * 100.0;
            table.row([
                name,
                thousands(count / profile.calls),
                format!("{share:.1} %"),
            ]);
        }
    }
    table
}

/// The functions of an image: where each starts and ends, and its name.
struct Functions(BTreeMap<u64, (u64, String)>);

impl Functions {
    fn of(file: &File<'_>) -> Self {
        let functions = file
            .symbols()
            .filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.size() > 0);
        Self(
            functions
                .map(|symbol| {
                    // Bit 0 says that it is Thumb code.
                    let start = symbol.address() & !1;
                    let name = rustc_demangle::demangle(symbol.name().unwrap_or_default());
                    (start, (start + symbol.size(), format!("{name:#}")))
                })
                .collect(),
        )
    }

    fn at(&self, address: u64) -> String {
        match self.0.range(..=address).next_back() {
            Some((_, (end, name))) if address < *end => name.clone(),
            Some(_) | None => "(no function)".to_owned(),
        }
    }
}

/// The line of source of an instruction, and the function that it stands in: of inlined functions the innermost that is
/// not the standard library's.
fn line(context: &Context<EndianSlice<'_, LittleEndian>>, address: u64) -> String {
    let Ok(mut frames) = context.find_frames(address).skip_all_loads() else {
        return NO_LINE.to_owned();
    };
    let mut outermost = None;
    while let Ok(Some(frame)) = frames.next() {
        let place = frame.location.and_then(|place| place.file.zip(place.line));
        let function = frame
            .function
            .as_ref()
            .and_then(|function| function.raw_name().ok());
        if let Some((file, line)) = place {
            let shown = shown(file, line, function.as_deref().unwrap_or_default());
            if !file.starts_with(STANDARD_LIBRARY) {
                return shown;
            }
            outermost = Some(shown);
        }
    }
    outermost.unwrap_or_else(|| NO_LINE.to_owned())
}

const NO_LINE: &str = "(no line)";
/// Where the sources of the standard library are said to be.
const STANDARD_LIBRARY: &str = "/rustc/";

/// A place with the end of its path and of its function's name.
fn shown(file: &str, line: u32, function: &str) -> String {
    let mut parts: Vec<&str> = file.rsplit('/').take(3).collect();
    parts.reverse();
    let function = format!("{:#}", rustc_demangle::demangle(function));
    let name = function.rsplit("::").next().unwrap_or_default();
    format!("{}:{line} {name}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::executed::Executed;

    #[test]
    fn an_address_belongs_to_the_function_around_it() {
        let functions = [
            (0x100, (0x110, "one".to_owned())),
            (0x120, (0x124, "two".to_owned())),
        ];
        let functions = Functions(functions.into());
        let names = [0x0ff, 0x100, 0x10e, 0x110, 0x122, 0x124].map(|at| functions.at(at));
        let none = "(no function)";
        assert_eq!(names, [none, "one", "one", none, "two", none]);
    }

    #[test]
    fn a_line_is_shown_with_the_end_of_its_path() {
        let found = shown(
            "/a/b/runtime/src/layer/dense.rs",
            7,
            "_ZN6dunlin5layer5dense3run17h0123456789abcdefE",
        );
        assert_eq!(found, "src/layer/dense.rs:7 run");
    }

    #[test]
    fn counts_are_summed_by_name_and_shown_a_call() {
        let executed = |address, count| Executed {
            address,
            opcode: 0,
            size: 2,
            count,
            left: 0,
        };
        let profile = Profile {
            calls: 2,
            executed: vec![executed(2, 10), executed(4, 600), executed(6, 1390)],
        };
        let name = |address| if address < 5 { "low" } else { "high" }.to_owned();
        let shown = table("part", &profile, 0, name).to_string();
        let lines: Vec<&str> = shown.lines().map(str::trim).collect();
        assert!(
            lines[2].starts_with("high") && lines[2].ends_with("69.5 %"),
            "{shown}"
        );
        assert!(
            lines[3].starts_with("low") && lines[3].contains("305"),
            "{shown}"
        );
        let fewer = table("part", &profile, 500, name).to_string();
        assert!(!fewer.contains("low"), "{fewer}");
    }
}
