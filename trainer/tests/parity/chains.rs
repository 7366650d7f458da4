//! Layers in a row that both precisions have.
use dunlin_trainer::config::{Activation, LayerConfig, Padding};

use super::layers::{dense, gru, lstm, simple_rnn};

fn conv(
    filters: usize,
    window: (usize, usize, usize),
    padding: Padding,
    activation: Activation,
) -> LayerConfig {
    let (kernel_size, strides, dilation_rate) = window;
    LayerConfig::Conv1d {
        groups: 1,
        filters,
        kernel_size,
        padding,
        strides,
        dilation_rate,
        activation,
        use_bias: true,
    }
}

fn average(pool_size: usize, strides: Option<usize>, padding: Padding) -> LayerConfig {
    LayerConfig::AveragePool1d {
        pool_size,
        strides,
        padding,
    }
}

fn pool(pool_size: usize, strides: Option<usize>, padding: Padding) -> LayerConfig {
    LayerConfig::MaxPool1d {
        pool_size,
        strides,
        padding,
    }
}

/// Every layer, padding, activation and mixture of them that the runtime has.
pub fn models() -> Vec<(&'static str, Vec<LayerConfig>)> {
    [feed_forward_and_lstm_models(), simple_models()].concat()
}

fn feed_forward_and_lstm_models() -> Vec<(&'static str, Vec<LayerConfig>)> {
    use Activation::{Linear, Relu, Sigmoid, Softmax, Tanh};
    use Padding::{Causal, Same, Valid};
    vec![
        ("lstm relu", vec![lstm(20, Relu, false), dense(1, Linear)]),
        ("lstm tanh", vec![lstm(20, Tanh, false), dense(1, Linear)]),
        (
            "lstm twice",
            vec![lstm(9, Tanh, true), lstm(7, Relu, false), dense(4, Softmax)],
        ),
        (
            "sequence to sequence",
            vec![lstm(8, Tanh, true), dense(3, Linear)],
        ),
        (
            "chapter's conv",
            vec![
                conv(64, (3, 1, 1), Valid, Relu),
                pool(2, None, Valid),
                LayerConfig::Flatten,
                dense(1, Linear),
            ],
        ),
        (
            "strided conv into lstm",
            vec![
                conv(20, (4, 2, 1), Valid, Linear),
                lstm(12, Tanh, false),
                dense(2, Linear),
            ],
        ),
        (
            "causal dilated",
            vec![
                conv(8, (2, 1, 1), Causal, Relu),
                conv(8, (2, 1, 2), Causal, Relu),
                conv(8, (2, 1, 4), Causal, Tanh),
                conv(1, (1, 1, 1), Valid, Linear),
            ],
        ),
        (
            "same",
            vec![
                conv(6, (5, 1, 1), Same, Sigmoid),
                conv(6, (4, 3, 1), Same, Relu),
                pool(3, Some(2), Same),
            ],
        ),
        (
            "dense on steps",
            vec![
                dense(7, Tanh),
                dense(5, Sigmoid),
                LayerConfig::Flatten,
                dense(3, Softmax),
            ],
        ),
        (
            "pool first",
            vec![
                pool(3, Some(1), Valid),
                LayerConfig::Dropout { rate: 0.3 },
                dense(2, Relu),
            ],
        ),
        (
            "average pools",
            vec![
                average(3, Some(2), Same),
                dense(6, Tanh),
                average(2, None, Valid),
                LayerConfig::Flatten,
                dense(2, Linear),
            ],
        ),
        (
            "global pools",
            vec![
                conv(6, (3, 1, 1), Valid, Relu),
                LayerConfig::GlobalAveragePool1d,
                dense(3, Linear),
            ],
        ),
        (
            "global max",
            vec![
                conv(6, (3, 1, 1), Same, Tanh),
                LayerConfig::GlobalMaxPool1d,
                dense(3, Softmax),
            ],
        ),
    ]
}

/// SimpleRNN and GRU in every form.
fn simple_models() -> Vec<(&'static str, Vec<LayerConfig>)> {
    use Activation::{Linear, Relu, Sigmoid, Tanh};
    let mut models = vec![
        ("simple rnn of one", vec![simple_rnn(1, Tanh, false)]),
        (
            "simple rnn thrice",
            vec![
                simple_rnn(20, Tanh, true),
                simple_rnn(20, Sigmoid, true),
                simple_rnn(1, Linear, false),
            ],
        ),
        (
            "simple rnn relu",
            vec![simple_rnn(7, Relu, true), dense(3, Linear)],
        ),
        (
            "simple rnn without bias",
            vec![LayerConfig::SimpleRnn {
                layer_norm: false,
                units: 5,
                activation: Tanh,
                return_sequences: true,
                use_bias: false,
            }],
        ),
        (
            "gru both ways",
            vec![
                gru(9, Tanh, true, true),
                gru(6, Relu, true, false),
                LayerConfig::GlobalAveragePool1d,
                dense(2, Linear),
            ],
        ),
    ];
    for reset_after in [true, false] {
        let name = |after, before| if reset_after { after } else { before };
        models.push((
            name("gru tanh", "gru tanh, reset before"),
            vec![gru(20, Tanh, false, reset_after), dense(1, Linear)],
        ));
        models.push((
            name("gru relu", "gru relu, reset before"),
            vec![gru(8, Relu, true, reset_after)],
        ));
        models.push((
            name("gru twice", "gru twice, reset before"),
            vec![
                gru(9, Tanh, true, reset_after),
                gru(7, Tanh, false, reset_after),
                dense(4, Linear),
            ],
        ));
        models.push((
            name("gru without bias", "gru without bias, reset before"),
            vec![LayerConfig::Gru {
                units: 5,
                activation: Tanh,
                recurrent_activation: Sigmoid,
                return_sequences: true,
                use_bias: false,
                reset_after,
            }],
        ));
    }
    models
}
