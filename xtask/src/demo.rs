//! `demo`: trains the chapter's two models on its generated series, quantizes them, runs them on an emulated Cortex-M4 and
//! prints one table.
use dunlin_trainer::report::table::{Table, thousands};
use serde_json::Value;

use crate::setup;
use crate::step::{Failure, Outcome, Step};

/// Descriptions in `examples/`, with the names that the table shows.
const MODELS: [(&str, &str); 2] = [
    ("lstm", "LSTM(100, relu) -> Dense(1)"),
    (
        "conv1d",
        "Conv1D(64, 3, relu) -> MaxPool1D(2) -> Flatten -> Dense(1)",
    ),
];
const BOARD: &str = "qemu-m4";
const WINDOWS: u64 = 200;
/// Where models and reports go.
const OUT: &str = "out/demo";

pub fn run(_: &[String]) -> Outcome {
    setup::run(&[])?;
    Step::new("cargo build --release --package dunlin-trainer").run()?;
    let mut table = Table::new([
        "model",
        "float MSE",
        "w8a16 MSE",
        "linear MSE",
        "naive MSE",
        "differing bits",
        "file bytes",
        "RAM bytes",
        "instructions",
    ]);
    for (name, title) in MODELS {
        table.row(row(name, title)?);
    }
    println!("\n{table}");
    println!(
        "1,000 test series; {WINDOWS} of them on {BOARD}: bits that differ from the host, and instructions per window"
    );
    println!("learning curves and model files are in {OUT}");
    Ok(())
}

/// Trains, judges and verifies one model.
fn row(name: &str, title: &str) -> Result<Vec<String>, Failure> {
    let data = format!("examples/{name}.toml");
    let out = format!("{OUT}/{name}");
    let model = format!("{out}/model.dunlin");
    dunlin(&format!("train {data} --out {out}")).run()?;
    let json = |arguments: String| -> Result<Value, Failure> {
        let text = dunlin(&format!("{arguments} --json")).output()?;
        serde_json::from_str(&text)
            .map_err(|error| Failure::new(format!("dunlin {arguments}: {error}: {text}")))
    };
    let float = json(format!("evaluate {out}/model.f32.dunlin --data {data}"))?;
    let quantized = json(format!("evaluate {model} --data {data}"))?;
    let costs = json(format!("inspect {model}"))?;
    let board = json(format!(
        "verify {model} --data {data} --board {BOARD} --windows {WINDOWS}"
    ))?;
    let mse = |value: &Value| {
        value["mse"]
            .as_f64()
            .map_or_else(|| "?".to_owned(), |mse| format!("{mse:.5}"))
    };
    let count = |value: &Value| value.as_u64().map_or_else(|| "?".to_owned(), thousands);
    Ok(vec![
        title.to_owned(),
        mse(&float),
        mse(&quantized),
        mse(&float["baselines"]["linear"]),
        mse(&float["baselines"]["last_value"]),
        count(&board["differing_bits"]),
        count(&costs["flash_bytes"]),
        count(&costs["ram_bytes"]),
        count(&board["instructions_per_inference"]),
    ])
}

fn dunlin(arguments: &str) -> Step {
    Step::new(&format!(
        "cargo run --quiet --release --package dunlin-trainer -- {arguments}"
    ))
}
