//! Windows and targets from `.npy` files: every rule on types, ranks and values in one place.
use super::npy::{self, Array, Elements, shape_text};
use super::random::Random;
use super::{Split, Targets, Windows};
use crate::config::Task;
use crate::error::{Error, Result};
use std::path::Path;

/// Labels above this are surely not class indices.
pub const MAX_CLASSES: usize = 4_096;

/// Reads input windows: float32 or float64, `[N, T, C]`, or `[N, T]` for one channel.
///
/// # Errors
/// `Error::Input` that names the file and the shape, type or place of what is wrong.
pub fn read_windows(path: impl AsRef<Path>) -> Result<Windows> {
    let path = path.as_ref();
    let array = npy::read(path)?;
    let fail = |why: String| Error::input(format!("{}: {why}", path.display()));
    let Elements::Floats(elements) = &array.elements else {
        let found = array.dtype.name();
        return Err(fail(format!(
            "windows are {found}; they must be float32 or float64: save x.astype('float32')"
        )));
    };
    let (count, steps, channels) = match array.shape[..] {
        [count, steps] => (count, steps, 1),
        [count, steps, channels] => (count, steps, channels),
        _ => {
            let found = shape_text(&array.shape);
            return Err(fail(format!(
                "windows have shape {found}; they must be [N, T, C], or [N, T] for one channel"
            )));
        }
    };
    if elements.is_empty() {
        return Err(fail(format!(
            "no windows: the shape is {}",
            shape_text(&array.shape)
        )));
    }
    Ok(Windows {
        count,
        steps,
        channels,
        values: finite(path, &array.shape, elements)?,
    })
}

/// Reads targets: integer labels `[N]` for classification, floats `[N]`, `[N, K]` or `[N, T, K]` for regression. `classes` is the
/// number of classes of the model; without it, it is the largest label + 1.
///
/// # Errors
/// `Error::Input` that names the file and the shape, type or place of what is wrong.
pub fn read_targets(path: impl AsRef<Path>, task: Task, classes: Option<usize>) -> Result<Targets> {
    let path = path.as_ref();
    let array = npy::read(path)?;
    if array.shape.contains(&0) {
        let shape = shape_text(&array.shape);
        return Err(Error::input(format!(
            "{}: no targets: the shape is {shape}",
            path.display()
        )));
    }
    match task {
        Task::Regression => read_values(path, &array),
        Task::Classification => read_labels(path, &array, classes),
    }
}

fn read_values(path: &Path, array: &Array) -> Result<Targets> {
    let fail = |why: String| Error::input(format!("{}: {why}", path.display()));
    let Elements::Floats(elements) = &array.elements else {
        return Err(fail(format!(
            "targets are {}, as labels are, but the model's task is regression: save y.astype('float32'), or write \
             task = \"classification\"",
            array.dtype.name()
        )));
    };
    let (steps, width) = match array.shape[..] {
        [_] => (1, 1),
        [_, width] => (1, width),
        [_, steps, width] => (steps, width),
        _ => {
            let found = shape_text(&array.shape);
            return Err(fail(format!(
                "targets have shape {found}; they must be [N], [N, K], or [N, T, K] for a model that answers at each of T steps"
            )));
        }
    };
    let values = finite(path, &array.shape, elements)?;
    Ok(Targets::Values {
        steps,
        width,
        values,
    })
}

fn read_labels(path: &Path, array: &Array, classes: Option<usize>) -> Result<Targets> {
    let fail = |why: String| Error::input(format!("{}: {why}", path.display()));
    let integers = match &array.elements {
        Elements::Integers(integers) => integers,
        Elements::Floats(floats) => {
            let part = floats.iter().position(|v| v.fract() != 0.0);
            let why = part.map_or(String::new(), |i| format!("; value {i} is {}", floats[i]));
            return Err(fail(format!(
                "labels are {}, but the model's task is classification and needs whole numbers{why}: save \
                 y.astype('int64'), or write task = \"regression\"",
                array.dtype.name()
            )));
        }
    };
    if array.shape.len() != 1 {
        let found = shape_text(&array.shape);
        return Err(fail(format!(
            "labels have shape {found}; they must be [N], one class index a window"
        )));
    }
    let mut labels = Vec::with_capacity(integers.len());
    for (i, label) in integers.iter().enumerate() {
        match u32::try_from(*label) {
            Ok(index) if (index as usize) < classes.unwrap_or(MAX_CLASSES) => labels.push(index),
            Ok(_) if classes.is_some() => {
                let classes = classes.unwrap_or(0);
                return Err(fail(format!(
                    "label {label} at index {i} is out of range: there are {classes} classes, 0 to {}",
                    classes.saturating_sub(1)
                )));
            }
            Ok(_) | Err(_) => {
                return Err(fail(format!(
                    "label {label} at index {i} is out of range: classes are numbered 0, 1, 2, ... below {MAX_CLASSES}"
                )));
            }
        }
    }
    let classes =
        classes.unwrap_or_else(|| labels.iter().max().map_or(0, |most| *most as usize + 1));
    Ok(Targets::Labels { classes, labels })
}

/// The elements as f32, all finite.
fn finite(path: &Path, shape: &[usize], elements: &[f64]) -> Result<Vec<f32>> {
    let values: Vec<f32> = elements.iter().map(|v| *v as f32).collect();
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(values),
        Some(i) => {
            let mut rest = i;
            let mut index: Vec<usize> = shape
                .iter()
                .rev()
                .map(|size| {
                    let at = rest % size;
                    rest /= size;
                    at
                })
                .collect();
            index.reverse();
            let found = elements[i];
            let why = if found.is_finite() {
                "does not fit float32"
            } else {
                "is not a finite number"
            };
            Err(Error::input(format!(
                "{}: the value {found} at index {} {why}; remove or repair that window",
                path.display(),
                shape_text(&index)
            )))
        }
    }
}

/// The files of `source = "npy"`.
pub struct Files<'a> {
    pub x_train: &'a str,
    pub y_train: &'a str,
    pub x_test: &'a str,
    pub y_test: &'a str,
}

/// Reads the four files, checks that they belong together, and splits the training examples. The validation part is
/// the end of a shuffle that `seed` decides, so that sorted files give fair parts.
pub fn load(files: &Files<'_>, task: Task, validation_split: f32, seed: u64) -> Result<[Split; 3]> {
    let x_train = read_windows(files.x_train)?;
    let y_train = read_targets(files.y_train, task, None)?;
    let x_test = read_windows(files.x_test)?;
    let classes = match &y_train {
        Targets::Labels { classes, .. } => Some(*classes),
        Targets::Values { .. } => None,
    };
    if classes == Some(1) {
        let file = files.y_train;
        return Err(Error::input(format!(
            "{file}: every label is 0; a classification needs at least two classes"
        )));
    }
    let y_test = read_targets(files.y_test, task, classes)?;
    check_pair(files.x_train, &x_train, files.y_train, &y_train)?;
    check_pair(files.x_test, &x_test, files.y_test, &y_test)?;
    if (x_train.steps, x_train.channels) != (x_test.steps, x_test.channels) {
        return Err(Error::input(format!(
            "{}: windows of [{}, {}], but {} has windows of [{}, {}]",
            files.x_test,
            x_test.steps,
            x_test.channels,
            files.x_train,
            x_train.steps,
            x_train.channels
        )));
    }
    let shapes = [&y_train, &y_test].map(|targets| match targets {
        Targets::Values { steps, width, .. } => (*steps, *width),
        Targets::Labels { .. } => (1, 1),
    });
    if shapes[0] != shapes[1] {
        return Err(Error::input(format!(
            "{}: targets of {} values at {} steps a window, but {} has {} values at {} steps",
            files.y_test, shapes[1].1, shapes[1].0, files.y_train, shapes[0].1, shapes[0].0
        )));
    }

    let count = x_train.count;
    let kept = (count as f64 * f64::from(validation_split)).round() as usize;
    if kept == 0 || kept == count {
        return Err(Error::input(format!(
            "{}: {count} windows with `validation_split` = {validation_split} leave a part without any window; use more \
             windows or another `validation_split`",
            files.x_train
        )));
    }
    let mut order: Vec<usize> = (0..count).collect();
    Random::new(seed).shuffle(&mut order);
    let (train, validation) = order.split_at(count - kept);
    let all = Split {
        x: x_train,
        y: y_train,
    };
    let test = Split {
        x: x_test,
        y: y_test,
    };
    Ok([all.pick(train), all.pick(validation), test])
}

fn check_pair(x_file: &str, x: &Windows, y_file: &str, y: &Targets) -> Result<()> {
    if x.count == y.count() {
        return Ok(());
    }
    Err(Error::input(format!(
        "{x_file} has {} windows, but {y_file} has {} targets; there must be one for each window",
        x.count,
        y.count()
    )))
}
