//! Tests of `[data]`: its keys, and paths relative to the file.
use super::{GOOD, refusal};
use crate::config::{Config, DataConfig};

#[test]
fn csv_and_npy_tables_are_checked() {
    let csv = |extra: &str| {
        format!(
            "source = \"csv\"\npath = \"a.csv\"\ninputs = [\"v\"]\ntarget = \"v\"\nwindow = 24\n{extra}"
        )
    };
    let series = "source = \"series\"";
    for (to, part) in [
        (csv("window_size = 3"), "did you mean `window`?"),
        (
            csv("").replace("24", "0"),
            "`window` of [data] (csv) must be",
        ),
        (csv("hop = 0"), "`hop`"),
        (csv("horizon = 0"), "`horizon`"),
        (csv("targets = \"vectors\""), "did you mean `vector`?"),
        (
            csv("target_start = 3"),
            "`target_start` of [data] is for targets = \"sequence\"",
        ),
        (
            csv("targets = \"vector\"\ntarget_stride = 2"),
            "`target_stride` of [data] is for targets = \"sequence\"",
        ),
        (
            csv("targets = \"sequence\"\ntarget_start = 24"),
            "`target_start` of [data] is 24, but the last step of a window is 23",
        ),
        (
            csv("targets = \"sequence\"\ntarget_stride = 2"),
            "the last target would be of step 22, but the last step of a window, 23, must have one",
        ),
        (
            csv("validation_split = 0.5\ntest_split = 0.5"),
            "is 1, which leaves nothing to train on",
        ),
        (
            csv("test_split = 0.0"),
            "`test_split` of [data] (csv) must be a number above 0 and below 1",
        ),
        (csv("").replace("[\"v\"]", "[]"), "not an empty list"),
        (
            csv("").replace("[\"v\"]", "[\"v\", \"v\"]"),
            "one or more different texts",
        ),
        (csv("").replace("[\"v\"]", "[1]"), "`inputs`"),
        (
            csv("").replace("target = \"v\"", "target = \"\""),
            "`target`",
        ),
        (
            "source = \"npy\"\nx_train = \"a\"".into(),
            "lacks the key `y_train`",
        ),
        (
            "source = \"npy\"\nhorizon = 10".into(),
            "unknown key `horizon` in [data] (npy)",
        ),
    ] {
        let message = refusal(series, &to);
        assert!(message.contains(part), "{part}: {message}");
    }
    for good in [
        "standardize = true",
        "targets = \"sequence\"\ntarget_start = 3\ntarget_stride = 2\nhorizon = 10",
    ] {
        Config::parse("m.toml", &GOOD.replace(series, &csv(good))).unwrap();
    }
    let labels = GOOD.replace("\"regression\"", "\"classification\"");
    let error = Config::parse(
        "m.toml",
        &labels.replace(series, &csv("targets = \"vector\"")),
    );
    let message = error.unwrap_err().to_string();
    assert!(
        message.contains("a classification has one label a window"),
        "{message}"
    );
}

#[test]
fn load_joins_paths_to_the_folder_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.toml");
    let npy = "source = \"npy\"\nx_train = \"d/x.npy\"\ny_train = \"y.npy\"\nx_test = \"/abs/x.npy\"\ny_test = \"t.npy\"";
    std::fs::write(&path, GOOD.replace("source = \"series\"", npy)).unwrap();
    let DataConfig::Npy {
        x_train, x_test, ..
    } = Config::load(&path).unwrap().data
    else {
        panic!("npy was asked for")
    };
    assert_eq!(
        std::path::Path::new(&x_train),
        folder.path().join("d/x.npy")
    );
    assert_eq!(x_test, "/abs/x.npy");

    let absent = Config::load(folder.path().join("absent.toml")).unwrap_err();
    assert!(absent.to_string().contains("absent.toml"), "{absent}");
    assert_eq!(absent.exit_code(), 2);
    std::fs::write(&path, b"[model]\nname = \"\xff\"").unwrap();
    assert!(
        Config::load(&path)
            .unwrap_err()
            .to_string()
            .contains("byte 16 is not UTF-8")
    );
}
