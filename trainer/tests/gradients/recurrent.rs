//! Recurrent layers: every activation in both roles, sequences, biases, both directions.
use dunlin_trainer::config::{Activation, LayerConfig, LayerTable, MergeMode};

use super::layers::{dense, gru, lstm, simple_rnn};
use super::{GATES, check, check_graph};

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
        layer_norm: false,
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

#[test]
fn both_directions_with_every_merge() {
    for merge_mode in [
        MergeMode::Concat,
        MergeMode::Sum,
        MergeMode::Mul,
        MergeMode::Ave,
    ] {
        for sequences in [true, false] {
            for layer in [
                lstm(3, Activation::Tanh, sequences),
                gru(3, Activation::Tanh, sequences, true),
                simple_rnn(3, Activation::Tanh, sequences),
            ] {
                let name = format!("{} both ways, {merge_mode:?}", layer.kind());
                let table = LayerTable {
                    bidirectional: true,
                    merge_mode: Some(merge_mode),
                    ..layer.into()
                };
                check_graph(&name, &[table, dense(2, Activation::Linear).into()], 4, 2);
            }
        }
    }
}

#[test]
fn simple_rnn_with_layer_norm() {
    for activation in GATES {
        for use_bias in [true, false] {
            let layer = LayerConfig::SimpleRnn {
                units: 5,
                activation,
                return_sequences: use_bias,
                use_bias,
                layer_norm: true,
            };
            check(&format!("{layer:?}"), &[layer], 5, 2);
        }
    }
}
