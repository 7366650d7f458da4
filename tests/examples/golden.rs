//! Writes the golden models of the current format version: `cargo run -p conformance --example golden`.
//!
//! The weights come from a fixed generator, so that the files can be made again; the files in `golden/` are kept for
//! ever once a format version is released.
use std::path::Path;

use dunlin::format::graph::{
    Activation, Conv1dSpec, DenseSpec, LayerSpec, LstmSpec, MaxPool1dSpec, OutputSpec, Padding,
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
    layers: Vec<LayerSpec>,
    weights: Weights,
}

impl Golden {
    fn new(precision: PrecisionTag) -> Self {
        Self {
            random: Random(0x9e37_79b9_7f4a_7c15),
            precision,
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
            Activation::Tanh | Activation::Sigmoid => (0, 0, 0),
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

    fn write(self, name: &str, window: usize, channels: usize) {
        let integer = self.precision == PrecisionTag::W8A16;
        let file = ModelFile {
            name,
            precision: self.precision,
            mode: Mode::Windowed,
            window,
            input_channels: channels,
            input_scales: if integer { &[[16_384.0, 0.0]] } else { &[] },
            layers: &self.layers,
            weights: &self.weights,
            output_scales: if integer {
                &[[1.0 / 16_384.0, 0.0]]
            } else {
                &[]
            },
        };
        let bytes = file
            .to_bytes()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("golden/v1/{name}.dunlin"));
        std::fs::write(&path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
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
        conv.layers.push(LayerSpec::MaxPool1d(MaxPool1dSpec {
            pool_size: 2,
            stride: 2,
            padding: Padding::Same,
        }));
        conv.layers.push(LayerSpec::Flatten);
        conv.dense(25, 6, Activation::Sigmoid);
        conv.dense(6, 2, Activation::Tanh);
        conv.write(&format!("conv{suffix}"), 21, 3);
    }
}
