//! The command line program `dunlin`: parse, run, exit code.
fn main() {}
