//! One CSV time series with a header line, cut into windows in time order.
use super::examples::MAX_CLASSES;
use super::{Split, Targets, Windows};
use crate::config::{Forecast, Task, suggestion};
use crate::error::{Error, Result};
use csv::ByteRecord;
use std::path::Path;

/// How the rows become windows.
pub struct Cut {
    /// Rows a window.
    pub window: usize,
    /// What of the target column is to be forecast.
    pub forecast: Forecast,
    /// Rows between the starts of two windows.
    pub hop: usize,
    pub validation_split: f32,
    pub test_split: f32,
}

/// All windows together may have this many values: 2 GiB as f32.
const MAX_VALUES: usize = 1 << 29;

/// The chosen columns, row by row.
struct Rows {
    /// `[rows, inputs]`.
    inputs: Vec<f32>,
    channels: usize,
    target: Vec<f32>,
    /// The line of each row in the file, for messages.
    lines: Vec<u64>,
}

/// Reads the file at `path` and cuts it: the first rows train, the rows after them validate, the last rows test. A
/// window and its target rows lie in one part, so no part has seen a row of another.
///
/// # Errors
/// `Error::Input` with file, line and column.
pub fn load(
    path: &Path,
    inputs: &[String],
    target: &str,
    task: Task,
    cut: &Cut,
) -> Result<[Split; 3]> {
    let rows = Rows::read(path, inputs, target, task)?;
    let count = rows.lines.len();
    let share = |part: f32| (count as f64 * f64::from(part)).round() as usize;
    let test = share(cut.test_split);
    let validation = share(cut.validation_split);
    let train = count.saturating_sub(test + validation);

    let span = cut.window + cut.forecast.horizon;
    for (name, rows) in [
        ("training", train),
        ("validation", validation),
        ("test", test),
    ] {
        if rows < span {
            return Err(Error::input(format!(
                "{}: the {name} part has {rows} of {count} rows, but one window with its target needs {span} (`window` {} + \
                 `horizon` {}); use more rows, a shorter window or other splits",
                path.display(),
                cut.window,
                cut.forecast.horizon
            )));
        }
    }
    let values = (count / cut.hop + 3).saturating_mul(cut.window * rows.channels + cut.targets());
    if values > MAX_VALUES {
        return Err(Error::input(format!(
            "{}: the windows would have about {values} values; at most {MAX_VALUES} are held: use a larger `hop` or a \
             shorter `window`",
            path.display()
        )));
    }
    let classes = match task {
        Task::Regression => None,
        Task::Classification => Some(rows.classes(path, target, train)?),
    };
    Ok([
        rows.windows(0, train, cut, classes),
        rows.windows(train, train + validation, cut, classes),
        rows.windows(train + validation, count, cut, classes),
    ])
}

impl Cut {
    /// Target values a window.
    fn targets(&self) -> usize {
        let steps = self.forecast.steps(self.window);
        steps.saturating_mul(self.forecast.width())
    }
}

impl Rows {
    fn read(path: &Path, inputs: &[String], target: &str, task: Task) -> Result<Self> {
        let name = path.display();
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            // We count the cells ourselves, to say which line is ragged.
            .flexible(true)
            .from_path(path)
            .map_err(|error| Error::input(format!("cannot read {name}: {error}")))?;
        let broken = |error: csv::Error| Error::input(format!("cannot read {name}: {error}"));

        let mut record = ByteRecord::new();
        if !reader.read_byte_record(&mut record).map_err(broken)? {
            return Err(Error::input(format!(
                "{name}: the file is empty; it needs a header line and rows"
            )));
        }
        let header = read_header(path, &record)?;
        let chosen = inputs
            .iter()
            .map(String::as_str)
            .chain([target])
            .map(|column| find_column(path, &header, column))
            .collect::<Result<Vec<usize>>>()?;

        let mut rows = Self {
            inputs: Vec::new(),
            channels: inputs.len(),
            target: Vec::new(),
            lines: Vec::new(),
        };
        while reader.read_byte_record(&mut record).map_err(broken)? {
            let line = record.position().map_or(0, csv::Position::line);
            if record.len() != header.len() {
                return Err(Error::input(format!(
                    "{name}:{line}: {} cells, but the header has {} columns",
                    record.len(),
                    header.len()
                )));
            }
            let number = |column: &usize| {
                parse_number(&record[*column]).map_err(|why| {
                    Error::input(format!(
                        "{name}:{line}: column `{}`: {why}",
                        header[*column]
                    ))
                })
            };
            let (target_column, input_columns) = chosen.split_last().unwrap_or((&0, &[]));
            for column in input_columns {
                rows.inputs.push(number(column)?);
            }
            let value = number(target_column)?;
            let label = value >= 0.0 && value.fract() == 0.0 && value < MAX_CLASSES as f32;
            if task == Task::Classification && !label {
                return Err(Error::input(format!(
                    "{name}:{line}: column `{target}`: {value} is not a label; classes are numbered 0, 1, 2, ... below \
                     {MAX_CLASSES}"
                )));
            }
            rows.target.push(value);
            rows.lines.push(line);
        }
        if rows.lines.is_empty() {
            return Err(Error::input(format!("{name}: a header line but no rows")));
        }
        Ok(rows)
    }

    /// The number of classes in the first `train` rows, which all later labels must stay below.
    fn classes(&self, path: &Path, target: &str, train: usize) -> Result<usize> {
        let name = path.display();
        let classes = self.target[..train]
            .iter()
            .fold(0.0, |most: f32, label| most.max(*label)) as usize
            + 1;
        if classes < 2 {
            return Err(Error::input(format!(
                "{name}: column `{target}`: every label of the training part is 0; a classification needs at least two \
                 classes"
            )));
        }
        match self
            .target
            .iter()
            .position(|label| *label as usize >= classes)
        {
            None => Ok(classes),
            Some(i) => Err(Error::input(format!(
                "{name}:{}: column `{target}`: label {} is out of range: the training part has the classes 0 to {}",
                self.lines[i],
                self.target[i],
                classes - 1
            ))),
        }
    }

    /// All windows whose rows and target rows lie in `from..to`.
    fn windows(&self, from: usize, to: usize, cut: &Cut, classes: Option<usize>) -> Split {
        let mut values = Vec::new();
        let mut targets = Vec::new();
        let span = cut.window + cut.forecast.horizon;
        let last = to - span;
        for start in (from..=last).step_by(cut.hop) {
            let end = start + cut.window;
            values.extend_from_slice(&self.inputs[start * self.channels..end * self.channels]);
            let series = &self.target[start..start + span];
            cut.forecast.cut(series, cut.window, &mut targets);
        }
        Split {
            x: Windows {
                count: targets.len() / cut.targets(),
                steps: cut.window,
                channels: self.channels,
                values,
            },
            y: match classes {
                None => Targets::Values {
                    steps: cut.forecast.steps(cut.window),
                    width: cut.forecast.width(),
                    values: targets,
                },
                Some(classes) => Targets::Labels {
                    classes,
                    labels: targets.iter().map(|label| *label as u32).collect(),
                },
            },
        }
    }
}

fn read_header(path: &Path, record: &ByteRecord) -> Result<Vec<String>> {
    let name = path.display();
    let line = record.position().map_or(1, csv::Position::line);
    let header = record
        .iter()
        .map(|cell| std::str::from_utf8(cell).map(|cell| cell.trim().to_string()))
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(|_| {
            Error::input(format!(
                "{name}:{line}: the header is not UTF-8; save the file as UTF-8"
            ))
        })?;
    if header.iter().all(|cell| cell.parse::<f64>().is_ok()) {
        return Err(Error::input(format!(
            "{name}:{line}: numbers where the header should be; the first line must name the columns"
        )));
    }
    Ok(header)
}

fn find_column(path: &Path, header: &[String], column: &str) -> Result<usize> {
    let mut found = (0..header.len()).filter(|i| header[*i] == column);
    match (found.next(), found.next()) {
        (Some(index), None) => Ok(index),
        (Some(_), Some(_)) => Err(Error::input(format!(
            "{}: two columns are named `{column}`; rename one",
            path.display()
        ))),
        (None, _) => {
            let names: Vec<&str> = header.iter().map(String::as_str).collect();
            Err(Error::input(format!(
                "{}: no column is named `{column}`; {}",
                path.display(),
                suggestion(column, &names)
            )))
        }
    }
}

/// A finite f32, or what is wrong with the cell.
fn parse_number(cell: &[u8]) -> std::result::Result<f32, String> {
    let text = String::from_utf8_lossy(cell);
    let text = text.trim();
    if text.is_empty() {
        return Err("the cell is empty; fill it or remove the row".into());
    }
    match text.parse::<f32>() {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) => Err(format!(
            "`{text}` is not a finite number that fits float32; repair or remove the row"
        )),
        Err(_) => {
            let short: String = text.chars().take(40).collect();
            Err(format!("`{short}` is not a number"))
        }
    }
}
