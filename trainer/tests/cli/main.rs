//! The program `dunlin` as a user calls it, each test in a folder of its own.
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

mod refusals;
mod targets;

const SMALL: &str = r#"
[model]
task = "regression"

[[layers]]
type = "lstm"
units = 5
activation = "relu"

[[layers]]
type = "dense"
units = 1

[data]
source = "series"
steps = 20
train = 200
validation = 40
test = 60

[training]
epochs = 2
"#;

fn dunlin(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dunlin"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("dunlin starts")
}

/// Runs a command that must succeed, and gives what it printed.
fn succeeds(folder: &Path, arguments: &[&str]) -> String {
    let output = dunlin(folder, arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).expect("text")
}

/// Runs a command that must fail with this exit code and say all of these.
fn fails(folder: &Path, arguments: &[&str], code: i32, says: &[&str]) {
    let output = dunlin(folder, arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
    assert!(!error.contains("panicked"), "{error}");
    for word in says {
        assert!(
            error.contains(word),
            "{arguments:?} does not say {word:?}: {error}"
        );
    }
}

fn trained() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("model.toml"), SMALL).expect("writes");
    succeeds(
        folder.path(),
        &["train", "model.toml", "--out", "out", "--quiet"],
    );
    folder
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn train_writes_models_history_and_curves() {
    let folder = trained();
    let read = |name: &str| {
        fs::read(folder.path().join("out").join(name))
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    let mut names: Vec<_> = fs::read_dir(folder.path().join("out"))
        .expect("the folder")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("text")
        })
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "history.csv",
            "learning_curves.svg",
            "model.dunlin",
            "model.f32.dunlin"
        ]
    );
    assert!(read("model.dunlin").len() < read("model.f32.dunlin").len());
    let history = String::from_utf8(read("history.csv")).expect("text");
    assert_eq!(
        history.lines().next(),
        Some("epoch,loss,val_loss,mae,val_mae")
    );
    assert_eq!(history.lines().count(), 3);
    assert!(
        String::from_utf8(read("learning_curves.svg"))
            .expect("text")
            .contains("<svg")
    );
    let first = read("model.dunlin");
    succeeds(
        folder.path(),
        &["train", "model.toml", "--out", "again", "--quiet"],
    );
    assert_eq!(
        fs::read(folder.path().join("again/model.dunlin")).expect("again"),
        first,
        "the same seed"
    );
    succeeds(
        folder.path(),
        &[
            "train",
            "model.toml",
            "--out",
            "other",
            "--seed",
            "7",
            "--epochs",
            "1",
            "--quiet",
        ],
    );
    assert_ne!(
        fs::read(folder.path().join("other/model.dunlin")).expect("other"),
        first,
        "another seed"
    );
    let history = fs::read_to_string(folder.path().join("other/history.csv")).expect("history");
    assert_eq!(history.lines().count(), 2, "one epoch");
}

#[test]
fn inspect_gives_the_keys_that_scripts_rely_on() {
    let folder = trained();
    let text = succeeds(folder.path(), &["inspect", "out/model.dunlin"]);
    assert!(
        text.contains("lstm") && text.contains("output shape") && text.contains("layer 1"),
        "{text}"
    );
    let value = json(&succeeds(
        folder.path(),
        &["inspect", "out/model.dunlin", "--json"],
    ));
    // 4 (1 + 5 + 1) 5 and 5 + 1
    assert_eq!(value["parameters"], 146);
    assert_eq!(value["macs"], 20 * 4 * 6 * 5 + 5);
    let file = fs::metadata(folder.path().join("out/model.dunlin"))
        .expect("the file")
        .len();
    assert_eq!(value["flash_bytes"], file);
    assert!(
        value["ram_bytes"]
            .as_u64()
            .is_some_and(|bytes| bytes > 0 && bytes % 16 == 0)
    );
    assert_eq!(value["layers"].as_array().map(Vec::len), Some(2));
    assert_eq!(value["layers"][0]["layer"], "lstm");
    assert_eq!(value["layers"][0]["inputs"], serde_json::json!([0]));
    assert_eq!(value["layers"][1]["number"], 2);
    assert_eq!(value["layers"][1]["inputs"], serde_json::json!([1]));
    assert_eq!(
        (&value["hop"], &value["shortest_window"]),
        (&20.into(), &1.into())
    );
    // Windows that do not overlap cost a stream what they cost as a whole.
    assert_eq!(value["stream_macs"], value["macs"]);
    let streamed = value["stream_bytes"].as_u64().expect("a number");
    assert!(streamed > 0 && Some(streamed) < value["ram_bytes"].as_u64());
}

#[test]
fn evaluate_stands_beside_the_baselines() {
    let folder = trained();
    for model in ["out/model.f32.dunlin", "out/model.dunlin"] {
        let value = json(&succeeds(
            folder.path(),
            &["evaluate", model, "--data", "model.toml", "--json"],
        ));
        for metric in ["mse", "mae", "r2"] {
            assert!(value[metric].is_number(), "{metric}: {value}");
            assert!(
                value["baselines"]["linear"][metric].is_number(),
                "{metric}: {value}"
            );
            assert!(
                value["baselines"]["last_value"][metric].is_number(),
                "{metric}: {value}"
            );
        }
        let text = succeeds(folder.path(), &["evaluate", model, "--data", "model.toml"]);
        assert!(
            text.contains("last value") && text.contains("linear regression"),
            "{text}"
        );
    }
}

#[test]
fn run_and_evaluate_take_arrays() {
    let folder = trained();
    let at = |name: &str| folder.path().join(name);
    let x: Vec<f32> = (0..60).map(|i| (i as f32 * 0.3).sin()).collect();
    dunlin_trainer::data::write_npy(at("x.npy"), &[3, 20, 1], &x).expect("writes");
    succeeds(
        folder.path(),
        &[
            "run",
            "out/model.dunlin",
            "--input",
            "x.npy",
            "--output",
            "y.npy",
        ],
    );
    // What the model answers is the truth here, so that it makes no error at all.
    let value = json(&succeeds(
        folder.path(),
        &["evaluate", "out/model.dunlin", "--data", "x.npy", "--json"],
    ));
    assert_eq!(value["mse"], 0.0);
    assert!(value["baselines"]["linear"]["unavailable"].is_string());
    fails(
        folder.path(),
        &[
            "evaluate",
            "out/model.dunlin",
            "--data",
            "x.npy",
            "--targets",
            "none.npy",
        ],
        2,
        &["none.npy"],
    );
    dunlin_trainer::data::write_npy(at("long.npy"), &[2, 30, 1], &x).expect("writes");
    fails(
        folder.path(),
        &[
            "run",
            "out/model.dunlin",
            "--input",
            "long.npy",
            "--output",
            "z.npy",
        ],
        2,
        &["20 steps", "30 steps"],
    );
    assert!(!at("z.npy").exists());
}

#[test]
fn sequences_are_judged_by_their_last_step() {
    let folder = tempfile::tempdir().expect("a folder");
    let description = SMALL
        .replace("units = 5", "units = 5\nreturn_sequences = true")
        .replace("units = 1", "units = 3")
        .replace(
            "steps = 20",
            "steps = 20\nhorizon = 3\ntargets = \"sequence\"",
        );
    fs::write(folder.path().join("model.toml"), description).expect("writes");
    let table = succeeds(folder.path(), &["train", "model.toml", "--out", "out"]);
    assert!(table.contains("last step MSE"), "{table}");
    let history = fs::read_to_string(folder.path().join("out/history.csv")).expect("reads");
    assert!(
        history.starts_with("epoch,loss,val_loss,last_time_step_mse,val_last_time_step_mse\n"),
        "{history}"
    );
    // What the model answers is the truth here, but for the last step of the second window.
    let x: Vec<f32> = (0..40).map(|i| (i as f32 * 0.3).sin()).collect();
    let at = |name: &str| folder.path().join(name);
    dunlin_trainer::data::write_npy(at("x.npy"), &[2, 20, 1], &x).expect("writes");
    let model = "out/model.dunlin";
    let words = ["run", model, "--input", "x.npy", "--output", "y.npy"];
    succeeds(folder.path(), &words);
    let bytes = fs::read(at("y.npy")).expect("reads");
    let mut y: Vec<f32> = bytes[bytes.len() - 4 * 120..]
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect();
    y[117..].iter_mut().for_each(|value| *value += 2.0);
    dunlin_trainer::data::write_npy(at("y.npy"), &[2, 20, 3], &y).expect("writes");
    let words = ["evaluate", model, "--data", "x.npy", "--json"];
    let value = json(&succeeds(folder.path(), &words));
    let near = |name: &str, mse: f64| {
        let found = value[name].as_f64().expect("a number");
        assert!((found - mse).abs() < 1e-6, "{name}: {found}");
    };
    near("mse", 4.0 * 3.0 / 120.0);
    near("last_time_step_mse", 2.0);
    let words = ["evaluate", model, "--data", "model.toml", "--json"];
    let baselines = &json(&succeeds(folder.path(), &words))["baselines"];
    for baseline in ["last_value", "linear"] {
        assert!(baselines[baseline]["last_time_step_mse"].is_number());
    }
}

#[test]
fn quantize_makes_the_file_that_train_made() {
    let folder = trained();
    fs::rename(
        folder.path().join("out/model.dunlin"),
        folder.path().join("kept.dunlin"),
    )
    .expect("moves");
    succeeds(
        folder.path(),
        &["quantize", "out/model.f32.dunlin", "--data", "model.toml"],
    );
    let read = |name: &str| fs::read(folder.path().join(name)).expect("reads");
    assert_eq!(read("out/model.dunlin"), read("kept.dunlin"));
    fails(
        folder.path(),
        &["quantize", "kept.dunlin", "--data", "model.toml"],
        2,
        &["kept.dunlin", "W8A16"],
    );
}
