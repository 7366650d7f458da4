//! Training: the same bits on any number of threads, models that learn, and early stopping; `refusals` what cannot be trained.
use dunlin_trainer::config::{
    Activation, LayerConfig, Loss, Optimizer, Padding, Task, TrainingConfig,
};
use dunlin_trainer::data::random::Random;
use dunlin_trainer::data::{Split, Targets, Windows};
use dunlin_trainer::error::Result;
use dunlin_trainer::metrics::{Scores, score};
use dunlin_trainer::net::Network;
use dunlin_trainer::train::{History, fit};

#[path = "../layers/mod.rs"]
mod layers;
mod refusals;

use layers::{dense, lstm};

/// Noisy waves of 12 steps; the target is the next value, or which of three frequencies the wave has.
fn waves(count: usize, seed: u64, task: Task) -> Split {
    let mut random = Random::new(seed);
    let (mut x, mut next, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..count {
        let class = random.below(3);
        let phase = 6.0 * random.uniform();
        for t in 0..=12 {
            let value = (phase + f64::from(t) * (0.3 + 0.4 * class as f64)).sin();
            let value = (value + 0.1 * (random.uniform() - 0.5)) as f32;
            if t < 12 { &mut x } else { &mut next }.push(value);
        }
        labels.push(class as u32);
    }
    Split {
        x: Windows {
            count,
            steps: 12,
            channels: 1,
            values: x,
        },
        y: match task {
            Task::Regression => Targets::Values {
                steps: 1,
                width: 1,
                values: next,
            },
            Task::Classification => Targets::Labels { classes: 3, labels },
        },
    }
}

fn run(layers: &[LayerConfig], task: Task, config: &TrainingConfig) -> Result<(Network, History)> {
    let mut network = Network::new(layers, 12, 1, config.seed)?;
    let (train, validation) = (waves(330, 1, task), waves(100, 2, task));
    let history = fit(&mut network, &train, &validation, task, config, &mut |_| ())?;
    Ok((network, history))
}

fn config(epochs: usize) -> TrainingConfig {
    TrainingConfig {
        epochs,
        learning_rate: Some(0.01),
        ..TrainingConfig::default()
    }
}

fn classifier() -> [LayerConfig; 6] {
    let conv = LayerConfig::Conv1d {
        groups: 1,
        filters: 8,
        kernel_size: 3,
        padding: Padding::Same,
        strides: 1,
        dilation_rate: 1,
        activation: Activation::Relu,
        use_bias: true,
    };
    let pool = LayerConfig::MaxPool1d {
        pool_size: 2,
        strides: None,
        padding: Padding::Valid,
    };
    [
        conv,
        pool,
        LayerConfig::Dropout { rate: 0.2 },
        lstm(10, Activation::Tanh, true),
        LayerConfig::Flatten,
        dense(3, Activation::Softmax),
    ]
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let config = TrainingConfig {
        batch_size: 50,
        clip_norm: Some(0.5),
        ..config(2)
    };
    let train = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| run(&classifier(), Task::Classification, &config))
            .unwrap()
    };
    let (network, history) = train(1);
    for threads in [2, 5] {
        let (other, other_history) = train(threads);
        assert_eq!(history, other_history, "{threads} threads");
        for (a, b) in network.parameters().iter().zip(other.parameters()) {
            let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert_eq!(
                bits(a.values),
                bits(b.values),
                "{threads} threads, {}",
                a.name
            );
        }
    }
    let other_seed = TrainingConfig {
        seed: 43,
        ..config.clone()
    };
    assert_ne!(
        run(&classifier(), Task::Classification, &other_seed)
            .unwrap()
            .1,
        history
    );
}

#[test]
fn a_classifier_learns_with_dropout_and_a_small_last_batch() {
    let (network, history) = run(&classifier(), Task::Classification, &config(8)).unwrap();
    assert_eq!(
        (history.metric, history.epochs.len(), history.kept_epoch),
        ("accuracy", 8, 8)
    );
    let last = history.epochs[7];
    assert!(last.validation.unwrap().metric > 0.95, "{last:?}");
    assert!(
        last.train.loss < 0.3 * history.epochs[0].train.loss,
        "{last:?}"
    );
    // The reported accuracy is that of the network that was kept.
    let test = waves(100, 2, Task::Classification);
    let y = network.forward(&test.x.values, 100);
    let Targets::Labels { labels, .. } = &test.y else {
        panic!("a classification has labels")
    };
    let hits = y
        .chunks_exact(3)
        .zip(labels)
        .filter(|(y, label)| y.iter().all(|v| *v <= y[**label as usize]));
    assert!((hits.count() as f64 / 100.0 - last.validation.unwrap().metric).abs() < 1e-9);
}

#[test]
fn both_lstms_and_all_losses_and_optimizers_learn() {
    for activation in [Activation::Tanh, Activation::Relu] {
        for (optimizer, loss, rate) in [
            (Optimizer::Adam, Loss::Mse, 0.01),
            (Optimizer::Adam, Loss::Mae, 0.01),
            (Optimizer::Sgd, Loss::Mse, 0.1),
        ] {
            let config = TrainingConfig {
                optimizer,
                loss: Some(loss),
                learning_rate: Some(rate),
                momentum: 0.9,
                clip_norm: Some(1.0),
                ..config(20)
            };
            let layers = [lstm(12, activation, false), dense(1, Activation::Linear)];
            let (_, history) = run(&layers, Task::Regression, &config).unwrap();
            let mae = history.epochs.last().unwrap().validation.unwrap().metric;
            // The last value as the answer is off by 0.4 on average.
            assert!(mae < 0.2, "{activation:?} {optimizer:?} {loss:?}: {mae}");
        }
    }
}

#[test]
fn early_stopping_keeps_the_best_weights() {
    let config = TrainingConfig {
        early_stopping: Some(2),
        learning_rate: Some(0.05),
        ..config(100)
    };
    let layers = [
        LayerConfig::Flatten,
        dense(30, Activation::Relu),
        dense(1, Activation::Linear),
    ];
    let (network, history) = run(&layers, Task::Regression, &config).unwrap();
    let losses: Vec<f64> = history
        .epochs
        .iter()
        .map(|e| e.validation.unwrap().loss)
        .collect();
    let least = losses.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(losses.len() < 100, "it never stopped");
    assert_eq!(losses[history.kept_epoch - 1], least);
    assert_eq!(losses.len(), history.kept_epoch + 2);
    let validation = waves(100, 2, Task::Regression);
    let Targets::Values { values, .. } = &validation.y else {
        panic!("a regression has values")
    };
    let y = network.forward(&validation.x.values, 100);
    let squares = y.iter().zip(values).map(|(y, t)| f64::from(y - t).powi(2));
    assert!((squares.sum::<f64>() / 100.0 - least).abs() < 1e-12);
}

#[test]
fn several_targets_and_whole_sequences_are_met_as_they_stand() {
    let layers = [
        lstm(4, Activation::Tanh, true),
        dense(1, Activation::Linear),
    ];
    let mut train = waves(64, 1, Task::Regression);
    train.y = Targets::Values {
        steps: 1,
        width: 12,
        values: train.x.values.iter().map(|v| 0.5 * v).collect(),
    };
    let mut network = Network::new(&layers, 12, 1, 1).unwrap();
    let empty = waves(0, 1, Task::Regression);
    let history = fit(
        &mut network,
        &train,
        &empty,
        Task::Regression,
        &config(60),
        &mut |_| (),
    )
    .unwrap();
    assert_eq!(history.epochs[59].validation, None);
    assert!(
        history.epochs[59].train.loss < 0.01,
        "{:?}",
        history.epochs[59]
    );
}

#[test]
fn the_last_step_of_a_sequence_is_reported_beside_the_loss() {
    let layers = [
        lstm(6, Activation::Tanh, true),
        dense(2, Activation::Linear),
    ];
    let mut train = waves(64, 1, Task::Regression);
    // At each second step: half the value, and a value that only the last step has.
    let pairs = train.x.values.iter().enumerate();
    train.y = Targets::Values {
        steps: 6,
        width: 2,
        values: pairs
            .filter(|(i, _)| i % 2 == 1)
            .flat_map(|(i, v)| [0.5 * v, if i % 12 == 11 { 3.0 } else { 0.0 }])
            .collect(),
    };
    let conv = LayerConfig::Conv1d {
        groups: 1,
        filters: 3,
        kernel_size: 2,
        padding: Padding::Valid,
        strides: 2,
        dilation_rate: 1,
        activation: Activation::Linear,
        use_bias: true,
    };
    let layers = [vec![conv], layers.to_vec()].concat();
    let mut network = Network::new(&layers, 12, 1, 1).unwrap();
    let (config, task) = (config(40), Task::Regression);
    let judged = train.clone();
    let history = fit(&mut network, &train, &judged, task, &config, &mut |_| ()).unwrap();
    assert_eq!(history.metric, "last_time_step_mse");
    let (first, last) = (&history.epochs[0], &history.epochs[39]);
    assert!(last.train.loss < 0.3 * first.train.loss, "{last:?}");
    // The figures of the epoch are those of its outputs.
    let outputs = network.forward(&train.x.values, 64);
    let scores = score(&outputs, &train.y).unwrap();
    let Scores::Regression(scores) = scores else {
        panic!("{scores:?}")
    };
    let validation = last.validation.unwrap();
    let near = |a: f64, b: f64| (a - b).abs() < 1e-9 * b;
    assert!(near(validation.loss, scores.mse), "{scores:?}");
    let last = scores.last_time_step_mse.unwrap();
    assert!(near(validation.metric, last), "{validation:?} {last}");
}

#[test]
fn a_training_that_diverges_says_so() {
    let config = TrainingConfig {
        optimizer: Optimizer::Sgd,
        learning_rate: Some(1e6),
        ..config(5)
    };
    let layers = [
        LayerConfig::Flatten,
        dense(8, Activation::Relu),
        dense(1, Activation::Linear),
    ];
    let message = run(&layers, Task::Regression, &config)
        .unwrap_err()
        .to_string();
    assert!(
        message.starts_with("epoch ") && message.contains("clip_norm"),
        "{message}"
    );
}
