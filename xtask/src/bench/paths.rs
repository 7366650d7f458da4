//! Small cases for every way that integers take through the layers, so that no count depends on the data on any of them.
use dunlin_trainer::device::Mode;
use serde_json::{Value, json};

use super::case::Case;
use super::cases::{dense, layer, model};

/// Every case of this kind.
pub fn all() -> Vec<Case> {
    let mut cases = activations();
    cases.extend(steps());
    cases.extend(recurrent());
    cases.extend(streams());
    cases
}

/// Each activation, of rows in fours and three more, and of values.
fn activations() -> Vec<Case> {
    let dense = |name, activation: &str| {
        let dense = json!({ "type": "dense", "units": 19, "activation": activation });
        layer(name, [1, 32], dense)
    };
    let alone = |name, activation: &str| {
        let activation = json!({ "type": "activation", "activation": activation });
        layer(name, [4, 16], activation)
    };
    vec![
        dense("dense_32_19_relu6", "relu6"),
        dense("dense_32_19_leaky_relu", "leaky_relu"),
        dense("dense_32_19_elu", "elu"),
        dense("dense_32_19_gelu", "gelu"),
        dense("dense_32_19_silu", "silu"),
        dense("dense_32_19_tanh", "tanh"),
        dense("dense_32_19_sigmoid", "sigmoid"),
        dense("dense_32_19_hard_sigmoid", "hard_sigmoid"),
        alone("activation_l4_c16_relu6", "relu6"),
        alone("activation_l4_c16_gelu", "gelu"),
        alone("activation_l4_c16_tanh", "tanh"),
        alone("activation_l4_c16_hard_sigmoid", "hard_sigmoid"),
    ]
}

/// Layers that take steps as they are: convolutions with other activations, merges, norms, pools, and copies.
fn steps() -> Vec<Case> {
    let conv = |more: Value| {
        let mut conv =
            json!({ "type": "conv1d", "filters": 6, "kernel_size": 3, "padding": "same" });
        if let (Some(conv), Value::Object(more)) = (conv.as_object_mut(), more) {
            conv.extend(more);
        }
        conv
    };
    let pool = |name, kind: &str| {
        let pool = json!({ "type": kind, "pool_size": 3, "strides": 2, "padding": "same" });
        layer(name, [10, 5], pool)
    };
    let merge = |name, kind: &str| {
        let branches = json!([
            { "type": "dense", "units": 6, "name": "a" },
            { "type": "dense", "units": 6, "name": "b", "inputs": ["input"], "activation": "tanh" },
            { "type": kind, "inputs": ["a", "b"] },
        ]);
        model(name, [4, 5], branches)
    };
    vec![
        layer(
            "conv_l10_c4_o6_k3_elu",
            [10, 4],
            conv(json!({ "activation": "elu" })),
        ),
        layer(
            "conv_l10_c4_o6_k3_groups",
            [10, 4],
            conv(json!({ "groups": 2, "activation": "relu6" })),
        ),
        layer(
            "depthwise_l10_c6_k3_silu",
            [10, 6],
            json!({ "type": "depthwise_conv1d", "kernel_size": 3, "activation": "silu" }),
        ),
        merge("add_l4_c6", "add"),
        merge("average_l4_c6", "average"),
        merge("multiply_l4_c6", "multiply"),
        merge("concatenate_l4_c6", "concatenate"),
        layer("layer_norm_l4_c7", [4, 7], json!({ "type": "layer_norm" })),
        layer(
            "embedding_l6_v20_o6",
            [6, 1],
            json!({ "type": "embedding", "input_dim": 20, "output_dim": 6 }),
        ),
        pool("max_pool_l10_c5_p3_same", "max_pool1d"),
        pool("average_pool_l10_c5_p3_same", "average_pool1d"),
        layer(
            "global_max_pool_l9_c5",
            [9, 5],
            json!({ "type": "global_max_pool1d" }),
        ),
        layer(
            "global_average_pool_l9_c5",
            [9, 5],
            json!({ "type": "global_average_pool1d" }),
        ),
        model(
            "resample_l5_c3",
            [5, 3],
            json!([{ "type": "zero_padding1d" }, { "type": "up_sampling1d", "size": 2 }, { "type": "flatten" }, dense(2)]),
        ),
    ]
}

/// Recurrent layers with each activation in gates and cells.
fn recurrent() -> Vec<Case> {
    let cell = |name, kind: &str, gates: &str, activation: &str| {
        let cell = json!({ "type": kind, "units": 9, "activation": activation, "recurrent_activation": gates });
        layer(name, [6, 3], cell)
    };
    let simple = |name, activation: &str, layer_norm: bool| {
        let cell = json!({ "type": "simple_rnn", "units": 9, "activation": activation, "layer_norm": layer_norm });
        layer(name, [6, 3], cell)
    };
    vec![
        cell(
            "lstm_t6_i3_h9_hard_sigmoid_tanh",
            "lstm",
            "hard_sigmoid",
            "tanh",
        ),
        cell("lstm_t6_i3_h9_tanh_sigmoid", "lstm", "tanh", "sigmoid"),
        cell("lstm_t6_i3_h9_relu_linear", "lstm", "relu", "linear"),
        cell(
            "lstm_t6_i3_h9_linear_hard_sigmoid",
            "lstm",
            "linear",
            "hard_sigmoid",
        ),
        cell("gru_t6_i3_h9_sigmoid_relu", "gru", "sigmoid", "relu"),
        cell(
            "gru_t6_i3_h9_hard_sigmoid_tanh",
            "gru",
            "hard_sigmoid",
            "tanh",
        ),
        cell("gru_t6_i3_h9_relu_linear", "gru", "relu", "linear"),
        layer(
            "gru_t6_i3_h9_reset_before",
            [6, 3],
            json!({ "type": "gru", "units": 9, "reset_after": false }),
        ),
        simple("simple_rnn_t6_i3_h9_relu", "relu", false),
        simple("simple_rnn_t6_i3_h9_layer_norm", "tanh", true),
        layer(
            "bidirectional_lstm_t6_i3_h5",
            [6, 3],
            json!({ "type": "lstm", "units": 5, "bidirectional": true, "return_sequences": true }),
        ),
    ]
}

/// Samples of streams: an endless one, and one whose windows are computed when they are complete.
fn streams() -> Vec<Case> {
    let gru = json!([{ "type": "gru", "units": 20 }]);
    let windowed = json!([
        { "type": "conv1d", "filters": 6, "kernel_size": 3, "padding": "same", "activation": "silu" },
        { "type": "max_pool1d", "pool_size": 2 },
        { "type": "gru", "units": 5 },
        { "type": "dense", "units": 3, "activation": "softmax" },
    ]);
    vec![
        Case {
            time: dunlin::Mode::Continuous,
            mode: Mode::Push,
            ..model("push_gru_i1_h20", [50, 1], gru)
        },
        Case {
            mode: Mode::Push,
            ..model("push_window_l8_c3", [8, 3], windowed)
        },
    ]
}
