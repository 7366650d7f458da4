//! Parity of graphs, activations and the layers beside the plain ones: the trainer's forward pass against the runtime on
//! the same weights, f32 and w8a16.
use dunlin::Mode;
use dunlin_trainer::config::LayerTable;
use dunlin_trainer::data::Windows;
use dunlin_trainer::data::random::Random;
use dunlin_trainer::model_file::{FloatModel, Runner};
use dunlin_trainer::net::Network;
use dunlin_trainer::quantize::quantize;
use serde::Deserialize;

/// Largest difference of f32 outputs, relative to the largest output.
const F32_BOUND: f64 = 1e-5;
/// Largest root mean square of the differences of w8a16 outputs, relative to that of the outputs. It holds the rounding
/// of weights to eight bits.
const W8A16_BOUND: f64 = 0.02;
const COUNT: usize = 48;
const STEPS: usize = 12;

#[derive(Deserialize)]
struct Description {
    layers: Vec<LayerTable>,
}

/// A network of layers in TOML, one a line; biases, gammas and betas are drawn too.
fn model(name: &str, layers: &str, channels: usize) -> FloatModel {
    let lines: Vec<&str> = layers.lines().map(str::trim).collect();
    let lines = lines.iter().filter(|line| !line.is_empty());
    let list: Vec<String> = lines.map(|line| format!("{{ {line} }}")).collect();
    let text = format!("layers = [{}]", list.join(", "));
    let description: Description = toml::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
    let mut network = Network::from_tables(&description.layers, STEPS, channels, 7).expect(name);
    let mut random = Random::new(11);
    for parameter in network.parameters_mut() {
        if ["bias", "gamma", "beta"].contains(&parameter.name) {
            for value in parameter.values {
                *value += 0.4 * (random.uniform() as f32 - 0.5);
            }
        }
    }
    FloatModel {
        name: "graph".into(),
        mode: Mode::Windowed,
        hop: 0,
        network,
        input_scales: vec![],
        output_scales: vec![],
    }
}

fn windows(channels: usize, value: impl Fn(usize, usize, usize) -> f32) -> Windows {
    let at = |i: usize| value(i / (STEPS * channels), i / channels % STEPS, i % channels);
    Windows {
        count: COUNT,
        steps: STEPS,
        channels,
        values: (0..COUNT * STEPS * channels).map(at).collect(),
    }
}

fn waves(channels: usize) -> Windows {
    windows(channels, |window, step, channel| {
        let phase = window as f32 * 1.7 + channel as f32 * 0.9;
        (step as f32 * (0.2 + window as f32 * 0.013) + phase).sin() + 0.2 * channel as f32
    })
}

/// Checks a model on both kinds of numbers.
fn check(name: &str, layers: &str, windows: &Windows) {
    let model = model(name, layers, windows.channels);
    let expected = model.network.forward(&windows.values, COUNT);
    let run = |bytes: &[u8]| {
        let runner = Runner::new(bytes, name).expect(name);
        runner.run(windows).expect(name)
    };
    let float = run(&model.to_bytes().expect(name));
    assert_eq!(float.len(), expected.len(), "{name}");
    let largest = expected
        .iter()
        .fold(0.0f32, |largest, y| largest.max(y.abs()));
    let worst = float.iter().zip(&expected).map(|(a, b)| (a - b).abs());
    let worst = f64::from(worst.fold(0.0, f32::max) / largest);
    let quantized = run(&quantize(&model, windows).unwrap_or_else(|e| panic!("{name}: {e:?}")));
    let power: f64 = expected.iter().map(|&y| f64::from(y).powi(2)).sum();
    let pairs = quantized.iter().zip(&expected);
    let noise: f64 = pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum();
    let noise = (noise / power).sqrt();
    println!("{name:32} f32 {worst:8.1e}  w8a16 {noise:8.1e}");
    assert!(worst <= F32_BOUND, "{name}: f32 differs by {worst:e}");
    assert!(noise <= W8A16_BOUND, "{name}: w8a16 differs by {noise:e}");
}

#[test]
fn every_activation_is_that_of_the_trainer() {
    for activation in [
        "linear",
        "relu",
        "tanh",
        "sigmoid",
        "hard_sigmoid",
        "relu6",
        "leaky_relu",
        "elu",
        "gelu",
        "silu",
    ] {
        let dense = format!(
            r#"type = "dense", units = 7, activation = "{activation}"
            type = "dense", units = 3"#
        );
        check(&format!("dense {activation}"), &dense, &waves(3));
        let layer = format!(
            r#"type = "conv1d", filters = 6, kernel_size = 3, activation = "tanh"
            type = "activation", activation = "{activation}"
            type = "dense", units = 2"#
        );
        check(&format!("layer {activation}"), &layer, &waves(3));
    }
}

#[test]
fn graphs_are_those_of_the_trainer() {
    check(
        "wavenet",
        r#"
        type = "conv1d", filters = 8, kernel_size = 2, padding = "causal", name = "x"
        type = "conv1d", filters = 8, kernel_size = 2, padding = "causal", dilation_rate = 2, activation = "tanh", name = "t"
        type = "conv1d", filters = 8, kernel_size = 2, padding = "causal", dilation_rate = 2, activation = "sigmoid", inputs = ["x"], name = "s"
        type = "multiply", inputs = ["t", "s"], name = "gated"
        type = "add", inputs = ["x", "gated"], name = "residual"
        type = "concatenate", inputs = ["gated", "residual"]
        type = "conv1d", filters = 2, kernel_size = 1
        "#,
        &waves(1),
    );
    check(
        "three in one",
        r#"
        type = "dense", units = 5, activation = "tanh", name = "a"
        type = "dense", units = 5, activation = "relu", inputs = ["input"], name = "b"
        type = "dense", units = 5, activation = "gelu", inputs = ["input"], name = "c"
        type = "average", inputs = ["a", "b", "c"], name = "d"
        type = "multiply", inputs = ["d", "a", "b"], name = "e"
        type = "concatenate", inputs = ["e", "input", "c"]
        type = "flatten"
        type = "dense", units = 3
        "#,
        &waves(2),
    );
}

#[test]
fn convolutions_in_groups_are_those_of_the_trainer() {
    check(
        "wakeword",
        r#"
        type = "depthwise_conv1d", kernel_size = 3
        type = "conv1d", filters = 12, kernel_size = 1, activation = "relu"
        type = "separable_conv1d", filters = 10, kernel_size = 5, depth_multiplier = 2, activation = "relu"
        type = "global_average_pool1d"
        type = "dense", units = 3, activation = "softmax"
        "#,
        &waves(6),
    );
    check(
        "groups and norms",
        r#"
        type = "conv1d", filters = 12, kernel_size = 3, groups = 3, padding = "same"
        type = "batch_norm"
        type = "activation", activation = "relu"
        type = "layer_norm"
        type = "conv1d", filters = 8, kernel_size = 2, groups = 4, strides = 2, activation = "silu"
        "#,
        &waves(6),
    );
    check(
        "moved steps",
        r#"
        type = "zero_padding1d", padding = [3, 1]
        type = "conv1d", filters = 5, kernel_size = 4, activation = "elu"
        type = "up_sampling1d", size = 2
        type = "max_pool1d", pool_size = 3
        "#,
        &waves(2),
    );
}

#[test]
fn recurrent_layers_are_those_of_the_trainer() {
    for merge in ["concat", "sum", "mul", "ave"] {
        let layers = format!(
            r#"type = "lstm", units = 6, return_sequences = true, bidirectional = true, merge_mode = "{merge}"
            type = "gru", units = 5, bidirectional = true, merge_mode = "{merge}"
            type = "dense", units = 2"#
        );
        check(&format!("bidirectional {merge}"), &layers, &waves(2));
    }
    for activation in ["tanh", "relu"] {
        let layers = format!(
            r#"type = "simple_rnn", units = 8, activation = "{activation}", layer_norm = true, return_sequences = true
            type = "dense", units = 2"#
        );
        check(&format!("normed rnn {activation}"), &layers, &waves(2));
    }
    let tokens = windows(1, |window, step, _| {
        ((window * 7 + step * step * 3) % 20) as f32
    });
    check(
        "tokens",
        r#"
        type = "embedding", input_dim = 20, output_dim = 6
        type = "gru", units = 8
        type = "dense", units = 3, activation = "softmax"
        "#,
        &tokens,
    );
}

#[test]
fn gates_of_every_activation_are_those_of_the_trainer() {
    let all = ["tanh", "relu", "sigmoid", "hard_sigmoid", "linear"];
    for activation in all {
        for gate in all {
            for cell in ["lstm", "gru"] {
                let layers = format!(
                    r#"type = "{cell}", units = 6, activation = "{activation}", recurrent_activation = "{gate}"
                    type = "dense", units = 2"#
                );
                let mut windows = waves(2);
                if [activation, gate] == ["linear", "linear"] {
                    // Products of products: with large inputs the states grow without end.
                    windows.values.iter_mut().for_each(|x| *x *= 0.3);
                }
                check(&format!("{cell} {activation} {gate}"), &layers, &windows);
            }
        }
        let layers = format!(
            r#"type = "simple_rnn", units = 6, activation = "{activation}", return_sequences = true
            type = "dense", units = 2"#
        );
        check(&format!("simple_rnn {activation}"), &layers, &waves(2));
    }
}
