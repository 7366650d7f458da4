//! Tests of the file readers: what loads, and what each refusal says.
use crate::error::Error;
use std::path::PathBuf;

mod csv_files;
mod npy_files;
mod npy_parts;

/// A folder of test files.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A file with the bytes that `numpy.save` writes for `descr`, order and shape, and then `data`.
    fn npy(&self, name: &str, descr: &str, fortran: &str, shape: &str, data: &[u8]) -> PathBuf {
        let header =
            format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        self.file(name, &bytes)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn text<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    let error = result.expect_err("this file should be refused");
    assert_eq!(error.exit_code(), 2);
    error.to_string()
}
