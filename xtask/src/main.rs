//! Every check and every set-up step: `cargo xtask JOB`, the same here and in CI.
use std::env;
use std::process::ExitCode;

mod bench;
mod boards;
mod chapter;
mod codegen;
mod cross;
mod demo;
mod firmware;
mod fuzz;
mod host;
mod measure;
mod miri;
mod qemu;
mod setup;
mod size;
mod snr;
mod step;
mod streams;
mod test;

use step::{Failure, Outcome};

/// A job: its name, its arguments, what it does, and its code. A new job is a line here and a file beside this one.
struct Job {
    name: &'static str,
    arguments: &'static str,
    purpose: &'static str,
    run: fn(&[String]) -> Outcome,
}

const JOBS: [Job; 16] = [
    Job {
        name: "demo",
        arguments: "",
        purpose: "the chapter's two models from data to an emulated Cortex-M4, and one table",
        run: demo::run,
    },
    Job {
        name: "chapter",
        arguments: "[--rows NAME,...] [--epochs N] [--quick] [--write]",
        purpose: "all models of the chapter, likewise, and its tables; --write puts them into README",
        run: chapter::run,
    },
    Job {
        name: "snr",
        arguments: "[--write]",
        purpose: "signal-to-noise ratios of every layer and model in w8a16; --write puts them into docs/accuracy.md",
        run: snr::run,
    },
    Job {
        name: "setup",
        arguments: "",
        purpose: "install what is missing: Rust targets and QEMU",
        run: setup::run,
    },
    Job {
        name: "test",
        arguments: "",
        purpose: "everything: fmt, clippy, tests, then the jobs cross, firmware and boards",
        run: test::run,
    },
    Job {
        name: "cross",
        arguments: "",
        purpose: "build the runtime for five embedded targets, each feature off and on",
        run: cross::run,
    },
    Job {
        name: "firmware",
        arguments: "[BOARD...]",
        purpose: "fmt, clippy and all images of the boards",
        run: firmware::run,
    },
    Job {
        name: "boards",
        arguments: "[BOARD...]",
        purpose: "run all images in QEMU and compare the golden models with the host, bit by bit",
        run: boards::run,
    },
    Job {
        name: "bench",
        arguments: "[CASE...] [--board BOARD] [--json | --functions] [--cycles] [--write]",
        purpose: "executed instructions of layers and models on the boards, and where they go; --write accepts them",
        run: bench::run,
    },
    Job {
        name: "streams",
        arguments: "",
        purpose: "what a sample of a stream costs on a Cortex-M4 against the whole window",
        run: streams::run,
    },
    Job {
        name: "host",
        arguments: "",
        purpose: "time models on this computer, in turns with the TFLite interpreter from PyPI",
        run: host::run,
    },
    Job {
        name: "size",
        arguments: "[--functions] [BOARD...]",
        purpose: "flash, RAM and stack of images with a built-in model, against the boards' budgets; no panics in them",
        run: size::run,
    },
    Job {
        name: "codegen",
        arguments: "[BOARD...]",
        purpose: "the hot loops have the instructions that they are written for, and integer images no software floats",
        run: codegen::run,
    },
    Job {
        name: "fuzz",
        arguments: "[SECONDS]",
        purpose: "arbitrary bytes as models, for a minute",
        run: fuzz::run,
    },
    Job {
        name: "miri",
        arguments: "",
        purpose: "kernels, small models and damaged ones under Miri; some minutes",
        run: miri::run,
    },
    Job {
        name: "qemu",
        arguments: "BOARD IMAGE",
        purpose: "run an image and print its log; what `cargo run` in a board's folder calls",
        run: qemu::run,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let chosen = arguments
        .first()
        .and_then(|name| JOBS.iter().find(|job| job.name == name));
    let Some(job) = chosen else {
        eprintln!("usage: cargo xtask JOB\n\njobs:");
        for job in &JOBS {
            let call = format!("{} {}", job.name, job.arguments);
            eprintln!("  {call:<20}  {}", job.purpose);
        }
        return ExitCode::from(2);
    };
    match (job.run)(&arguments[1..]) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { sentence, code }) => {
            eprintln!("error: {sentence}");
            ExitCode::from(code)
        }
    }
}
