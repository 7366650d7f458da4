//! The command line: the tree of files is the tree of commands.
use clap::{Parser, Subcommand};

use crate::error::Result;

mod evaluate;
mod inspect;
mod quantize;
mod run;
mod source;
mod train;
mod verify;

/// Takes recorded sensor data to a sequence model running on a microcontroller.
///
/// Exit codes: 0, 1 for a failed check, 2 for bad input.
#[derive(Debug, Parser)]
#[command(name = "dunlin", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Train(train::Arguments),
    Quantize(quantize::Arguments),
    Evaluate(evaluate::Arguments),
    Run(run::Arguments),
    Inspect(inspect::Arguments),
    Verify(verify::Arguments),
}

impl Cli {
    /// Carries out the command; what it has to say for scripts goes to standard output.
    ///
    /// # Errors
    /// The sentence for a person and the exit code.
    pub fn run(self) -> Result<()> {
        match self.command {
            Command::Train(arguments) => train::run(&arguments),
            Command::Quantize(arguments) => quantize::run(&arguments),
            Command::Evaluate(arguments) => evaluate::run(&arguments),
            Command::Run(arguments) => run::run(&arguments),
            Command::Inspect(arguments) => inspect::run(&arguments),
            Command::Verify(arguments) => verify::run(&arguments),
        }
    }
}
