//! Aligned text tables: words to the left, figures to the right.

/// A table that is printed as text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new<T: Into<String>>(header: impl IntoIterator<Item = T>) -> Self {
        Self {
            header: header.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; missing cells at its end are blank.
    pub fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) -> &mut Self {
        self.rows.push(cells.into_iter().map(Into::into).collect());
        self
    }

    /// The table in Markdown.
    pub fn markdown(&self) -> String {
        let right = self.figures();
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let full = |row: &[String]| (0..right.len()).map(|c| cell(row, c)).collect();
        let rule: String = right
            .iter()
            .map(|right| if *right { "--:|" } else { "---|" })
            .collect();
        let mut text = line(full(&self.header)) + "|" + &rule + "\n";
        text.extend(self.rows.iter().map(|row| line(full(row))));
        text
    }

    /// For each column, whether it is one of figures: its every filled cell starts like one.
    fn figures(&self) -> Vec<bool> {
        let columns = self
            .rows
            .iter()
            .map(Vec::len)
            .fold(self.header.len(), usize::max);
        (0..columns)
            .map(|c| {
                let mut filled = self
                    .rows
                    .iter()
                    .map(|row| cell(row, c))
                    .filter(|cell| !cell.is_empty())
                    .peekable();
                filled.peek().is_some() && filled.all(|cell| is_figure(&cell))
            })
            .collect()
    }
}

/// The text in column `c`, blank past the row's end.
fn cell(row: &[String], c: usize) -> String {
    row.get(c).cloned().unwrap_or_default()
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let right = self.figures();
        let all = || std::iter::once(&self.header).chain(&self.rows);
        let width = |c| {
            all()
                .map(|row| cell(row, c).chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..right.len()).map(width).collect();
        let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
        for row in [&self.header, &rule].into_iter().chain(&self.rows) {
            let mut line = String::new();
            for (c, width) in widths.iter().enumerate() {
                let text = cell(row, c);
                line += &if right[c] {
                    format!("{text:>width$}  ")
                } else {
                    format!("{text:<width$}  ")
                };
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// `12`, `-0.5`, `+3 %`, `1,234 B`, or a dash for "none".
fn is_figure(text: &str) -> bool {
    let text = text.trim_start_matches(['+', '-', '−']);
    text.is_empty() || text.starts_with(|c: char| c.is_ascii_digit()) || matches!(text, "–" | "n/a")
}

/// `1234567` as `1,234,567`.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_right_and_words_left() {
        let mut table = Table::new(["model", "MSE", "note"]);
        table
            .row(["lstm", "0.0030", "Größe"])
            .row(["conv1d_long", "12.5"]);
        let text = table.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "model           MSE  note",
                "───────────  ──────  ─────",
                "lstm         0.0030  Größe",
                "conv1d_long    12.5",
            ]
        );
    }

    #[test]
    fn markdown_has_the_same_cells() {
        let mut table = Table::new(["model", "MSE", "bytes"]);
        table.row(["naive", "0.02"]).row(["lstm", "0.003", "12"]);
        let text = table.markdown();
        assert_eq!(
            text,
            "| model | MSE | bytes |\n|---|--:|--:|\n| naive | 0.02 |  |\n| lstm | 0.003 | 12 |\n"
        );
    }

    #[test]
    fn an_empty_table_prints_its_header() {
        assert_eq!(Table::new(["a", "b"]).to_string(), "a  b\n─  ─\n");
        assert_eq!(Table::default().to_string(), "\n\n");
    }

    #[test]
    fn thousands_are_grouped() {
        let texts = [0, 999, 1_000, 1_234_567].map(thousands);
        assert_eq!(texts, ["0", "999", "1,000", "1,234,567"]);
    }
}
