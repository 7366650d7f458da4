//! The figures as tables: for a reader of the terminal, and in docs/instructions.md.
use std::fs;

use dunlin_trainer::report::atomic;
use dunlin_trainer::report::table::{Table, thousands};

use crate::step::{Failure, Outcome, root};

use super::committed::Committed;
use super::figure::Figure;
use super::floor::Floors;
use super::reference::{self, Boards, Reference};

const PAGE: &str = "docs/instructions.md";
/// The lines around the tables.
const BEGIN: &str = "<!-- made by `cargo xtask bench --write`: begin -->";
const END: &str = "<!-- made by `cargo xtask bench --write`: end -->";

/// A table for each board, with the change since the last accepted state.
pub fn text(figures: &[Figure], committed: &Committed, floors: &Floors) -> String {
    by_board(figures, |of_board| {
        let mut table = Table::new([
            "case",
            "precision",
            "MACs",
            "instructions",
            "a MAC",
            "floor",
            "of floor",
            "estimated cycles",
            "committed",
            "change",
            "C",
            "of C",
            "aim",
            "of aim",
        ]);
        for figure in of_board {
            let before = committed.of(&figure.name, &figure.board);
            let mut row = own(figure, floors);
            row.push(before.map(thousands).unwrap_or_default());
            row.push(before.map_or_else(String::new, |before| {
                let change = figure.instructions as f64 / before as f64 - 1.0;
                format!("{:+.2} %", change * 100.0)
            }));
            row.extend(compared(figure));
            table.row(row);
        }
        table.to_string()
    })
}

/// Renews the tables of the page.
pub fn write(committed: &Committed, floors: &Floors) -> Outcome {
    let text = tables(committed, floors);
    let path = root().join(PAGE);
    let page =
        fs::read_to_string(&path).map_err(|error| Failure::new(format!("{PAGE}: {error}")))?;
    atomic::write(&path, replaced(&page, &text)?.as_bytes())?;
    eprintln!("wrote the tables to {PAGE}");
    Ok(())
}

/// The tables of the page.
fn tables(committed: &Committed, floors: &Floors) -> String {
    by_board(committed.figures(), |of_board| {
        let mut table = Table::new([
            "case",
            "precision",
            "MACs",
            "instructions",
            "a MAC",
            "floor",
            "of floor",
            "estimated cycles",
            "C",
            "of C",
            "aim",
            "of aim",
        ]);
        for figure in of_board {
            let mut row = own(figure, floors);
            row.extend(compared(figure));
            table.row(row);
        }
        table.markdown()
    })
}

/// The boards in the order in which they first come, with a heading each.
fn by_board(figures: &[Figure], table: impl Fn(&[&Figure]) -> String) -> String {
    let mut boards: Vec<&str> = Vec::new();
    for figure in figures {
        if !boards.contains(&figure.board.as_str()) {
            boards.push(&figure.board);
        }
    }
    let parts = boards.into_iter().map(|board| {
        let of_board: Vec<&Figure> = figures
            .iter()
            .filter(|figure| figure.board == board)
            .collect();
        format!("{board}:\n\n{}", table(&of_board))
    });
    parts.collect::<Vec<String>>().join("\n")
}

/// Name to estimated cycles.
fn own(figure: &Figure, floors: &Floors) -> Vec<String> {
    let a_mac = figure.instructions as f64 / figure.macs as f64;
    let [floor, of_floor] = beside(figure, floors.of(figure));
    vec![
        figure.name.clone(),
        figure.precision.clone(),
        thousands(figure.macs),
        thousands(figure.instructions),
        if figure.macs == 0 {
            String::new()
        } else {
            format!("{a_mac:.2}")
        },
        floor,
        of_floor,
        figure.estimated_cycles.map(thousands).unwrap_or_default(),
    ]
}

/// Another figure, and how many times as many instructions this one has.
fn beside(figure: &Figure, other: Option<u64>) -> [String; 2] {
    other.map_or_else(
        || [String::new(), String::new()],
        |other| {
            let ratio = figure.instructions as f64 / other as f64;
            [thousands(other), format!("{ratio:.2}")]
        },
    )
}

/// The figures of C and those aimed at, where there are some.
fn compared(figure: &Figure) -> Vec<String> {
    let reference = reference::of(&figure.name);
    let cells = |part: fn(&Reference) -> &Boards| {
        let other = reference.and_then(|reference| part(reference).on(&figure.board));
        beside(figure, other)
    };
    [
        cells(|reference| &reference.c),
        cells(|reference| &reference.aim),
    ]
    .concat()
}

/// `page` with `text` between the two lines that mark its place.
fn replaced(page: &str, text: &str) -> Result<String, Failure> {
    let parts = page.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    match parts {
        Some((before, after)) => Ok(format!("{before}{BEGIN}\n\n{text}\n{END}{after}")),
        None => Err(Failure::new(format!(
            "{PAGE} lacks the lines `{BEGIN}` and `{END}`, in this order"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::cases;

    #[test]
    fn the_tables_have_their_place() {
        let page = fs::read_to_string(root().join(PAGE)).unwrap();
        let new = replaced(&page, "a table\n").unwrap();
        assert_eq!(replaced(&new, "a table\n").unwrap(), new);
        assert!(replaced("no lines", "a table").is_err());
    }

    #[test]
    fn a_line_shows_the_ratios_to_the_floor_to_c_and_to_the_aim() {
        let floors = Floors::new(&cases::all()).unwrap();
        let figure = Figure {
            name: "dense_128_128".to_owned(),
            board: "qemu-m4".to_owned(),
            precision: "w8a16".to_owned(),
            macs: 16_384,
            instructions: 35_000,
            estimated_cycles: Some(40_000),
        };
        let floor = ["14,976", "2.34"];
        assert_eq!(own(&figure, &floors)[3..5], ["35,000", "2.14"]);
        assert_eq!(own(&figure, &floors)[5..7], floor);
        assert_eq!(own(&figure, &floors)[7..], ["40,000"]);
        assert_eq!(compared(&figure), ["36,477", "0.96", "17,500", "2.00"]);
        let other = Figure {
            board: "qemu-m3".to_owned(),
            ..figure
        };
        assert_eq!(compared(&other), ["", "", "", ""]);
        let before = Committed::new(vec![Figure {
            instructions: 70_000,
            ..other.clone()
        }]);
        let shown = text(std::slice::from_ref(&other), &before, &floors);
        assert!(shown.contains("-50.00 %"), "{shown}");
        let page = tables(&before, &floors);
        let head = "| case | precision | MACs | instructions | a MAC | floor | of floor | estimated cycles |";
        assert!(page.contains(head), "{page}");
        let line = "| dense_128_128 | w8a16 | 16,384 | 70,000 | 4.27 | 37,376 | 1.87 | 40,000 |";
        assert!(page.contains(line), "{page}");
        // A case that is gone has no floor.
        let gone = Figure {
            name: "gone".to_owned(),
            ..other
        };
        assert_eq!(own(&gone, &floors)[5..7], ["", ""]);
    }
}
