//! `streams`: what a sample of a stream costs against the whole window, on the emulated Cortex-M4, for the two models that
//! streaming is made for. Their weights are random: a count does not depend on them. They stand in rows, as in files for every core,
//! and as files for this core have them.
//!
//! What a stream saves is held in multiply-accumulates and in instructions, and a sample to a number of its own. A window gains more from
//! kernels than a sample, since a convolution then serves several places at a time; from those of packed weights the most.
use std::fs;

use dunlin::Packing;
use dunlin_trainer::config::LayerConfig;
use dunlin_trainer::data::Windows;
use dunlin_trainer::device::{Mode, Options, verify};
use dunlin_trainer::model_file::{FloatModel, Runner};
use dunlin_trainer::net::Network;
use dunlin_trainer::quantize::quantize;
use dunlin_trainer::report::table::{Table, thousands};
use serde_json::Value;

use crate::bench::cases;
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
    /// With weights in rows.
    in_rows: Bounds,
    /// With weights as the core's files have them.
    packed: Bounds,
    /// Bytes that the stream may keep.
    stream_bytes: usize,
}

/// What a sample may take.
struct Bounds {
    /// At most this part of a window's instructions.
    at_most: u64,
    instructions: u64,
}

pub fn run(_: &[String]) -> Outcome {
    setup::targets()?;
    setup::emulator()?;
    let mut table = Table::new([
        "model",
        "weights",
        "multiply-accumulates a window",
        "a sample",
        "instructions a window",
        "a sample, at most",
        "ratio",
        "kept bytes",
        "differing bits",
    ]);
    for case in [wavenet(), wakeword()] {
        let failed = |error| Failure::new(format!("{}: {error}", case.name));
        for row in measure(&case).map_err(failed)? {
            table.row(row);
        }
    }
    println!("\n{table}");
    println!(
        "w8a16 with random weights on {BOARD}; the longest of all samples of {WINDOWS} windows"
    );
    Ok(())
}

/// The chapter's WaveNet as an endless stream.
fn wavenet() -> Case {
    Case {
        name: "wavenet",
        mode: dunlin::Mode::Continuous,
        hop: 0,
        steps: 50,
        channels: 1,
        layers: cases::wavenet(),
        at_most: 20,
        in_rows: Bounds {
            at_most: 20,
            instructions: 27_100,
        },
        packed: Bounds {
            at_most: 20,
            instructions: 26_200,
        },
        stream_bytes: usize::MAX,
    }
}

/// A separable network in the shape of MLPerf Tiny's streaming wakeword, a window with each frame.
fn wakeword() -> Case {
    let [steps, channels] = cases::WAKEWORD;
    Case {
        name: "wakeword",
        mode: dunlin::Mode::Windowed,
        hop: 1,
        steps,
        channels,
        layers: cases::wakeword(),
        at_most: 15,
        in_rows: Bounds {
            at_most: 15,
            instructions: 104_300,
        },
        packed: Bounds {
            at_most: 13,
            instructions: 76_900,
        },
        stream_bytes: 8 * 1024,
    }
}

/// The rows of a model, or what it broke.
fn measure(case: &Case) -> Result<[[String; 9]; 2], String> {
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
    let file = Runner::new(&file, case.name).map_err(text)?;
    let packed = file.packed(Packing::RowPairs).map_err(text)?;
    Ok([
        with_weights(case, "in rows", &file, &windows, &case.in_rows)?,
        with_weights(case, "for this core", &packed, &windows, &case.packed)?,
    ])
}

/// The row of a model with its weights in an order.
fn with_weights(
    case: &Case,
    order: &str,
    file: &Runner,
    windows: &Windows,
    bounds: &Bounds,
) -> Result<[String; 9], String> {
    let folder = root().join(OUT);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let path = folder.join(format!("{}.dunlin", case.name));
    fs::write(&path, file.bytes()).map_err(|error| format!("{}: {error}", path.display()))?;
    let on_board = |mode| {
        let options = Options {
            firmware: Some(root().join("firmware")),
            mode,
            ..Options::default()
        };
        verify(&path, windows, BOARD, &options).map_err(text)
    };
    let (whole, sample) = (on_board(Mode::Run)?, on_board(Mode::Push)?);
    let loaded = file.model().map_err(text)?;
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
    let parts = [
        (
            "multiply-accumulates",
            sample_macs,
            window_macs,
            case.at_most,
        ),
        ("instructions", sample_cost, window, bounds.at_most),
    ];
    for (what, sample, window, at_most) in parts {
        if sample * at_most > window {
            return Err(format!(
                "weights {order}: a sample takes {sample} {what}, a window {window}: more than 1/{at_most}"
            ));
        }
    }
    if sample_cost > bounds.instructions {
        return Err(format!(
            "weights {order}: a sample takes {sample_cost} instructions, more than {}",
            bounds.instructions
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
        order.to_owned(),
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
