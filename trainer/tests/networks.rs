//! Networks as a whole: refusals that name the layer, first weights as Keras draws them, traces, chunks and threads.
use dunlin_trainer::config::{Activation, LayerConfig, LayerTable, Padding};
use dunlin_trainer::data::random::Random;
use dunlin_trainer::net::reference::Reference;
use dunlin_trainer::net::{Layer, Network, Shape};

mod layers;
use layers::{named, reads};

fn dense(units: usize) -> LayerConfig {
    LayerConfig::Dense {
        units,
        activation: Activation::Linear,
        use_bias: true,
    }
}

fn conv(kernel_size: usize, padding: Padding, strides: usize, dilation_rate: usize) -> LayerConfig {
    LayerConfig::Conv1d {
        groups: 1,
        filters: 4,
        kernel_size,
        padding,
        strides,
        dilation_rate,
        activation: Activation::Relu,
        use_bias: true,
    }
}

fn lstm(units: usize, activation: Activation, recurrent_activation: Activation) -> LayerConfig {
    LayerConfig::Lstm {
        units,
        activation,
        recurrent_activation,
        return_sequences: true,
        use_bias: true,
    }
}

fn simple_rnn(units: usize, activation: Activation) -> LayerConfig {
    LayerConfig::SimpleRnn {
        layer_norm: false,
        units,
        activation,
        return_sequences: true,
        use_bias: true,
    }
}

fn gru(units: usize, activation: Activation, reset_after: bool) -> LayerConfig {
    LayerConfig::Gru {
        units,
        activation,
        recurrent_activation: Activation::Sigmoid,
        return_sequences: true,
        use_bias: true,
        reset_after,
    }
}

fn pool(pool_size: usize, padding: Padding) -> LayerConfig {
    LayerConfig::MaxPool1d {
        pool_size,
        strides: None,
        padding,
    }
}

#[test]
fn impossible_layers_are_refused_by_place_name_and_way_out() {
    let softmax_conv = LayerConfig::Conv1d {
        groups: 1,
        filters: 4,
        kernel_size: 3,
        padding: Padding::Same,
        strides: 1,
        dilation_rate: 1,
        activation: Activation::Softmax,
        use_bias: true,
    };
    let cases = [
        (dense(0), "dense", "units is 0"),
        (dense(usize::MAX), "dense", "too large"),
        (conv(0, Padding::Same, 1, 1), "conv1d", "kernel_size is 0"),
        (conv(3, Padding::Same, 0, 1), "conv1d", "strides is 0"),
        (
            conv(11, Padding::Valid, 1, 1),
            "conv1d",
            "spans 11 steps but its input has 10",
        ),
        (
            conv(3, Padding::Valid, 1, 5),
            "conv1d",
            "padding = \"same\"",
        ),
        (
            conv(3, Padding::Same, 2, 2),
            "conv1d",
            "set one of them to 1",
        ),
        (conv(usize::MAX, Padding::Same, 1, 1), "conv1d", "too large"),
        (
            conv(3, Padding::Causal, 1, usize::MAX),
            "conv1d",
            "too large",
        ),
        (softmax_conv, "conv1d", "softmax is for dense layers"),
        (pool(11, Padding::Valid), "max_pool1d", "smaller pool_size"),
        (pool(0, Padding::Valid), "max_pool1d", "at least 1"),
        (
            pool(2, Padding::Causal),
            "max_pool1d",
            "\"valid\" or \"same\"",
        ),
        (
            lstm(0, Activation::Tanh, Activation::Sigmoid),
            "lstm",
            "units is 0",
        ),
        (
            lstm(4, Activation::Softmax, Activation::Sigmoid),
            "lstm",
            "hard_sigmoid or linear",
        ),
        (
            lstm(4, Activation::Gelu, Activation::Sigmoid),
            "lstm",
            "its activation must be tanh",
        ),
        (
            lstm(4, Activation::Tanh, Activation::Relu6),
            "lstm",
            "its recurrent_activation must be tanh",
        ),
        (
            lstm(1 << 20, Activation::Tanh, Activation::Sigmoid),
            "lstm",
            "too large",
        ),
        (simple_rnn(0, Activation::Tanh), "simple_rnn", "units is 0"),
        (
            simple_rnn(4, Activation::Softmax),
            "simple_rnn",
            "tanh, relu, sigmoid, hard_sigmoid or linear",
        ),
        (
            simple_rnn(usize::MAX, Activation::Tanh),
            "simple_rnn",
            "too large",
        ),
        (gru(0, Activation::Tanh, true), "gru", "units is 0"),
        (
            gru(4, Activation::Silu, true),
            "gru",
            "hard_sigmoid or linear",
        ),
        (gru(1 << 20, Activation::Relu, false), "gru", "too large"),
        (
            LayerConfig::AveragePool1d {
                pool_size: 11,
                strides: None,
                padding: Padding::Valid,
            },
            "average_pool1d",
            "smaller pool_size",
        ),
        (
            LayerConfig::Dropout { rate: 1.0 },
            "dropout",
            "outside [0, 1)",
        ),
        (
            LayerConfig::Dropout { rate: f32::NAN },
            "dropout",
            "outside [0, 1)",
        ),
    ];
    for (layer, name, says) in cases {
        let error = Network::new(&[dense(3), layer, dense(1)], 10, 2, 1).unwrap_err();
        let message = error.to_string();
        assert!(
            message.starts_with(&format!("layer 2 ({name}): ")),
            "{message}"
        );
        assert!(message.contains(says), "{message}");
        assert_eq!(error.exit_code(), 2);
    }
    assert!(
        Network::new(&[], 10, 2, 1)
            .unwrap_err()
            .to_string()
            .contains("no layers")
    );
    assert!(
        Network::new(&[dense(1)], 0, 2, 1)
            .unwrap_err()
            .to_string()
            .contains("empty")
    );
}

#[test]
fn long_pools_and_strides_are_taken_where_padding_allows() {
    let wide = LayerConfig::MaxPool1d {
        pool_size: usize::MAX,
        strides: Some(usize::MAX),
        padding: Padding::Same,
    };
    let network = Network::new(&[wide], 4, 1, 1).unwrap();
    assert_eq!(network.forward(&[1.0, 4.0, 2.0, 3.0], 1), [4.0]);
}

#[test]
fn shapes_chain_and_first_weights_are_keras_s() {
    let layers = [
        conv(3, Padding::Valid, 1, 1),
        pool(2, Padding::Valid),
        lstm(6, Activation::Tanh, Activation::Sigmoid),
        LayerConfig::Flatten,
        dense(5),
    ];
    let network = Network::new(&layers, 50, 1, 1).unwrap();
    let shapes: Vec<Shape> = network.layers.iter().map(|n| n.layer.output()).collect();
    let shape = |steps, channels| Shape { steps, channels };
    assert_eq!(
        shapes,
        [
            shape(48, 4),
            shape(24, 4),
            shape(24, 6),
            shape(1, 144),
            shape(1, 5)
        ]
    );
    let limits = [
        ("kernel", 6.0f32 / (3.0 + 12.0)),
        ("bias", 0.0),
        ("kernel", 6.0 / (4.0 + 24.0)),
        ("recurrent_kernel", 1.0),
        ("bias", 1.0),
        ("kernel", 6.0 / (144.0 + 5.0)),
        ("bias", 0.0),
    ];
    let parameters = network.parameters();
    assert_eq!(parameters.len(), limits.len());
    for (parameter, (name, square)) in parameters.iter().zip(limits) {
        assert_eq!(parameter.name, name);
        let largest = parameter.values.iter().fold(0.0f32, |m, v| m.max(v.abs()));
        assert!(largest <= square.sqrt(), "{name}: {largest}");
        assert!(
            square == 0.0 || largest > 0.3 * square.sqrt(),
            "{name}: {largest}"
        );
    }
    // unit_forget_bias: gates in the order i, f, c, o.
    let Layer::Lstm(lstm) = &network.layers[2].layer else {
        panic!("layer 3 is the lstm")
    };
    for (i, bias) in lstm.bias.iter().enumerate() {
        assert_eq!(*bias, if (6..12).contains(&i) { 1.0 } else { 0.0 });
    }
}

#[test]
fn first_weights_of_simple_rnn_and_gru_are_keras_s() {
    let layers = [
        simple_rnn(8, Activation::Tanh),
        gru(6, Activation::Tanh, true),
        gru(5, Activation::Tanh, false),
        LayerConfig::GlobalMaxPool1d,
    ];
    let network = Network::new(&layers, 20, 3, 1).unwrap();
    assert_eq!(
        network.layers.last().unwrap().layer.name(),
        "global_max_pool1d"
    );
    assert_eq!(
        network.output(),
        Shape {
            steps: 1,
            channels: 5
        }
    );
    // Fan in, columns, units and values of the bias of each layer.
    let sizes = [(3, 8, 8, 8), (8, 18, 6, 36), (6, 15, 5, 15)];
    let parameters = network.parameters();
    for (tensors, (inputs, columns, units, biases)) in parameters.chunks(3).zip(sizes) {
        let names: Vec<&str> = tensors.iter().map(|t| t.name).collect();
        assert_eq!(names, ["kernel", "recurrent_kernel", "bias"]);
        let limit = (6.0 / (inputs + columns) as f32).sqrt();
        let kernel = tensors[0].values;
        assert_eq!(kernel.len(), inputs * columns);
        let largest = kernel.iter().fold(0.0f32, |m, v| m.max(v.abs()));
        assert!(largest <= limit && largest > 0.8 * limit, "{largest}");
        // The rows of the recurrent kernel are orthonormal.
        let recurrent = tensors[1].values;
        assert_eq!(recurrent.len(), units * columns);
        for (i, a) in recurrent.chunks(columns).enumerate() {
            for (j, b) in recurrent.chunks(columns).enumerate() {
                let product: f32 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                let expected = if i == j { 1.0 } else { 0.0 };
                assert!((product - expected).abs() < 1e-5, "{i} {j} {product}");
            }
        }
        assert_eq!(tensors[2].values, vec![0.0; biases]);
    }
}

#[test]
fn a_seed_means_the_same_weights_and_another_seed_others() {
    let layers = [lstm(6, Activation::Tanh, Activation::Sigmoid), dense(2)];
    let new = |seed| Network::new(&layers, 5, 2, seed).unwrap();
    assert_eq!(new(3), new(3));
    assert_ne!(new(3), new(4));
}

#[test]
fn inference_does_not_depend_on_chunks_and_trace_ends_with_it() {
    let layers = [
        conv(3, Padding::Same, 1, 2),
        lstm(7, Activation::Relu, Activation::Sigmoid),
        LayerConfig::Dropout { rate: 0.5 },
        LayerConfig::Flatten,
        dense(3),
    ];
    let network = Network::new(&layers, 12, 2, 1).unwrap();
    let mut random = Random::new(1);
    let count = 70;
    let x: Vec<f32> = (0..count * 24)
        .map(|_| random.uniform() as f32 - 0.5)
        .collect();
    let y = network.forward(&x, count);
    let single: Vec<f32> = x
        .chunks_exact(24)
        .flat_map(|x| network.forward(x, 1))
        .collect();
    assert_eq!(y, single);
    let trace = network.trace(&x, count);
    assert_eq!(trace.len(), layers.len());
    assert_eq!(trace[4], y);
    // Every layer's output against the independent one.
    let reference = Reference::new(&network);
    for (i, window) in x.chunks_exact(24).enumerate() {
        let window: Vec<f64> = window.iter().map(|v| f64::from(*v)).collect();
        for (layer, exact) in reference.trace(&window).iter().enumerate() {
            let got = &trace[layer][i * exact.len()..(i + 1) * exact.len()];
            for (got, exact) in got.iter().zip(exact) {
                assert!(
                    (f64::from(*got) - exact).abs() < 1e-5,
                    "layer {layer}: {got} {exact}"
                );
            }
        }
    }
    assert!(network.forward(&[], 0).is_empty());
}

#[test]
fn merges_of_shapes_that_do_not_fit_are_refused() {
    let refusal = |tables: &[LayerTable]| {
        let error = Network::from_tables(tables, 10, 2, 1).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        error.to_string()
    };
    for merge in [
        LayerConfig::Add,
        LayerConfig::Average,
        LayerConfig::Multiply,
    ] {
        let name = merge.kind();
        let tables = [
            named("a", dense(3)),
            named("b", reads(&["input"], dense(2))),
            reads(&["a", "b"], merge),
        ];
        let says = "its inputs are [10, 3] and [10, 2]; they must have the same shape";
        assert_eq!(refusal(&tables), format!("layer 3 ({name}): {says}"));
    }
    let tables = [
        named("a", pool(2, Padding::Valid)),
        named("b", reads(&["input"], dense(2))),
        reads(&["a", "b"], LayerConfig::Concatenate),
    ];
    let message = refusal(&tables);
    assert!(
        message.contains("layer 3 (concatenate): its inputs are [5, 2] and [10, 2]"),
        "{message}"
    );
    let softmax = LayerConfig::Activation {
        activation: Activation::Softmax,
    };
    assert!(refusal(&[softmax.into()]).contains("layer 1 (activation): softmax is for dense"));
}
