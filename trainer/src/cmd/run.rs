//! `dunlin run`: the runtime's own outputs for an array of windows.
use std::path::PathBuf;

use clap::Args;

use super::source::Source;
use crate::data;
use crate::error::Result;
use crate::model_file::Runner;

/// Run a model file over windows and write its outputs
#[derive(Debug, Args)]
pub struct Arguments {
    /// The model file
    model: PathBuf,
    /// Windows [N, T, C] (x.npy), or a description (its test part); T may be less than the model's where `inspect` says so
    #[arg(long)]
    input: PathBuf,
    /// The outputs [N, T', C'] as f32 (y.npy); [N, C'] where the model gives one step
    #[arg(long)]
    output: PathBuf,
}

pub fn run(arguments: &Arguments) -> Result<()> {
    let runner = Runner::open(&arguments.model)?;
    let windows = Source::open(&arguments.input)?.test_windows();
    let outputs = runner.run(&windows)?;
    let channels = runner.output_shape().channels as usize;
    // Of shorter windows than the model's, fewer steps.
    let steps = outputs.len() / windows.count.max(1) / channels;
    let dimensions = if steps == 1 {
        vec![windows.count, channels]
    } else {
        vec![windows.count, steps, channels]
    };
    data::write_npy(&arguments.output, &dimensions, &outputs)?;
    println!("wrote {} {dimensions:?}", arguments.output.display());
    Ok(())
}
