//! Layers that are malformed, each in its own way.
use dunlin::format::graph::{
    Activation, Conv1dSpec, GruSpec, LayerSpec, LstmSpec, OutputSpec, Padding, Pool1dSpec,
    SimpleRnnSpec,
};
use dunlin::format::write::{ModelFile, Weights};
use dunlin::{LayerError, LoadError, Mode, PrecisionTag};

use super::raw::{LINEAR, ONE, Raw, dense, matrix};
use super::recurrent::{GRU, SIMPLE_RNN};

pub const CONV: Conv1dSpec = Conv1dSpec {
    filters: 1,
    kernel_size: 2,
    stride: 1,
    dilation: 1,
    padding: Padding::Valid,
    use_bias: true,
    output: LINEAR,
};

pub const LSTM: LstmSpec = LstmSpec {
    units: 1,
    activation: Activation::Tanh,
    return_sequences: false,
    use_bias: true,
    candidate_bits: 15,
    cell_bits: 27,
    hidden_bits: 15,
};

const POOL: Pool1dSpec = Pool1dSpec {
    pool_size: 2,
    stride: 2,
    padding: Padding::Valid,
};

#[test]
fn missing_weights_are_refused() {
    let whole = Raw::new().weights;
    for len in 0..whole.len() {
        let raw = Raw {
            weights: whole[..len].to_vec(),
            ..Raw::new()
        };
        let error = raw.layer_error();
        assert!(matches!(error, LayerError::Weights { .. }), "{error:?}");
    }
}

#[test]
fn malformed_rows_are_refused() {
    let with = |weights: &[i8; 6], bias: &[i32; 3], scale: &[u32; 3]| Raw {
        weights: matrix(weights, bias, scale),
        ..Raw::new()
    };
    let minimum = with(&[1, 1, 1, -128, 1, 1], &[0; 3], &[ONE; 3]);
    assert_eq!(minimum.layer_error(), LayerError::WeightRange { row: 1 });
    // Inputs reach -32,768: 127 * 32,768 * 2 on top of the bias is one too many.
    let most = i32::MAX - 2 * 127 * 32_768;
    let heavy = [0, 0, 0, 0, -127, -127];
    assert_eq!(with(&heavy, &[0, 0, most], &[ONE; 3]).error(), None);
    let overflow = with(&heavy, &[0, 0, most + 1], &[ONE; 3]);
    assert_eq!(overflow.layer_error(), LayerError::Overflow { row: 2 });
    let least = i32::MIN + 2 * 127 * 32_768;
    let heavy = heavy.map(|weight| -weight);
    assert_eq!(with(&heavy, &[0, 0, least], &[ONE; 3]).error(), None);
    let overflow = with(&heavy, &[0, 0, least - 1], &[ONE; 3]);
    assert_eq!(overflow.layer_error(), LayerError::Overflow { row: 2 });
    // No multiplier, a sign, a shift of 32, bits between.
    for bad in [0, 6, 0x8000_0006, 0x4000_0020, 0x4000_0106] {
        let scale = with(&[1; 6], &[0; 3], &[bad, ONE, ONE]);
        assert_eq!(scale.layer_error(), LayerError::Scale { row: 0 });
    }
}

#[test]
fn malformed_outputs_are_refused() {
    let output = |activation, min, max, softmax_bits| OutputSpec {
        activation,
        min,
        max,
        softmax_bits,
    };
    for bad in [
        output(Activation::Linear, 1, 0, 0),
        output(Activation::Linear, 0, 1, 3),
        output(Activation::Relu, -1, 5, 0),
        output(Activation::Relu, 0, -5, 0),
        output(Activation::Tanh, 0, 1, 0),
        output(Activation::Sigmoid, -1, 0, 0),
        output(Activation::Softmax, 0, 0, 16),
        output(Activation::Softmax, 0, 7, 11),
    ] {
        let mut spec = dense(3);
        spec.output = bad;
        let error = Raw::with(LayerSpec::Dense(spec)).layer_error();
        assert_eq!(error, LayerError::Scale { row: 0 }, "{bad:?}");
    }
}

#[test]
fn malformed_lstms_are_refused() {
    for bits in [
        [14, 27, 15],
        [15, 11, 15],
        [15, 43, 15],
        [15, 27, -1],
        [15, 27, 31],
        [15, 31, 15],
        [-128, -128, -128],
        [127, 127, 127],
    ] {
        let mut spec = LSTM;
        [spec.candidate_bits, spec.cell_bits, spec.hidden_bits] = bits;
        let error = Raw::with(LayerSpec::Lstm(spec)).layer_error();
        assert_eq!(error, LayerError::Scale { row: 0 }, "{bits:?}");
    }
    for activation in [Activation::Linear, Activation::Sigmoid, Activation::Softmax] {
        let spec = LstmSpec { activation, ..LSTM };
        let error = Raw::with(LayerSpec::Lstm(spec)).layer_error();
        assert_eq!(error, LayerError::Unsupported);
    }
}

#[test]
fn dimensions_out_of_bounds_are_refused() {
    let conv = |change: fn(&mut Conv1dSpec)| {
        let mut spec = CONV;
        change(&mut spec);
        LayerSpec::Conv1d(spec)
    };
    for layer in [
        LayerSpec::Dense(dense(0)),
        LayerSpec::Lstm(LstmSpec { units: 0, ..LSTM }),
        LayerSpec::SimpleRnn(SimpleRnnSpec {
            units: 0,
            ..SIMPLE_RNN
        }),
        LayerSpec::Gru(GruSpec { units: 0, ..GRU }),
        LayerSpec::AveragePool1d(Pool1dSpec {
            pool_size: 0,
            ..POOL
        }),
        LayerSpec::AveragePool1d(Pool1dSpec { stride: 0, ..POOL }),
        conv(|spec| spec.filters = 0),
        conv(|spec| spec.kernel_size = 0),
        conv(|spec| spec.stride = 0),
        conv(|spec| spec.dilation = 0),
        // A span of more than 2^31 steps.
        conv(|spec| (spec.kernel_size, spec.dilation) = (u16::MAX, u16::MAX)),
        LayerSpec::MaxPool1d(Pool1dSpec {
            pool_size: 0,
            ..POOL
        }),
        LayerSpec::MaxPool1d(Pool1dSpec { stride: 0, ..POOL }),
    ] {
        let error = Raw::with(layer).layer_error();
        assert_eq!(error, LayerError::Dimension, "{layer:?}");
    }
    // 65,535 * 65,535 values side by side; the same as an input is only too much memory.
    let mut flat = Raw::with(LayerSpec::Flatten);
    (flat.window, flat.channels) = (65_535, 65_535);
    assert_eq!(flat.layer_error(), LayerError::Dimension);
    let mut pool = Raw::with(LayerSpec::MaxPool1d(POOL));
    (pool.window, pool.channels) = (65_535, 65_535);
    pool.weights = Vec::new();
    assert_eq!(pool.layer_error(), LayerError::Memory);
}

#[test]
fn windows_longer_than_the_input_are_refused() {
    let conv = Conv1dSpec {
        kernel_size: 3,
        dilation: 2,
        ..CONV
    };
    let window = LayerError::Window {
        needed: 5,
        given: 4,
    };
    assert_eq!(Raw::with(LayerSpec::Conv1d(conv)).layer_error(), window);
    let pool = Pool1dSpec {
        pool_size: 5,
        ..POOL
    };
    for layer in [LayerSpec::MaxPool1d(pool), LayerSpec::AveragePool1d(pool)] {
        assert_eq!(Raw::with(layer).layer_error(), window);
    }
}

#[test]
fn what_a_layer_does_not_have_is_refused() {
    let softmax = OutputSpec {
        activation: Activation::Softmax,
        min: 0,
        max: 0,
        softmax_bits: 11,
    };
    let conv = Conv1dSpec {
        output: softmax,
        ..CONV
    };
    let pool = Pool1dSpec {
        padding: Padding::Causal,
        ..POOL
    };
    for layer in [
        LayerSpec::Conv1d(conv),
        LayerSpec::MaxPool1d(pool),
        LayerSpec::AveragePool1d(pool),
        LayerSpec::SimpleRnn(SimpleRnnSpec {
            output: softmax,
            ..SIMPLE_RNN
        }),
    ] {
        assert_eq!(Raw::with(layer).layer_error(), LayerError::Unsupported);
    }
}

#[test]
fn a_huge_layer_without_its_weights_is_refused() {
    let mut spec = CONV;
    (spec.filters, spec.kernel_size, spec.padding) = (u16::MAX, u16::MAX, Padding::Same);
    let mut raw = Raw::with(LayerSpec::Conv1d(spec));
    raw.channels = 65_535;
    let error = raw.layer_error();
    // The number of weights has 48 bits: it is not stated modulo 2^32, and where a `usize` has 32 it is refused.
    let most = u32::MAX;
    let refused = matches!(error, LayerError::Weights { needed, .. } if needed == most);
    let refused = refused || error == LayerError::Memory;
    assert!(refused, "{error:?}");
}

#[test]
fn f32_models_have_no_integer_fields() {
    let file = |layer: LayerSpec| {
        let mut weights = Weights::new();
        weights.push(&[0.0f32; 12]);
        weights.push(&[0.0f32; 4]);
        ModelFile {
            name: "",
            precision: PrecisionTag::F32,
            mode: Mode::Windowed,
            hop: 0,
            window: 4,
            input_channels: 2,
            input_scales: &[],
            layers: &[layer],
            weights: &weights,
            output_scales: &[],
            states_features: false,
        }
        .to_bytes()
        .err()
    };
    let scale = LoadError::Layer {
        index: 0,
        error: LayerError::Scale { row: 0 },
    };
    assert_eq!(file(LayerSpec::Dense(dense(3))), Some(scale));
    assert_eq!(file(LayerSpec::Lstm(LSTM)), Some(scale));
    assert_eq!(file(LayerSpec::SimpleRnn(SIMPLE_RNN)), Some(scale));
    assert_eq!(file(LayerSpec::Gru(GRU)), Some(scale));
    let plain = LstmSpec {
        candidate_bits: 0,
        cell_bits: 0,
        hidden_bits: 0,
        ..LSTM
    };
    assert_eq!(file(LayerSpec::Lstm(plain)), None);
}
