//! The command line program `dunlin`: parse, run, exit code.
use std::process::ExitCode;

use clap::Parser;
use dunlin_trainer::cmd::Cli;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
