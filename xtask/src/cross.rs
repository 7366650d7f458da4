//! `cross`: the runtime builds for every kind of embedded target, with each feature off and on.
use crate::setup;
use crate::step::{Outcome, Step};

/// Targets of the runtime; the boards' own and one that is not Arm.
pub const TARGETS: [&str; 5] = [
    "thumbv6m-none-eabi",
    "thumbv7m-none-eabi",
    "thumbv7em-none-eabihf",
    "thumbv8m.main-none-eabihf",
    "riscv32imac-unknown-none-elf",
];

/// The features that may be on or off there; `write` is for hosts.
const FEATURES: [&str; 4] = ["", "defmt", "micromath", "defmt,micromath"];

pub fn run(_: &[String]) -> Outcome {
    setup::targets()?;
    for target in TARGETS {
        for features in FEATURES {
            let mut line = format!("cargo build --release --package dunlin --target {target}");
            if !features.is_empty() {
                line.push_str(" --features ");
                line.push_str(features);
            }
            Step::new(&line).run()?;
        }
    }
    Ok(())
}
