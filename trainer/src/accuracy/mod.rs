//! How exact the integers are: signal-to-noise ratios of w8a16, once against f64 with the same weights, once against the
//! float model.
mod chapter;
mod layers;

use dunlin::Mode;

use crate::config::LayerTable;
use crate::data::Windows;
use crate::error::Result;
use crate::model_file::{FloatModel, Runner};
use crate::net::Network;
use crate::net::reference::Reference;
use crate::quantize::dequantized;
use crate::report::table::Table;

pub use chapter::{TASKS, chapter};
pub use layers::layers;

/// What the arithmetic of one layer keeps at least, in dB.
pub const LAYER_FLOOR: f64 = 60.0;
/// What the arithmetic of a whole model keeps at least, in dB.
pub const MODEL_FLOOR: f64 = 50.0;

/// The two ratios of a model, in dB: power of the exact outputs over that of the differences.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratios {
    /// Against f64 with the weights of the integers: what rounding activations costs.
    pub arithmetic: f64,
    /// Against f64 with the weights of the float model: what rounding weights costs too.
    pub whole: f64,
}

/// A line of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub name: String,
    pub ratios: Ratios,
    /// Why the arithmetic keeps less than the floor, if it may.
    pub reason: Option<&'static str>,
}

/// The ratios of a model without scalings, on windows that calibration has not seen.
///
/// # Errors
/// What the quantizer refuses.
pub fn ratios(network: Network, calibration: &Windows, test: &Windows) -> Result<Ratios> {
    let model = FloatModel {
        name: "accuracy".into(),
        mode: Mode::Windowed,
        hop: 0,
        network,
        input_scales: vec![],
        output_scales: vec![],
    };
    let (file, exact) = dequantized(&model, calibration)?;
    let found = Runner::new(&file, "the integers")?.run(test)?;
    Ok(Ratios {
        arithmetic: decibels(&found, &answers(&exact, test)),
        whole: decibels(&found, &answers(&model.network, test)),
    })
}

/// What a network answers in f64.
fn answers(network: &Network, windows: &Windows) -> Vec<f64> {
    let reference = Reference::new(network);
    let answer = |window| {
        let x: Vec<f64> = windows.window(window).iter().map(|&v| v.into()).collect();
        reference.forward(&x)
    };
    (0..windows.count).flat_map(answer).collect()
}

fn decibels(found: &[f32], exact: &[f64]) -> f64 {
    let power: f64 = exact.iter().map(|y| y * y).sum();
    let pairs = found.iter().zip(exact);
    let noise: f64 = pairs.map(|(a, b)| (f64::from(*a) - b).powi(2)).sum();
    10.0 * (power / noise).log10()
}

/// A network of tables with random weights; biases, gammas and betas are drawn too.
fn network(tables: &[LayerTable], steps: usize, channels: usize) -> Result<Network> {
    let mut network = Network::from_tables(tables, steps, channels, 7)?;
    let mut random = crate::data::random::Random::new(11);
    for parameter in network.parameters_mut() {
        if ["bias", "gamma", "beta"].contains(&parameter.name) {
            for value in parameter.values {
                *value += 0.4 * (random.uniform() as f32 - 0.5);
            }
        }
    }
    Ok(network)
}

/// The lines in Markdown.
pub fn markdown(heading: &str, rows: &[Row], floor: f64) -> String {
    let mut table = Table::new([heading, "arithmetic, dB", "with weights, dB", "remark"]);
    for row in rows {
        let reason = match row.reason {
            Some(reason) if row.ratios.arithmetic < floor => reason,
            Some(_) | None => "",
        };
        table.row([
            row.name.clone(),
            format!("{:.1}", row.ratios.arithmetic),
            format!("{:.1}", row.ratios.whole),
            reason.to_owned(),
        ]);
    }
    table.markdown()
}
