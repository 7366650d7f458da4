//! Times models on this computer for `cargo xtask host`: `time MODEL...` reads a line with the number of a model, and answers with the
//! nanoseconds of a call of `Session::run` on one thread; or a line `NUMBER set`, and answers with those of a window in `Runner::run`.
use std::hint::black_box;
use std::io::BufRead;
use std::path::Path;
use std::time::{Duration, Instant};

use dunlin::format::write::AlignedBytes;
use dunlin::{Model, Packing, Precision, Session};
use dunlin_trainer::data::Windows;
use dunlin_trainer::error::{Error, Result};
use dunlin_trainer::model_file::{AnyModel, Runner};

/// Of a measurement of calls.
const LEAST: Duration = Duration::from_millis(1);
/// Windows of a set.
const SET: usize = 4096;

fn main() -> Result<()> {
    let open = |path: String| Runner::open(Path::new(&path));
    let files: Vec<Runner> = std::env::args().skip(1).map(open).collect::<Result<_>>()?;
    let packed = |file: &Runner| file.packed(Packing::RowLanes);
    let packed: Vec<Runner> = files.iter().map(packed).collect::<Result<_>>()?;
    let models: Vec<AnyModel<'_>> = packed.iter().map(Runner::model).collect::<Result<_>>()?;
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| Error::check(error.to_string()))?;
        let (number, is_set) = match line.strip_suffix(" set") {
            Some(number) => (number, true),
            None => (&*line, false),
        };
        let number: Option<usize> = number.parse().ok();
        let number = number.filter(|&number| number < files.len());
        let number = number.ok_or_else(|| Error::input(format!("no model `{number:?}`")))?;
        let nanoseconds = match &models[number] {
            _ if is_set => set(&files[number])?,
            AnyModel::F32(model) => calls(model)?,
            AnyModel::W8A16(model) => calls(model)?,
        };
        println!("{nanoseconds}");
    }
    Ok(())
}

/// Nanoseconds of a call.
fn calls<P: Precision, const LAYERS: usize>(model: &Model<'_, P, LAYERS>) -> Result<f64> {
    let failed = |error: &dyn std::fmt::Display| Error::check(error.to_string());
    let mut arena = AlignedBytes::zeroed(model.arena_bytes());
    let mut session = Session::new(model, &mut arena).map_err(|error| failed(&error))?;
    let window = values(model.input_shape().len());
    let mut count = 0u32;
    let start = Instant::now();
    while start.elapsed() < LEAST {
        for _ in 0..4 {
            let output = session.run(black_box(&window));
            black_box(output.map_err(|error| failed(&error))?);
        }
        count += 4;
    }
    Ok(start.elapsed().as_nanos() as f64 / f64::from(count))
}

/// Nanoseconds of a window of many.
fn set(file: &Runner) -> Result<f64> {
    let shape = file.input_shape();
    let windows = Windows {
        count: SET,
        steps: shape.steps as usize,
        channels: shape.channels as usize,
        values: values(SET * shape.len()),
    };
    let start = Instant::now();
    black_box(file.run(&windows)?);
    Ok(start.elapsed().as_nanos() as f64 / SET as f64)
}

fn values(count: usize) -> Vec<f32> {
    (0..count).map(|i| (i as f32 / 3.0).sin()).collect()
}
