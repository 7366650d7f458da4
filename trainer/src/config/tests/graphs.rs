//! Tests of `name` and `inputs`: what is wired, and what each refusal says.
use crate::config::{Config, wire};

/// A description whose layers are these; the first line of the layers is line 5.
fn file(layers: &str) -> String {
    format!("[model]\ntask = \"regression\"\n[data]\nsource = \"series\"\n{layers}")
}

const RESIDUAL: &str = r#"[[layers]]
type = "dense"
name = "a"
units = 4
[[layers]]
type = "dense"
units = 4
name = "b"
inputs = ["input"]
[[layers]]
type = "add"
inputs = ["b", "a"]
[[layers]]
type = "dense"
units = 1
"#;

fn refusal(from: &str, to: &str) -> String {
    assert!(RESIDUAL.contains(from), "{from}");
    match Config::parse("m.toml", &file(&RESIDUAL.replacen(from, to, 1))) {
        Ok(config) => panic!("{to} was accepted: {config:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn names_become_places() {
    let config = Config::parse("m.toml", &file(RESIDUAL)).unwrap();
    let inputs = wire(&config.layers).unwrap();
    assert_eq!(inputs, [vec![0], vec![0], vec![2, 1], vec![3]]);
}

#[test]
fn wrong_names_get_line_layer_and_way_out() {
    for (from, to, line, parts) in [
        (
            "[\"b\", \"a\"]",
            "[\"b\", \"inputt\"]",
            16,
            ["layer 3 (add)", "`inputt`", "did you mean `input`?"],
        ),
        (
            "[\"b\", \"a\"]",
            "[\"b\"]",
            16,
            ["layer 3 (add)", "two or more", "`inputs`"],
        ),
        (
            "inputs = [\"b\", \"a\"]\n",
            "",
            14,
            ["layer 3 (add)", "two or more", "`inputs`"],
        ),
        (
            "inputs = [\"input\"]",
            "inputs = [\"input\", \"a\"]",
            13,
            ["layer 2 (dense)", "reads one layer", "concatenate"],
        ),
        (
            "inputs = [\"input\"]",
            "inputs = [\"b\"]",
            13,
            ["layer 2 (dense)", "names itself", "before it"],
        ),
        (
            "units = 4\n",
            "units = 4\ninputs = [\"b\"]\n",
            9,
            [
                "layer 1 (dense)",
                "layer 2 (dense), which comes later",
                "before it",
            ],
        ),
        (
            "name = \"b\"",
            "name = \"a\"",
            12,
            [
                "layer 2 (dense)",
                "layer 1 (dense) has the name `a` already",
                "another name",
            ],
        ),
        (
            "name = \"a\"",
            "name = \"input\"",
            7,
            ["layer 1 (dense)", "model's input", "another name"],
        ),
        (
            "units = 1\n",
            "units = 1\ninputs = [\"a\"]\n",
            14,
            ["layer 3 (add)", "no layer reads its output", "take it out"],
        ),
        (
            "name = \"a\"",
            "nam = \"a\"",
            7,
            [
                "layer 1 (dense)",
                "unknown key `nam`",
                "did you mean `name`?",
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
