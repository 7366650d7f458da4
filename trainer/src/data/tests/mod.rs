//! Tests of the file readers: what loads, and what each refusal says.
mod csv_files;
mod npy_files;
