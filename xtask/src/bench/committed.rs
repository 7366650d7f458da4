//! The figures of the last accepted state, and what is more than they allow.
use std::fs;

use dunlin_trainer::report::atomic;

use crate::step::{Failure, Outcome, root};

use super::figure::{Figure, json};

const TABLE: &str = "xtask/bench.json";
/// A figure may rise by one part in so many.
const TOLERANCE: u64 = 100;

/// All figures of the last accepted state, board by board.
#[derive(Debug, Clone, Default)]
pub struct Committed(Vec<Figure>);

impl Committed {
    pub fn new(figures: Vec<Figure>) -> Self {
        Self(figures)
    }

    /// Reads the table; where there is none, it is empty.
    pub fn read() -> Result<Self, Failure> {
        match fs::read_to_string(root().join(TABLE)) {
            Ok(text) => serde_json::from_str(&text)
                .map(Self)
                .map_err(|error| Failure::new(format!("{TABLE}: {error}"))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Failure::new(format!("{TABLE}: {error}"))),
        }
    }

    pub fn write(&self) -> Outcome {
        atomic::write(&root().join(TABLE), (json(&self.0) + "\n").as_bytes())?;
        eprintln!("wrote {TABLE}");
        Ok(())
    }

    pub fn figures(&self) -> &[Figure] {
        &self.0
    }

    /// Instructions of this case on this board.
    pub fn of(&self, name: &str, board: &str) -> Option<u64> {
        let figure = self
            .0
            .iter()
            .find(|figure| figure.name == name && figure.board == board)?;
        Some(figure.instructions)
    }

    /// The table with these figures instead of its own; new ones come last.
    pub fn with(mut self, figures: Vec<Figure>) -> Self {
        for figure in figures {
            let same = |old: &&mut Figure| old.name == figure.name && old.board == figure.board;
            match self.0.iter_mut().find(same) {
                Some(old) => *old = figure,
                None => self.0.push(figure),
            }
        }
        self
    }

    /// A sentence for each figure that is missing here or has risen by more than 1 %.
    pub fn rises(&self, figures: &[Figure]) -> Vec<String> {
        let sentence = |figure: &Figure| {
            let Figure {
                name,
                board,
                instructions,
                ..
            } = figure;
            match self.of(name, board) {
                None => Some(format!(
                    "{name} on {board}: {TABLE} has no figure; `cargo xtask bench --write` writes it"
                )),
                Some(committed)
                    if instructions.saturating_sub(committed) * TOLERANCE > committed =>
                {
                    Some(format!(
                        "{name} on {board}: {instructions} instructions, {:.2} % more than the {committed} of {TABLE}",
                        (*instructions as f64 / committed as f64 - 1.0) * 100.0
                    ))
                }
                Some(_) => None,
            }
        };
        figures.iter().filter_map(sentence).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(name: &str, board: &str, instructions: u64) -> Figure {
        Figure {
            name: name.to_owned(),
            board: board.to_owned(),
            precision: "w8a16".to_owned(),
            macs: 1,
            instructions,
            estimated_cycles: None,
        }
    }

    #[test]
    fn a_rise_above_one_percent_is_named_and_a_smaller_one_passes() {
        let committed = Committed::new(vec![figure("dense", "qemu-m4", 10_000)]);
        for passes in [1, 9_000, 10_000, 10_090, 10_100] {
            assert!(
                committed
                    .rises(&[figure("dense", "qemu-m4", passes)])
                    .is_empty(),
                "{passes}"
            );
        }
        for fails in [10_101, 10_110, 20_000] {
            let sentences = committed.rises(&[figure("dense", "qemu-m4", fails)]);
            assert_eq!(sentences.len(), 1);
            assert!(
                sentences[0].starts_with("dense on qemu-m4: "),
                "{}",
                sentences[0]
            );
        }
    }

    #[test]
    fn a_missing_figure_is_named() {
        let committed = Committed::new(vec![figure("dense", "qemu-m4", 10_000)]);
        for (name, board) in [("dense", "qemu-m0"), ("lstm", "qemu-m4")] {
            let sentences = committed.rises(&[figure(name, board, 1)]);
            assert_eq!(sentences.len(), 1);
            assert!(sentences[0].contains(&format!("{name} on {board}")));
        }
    }

    #[test]
    fn new_figures_take_the_place_of_old_ones() {
        let old = vec![figure("a", "qemu-m4", 1), figure("b", "qemu-m4", 2)];
        let table =
            Committed::new(old).with(vec![figure("a", "qemu-m4", 3), figure("c", "qemu-m4", 4)]);
        let of = |name| table.of(name, "qemu-m4");
        assert_eq!(
            [of("a"), of("b"), of("c"), of("d")],
            [Some(3), Some(2), Some(4), None]
        );
        assert_eq!(table.figures().len(), 3);
    }
}
