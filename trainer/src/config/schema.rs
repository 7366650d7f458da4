//! Every table and key of the description file: the one list that checking, "did you mean" and the documentation test use.

pub use super::layer_schema::LAYERS;

/// What a key may hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A whole number in `least..=most`.
    Count {
        least: u64,
        most: u64,
    },
    /// A number in an interval; the text names it.
    Number(Interval),
    Flag,
    /// A text that is not empty.
    Text,
    /// A whole number, or a list of two: steps of zeros on both sides.
    Steps,
    /// A list of texts with at least one entry, none twice.
    Names,
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// An interval of numbers. NaN and infinities are in none of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Interval {
    /// `0 < x`.
    Positive,
    /// `0 < x < 1`.
    Open,
    /// `0 <= x < 1`.
    HalfOpen,
}

impl Interval {
    pub fn contains(self, x: f64) -> bool {
        // A number that becomes zero or infinite as an f32 would only fail later.
        let (x, narrow) = (x, x as f32);
        narrow.is_finite()
            && match self {
                Interval::Positive => x > 0.0 && narrow > 0.0,
                Interval::Open => x > 0.0 && narrow > 0.0 && narrow < 1.0,
                Interval::HalfOpen => x >= 0.0 && narrow < 1.0,
            }
    }

    pub fn sentence(self) -> &'static str {
        match self {
            Interval::Positive => "a number above 0",
            Interval::Open => "a number above 0 and below 1",
            Interval::HalfOpen => "a number of at least 0 and below 1",
        }
    }
}

/// One key of a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Key {
    pub name: &'static str,
    pub kind: Kind,
    pub required: bool,
}

/// One table. The tables that a word chooses (`source`, `type`) have one entry for each word.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Table {
    /// How messages and the documentation call it.
    pub title: &'static str,
    pub keys: &'static [Key],
}

impl Table {
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.keys.iter().map(|key| key.name)
    }
}

/// The key that chooses among the tables of a family, and the tables by its word.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Family {
    /// What the word names, for messages: "layer type".
    pub noun: &'static str,
    pub tag: &'static str,
    /// Keys that every table of the family may have.
    pub common: &'static [Key],
    pub tables: &'static [(&'static str, Table)],
}

impl Family {
    pub fn table(&self, word: &str) -> Option<&'static Table> {
        let (_, table) = self.tables.iter().find(|(name, _)| *name == word)?;
        Some(table)
    }

    pub fn words(&self) -> impl Iterator<Item = &'static str> {
        self.tables.iter().map(|(word, _)| *word)
    }
}

pub(super) const fn required(name: &'static str, kind: Kind) -> Key {
    Key {
        name,
        kind,
        required: true,
    }
}

pub(super) const fn optional(name: &'static str, kind: Kind) -> Key {
    Key {
        name,
        kind,
        required: false,
    }
}

/// At least one; the upper end keeps a slip of the pen from asking for all memory.
const fn count(most: u64) -> Kind {
    Kind::Count { least: 1, most }
}

/// Seeds are TOML integers that are not negative.
const SEED: Kind = Kind::Count {
    least: 0,
    most: i64::MAX as u64,
};
/// Units, filters, kernel sizes: far above what any microcontroller holds.
pub(super) const WIDTH: Kind = count(65_535);
const ROWS: Kind = count(1_000_000);
/// A place in a window, from 0.
const START: Kind = Kind::Count {
    least: 0,
    most: 999_999,
};
const TARGETS: Kind = Kind::Choice(&["value", "vector", "sequence"]);

/// The tables at the top of the file; `[[layers]]` may stand several times.
pub const TOP: [&str; 4] = ["model", "layers", "data", "training"];

pub const MODEL: Table = Table {
    title: "[model]",
    keys: &[
        optional("name", Kind::Text),
        required("task", Kind::Choice(&["regression", "classification"])),
        optional("mode", Kind::Choice(&["windowed", "continuous"])),
        optional("hop", WIDTH),
    ],
};

pub const TRAINING: Table = Table {
    title: "[training]",
    keys: &[
        optional("epochs", count(1_000_000)),
        optional("batch_size", count(1_000_000)),
        optional("optimizer", Kind::Choice(&["adam", "sgd"])),
        optional("learning_rate", Kind::Number(Interval::Positive)),
        optional("momentum", Kind::Number(Interval::HalfOpen)),
        optional("clip_norm", Kind::Number(Interval::Positive)),
        optional("loss", Kind::Choice(&["mse", "mae", "cross_entropy"])),
        optional("shuffle", Kind::Flag),
        optional("seed", SEED),
        optional("early_stopping", count(1_000_000)),
    ],
};

pub const DATA: Family = Family {
    noun: "data source",
    tag: "source",
    common: &[],
    tables: &[
        (
            "series",
            Table {
                title: "[data] source = \"series\"",
                keys: &[
                    optional("steps", count(100_000)),
                    optional("train", count(10_000_000)),
                    optional("validation", count(10_000_000)),
                    optional("test", count(10_000_000)),
                    optional("seed", SEED),
                    optional("horizon", count(100_000)),
                    optional("targets", TARGETS),
                    optional("target_start", START),
                    optional("target_stride", ROWS),
                ],
            },
        ),
        (
            "npy",
            Table {
                title: "[data] source = \"npy\"",
                keys: &[
                    required("x_train", Kind::Text),
                    required("y_train", Kind::Text),
                    required("x_test", Kind::Text),
                    required("y_test", Kind::Text),
                    optional("validation_split", Kind::Number(Interval::Open)),
                    optional("standardize", Kind::Flag),
                ],
            },
        ),
        (
            "csv",
            Table {
                title: "[data] source = \"csv\"",
                keys: &[
                    required("path", Kind::Text),
                    required("inputs", Kind::Names),
                    required("target", Kind::Text),
                    required("window", ROWS),
                    optional("horizon", ROWS),
                    optional("targets", TARGETS),
                    optional("target_start", START),
                    optional("target_stride", ROWS),
                    optional("hop", ROWS),
                    optional("validation_split", Kind::Number(Interval::Open)),
                    optional("test_split", Kind::Number(Interval::Open)),
                    optional("standardize", Kind::Flag),
                ],
            },
        ),
    ],
};
