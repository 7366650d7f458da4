//! `dunlin inspect`: the graph in a model file and what it costs, as Keras's `model.summary()`.
use std::path::PathBuf;

use clap::Args;
use dunlin::{Mode, Packing, PrecisionTag, Shape, Summary};
use serde::Serialize;

use crate::device::Target;
use crate::error::{Error, Result};
use crate::model_file::Runner;
use crate::report::table::{Table, thousands};

/// Show a model file: its layers and what they read, shapes, parameters, flash, RAM and multiply-accumulates
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
    /// The order of the integer weights: `rows` for every core, else what `target` reads.
    packing: &'static str,
    /// The `--target` that it was written for; rows are read by every core.
    target: &'static str,
    /// The whole window.
    input_shape: [u32; 2],
    output_shape: [u32; 2],
    /// Steps of the shortest window that the model takes.
    shortest_window: u32,
    /// Samples of a stream from the start of a window to the start of the next one.
    hop: u32,
    /// Weights and biases, as Keras counts them.
    parameters: u64,
    /// The whole file.
    flash_bytes: u64,
    /// The arena: state, output, and the buffers that the layers share.
    ram_bytes: u64,
    /// What a stream keeps in the arena from sample to sample: state, counters and rings.
    stream_bytes: u64,
    /// Of one whole window.
    macs: u64,
    /// Of a stream: from one window's output to the next one's; of a continuous model, of a sample. Steps
    /// that meet padding count in full.
    stream_macs: u64,
    layers: Vec<Layer>,
}

#[derive(Debug, Serialize)]
struct Layer {
    /// Counted from 1.
    number: usize,
    layer: &'static str,
    /// Numbers of the layers whose outputs it reads; 0 is the model's input.
    inputs: Vec<u16>,
    output_shape: [u32; 2],
    parameters: u64,
    flash_bytes: u64,
    /// Output, state and scratch of this layer; other layers reuse the same bytes.
    ram_bytes: u64,
    /// Of its output, what a stream keeps for later steps.
    ring_bytes: u64,
    macs: u64,
    stream_macs: u64,
    /// Steps that a stream computes anew for each window although windows share them.
    recomputed_steps: u32,
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
    let model = runner.model()?;
    let summaries = model.summaries();
    let header = runner.header();
    let total = |part: fn(&Summary) -> u64| summaries.iter().map(part).sum();
    Ok(Inspection {
        name: model.name().to_owned(),
        precision: match header.precision {
            PrecisionTag::F32 => "f32",
            PrecisionTag::W8A16 => "w8a16",
        },
        mode: match header.mode {
            Mode::Windowed => "windowed",
            Mode::Continuous => "continuous",
        },
        packing: match header.packing {
            Packing::RowMajor => "rows",
            Packing::RowPairs => "row pairs",
            Packing::OffsetQuads => "offset quads",
            Packing::RowLanes => "row lanes",
        },
        target: Target::of_packing(header.packing).name(),
        input_shape: pair(runner.input_shape()),
        output_shape: pair(runner.output_shape()),
        shortest_window: model.shortest_window(),
        hop: header.window_hop(),
        parameters: total(|summary| summary.parameters),
        flash_bytes: header.total_bytes.into(),
        ram_bytes: header.arena_bytes.into(),
        stream_bytes: model.stream_bytes() as u64,
        macs: total(|summary| summary.macs),
        stream_macs: total(|summary| summary.stream_macs),
        layers: summaries
            .iter()
            .zip(1..)
            .map(|(summary, number)| Layer {
                number,
                layer: summary.kind,
                inputs: summary.with.into_iter().chain([summary.input]).collect(),
                output_shape: pair(summary.output),
                parameters: summary.parameters,
                flash_bytes: summary.flash_bytes,
                ram_bytes: summary.ram_bytes,
                ring_bytes: summary.ring_bytes,
                macs: summary.macs,
                stream_macs: summary.stream_macs,
                recomputed_steps: summary.recomputed_steps,
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
        packing,
        target,
        input_shape: [steps, channels],
        ..
    } = inspection;
    println!(
        "model \"{name}\": {precision}, {mode}, input [{steps}, {channels}], weights in {packing} (--target {target})\n"
    );
    let mut table = Table::new([
        "",
        "layer",
        "reads",
        "output shape",
        "parameters",
        "flash bytes",
        "RAM bytes",
        "MACs",
        "stream MACs",
        "ring bytes",
    ]);
    for layer in &inspection.layers {
        let [steps, channels] = layer.output_shape;
        table.row([
            layer.number.to_string(),
            layer.layer.to_owned(),
            reads(&layer.inputs),
            format!("[{steps}, {channels}]"),
            thousands(layer.parameters),
            thousands(layer.flash_bytes),
            thousands(layer.ram_bytes),
            thousands(layer.macs),
            thousands(layer.stream_macs),
            thousands(layer.ring_bytes),
        ]);
    }
    print!("{table}");
    println!();
    print!("{}", totals(inspection));
}

/// Names of the tensors that a layer reads.
fn reads(inputs: &[u16]) -> String {
    let names: Vec<String> = inputs
        .iter()
        .map(|tensor| match tensor {
            0 => "input".to_owned(),
            layer => format!("layer {layer}"),
        })
        .collect();
    names.join(", ")
}

/// The lines below the table.
fn totals(inspection: &Inspection) -> String {
    let continuous = inspection.mode == "continuous";
    let mut text = format!(
        "parameters  {}\n\
         flash       {} bytes, the file\n\
         RAM         {} bytes, the arena (layers share its buffers); a stream keeps {} of them from sample to sample\n\
         MACs        {} a window; in a stream {} {}\n",
        thousands(inspection.parameters),
        thousands(inspection.flash_bytes),
        thousands(inspection.ram_bytes),
        thousands(inspection.stream_bytes),
        thousands(inspection.macs),
        thousands(inspection.stream_macs),
        if continuous {
            "a sample".to_owned()
        } else {
            format!(
                "from one window's output to the next one's, {} samples later",
                inspection.hop
            )
        },
    );
    let [steps, _] = inspection.input_shape;
    if inspection.shortest_window < steps {
        text += &format!(
            "window      {} to {steps} steps\n",
            inspection.shortest_window
        );
    }
    for layer in &inspection.layers {
        if layer.recomputed_steps > 0 {
            text += &format!(
                "layer {} ({}) computes {} steps anew for each window of a stream, though windows share them\n",
                layer.number,
                layer.layer,
                thousands(layer.recomputed_steps.into())
            );
        }
    }
    text
}
