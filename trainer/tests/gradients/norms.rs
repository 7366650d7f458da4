//! LayerNorm, BatchNorm and Embedding.
use dunlin_trainer::config::{Activation, LayerConfig, LayerTable};
use dunlin_trainer::data::random::Random;
use dunlin_trainer::net::reference::Reference;
use dunlin_trainer::net::{Network, Packing, Pass, Upstream};

use super::layers::{dense, lstm, named, reads};
use super::{check, check_graph, check_weights};

const BATCH_NORM: LayerConfig = LayerConfig::BatchNorm {
    momentum: 0.9,
    epsilon: 1e-3,
};

#[test]
fn layer_norm_alone_and_between_layers() {
    for epsilon in [1e-3, 0.3] {
        let norm = LayerConfig::LayerNorm { epsilon };
        check("layer_norm", std::slice::from_ref(&norm), 3, 5);
        let layers = [
            dense(4, Activation::Tanh),
            norm,
            lstm(3, Activation::Tanh, false),
        ];
        check("layer_norm between layers", &layers, 4, 2);
    }
}

/// Through the moments of the mini-batch too: each window's gradient depends on the other windows.
#[test]
fn batch_norm_alone_stacked_and_in_branches() {
    check("batch_norm", &[BATCH_NORM], 4, 3);
    let layers = [
        dense(4, Activation::Linear),
        BATCH_NORM,
        LayerConfig::Activation {
            activation: Activation::Silu,
        },
        dense(3, Activation::Tanh),
        BATCH_NORM,
        LayerConfig::Flatten,
        BATCH_NORM,
        dense(2, Activation::Linear),
    ];
    check("batch_norm stacked", &layers, 3, 2);
    let tables: [LayerTable; 5] = [
        named("a", BATCH_NORM),
        named("b", reads(&["input"], dense(2, Activation::Tanh))),
        named("c", BATCH_NORM),
        reads(&["a", "b", "c"], LayerConfig::Add),
        dense(2, Activation::Linear).into(),
    ];
    check_graph("batch_norm in branches", &tables, 3, 2);
}

/// Ids have no slope, so only the weights are compared.
#[test]
fn embedding_gathers_the_slopes_of_each_id() {
    const IDS: usize = 4;
    let layers = [
        LayerConfig::Embedding {
            input_dim: IDS,
            output_dim: 3,
        },
        lstm(2, Activation::Tanh, false),
    ];
    let network = Network::new(&layers, 6, 1, 5).unwrap();
    let mut random = Random::new(3);
    let x: Vec<f64> = (0..super::COUNT * 6)
        .map(|_| random.below(IDS as u64) as f64)
        .collect();
    let w: Vec<f64> = (0..super::COUNT * 2)
        .map(|_| random.uniform() - 0.5)
        .collect();
    let packing = Packing::new(&network);
    let mut pass = Pass::new(&network);
    pass.input().extend(x.iter().map(|v| *v as f32));
    pass.forward(&network, &packing, super::COUNT, None);
    pass.backward(&network, &packing, Upstream::Outputs, false, |_, dy| {
        dy.extend(w.iter().map(|w| *w as f32));
    });
    let mut reference = Reference::new(&network);
    check_weights(
        "embedding",
        &network,
        &pass.gradients,
        &mut reference,
        &x,
        &w,
    );
}
