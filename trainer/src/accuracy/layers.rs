//! Every layer and every activation as a model of its own, with random weights and random inputs.
use serde::Deserialize;

use super::{Row, network, ratios};
use crate::config::LayerTable;
use crate::data::Windows;
use crate::data::random::Random;
use crate::error::{Error, Result};

const STEPS: usize = 24;
const CHANNELS: usize = 6;
const WINDOWS: usize = 64;
const IDS: u64 = 20;

const ACTIVATIONS: [&str; 11] = [
    "linear",
    "relu",
    "tanh",
    "sigmoid",
    "softmax",
    "hard_sigmoid",
    "relu6",
    "leaky_relu",
    "elu",
    "gelu",
    "silu",
];
const GATES: [&str; 5] = ["tanh", "relu", "sigmoid", "hard_sigmoid", "linear"];

/// Of an LSTM with tanh; rounding to the nearest was tried.
const CELL_STEP: &str = "the runtime rounds the cell state down, not to the nearest, on its way to tanh's 12 fraction bits: \
    that alone costs 2 to 4 dB, enough to fall short";

/// The layers that keep less than the floor, by name, and why.
const REASONS: [(&str, &str); 4] = [
    ("lstm tanh, gates tanh", CELL_STEP),
    ("lstm tanh, gates linear", CELL_STEP),
    (
        "lstm tanh, gates relu",
        "rounding the cell state down costs 5.6 dB; what costs the other 4.5 dB is not known",
    ),
    (
        "lstm linear, gates linear",
        "not known for certain; the rounding of weights costs more than elsewhere too, so errors seem to grow in the recurrence",
    ),
];

/// Layers without activations of their own.
const PLAIN: [(&str, &str); 18] = [
    ("max_pool1d", "{ type = 'max_pool1d', pool_size = 3 }"),
    (
        "average_pool1d",
        "{ type = 'average_pool1d', pool_size = 3 }",
    ),
    ("global_max_pool1d", "{ type = 'global_max_pool1d' }"),
    (
        "global_average_pool1d",
        "{ type = 'global_average_pool1d' }",
    ),
    ("flatten", "{ type = 'flatten' }"),
    ("zero_padding1d", "{ type = 'zero_padding1d', padding = 2 }"),
    ("up_sampling1d", "{ type = 'up_sampling1d' }"),
    ("layer_norm", "{ type = 'layer_norm' }"),
    ("batch_norm", "{ type = 'batch_norm' }"),
    ("add", "{ type = 'add', inputs = ['input', 'input'] }"),
    (
        "average",
        "{ type = 'average', inputs = ['input', 'input'] }",
    ),
    (
        "multiply",
        "{ type = 'multiply', inputs = ['input', 'input'] }",
    ),
    (
        "concatenate",
        "{ type = 'concatenate', inputs = ['input', 'input'] }",
    ),
    (
        "lstm, bidirectional",
        "{ type = 'lstm', units = 12, return_sequences = true, bidirectional = true }",
    ),
    (
        "gru, bidirectional",
        "{ type = 'gru', units = 12, return_sequences = true, bidirectional = true }",
    ),
    (
        "simple_rnn, bidirectional",
        "{ type = 'simple_rnn', units = 12, return_sequences = true, bidirectional = true }",
    ),
    ("lstm, last step", "{ type = 'lstm', units = 12 }"),
    ("gru, last step", "{ type = 'gru', units = 12 }"),
];

#[derive(Deserialize)]
struct Description {
    layers: Vec<LayerTable>,
}

/// The ratios of every layer with every activation that it has.
///
/// # Errors
/// What the quantizer refuses.
pub fn layers() -> Result<Vec<Row>> {
    let described = descriptions();
    let rows = described.iter().map(|(name, tables, scale)| {
        let windows = |seed| values(CHANNELS, scale * 2.0, seed);
        row(name, tables, CHANNELS, windows)
    });
    let ids = |seed| {
        let mut windows = values(1, 1.0, seed);
        let mut random = Random::new(seed);
        windows.values.fill_with(|| random.below(IDS) as f32);
        windows
    };
    let embedding = format!("{{ type = 'embedding', input_dim = {IDS}, output_dim = 12 }}");
    rows.chain([row("embedding", &embedding, 1, ids)]).collect()
}

/// Name, tables, and the largest input.
fn descriptions() -> Vec<(String, String, f32)> {
    let mut all = Vec::new();
    for activation in ACTIVATIONS {
        let with = format!("activation = '{activation}'");
        let mut add = |name: &str, layer: String| {
            all.push((format!("{name} {activation}"), layer, 1.5));
        };
        add("dense", format!("{{ type = 'dense', units = 12, {with} }}"));
        if activation == "softmax" {
            continue;
        }
        let convolution = format!("filters = 12, kernel_size = 3, padding = 'same', {with}");
        let depthwise = format!("kernel_size = 3, {with}");
        add("conv1d", format!("{{ type = 'conv1d', {convolution} }}"));
        add(
            "conv1d in groups",
            format!("{{ type = 'conv1d', groups = 3, {convolution} }}"),
        );
        add(
            "depthwise_conv1d",
            format!("{{ type = 'depthwise_conv1d', {depthwise} }}"),
        );
        add(
            "separable_conv1d",
            format!("{{ type = 'separable_conv1d', {convolution} }}"),
        );
        if activation == "linear" {
            continue;
        }
        let then = format!("{{ type = 'activation', {with} }}");
        add("activation", then.clone());
        add("layer_norm,", format!("{{ type = 'layer_norm' }}, {then}"));
        for merge in ["add", "multiply"] {
            let layer = format!("{{ type = '{merge}', inputs = ['input', 'input'] }}, {then}");
            add(&format!("{merge},"), layer);
        }
    }
    for activation in GATES {
        let with = format!("units = 12, return_sequences = true, activation = '{activation}'");
        let mut add = |name: String, layer: String, largest: f32| all.push((name, layer, largest));
        for (name, norm) in [("simple_rnn", false), ("simple_rnn with layer_norm", true)] {
            let layer = format!("{{ type = 'simple_rnn', {with}, layer_norm = {norm} }}");
            add(format!("{name} {activation}"), layer, 1.0);
        }
        for gate in GATES {
            // Products of products: with large inputs the states grow without end.
            let unbounded = ["relu", "linear"].contains(&gate);
            let largest = if unbounded { 0.4 } else { 1.0 };
            let with = format!("{with}, recurrent_activation = '{gate}'");
            let name = |cell: &str| format!("{cell} {activation}, gates {gate}");
            add(
                name("lstm"),
                format!("{{ type = 'lstm', {with} }}"),
                largest,
            );
            add(name("gru"), format!("{{ type = 'gru', {with} }}"), largest);
            let before = format!("{{ type = 'gru', {with}, reset_after = false }}");
            add(name("gru, reset before,"), before, largest);
        }
    }
    all.extend(PLAIN.map(|(name, layer)| (name.to_owned(), layer.to_owned(), 1.5)));
    all
}

fn row(name: &str, tables: &str, channels: usize, windows: impl Fn(u64) -> Windows) -> Result<Row> {
    let described: Description = toml::from_str(&format!("layers = [{tables}]"))
        .map_err(|error| Error::input(format!("{name}: {error}")))?;
    let network = network(&described.layers, STEPS, channels)?;
    let ratios = ratios(network, &windows(1), &windows(2))
        .map_err(|error| Error::input(format!("{name}: {error}")))?;
    let reason = REASONS.iter().find(|(known, _)| name == *known);
    Ok(Row {
        name: name.to_owned(),
        ratios,
        reason: reason.map(|(_, reason)| *reason),
    })
}

/// Values spread evenly over `width`, about 0.
fn values(channels: usize, width: f32, seed: u64) -> Windows {
    let mut random = Random::new(seed);
    let count = WINDOWS * STEPS * channels;
    Windows {
        count: WINDOWS,
        steps: STEPS,
        channels,
        values: (0..count)
            .map(|_| width * (random.uniform() as f32 - 0.5))
            .collect(),
    }
}
