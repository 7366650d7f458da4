//! Parity: the trainer's forward pass against the runtime on the same weights, f32 and w8a16.
use dunlin::Mode;
use dunlin_trainer::config::{Activation, LayerConfig, LayerTable};
use dunlin_trainer::data::Windows;
use dunlin_trainer::data::random::Random;
use dunlin_trainer::model_file::{FloatModel, Runner};
use dunlin_trainer::net::Network;
use dunlin_trainer::quantize::quantize;

mod chains;
mod graphs;
#[path = "../layers/mod.rs"]
mod layers;
use chains::models;
use layers::{dense, lstm};

/// Largest difference of f32 outputs, relative to the largest output.
const F32_BOUND: f64 = 1e-5;
/// Largest root mean square of the differences of w8a16 outputs, relative to that of the outputs. It holds the
/// rounding of weights to eight bits.
const W8A16_BOUND: f64 = 0.01;
const COUNT: usize = 64;

/// Smooth signals with a different range a channel.
fn windows(steps: usize, channels: usize) -> Windows {
    let value = |i: usize| {
        let (window, step, channel) = (i / (steps * channels), i / channels % steps, i % channels);
        let phase = window as f32 * 1.7 + channel as f32 * 0.9;
        (1.0 + channel as f32) * ((step as f32 * (0.1 + window as f32 * 0.013)) + phase).sin()
            + 0.3 * channel as f32
    };
    Windows {
        count: COUNT,
        steps,
        channels,
        values: (0..COUNT * steps * channels).map(value).collect(),
    }
}

/// Biases that start at zero are drawn too, so that each of them matters.
fn model(name: &str, layers: &[LayerConfig], steps: usize, channels: usize) -> FloatModel {
    let tables: Vec<LayerTable> = layers.iter().cloned().map(LayerTable::from).collect();
    model_of_tables(name, &tables, steps, channels)
}

/// The same of layers that read others than the one before.
fn model_of_tables(name: &str, tables: &[LayerTable], steps: usize, channels: usize) -> FloatModel {
    let mut network = Network::from_tables(tables, steps, channels, 7).expect(name);
    let mut random = Random::new(11);
    for parameter in network.parameters_mut() {
        if ["bias", "gamma", "beta"].contains(&parameter.name) {
            for value in parameter.values {
                *value += 0.2 * (random.uniform() as f32 - 0.5);
            }
        }
    }
    FloatModel {
        name: name.to_owned(),
        mode: Mode::Windowed,
        hop: 0,
        network,
        input_scales: vec![],
        output_scales: vec![],
    }
}

/// Largest difference of the runtime's f32 outputs, relative to the largest output.
fn float_difference(model: &FloatModel, windows: &Windows, expected: &[f32]) -> f64 {
    let name = &model.name;
    let float = Runner::new(&model.to_bytes().expect(name), name)
        .expect(name)
        .run(windows)
        .expect(name);
    assert_eq!(float.len(), expected.len(), "{name}");
    let largest = |values: &mut dyn Iterator<Item = f32>| {
        values.fold(0.0f64, |largest, y| largest.max(f64::from(y).abs()))
    };
    let differences = &mut float.iter().zip(expected).map(|(a, b)| a - b);
    largest(differences) / largest(&mut expected.iter().copied())
}

#[test]
fn the_runtime_computes_what_the_trainer_computes() {
    for (steps, channels) in [(24, 1), (30, 3)] {
        let windows = windows(steps, channels);
        for (name, layers) in models() {
            let model = model(name, &layers, steps, channels);
            let expected = model.network.forward(&windows.values, COUNT);
            let power: f64 = expected.iter().map(|&y| f64::from(y).powi(2)).sum();
            let worst = float_difference(&model, &windows, &expected);
            assert!(worst <= F32_BOUND, "{name}: f32 differs by {worst:e}");

            let bytes = quantize(&model, &windows).expect(name);
            let quantized = Runner::new(&bytes, name)
                .expect(name)
                .run(&windows)
                .expect(name);
            let noise: f64 = quantized
                .iter()
                .zip(&expected)
                .map(|(a, b)| f64::from(a - b).powi(2))
                .sum();
            let noise = (noise / power).sqrt();
            println!("{name:24} [{steps}, {channels}]  f32 {worst:8.1e}  w8a16 {noise:8.1e}");
            assert!(noise <= W8A16_BOUND, "{name}: w8a16 differs by {noise:e}");
        }
    }
}

#[test]
fn a_float_file_reads_back_as_it_was_written() {
    for (name, layers) in models() {
        let layers: Vec<LayerConfig> = layers
            .into_iter()
            .filter(|layer| !matches!(layer, LayerConfig::Dropout { .. }))
            .collect();
        let mut model = model(name, &layers, 24, 2);
        model.input_scales = vec![[0.5, 0.1], [2.0, -0.3]];
        let bytes = model.to_bytes().expect(name);
        let read = FloatModel::from_bytes(&bytes).expect(name);
        assert_eq!(
            read.network.forward(&[0.25; 48], 1),
            model.network.forward(&[0.25; 48], 1),
            "{name}"
        );
        assert_eq!(read.to_bytes().expect(name), bytes, "{name}");
    }
}

#[test]
fn scalings_are_folded_into_the_file() {
    let layers = [
        lstm(6, Activation::Tanh, false),
        dense(1, Activation::Linear),
    ];
    let raw = windows(24, 2);
    let mut normalized = raw.clone();
    for step in normalized.values.chunks_exact_mut(2) {
        step[0] = (step[0] - 3.0) / 2.0;
        step[1] = (step[1] + 1.0) / 0.5;
    }
    let mut model = model("scaled", &layers, 24, 2);
    let expected: Vec<f32> = model
        .network
        .forward(&normalized.values, COUNT)
        .iter()
        .map(|y| y * 10.0 + 90.0)
        .collect();
    model.input_scales = vec![[0.5, -1.5], [2.0, 2.0]];
    model.output_scales = vec![[10.0, 90.0]];
    let float = model.to_bytes().expect("writes");
    let quantized = quantize(&model, &raw).expect("quantizes");
    for (bytes, bound) in [(float, 1e-4), (quantized, 0.2)] {
        let outputs = Runner::new(&bytes, "scaled")
            .expect("loads")
            .run(&raw)
            .expect("runs");
        for (output, expected) in outputs.iter().zip(&expected) {
            assert!((output - expected).abs() <= bound, "{output} {expected}");
        }
    }
}

#[test]
fn long_rows_are_proven_not_to_overflow() {
    // 4,000 columns of int8 times int16 could reach 2^34: the quantizer has to make room, and the loader checks it.
    for first in [Activation::Linear, Activation::Relu, Activation::Tanh] {
        let layers = [
            dense(200, first),
            LayerConfig::Flatten,
            dense(2, Activation::Linear),
        ];
        let windows = windows(20, 3);
        let model = model("long", &layers, 20, 3);
        let expected = model.network.forward(&windows.values, COUNT);
        let bytes = quantize(&model, &windows).expect("quantizes");
        let outputs = Runner::new(&bytes, "long")
            .expect("loads")
            .run(&windows)
            .expect("runs");
        let power: f64 = expected.iter().map(|&y| f64::from(y).powi(2)).sum();
        let noise: f64 = outputs
            .iter()
            .zip(&expected)
            .map(|(a, b)| f64::from(a - b).powi(2))
            .sum();
        assert!(
            (noise / power).sqrt() <= W8A16_BOUND,
            "{first:?}: {}",
            (noise / power).sqrt()
        );
    }
}
