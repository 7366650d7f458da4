//! Layers in a row and in graphs: merges, branches, activations of their own.
use dunlin_trainer::config::{Activation, LayerConfig, Padding};

use super::layers::{dense, gru, lstm, named, reads, simple_rnn};
use super::{ACTIVATIONS, check, check_graph, conv};

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
