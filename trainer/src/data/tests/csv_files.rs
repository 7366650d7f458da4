//! CSV time series: windows, cuts and refusals.
use crate::config::Config;
use crate::data::random::Random;
use crate::data::{self, Dataset, Split, Targets};
use crate::error::Result;

/// Loads `bytes` as the CSV file of a model; `keys` are its `[data]` keys besides source and path.
fn load(bytes: &[u8], keys: &str, task: &str) -> Result<Dataset> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), bytes).unwrap();
    let text = format!(
        "[model]\ntask = \"{task}\"\n[[layers]]\ntype = \"dense\"\nunits = 2\n[data]\nsource = \"csv\"\npath = \"a.csv\"\n{keys}"
    );
    std::fs::write(folder.path().join("m.toml"), text).unwrap();
    data::load(&Config::load(folder.path().join("m.toml")).unwrap())
}

const KEYS: &str = "inputs = [\"v\"]\ntarget = \"v\"\nwindow = 2\n";

fn refusal(text: impl AsRef<[u8]>) -> String {
    refusal_of(text, KEYS, "regression")
}

fn refusal_of(text: impl AsRef<[u8]>, keys: &str, task: &str) -> String {
    let error = load(text.as_ref(), keys, task).expect_err("this file should be refused");
    assert_eq!(error.exit_code(), 2);
    let message = error.to_string();
    let (_, after) = message
        .split_once("a.csv")
        .unwrap_or_else(|| panic!("{message}"));
    after.to_string()
}

/// Rows of `t,v`: t counts from 0, v is 10 t.
fn rows(count: usize) -> String {
    let rows: String = (0..count).map(|t| format!("{t},{}\n", 10 * t)).collect();
    format!("t,v\n{rows}")
}

#[test]
fn windows_targets_and_cuts_are_where_they_should_be() {
    let keys = "inputs = [\"v\", \"t\"]\ntarget = \"t\"\nwindow = 3\nhorizon = 2\nhop = 2\nvalidation_split = 0.25\ntest_split = 0.25\n";
    let found = load(rows(40).as_bytes(), keys, "regression").unwrap();
    assert_eq!(found.target_channel, Some(1));
    assert_eq!((found.train.x.steps, found.train.x.channels), (3, 2));
    assert_eq!(found.train.x.window(1), [20.0, 2.0, 30.0, 3.0, 40.0, 4.0]);
    // Rows 0 to 19 train, 20 to 29 validate, 30 to 39 test.
    for (split, from, to) in [
        (&found.train, 0, 20),
        (&found.validation, 20, 30),
        (&found.test, 30, 40),
    ] {
        let Targets::Values {
            width: 1, values, ..
        } = &split.y
        else {
            panic!("{split:?}")
        };
        let expected: Vec<f32> = (from..)
            .step_by(2)
            .map(|start| start as f32 + 4.0)
            .take_while(|t| *t < to as f32)
            .collect();
        assert_eq!(*values, expected);
        assert_eq!(split.x.count, expected.len());
        for (i, target) in values.iter().enumerate() {
            assert_eq!(
                split.x.window(i)[1],
                target - 4.0,
                "the first row is two rows and the horizon before the target"
            );
            assert!(
                split.x.window(i)[1] >= from as f32,
                "no row of an earlier part"
            );
        }
    }
}

#[test]
fn several_targets_stay_inside_their_part() {
    let load = |targets: &str| {
        let keys = format!(
            "inputs = [\"v\"]\ntarget = \"t\"\nwindow = 3\nhorizon = 2\nvalidation_split = 0.25\ntest_split = 0.25\n{targets}"
        );
        load(rows(40).as_bytes(), &keys, "regression").unwrap()
    };
    let values = |split: &Split, shape: (usize, usize)| match &split.y {
        Targets::Values {
            steps,
            width,
            values,
        } if (*steps, *width) == shape => values.clone(),
        Targets::Values { .. } | Targets::Labels { .. } => panic!("{:?}", split.y),
    };
    let found = load("targets = \"vector\"");
    assert_eq!(found.train.x.count, 16);
    assert_eq!(values(&found.train, (1, 2))[30..], [18.0, 19.0]);
    assert_eq!(values(&found.validation, (1, 2))[..2], [23.0, 24.0]);
    let found = load("targets = \"sequence\"\ntarget_stride = 2\nstandardize = true");
    // Windows start at row 0 and 1; steps 0 and 2 have targets.
    let train = values(&found.train, (2, 2));
    assert_eq!(train[..8], [1.0, 2.0, 3.0, 4.0, 2.0, 3.0, 4.0, 5.0]);
    assert_eq!(found.train.x.count, 16);
    // Each column of the horizon has its own scale, over all steps.
    let mean = |column: usize| {
        train.iter().skip(column).step_by(2).sum::<f32>() / (train.len() / 2) as f32
    };
    assert_eq!(found.target_scaling.mean, [mean(0), mean(1)]);
}

#[test]
fn scaling_sees_the_training_part_only() {
    let found = load(
        rows(20).as_bytes(),
        &format!("{KEYS}standardize = true\n"),
        "regression",
    )
    .unwrap();
    // Rows 0 to 11 train: windows (0,1) to (9,10), targets 2 to 11, times ten.
    assert!(
        (found.input_scaling.mean[0] - 50.0).abs() < 1e-4,
        "{:?}",
        found.input_scaling
    );
    assert!(
        (found.target_scaling.mean[0] - 65.0).abs() < 1e-4,
        "{:?}",
        found.target_scaling
    );
}

#[test]
fn quotes_line_ends_marks_and_blanks_change_nothing() {
    let plain = load(rows(20).as_bytes(), KEYS, "regression").unwrap();
    let quoted: String = (0..20)
        .map(|t| format!("\"{t}, a note\nin two lines\",\" {}\"\n", 10 * t))
        .collect();
    for text in [
        rows(20).replace('\n', "\r\n"),
        rows(20).trim_end().to_string(),
        format!("\u{feff}{}", rows(20)),
        format!("\u{feff}{}", rows(20).replace("t,v", "\"t\",\"v\"")),
        rows(20).replace("t,v", " t , v "),
        rows(20).replace('\n', " \n").replace(" \n", "\n\n"),
        format!("t,v\n{quoted}"),
        rows(20).replace(",10\n", ",1e1\n"),
    ] {
        assert_eq!(
            load(text.as_bytes(), KEYS, "regression").unwrap(),
            plain,
            "{text:.40}"
        );
    }
}

#[test]
fn columns_that_are_not_chosen_may_hold_anything() {
    let text = rows(20).replace("3,30", "\"not a number, \u{e9}\",30");
    let found = load(text.as_bytes(), KEYS, "regression").unwrap();
    assert_eq!(found.target_channel, Some(0));
    let latin = text
        .replace('\u{e9}', "#")
        .into_bytes()
        .iter()
        .map(|b| if *b == b'#' { 0xe9 } else { *b })
        .collect::<Vec<_>>();
    assert_eq!(load(&latin, KEYS, "regression").unwrap(), found);
    let other = load(
        rows(20).as_bytes(),
        "inputs = [\"t\"]\ntarget = \"v\"\nwindow = 2\n",
        "regression",
    )
    .unwrap();
    assert_eq!(other.target_channel, None);
}

#[test]
fn bad_cells_are_refused_with_line_and_column() {
    for (from, to, part) in [
        (
            "3,30\n",
            "3,30,1\n",
            ":5: 3 cells, but the header has 2 columns",
        ),
        ("3,30\n", "3\n", ":5: 1 cells, but the header has 2 columns"),
        ("3,30\n", "3,abc\n", ":5: column `v`: `abc` is not a number"),
        (
            "3,30\n",
            "3,\"30,5\"\n",
            ":5: column `v`: `30,5` is not a number",
        ),
        ("3,30\n", "3,\n", ":5: column `v`: the cell is empty"),
        ("3,30\n", "3,  \n", ":5: column `v`: the cell is empty"),
        (
            "3,30\n",
            "3,NaN\n",
            ":5: column `v`: `NaN` is not a finite number",
        ),
        (
            "3,30\n",
            "3,-inf\n",
            ":5: column `v`: `-inf` is not a finite number",
        ),
        (
            "3,30\n",
            "3,1e39\n",
            ":5: column `v`: `1e39` is not a finite number",
        ),
        ("t,v\n", "", ":1: numbers where the header should be"),
        (
            "t,v\n",
            "t,w\n",
            ": no column is named `v`; valid here: `t`, `w`",
        ),
        (
            "t,v\n",
            "t,V\n",
            ": no column is named `v`; did you mean `V`?",
        ),
        ("t,v\n", "v,v\n", ": two columns are named `v`"),
    ] {
        let message = refusal(rows(20).replacen(from, to, 1));
        assert!(message.starts_with(part), "{part}: {message}");
    }
    // A quoted cell with a line end counts as the lines that it spans.
    let message = refusal(rows(20).replacen("3,30\n4,40\n", "\"3\nx\",30\n4,abc\n", 1));
    assert!(message.starts_with(":7: column `v`"), "{message}");
    assert!(refusal(b"t,\xff\n1,2\n").starts_with(":1: the header is not UTF-8"));
}

#[test]
fn files_without_enough_rows_are_refused() {
    assert_eq!(
        refusal(""),
        ": the file is empty; it needs a header line and rows"
    );
    assert_eq!(refusal("t,v\n"), ": a header line but no rows");
    // A window and its target need 3 rows; 0.2 of 12 rows are 2.
    let message = refusal(rows(12));
    assert!(
        message.starts_with(
            ": the validation part has 2 of 12 rows, but one window with its target needs 3"
        ),
        "{message}"
    );
    assert!(load(rows(15).as_bytes(), KEYS, "regression").is_ok());
    let message = refusal_of(
        rows(15),
        "inputs = [\"v\"]\ntarget = \"v\"\nwindow = 1000000\nhorizon = 1000000",
        "regression",
    );
    assert!(
        message.contains("the training part has 9 of 15 rows"),
        "{message}"
    );
}

#[test]
fn labels_come_from_the_target_row() {
    let keys = "inputs = [\"t\"]\ntarget = \"c\"\nwindow = 2\n";
    let text = |label: fn(usize) -> String| {
        let rows: String = (0..20).map(|t| format!("{t},{}\n", label(t))).collect();
        format!("t,c\n{rows}")
    };
    let found = load(
        text(|t| (t % 3).to_string()).as_bytes(),
        keys,
        "classification",
    )
    .unwrap();
    let expected = Targets::Labels {
        classes: 3,
        labels: vec![2, 0, 1, 2, 0, 1, 2, 0, 1, 2],
    };
    assert_eq!(found.train.y, expected);
    assert!(found.target_scaling.is_identity());
    for (label, part) in [
        (
            (|t| {
                if t == 4 {
                    "-1".into()
                } else {
                    (t % 2).to_string()
                }
            }) as fn(usize) -> String,
            ":6: column `c`: -1 is not a label",
        ),
        (
            |t| {
                if t == 4 {
                    "0.5".into()
                } else {
                    (t % 2).to_string()
                }
            },
            ":6: column `c`: 0.5 is not a label",
        ),
        (
            |t| {
                if t == 4 {
                    "5000".into()
                } else {
                    (t % 2).to_string()
                }
            },
            ":6: column `c`: 5000 is not a label",
        ),
        (
            |t| {
                if t == 19 {
                    "2".into()
                } else {
                    (t % 2).to_string()
                }
            },
            ":21: column `c`: label 2 is out of range",
        ),
        (
            |_| "0".into(),
            ": column `c`: every label of the training part is 0",
        ),
    ] {
        let message = refusal_of(text(label), keys, "classification");
        assert!(message.starts_with(part), "{part}: {message}");
    }
}

#[test]
fn truncations_and_garbage_never_panic() {
    let good = rows(30).into_bytes();
    for end in 0..good.len() {
        // A file cut after a whole row is a shorter good file, or one that is too short; both are answers.
        if let Ok(found) = load(&good[..end], KEYS, "regression") {
            assert!(found.test.x.count > 0);
        }
    }
    let mut random = Random::new(5);
    for _ in 0..300 {
        let mut bytes = good.clone();
        for _ in 0..=random.below(5) {
            let at = random.below(bytes.len() as u64) as usize;
            bytes[at] = *b"\"\n\r,\x00\xffx9-e"
                .get(random.below(10) as usize)
                .unwrap();
        }
        if let Ok(found) = load(&bytes, KEYS, "regression") {
            assert!(found.train.x.values.iter().all(|v| v.is_finite()));
        }
    }
}
