//! What cannot be trained is refused with the way out: layers, losses and data that do not belong together.
use dunlin_trainer::config::{Activation, LayerConfig, Loss, Padding, Task, TrainingConfig};
use dunlin_trainer::data::{Split, Targets};
use dunlin_trainer::net::Network;
use dunlin_trainer::train::fit;

use super::layers::dense;
use super::{config, run, waves};

#[test]
fn what_does_not_belong_together_is_refused_with_the_way_out() {
    let wrong = |layers: &[LayerConfig], task, change: &dyn Fn(&mut TrainingConfig), says: &str| {
        let mut config = config(1);
        change(&mut config);
        let error = run(layers, task, &config).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
        assert_eq!(error.exit_code(), 2);
    };
    let regressor = [LayerConfig::Flatten, dense(1, Activation::Linear)];
    let two = [LayerConfig::Flatten, dense(2, Activation::Linear)];
    let logits = [LayerConfig::Flatten, dense(3, Activation::Linear)];
    let four = [LayerConfig::Flatten, dense(4, Activation::Softmax)];
    let steps = [dense(3, Activation::Softmax)];
    let (r, c) = (Task::Regression, Task::Classification);
    wrong(
        &two,
        r,
        &|_| (),
        "answers [1, 2], 2 values a window, but the targets have 1",
    );
    wrong(
        &[dense(1, Activation::Linear)],
        r,
        &|_| (),
        "return_sequences",
    );
    wrong(
        &logits,
        c,
        &|_| (),
        "layer 2 (dense): a classifier must end with",
    );
    wrong(&four, c, &|_| (), "set units = 3");
    wrong(&steps, c, &|_| (), "answers [12, 3]");
    wrong(&four, c, &|t| t.loss = Some(Loss::Mse), "cross_entropy");
    wrong(
        &regressor,
        r,
        &|t| t.loss = Some(Loss::CrossEntropy),
        "for classification",
    );
    wrong(&regressor, r, &|t| t.epochs = 0, "training.epochs is 0");
    wrong(
        &regressor,
        r,
        &|t| t.batch_size = 0,
        "training.batch_size is 0",
    );
    wrong(
        &regressor,
        r,
        &|t| t.learning_rate = Some(-1.0),
        "learning_rate = -1",
    );
    wrong(&regressor, r, &|t| t.momentum = 1.0, "momentum = 1");
    wrong(&regressor, r, &|t| t.clip_norm = Some(0.0), "clip_norm = 0");
}

#[test]
fn sequences_need_a_network_that_keeps_the_time_axis() {
    let mut train = waves(10, 1, Task::Regression);
    train.y = Targets::Values {
        steps: 12,
        width: 2,
        values: vec![0.0; 240],
    };
    let says = |layers: &[LayerConfig], says: &str| {
        let mut network = Network::new(layers, 12, 1, 1).unwrap();
        let task = Task::Regression;
        let result = fit(&mut network, &train, &train, task, &config(1), &mut |_| ());
        let message = result.unwrap_err().to_string();
        assert!(message.contains(says), "{message}");
    };
    // As many values, in another shape.
    says(
        &[LayerConfig::Flatten, dense(24, Activation::Linear)],
        "answers [1, 24], but the targets of a window are [12, 2]; every layer must keep the time axis",
    );
    let pool = LayerConfig::MaxPool1d {
        pool_size: 2,
        strides: None,
        padding: Padding::Valid,
    };
    says(
        &[pool, dense(4, Activation::Linear)],
        "data.target_start and data.target_stride",
    );
    says(&[dense(3, Activation::Linear)], "as many units");
}

#[test]
fn wrong_data_is_refused() {
    let mut network = Network::new(
        &[LayerConfig::Flatten, dense(3, Activation::Softmax)],
        12,
        1,
        1,
    )
    .unwrap();
    let good = waves(10, 1, Task::Classification);
    let mut says = |train: &Split, task, says: &str| {
        let result = fit(&mut network, train, &good, task, &config(1), &mut |_| ());
        let message = result.unwrap_err().to_string();
        assert!(message.contains(says), "{message}");
    };
    let mut bad = good.clone();
    bad.y = Targets::Labels {
        classes: 3,
        labels: vec![0, 1, 2, 3, 0, 0, 0, 0, 0, 0],
    };
    says(&bad, Task::Classification, "the label of example 3 is 3");
    bad.y = Targets::Labels {
        classes: 3,
        labels: vec![0],
    };
    says(&bad, Task::Classification, "10 windows but 1 targets");
    says(&good, Task::Regression, "use task = \"classification\"");
    says(
        &waves(10, 1, Task::Regression),
        Task::Classification,
        "needs class labels",
    );
    says(
        &waves(0, 1, Task::Classification),
        Task::Classification,
        "no training example",
    );
    let mut long = good.clone();
    (long.x.steps, long.x.count) = (24, 5);
    says(&long, Task::Classification, "the network takes [12, 1]");
}
