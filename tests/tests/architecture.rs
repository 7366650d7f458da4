//! The rules of ARCHITECTURE.md that a compiler does not check: which part of the runtime may know which.
use std::fs;
use std::path::{Path, PathBuf};

/// Parts of the runtime, each with the parts that it may name. `error` and `precision`'s specifications are data.
const MAY_NAME: [(&str, &[&str]); 11] = [
    ("error.rs", &["format"]),
    ("math", &[]),
    ("kernel", &["math"]),
    ("format", &["error", "format", "model", "precision"]),
    (
        "precision",
        &["error", "format", "kernel", "math", "precision"],
    ),
    ("layer", &["error", "format", "layer", "precision"]),
    ("arena.rs", &["error"]),
    (
        "plan",
        &["arena", "error", "format", "layer", "plan", "precision"],
    ),
    (
        "model.rs",
        &["error", "format", "layer", "plan", "precision"],
    ),
    (
        "session",
        &[
            "arena",
            "error",
            "format",
            "layer",
            "model",
            "plan",
            "precision",
        ],
    ),
    ("repack.rs", &["error", "format", "model", "precision"]),
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime/src")
}

fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    entries
        .flat_map(|entry| files(&entry.expect("an entry").path()))
        .collect()
}

/// The parts that a file names outside its comments and tests: what follows `crate::`.
fn named(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let code = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let part = |rest: &str| {
        rest.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    code.flat_map(|line| line.split("crate::").skip(1).map(part).collect::<Vec<_>>())
        .collect()
}

#[test]
fn parts_of_the_runtime_name_only_what_they_may() {
    let mut seen = 0;
    for (part, allowed) in MAY_NAME {
        for file in files(&source().join(part)) {
            let text = fs::read_to_string(&file).expect("reads");
            for name in named(&text) {
                assert!(
                    allowed.contains(&name.as_str()),
                    "{} names crate::{name}",
                    file.display()
                );
                seen += 1;
            }
        }
    }
    assert!(
        seen > 40,
        "only {seen} names were found: the check no longer reads the code"
    );
    let parts = fs::read_dir(source()).expect("the runtime").count();
    assert_eq!(
        parts,
        MAY_NAME.len() + 1,
        "a part has come or gone; say here what it may name"
    );
}

#[test]
fn serde_and_postcard_appear_only_in_the_format() {
    for file in files(&source()) {
        let text = fs::read_to_string(&file).expect("reads");
        let inside = file.components().any(|part| part.as_os_str() == "format");
        for word in ["serde", "postcard"] {
            let used = text
                .lines()
                .any(|line| !line.trim_start().starts_with("//") && line.contains(word));
            assert!(inside || !used, "{} uses {word}", file.display());
        }
    }
}

#[test]
fn only_the_writers_allocate() {
    for file in files(&source()) {
        let text = fs::read_to_string(&file).expect("reads");
        let allocates = text.contains("extern crate alloc");
        assert_eq!(
            allocates,
            file.ends_with("format/write.rs") || file.ends_with("repack.rs"),
            "{}",
            file.display()
        );
    }
}
