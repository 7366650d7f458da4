//! `--target`: files packed for a family of cores.
use std::fs;
use std::path::Path;

use dunlin_trainer::device::Target;
use dunlin_trainer::model_file::Runner;
use dunlin_trainer::report::table::thousands;

use super::{dunlin, fails, json, succeeds, trained};

/// What `inspect` says of a file.
fn inspected(folder: &Path, file: &str) -> serde_json::Value {
    json(&succeeds(folder, &["inspect", file, "--json"]))
}

#[test]
fn a_packed_file_says_what_it_is_for_and_gives_the_same_bits() {
    let folder = trained();
    let at = |name: &str| folder.path().join(name);
    let x: Vec<f32> = (0..60).map(|i| (i as f32 * 0.7).sin()).collect();
    dunlin_trainer::data::write_npy(at("x.npy"), &[3, 20, 1], &x).expect("writes");
    let run = |model: &str| {
        let words = ["run", model, "--input", "x.npy", "--output", "y.npy"];
        succeeds(folder.path(), &words);
        fs::read(at("y.npy")).expect("reads")
    };
    let portable = run("out/model.dunlin");
    let rows = inspected(folder.path(), "out/model.dunlin");
    assert_eq!(
        (&rows["packing"], &rows["target"]),
        (&"rows".into(), &"portable".into())
    );
    for (target, packing, reads_as) in [
        (Target::M4, "row pairs", "m4"),
        (Target::M0, "offset quads", "m0"),
        // Helium reads rows.
        (Target::M55, "rows", "portable"),
    ] {
        let file = format!("{}.dunlin", target.name());
        let words = ["quantize", "out/model.f32.dunlin", "--data", "model.toml"];
        let more = ["--output", &file, "--target", target.name()];
        succeeds(folder.path(), &[&words[..], &more].concat());
        let said = inspected(folder.path(), &file);
        assert_eq!(
            (&said["packing"], &said["target"]),
            (&packing.into(), &reads_as.into())
        );
        let text = succeeds(folder.path(), &["inspect", &file]);
        let line = format!("weights in {packing} (--target {reads_as})");
        assert!(text.contains(&line), "{text}");
        assert_eq!(run(&file), portable, "{file}");
        // What was packed is the portable file.
        let own = Runner::open(&at("out/model.dunlin")).expect("loads");
        let own = own.packed(target.packing()).expect("packs");
        assert_eq!(fs::read(at(&file)).expect("reads"), own.bytes());
    }
}

#[test]
fn train_writes_for_a_target_and_scores_that_file() {
    let folder = trained();
    let words = [
        "train",
        "model.toml",
        "--out",
        "m4",
        "--quiet",
        "--target",
        "m4",
    ];
    let text = succeeds(folder.path(), &words);
    let file = fs::metadata(folder.path().join("m4/model.dunlin")).expect("the file");
    assert!(text.contains(&thousands(file.len())), "{text}");
    assert_eq!(inspected(folder.path(), "m4/model.dunlin")["target"], "m4");
    let words = ["quantize", "m4/model.f32.dunlin", "--data", "model.toml"];
    let more = ["--output", "again.dunlin", "--target", "m4"];
    succeeds(folder.path(), &[&words[..], &more].concat());
    let read = |name: &str| fs::read(folder.path().join(name)).expect("reads");
    assert_eq!(read("again.dunlin"), read("m4/model.dunlin"));
    // The float model has no integers to pack.
    let float = inspected(folder.path(), "m4/model.f32.dunlin");
    assert_eq!(float["target"], "portable");
}

#[test]
fn a_target_that_is_none_is_refused_with_those_that_are() {
    let folder = trained();
    let words = [
        "quantize",
        "out/model.f32.dunlin",
        "--data",
        "model.toml",
        "--target",
        "m3",
    ];
    fails(
        folder.path(),
        &words,
        2,
        &["m3", "portable", "m0", "m4", "m55"],
    );
}

#[test]
fn a_board_that_does_not_read_the_packing_is_refused_before_anything_is_built() {
    let folder = trained();
    let firmware = Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware");
    let firmware = firmware.to_str().expect("text");
    let words = ["quantize", "out/model.f32.dunlin", "--data", "model.toml"];
    for target in ["m0", "m4"] {
        let file = format!("{target}.dunlin");
        let more = ["--output", &file, "--target", target];
        succeeds(folder.path(), &[&words[..], &more].concat());
    }
    for (file, board, says) in [
        (
            "m4.dunlin",
            "qemu-m0",
            [
                "--target m4",
                "cortex-m0",
                "--target m0",
                "--target portable",
            ],
        ),
        (
            "m4.dunlin",
            "qemu-m55",
            [
                "--target m4",
                "cortex-m55",
                "--target m55",
                "--target portable",
            ],
        ),
        (
            "m0.dunlin",
            "qemu-m33",
            [
                "--target m0",
                "cortex-m33",
                "--target m4",
                "dunlin quantize",
            ],
        ),
        (
            "m0.dunlin",
            "qemu-m3",
            ["--target m0", "cortex-m3", "--target portable", "m0.dunlin"],
        ),
    ] {
        let words = [
            "verify",
            file,
            "--data",
            "model.toml",
            "--board",
            board,
            "--firmware",
            firmware,
        ];
        fails(folder.path(), &words, 2, &says);
        let error = dunlin(folder.path(), &words).stderr;
        let error = String::from_utf8(error).expect("text");
        assert!(!error.contains("Compiling"), "{error}");
    }
}
