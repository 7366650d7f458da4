//! `miri`: damaged small models, kernels and the texts of kernels under Miri, which sees reads outside and undefined behaviour.
use crate::step::{Outcome, Step};

pub fn run(_: &[String]) -> Outcome {
    if !Step::new("cargo +nightly miri --version").succeeds() {
        Step::new("rustup toolchain install nightly --profile minimal --component miri,rust-src")
            .run()?;
    }
    Step::new("cargo +nightly miri test --package conformance --test miri --test programs").run()
}
