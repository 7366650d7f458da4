//! Checks the tables, keys, types and ranges of a description file against the schema, with line numbers.
use super::nearest::suggestion;
use super::schema::{DATA, Family, Key, Kind, LAYERS, MODEL, TOP, TRAINING, Table};
use crate::error::{Error, Result};
use std::borrow::Cow;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeArray, DeInteger, DeTable, DeValue};

/// A parsed description file that knows where each key stands.
pub struct Document<'i> {
    file: &'i str,
    text: &'i str,
    root: DeTable<'i>,
}

impl<'i> Document<'i> {
    /// Parses `text`; `file` is only its name in messages.
    pub fn parse(file: &'i str, text: &'i str) -> Result<Self> {
        match DeTable::parse(text) {
            Ok(root) => Ok(Self {
                file,
                text,
                root: root.into_inner(),
            }),
            Err(error) => Err(syntax_error(file, text, &error)),
        }
    }

    /// Refuses the first thing (in the order of the file) that the schema does not allow.
    pub fn check(&self) -> Result<()> {
        let mut problems = Vec::new();
        self.check_top(&mut problems);
        match problems.into_iter().min_by_key(|problem| problem.offset) {
            Some(problem) => Err(self.error_at(problem.offset, &problem.sentence)),
            None => Ok(()),
        }
    }

    /// An error about `key` of the table `table`, at its line; at the table's line if the key is absent.
    pub fn error(&self, table: &str, key: &str, sentence: &str) -> Error {
        let offset = self.root.get(table).map_or(0, |found| {
            let inner = found.get_ref().as_table();
            inner
                .and_then(|inner| inner.get_key_value(key))
                .map_or(found.span().start, |(key, _)| key.span().start)
        });
        self.error_at(offset, sentence)
    }

    /// An error about `key` of a layer (from 0), at its line; at the layer's line if the key is absent.
    pub fn layer_error(&self, layer: usize, key: &str, sentence: &str) -> Error {
        let layers = self
            .root
            .get("layers")
            .and_then(|found| found.get_ref().as_array());
        let offset = layers
            .and_then(|layers| layers.get(layer))
            .map_or(0, |found| {
                let inner = found.get_ref().as_table();
                inner
                    .and_then(|inner| inner.get_key_value(key))
                    .map_or(found.span().start, |(key, _)| key.span().start)
            });
        self.error_at(offset, sentence)
    }

    fn error_at(&self, offset: usize, sentence: &str) -> Error {
        let (line, _) = position(self.text, offset);
        Error::input(format!("{}:{line}: {sentence}", self.file))
    }

    fn check_top(&self, problems: &mut Vec<Problem>) {
        for (name, value) in self.root.iter() {
            let name_offset = name.span().start;
            let array = value.get_ref().as_array();
            match (name.get_ref().as_ref(), value.get_ref().as_table()) {
                ("model", Some(table)) => check_table(&MODEL, None, table, value.span(), problems),
                ("training", Some(table)) => {
                    check_table(&TRAINING, None, table, value.span(), problems)
                }
                ("data", Some(table)) => {
                    check_family(&DATA, "[data]", table, value.span(), problems)
                }
                ("layers", _) if array.is_some_and(|array| !array.is_empty()) => {
                    for (i, layer) in array.into_iter().flat_map(|array| array.iter()).enumerate() {
                        let place = format!("layer {}", i + 1);
                        match layer.get_ref().as_table() {
                            Some(table) => {
                                check_family(&LAYERS, &place, table, layer.span(), problems)
                            }
                            None => push(
                                problems,
                                layer.span().start,
                                format!("{place} is not a [[layers]] table"),
                            ),
                        }
                    }
                }
                ("layers", _) => push(
                    problems,
                    name_offset,
                    "`layers` must be one or more [[layers]] tables, each with a `type`".into(),
                ),
                (known, None) if TOP.contains(&known) => {
                    push(
                        problems,
                        name_offset,
                        format!("`{known}` must be a table, written [{known}]"),
                    );
                }
                (unknown, _) => push(
                    problems,
                    name_offset,
                    format!(
                        "unknown table or key `{unknown}` at the top of the file; {}",
                        suggestion(unknown, &TOP)
                    ),
                ),
            }
        }
        for table in ["model", "layers", "data"] {
            if !self.root.contains_key(table) {
                let written = if table == "layers" {
                    "[[layers]]"
                } else {
                    &format!("[{table}]")
                };
                // After everything that stands in the file.
                push(
                    problems,
                    usize::MAX,
                    format!("the table {written} is missing"),
                );
            }
        }
    }
}

/// One thing to refuse; the offset is in bytes from the start of the file.
struct Problem {
    offset: usize,
    sentence: String,
}

fn push(problems: &mut Vec<Problem>, offset: usize, sentence: String) {
    problems.push(Problem { offset, sentence });
}

/// A table whose `tag` key says which keys it may have.
fn check_family(
    family: &Family,
    place: &str,
    table: &DeTable<'_>,
    span: Range<usize>,
    problems: &mut Vec<Problem>,
) {
    let words: Vec<_> = family.words().collect();
    let Some(tag) = table.get(family.tag) else {
        let sentence = format!(
            "{place} has no `{}`; valid here: {}",
            family.tag,
            quoted(&words)
        );
        return push(problems, span.start, sentence);
    };
    let Some(word) = tag.get_ref().as_str() else {
        let sentence = format!(
            "`{}` of {place} must be a text, one of {}",
            family.tag,
            quoted(&words)
        );
        return push(problems, tag.span().start, sentence);
    };
    match family.table(word) {
        Some(found) => check_table(found, Some((family, place, word)), table, span, problems),
        None => push(
            problems,
            tag.span().start,
            format!(
                "unknown {} `{word}` ({place}); {}",
                family.noun,
                suggestion(word, &words)
            ),
        ),
    }
}

/// `tagged` is the family, the place and the word of a family's table.
fn check_table(
    schema: &Table,
    tagged: Option<(&Family, &str, &str)>,
    table: &DeTable<'_>,
    span: Range<usize>,
    problems: &mut Vec<Problem>,
) {
    let place = match tagged {
        Some((_, place, word)) => Cow::Owned(format!("{place} ({word})")),
        None => Cow::Borrowed(schema.title),
    };
    let tag = tagged.map(|(family, _, _)| family.tag);
    let common = tagged.map_or(&[][..], |(family, _, _)| family.common);
    let before = problems.len();
    for (name, value) in table.iter() {
        let text = name.get_ref().as_ref();
        if Some(text) == tag {
            continue;
        }
        let common_key = || common.iter().find(|key| key.name == text);
        match schema.key(text).or_else(common_key) {
            Some(key) => check_value(key, &place, value, problems),
            None => {
                let common = common.iter().map(|key| key.name);
                let valid: Vec<_> = tag
                    .into_iter()
                    .chain(schema.names())
                    .chain(common)
                    .collect();
                let sentence = format!(
                    "unknown key `{text}` in {place}; {}",
                    suggestion(text, &valid)
                );
                push(problems, name.span().start, sentence);
            }
        }
    }
    // A key that is misspelt is also missing; its misspelling is the better message.
    if problems.len() > before {
        return;
    }
    for key in schema.keys {
        if key.required && !table.contains_key(key.name) {
            let sentence = format!("{place} lacks the key `{}`: {}", key.name, wanted(key.kind));
            push(problems, span.start, sentence);
        }
    }
}

fn check_value(key: &Key, place: &str, value: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) {
    let found = value.get_ref();
    let good = match key.kind {
        Kind::Count { least, most } => found
            .as_integer()
            .and_then(integer)
            .is_some_and(|n| (i128::from(least)..=i128::from(most)).contains(&n)),
        Kind::Number(interval) => number(found).is_some_and(|x| interval.contains(x)),
        Kind::Flag => found.is_bool(),
        Kind::Text => found.as_str().is_some_and(|text| !text.trim().is_empty()),
        Kind::Choice(words) => match found.as_str() {
            Some(word) if words.contains(&word) => true,
            Some(word) => {
                let sentence = format!(
                    "unknown `{}` `{word}` in {place}; {}",
                    key.name,
                    suggestion(word, words)
                );
                return push(problems, value.span().start, sentence);
            }
            None => false,
        },
        Kind::Steps => {
            let steps = |value: &DeValue<'_>| {
                let n = value.as_integer().and_then(integer);
                n.is_some_and(|n| (0..=65_535).contains(&n))
            };
            let both =
                |array: &DeArray<'_>| array.len() == 2 && array.iter().all(|n| steps(n.get_ref()));
            steps(found) || found.as_array().is_some_and(both)
        }
        Kind::Names => found.as_array().is_some_and(|array| {
            let names: Vec<_> = array
                .iter()
                .filter_map(|name| name.get_ref().as_str())
                .collect();
            let distinct = (1..names.len()).all(|i| !names[..i].contains(&names[i]));
            !names.is_empty() && names.len() == array.len() && distinct
        }),
    };
    if !good {
        let sentence = format!(
            "`{}` of {place} must be {}, not {}",
            key.name,
            wanted(key.kind),
            shown(found)
        );
        push(problems, value.span().start, sentence);
    }
}

/// What a key takes, to stand after "must be".
fn wanted(kind: Kind) -> String {
    match kind {
        Kind::Count { least, most } if most == i64::MAX as u64 => {
            format!("a whole number of at least {least}")
        }
        Kind::Count { least, most } => format!("a whole number from {least} to {most}"),
        Kind::Number(interval) => interval.sentence().into(),
        Kind::Flag => "true or false".into(),
        Kind::Text => "a text that is not empty".into(),
        Kind::Choice(words) => format!("one of {}", quoted(words)),
        Kind::Steps => "a whole number from 0 to 65535, or a list of two: before and after".into(),
        Kind::Names => "a list of one or more different texts".into(),
    }
}

fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text \"{text}\""),
        DeValue::Integer(n) => n.to_string(),
        DeValue::Float(x) => x.to_string(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(_) => "a date".into(),
        DeValue::Array(array) if array.is_empty() => "an empty list".into(),
        DeValue::Array(_) => "this list".into(),
        DeValue::Table(_) => "a table".into(),
    }
}

fn integer(n: &DeInteger<'_>) -> Option<i128> {
    i128::from_str_radix(n.as_str(), n.radix()).ok()
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Integer(n) => integer(n).map(|n| n as f64),
        DeValue::Float(x) => x.as_str().parse().ok(),
        DeValue::String(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => None,
    }
}

fn quoted(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

fn syntax_error(file: &str, text: &str, error: &toml::de::Error) -> Error {
    let (line, column) = position(text, error.span().map_or(0, |span| span.start));
    let message = error.message().replace('\n', ", ");
    Error::input(format!("{file}:{line}:{column}: not valid TOML: {message}"))
}

/// Line and column (in characters), both from 1, of a byte offset.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text.trim_end());
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (line, before[start..].chars().count() + 1)
}
