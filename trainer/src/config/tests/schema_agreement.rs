//! Tests that the schema, the types, the documentation and the examples say the same.
use crate::config::Config;
use crate::config::schema::{DATA, Family, Kind, LAYERS, MODEL, TOP, TRAINING, Table};

/// Keys of `LayerTable`, which stand around the layer; serde does not list them.
const AROUND: [&str; 6] = [
    "name",
    "inputs",
    "negative_slope",
    "alpha",
    "bidirectional",
    "merge_mode",
];

/// A value that the schema allows.
fn example(kind: Kind) -> String {
    match kind {
        Kind::Count { .. } => "2".into(),
        Kind::Number(_) => "0.25".into(),
        Kind::Flag => "true".into(),
        Kind::Text => "\"v\"".into(),
        Kind::Steps => "[1, 2]".into(),
        Kind::Names => "[\"v\"]".into(),
        Kind::Choice(words) => format!("\"{}\"", words[0]),
    }
}

/// All keys of a table, with allowed values.
fn filled(table: &Table) -> String {
    table
        .keys
        .iter()
        .map(|key| format!("{} = {}\n", key.name, example(key.kind)))
        .collect()
}

fn tables(family: &'static Family) -> impl Iterator<Item = (String, Table)> {
    family
        .tables
        .iter()
        .map(|(word, table)| (format!("{} = \"{word}\"\n", family.tag), *table))
}

/// The schema and the serde types are two lists of the same keys; this keeps them one.
#[test]
fn the_schema_and_the_types_have_the_same_keys() {
    // What serde lists as known when it meets an unknown key.
    let known = |text: String| -> Vec<String> {
        let error = toml::from_str::<Config>(&text)
            .unwrap_err()
            .message()
            .to_string();
        let (_, list) = error
            .split_once("unknown field `zzz`, expected ")
            .unwrap_or_else(|| panic!("{error}\n{text}"));
        let mut names: Vec<String> = list
            .split('`')
            .skip(1)
            .step_by(2)
            .map(String::from)
            .collect();
        names.sort();
        names
    };
    let names = |table: &Table| {
        let mut names: Vec<String> = table.names().map(String::from).collect();
        names.sort();
        names
    };
    let file = |model: &str, layer: &str, data: &str, training: &str| {
        format!("[model]\n{model}\n[[layers]]\n{layer}\n[data]\n{data}\n[training]\n{training}")
    };
    let (model, layer, data) = (
        filled(&MODEL),
        "type = \"dense\"\nunits = 1",
        "source = \"series\"",
    );
    let training = filled(&TRAINING);

    assert_eq!(
        known(file(&format!("{model}zzz = 1"), layer, data, &training)),
        names(&MODEL)
    );
    assert_eq!(
        known(file(&model, layer, data, &format!("{training}zzz = 1"))),
        names(&TRAINING)
    );
    for (tag, table) in tables(&LAYERS) {
        let with = format!("{tag}{}zzz = 1", filled(&table));
        let own: Vec<String> = names(&table)
            .into_iter()
            .filter(|name| !AROUND.contains(&name.as_str()))
            .collect();
        // serde takes what it does not know where a layer has no keys.
        if !own.is_empty() {
            assert_eq!(known(file(&model, &with, data, &training)), own, "{tag}");
        }
    }
    for (tag, table) in tables(&DATA) {
        let with = format!("{tag}{}zzz = 1", filled(&table));
        assert_eq!(
            known(file(&model, layer, &with, &training)),
            names(&table),
            "{tag}"
        );
    }
    let mut top: Vec<String> = TOP.map(String::from).into();
    top.sort();
    assert_eq!(
        known(format!("zzz = 1\n{}", file(&model, layer, data, &training))),
        top
    );

    // Every word and every key that the schema allows is one that the types read.
    for (tag, table) in tables(&LAYERS) {
        for key in table.keys {
            let Kind::Choice(words) = key.kind else {
                continue;
            };
            for word in words {
                let only = format!("{tag}{}", filled(&table)).replace(
                    &format!("{} = {}", key.name, example(key.kind)),
                    &format!("{} = \"{word}\"", key.name),
                );
                let read = toml::from_str::<Config>(&file(&model, &only, data, &training));
                assert!(read.is_ok(), "{only}: {read:?}");
            }
        }
    }
}

/// Each table has a section in the documentation, each key a row in it, and each row a key.
#[test]
fn every_key_is_documented() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/model-toml.md");
    let text = std::fs::read_to_string(path).unwrap();
    let families = LAYERS
        .tables
        .iter()
        .chain(DATA.tables)
        .map(|(_, table)| table);
    let common = Table {
        title: "Layers",
        keys: LAYERS.common,
    };
    for table in [&MODEL, &TRAINING, &common].into_iter().chain(families) {
        let heading = match table.title {
            "Layers" => "## Layers\n".to_owned(),
            title => format!("## `{title}`\n"),
        };
        let section = text
            .split_once(&heading)
            .unwrap_or_else(|| panic!("no section {heading}"))
            .1;
        let section = section.split("\n## ").next().unwrap_or("");
        let rows: Vec<&str> = section
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
            .map(|(key, _)| key)
            .collect();
        assert_eq!(rows, table.names().collect::<Vec<_>>(), "{heading}");
        for key in table.keys {
            let Kind::Choice(words) = key.kind else {
                continue;
            };
            let row = section
                .lines()
                .find(|line| line.starts_with(&format!("| `{}`", key.name)))
                .unwrap_or("");
            for word in words {
                assert!(
                    row.contains(&format!("`\"{word}\"`")),
                    "{heading}: `{word}` of {}",
                    key.name
                );
            }
        }
    }
}

#[test]
fn the_examples_load() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            Config::load(&path).unwrap_or_else(|error| panic!("{error}"));
            names.push(path.file_stem().unwrap().to_string_lossy().into_owned());
        }
    }
    names.sort();
    assert_eq!(
        names,
        [
            "conv1d",
            "gru",
            "har_conv1d",
            "har_lstm",
            "lstm",
            "machine_temperature"
        ]
    );
}
