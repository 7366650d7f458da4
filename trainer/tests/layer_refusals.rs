//! Refusals of normalizing, grouped, embedding and resampling layers, and of data that they cannot take.
use dunlin_trainer::config::{
    Activation, LayerConfig, LayerTable, Task, TrainingConfig, ZeroSteps,
};
use dunlin_trainer::data::{Split, Targets, Windows};
use dunlin_trainer::net::Network;
use dunlin_trainer::train::fit;

mod layers;
use layers::dense;

fn grouped(filters: usize, groups: usize) -> LayerConfig {
    LayerConfig::Conv1d {
        filters,
        kernel_size: 2,
        padding: Default::default(),
        strides: 1,
        dilation_rate: 1,
        groups,
        activation: Activation::Linear,
        use_bias: true,
    }
}

fn embedding(input_dim: usize, output_dim: usize) -> LayerConfig {
    LayerConfig::Embedding {
        input_dim,
        output_dim,
    }
}

#[test]
fn impossible_arguments_are_refused_by_place_name_and_way_out() {
    let cases = [
        (grouped(4, 0), "conv1d", "groups is 0"),
        (
            grouped(6, 4),
            "conv1d",
            "groups = 4 must divide the 6 channels",
        ),
        (grouped(4, 3), "conv1d", "groups = 3 must divide"),
        (
            LayerConfig::LayerNorm { epsilon: 0.0 },
            "layer_norm",
            "epsilon = 0",
        ),
        (
            LayerConfig::LayerNorm { epsilon: f32::NAN },
            "layer_norm",
            "number above 0",
        ),
        (
            LayerConfig::BatchNorm {
                momentum: 1.0,
                epsilon: 1e-3,
            },
            "batch_norm",
            "momentum = 1 is outside",
        ),
        (
            LayerConfig::UpSampling1d { size: 0 },
            "up_sampling1d",
            "size is 0",
        ),
        (
            LayerConfig::UpSampling1d { size: usize::MAX },
            "up_sampling1d",
            "too many steps",
        ),
        (
            LayerConfig::ZeroPadding1d {
                padding: ZeroSteps::Both(usize::MAX),
            },
            "zero_padding1d",
            "too many steps",
        ),
        (
            embedding(4, 2),
            "embedding",
            "right after the model's input",
        ),
        (
            LayerConfig::DepthwiseConv1d {
                kernel_size: 3,
                depth_multiplier: 0,
                padding: Default::default(),
                strides: 1,
                dilation_rate: 1,
                activation: Activation::Linear,
                use_bias: true,
            },
            "depthwise_conv1d",
            "depth_multiplier is 0",
        ),
        (
            LayerConfig::SeparableConv1d {
                filters: 4,
                kernel_size: 30,
                depth_multiplier: 1,
                padding: Default::default(),
                strides: 1,
                dilation_rate: 1,
                activation: Activation::Linear,
                use_bias: true,
            },
            "separable_conv1d",
            "its input has 10",
        ),
    ];
    for (layer, name, says) in cases {
        let layers = [
            dense(6, Activation::Tanh),
            layer,
            dense(1, Activation::Linear),
        ];
        let error = Network::new(&layers, 10, 2, 1).unwrap_err();
        let message = error.to_string();
        assert!(
            message.starts_with(&format!("layer 2 ({name}): ")),
            "{message}"
        );
        assert!(message.contains(says), "{says}: {message}");
        assert_eq!(error.exit_code(), 2);
    }
    let message = |layers: &[LayerConfig]| Network::new(layers, 10, 2, 1).unwrap_err().to_string();
    assert!(message(&[embedding(4, 2)]).contains("one id a step: [10, 1]"));
    let table = LayerTable {
        bidirectional: true,
        ..dense(2, Activation::Tanh).into()
    };
    let error = Network::from_tables(&[table], 10, 2, 1).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("layer 1 (dense): bidirectional is for"),
        "{error}"
    );
}

#[test]
fn an_embedding_takes_ids_only() {
    let layers = [
        embedding(4, 3),
        LayerConfig::Flatten,
        dense(1, Activation::Linear),
    ];
    let train = |bad: f32| {
        let mut network = Network::new(&layers, 3, 1, 1).unwrap();
        let data = Split {
            x: Windows {
                count: 2,
                steps: 3,
                channels: 1,
                values: vec![0.0, 3.0, 1.0, bad, 2.0, 2.0],
            },
            y: Targets::Values {
                steps: 1,
                width: 1,
                values: vec![0.5, -0.5],
            },
        };
        let config = TrainingConfig {
            epochs: 2,
            ..TrainingConfig::default()
        };
        fit(
            &mut network,
            &data,
            &data,
            Task::Regression,
            &config,
            &mut |_| {},
        )
    };
    assert!(train(3.0).is_ok());
    for bad in [4.0, -1.0, 1.5, f32::NAN] {
        let message = train(bad).unwrap_err().to_string();
        for part in [
            "layer 1 (embedding)",
            &format!("the value {bad},"),
            "from 0 to 3",
        ] {
            assert!(message.contains(part), "{part}: {message}");
        }
    }
}
