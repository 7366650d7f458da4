//! `miri`: kernels, small models and damaged ones under Miri, which sees reads outside and undefined behaviour.
use crate::step::{Outcome, Step};

pub fn run(_: &[String]) -> Outcome {
    if !Step::new("cargo +nightly miri --version").succeeds() {
        Step::new("rustup toolchain install nightly --profile minimal --component miri,rust-src")
            .run()?;
    }
    // The boards' programs are no work for Miri: it has no assembly, and the model that executes their texts has no `unsafe`.
    Step::new(
        "cargo +nightly miri test --config xtask/miri.toml --package conformance --test miri -- --nocapture",
    )
    .run()
}
