//! `streams`: what a sample of a stream costs against the whole window, on the emulated Cortex-M4, for the two models that
//! streaming is made for. Their weights are random: a count does not depend on them. They stand in rows.
//!
//! What a stream saves is held in multiply-accumulates. In instructions a window gains more from kernels than a sample, since a
//! convolution then serves several places at a time; there a sample is held to a number of its own.
use std::fs;

use dunlin_trainer::config::LayerConfig;
use dunlin_trainer::data::Windows;
use dunlin_trainer::device::{Mode, Options, verify};
use dunlin_trainer::model_file::{FloatModel, Runner};
use dunlin_trainer::net::Network;
use dunlin_trainer::quantize::quantize;
use dunlin_trainer::report::table::{Table, thousands};
use serde_json::{Value, json};

use crate::measure::BOARD;
use crate::setup;
use crate::step::{Failure, Outcome, root};

/// Windows that the board is given, one after the other.
const WINDOWS: usize = 3;
const OUT: &str = "out/streams";

/// A model and what its stream may cost.
struct Case {
    name: &'static str,
    mode: dunlin::Mode,
    hop: usize,
    steps: usize,
    channels: usize,
    layers: Value,
    /// A sample takes at most this part of a window's multiply-accumulates.
    at_most: u64,
    /// Instructions that a sample may take.
    instructions: u64,
    /// Bytes that the stream may keep.
    stream_bytes: usize,
}

pub fn run(_: &[String]) -> Outcome {
    setup::targets()?;
    setup::emulator()?;
    let mut table = Table::new([
        "model",
        "multiply-accumulates a window",
        "a sample",
        "instructions a window",
        "a sample, at most",
        "ratio",
        "kept bytes",
        "differing bits",
    ]);
    for case in [wavenet(), wakeword()] {
        table.row(measure(&case).map_err(|error| Failure::new(format!("{}: {error}", case.name)))?);
    }
    println!("\n{table}");
    println!(
        "w8a16 with random weights on {BOARD}; the longest of all samples of {WINDOWS} windows"
    );
    Ok(())
}

/// The chapter's WaveNet as an endless stream.
fn wavenet() -> Case {
    let mut layers: Vec<Value> = [1, 2, 4, 8, 1, 2, 4, 8]
        .map(|dilation| {
            json!({
                "type": "conv1d", "filters": 20, "kernel_size": 2, "padding": "causal",
                "dilation_rate": dilation, "activation": "relu",
            })
        })
        .into();
    layers.push(json!({ "type": "conv1d", "filters": 10, "kernel_size": 1 }));
    Case {
        name: "wavenet",
        mode: dunlin::Mode::Continuous,
        hop: 0,
        steps: 50,
        channels: 1,
        layers: layers.into(),
        at_most: 20,
        instructions: 32_000,
        stream_bytes: usize::MAX,
    }
}

/// A separable network in the shape of MLPerf Tiny's streaming wakeword, a window with each frame.
fn wakeword() -> Case {
    let separable = |filters: u32, kernel_size: u32| {
        json!({
            "type": "separable_conv1d", "filters": filters, "kernel_size": kernel_size, "activation": "relu",
        })
    };
    Case {
        name: "wakeword",
        mode: dunlin::Mode::Windowed,
        hop: 1,
        steps: 30,
        channels: 40,
        layers: json!([
            separable(128, 3),
            separable(128, 5),
            separable(128, 10),
            separable(32, 15),
            { "type": "global_average_pool1d" },
            { "type": "dense", "units": 3, "activation": "softmax" },
        ]),
        at_most: 15,
        instructions: 174_800,
        stream_bytes: 8 * 1024,
    }
}

/// The row of a model, or what it broke.
fn measure(case: &Case) -> Result<[String; 8], String> {
    let layers: Vec<LayerConfig> =
        serde_json::from_value(case.layers.clone()).map_err(|error| error.to_string())?;
    let windows = windows(case);
    let model = FloatModel {
        name: case.name.to_owned(),
        mode: case.mode,
        hop: case.hop,
        network: Network::new(&layers, case.steps, case.channels, 42).map_err(text)?,
        input_scales: Vec::new(),
        output_scales: Vec::new(),
    };
    let file = quantize(&model, &windows).map_err(text)?;
    let folder = root().join(OUT);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let path = folder.join(format!("{}.dunlin", case.name));
    fs::write(&path, &file).map_err(|error| format!("{}: {error}", path.display()))?;
    let on_board = |mode| {
        let options = Options {
            firmware: Some(root().join("firmware")),
            mode,
            ..Options::default()
        };
        verify(&path, &windows, BOARD, &options).map_err(text)
    };
    let (whole, sample) = (on_board(Mode::Run)?, on_board(Mode::Push)?);
    let runner = Runner::new(&file, case.name).map_err(text)?;
    let loaded = runner.model().map_err(text)?;
    let kept = loaded.stream_bytes();
    let summaries = loaded.summaries();
    let window_macs: u64 = summaries.iter().map(|layer| layer.macs).sum();
    let sample_macs: u64 = summaries.iter().map(|layer| layer.stream_macs).sum();
    let (window, sample_cost) = (
        whole.instructions_per_inference,
        sample.instructions_per_inference,
    );
    let differing = whole.differing_bits + sample.differing_bits;
    if differing > 0 {
        return Err(format!("{differing} bits differ from the host's"));
    }
    if sample_macs * case.at_most > window_macs {
        return Err(format!(
            "a sample takes {sample_macs} multiply-accumulates, a window {window_macs}: more than 1/{}",
            case.at_most
        ));
    }
    if sample_cost > case.instructions {
        return Err(format!(
            "a sample takes {sample_cost} instructions, more than {}",
            case.instructions
        ));
    }
    if kept > case.stream_bytes {
        return Err(format!(
            "the stream keeps {kept} bytes, more than {}",
            case.stream_bytes
        ));
    }
    Ok([
        case.name.to_owned(),
        thousands(window_macs),
        thousands(sample_macs),
        thousands(window),
        thousands(sample_cost),
        format!("1/{:.1}", window as f64 / sample_cost as f64),
        thousands(kept as u64),
        differing.to_string(),
    ])
}

/// Two sines of every channel's own: a signal that stays in one range.
fn windows(case: &Case) -> Windows {
    let value = |i: usize| {
        let (step, channel) = (i / case.channels, i % case.channels);
        let (t, c) = (step as f32, channel as f32);
        (t * (0.21 + 0.01 * c)).sin() * 0.6 + (t * 0.05 + c).cos() * 0.3
    };
    Windows {
        count: WINDOWS,
        steps: case.steps,
        channels: case.channels,
        values: (0..WINDOWS * case.steps * case.channels)
            .map(value)
            .collect(),
    }
}

fn text(error: impl ToString) -> String {
    error.to_string()
}
