//! BatchNorm in training: the moments of a whole mini-batch, whatever the shards and threads.
use dunlin_trainer::config::{Activation, LayerConfig, Task, TrainingConfig};
use dunlin_trainer::data::{Split, Targets, Windows};
use dunlin_trainer::net::{Layer, Network};
use dunlin_trainer::train::fit;

mod layers;
use layers::dense;

const COUNT: usize = 70;

fn data() -> Split {
    let value = |i: usize| 3.0 + 2.0 * (i as f32 * 0.37).sin();
    let x: Vec<f32> = (0..COUNT * 8).map(value).collect();
    let y = x.chunks_exact(8).map(|x| x[0] - x[7]).collect();
    Split {
        x: Windows {
            count: COUNT,
            steps: 4,
            channels: 2,
            values: x,
        },
        y: Targets::Values {
            steps: 1,
            width: 1,
            values: y,
        },
    }
}

/// A network after some epochs on so many threads, and the last epoch's loss.
fn train(threads: usize, epochs: usize, momentum: f32) -> (Network, f64) {
    let norm = LayerConfig::BatchNorm {
        momentum,
        epsilon: 1e-3,
    };
    let layers = [
        norm.clone(),
        dense(6, Activation::Linear),
        norm,
        LayerConfig::Flatten,
        dense(1, Activation::Linear),
    ];
    let mut network = Network::new(&layers, 4, 2, 1).unwrap();
    let config = TrainingConfig {
        epochs,
        batch_size: 32,
        learning_rate: Some(0.01),
        ..TrainingConfig::default()
    };
    let data = data();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    let history = pool.build().unwrap().install(|| {
        fit(
            &mut network,
            &data,
            &data,
            Task::Regression,
            &config,
            &mut |_| {},
        )
        .unwrap()
    });
    let last = history.epochs.last().unwrap();
    (network, last.validation.unwrap().loss)
}

#[test]
fn threads_do_not_change_the_bits() {
    let (one, loss) = train(1, 2, 0.9);
    for threads in [2, 3, 7] {
        assert_eq!(train(threads, 2, 0.9), (one.clone(), loss));
    }
}

#[test]
fn training_learns_and_inference_uses_what_it_has_followed() {
    let (_, first) = train(2, 1, 0.9);
    let (network, last) = train(2, 60, 0.9);
    assert!(last < 0.05 * first, "{first} {last}");
    // The first layer's averages are those of the data.
    let Layer::BatchNorm(norm) = &network.layers[0].layer else {
        panic!("layer 1 is the batch_norm")
    };
    let x = data().x.values;
    for channel in 0..2 {
        let values: Vec<f32> = x.iter().skip(channel).step_by(2).copied().collect();
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        let squares = values.iter().map(|x| (x - mean).powi(2)).sum::<f32>();
        let variance = squares / values.len() as f32;
        assert!(
            (norm.moving_mean[channel] - mean).abs() < 0.3,
            "{}",
            norm.moving_mean[channel]
        );
        assert!(
            (norm.moving_variance[channel] - variance).abs() < 0.3,
            "{}",
            norm.moving_variance[channel]
        );
    }
}

/// With momentum 0 and one mini-batch the averages are the mini-batch's own moments, exactly.
#[test]
fn shards_make_one_mini_batch() {
    let layers = [
        LayerConfig::BatchNorm {
            momentum: 0.0,
            epsilon: 1e-3,
        },
        LayerConfig::Flatten,
        dense(1, Activation::Linear),
    ];
    let mut network = Network::new(&layers, 4, 2, 1).unwrap();
    let config = TrainingConfig {
        epochs: 1,
        batch_size: COUNT,
        ..TrainingConfig::default()
    };
    let data = data();
    fit(
        &mut network,
        &data,
        &data,
        Task::Regression,
        &config,
        &mut |_| {},
    )
    .unwrap();
    let Layer::BatchNorm(norm) = &network.layers[0].layer else {
        panic!("layer 1 is the batch_norm")
    };
    for channel in 0..2 {
        let values = || {
            data.x
                .values
                .iter()
                .skip(channel)
                .step_by(2)
                .map(|x| f64::from(*x))
        };
        let count = values().count() as f64;
        let mean = values().sum::<f64>() / count;
        let variance = values().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
        assert!((f64::from(norm.moving_mean[channel]) - mean).abs() < 1e-6);
        assert!((f64::from(norm.moving_variance[channel]) - variance).abs() < 1e-6);
    }
}
