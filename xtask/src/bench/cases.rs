//! The list of cases: first the twelve that others' figures exist for, in the order of their table.
use dunlin::PrecisionTag;
use dunlin_trainer::device::Mode;
use serde_json::{Value, json};

use super::case::Case;
use super::paths;

/// Every case, in the order in which they are printed.
pub fn all() -> Vec<Case> {
    let mut cases = compared();
    cases.extend(recurrent());
    cases.extend(others());
    cases.extend(streams());
    cases.extend(floats());
    cases.extend(paths::all());
    cases
}

/// A whole window through one layer.
pub fn layer(name: &'static str, [steps, channels]: [usize; 2], layer: Value) -> Case {
    model(name, [steps, channels], json!([layer]))
}

/// A whole window through some layers.
pub fn model(name: &'static str, [steps, channels]: [usize; 2], layers: Value) -> Case {
    Case {
        name,
        precision: PrecisionTag::W8A16,
        time: dunlin::Mode::Windowed,
        hop: 0,
        mode: Mode::Run,
        steps,
        channels,
        layers,
        macs: None,
    }
}

pub fn lstm(units: u32) -> Value {
    json!({ "type": "lstm", "units": units })
}

pub fn conv1d(filters: u32, kernel_size: u32, padding: &str) -> Value {
    json!({
        "type": "conv1d", "filters": filters, "kernel_size": kernel_size, "padding": padding, "activation": "relu",
    })
}

pub fn dense(units: u32) -> Value {
    json!({ "type": "dense", "units": units })
}

/// The shapes of the C state of the art, with the multiply-accumulates as they are counted there.
fn compared() -> Vec<Case> {
    let with = |macs, case| Case {
        macs: Some(macs),
        ..case
    };
    vec![
        with(2_020_000, layer("lstm_t50_i1_h100", [50, 1], lstm(100))),
        with(262_400, layer("lstm_t50_i9_h32", [50, 9], lstm(32))),
        with(84_000, layer("lstm_t50_i1_h20", [50, 1], lstm(20))),
        with(24_576, layer("lstm_t1_i32_h64", [1, 32], lstm(64))),
        with(
            9_216,
            layer("conv_l50_c1_o64_k3_valid", [50, 1], conv1d(64, 3, "valid")),
        ),
        with(
            294_912,
            layer("conv_l24_c64_o64_k3_same", [24, 64], conv1d(64, 3, "same")),
        ),
        with(
            178_560,
            layer(
                "conv_l128_c9_o32_k5_valid",
                [128, 9],
                conv1d(32, 5, "valid"),
            ),
        ),
        with(
            131_072,
            layer("conv_l32_c64_o64_k1", [32, 64], conv1d(64, 1, "valid")),
        ),
        with(
            28_224,
            layer(
                "depthwise_l49_c64_k9_same",
                [49, 64],
                json!({
                    "type": "depthwise_conv1d", "kernel_size": 9, "padding": "same", "activation": "relu",
                }),
            ),
        ),
        with(16_384, layer("dense_128_128", [1, 128], dense(128))),
        with(1_536, layer("dense_1536_1", [1, 1536], dense(1))),
        with(
            3_072,
            layer(
                "maxpool_l48_c64_p2",
                [48, 64],
                json!({ "type": "max_pool1d", "pool_size": 2 }),
            ),
        ),
    ]
}

fn recurrent() -> Vec<Case> {
    let gru = |units: u32| json!({ "type": "gru", "units": units });
    let simple = |units: u32| json!({ "type": "simple_rnn", "units": units });
    vec![
        layer("gru_t50_i1_h20", [50, 1], gru(20)),
        layer("gru_t50_i9_h32", [50, 9], gru(32)),
        layer("simple_rnn_t50_i1_h20", [50, 1], simple(20)),
        layer("simple_rnn_t50_i9_h32", [50, 9], simple(32)),
    ]
}

/// Other layers, and the two models of the demo.
fn others() -> Vec<Case> {
    let depthwise = |more: Value| {
        let mut depthwise =
            json!({ "type": "depthwise_conv1d", "kernel_size": 9, "padding": "same" });
        if let (Some(depthwise), Value::Object(more)) = (depthwise.as_object_mut(), more) {
            depthwise.extend(more);
        }
        depthwise
    };
    let softmax = json!({ "type": "dense", "units": 10, "activation": "softmax" });
    let dense = dense(1);
    vec![
        layer("dense_softmax_64_10", [1, 64], softmax),
        layer(
            "layer_norm_l16_c64",
            [16, 64],
            json!({ "type": "layer_norm" }),
        ),
        layer(
            "average_pool_l48_c64_p2",
            [48, 64],
            json!({ "type": "average_pool1d", "pool_size": 2 }),
        ),
        layer(
            "depthwise_l49_c64_k9_stride",
            [49, 64],
            depthwise(json!({ "strides": 2, "activation": "relu" })),
        ),
        layer(
            "depthwise_l49_c64_k9_silu",
            [49, 64],
            depthwise(json!({ "activation": "silu" })),
        ),
        model("model_lstm", [50, 1], json!([relu_lstm(), dense])),
        model("model_conv1d", [50, 1], conv_model()),
    ]
}

/// The demo's LSTM.
fn relu_lstm() -> Value {
    json!({ "type": "lstm", "units": 100, "activation": "relu" })
}

/// The demo's convolutional model.
fn conv_model() -> Value {
    json!([
        conv1d(64, 3, "valid"),
        { "type": "max_pool1d", "pool_size": 2 },
        { "type": "flatten" },
        dense(1),
    ])
}

/// Samples of endless streams, and a model for streams whose windows overlap, with a whole window of it.
fn streams() -> Vec<Case> {
    let stream = |name, channels, layers| Case {
        time: dunlin::Mode::Continuous,
        mode: Mode::Push,
        ..model(name, [50, channels], layers)
    };
    vec![
        stream("push_lstm_i1_h100", 1, json!([lstm(100)])),
        stream("push_wavenet", 1, wavenet()),
        Case {
            hop: 1,
            mode: Mode::Push,
            ..model("push_wakeword", WAKEWORD, wakeword())
        },
        model("model_wakeword", WAKEWORD, wakeword()),
    ]
}

/// The chapter's WaveNet.
pub fn wavenet() -> Value {
    let mut layers: Vec<Value> = [1, 2, 4, 8, 1, 2, 4, 8]
        .map(|dilation| {
            json!({
                "type": "conv1d", "filters": 20, "kernel_size": 2, "padding": "causal",
                "dilation_rate": dilation, "activation": "relu",
            })
        })
        .into();
    layers.push(json!({ "type": "conv1d", "filters": 10, "kernel_size": 1 }));
    layers.into()
}

/// Steps and channels of [`wakeword`].
pub const WAKEWORD: [usize; 2] = [30, 40];

/// A separable network in the shape of MLPerf Tiny's streaming wakeword.
pub fn wakeword() -> Value {
    let separable = |filters: u32, kernel_size: u32| {
        json!({
            "type": "separable_conv1d", "filters": filters, "kernel_size": kernel_size, "activation": "relu",
        })
    };
    json!([
        separable(128, 3),
        separable(128, 5),
        separable(128, 10),
        separable(32, 15),
        { "type": "global_average_pool1d" },
        { "type": "dense", "units": 3, "activation": "softmax" },
    ])
}

/// The main ones in f32.
fn floats() -> Vec<Case> {
    let float = |case| Case {
        precision: PrecisionTag::F32,
        ..case
    };
    let names = [
        "f32_lstm_t50_i1_h100",
        "f32_lstm_t50_i9_h32",
        "f32_lstm_t50_i1_h20",
        "f32_lstm_t1_i32_h64",
        "f32_conv_l50_c1_o64_k3_valid",
        "f32_conv_l24_c64_o64_k3_same",
        "f32_conv_l128_c9_o32_k5_valid",
        "f32_conv_l32_c64_o64_k1",
        "f32_depthwise_l49_c64_k9_same",
        "f32_dense_128_128",
        "f32_dense_1536_1",
        "f32_maxpool_l48_c64_p2",
    ];
    let same = compared().into_iter().zip(names);
    same.map(|(case, name)| float(Case { name, ..case }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_every_case_has_a_model() {
        let cases = all();
        for (i, case) in cases.iter().enumerate() {
            assert!(cases[..i].iter().all(|other| other.name != case.name));
        }
        // Those that the quantizer is quick with.
        for case in cases.iter().filter(|case| case.steps == 1) {
            let file = case.file().unwrap();
            assert!(case.macs(&file).unwrap() > 0, "{}", case.name);
            for input in case.inputs() {
                assert_eq!(input.len() % (case.steps * case.channels), 0);
            }
        }
    }
}
