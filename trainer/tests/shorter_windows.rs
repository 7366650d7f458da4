//! Recurrent and fully convolutional models take any window up to the one that the file states; others take that one alone.
use dunlin::Mode;
use dunlin_trainer::config::{Activation, LayerConfig};
use dunlin_trainer::data::Windows;
use dunlin_trainer::model_file::{FloatModel, Runner};
use dunlin_trainer::net::Network;
use dunlin_trainer::quantize::quantize;
use serde_json::{Value, json};

mod layers;
use layers::{dense, gru, lstm, simple_rnn};

const STEPS: usize = 24;
const CHANNELS: usize = 2;
const COUNT: usize = 8;
const SEED: u64 = 3;

fn windows(steps: usize) -> Windows {
    let value = |i: usize| (i as f32 * 0.37).sin() + (i as f32 * 0.011).cos();
    Windows {
        count: COUNT,
        steps,
        channels: CHANNELS,
        values: (0..COUNT * steps * CHANNELS).map(value).collect(),
    }
}

fn network(layers: &[LayerConfig], steps: usize) -> Network {
    // Weights do not depend on the number of steps.
    Network::new(layers, steps, CHANNELS, SEED).expect("a network")
}

fn model(layers: &[LayerConfig]) -> FloatModel {
    FloatModel {
        name: "shorter".to_owned(),
        mode: Mode::Windowed,
        hop: 0,
        network: network(layers, STEPS),
        input_scales: Vec::new(),
        output_scales: Vec::new(),
    }
}

fn conv(padding: &str, kernel_size: usize, strides: usize, activation: &str) -> LayerConfig {
    let table: Value = json!({
        "type": "conv1d", "filters": 5, "kernel_size": kernel_size, "padding": padding, "strides": strides,
        "activation": activation,
    });
    serde_json::from_value(table).expect("a convolution")
}

/// The largest difference, relative to the largest output.
fn difference(expected: &[f32], found: &[f32]) -> f64 {
    assert_eq!(expected.len(), found.len());
    let largest = |values: &mut dyn Iterator<Item = f32>| {
        values.fold(0.0f64, |largest, y| largest.max(f64::from(y).abs()))
    };
    let differences = &mut expected.iter().zip(found).map(|(a, b)| a - b);
    largest(differences) / largest(&mut expected.iter().copied())
}

#[test]
fn a_shorter_window_gives_what_a_network_of_its_length_gives() {
    let last = dense(1, Activation::Linear);
    let models: [(&str, usize, Vec<LayerConfig>); 6] = [
        (
            "lstm",
            1,
            vec![lstm(6, Activation::Tanh, false), last.clone()],
        ),
        (
            "sequences",
            1,
            vec![
                gru(5, Activation::Tanh, true, true),
                simple_rnn(4, Activation::Tanh, true),
                last.clone(),
            ],
        ),
        (
            "same",
            1,
            vec![
                conv("same", 4, 2, "relu"),
                conv("same", 3, 1, "tanh"),
                last.clone(),
            ],
        ),
        (
            "causal",
            1,
            vec![conv("causal", 5, 1, "relu"), last.clone()],
        ),
        (
            "valid",
            9,
            vec![
                conv("valid", 3, 2, "tanh"),
                conv("valid", 4, 1, "relu"),
                last.clone(),
            ],
        ),
        (
            "pooled",
            3,
            vec![
                conv("valid", 3, 1, "tanh"),
                LayerConfig::GlobalAveragePool1d,
                last,
            ],
        ),
    ];
    for (name, shortest, layers) in models {
        let model = model(&layers);
        let float = model.to_bytes().expect(name);
        let quantized = quantize(&model, &windows(STEPS)).expect(name);
        for steps in shortest..=STEPS {
            let windows = windows(steps);
            let expected = network(&layers, steps).forward(&windows.values, COUNT);
            for (bytes, bound) in [(&float, 1e-5), (&quantized, 0.03)] {
                let runner = Runner::new(bytes, name).expect(name);
                let found = runner.run(&windows).expect(name);
                let difference = difference(&expected, &found);
                assert!(difference <= bound, "{name}, {steps} steps: {difference:e}");
            }
        }
        let runner = Runner::new(&float, name).expect(name);
        for steps in [shortest - 1, STEPS + 1] {
            let refused = runner.run(&windows(steps)).expect_err("another length");
            let lengths = format!("{shortest} to {STEPS} steps");
            assert!(refused.to_string().contains(&lengths), "{name}: {refused}");
        }
    }
}

#[test]
fn a_model_that_flattens_its_steps_takes_its_window_alone() {
    let layers = [LayerConfig::Flatten, dense(1, Activation::Linear)];
    let bytes = model(&layers).to_bytes().expect("writes");
    let runner = Runner::new(&bytes, "flat").expect("loads");
    assert!(runner.run(&windows(STEPS)).is_ok());
    let refused = runner.run(&windows(STEPS - 1)).expect_err("too short");
    assert_eq!(
        refused.to_string(),
        "flat: the model takes windows of 24 steps and 2 channels, the data has 23 steps and 2 channels"
    );
    assert!(runner.check_whole(&windows(STEPS)).is_ok());
}
