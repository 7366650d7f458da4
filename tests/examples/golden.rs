//! Writes the golden models of the current format version and the bits of their outputs:
//! `cargo run -p conformance --example golden`.
//!
//! The weights come from a fixed generator, so that the files can be made again; the files in `golden/` are kept for
//! ever once a format version is released. The bits are those of the oracle, not of the runtime under test.
use std::path::Path;

use conformance::oracle;

use dunlin::format::graph::{
    Activation, Conv1dSpec, DenseSpec, GruSpec, LayerSpec, LstmSpec, OutputSpec, Padding,
    Pool1dSpec, Pooling, SimpleRnnSpec,
};
use dunlin::format::write::{ModelFile, Weights};
use dunlin::math::rescale::Rescale;
use dunlin::{Mode, PrecisionTag};

/// A small generator (xorshift): these weights need no quality, only the same bits for ever.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as u32
    }

    fn weight(&mut self) -> i8 {
        (self.next() % 255) as i8 ^ i8::MIN
    }

    fn float(&mut self) -> f32 {
        (self.next() >> 8) as f32 / (1 << 23) as f32 - 1.0
    }
}

struct Golden {
    random: Random,
    precision: PrecisionTag,
    mode: Mode,
    /// Of an integer model; a float one has none.
    input_scales: Vec<[f32; 2]>,
    output_scales: Vec<[f32; 2]>,
    layers: Vec<LayerSpec>,
    weights: Weights,
}

impl Golden {
    fn new(precision: PrecisionTag) -> Self {
        let scales = |pairs: &[[f32; 2]]| match precision {
            PrecisionTag::F32 => Vec::new(),
            PrecisionTag::W8A16 => pairs.to_vec(),
        };
        Self {
            random: Random(0x9e37_79b9_7f4a_7c15),
            precision,
            mode: Mode::Windowed,
            input_scales: scales(&[[16_384.0, 0.0]]),
            output_scales: scales(&[[1.0 / 16_384.0, 0.0]]),
            layers: Vec::new(),
            weights: Weights::new(),
        }
    }

    /// A matrix whose sums come out near the range of an activation.
    fn matrix(&mut self, rows: usize, columns: usize) {
        match self.precision {
            PrecisionTag::F32 => {
                let scale = 1.0 / (columns as f32).sqrt();
                let weights: Vec<f32> = (0..rows * columns)
                    .map(|_| self.random.float() * scale)
                    .collect();
                let bias: Vec<f32> = (0..rows).map(|_| self.random.float() * 0.1).collect();
                self.weights.push(&weights);
                self.weights.push(&bias);
            }
            PrecisionTag::W8A16 => {
                let weights: Vec<i8> = (0..rows * columns)
                    .map(|_| self.random.weight().clamp(-127, 127))
                    .collect();
                let bias: Vec<i32> = (0..rows)
                    .map(|_| (self.random.next() % 20_001) as i32 - 10_000)
                    .collect();
                let scale: Vec<u32> = (0..rows)
                    .map(|_| {
                        Rescale::new(16_384 + self.random.next() % 16_383, 6)
                            .expect("in range")
                            .0
                    })
                    .collect();
                self.weights.push(&weights);
                self.weights.push(&bias);
                self.weights.push(&scale);
            }
        }
    }

    fn output(&self, activation: Activation) -> OutputSpec {
        let integer = self.precision == PrecisionTag::W8A16;
        let (min, max, softmax_bits) = match activation {
            _ if !integer => (0, 0, 0),
            Activation::Linear => (i16::MIN, i16::MAX, 0),
            Activation::Relu => (0, i16::MAX, 0),
            Activation::Softmax => (0, 0, 11),
            Activation::Tanh
            | Activation::Sigmoid
            | Activation::HardSigmoid
            | Activation::Relu6
            | Activation::LeakyRelu { .. }
            | Activation::Elu { .. }
            | Activation::Gelu
            | Activation::Silu => (0, 0, 0),
        };
        OutputSpec {
            activation,
            min,
            max,
            softmax_bits,
        }
    }

    fn lstm(&mut self, inputs: usize, units: u16, activation: Activation, return_sequences: bool) {
        let integer = self.precision == PrecisionTag::W8A16;
        let (candidate_bits, cell_bits, hidden_bits) = match (integer, activation) {
            (false, _) => (0, 0, 0),
            (true, Activation::Relu) => (12, 24, 13),
            (true, _) => (15, 27, 15),
        };
        self.layers.push(LayerSpec::Lstm(LstmSpec {
            units,
            activation,
            return_sequences,
            use_bias: true,
            candidate_bits,
            cell_bits,
            hidden_bits,
        }));
        self.matrix(4 * usize::from(units), inputs + usize::from(units));
    }

    fn simple_rnn(
        &mut self,
        inputs: usize,
        units: u16,
        activation: Activation,
        return_sequences: bool,
    ) {
        let output = self.output(activation);
        self.layers.push(LayerSpec::SimpleRnn(SimpleRnnSpec {
            units,
            return_sequences,
            use_bias: true,
            output,
        }));
        self.matrix(units.into(), inputs + usize::from(units));
    }

    /// The product of `h` has a bias of its own, also where Keras has none.
    fn gru(&mut self, inputs: usize, spec: GruSpec) {
        let units = usize::from(spec.units);
        let hidden_bits = match (self.precision, spec.activation) {
            (PrecisionTag::F32, _) => 0,
            (PrecisionTag::W8A16, Activation::Relu) => 12,
            (PrecisionTag::W8A16, _) => 15,
        };
        self.layers.push(LayerSpec::Gru(GruSpec {
            hidden_bits,
            ..spec
        }));
        self.matrix(3 * units, inputs);
        self.matrix(3 * units, units);
    }

    fn average_pool(&mut self, pool_size: u16, stride: u16, padding: Padding) {
        self.layers.push(LayerSpec::AveragePool1d(Pool1dSpec {
            pool_size,
            stride,
            padding,
        }));
    }

    fn dense(&mut self, inputs: usize, units: u16, activation: Activation) {
        let output = self.output(activation);
        self.layers.push(LayerSpec::Dense(DenseSpec {
            units,
            use_bias: true,
            output,
        }));
        self.matrix(units.into(), inputs);
    }

    fn conv1d(&mut self, inputs: usize, filters: u16, window: (u16, u16, u16), padding: Padding) {
        let (kernel_size, stride, dilation) = window;
        let output = self.output(Activation::Relu);
        self.layers.push(LayerSpec::Conv1d(Conv1dSpec {
            filters,
            kernel_size,
            stride,
            dilation,
            padding,
            use_bias: true,
            output,
        }));
        self.matrix(filters.into(), usize::from(kernel_size) * inputs);
    }

    fn max_pool(&mut self, pool_size: u16, stride: u16, padding: Padding) {
        self.layers.push(LayerSpec::MaxPool1d(Pool1dSpec {
            pool_size,
            stride,
            padding,
        }));
    }

    fn write(self, name: &str, window: usize, channels: usize) {
        let file = ModelFile {
            name,
            precision: self.precision,
            mode: self.mode,
            hop: 0,
            window,
            input_channels: channels,
            input_scales: &self.input_scales,
            layers: &self.layers,
            weights: &self.weights,
            output_scales: &self.output_scales,
        };
        let bytes = file
            .to_bytes()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/v1");
        let put = |end: &str, bytes: &[u8]| {
            let path = folder.join(format!("{name}.{end}"));
            std::fs::write(&path, bytes)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        };
        put("dunlin", &bytes);
        put("bits", oracle::bits(&bytes).as_bytes());
    }
}

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
    }
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
}

/// A tanh GRU with the last step alone, in Keras's default; `hidden_bits` come with the precision.
const GRU: GruSpec = GruSpec {
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
