//! Times models on this computer for `cargo xtask host`: `time MODEL...` reads the number of a model in a line, and answers with the
//! nanoseconds of a call of `Session::run` on one thread, over a millisecond of calls.
use std::io::BufRead;
use std::path::Path;
use std::time::{Duration, Instant};

use dunlin::format::write::AlignedBytes;
use dunlin::{Packing, Precision, Session};
use dunlin_trainer::error::{Error, Result};
use dunlin_trainer::model_file::{AnyModel, Runner};

const LEAST: Duration = Duration::from_millis(1);

fn main() -> Result<()> {
    let packing = match std::env::var("PACKING").as_deref() {
        Ok("rows") => Packing::RowMajor,
        _ => Packing::RowLanes,
    };
    let open = |path: String| Runner::open(Path::new(&path))?.packed(packing);
    let runners: Vec<Runner> = std::env::args().skip(1).map(open).collect::<Result<_>>()?;
    let models: Vec<AnyModel<'_>> = runners.iter().map(Runner::model).collect::<Result<_>>()?;
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| Error::check(error.to_string()))?;
        let number = line.trim().parse().ok();
        let model = number.and_then(|number: usize| models.get(number));
        let model = model.ok_or_else(|| Error::input(format!("no model `{line}`")))?;
        let nanoseconds = match model {
            AnyModel::F32(model) => time(model)?,
            AnyModel::W8A16(model) => time(model)?,
        };
        println!("{nanoseconds}");
    }
    Ok(())
}

/// Nanoseconds of a call.
fn time<P: Precision, const LAYERS: usize>(model: &dunlin::Model<'_, P, LAYERS>) -> Result<f64> {
    let failed = |error: String| Error::check(error);
    let mut arena = AlignedBytes::zeroed(model.arena_bytes());
    let mut session = Session::new(model, &mut arena).map_err(|error| failed(error.to_string()))?;
    let len = model.input_shape().len();
    let window: Vec<f32> = (0..len).map(|i| (i as f32 / 3.0).sin()).collect();
    let mut call = || {
        let output = session.run(std::hint::black_box(&window));
        output
            .map(|y| y[0])
            .map_err(|error| failed(error.to_string()))
    };
    call()?;
    let (start, mut calls) = (Instant::now(), 0u32);
    while start.elapsed() < LEAST {
        for _ in 0..4 {
            std::hint::black_box(call()?);
        }
        calls += 4;
    }
    Ok(start.elapsed().as_nanos() as f64 / f64::from(calls))
}
