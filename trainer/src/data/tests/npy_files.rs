//! `.npy` files: good ones in every layout, and bad ones.
use super::{Folder, floats, text};
use crate::config::Task;
use crate::data::random::Random;
use crate::data::{Targets, read_targets, read_windows, write_npy};

#[test]
fn windows_of_every_layout_read_the_same() {
    let folder = Folder::new();
    let values: Vec<f32> = (0..12).map(|i| i as f32 + 0.5).collect();
    let double: Vec<u8> = values
        .iter()
        .flat_map(|v| f64::from(*v).to_le_bytes())
        .collect();
    let big: Vec<u8> = values.iter().flat_map(|v| v.to_be_bytes()).collect();
    // [2, 3, 2] in Fortran order: the first index runs fastest.
    let order = [0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11];
    let fortran: Vec<f32> = order.iter().map(|i| values[*i]).collect();
    for path in [
        folder.npy("a", "<f4", "False", "(2, 3, 2)", &floats(&values)),
        folder.npy("b", "<f8", "False", "(2, 3, 2)", &double),
        folder.npy("c", ">f4", "False", "(2, 3, 2)", &big),
        folder.npy("d", "<f4", "True", "(2, 3, 2)", &floats(&fortran)),
    ] {
        let windows = read_windows(&path).unwrap();
        assert_eq!(
            (windows.count, windows.steps, windows.channels),
            (2, 3, 2),
            "{}",
            path.display()
        );
        assert_eq!(windows.values, values, "{}", path.display());
    }
    let flat = read_windows(folder.npy("e", "<f4", "False", "(3, 4)", &floats(&values))).unwrap();
    assert_eq!((flat.count, flat.steps, flat.channels), (3, 4, 1));
}

#[test]
fn what_is_written_reads_back() {
    let folder = Folder::new();
    let path = folder.0.path().join("out.npy");
    let values = [1.5, -2.25, f32::MIN_POSITIVE, f32::MAX, 0.1, -0.0];
    write_npy(&path, &[1, 3, 2], &values).unwrap();
    assert_eq!(read_windows(&path).unwrap().values, values);
    assert_eq!(
        std::fs::read(&path).unwrap().len() % 64,
        24,
        "the data starts at a multiple of 64"
    );
    write_npy(&path, &[6], &values).unwrap();
    let Targets::Values {
        steps: 1,
        width: 1,
        values: read,
    } = read_targets(&path, Task::Regression, None).unwrap()
    else {
        panic!("values were written")
    };
    assert_eq!(read, values);
    assert!(
        text(write_npy(&path, &[2, 2], &values)).contains("shape [2, 2] does not have 6 values")
    );
}

#[test]
fn labels_of_every_integer_type_read_the_same() {
    let folder = Folder::new();
    for (descr, data) in [
        ("|i1", vec![0, 2, 1]),
        ("|u1", vec![0, 2, 1]),
        ("<i2", vec![0, 0, 2, 0, 1, 0]),
        (">u2", vec![0, 0, 0, 2, 0, 1]),
        (
            "<i4",
            [0i32, 2, 1].iter().flat_map(|v| v.to_le_bytes()).collect(),
        ),
        (
            "<i8",
            [0i64, 2, 1].iter().flat_map(|v| v.to_le_bytes()).collect(),
        ),
        (
            "<u8",
            [0u64, 2, 1].iter().flat_map(|v| v.to_le_bytes()).collect(),
        ),
    ] {
        let path = folder.npy("y", descr, "False", "(3,)", &data);
        let labels = read_targets(path, Task::Classification, None).unwrap();
        assert_eq!(
            labels,
            Targets::Labels {
                classes: 3,
                labels: vec![0, 2, 1]
            },
            "{descr}"
        );
    }
}

#[test]
fn bad_windows_are_refused_with_the_reason() {
    let folder = Folder::new();
    let four = floats(&[1.0, 2.0, 3.0, 4.0]);
    for (descr, shape, data, part) in [
        (
            "<i4",
            "(2, 2)",
            four.clone(),
            "windows are int32; they must be float32",
        ),
        (
            "<f2",
            "(2, 4)",
            four.clone(),
            "element type `<f2` is not supported",
        ),
        ("<U4", "(1, 1)", four.clone(), "element type `<U4`"),
        ("|b1", "(2, 8)", four.clone(), "element type `|b1`"),
        (
            "<f4",
            "(4,)",
            four.clone(),
            "shape [4]; they must be [N, T, C]",
        ),
        ("<f4", "(1, 2, 2, 1)", four.clone(), "shape [1, 2, 2, 1]"),
        ("<f4", "()", four[..4].to_vec(), "shape []"),
        (
            "<f4",
            "(0, 2, 2)",
            vec![],
            "no windows: the shape is [0, 2, 2]",
        ),
        ("<f4", "(2, 0)", vec![], "no windows"),
        (
            "<f4",
            "(2, 2, 2)",
            four.clone(),
            "but 16 bytes of data follow",
        ),
        ("<f4", "(1, 2)", four.clone(), "but 16 bytes of data follow"),
        (
            "<f4",
            "(18446744073709551615, 2, 2)",
            four.clone(),
            "but 16 bytes",
        ),
        (
            "<f4",
            "(99999999999999999999999, 2)",
            four.clone(),
            "damaged .npy header",
        ),
        ("<f4", "(-1, 2)", four.clone(), "damaged .npy header"),
        (
            "<f4",
            "(1, 2, 2)",
            floats(&[1.0, 2.0, f32::NAN, 4.0]),
            "NaN at index [0, 1, 0]",
        ),
        (
            "<f4",
            "(2, 2, 1)",
            floats(&[1.0, 2.0, 3.0, f32::NEG_INFINITY]),
            "-inf at index [1, 1, 0]",
        ),
        (
            "<f8",
            "(1, 1)",
            1e300f64.to_le_bytes().to_vec(),
            "does not fit float32",
        ),
    ] {
        let path = folder.npy("x.npy", descr, "False", shape, &data);
        let message = text(read_windows(&path));
        assert!(
            message.starts_with(&path.display().to_string()),
            "{message}"
        );
        assert!(message.contains(part), "{part}: {message}");
    }
    let absent = text(read_windows(folder.0.path().join("absent.npy")));
    assert!(absent.contains("absent.npy"), "{absent}");
    text(read_windows(folder.0.path()));
    assert!(text(read_windows(folder.file("e.npy", b""))).contains("only 0 bytes"));
    assert!(
        text(read_windows(
            folder.file("z.npy", b"PK\x03\x04 a zip archive")
        ))
        .contains("not a .npy file")
    );
}

#[test]
fn bad_targets_are_refused_with_the_reason() {
    let folder = Folder::new();
    let label =
        |values: &[i64]| -> Vec<u8> { values.iter().flat_map(|v| v.to_le_bytes()).collect() };
    let four = floats(&[1.0, 2.0, 0.5, 4.0]);
    let (regression, classification) = (Task::Regression, Task::Classification);
    for (task, classes, descr, shape, data, part) in [
        (
            classification,
            None,
            "<i8",
            "(3,)",
            label(&[0, -1, 1]),
            "label -1 at index 1 is out of range",
        ),
        (
            classification,
            None,
            "<i8",
            "(2,)",
            label(&[0, 1 << 40]),
            "label 1099511627776 at index 1",
        ),
        (
            classification,
            Some(2),
            "<i8",
            "(2,)",
            label(&[0, 2]),
            "there are 2 classes, 0 to 1",
        ),
        (
            classification,
            None,
            "<i8",
            "(2, 1)",
            label(&[0, 1]),
            "labels have shape [2, 1]",
        ),
        (classification, None, "<i8", "(0,)", vec![], "no targets"),
        (
            classification,
            None,
            "<f4",
            "(4,)",
            four.clone(),
            "value 2 is 0.5",
        ),
        (
            classification,
            None,
            "<f4",
            "(2,)",
            floats(&[0.0, 1.0]),
            "labels are float32",
        ),
        (
            regression,
            None,
            "<i8",
            "(2,)",
            label(&[0, 1]),
            "the model's task is regression",
        ),
        (
            regression,
            None,
            "<f4",
            "(1, 2, 2, 1)",
            four.clone(),
            "targets have shape [1, 2, 2, 1]",
        ),
        (regression, None, "<f4", "(2, 0)", vec![], "no targets"),
        (
            regression,
            None,
            "<f4",
            "(2, 2)",
            floats(&[1.0, 2.0, 3.0, f32::NAN]),
            "NaN at index [1, 1]",
        ),
    ] {
        let path = folder.npy("y.npy", descr, "False", shape, &data);
        let message = text(read_targets(&path, task, classes));
        assert!(
            message.starts_with(&path.display().to_string()),
            "{message}"
        );
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[test]
fn every_truncation_is_refused_and_garbage_never_panics() {
    let folder = Folder::new();
    let path = folder.npy(
        "x.npy",
        "<f4",
        "False",
        "(2, 2)",
        &floats(&[1.0, 2.0, 3.0, 4.0]),
    );
    let good = std::fs::read(&path).unwrap();
    for end in 0..good.len() {
        text(read_windows(folder.file("x.npy", &good[..end])));
    }
    let header = good.len() - 16;
    let mut random = Random::new(11);
    for _ in 0..2_000 {
        let mut bytes = good.clone();
        for _ in 0..=random.below(4) {
            let at = random.below(header as u64) as usize;
            bytes[at] = random.below(256) as u8;
        }
        // Refused or read; a header that still makes sense has still four values.
        if let Ok(windows) = read_windows(folder.file("x.npy", &bytes)) {
            assert_eq!(
                windows.values.len(),
                4,
                "{:?}",
                String::from_utf8_lossy(&bytes)
            );
        }
    }
    for header in [
        "{",
        "{}",
        "{'descr'",
        "{'shape': (((((((",
        "{'descr': [('a', '<f4')], }",
        "{'descr': '', 'shape': (), 'fortran_order': False}",
        "{'é': 1}",
    ] {
        let mut bytes = b"\x93NUMPY\x02\x00".to_vec();
        bytes.extend((header.len() as u32).to_le_bytes());
        bytes.extend(header.as_bytes());
        text(read_windows(folder.file("x.npy", &bytes)));
    }
    let mut long = b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec();
    long.extend([b'('; 1000]);
    assert!(text(read_windows(folder.file("x.npy", &long))).contains("claims 4294967295 bytes"));
}
