//! `test`: all checks of the project, the quickest first.
use crate::step::{Outcome, Step};
use crate::{bench, boards, chapter, codegen, cross, firmware, setup, size, streams};

pub fn run(_: &[String]) -> Outcome {
    setup::run(&[])?;
    Step::new("cargo fmt --all --check").run()?;
    Step::new("cargo clippy --workspace --all-targets -- -D warnings").run()?;
    // Unit tests, integration tests, CLI tests and doc tests.
    Step::new("cargo test --workspace").run()?;
    // The other choice of f32 math; defmt's own macros need a target without an operating system.
    Step::new("cargo test --package dunlin --features write,micromath").run()?;
    cross::run(&[])?;
    firmware::run(&[])?;
    boards::run(&[])?;
    streams::run(&[])?;
    bench::run(&[])?;
    size::run(&[])?;
    codegen::run(&[])?;
    chapter::check()?;
    eprintln!("all checks passed");
    Ok(())
}
