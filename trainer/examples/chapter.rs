//! Trains one of the chapter's two models on its generated series and prints errors and time.
//! `cargo run --release --example chapter -- lstm|conv [epochs] [seed]`
use std::time::Instant;

use dunlin_trainer::config::{LayerConfig, Task, TrainingConfig};
use dunlin_trainer::data::{Split, Targets, Windows};
use dunlin_trainer::net::Network;
use dunlin_trainer::net::random::Random;
use dunlin_trainer::train::{Bar, fit};

fn series(count: usize, seed: u64) -> Split {
    let mut random = Random::new(seed, 0);
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let [f1, f2, o1, o2] = std::array::from_fn(|_| random.uniform());
        let wave: Vec<f32> = (0..51)
            .map(|i| {
                let t = f64::from(i) / 50.0;
                let value = 0.5 * ((t - o1) * (10.0 * f1 + 10.0)).sin()
                    + 0.2 * ((t - o2) * (20.0 * f2 + 20.0)).sin()
                    + 0.1 * (random.uniform() - 0.5);
                value as f32
            })
            .collect();
        x.extend_from_slice(&wave[..50]);
        y.push(wave[50]);
    }
    Split {
        x: Windows {
            count,
            steps: 50,
            channels: 1,
            values: x,
        },
        y: Targets::Values {
            width: 1,
            values: y,
        },
    }
}

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
        ..TrainingConfig::default()
    };
    let layers = models(lstm);
    let (train, validation, test) = (series(7000, 1), series(2000, 2), series(1000, 3));
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
