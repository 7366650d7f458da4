//! Trains one of the chapter's two models on its generated series and prints errors and time.
//! `cargo run --release --example chapter -- lstm|conv [epochs] [seed] [clip_norm] [learning_rate]`
use std::time::Instant;

use dunlin_trainer::config::{
    Config, DataConfig, LayerConfig, Mode, ModelConfig, Task, TrainingConfig,
};
use dunlin_trainer::data::{Targets, load};
use dunlin_trainer::net::Network;
use dunlin_trainer::train::{Bar, fit};

fn main() -> dunlin_trainer::error::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let lstm = arguments.first().is_none_or(|a| a != "conv");
    let number = |i: usize, default: u64| {
        arguments
            .get(i)
            .and_then(|a| a.parse().ok())
            .unwrap_or(default)
    };
    let config = TrainingConfig {
        epochs: number(1, 20) as usize,
        seed: number(2, 42),
        clip_norm: arguments
            .get(3)
            .and_then(|a| a.parse().ok())
            .filter(|c| *c > 0.0),
        learning_rate: arguments.get(4).and_then(|a| a.parse().ok()),
        ..TrainingConfig::default()
    };
    let layers = models(lstm);
    let data = load(&Config {
        model: ModelConfig {
            name: String::new(),
            task: Task::Regression,
            mode: Mode::Windowed,
        },
        layers: layers.clone(),
        data: DataConfig::Series {
            steps: 50,
            train: 7000,
            validation: 2000,
            test: 1000,
            seed: 42,
        },
        training: config.clone(),
    })?;
    let (train, validation, test) = (data.train, data.validation, data.test);
    let mut network = Network::new(&layers, 50, 1, config.seed)?;
    let mut bar = Bar::new(false);
    let start = Instant::now();
    let history = fit(
        &mut network,
        &train,
        &validation,
        Task::Regression,
        &config,
        &mut |news| bar.show(news),
    )?;
    let seconds = start.elapsed().as_secs_f64();
    for epoch in &history.epochs {
        println!("{epoch:?}");
    }
    let y = network.forward(&test.x.values, test.x.count);
    let Targets::Values { values, .. } = &test.y else {
        unreachable!()
    };
    let mse: f32 = y
        .iter()
        .zip(values)
        .map(|(y, t)| (y - t).powi(2))
        .sum::<f32>()
        / 1000.0;
    println!("test mse {mse:.5}, {seconds:.1} s");
    Ok(())
}

fn models(lstm: bool) -> Vec<LayerConfig> {
    use dunlin_trainer::config::{Activation, Padding};
    let dense = LayerConfig::Dense {
        units: 1,
        activation: Activation::Linear,
        use_bias: true,
    };
    if lstm {
        vec![
            LayerConfig::Lstm {
                units: 100,
                activation: Activation::Relu,
                recurrent_activation: Activation::Sigmoid,
                return_sequences: false,
                use_bias: true,
            },
            dense,
        ]
    } else {
        vec![
            LayerConfig::Conv1d {
                filters: 64,
                kernel_size: 3,
                padding: Padding::Valid,
                strides: 1,
                dilation_rate: 1,
                activation: Activation::Relu,
                use_bias: true,
            },
            LayerConfig::MaxPool1d {
                pool_size: 2,
                strides: None,
                padding: Padding::Valid,
            },
            LayerConfig::Flatten,
            dense,
        ]
    }
}
