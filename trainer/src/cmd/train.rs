//! `dunlin train`: from a description to two model files, the history and the learning curves.
use std::path::PathBuf;

use clap::Args;
use dunlin::Mode;

use crate::config::{self, Config};
use crate::data::{self, Dataset, Scaling, Split, Targets, apply, apply_targets};
use crate::device::Target;
use crate::error::{Error, Result};
use crate::metrics::{self, Evaluation};
use crate::model_file::{FloatModel, Runner};
use crate::net::Network;
use crate::quantize::quantize;
use crate::report::table::{Table, thousands};
use crate::report::{atomic, curves, history};
use crate::train::{Bar, fit};

/// Train a model from its description
#[derive(Debug, Args)]
pub struct Arguments {
    /// The description of model, data and training (TOML)
    #[arg(value_name = "MODEL.toml")]
    description: PathBuf,
    /// Folder for model.f32.dunlin, model.dunlin, history.csv and learning_curves.svg
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Instead of the description's epochs
    #[arg(long)]
    epochs: Option<usize>,
    /// Instead of the description's seed; the same seed gives the same model
    #[arg(long)]
    seed: Option<u64>,
    /// The cores that model.dunlin is for: its weights stand in the order that they read fastest
    #[arg(long, value_enum, default_value_t)]
    target: Target,
    /// No progress bar
    #[arg(long)]
    quiet: bool,
}

pub fn run(arguments: &Arguments) -> Result<()> {
    let mut config = Config::load(&arguments.description)?;
    if let Some(epochs) = arguments.epochs {
        if epochs == 0 {
            return Err(Error::input("--epochs 0 trains nothing; give 1 or more"));
        }
        config.training.epochs = epochs;
    }
    config.training.seed = arguments.seed.unwrap_or(config.training.seed);
    let dataset = data::load(&config)?;
    let train = normalized(&dataset.train, &dataset);
    let validation = normalized(&dataset.validation, &dataset);
    let network = Network::from_tables(
        &config.layers,
        train.x.steps,
        train.x.channels,
        config.training.seed,
    )?;
    let mut model = FloatModel {
        name: name(&config, arguments),
        mode: match config.model.mode {
            config::Mode::Windowed => Mode::Windowed,
            config::Mode::Continuous => Mode::Continuous,
        },
        hop: config.model.hop.unwrap_or_default(),
        network,
        input_scales: normalizing(&dataset.input_scaling),
        output_scales: denormalizing(&dataset.target_scaling),
    };
    // What no file can hold is refused before an hour of training.
    model.to_bytes()?;
    let mut bar = Bar::new(arguments.quiet);
    let task = config.model.task;
    let history = fit(
        &mut model.network,
        &train,
        &validation,
        task,
        &config.training,
        &mut |news| bar.show(news),
    )?;

    let float = Runner::new(&model.to_bytes()?, "the float model")?;
    let quantized = Runner::new(&quantize(&model, &dataset.train.x)?, "the quantized model")?;
    let quantized = quantized.packed(arguments.target.packing())?;
    let scores = [
        (
            "f32",
            &float,
            metrics::evaluate(&float.run(&dataset.test.x)?, &dataset)?,
        ),
        (
            "w8a16",
            &quantized,
            metrics::evaluate(&quantized.run(&dataset.test.x)?, &dataset)?,
        ),
    ];

    let out = &arguments.out;
    std::fs::create_dir_all(out).map_err(|error| {
        Error::input(format!("cannot make the folder {}: {error}", out.display()))
    })?;
    atomic::write(&out.join("model.f32.dunlin"), float.bytes())?;
    atomic::write(&out.join("model.dunlin"), quantized.bytes())?;
    history::write(&out.join("history.csv"), &history)?;
    curves::write(&out.join("learning_curves.svg"), &model.name, &history)?;
    print!("{}", summary(&scores));
    println!(
        "wrote model.f32.dunlin, model.dunlin, history.csv and learning_curves.svg to {}",
        out.display()
    );
    Ok(())
}

/// The given name, or that of the description file, cut to what a model file holds.
fn name(config: &Config, arguments: &Arguments) -> String {
    let stem = || {
        arguments
            .description
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
    };
    let mut name = if config.model.name.is_empty() {
        stem().unwrap_or_default()
    } else {
        config.model.name.clone()
    };
    while name.len() > 32 {
        name.pop();
    }
    name
}

fn normalized(split: &Split, dataset: &Dataset) -> Split {
    Split {
        x: apply(&dataset.input_scaling, &split.x),
        y: match &split.y {
            Targets::Values { .. } => apply_targets(&dataset.target_scaling, &split.y),
            Targets::Labels { .. } => split.y.clone(),
        },
    }
}

/// `normalized = raw * scale + offset`.
fn normalizing(scaling: &Scaling) -> Vec<[f32; 2]> {
    let channels = scaling.mean.iter().zip(&scaling.std);
    channels
        .map(|(mean, std)| [1.0 / std, -mean / std])
        .collect()
}

/// `raw = normalized * scale + offset`.
fn denormalizing(scaling: &Scaling) -> Vec<[f32; 2]> {
    let channels = scaling.mean.iter().zip(&scaling.std);
    channels.map(|(mean, std)| [*std, *mean]).collect()
}

/// Scores on the test part: both models and the baselines.
fn summary(models: &[(&str, &Runner, Evaluation)]) -> Table {
    let header = super::evaluate::header(&models[0].2.scores);
    let mut table = Table::new([vec!["test"], header, vec!["file bytes"]].concat());
    for (name, runner, evaluation) in models {
        let cells = super::evaluate::cells(&evaluation.scores);
        table.row(
            [
                vec![(*name).to_owned()],
                cells,
                vec![thousands(runner.bytes().len() as u64)],
            ]
            .concat(),
        );
    }
    for (name, cells) in super::evaluate::baseline_cells(&models[0].2.baselines) {
        table.row([vec![name.to_owned()], cells].concat());
    }
    table
}
