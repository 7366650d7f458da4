//! `dunlin inspect`: what a model file holds and costs, as Keras's `model.summary()`.
use std::path::PathBuf;

use clap::Args;
use dunlin::{Mode, PrecisionTag, Shape, Summary};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::model_file::{AnyModel, Runner};
use crate::report::table::{Table, thousands};

/// Show a model file: layers, shapes, parameters, flash, RAM and multiply-accumulates
#[derive(Debug, Args)]
pub struct Arguments {
    /// The model file
    model: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The JSON of `inspect`. Bytes and counts are exact.
#[derive(Debug, Serialize)]
struct Inspection {
    name: String,
    precision: &'static str,
    mode: &'static str,
    input_shape: [u32; 2],
    output_shape: [u32; 2],
    /// Weights and biases, as Keras counts them.
    parameters: u64,
    /// The whole file.
    flash_bytes: u64,
    /// The arena: state, output, and the buffers that the layers share.
    ram_bytes: u64,
    /// Of one whole window.
    macs: u64,
    layers: Vec<Layer>,
}

#[derive(Debug, Serialize)]
struct Layer {
    layer: &'static str,
    output_shape: [u32; 2],
    parameters: u64,
    flash_bytes: u64,
    /// Output, state and scratch of this layer; other layers reuse the same bytes.
    ram_bytes: u64,
    macs: u64,
}

pub fn run(arguments: &Arguments) -> Result<()> {
    let runner = Runner::open(&arguments.model)?;
    let inspection = inspect(&runner)?;
    if arguments.json {
        let json = serde_json::to_string_pretty(&inspection)
            .map_err(|error| Error::check(error.to_string()))?;
        println!("{json}");
    } else {
        print(&inspection);
    }
    Ok(())
}

fn inspect(runner: &Runner) -> Result<Inspection> {
    let summaries = runner.summaries()?;
    let header = runner.header();
    let total = |part: fn(&Summary) -> u64| summaries.iter().map(part).sum();
    Ok(Inspection {
        name: match runner.model()? {
            AnyModel::F32(model) => model.name().to_owned(),
            AnyModel::W8A16(model) => model.name().to_owned(),
        },
        precision: match header.precision {
            PrecisionTag::F32 => "f32",
            PrecisionTag::W8A16 => "w8a16",
        },
        mode: match header.mode {
            Mode::Windowed => "windowed",
            Mode::Continuous => "continuous",
        },
        input_shape: pair(runner.input_shape()),
        output_shape: pair(runner.output_shape()),
        parameters: total(|summary| summary.parameters),
        flash_bytes: header.total_bytes.into(),
        ram_bytes: header.arena_bytes.into(),
        macs: total(|summary| summary.macs),
        layers: summaries
            .iter()
            .map(|summary| Layer {
                layer: summary.kind,
                output_shape: pair(summary.output),
                parameters: summary.parameters,
                flash_bytes: summary.flash_bytes,
                ram_bytes: summary.ram_bytes,
                macs: summary.macs,
            })
            .collect(),
    })
}

fn pair(shape: Shape) -> [u32; 2] {
    [shape.steps, shape.channels]
}

fn print(inspection: &Inspection) {
    let Inspection {
        name,
        precision,
        mode,
        input_shape: [steps, channels],
        ..
    } = inspection;
    println!("model \"{name}\": {precision}, {mode}, input [{steps}, {channels}]\n");
    let mut table = Table::new([
        "layer",
        "output shape",
        "parameters",
        "flash bytes",
        "RAM bytes",
        "MACs",
    ]);
    for layer in &inspection.layers {
        let [steps, channels] = layer.output_shape;
        table.row([
            layer.layer.to_owned(),
            format!("[{steps}, {channels}]"),
            thousands(layer.parameters),
            thousands(layer.flash_bytes),
            thousands(layer.ram_bytes),
            thousands(layer.macs),
        ]);
    }
    print!("{table}");
    println!();
    println!("parameters  {}", thousands(inspection.parameters));
    println!(
        "flash       {} bytes, the file",
        thousands(inspection.flash_bytes)
    );
    println!(
        "RAM         {} bytes, the arena (layers share its buffers)",
        thousands(inspection.ram_bytes)
    );
    println!("MACs        {} a window", thousands(inspection.macs));
}
