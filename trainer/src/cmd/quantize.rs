//! `dunlin quantize`: from a float model file to w8a16.
use std::path::PathBuf;

use clap::Args;

use super::source::Source;
use crate::device::Target;
use crate::error::{Error, Result};
use crate::model_file::{FloatModel, Runner};
use crate::report::atomic;

/// Quantize a float model file to int8 weights and int16 activations
#[derive(Debug, Args)]
pub struct Arguments {
    /// The float model file
    #[arg(value_name = "MODEL.f32.dunlin")]
    model: PathBuf,
    /// Windows for calibration, from the training data: a description (its training part) or x.npy
    #[arg(long)]
    data: PathBuf,
    /// The file to write [default: MODEL.dunlin beside the float model]
    #[arg(long)]
    output: Option<PathBuf>,
    /// The cores that the file is for: its weights stand in the order that they read fastest
    #[arg(long, value_enum, default_value_t)]
    target: Target,
}

pub fn run(arguments: &Arguments) -> Result<()> {
    let source = arguments.model.display();
    let bytes = std::fs::read(&arguments.model)
        .map_err(|error| Error::input(format!("{source}: {error}")))?;
    let named = |error: Error| Error::input(format!("{source}: {error}"));
    let model = FloatModel::from_bytes(&bytes).map_err(named)?;
    let windows = Source::open(&arguments.data)?.training_windows();
    let quantized = crate::quantize::quantize(&model, &windows).map_err(named)?;
    let packing = arguments.target.packing();
    let quantized = Runner::new(&quantized, &source.to_string())?.packed(packing)?;
    let quantized = quantized.bytes();
    let output = match &arguments.output {
        Some(output) => output.clone(),
        None => {
            let name = arguments
                .model
                .file_name()
                .unwrap_or_default()
                .to_string_lossy();
            let stem = name.strip_suffix(".dunlin").unwrap_or(&name);
            let stem = stem.strip_suffix(".f32").ok_or_else(|| {
                Error::input(format!("{source}: its name does not end in .f32.dunlin; name the file to write with --output"))
            })?;
            arguments.model.with_file_name(format!("{stem}.dunlin"))
        }
    };
    atomic::write(&output, quantized)?;
    println!(
        "wrote {} ({} bytes; the float model has {})",
        output.display(),
        quantized.len(),
        bytes.len()
    );
    Ok(())
}
