//! Merges, activations, norms, embeddings, grouped convolutions and gated cells that are malformed, each in its own way.
use dunlin::LayerError;
use dunlin::format::graph::{
    Activation, ActivationSpec, EmbeddingSpec, GroupedConv1dSpec, GruGatedSpec, GruSpec,
    LayerNormSpec, LayerSpec, LstmGatedSpec, LstmSpec, MergeSpec, OutputSpec, SimpleRnnNormSpec,
    ZeroPadding1dSpec,
};

use super::layers::{CONV, LSTM};
use super::raw::{LINEAR, Raw};
use super::recurrent::{GRU, SIMPLE_RNN};

const SCALE: LayerError = LayerError::Scale { row: 0 };

/// Of the input with itself.
const MERGE: MergeSpec = MergeSpec {
    with: 0,
    multipliers: [1 << 14, 1 << 14],
    shift: 15,
    output: LINEAR,
};

const NORM: LayerNormSpec = LayerNormSpec {
    epsilon: 1,
    shift: 5,
    output: LINEAR,
};

/// The error of one layer over `[4, 2]` with these weights.
fn error(layer: LayerSpec, weights: &[u8]) -> LayerError {
    let raw = Raw {
        weights: weights.to_vec(),
        ..Raw::with(layer)
    };
    raw.layer_error()
}

fn output(activation: Activation, min: i16, max: i16, softmax_bits: u8) -> OutputSpec {
    OutputSpec {
        activation,
        min,
        max,
        softmax_bits,
    }
}

#[test]
fn malformed_activations_are_refused() {
    for (multiplier, shift, output) in [
        (0, 5, LINEAR),
        (-1, 5, LINEAR),
        (1, 31, LINEAR),
        (1, 255, LINEAR),
        (1, 5, output(Activation::HardSigmoid, 0, 1, 0)),
        (1, 5, output(Activation::HardSigmoid, 0, 0, 1)),
        (1, 5, output(Activation::Relu6, -1, 5, 0)),
        (
            1,
            5,
            output(Activation::LeakyRelu { slope: 0x8000 }, -1, 1, 0),
        ),
        (
            1,
            5,
            output(Activation::LeakyRelu { slope: u32::MAX }, -1, 1, 0),
        ),
        (1, 5, output(Activation::LeakyRelu { slope: 7 }, 1, 0, 0)),
        (1, 5, output(Activation::LeakyRelu { slope: 7 }, 0, 1, 2)),
        (1, 5, output(Activation::Elu { alpha: 0x1_0000 }, -1, 1, 3)),
        (1, 5, output(Activation::Elu { alpha: 7 }, -1, 1, 16)),
        (1, 5, output(Activation::Gelu, -1, 1, 16)),
        (1, 5, output(Activation::Gelu, 1, -1, 3)),
        (1, 5, output(Activation::Silu, 0, 1, 255)),
    ] {
        let spec = ActivationSpec {
            multiplier,
            shift,
            output,
        };
        assert_eq!(error(LayerSpec::Activation(spec), &[]), SCALE, "{spec:?}");
    }
}

#[test]
fn malformed_merges_are_refused() {
    let scaled = |multipliers, shift| MergeSpec {
        multipliers,
        shift,
        ..MERGE
    };
    for layer in [
        LayerSpec::Add(scaled([16_385, 0], 3)),
        LayerSpec::Add(scaled([0, -1], 3)),
        LayerSpec::Add(scaled([1, 1], 31)),
        LayerSpec::Multiply(scaled([0, 0], 3)),
        LayerSpec::Multiply(scaled([1, 1], 3)),
        LayerSpec::Multiply(scaled([-5, 0], 3)),
        LayerSpec::Concatenate(scaled([0, 1], 3)),
        LayerSpec::Concatenate(scaled([1, i16::MIN], 3)),
        LayerSpec::Concatenate(scaled([1, 1], 32)),
    ] {
        assert_eq!(error(layer, &[]), SCALE, "{layer:?}");
    }
    let activated = MergeSpec {
        output: output(Activation::Tanh, 0, 0, 0),
        ..MERGE
    };
    let softmax = MergeSpec {
        output: output(Activation::Softmax, 0, 0, 5),
        ..MERGE
    };
    for layer in [
        LayerSpec::Concatenate(activated),
        LayerSpec::Add(softmax),
        LayerSpec::Multiply(softmax),
    ] {
        assert_eq!(error(layer, &[]), LayerError::Unsupported);
    }
}

#[test]
fn tensors_of_other_shapes_and_later_ones_are_refused() {
    let second = |first: LayerSpec, merge: LayerSpec| {
        let raw = Raw {
            layers: vec![first, merge],
            stated_layers: 2,
            weights: Vec::new(),
            ..Raw::new()
        };
        raw.error()
    };
    let at = |error| Some(dunlin::LoadError::Layer { index: 1, error });
    let padded = LayerSpec::ZeroPadding1d(ZeroPadding1dSpec {
        before: 0,
        after: 1,
    });
    for merge in [
        LayerSpec::Add(MERGE),
        LayerSpec::Multiply(MERGE),
        LayerSpec::Concatenate(MERGE),
    ] {
        assert_eq!(second(padded, merge), at(LayerError::Shapes));
    }
    let wide = LayerSpec::Concatenate(MERGE);
    assert_eq!(second(wide, LayerSpec::Add(MERGE)), at(LayerError::Shapes));
    for tensor in [2, 3, u16::MAX] {
        let merge = MergeSpec {
            with: tensor,
            ..MERGE
        };
        let later = at(LayerError::Tensor { tensor });
        assert_eq!(second(padded, LayerSpec::Add(merge)), later);
        assert_eq!(second(padded, LayerSpec::Input(tensor)), later);
    }
}

#[test]
fn malformed_norms_are_refused() {
    let weights = |beta: [i32; 2]| {
        let beta = beta.map(i32::to_le_bytes);
        [vec![1, 0, 1, 0], beta.concat()].concat()
    };
    let shifted = LayerNormSpec { shift: 31, ..NORM };
    assert_eq!(
        error(LayerSpec::LayerNorm(shifted), &weights([0; 2])),
        SCALE
    );
    for beta in [(1 << 30) + 1, i32::MAX, i32::MIN] {
        let found = error(LayerSpec::LayerNorm(NORM), &weights([0, beta]));
        assert_eq!(found, LayerError::Overflow { row: 1 });
    }
    let softmax = LayerNormSpec {
        output: output(Activation::Softmax, 0, 0, 5),
        ..NORM
    };
    let found = error(LayerSpec::LayerNorm(softmax), &weights([0; 2]));
    assert_eq!(found, LayerError::Unsupported);
    let mut spec = SimpleRnnNormSpec {
        rnn: SIMPLE_RNN,
        norm: softmax,
    };
    let found = error(LayerSpec::SimpleRnnNorm(spec), &[]);
    assert_eq!(found, LayerError::Unsupported);
    (spec.norm, spec.rnn.output) = (NORM, output(Activation::Tanh, 0, 0, 0));
    let found = error(LayerSpec::SimpleRnnNorm(spec), &[]);
    assert_eq!(found, LayerError::Unsupported);
}

#[test]
fn malformed_embeddings_are_refused() {
    let embedding = |vocabulary, channels, weights: &[u8]| {
        let spec = EmbeddingSpec {
            vocabulary,
            units: 2,
        };
        let raw = Raw {
            channels,
            weights: weights.to_vec(),
            ..Raw::with(LayerSpec::Embedding(spec))
        };
        raw.layer_error()
    };
    assert_eq!(embedding(2, 2, &[]), LayerError::Shapes);
    assert_eq!(embedding(0, 1, &[]), LayerError::Dimension);
    let minimum = [1, 2, 0x80, 4, 1, 0, 1, 0];
    assert_eq!(
        embedding(2, 1, &minimum),
        LayerError::WeightRange { row: 1 }
    );
    for multiplier in [0u16, 259, 0x7fff, 0xffff] {
        let [low, high] = multiplier.to_le_bytes();
        let found = embedding(2, 1, &[1, 2, 3, 4, 1, 0, low, high]);
        assert_eq!(found, LayerError::Scale { row: 1 });
    }
}

#[test]
fn groups_that_do_not_divide_are_refused() {
    let grouped = |filters, groups| {
        let mut conv = CONV;
        conv.filters = filters;
        error(
            LayerSpec::GroupedConv1d(GroupedConv1dSpec { conv, groups }),
            &[],
        )
    };
    assert_eq!(grouped(2, 0), LayerError::Dimension);
    assert_eq!(grouped(3, 3), LayerError::Shapes);
    assert_eq!(grouped(3, 2), LayerError::Shapes);
    assert_eq!(grouped(1, 2), LayerError::Shapes);
    assert!(matches!(grouped(4, 2), LayerError::Weights { .. }));
    let none = LayerSpec::UpSampling1d(0);
    assert_eq!(error(none, &[]), LayerError::Dimension);
    let many = LayerSpec::UpSampling1d(u16::MAX);
    assert_eq!(error(many, &[]), LayerError::Dimension);
}

#[test]
fn malformed_gated_cells_are_refused() {
    let lstm = |activation, recurrent_activation, bits: [i8; 4]| {
        let [gate_bits, candidate_bits, cell_bits, hidden_bits] = bits;
        let lstm = LstmSpec {
            activation,
            candidate_bits,
            cell_bits,
            hidden_bits,
            ..LSTM
        };
        error(
            LayerSpec::LstmGated(LstmGatedSpec {
                lstm,
                recurrent_activation,
                gate_bits,
            }),
            &[],
        )
    };
    let gru = |activation, recurrent_activation, gate_bits, hidden_bits| {
        let gru = GruSpec {
            activation,
            hidden_bits,
            ..GRU
        };
        error(
            LayerSpec::GruGated(GruGatedSpec {
                gru,
                recurrent_activation,
                gate_bits,
            }),
            &[],
        )
    };
    use Activation::{Gelu, HardSigmoid, Linear, Relu, Relu6, Softmax, Tanh};
    for (activation, gate, bits) in [
        (Tanh, HardSigmoid, [14, 15, 27, 15]),
        (Tanh, Relu, [-1, 15, 14, 15]),
        (Tanh, Linear, [16, 15, 27, 15]),
        (Tanh, HardSigmoid, [15, 14, 27, 15]),
        (HardSigmoid, HardSigmoid, [15, 15, 13, 15]),
        (Linear, HardSigmoid, [15, 12, 28, 12]),
        (Linear, HardSigmoid, [15, 12, 24, 24]),
        (Relu, Linear, [i8::MIN, i8::MIN, i8::MIN, i8::MIN]),
        (Relu, Linear, [i8::MAX, i8::MAX, i8::MAX, i8::MAX]),
    ] {
        assert_eq!(lstm(activation, gate, bits), SCALE, "{bits:?}");
    }
    for (activation, gate, gate_bits, hidden_bits) in [
        (Tanh, HardSigmoid, 14, 15),
        (Tanh, HardSigmoid, 15, 16),
        (Linear, Relu, 16, 12),
        (Linear, Relu, -1, 12),
        (Linear, Relu, 12, -16),
        (Linear, Relu, i8::MIN, i8::MAX),
    ] {
        assert_eq!(gru(activation, gate, gate_bits, hidden_bits), SCALE);
    }
    for other in [Softmax, Gelu, Relu6] {
        assert_eq!(lstm(other, Tanh, [15; 4]), LayerError::Unsupported);
        assert_eq!(lstm(Tanh, other, [15; 4]), LayerError::Unsupported);
        assert_eq!(gru(other, Tanh, 15, 15), LayerError::Unsupported);
        assert_eq!(gru(Tanh, other, 15, 15), LayerError::Unsupported);
    }
}
