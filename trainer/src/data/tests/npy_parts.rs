//! The four `.npy` files of a description: which belong together, and the validation part.
use super::{Folder, floats, text};
use crate::config::Config;
use crate::data::{self, Targets};
use std::path::Path;

/// A description of the four files `x`, `y`, `xt` and `yt` in `folder`.
fn config(folder: &Path, task: &str, extra: &str) -> Config {
    let text = format!(
        "[model]\ntask = \"{task}\"\n[[layers]]\ntype = \"dense\"\nunits = 2\n[data]\nsource = \"npy\"\n\
         x_train = \"x\"\ny_train = \"y\"\nx_test = \"xt\"\ny_test = \"yt\"\n{extra}"
    );
    std::fs::write(folder.join("m.toml"), text).unwrap();
    Config::load(folder.join("m.toml")).unwrap()
}

#[test]
fn the_validation_part_is_a_seeded_share_and_the_pairs_stay_together() {
    let folder = Folder::new();
    // Window i holds i, and so does its target.
    let values: Vec<f32> = (0..40).map(|i| i as f32).collect();
    folder.npy("x", "<f4", "False", "(40, 1)", &floats(&values));
    folder.npy("y", "<f4", "False", "(40,)", &floats(&values));
    folder.npy("xt", "<f4", "False", "(2, 1)", &floats(&[50.0, 70.0]));
    folder.npy("yt", "<f4", "False", "(2,)", &floats(&[50.0, 70.0]));
    let load = |extra: &str| data::load(&config(folder.0.path(), "regression", extra)).unwrap();
    let found = load("validation_split = 0.25\nstandardize = true\n");
    assert_eq!((found.train.x.count, found.validation.x.count), (30, 10));
    for split in [&found.train, &found.validation, &found.test] {
        let Targets::Values {
            width: 1, values, ..
        } = &split.y
        else {
            panic!("{split:?}")
        };
        assert_eq!(*values, split.x.values);
    }
    let mut all = [
        found.train.x.values.clone(),
        found.validation.x.values.clone(),
    ]
    .concat();
    assert_ne!(all, values);
    all.sort_by(f32::total_cmp);
    assert_eq!(all, values);
    // The scaling is that of the 30 training windows alone.
    let mean = found.train.x.values.iter().sum::<f32>() / 30.0;
    assert!((found.input_scaling.mean[0] - mean).abs() < 1e-5);
    assert_eq!(found.input_scaling, found.target_scaling);
    assert_eq!(found, load("validation_split = 0.25\nstandardize = true\n"));
    assert_ne!(
        found.train,
        load("validation_split = 0.25\n[training]\nseed = 7\n").train
    );
    assert!(load("").input_scaling.is_identity());
}

#[test]
fn files_that_do_not_belong_together_are_refused() {
    let folder = Folder::new();
    let write = |name: &str, shape: &str, count: usize| {
        folder.npy(name, "<f4", "False", shape, &floats(&vec![1.0; count]))
    };
    let good = || {
        write("x", "(4, 2, 1)", 8);
        write("y", "(4,)", 4);
        write("xt", "(2, 2, 1)", 4);
        write("yt", "(2,)", 2);
    };
    let load = |extra: &str| text(data::load(&config(folder.0.path(), "regression", extra)));
    for (name, shape, count, part) in [
        ("y", "(3,)", 3, "has 4 windows, but"),
        ("yt", "(3,)", 3, "has 2 windows, but"),
        ("xt", "(2, 3, 1)", 6, "windows of [3, 1], but"),
        ("xt", "(2, 1, 2)", 4, "windows of [1, 2], but"),
        ("yt", "(2, 2)", 4, "2 values at 1 steps a window, but"),
    ] {
        good();
        write(name, shape, count);
        let message = load("");
        assert!(message.contains(part), "{part}: {message}");
    }
    good();
    assert!(load("validation_split = 0.01").contains("leave a part without any window"));
    assert!(load("validation_split = 0.99").contains("leave a part without any window"));
    folder.npy("y", "|u1", "False", "(4,)", &[0, 0, 0, 0]);
    folder.npy("yt", "|u1", "False", "(2,)", &[0, 1]);
    let classify = || data::load(&config(folder.0.path(), "classification", ""));
    assert!(text(classify()).contains("every label is 0"));
    folder.npy("y", "|u1", "False", "(4,)", &[0, 1, 0, 1]);
    assert!(classify().is_ok());
    folder.npy("yt", "|u1", "False", "(2,)", &[0, 2]);
    let message = text(classify());
    assert!(
        message.contains("yt: label 2 at index 1 is out of range: there are 2 classes"),
        "{message}"
    );
}
