//! Bad input on the command line.
use std::fs;

use super::{SMALL, fails, trained};

#[test]
fn bad_input_is_refused_with_its_name_and_a_way_out() {
    let folder = trained();
    let at = |name: &str| folder.path().join(name);
    fails(
        folder.path(),
        &["train", "none.toml", "--out", "o"],
        2,
        &["none.toml"],
    );
    fs::write(at("typo.toml"), SMALL.replace("units = 5", "unit = 5")).expect("writes");
    fails(
        folder.path(),
        &["train", "typo.toml", "--out", "o"],
        2,
        &["typo.toml", "unit", "units"],
    );
    fs::write(
        at("layer.toml"),
        SMALL.replace("\"lstm\"", "\"transformer\""),
    )
    .expect("writes");
    fails(
        folder.path(),
        &["train", "layer.toml", "--out", "o"],
        2,
        &["layer.toml", "transformer"],
    );
    fails(
        folder.path(),
        &["train", "model.toml", "--out", "o", "--epochs", "0"],
        2,
        &["epochs"],
    );
    fails(
        folder.path(),
        &["inspect", "model.toml"],
        2,
        &["model.toml", "not a dunlin model file"],
    );
    let mut damaged = fs::read(at("out/model.dunlin")).expect("reads");
    damaged[200] ^= 4;
    fs::write(at("damaged.dunlin"), &damaged).expect("writes");
    fails(
        folder.path(),
        &["inspect", "damaged.dunlin"],
        2,
        &["damaged.dunlin", "damaged"],
    );
    fs::write(at("cut.dunlin"), &damaged[..100]).expect("writes");
    fails(
        folder.path(),
        &["inspect", "cut.dunlin"],
        2,
        &["cut.dunlin", "100"],
    );
    fails(
        folder.path(),
        &["evaluate", "out/model.dunlin", "--data", "data.txt"],
        2,
        &["data.txt", ".npy"],
    );
    assert!(!at("o").exists());
    // clap's own refusals are bad input too.
    fails(folder.path(), &["train"], 2, &["--out"]);
}
