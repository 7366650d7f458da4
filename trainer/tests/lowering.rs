//! From a trained network to the form of files: what goes, what is folded, and that the answers stay.
use dunlin::Mode;
use dunlin_trainer::config::{Activation, LayerConfig, LayerTable, MergeMode};
use dunlin_trainer::data::random::Random;
use dunlin_trainer::model_file::FloatModel;
use dunlin_trainer::net::{Layer, Network};

mod layers;
use layers::{dense, lstm, named, reads};

const BATCH_NORM: LayerConfig = LayerConfig::BatchNorm {
    momentum: 0.9,
    epsilon: 1e-3,
};

fn activation(activation: Activation) -> LayerConfig {
    LayerConfig::Activation { activation }
}

fn linear(units: usize) -> LayerConfig {
    dense(units, Activation::Linear)
}

/// A model whose every weight is drawn, moving averages too.
fn model(tables: &[LayerTable]) -> FloatModel {
    let mut network = Network::from_tables(tables, 6, 3, 1).unwrap();
    let mut random = Random::new(2);
    let mut draw = |values: &mut [f32]| {
        for value in values {
            *value += 0.5 * random.uniform() as f32;
        }
    };
    for parameter in network.parameters_mut() {
        draw(parameter.values);
    }
    for node in &mut network.layers {
        if let Layer::BatchNorm(norm) = &mut node.layer {
            draw(&mut norm.moving_mean);
            draw(&mut norm.moving_variance);
        }
    }
    FloatModel {
        name: "lowered".into(),
        mode: Mode::Windowed,
        hop: 0,
        network,
        input_scales: vec![],
        output_scales: vec![],
    }
}

/// The names of the lowered layers and what they read; checks that the answers are those of the network.
fn lowered(tables: &[LayerTable]) -> Vec<(&'static str, Vec<usize>)> {
    let model = model(tables);
    let lowered = model.lowered().unwrap();
    let x: Vec<f32> = (0..5 * 18).map(|i| (i as f32 * 0.7).sin()).collect();
    let expected = model.network.forward(&x, 5);
    let got = lowered.network.forward(&x, 5);
    assert_eq!(got.len(), expected.len());
    for (got, expected) in got.iter().zip(&expected) {
        assert!(
            (got - expected).abs() < 1e-5 * (1.0 + expected.abs()),
            "{got} {expected}"
        );
    }
    assert_eq!(
        lowered.lowered().unwrap(),
        lowered,
        "lowering again changes something"
    );
    for (index, node) in lowered.network.layers.iter().enumerate() {
        let current = node.inputs.last().unwrap();
        assert!(
            node.layer.name() == "input" || *current == index,
            "{:?}",
            node.inputs
        );
    }
    let nodes = lowered.network.layers.iter();
    nodes
        .map(|node| (node.layer.name(), node.inputs.clone()))
        .collect()
}

fn chain(layers: &[LayerConfig]) -> Vec<(&'static str, Vec<usize>)> {
    let tables: Vec<LayerTable> = layers.iter().cloned().map(LayerTable::from).collect();
    lowered(&tables)
}

#[test]
fn norms_and_activations_go_into_the_linear_layer_before_them() {
    let conv = |groups| LayerConfig::Conv1d {
        filters: 6,
        kernel_size: 2,
        padding: Default::default(),
        strides: 1,
        dilation_rate: 1,
        groups,
        activation: Activation::Linear,
        use_bias: false,
    };
    let dropout = LayerConfig::Dropout { rate: 0.5 };
    let relu = activation(Activation::Relu);
    let got = chain(&[conv(1), BATCH_NORM, dropout, relu.clone()]);
    assert_eq!(got, [("conv1d", vec![0])]);
    assert_eq!(
        chain(&[conv(3), BATCH_NORM, relu.clone()]),
        [("conv1d", vec![0])].map(|(_, i)| ("depthwise_conv1d", i))
    );
    assert_eq!(
        chain(&[linear(4), relu, BATCH_NORM]),
        [("dense", vec![0]), ("depthwise_conv1d", vec![1])]
    );
    // Nothing linear stands before these.
    let got = chain(&[
        lstm(4, Activation::Tanh, true),
        activation(Activation::Gelu),
        BATCH_NORM,
    ]);
    assert_eq!(
        got,
        [
            ("lstm", vec![0]),
            ("activation", vec![1]),
            ("depthwise_conv1d", vec![2])
        ]
    );
}

#[test]
fn activations_go_into_sums_products_and_norms() {
    for (merge, name) in [
        (LayerConfig::Add, "add"),
        (LayerConfig::Multiply, "multiply"),
    ] {
        let tables = [
            named("a", linear(3)),
            reads(&["input", "a"], merge),
            activation(Activation::Gelu).into(),
        ];
        assert_eq!(lowered(&tables), [("dense", vec![0]), (name, vec![0, 1])]);
    }
    let norm = LayerConfig::LayerNorm { epsilon: 1e-3 };
    let layers = [
        norm,
        activation(Activation::Silu),
        activation(Activation::Relu),
    ];
    let expected = [("layer_norm", vec![0]), ("activation", vec![1])];
    assert_eq!(chain(&layers), expected);
}

#[test]
fn what_others_read_too_stays_as_it_is() {
    let tables = [
        named("a", linear(3)),
        named("b", BATCH_NORM),
        reads(&["a", "b"], LayerConfig::Add),
        linear(1).into(),
    ];
    let expected = [
        ("dense", vec![0]),
        ("depthwise_conv1d", vec![1]),
        ("add", vec![1, 2]),
        ("dense", vec![3]),
    ];
    assert_eq!(lowered(&tables), expected);
}

#[test]
fn merges_of_many_become_merges_of_two() {
    for (merge, name) in [
        (LayerConfig::Add, "add"),
        (LayerConfig::Multiply, "multiply"),
        (LayerConfig::Concatenate, "concatenate"),
    ] {
        let tables = [
            named("a", linear(3)),
            named("b", linear(3)),
            reads(&["a", "input", "b"], merge),
        ];
        let expected = [
            ("dense", vec![0]),
            ("dense", vec![1]),
            (name, vec![0, 2]),
            (name, vec![1, 3]),
        ];
        assert_eq!(lowered(&tables), expected);
    }
    let tables = [
        named("a", linear(3)),
        reads(&["a", "input"], LayerConfig::Average),
    ];
    let expected = [
        ("dense", vec![0]),
        ("add", vec![0, 1]),
        ("depthwise_conv1d", vec![2]),
    ];
    assert_eq!(lowered(&tables), expected);
}

#[test]
fn branches_start_with_an_input() {
    let tables = [
        named("a", linear(2)),
        named("b", reads(&["input"], linear(4))),
        reads(&["b", "a"], LayerConfig::Concatenate),
    ];
    let expected = [
        ("dense", vec![0]),
        ("input", vec![0]),
        ("dense", vec![2]),
        ("input", vec![1]),
        ("concatenate", vec![3, 4]),
    ];
    assert_eq!(lowered(&tables), expected);
    let table = LayerTable {
        bidirectional: true,
        merge_mode: Some(MergeMode::Concat),
        ..lstm(4, Activation::Tanh, true).into()
    };
    let expected = [
        ("lstm", vec![0]),
        ("input", vec![0]),
        ("reverse", vec![2]),
        ("lstm", vec![3]),
        ("reverse", vec![4]),
        ("concatenate", vec![1, 5]),
    ];
    assert_eq!(lowered(&[table]), expected);
}

#[test]
fn a_model_of_nothing_is_refused() {
    let model = model(&[LayerConfig::Dropout { rate: 0.5 }.into()]);
    let message = model.to_bytes().unwrap_err().to_string();
    assert!(
        message.contains("only layers that training has"),
        "{message}"
    );
}
