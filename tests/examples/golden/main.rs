//! Writes the golden models of the current format version and the bits of their outputs, and the models that the firmware
//! has built in: `cargo run -p conformance --example golden`.
//!
//! The weights come from a fixed generator, so that the files can be made again; the files in `golden/` are kept for
//! ever once a format version is released. The bits are those of the oracle, not of the runtime under test.
use dunlin::format::graph::{Activation, GruSpec, LayerSpec, Padding, Pooling};
use dunlin::{Mode, PrecisionTag};

mod cells;
mod graphs;
mod model;
mod products;

use model::Golden;

fn main() {
    for (precision, suffix) in [(PrecisionTag::W8A16, ""), (PrecisionTag::F32, "_f32")] {
        let mut tiny = Golden::new(precision);
        tiny.lstm(1, 3, Activation::Tanh, false);
        tiny.dense(3, 1, Activation::Linear);
        tiny.write(&format!("tiny_lstm{suffix}"), 8, 1);

        let mut relu = Golden::new(precision);
        relu.lstm(2, 9, Activation::Tanh, true);
        relu.lstm(9, 6, Activation::Relu, false);
        relu.dense(6, 5, Activation::Softmax);
        relu.write(&format!("stacked_lstm{suffix}"), 12, 2);

        let mut conv = Golden::new(precision);
        conv.conv1d(3, 7, (3, 1, 1), Padding::Same);
        conv.conv1d(7, 8, (2, 1, 4), Padding::Causal);
        conv.conv1d(8, 5, (4, 2, 1), Padding::Valid);
        conv.max_pool(2, 2, Padding::Same);
        conv.layers.push(LayerSpec::Flatten);
        conv.dense(25, 6, Activation::Sigmoid);
        conv.dense(6, 2, Activation::Tanh);
        conv.write(&format!("conv{suffix}"), 21, 3);

        sequences(precision, suffix);
        windows(precision, suffix);
        streams(precision, suffix);
        simple_rnn_and_gru(precision, suffix);
        averages(precision, suffix);
        graphs::write(precision, suffix);
        cells::write(precision, suffix);
    }
    products::write();
}

/// Outputs that are sequences, and scales of each channel.
fn sequences(precision: PrecisionTag, suffix: &str) {
    let mut lstm = Golden::new(precision);
    lstm.lstm(2, 5, Activation::Tanh, true);
    lstm.input_scales = vec![[9_000.0, 1_200.0], [14_000.5, -700.25]];
    lstm.output_scales = vec![[1.0 / 32_768.0, 0.0]];
    lstm.write(&format!("sequence_lstm{suffix}"), 7, 2);

    let mut dense = Golden::new(precision);
    dense.lstm(3, 4, Activation::Relu, true);
    dense.dense(4, 3, Activation::Linear);
    dense.output_scales = vec![[0.25, -3.0], [0.001, 0.5], [7.0, 0.0]];
    dense.write(&format!("sequence_dense{suffix}"), 9, 3);

    let mut softmax = Golden::new(precision);
    softmax.dense(2, 9, Activation::Relu);
    softmax.dense(9, 3, Activation::Softmax);
    softmax.output_scales = vec![[1.0 / 32_768.0, 0.0]];
    softmax.write(&format!("sequence_softmax{suffix}"), 5, 2);
}

/// Windows over time: a stride longer than the kernel, a kernel longer than the input, a pool without padding.
fn windows(precision: PrecisionTag, suffix: &str) {
    let mut pool = Golden::new(precision);
    pool.conv1d(2, 6, (2, 5, 1), Padding::Same);
    pool.max_pool(3, 2, Padding::Valid);
    pool.layers.push(LayerSpec::Flatten);
    pool.dense(18, 1, Activation::Linear);
    pool.write(&format!("pool{suffix}"), 33, 2);

    let mut wide = Golden::new(precision);
    wide.conv1d(1, 4, (9, 1, 3), Padding::Same);
    wide.max_pool(5, 1, Padding::Same);
    wide.conv1d(4, 3, (2, 3, 2), Padding::Valid);
    wide.lstm(3, 2, Activation::Tanh, false);
    wide.write(&format!("wide{suffix}"), 11, 1);

    let mut sequence = Golden::new(precision);
    sequence.dense(2, 3, Activation::Tanh);
    sequence.conv1d(3, 2, (3, 1, 2), Padding::Causal);
    sequence.write(&format!("sequence_conv{suffix}"), 8, 2);
}

/// Models that carry their state on for ever.
fn streams(precision: PrecisionTag, suffix: &str) {
    let mut last = Golden::new(precision);
    last.mode = Mode::Continuous;
    last.lstm(1, 4, Activation::Tanh, false);
    last.dense(4, 1, Activation::Linear);
    last.write(&format!("continuous_lstm{suffix}"), 10, 1);

    let mut sequence = Golden::new(precision);
    sequence.mode = Mode::Continuous;
    sequence.lstm(2, 5, Activation::Relu, true);
    sequence.lstm(5, 3, Activation::Tanh, true);
    sequence.dense(3, 2, Activation::Sigmoid);
    sequence.write(&format!("continuous_sequence{suffix}"), 6, 2);

    // Windows that share steps: padding at both ends, a stride that fits the hop, and one that does not.
    let mut conv = Golden::new(precision);
    conv.hop = 2;
    conv.conv1d(2, 5, (3, 1, 1), Padding::Same);
    conv.conv1d(5, 4, (2, 2, 1), Padding::Valid);
    conv.max_pool(2, 2, Padding::Valid);
    conv.layers.push(LayerSpec::GlobalPool1d(Pooling::Average));
    conv.dense(4, 3, Activation::Softmax);
    conv.write(&format!("overlapping_conv{suffix}"), 14, 2);

    // A recurrent layer begins anew with each window.
    let mut rnn = Golden::new(precision);
    rnn.hop = 3;
    rnn.conv1d(1, 4, (3, 1, 2), Padding::Valid);
    rnn.lstm(4, 3, Activation::Tanh, false);
    rnn.dense(3, 2, Activation::Linear);
    rnn.write(&format!("overlapping_lstm{suffix}"), 11, 1);
}

/// A tanh GRU with the last step alone, in Keras's default; `hidden_bits` come with the precision.
pub const GRU: GruSpec = GruSpec {
    units: 4,
    activation: Activation::Tanh,
    return_sequences: false,
    use_bias: true,
    reset_after: true,
    hidden_bits: 0,
};

/// Recurrent layers besides the LSTM: alone, stacked, and with a state that is carried on.
fn simple_rnn_and_gru(precision: PrecisionTag, suffix: &str) {
    let mut simple = Golden::new(precision);
    simple.simple_rnn(2, 5, Activation::Tanh, true);
    simple.simple_rnn(5, 6, Activation::Relu, true);
    simple.simple_rnn(6, 3, Activation::Sigmoid, false);
    simple.dense(3, 1, Activation::Linear);
    simple.write(&format!("simple_rnn{suffix}"), 10, 2);

    let mut after = Golden::new(precision);
    after.gru(3, GruSpec { units: 5, ..GRU });
    after.dense(5, 2, Activation::Linear);
    after.write(&format!("gru{suffix}"), 9, 3);

    // Five rows a gate: blocks of four and a rest.
    let mut before = Golden::new(precision);
    let stacked = |units, activation, return_sequences| GruSpec {
        units,
        activation,
        return_sequences,
        reset_after: false,
        ..GRU
    };
    before.gru(2, stacked(5, Activation::Tanh, true));
    before.gru(5, stacked(3, Activation::Relu, true));
    before.gru(3, stacked(4, Activation::Tanh, false));
    before.dense(4, 3, Activation::Linear);
    before.write(&format!("gru_reset_before{suffix}"), 8, 2);

    let mut continuous = Golden::new(precision);
    continuous.mode = Mode::Continuous;
    let first = GruSpec {
        units: 3,
        activation: Activation::Relu,
        return_sequences: true,
        ..GRU
    };
    continuous.gru(1, first);
    continuous.simple_rnn(3, 3, Activation::Tanh, true);
    continuous.gru(3, GRU);
    continuous.dense(4, 1, Activation::Linear);
    continuous.write(&format!("continuous_gru{suffix}"), 12, 1);
}

/// Means of both signs, over odd and even numbers of steps, with places cut short by the padding.
fn averages(precision: PrecisionTag, suffix: &str) {
    let mut average = Golden::new(precision);
    average.dense(2, 5, Activation::Tanh);
    average.average_pool(4, 2, Padding::Valid);
    average.average_pool(3, 1, Padding::Same);
    average
        .layers
        .push(LayerSpec::GlobalPool1d(Pooling::Average));
    average.dense(5, 2, Activation::Linear);
    average.write(&format!("pools{suffix}"), 22, 2);

    let mut largest = Golden::new(precision);
    largest.conv1d(1, 4, (3, 1, 1), Padding::Causal);
    largest.average_pool(6, 5, Padding::Same);
    largest.dense(4, 3, Activation::Tanh);
    largest.layers.push(LayerSpec::GlobalPool1d(Pooling::Max));
    largest.write(&format!("pools_max{suffix}"), 19, 1);
}
