//! Every layer's gradient against central differences of the independent f64 forward pass: all paddings, strides,
//! dilations, activations and return_sequences, by inputs and by weights.
use dunlin_trainer::config::{Activation, LayerConfig, LayerTable, Padding, ZeroSteps};
use dunlin_trainer::data::random::Random;
use dunlin_trainer::net::reference::Reference;
use dunlin_trainer::net::{Gradients, Layer, Network, Packing, Parameter, Pass, Upstream};

mod graphs;
#[path = "../layers/mod.rs"]
mod layers;
mod norms;
mod recurrent;
use layers::dense;

const COUNT: usize = 3;

/// All but softmax.
const ACTIVATIONS: [Activation; 10] = [
    Activation::Linear,
    Activation::Relu,
    Activation::Tanh,
    Activation::Sigmoid,
    Activation::HardSigmoid,
    Activation::Relu6,
    Activation::LeakyRelu {
        negative_slope: 0.3,
    },
    Activation::Elu { alpha: 1.5 },
    Activation::Gelu,
    Activation::Silu,
];

/// Those of recurrent cells.
const GATES: [Activation; 5] = [
    Activation::Tanh,
    Activation::Relu,
    Activation::Sigmoid,
    Activation::HardSigmoid,
    Activation::Linear,
];

/// A network whose biases are random too, and windows for it.
fn make(tables: &[LayerTable], steps: usize, channels: usize, seed: u64) -> (Network, Vec<f32>) {
    let mut network = Network::from_tables(tables, steps, channels, seed).unwrap();
    let mut random = Random::new(seed + 99);
    for parameter in network.parameters_mut() {
        for value in parameter.values {
            *value += 0.2 * (random.uniform() as f32 - 0.5);
        }
    }
    let x = (0..COUNT * steps * channels)
        .map(|_| 2.0 * random.uniform() as f32 - 1.0)
        .collect();
    (network, x)
}

/// Each window on its own.
fn windows(x: &[f64]) -> Vec<Vec<f64>> {
    x.chunks_exact(x.len() / COUNT)
        .map(<[f64]>::to_vec)
        .collect()
}

/// `sum w y` in f64 over all windows, for the random `w` that stand in for a loss.
fn functional(reference: &Reference<'_>, x: &[f64], w: &[f64]) -> f64 {
    let answers = reference.forward_batch(&windows(x)).concat();
    answers.iter().zip(w).map(|(y, w)| y * w).sum()
}

fn close(what: &str, analytic: f32, numeric: f64, scale: f64) {
    let error = (f64::from(analytic) - numeric).abs();
    assert!(
        error <= 2e-5 * (1.0 + scale),
        "{what}: backward gives {analytic}, finite differences give {numeric}"
    );
}

/// Compares forward and backward of layers in a row with the reference.
fn check(name: &str, layers: &[LayerConfig], steps: usize, channels: usize) {
    let tables: Vec<LayerTable> = layers.iter().cloned().map(LayerTable::from).collect();
    check_graph(name, &tables, steps, channels);
}

/// Compares forward and backward with the reference.
fn check_graph(name: &str, tables: &[LayerTable], steps: usize, channels: usize) {
    const STEP: f64 = 1e-6;
    let (network, x) = make(tables, steps, channels, 5);
    let mut reference = Reference::new(&network);
    let mut wide: Vec<f64> = x.iter().map(|v| f64::from(*v)).collect();
    let mut random = Random::new(17);
    let w: Vec<f64> = (0..COUNT * network.output().size())
        .map(|_| 2.0 * random.uniform() - 1.0)
        .collect();

    let packing = Packing::new(&network);
    let mut pass = Pass::new(&network);
    pass.input().extend_from_slice(&x);
    let outputs = pass.forward(&network, &packing, COUNT, None).to_vec();
    let exact = reference.forward_batch(&windows(&wide));
    for (exact, y) in exact
        .iter()
        .zip(outputs.chunks_exact(network.output().size()))
    {
        assert_eq!(exact.len(), y.len(), "{name}: output size");
        for (y, exact) in y.iter().zip(exact) {
            close(&format!("{name}: output"), *y, *exact, exact.abs());
        }
    }
    let inference = network.forward(&x, COUNT);
    let batch_norm = network
        .layers
        .iter()
        .any(|node| matches!(node.layer, Layer::BatchNorm(_)));
    if batch_norm {
        // Inference has moments of its own.
        for (x, y) in windows(&wide)
            .iter()
            .zip(inference.chunks_exact(network.output().size()))
        {
            for (y, exact) in y.iter().zip(reference.forward(x)) {
                close(&format!("{name}: inference"), *y, exact, exact.abs());
            }
        }
    } else {
        assert_eq!(outputs, inference, "{name}: training and inference differ");
    }

    let dx = pass
        .backward(&network, &packing, Upstream::Outputs, true, |_, dy| {
            dy.extend(w.iter().map(|w| *w as f32));
        })
        .to_vec();
    let scale = dx.iter().fold(0.0f64, |m, d| m.max(f64::from(d.abs())));
    assert_eq!(dx.len(), wide.len(), "{name}: gradient size");
    for i in 0..wide.len() {
        let start = wide[i];
        wide[i] = start + STEP;
        let up = functional(&reference, &wide, &w);
        wide[i] = start - STEP;
        let down = functional(&reference, &wide, &w);
        wide[i] = start;
        close(
            &format!("{name}: input {i}"),
            dx[i],
            (up - down) / (2.0 * STEP),
            scale,
        );
    }

    check_weights(name, &network, &pass.gradients, &mut reference, &wide, &w);
}

fn check_weights(
    name: &str,
    network: &Network,
    gradients: &Gradients,
    reference: &mut Reference<'_>,
    x: &[f64],
    w: &[f64],
) {
    const STEP: f64 = 1e-6;
    for (parameter, gradient) in network.parameters().iter().zip(gradients.tensors()) {
        let scale = gradient
            .iter()
            .fold(0.0f64, |m, d| m.max(f64::from(d.abs())));
        for (i, analytic) in gradient.iter().enumerate() {
            let start = weight(reference, parameter)[i];
            weight(reference, parameter)[i] = start + STEP;
            let up = functional(reference, x, w);
            weight(reference, parameter)[i] = start - STEP;
            let down = functional(reference, x, w);
            weight(reference, parameter)[i] = start;
            let what = format!(
                "{name}: layer {} {} {i}",
                parameter.layer + 1,
                parameter.name
            );
            close(&what, *analytic, (up - down) / (2.0 * STEP), scale);
        }
    }
}

/// The values of a tensor of the reference.
fn weight<'r>(reference: &'r mut Reference<'_>, parameter: &Parameter<'_>) -> &'r mut [f64] {
    let weights = &mut reference.weights[parameter.layer];
    weights
        .get_mut(parameter.name)
        .expect("the reference has every trained tensor")
}

fn conv(
    padding: Padding,
    strides: usize,
    dilation_rate: usize,
    activation: Activation,
) -> LayerConfig {
    LayerConfig::Conv1d {
        groups: 1,
        filters: 5,
        kernel_size: 3,
        padding,
        strides,
        dilation_rate,
        activation,
        use_bias: true,
    }
}

#[test]
fn dense_with_every_activation() {
    for activation in ACTIVATIONS.into_iter().chain([Activation::Softmax]) {
        check(
            &format!("dense {activation:?}"),
            &[dense(4, activation)],
            1,
            6,
        );
        // On the last axis, at every step.
        check(
            &format!("dense {activation:?} over time"),
            &[dense(35, activation)],
            4,
            3,
        );
    }
}

#[test]
fn conv1d_with_every_padding_stride_and_dilation() {
    for padding in [Padding::Valid, Padding::Same, Padding::Causal] {
        for (strides, dilation) in [(1, 1), (2, 1), (3, 1), (1, 2), (1, 3)] {
            for steps in [9, 10] {
                let name = format!(
                    "conv1d {padding:?} stride {strides} dilation {dilation} steps {steps}"
                );
                check(
                    &name,
                    &[conv(padding, strides, dilation, Activation::Tanh)],
                    steps,
                    2,
                );
            }
        }
    }
}

#[test]
fn conv1d_with_every_activation_and_kernel_size() {
    for activation in ACTIVATIONS {
        let name = format!("conv1d {activation:?}");
        check(&name, &[conv(Padding::Same, 1, 1, activation)], 7, 3);
    }
    for kernel_size in [1, 2, 5] {
        let layer = LayerConfig::Conv1d {
            groups: 1,
            filters: 4,
            kernel_size,
            padding: Padding::Same,
            strides: 2,
            dilation_rate: 1,
            activation: Activation::Linear,
            use_bias: false,
        };
        check(&format!("conv1d kernel {kernel_size}"), &[layer], 8, 2);
    }
}

#[test]
fn pools_with_every_padding_and_stride() {
    for padding in [Padding::Valid, Padding::Same] {
        for (pool_size, strides) in [
            (2, None),
            (3, Some(2)),
            (3, Some(1)),
            (2, Some(3)),
            (4, None),
        ] {
            let max = LayerConfig::MaxPool1d {
                pool_size,
                strides,
                padding,
            };
            let average = LayerConfig::AveragePool1d {
                pool_size,
                strides,
                padding,
            };
            for pool in [max, average] {
                check(&format!("{pool:?}"), &[pool], 9, 3);
            }
        }
    }
    for pool in [
        LayerConfig::GlobalMaxPool1d,
        LayerConfig::GlobalAveragePool1d,
    ] {
        check(&format!("{pool:?}"), &[pool], 7, 3);
    }
}

#[test]
fn flatten_and_dropout_pass_gradients_through() {
    check("flatten", &[LayerConfig::Flatten], 4, 3);
    // Outside training dropout is the identity.
    check("dropout", &[LayerConfig::Dropout { rate: 0.5 }], 4, 3);
}

#[test]
fn grouped_and_depthwise_conv1d() {
    for (channels, filters, groups) in [(4, 6, 2), (6, 3, 3), (3, 3, 3), (3, 9, 3)] {
        for (padding, strides, dilation_rate) in [
            (Padding::Valid, 1, 1),
            (Padding::Same, 2, 1),
            (Padding::Causal, 1, 2),
        ] {
            let layer = LayerConfig::Conv1d {
                filters,
                kernel_size: 3,
                padding,
                strides,
                dilation_rate,
                groups,
                activation: Activation::Tanh,
                use_bias: true,
            };
            check(&format!("{layer:?}"), &[layer], 7, channels);
        }
    }
    for depth_multiplier in [1, 2] {
        let layer = LayerConfig::DepthwiseConv1d {
            kernel_size: 2,
            depth_multiplier,
            padding: Padding::Causal,
            strides: 1,
            dilation_rate: 2,
            activation: Activation::Gelu,
            use_bias: false,
        };
        check(&format!("{layer:?}"), &[layer], 6, 3);
        let layer = LayerConfig::SeparableConv1d {
            filters: 4,
            kernel_size: 3,
            depth_multiplier,
            padding: Padding::Same,
            strides: 2,
            dilation_rate: 1,
            activation: Activation::Relu,
            use_bias: true,
        };
        check(&format!("{layer:?}"), &[layer], 6, 3);
    }
}

#[test]
fn padding_and_up_sampling() {
    for padding in [
        ZeroSteps::Both(2),
        ZeroSteps::Each([0, 3]),
        ZeroSteps::Each([1, 0]),
    ] {
        let layers = [
            dense(2, Activation::Tanh),
            LayerConfig::ZeroPadding1d { padding },
            conv(Padding::Valid, 1, 1, Activation::Tanh),
        ];
        check(&format!("{padding:?}"), &layers, 4, 2);
    }
    for size in [1, 3] {
        let layers = [
            dense(2, Activation::Tanh),
            LayerConfig::UpSampling1d { size },
            conv(Padding::Same, 1, 1, Activation::Tanh),
        ];
        check(&format!("up sampling {size}"), &layers, 4, 2);
    }
}
