//! Graphs, norms, groups, activations and cells: the float file against the network, and back from the file.
use dunlin_trainer::config::{Activation, LayerConfig, LayerTable, MergeMode, Padding, ZeroSteps};
use dunlin_trainer::data::Windows;
use dunlin_trainer::data::random::Random;
use dunlin_trainer::model_file::FloatModel;
use dunlin_trainer::net::Layer;

use super::layers::{dense, gru, lstm, named, reads, simple_rnn};
use super::{COUNT, F32_BOUND, float_difference, model_of_tables, windows};

type Graph = (String, Vec<LayerTable>);

const ACTIVATIONS: [Activation; 11] = [
    Activation::Linear,
    Activation::Relu,
    Activation::Tanh,
    Activation::Sigmoid,
    Activation::Softmax,
    Activation::HardSigmoid,
    Activation::Relu6,
    Activation::LeakyRelu {
        negative_slope: 0.2,
    },
    Activation::Elu { alpha: 1.5 },
    Activation::Gelu,
    Activation::Silu,
];

const GATES: [Activation; 5] = [
    Activation::Tanh,
    Activation::Relu,
    Activation::Sigmoid,
    Activation::HardSigmoid,
    Activation::Linear,
];

const BATCH_NORM: LayerConfig = LayerConfig::BatchNorm {
    momentum: 0.9,
    epsilon: 1e-3,
};

fn conv(filters: usize, groups: usize, padding: Padding, activation: Activation) -> LayerConfig {
    LayerConfig::Conv1d {
        filters,
        kernel_size: 3,
        padding,
        strides: 1,
        dilation_rate: 2,
        groups,
        activation,
        use_bias: true,
    }
}

fn function(activation: Activation) -> LayerConfig {
    LayerConfig::Activation { activation }
}

fn chain(name: impl Into<String>, layers: Vec<LayerConfig>) -> Graph {
    (
        name.into(),
        layers.into_iter().map(LayerTable::from).collect(),
    )
}

fn linear(units: usize) -> LayerConfig {
    dense(units, Activation::Linear)
}

/// Activations in every layer that has them.
fn activations() -> Vec<Graph> {
    let mut graphs = Vec::new();
    for activation in ACTIVATIONS {
        let name = |layer| format!("{layer} {activation:?}");
        graphs.push(chain(name("dense"), vec![dense(5, activation)]));
        if activation == Activation::Softmax {
            continue;
        }
        graphs.push(chain(
            name("conv1d"),
            vec![conv(5, 1, Padding::Same, activation), linear(2)],
        ));
        // Behind a layer that it cannot be folded into.
        graphs.push(chain(
            name("activation"),
            vec![lstm(4, Activation::Tanh, true), function(activation)],
        ));
    }
    graphs
}

/// Recurrent cells with every pair of activations, in both directions, and with a norm.
fn cells() -> Vec<Graph> {
    let mut graphs = Vec::new();
    for activation in GATES {
        for recurrent_activation in GATES {
            let name = |layer| format!("{layer} {activation:?} {recurrent_activation:?}");
            let lstm = LayerConfig::Lstm {
                units: 4,
                activation,
                recurrent_activation,
                return_sequences: true,
                use_bias: true,
            };
            graphs.push(chain(name("lstm"), vec![lstm]));
            for reset_after in [true, false] {
                let gru = LayerConfig::Gru {
                    units: 4,
                    activation,
                    recurrent_activation,
                    return_sequences: true,
                    use_bias: true,
                    reset_after,
                };
                graphs.push(chain(name("gru"), vec![gru]));
            }
        }
        graphs.push(chain(
            format!("simple_rnn {activation:?}"),
            vec![simple_rnn(5, activation, true)],
        ));
        let normed = LayerConfig::SimpleRnn {
            units: 6,
            activation,
            return_sequences: true,
            use_bias: true,
            layer_norm: true,
        };
        graphs.push(chain(
            format!("simple_rnn with a norm {activation:?}"),
            vec![normed, linear(2)],
        ));
    }
    for merge_mode in [
        MergeMode::Concat,
        MergeMode::Sum,
        MergeMode::Mul,
        MergeMode::Ave,
    ] {
        for sequences in [true, false] {
            for layer in [
                lstm(4, Activation::Tanh, sequences),
                gru(4, Activation::Tanh, sequences, true),
                simple_rnn(4, Activation::Tanh, sequences),
            ] {
                let name = format!("{} both ways {merge_mode:?} {sequences}", layer.kind());
                let table = LayerTable {
                    bidirectional: true,
                    merge_mode: Some(merge_mode),
                    ..layer.into()
                };
                graphs.push((name, vec![table, linear(2).into()]));
            }
        }
    }
    graphs
}

/// Layers without memory, in a row.
fn rows() -> Vec<Graph> {
    use Activation::{Gelu, Relu, Tanh};
    let depthwise = |depth_multiplier, strides| LayerConfig::DepthwiseConv1d {
        kernel_size: 3,
        depth_multiplier,
        padding: Padding::Same,
        strides,
        dilation_rate: 1,
        activation: Relu,
        use_bias: true,
    };
    let separable = LayerConfig::SeparableConv1d {
        filters: 6,
        kernel_size: 5,
        depth_multiplier: 2,
        padding: Padding::Causal,
        strides: 1,
        dilation_rate: 1,
        activation: Relu,
        use_bias: true,
    };
    let norm = LayerConfig::LayerNorm { epsilon: 1e-3 };
    let padding = |padding| LayerConfig::ZeroPadding1d { padding };
    vec![
        chain("groups", vec![linear(6), conv(4, 2, Padding::Causal, Tanh)]),
        chain(
            "depthwise",
            vec![linear(5), depthwise(1, 1), depthwise(3, 2)],
        ),
        chain("separable", vec![linear(3), separable.clone(), separable]),
        chain(
            "layer_norm",
            vec![linear(6), norm.clone(), function(Relu), linear(2)],
        ),
        chain("layer_norm of the input", vec![linear(3), norm]),
        chain(
            "padded",
            vec![
                padding(ZeroSteps::Each([2, 1])),
                conv(4, 1, Padding::Valid, Relu),
            ],
        ),
        chain(
            "up sampled",
            vec![
                linear(3),
                LayerConfig::UpSampling1d { size: 3 },
                padding(ZeroSteps::Both(1)),
            ],
        ),
        chain(
            "batch_norm folded",
            vec![
                conv(4, 1, Padding::Same, Activation::Linear),
                BATCH_NORM,
                function(Gelu),
                depthwise(1, 1),
                BATCH_NORM,
                LayerConfig::GlobalAveragePool1d,
                linear(3),
                BATCH_NORM,
            ],
        ),
        chain("batch_norm first", vec![BATCH_NORM, lstm(4, Tanh, false)]),
    ]
}

/// Branches that meet again.
fn branches() -> Vec<Graph> {
    use Activation::{Linear, Relu, Sigmoid, Tanh};
    let mut graphs = Vec::new();
    for merge in [
        LayerConfig::Add,
        LayerConfig::Average,
        LayerConfig::Multiply,
        LayerConfig::Concatenate,
    ] {
        let name = format!("{} of three", merge.kind());
        let tables = vec![
            named("a", dense(4, Tanh)),
            named("b", reads(&["input"], dense(4, Relu))),
            named("c", reads(&["a"], lstm(4, Tanh, true))),
            reads(&["b", "c", "a"], merge),
            linear(2).into(),
        ];
        graphs.push((name, tables));
    }
    let causal = |activation| conv(6, 1, Padding::Causal, activation);
    let wavenet = vec![
        named("x0", linear(6)),
        named("tanh", causal(Tanh)),
        named("sigmoid", reads(&["x0"], causal(Sigmoid))),
        named("gated", reads(&["tanh", "sigmoid"], LayerConfig::Multiply)),
        named("x1", reads(&["gated", "x0"], LayerConfig::Add)),
        named("second", causal(Relu)),
        reads(&["gated", "second", "x1"], LayerConfig::Add),
        dense(1, Linear).into(),
    ];
    graphs.push(("gated stack".into(), wavenet));
    for merge in [LayerConfig::Add, LayerConfig::Multiply] {
        for activation in ACTIVATIONS
            .into_iter()
            .filter(|a| *a != Activation::Softmax)
        {
            let name = format!("{} then {activation:?}", merge.kind());
            let tables = vec![
                named("a", linear(2)),
                reads(&["input", "a"], merge.clone()),
                function(activation).into(),
            ];
            graphs.push((name, tables));
        }
    }
    let norms = vec![
        named("a", linear(4)),
        named("b", BATCH_NORM),
        named("c", reads(&["a"], function(Relu))),
        reads(&["b", "c"], LayerConfig::Add),
        LayerConfig::Flatten.into(),
        linear(2).into(),
    ];
    graphs.push(("norm in a branch".into(), norms));
    graphs
}

fn all() -> Vec<Graph> {
    [activations(), cells(), rows(), branches()].concat()
}

/// Whether its gates have no upper bound, so that its state explodes with weights as Keras draws them.
fn unbounded(layer: &Layer) -> bool {
    let unbounded = [Activation::Linear, Activation::Relu];
    if let Layer::Lstm(lstm) = layer {
        unbounded.contains(&lstm.recurrent_activation)
    } else if let Layer::Gru(gru) = layer {
        unbounded.contains(&gru.recurrent_activation)
    } else {
        false
    }
}

/// With moving averages that are drawn too.
fn drawn(name: &str, tables: &[LayerTable]) -> FloatModel {
    let mut model = model_of_tables(name, tables, 14, 2);
    let mut random = Random::new(4);
    let layers = model.network.layers.iter();
    let tame: Vec<bool> = layers.map(|node| unbounded(&node.layer)).collect();
    for parameter in model.network.parameters_mut() {
        if tame[parameter.layer] {
            parameter.values.iter_mut().for_each(|value| *value *= 0.3);
        }
    }
    for node in &mut model.network.layers {
        if let Layer::BatchNorm(norm) = &mut node.layer {
            for value in norm.moving_mean.iter_mut().chain(&mut norm.moving_variance) {
                *value += 0.5 * random.uniform() as f32;
            }
        }
    }
    model
}

#[test]
fn the_runtime_computes_graphs_in_f32() {
    let windows = windows(14, 2);
    for (name, tables) in all() {
        let model = drawn("graph", &tables);
        let expected = model.network.forward(&windows.values, COUNT);
        assert!(expected.iter().all(|y| y.is_finite()), "{name} explodes");
        let worst = float_difference(&model, &windows, &expected);
        println!("{name:36}  f32 {worst:8.1e}");
        assert!(worst <= F32_BOUND, "{name}: f32 differs by {worst:e}");
    }
}

#[test]
fn an_embedding_computes_in_f32() {
    let tables = [
        LayerConfig::Embedding {
            input_dim: 7,
            output_dim: 4,
        }
        .into(),
        gru(5, Activation::Tanh, false, true).into(),
        linear(2).into(),
    ];
    let model = model_of_tables("embedding", &tables, 9, 1);
    let mut windows = windows(9, 1);
    for (at, value) in windows.values.iter_mut().enumerate() {
        *value = (at * 5 % 7) as f32;
    }
    let expected = model.network.forward(&windows.values, COUNT);
    let worst = float_difference(&model, &windows, &expected);
    assert!(worst <= F32_BOUND, "f32 differs by {worst:e}");
    read_back("embedding", &model, &windows);
}

#[test]
fn graphs_read_back_as_they_were_written() {
    let windows = windows(14, 2);
    for (name, tables) in all() {
        read_back(&name, &drawn("graph", &tables), &windows);
    }
}

/// The file gives the lowered network, and that the same file.
fn read_back(name: &str, model: &FloatModel, windows: &Windows) {
    let bytes = model.to_bytes().expect(name);
    let read = FloatModel::from_bytes(&bytes).expect(name);
    assert_eq!(read.to_bytes().expect(name), bytes, "{name}");
    let lowered = model.lowered().expect(name);
    let answers = |model: &FloatModel| model.network.forward(&windows.values, COUNT);
    assert!(
        answers(&read) == answers(&lowered),
        "{name} answers otherwise"
    );
}
