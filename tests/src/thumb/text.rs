//! From the text of a program to its lines: comments, `.rept` and numbered labels.
use std::borrow::ToOwned;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::Fault;

/// A line with an instruction on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// In the text, from 1.
    pub number: usize,
    pub text: String,
}

impl Line {
    pub fn fault(&self, reason: impl ToString) -> Fault {
        Fault {
            line: self.number,
            text: self.text.clone(),
            reason: reason.to_string(),
        }
    }
}

/// Lines in the order of execution, and the labels between them.
#[derive(Debug, Default)]
pub struct Lines {
    pub lines: Vec<Line>,
    /// Number of a label, and of the line that it stands before.
    labels: Vec<(u32, usize)>,
}

impl Lines {
    /// Takes a text apart and repeats what it says to repeat.
    pub fn of(text: &str) -> Result<Self, Fault> {
        let statements = statements(text);
        let mut lines = Self::default();
        lines.expand(&statements)?;
        Ok(lines)
    }

    fn expand(&mut self, statements: &[Line]) -> Result<(), Fault> {
        let mut at = 0;
        while let Some(line) = statements.get(at) {
            at += 1;
            if let Some(label) = line.text.strip_suffix(':') {
                let label = label
                    .parse()
                    .map_err(|_| line.fault("labels are numbers"))?;
                self.labels.push((label, self.lines.len()));
            } else if let Some(count) = line.text.strip_prefix(".rept ") {
                let count: usize = count
                    .trim()
                    .parse()
                    .map_err(|_| line.fault("not a number"))?;
                let length = length_of_body(&statements[at..])
                    .ok_or_else(|| line.fault("it has no .endr"))?;
                for _ in 0..count {
                    self.expand(&statements[at..at + length])?;
                }
                at += length + 1;
            } else {
                self.lines.push(line.clone());
            }
        }
        Ok(())
    }

    /// The line that `1b` or `1f` means on line `from`.
    pub fn target(&self, from: usize, name: &str) -> Option<usize> {
        let (label, forward) = match name.strip_suffix('f') {
            Some(label) => (label, true),
            None => (name.strip_suffix('b')?, false),
        };
        let label: u32 = label.parse().ok()?;
        let mut places = self
            .labels
            .iter()
            .filter(|(number, _)| *number == label)
            .map(|&(_, place)| place);
        if forward {
            places.find(|place| *place > from)
        } else {
            places.rfind(|place| *place <= from)
        }
    }
}

/// Statements without comments and empty ones; a label is one of its own.
fn statements(text: &str) -> Vec<Line> {
    let mut found = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let code = line.split("//").next().unwrap_or_default();
        let code = code.split('@').next().unwrap_or_default();
        for statement in code.split(';') {
            let mut rest = statement.trim();
            while let Some((label, behind)) = rest.split_once(':') {
                found.push(Line {
                    number,
                    text: format!("{}:", label.trim()),
                });
                rest = behind.trim();
            }
            if !rest.is_empty() {
                found.push(Line {
                    number,
                    text: rest.to_owned(),
                });
            }
        }
    }
    found
}

/// Statements before the `.endr` that belongs to a `.rept` before them.
fn length_of_body(statements: &[Line]) -> Option<usize> {
    let mut open = 0;
    statements.iter().position(|line| {
        if line.text.starts_with(".rept") {
            open += 1;
        } else if line.text == ".endr" {
            open -= 1;
        }
        open < 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_and_comments_give_the_lines_that_are_executed() {
        let text = "1: a // first\n.rept 2\nb @ again\n.rept 3\nc; d\n.endr\n1:\n.endr\ne";
        let lines = Lines::of(text).unwrap();
        let words: String = lines.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(words, "abcdcdcdbcdcdcde");
        assert_eq!(lines.lines[2].number, 5);
        // Labels stand before a, before the second b, and before e.
        assert_eq!(lines.target(3, "1b"), Some(0));
        assert_eq!(lines.target(3, "1f"), Some(8));
        assert_eq!(lines.target(8, "1f"), Some(15));
        assert_eq!(lines.target(15, "1b"), Some(15));
        assert_eq!(lines.target(3, "2f"), None);
    }

    #[test]
    fn what_is_not_understood_is_named_with_its_line() {
        assert_eq!(Lines::of("a\n.rept 2\nb").unwrap_err().line, 2);
        assert_eq!(Lines::of("a\nloop: b").unwrap_err().text, "loop:");
        assert_eq!(Lines::of(".rept x\n.endr").unwrap_err().line, 1);
    }
}
