//! SimpleRNNs and GRUs that are malformed, each in its own way.
use dunlin::format::graph::{Activation, GruSpec, LayerSpec, OutputSpec, Pooling, SimpleRnnSpec};
use dunlin::{LayerError, LoadError};

use super::raw::{LINEAR, ONE, Raw, matrix};

pub const SIMPLE_RNN: SimpleRnnSpec = SimpleRnnSpec {
    units: 1,
    return_sequences: false,
    use_bias: true,
    output: LINEAR,
};

pub const GRU: GruSpec = GruSpec {
    units: 1,
    activation: Activation::Tanh,
    return_sequences: false,
    use_bias: true,
    reset_after: true,
    hidden_bits: 15,
};

/// The error of a GRU with one unit over `[4, 2]`: the weights and the bias of its last recurrent row.
fn last_row(spec: GruSpec, weight: i8, bias: i32) -> Option<LoadError> {
    let of_x = matrix(&[1; 6], &[0; 3], &[ONE; 3]);
    let of_h = matrix(&[0, 0, weight], &[0, 0, bias], &[ONE; 3]);
    Raw {
        layers: vec![LayerSpec::Gru(spec)],
        weights: [of_x, of_h].concat(),
        output: [1, 1],
        // State and output 16 each; work: input 16, output 4, six products 24, three values 8.
        arena: 16 + 16 + 64,
        ..Raw::new()
    }
    .error()
}

const OVERFLOW: Option<LoadError> = Some(LoadError::Layer {
    index: 0,
    error: LayerError::Overflow { row: 2 },
});

#[test]
fn malformed_grus_are_refused() {
    let (tanh, relu) = (Activation::Tanh, Activation::Relu);
    for (activation, hidden_bits) in [
        (tanh, 14),
        (tanh, 16),
        (tanh, 0),
        (tanh, -15),
        (relu, 16),
        (relu, -16),
        (relu, i8::MIN),
        (relu, i8::MAX),
    ] {
        let spec = GruSpec {
            activation,
            hidden_bits,
            ..GRU
        };
        let error = Raw::with(LayerSpec::Gru(spec)).layer_error();
        assert_eq!(error, LayerError::Scale { row: 0 }, "{spec:?}");
    }
    for activation in [Activation::Linear, Activation::Sigmoid, Activation::Softmax] {
        let spec = GruSpec { activation, ..GRU };
        let error = Raw::with(LayerSpec::Gru(spec)).layer_error();
        assert_eq!(error, LayerError::Unsupported);
    }
}

#[test]
fn grus_whose_sums_overflow_are_refused() {
    // The hidden state of tanh reaches -32,768.
    let most = i32::MAX - 127 * 32_768;
    assert_eq!(last_row(GRU, -127, most), None);
    assert_eq!(last_row(GRU, -127, most + 1), OVERFLOW);
    // That of relu is never negative, and at most 32,767.
    for hidden_bits in [-15, 0, 15] {
        let relu = GruSpec {
            activation: Activation::Relu,
            hidden_bits,
            ..GRU
        };
        assert_eq!(last_row(relu, -127, i32::MAX), None);
        let most = i32::MAX - 127 * 32_767;
        assert_eq!(last_row(relu, 127, most), None);
        assert_eq!(last_row(relu, 127, most + 1), OVERFLOW);
    }
}

#[test]
fn grus_without_their_second_matrix_are_refused() {
    let raw = Raw {
        layers: vec![LayerSpec::Gru(GRU)],
        weights: matrix(&[1; 6], &[0; 3], &[ONE; 3]),
        ..Raw::new()
    };
    let error = raw.layer_error();
    assert!(matches!(error, LayerError::Weights { .. }), "{error:?}");
}

#[test]
fn simple_rnns_whose_sums_overflow_are_refused() {
    let row = |min, max, bias| {
        let output = OutputSpec { min, max, ..LINEAR };
        Raw {
            layers: vec![LayerSpec::SimpleRnn(SimpleRnnSpec {
                output,
                ..SIMPLE_RNN
            })],
            weights: matrix(&[0, 0, 127], &[bias], &[ONE]),
            output: [1, 1],
            // State and output 16 each; work: input 16, output 4, three values 8.
            arena: 16 + 16 + 32,
            ..Raw::new()
        }
        .error()
    };
    let overflow = Some(LoadError::Layer {
        index: 0,
        error: LayerError::Overflow { row: 0 },
    });
    // The bounds of the output are those of the hidden state, with the zero that it starts from.
    assert_eq!(row(-5, 100, i32::MAX - 12_700), None);
    assert_eq!(row(-5, 100, i32::MAX - 12_699), overflow);
    assert_eq!(row(-5, 100, i32::MIN + 635), None);
    assert_eq!(row(-5, 100, i32::MIN + 634), overflow);
    assert_eq!(row(-9, -5, i32::MAX), None);
    assert_eq!(row(5, 9, i32::MIN), None);
}

#[test]
fn a_continuous_model_with_a_global_pool_is_refused() {
    for pooling in [Pooling::Max, Pooling::Average] {
        let mut raw = Raw::new();
        raw.layers.push(LayerSpec::GlobalPool1d(pooling));
        (raw.mode, raw.stated_layers, raw.output) = (1, 2, [1, 3]);
        assert_eq!(raw.error(), Some(LoadError::NotContinuous { index: 1 }));
    }
}
