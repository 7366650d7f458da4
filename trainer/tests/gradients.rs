//! Every layer's gradient against central differences of the independent f64 forward pass: all paddings, strides,
//! dilations, activations and return_sequences, by inputs and by weights.
use dunlin_trainer::config::{Activation, LayerConfig, LayerTable, Padding};
use dunlin_trainer::data::random::Random;
use dunlin_trainer::net::reference::Reference;
use dunlin_trainer::net::{Gradients, Network, Packing, Parameter, Pass, Upstream};

mod layers;
use layers::{dense, gru, lstm, named, reads, simple_rnn};

const COUNT: usize = 3;

/// All but softmax.
const ACTIVATIONS: [Activation; 10] = [
    Activation::Linear,
    Activation::Relu,
    Activation::Tanh,
    Activation::Sigmoid,
    Activation::HardSigmoid,
    Activation::Relu6,
    Activation::LeakyRelu {
        negative_slope: 0.3,
    },
    Activation::Elu { alpha: 1.5 },
    Activation::Gelu,
    Activation::Silu,
];

/// Those of recurrent cells.
const GATES: [Activation; 5] = [
    Activation::Tanh,
    Activation::Relu,
    Activation::Sigmoid,
    Activation::HardSigmoid,
    Activation::Linear,
];

/// A network whose biases are random too, and windows for it.
fn make(tables: &[LayerTable], steps: usize, channels: usize, seed: u64) -> (Network, Vec<f32>) {
    let mut network = Network::from_tables(tables, steps, channels, seed).unwrap();
    let mut random = Random::new(seed + 99);
    for parameter in network.parameters_mut() {
        for value in parameter.values {
            *value += 0.2 * (random.uniform() as f32 - 0.5);
        }
    }
    let x = (0..COUNT * steps * channels)
        .map(|_| 2.0 * random.uniform() as f32 - 1.0)
        .collect();
    (network, x)
}

/// `sum w y` in f64 over all windows, for the random `w` that stand in for a loss.
fn functional(reference: &Reference<'_>, x: &[f64], w: &[f64]) -> f64 {
    let (x, w) = (
        x.chunks_exact(x.len() / COUNT),
        w.chunks_exact(w.len() / COUNT),
    );
    x.zip(w)
        .map(|(x, w)| {
            reference
                .forward(x)
                .iter()
                .zip(w)
                .map(|(y, w)| y * w)
                .sum::<f64>()
        })
        .sum()
}

fn close(what: &str, analytic: f32, numeric: f64, scale: f64) {
    let error = (f64::from(analytic) - numeric).abs();
    assert!(
        error <= 2e-5 * (1.0 + scale),
        "{what}: backward gives {analytic}, finite differences give {numeric}"
    );
}

/// Compares forward and backward of layers in a row with the reference.
fn check(name: &str, layers: &[LayerConfig], steps: usize, channels: usize) {
    let tables: Vec<LayerTable> = layers.iter().cloned().map(LayerTable::from).collect();
    check_graph(name, &tables, steps, channels);
}

/// Compares forward and backward with the reference.
fn check_graph(name: &str, tables: &[LayerTable], steps: usize, channels: usize) {
    const STEP: f64 = 1e-6;
    let (network, x) = make(tables, steps, channels, 5);
    let mut reference = Reference::new(&network);
    let mut wide: Vec<f64> = x.iter().map(|v| f64::from(*v)).collect();
    let mut random = Random::new(17);
    let w: Vec<f64> = (0..COUNT * network.output().size())
        .map(|_| 2.0 * random.uniform() - 1.0)
        .collect();

    let packing = Packing::new(&network);
    let mut pass = Pass::new(&network);
    pass.input().extend_from_slice(&x);
    let outputs = pass.forward(&network, &packing, COUNT, None).to_vec();
    for (window, y) in outputs.chunks_exact(network.output().size()).enumerate() {
        let size = network.input().size();
        let exact = reference.forward(&wide[window * size..(window + 1) * size]);
        assert_eq!(exact.len(), y.len(), "{name}: output size");
        for (y, exact) in y.iter().zip(&exact) {
            close(&format!("{name}: output"), *y, *exact, exact.abs());
        }
    }
    assert_eq!(
        outputs,
        network.forward(&x, COUNT),
        "{name}: training and inference differ"
    );

    let dx = pass
        .backward(&network, &packing, Upstream::Outputs, true, |_, dy| {
            dy.extend(w.iter().map(|w| *w as f32));
        })
        .to_vec();
    let scale = dx.iter().fold(0.0f64, |m, d| m.max(f64::from(d.abs())));
    assert_eq!(dx.len(), wide.len(), "{name}: gradient size");
    for i in 0..wide.len() {
        let start = wide[i];
        wide[i] = start + STEP;
        let up = functional(&reference, &wide, &w);
        wide[i] = start - STEP;
        let down = functional(&reference, &wide, &w);
        wide[i] = start;
        close(
            &format!("{name}: input {i}"),
            dx[i],
            (up - down) / (2.0 * STEP),
            scale,
        );
    }

    check_weights(name, &network, &pass.gradients, &mut reference, &wide, &w);
}

fn check_weights(
    name: &str,
    network: &Network,
    gradients: &Gradients,
    reference: &mut Reference<'_>,
    x: &[f64],
    w: &[f64],
) {
    const STEP: f64 = 1e-6;
    for (parameter, gradient) in network.parameters().iter().zip(gradients.tensors()) {
        let scale = gradient
            .iter()
            .fold(0.0f64, |m, d| m.max(f64::from(d.abs())));
        for (i, analytic) in gradient.iter().enumerate() {
            let start = weight(reference, parameter)[i];
            weight(reference, parameter)[i] = start + STEP;
            let up = functional(reference, x, w);
            weight(reference, parameter)[i] = start - STEP;
            let down = functional(reference, x, w);
            weight(reference, parameter)[i] = start;
            let what = format!(
                "{name}: layer {} {} {i}",
                parameter.layer + 1,
                parameter.name
            );
            close(&what, *analytic, (up - down) / (2.0 * STEP), scale);
        }
    }
}

/// The values of a tensor of the reference.
fn weight<'r>(reference: &'r mut Reference<'_>, parameter: &Parameter<'_>) -> &'r mut [f64] {
    let weights = &mut reference.weights[parameter.layer];
    weights
        .get_mut(parameter.name)
        .expect("the reference has every trained tensor")
}

fn conv(
    padding: Padding,
    strides: usize,
    dilation_rate: usize,
    activation: Activation,
) -> LayerConfig {
    LayerConfig::Conv1d {
        filters: 5,
        kernel_size: 3,
        padding,
        strides,
        dilation_rate,
        activation,
        use_bias: true,
    }
}

#[test]
fn dense_with_every_activation() {
    for activation in ACTIVATIONS.into_iter().chain([Activation::Softmax]) {
        check(
            &format!("dense {activation:?}"),
            &[dense(4, activation)],
            1,
            6,
        );
        // On the last axis, at every step.
        check(
            &format!("dense {activation:?} over time"),
            &[dense(35, activation)],
            4,
            3,
        );
    }
}

#[test]
fn conv1d_with_every_padding_stride_and_dilation() {
    for padding in [Padding::Valid, Padding::Same, Padding::Causal] {
        for (strides, dilation) in [(1, 1), (2, 1), (3, 1), (1, 2), (1, 3)] {
            for steps in [9, 10] {
                let name = format!(
                    "conv1d {padding:?} stride {strides} dilation {dilation} steps {steps}"
                );
                check(
                    &name,
                    &[conv(padding, strides, dilation, Activation::Tanh)],
                    steps,
                    2,
                );
            }
        }
    }
}

#[test]
fn conv1d_with_every_activation_and_kernel_size() {
    for activation in ACTIVATIONS {
        let name = format!("conv1d {activation:?}");
        check(&name, &[conv(Padding::Same, 1, 1, activation)], 7, 3);
    }
    for kernel_size in [1, 2, 5] {
        let layer = LayerConfig::Conv1d {
            filters: 4,
            kernel_size,
            padding: Padding::Same,
            strides: 2,
            dilation_rate: 1,
            activation: Activation::Linear,
            use_bias: false,
        };
        check(&format!("conv1d kernel {kernel_size}"), &[layer], 8, 2);
    }
}

#[test]
fn pools_with_every_padding_and_stride() {
    for padding in [Padding::Valid, Padding::Same] {
        for (pool_size, strides) in [
            (2, None),
            (3, Some(2)),
            (3, Some(1)),
            (2, Some(3)),
            (4, None),
        ] {
            let max = LayerConfig::MaxPool1d {
                pool_size,
                strides,
                padding,
            };
            let average = LayerConfig::AveragePool1d {
                pool_size,
                strides,
                padding,
            };
            for pool in [max, average] {
                check(&format!("{pool:?}"), &[pool], 9, 3);
            }
        }
    }
    for pool in [
        LayerConfig::GlobalMaxPool1d,
        LayerConfig::GlobalAveragePool1d,
    ] {
        check(&format!("{pool:?}"), &[pool], 7, 3);
    }
}

#[test]
fn lstm_with_every_activation_and_output() {
    for activation in [Activation::Tanh, Activation::Relu] {
        for sequences in [false, true] {
            let name = format!("lstm {activation:?} sequences {sequences}");
            check(&name, &[lstm(5, activation, sequences)], 6, 2);
            // 9 units: gate rows that are no multiple of any vector width.
            check(
                &format!("{name}, one step"),
                &[lstm(9, activation, sequences)],
                1,
                1,
            );
        }
    }
    let without_bias = LayerConfig::Lstm {
        units: 3,
        activation: Activation::Tanh,
        recurrent_activation: Activation::Sigmoid,
        return_sequences: false,
        use_bias: false,
    };
    check("lstm without bias", &[without_bias], 5, 3);
}

#[test]
fn simple_rnn_with_every_activation_and_output() {
    for activation in GATES {
        for sequences in [false, true] {
            let name = format!("simple_rnn {activation:?} sequences {sequences}");
            check(&name, &[simple_rnn(5, activation, sequences)], 6, 2);
            check(
                &format!("{name}, one step"),
                &[simple_rnn(9, activation, sequences)],
                1,
                1,
            );
        }
    }
    let without_bias = LayerConfig::SimpleRnn {
        units: 3,
        activation: Activation::Tanh,
        return_sequences: false,
        use_bias: false,
    };
    check("simple_rnn without bias", &[without_bias], 5, 3);
}

#[test]
fn gru_with_every_activation_output_and_place_of_the_reset() {
    for reset_after in [true, false] {
        for activation in [Activation::Tanh, Activation::Relu] {
            for sequences in [false, true] {
                let name =
                    format!("gru {activation:?} sequences {sequences} reset_after {reset_after}");
                check(&name, &[gru(5, activation, sequences, reset_after)], 6, 2);
                check(
                    &format!("{name}, one step"),
                    &[gru(9, activation, sequences, reset_after)],
                    1,
                    1,
                );
            }
        }
        let without_bias = LayerConfig::Gru {
            units: 3,
            activation: Activation::Tanh,
            recurrent_activation: Activation::Sigmoid,
            return_sequences: false,
            use_bias: false,
            reset_after,
        };
        check(
            &format!("gru without bias, reset_after {reset_after}"),
            &[without_bias],
            5,
            3,
        );
    }
}

#[test]
fn flatten_and_dropout_pass_gradients_through() {
    check("flatten", &[LayerConfig::Flatten], 4, 3);
    // Outside training dropout is the identity.
    check("dropout", &[LayerConfig::Dropout { rate: 0.5 }], 4, 3);
}

#[test]
fn layers_in_a_row() {
    let pool = LayerConfig::MaxPool1d {
        pool_size: 2,
        strides: None,
        padding: Padding::Valid,
    };
    let layers = [
        conv(Padding::Causal, 1, 2, Activation::Relu),
        pool,
        lstm(4, Activation::Tanh, true),
        lstm(3, Activation::Relu, true),
        dense(4, Activation::Tanh),
        LayerConfig::Flatten,
        dense(3, Activation::Softmax),
    ];
    check("a row of layers", &layers, 12, 2);
    let layers = [
        gru(4, Activation::Tanh, true, true),
        LayerConfig::AveragePool1d {
            pool_size: 3,
            strides: Some(2),
            padding: Padding::Same,
        },
        simple_rnn(5, Activation::Tanh, true),
        gru(3, Activation::Tanh, true, false),
        LayerConfig::GlobalAveragePool1d,
        dense(2, Activation::Linear),
    ];
    check("a row of recurrent layers and means", &layers, 11, 2);
}

#[test]
fn merges_of_two_and_of_three() {
    for merge in [
        LayerConfig::Add,
        LayerConfig::Average,
        LayerConfig::Multiply,
        LayerConfig::Concatenate,
    ] {
        let two = [
            named("a", dense(3, Activation::Tanh)),
            reads(&["input", "a"], merge.clone()),
            LayerConfig::Flatten.into(),
            dense(2, Activation::Linear).into(),
        ];
        check_graph(&format!("{merge:?} of two"), &two, 4, 3);
        let three = [
            named("a", dense(3, Activation::Tanh)),
            named("b", reads(&["input"], dense(3, Activation::Sigmoid))),
            reads(&["b", "input", "a"], merge.clone()),
        ];
        check_graph(&format!("{merge:?} of three"), &three, 4, 3);
    }
    // Of different widths.
    let widths = [
        named("a", dense(5, Activation::Tanh)),
        named("b", reads(&["input"], dense(1, Activation::Linear))),
        reads(&["a", "b", "input"], LayerConfig::Concatenate),
        dense(2, Activation::Tanh).into(),
    ];
    check_graph("concatenate of three widths", &widths, 4, 2);
}

#[test]
fn activations_as_layers_of_their_own() {
    for activation in ACTIVATIONS {
        let layers = [
            dense(4, Activation::Linear),
            LayerConfig::Activation { activation },
            dense(2, Activation::Linear),
        ];
        check(&format!("activation {activation:?}"), &layers, 3, 3);
    }
}

#[test]
fn a_gated_stack_with_residuals_and_skips() {
    let causal = |dilation| conv(Padding::Causal, 1, dilation, Activation::Linear);
    let tables = [
        named("x0", dense(5, Activation::Linear)),
        // WaveNet: tanh times sigmoid, a skip, and a residual.
        named("c1", causal(1)),
        named(
            "t1",
            LayerConfig::Activation {
                activation: Activation::Tanh,
            },
        ),
        named(
            "s1",
            reads(
                &["c1"],
                LayerConfig::Activation {
                    activation: Activation::Sigmoid,
                },
            ),
        ),
        named("g1", reads(&["t1", "s1"], LayerConfig::Multiply)),
        named("x1", reads(&["g1", "x0"], LayerConfig::Add)),
        named("c2", causal(2)),
        named(
            "g2",
            LayerConfig::Activation {
                activation: Activation::Relu,
            },
        ),
        named("skips", reads(&["g1", "g2", "x1"], LayerConfig::Add)),
        dense(1, Activation::Linear).into(),
        LayerConfig::Dropout { rate: 0.5 }.into(),
    ];
    check_graph("a gated stack", &tables, 9, 2);
}

#[test]
fn gated_cells_with_every_pair_of_activations() {
    for activation in GATES {
        for recurrent_activation in GATES {
            let name = format!("{activation:?} and {recurrent_activation:?}");
            let lstm = LayerConfig::Lstm {
                units: 4,
                activation,
                recurrent_activation,
                return_sequences: true,
                use_bias: true,
            };
            check(&format!("lstm {name}"), &[lstm], 3, 2);
            for reset_after in [true, false] {
                let gru = LayerConfig::Gru {
                    units: 4,
                    activation,
                    recurrent_activation,
                    return_sequences: true,
                    use_bias: true,
                    reset_after,
                };
                check(
                    &format!("gru {name} reset_after {reset_after}"),
                    &[gru],
                    3,
                    2,
                );
            }
        }
    }
}
