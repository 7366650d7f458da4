//! `demo`: trains the chapter's two models on its generated series, quantizes them, runs them on an emulated Cortex-M4 and
//! prints one table.
use dunlin_trainer::report::table::{Table, thousands};

use crate::measure::{self, BOARD, measure};
use crate::setup;
use crate::step::Outcome;

/// Descriptions in `examples/`, with the names that the table shows.
const MODELS: [(&str, &str); 2] = [
    ("lstm", "LSTM(100, relu) -> Dense(1)"),
    (
        "conv1d",
        "Conv1D(64, 3, relu) -> MaxPool1D(2) -> Flatten -> Dense(1)",
    ),
];
const WINDOWS: u32 = 200;
/// Where models and reports go.
const OUT: &str = "out/demo";

pub fn run(_: &[String]) -> Outcome {
    setup::run(&[])?;
    measure::build()?;
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
        let description = format!("examples/{name}.toml");
        let found = measure(&description, &format!("{OUT}/{name}"), None, WINDOWS)?;
        table.row([
            title.to_owned(),
            format!("{:.5}", found.float_mse),
            format!("{:.5}", found.quantized_mse),
            format!("{:.5}", found.linear_mse),
            format!("{:.5}", found.naive_mse),
            thousands(found.differing_bits),
            thousands(found.file_bytes),
            thousands(found.ram_bytes),
            thousands(found.instructions),
        ]);
    }
    println!("\n{table}");
    println!(
        "1,000 test series; {WINDOWS} of them on {BOARD}: bits that differ from the host, and instructions per window"
    );
    println!("learning curves and model files are in {OUT}");
    Ok(())
}
