//! Tests of the description file: what loads, and what each refusal says.
use super::*;

mod data_tables;
mod graphs;
mod layer_tables;
mod schema_agreement;

const GOOD: &str = r#"
[model]
task = "regression"

[[layers]]
type = "lstm"
units = 100
activation = "relu"

[[layers]]
type = "dense"
units = 1

[data]
source = "series"
"#;

/// The message for `GOOD` with `from` replaced by `to`.
fn refusal(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    match Config::parse("m.toml", &GOOD.replacen(from, to, 1)) {
        Ok(config) => panic!("{to} was accepted: {config:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_short_file_gets_the_defaults() {
    let config = Config::parse("m.toml", GOOD).unwrap();
    assert_eq!(config.model.mode, Mode::Windowed);
    assert_eq!(config.training, TrainingConfig::default());
    let series = DataConfig::Series {
        steps: 50,
        train: 7_000,
        validation: 2_000,
        test: 1_000,
        seed: 42,
        horizon: 1,
        targets: ForecastTargets::Vector,
        target_start: 0,
        target_stride: 1,
    };
    assert_eq!(config.data, series);
    let LayerConfig::Lstm {
        units,
        activation,
        recurrent_activation,
        return_sequences,
        use_bias,
    } = config.layers[0].layer
    else {
        panic!("{:?}", config.layers[0])
    };
    assert_eq!((units, return_sequences, use_bias), (100, false, true));
    assert_eq!(
        (activation, recurrent_activation),
        (Activation::Relu, Activation::Sigmoid)
    );
}

#[test]
fn unknown_names_get_line_and_nearest_name() {
    for (from, to, line, parts) in [
        (
            "units = 100",
            "unit = 100",
            7,
            [
                "unknown key `unit`",
                "did you mean `units`?",
                "layer 1 (lstm)",
            ],
        ),
        (
            "\"lstm\"",
            "\"lsmt\"",
            6,
            [
                "unknown layer type `lsmt`",
                "did you mean `lstm`?",
                "`conv1d`",
            ],
        ),
        (
            "\"lstm\"",
            "\"simplernn\"",
            6,
            [
                "unknown layer type `simplernn`",
                "did you mean `simple_rnn`?",
                "`gru`",
            ],
        ),
        (
            "\"dense\"",
            "\"conv2d\"",
            11,
            [
                "unknown layer type `conv2d`",
                "did you mean `conv1d`?",
                "layer 2",
            ],
        ),
        (
            "\"relu\"",
            "\"rellu\"",
            8,
            ["`activation` `rellu`", "did you mean `relu`?", "`tanh`"],
        ),
        (
            "\"relu\"",
            "\"softmax\"",
            8,
            ["`activation` `softmax`", "layer 1 (lstm)", "`tanh`"],
        ),
        (
            "\"series\"",
            "\"cvs\"",
            15,
            ["unknown data source `cvs`", "did you mean `csv`?", "`npy`"],
        ),
        (
            "[data]",
            "[training]\nepoch = 3\n[data]",
            15,
            ["unknown key `epoch`", "`epochs`?", "[training]"],
        ),
        (
            "[data]",
            "[trainig]\nepochs = 3\n[data]",
            14,
            ["`trainig`", "did you mean `training`?", "`layers`"],
        ),
        (
            "[data]",
            "[training]\noptimizer = \"adamw\"\n[data]",
            15,
            ["`adamw`", "did you mean `adam`?", "`sgd`"],
        ),
        (
            "regression",
            "regresion",
            3,
            [
                "`task` `regresion`",
                "did you mean `regression`?",
                "[model]",
            ],
        ),
    ] {
        let message = refusal(from, to);
        assert!(
            message.starts_with(&format!("m.toml:{line}: ")),
            "{message}"
        );
        for part in parts {
            assert!(message.contains(part), "{part}: {message}");
        }
    }
}

#[test]
fn missing_keys_wrong_types_and_ranges_name_the_key() {
    let training = |text: &str| format!("[training]\n{text}\n[data]");
    for (from, to, line, part) in [
        (
            "units = 100\n",
            "",
            5,
            "layer 1 (lstm) lacks the key `units`",
        ),
        ("type = \"lstm\"\n", "", 5, "layer 1 has no `type`"),
        (
            "task = \"regression\"\n",
            "",
            2,
            "[model] lacks the key `task`",
        ),
        ("source = \"series\"\n", "", 14, "[data] has no `source`"),
        (
            "units = 100",
            "units = \"100\"",
            7,
            "`units` of layer 1 (lstm) must be a whole number",
        ),
        ("units = 100", "units = 0", 7, "from 1 to 65535, not 0"),
        ("units = 100", "units = -3", 7, "not -3"),
        ("units = 100", "units = 1.5", 7, "not 1.5"),
        (
            "units = 100",
            "units = 99999999999999999999999999999999999999999",
            7,
            "must be a whole number",
        ),
        (
            "units = 100",
            "units = 4\nuse_bias = 1",
            8,
            "`use_bias` of layer 1 (lstm) must be true or false, not 1",
        ),
        (
            "[[layers]]\ntype = \"dense\"\nunits = 1",
            "[[layers]]\ntype = \"dropout\"\nrate = 1.0",
            12,
            "below 1, not 1.0",
        ),
        (
            "[data]",
            &training("epochs = 0"),
            15,
            "`epochs` of [training] must be a whole number from 1",
        ),
        ("[data]", &training("batch_size = 0"), 15, "`batch_size`"),
        (
            "[data]",
            &training("learning_rate = 0.0"),
            15,
            "`learning_rate` of [training] must be a number above 0",
        ),
        (
            "[data]",
            &training("learning_rate = -1e-3"),
            15,
            "`learning_rate`",
        ),
        (
            "[data]",
            &training("learning_rate = nan"),
            15,
            "`learning_rate`",
        ),
        (
            "[data]",
            &training("learning_rate = inf"),
            15,
            "`learning_rate`",
        ),
        (
            "[data]",
            &training("learning_rate = 1e-60"),
            15,
            "`learning_rate`",
        ),
        (
            "[data]",
            &training("learning_rate = 1e60"),
            15,
            "`learning_rate`",
        ),
        ("[data]", &training("momentum = 1.0"), 15, "`momentum`"),
        (
            "[data]",
            &training("momentum = 0.9"),
            15,
            "`momentum` is for optimizer = \"sgd\"",
        ),
        ("[data]", &training("seed = -1"), 15, "`seed`"),
        (
            "[data]",
            &training("loss = \"cross_entropy\""),
            15,
            "needs labels",
        ),
        (
            "\"regression\"",
            "\"classification\"",
            3,
            "has values to predict and no labels",
        ),
        ("\"series\"", "\"series\"\nsteps = 0", 16, "`steps`"),
        (
            "\"series\"",
            "\"series\"\nsteps = 100000\ntrain = 10000000",
            17,
            "at most",
        ),
        (
            "[model]",
            "[model]\nname = \"a name of more than thirty-two bytes\"",
            3,
            "at most 32 fit",
        ),
        (
            "[model]\ntask = \"regression\"",
            "model = 3",
            2,
            "`model` must be a table",
        ),
    ] {
        let message = refusal(from, to);
        assert!(
            message.starts_with(&format!("m.toml:{line}: ")),
            "line {line}: {message}"
        );
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[test]
fn syntax_errors_and_missing_tables_have_a_place() {
    let message = refusal("units = 100", "units = = 100");
    assert!(message.starts_with("m.toml:7:"), "{message}");
    let message = refusal("[data]\nsource = \"series\"\n", "");
    assert_eq!(message, "m.toml:12: the table [data] is missing");
    let message = Config::parse("m.toml", "").unwrap_err().to_string();
    assert!(message.contains("missing"), "{message}");
    let message = refusal("units = 100", "units = 100\nunits = 3");
    assert!(message.starts_with("m.toml:8:"), "{message}");
    let deep = format!("x = {}{}", "[".repeat(50_000), "]".repeat(50_000));
    assert!(Config::parse("m.toml", &deep).is_err());
}

#[test]
fn every_truncation_of_a_file_is_an_answer_and_no_panic() {
    let loads = (0..GOOD.len()).filter(|end| Config::parse("m.toml", &GOOD[..*end]).is_ok());
    // Only the line end after the last key may be missing.
    assert_eq!(loads.collect::<Vec<_>>(), [GOOD.len() - 1]);
}

#[test]
fn a_continuous_model_has_no_hop() {
    let both = "task = \"regression\"\nmode = \"continuous\"\nhop = 4";
    let message = refusal("task = \"regression\"", both);
    assert!(message.contains("m.toml:5:"), "{message}");
    assert!(message.contains("`hop` of [model]"), "{message}");
    let apart = "task = \"regression\"\nhop = 4";
    let config = Config::parse("m.toml", &GOOD.replacen("task = \"regression\"", apart, 1));
    assert_eq!(config.expect("a hop alone").model.hop, Some(4));
}
