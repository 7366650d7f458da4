//! One model of `examples/` from data to an emulated board: trained, judged, and run there; what came of it.
use serde_json::Value;

use crate::step::{Failure, Step};

/// The board of all tables.
pub const BOARD: &str = "qemu-m4";
/// What its models are packed for.
const TARGET: &str = "m4";

/// What a table may show of a model. The errors are mean squared errors on the test part; of sequences, those of the last step.
pub struct Measured {
    pub float_mse: f64,
    pub quantized_mse: f64,
    pub linear_mse: f64,
    pub naive_mse: f64,
    pub parameters: u64,
    pub file_bytes: u64,
    pub ram_bytes: u64,
    /// Executed on the board for a whole window.
    pub instructions: u64,
    /// Between the outputs of the board and of this computer.
    pub differing_bits: u64,
}

/// Builds the program that [`measure`] calls.
///
/// # Errors
/// The command, to repeat it.
pub fn build() -> Result<(), Failure> {
    Step::new("cargo build --release --package dunlin-trainer").run()
}

/// Trains `description`, for so many `epochs` instead of its own, into the folder `out`; judges both models on the test part, and
/// runs the quantized one over `windows` windows on [`BOARD`].
///
/// # Errors
/// The command that failed, or what is missing in its answer.
pub fn measure(
    description: &str,
    out: &str,
    epochs: Option<u32>,
    windows: u32,
) -> Result<Measured, Failure> {
    let epochs = epochs.map_or_else(String::new, |epochs| format!(" --epochs {epochs}"));
    dunlin(&format!(
        "train {description} --out {out} --target {TARGET}{epochs}"
    ))
    .run()?;
    let model = format!("{out}/model.dunlin");
    let float = answer(format!(
        "evaluate {out}/model.f32.dunlin --data {description}"
    ))?;
    let quantized = answer(format!("evaluate {model} --data {description}"))?;
    let costs = answer(format!("inspect {model}"))?;
    let board = answer(format!(
        "verify {model} --data {description} --board {BOARD} --windows {windows}"
    ))?;
    Ok(Measured {
        float_mse: float.mse("")?,
        quantized_mse: quantized.mse("")?,
        linear_mse: float.mse("/baselines/linear")?,
        naive_mse: float.mse("/baselines/last_value")?,
        parameters: costs.count("/parameters")?,
        file_bytes: costs.count("/flash_bytes")?,
        ram_bytes: costs.count("/ram_bytes")?,
        instructions: board.count("/instructions_per_inference")?,
        differing_bits: board.count("/differing_bits")?,
    })
}

/// What a command printed as JSON.
struct Answer {
    command: String,
    value: Value,
}

fn answer(command: String) -> Result<Answer, Failure> {
    let text = dunlin(&format!("{command} --json")).output()?;
    match serde_json::from_str(&text) {
        Ok(value) => Ok(Answer { command, value }),
        Err(error) => Err(Failure::new(format!("dunlin {command}: {error}: {text}"))),
    }
}

impl Answer {
    /// The error of the scores at this place; of the last step, where the model answers at several.
    fn mse(&self, place: &str) -> Result<f64, Failure> {
        let at = |name: &str| self.value.pointer(&format!("{place}/{name}"))?.as_f64();
        let found = at("last_time_step_mse").or_else(|| at("mse"));
        found.ok_or_else(|| self.lacks(&format!("{place}/mse")))
    }

    fn count(&self, place: &str) -> Result<u64, Failure> {
        let found = self.value.pointer(place).and_then(Value::as_u64);
        found.ok_or_else(|| self.lacks(place))
    }

    fn lacks(&self, place: &str) -> Failure {
        let Self { command, value } = self;
        Failure::new(format!("dunlin {command}: no number at {place}: {value}"))
    }
}

fn dunlin(arguments: &str) -> Step {
    Step::new(&format!(
        "cargo run --quiet --release --package dunlin-trainer -- {arguments}"
    ))
}
