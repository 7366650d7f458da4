//! A golden model on its way: layers with weights from the generator.
use std::path::Path;

use conformance::oracle;
use dunlin::format::graph::{
    Activation, Conv1dSpec, DenseSpec, GruSpec, LayerSpec, LstmSpec, OutputSpec, Padding,
    Pool1dSpec, SimpleRnnSpec,
};
use dunlin::format::write::{ModelFile, Weights};
use dunlin::math::rescale::Rescale;
use dunlin::{Mode, PrecisionTag};

/// A small generator (xorshift): these weights need no quality, only the same bits for ever.
pub struct Random(u64);

impl Random {
    pub fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as u32
    }

    pub fn weight(&mut self) -> i8 {
        (self.next() % 255) as i8 ^ i8::MIN
    }

    pub fn float(&mut self) -> f32 {
        (self.next() >> 8) as f32 / (1 << 23) as f32 - 1.0
    }
}

pub struct Golden {
    pub random: Random,
    pub precision: PrecisionTag,
    pub mode: Mode,
    /// 0: the window's length.
    pub hop: usize,
    /// Of an integer model; a float one has none.
    pub input_scales: Vec<[f32; 2]>,
    pub output_scales: Vec<[f32; 2]>,
    pub layers: Vec<LayerSpec>,
    pub weights: Weights,
}

impl Golden {
    pub fn new(precision: PrecisionTag) -> Self {
        let scales = |pairs: &[[f32; 2]]| match precision {
            PrecisionTag::F32 => Vec::new(),
            PrecisionTag::W8A16 => pairs.to_vec(),
        };
        Self {
            random: Random(0x9e37_79b9_7f4a_7c15),
            precision,
            mode: Mode::Windowed,
            hop: 0,
            input_scales: scales(&[[16_384.0, 0.0]]),
            output_scales: scales(&[[1.0 / 16_384.0, 0.0]]),
            layers: Vec::new(),
            weights: Weights::new(),
        }
    }

    /// A matrix whose sums come out near the range of an activation.
    pub fn matrix(&mut self, rows: usize, columns: usize) {
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

    pub fn output(&self, activation: Activation) -> OutputSpec {
        let integer = self.precision == PrecisionTag::W8A16;
        let (min, max, softmax_bits) = match activation {
            _ if !integer => (0, 0, 0),
            Activation::Linear | Activation::LeakyRelu { .. } => (i16::MIN, i16::MAX, 0),
            Activation::Relu => (0, i16::MAX, 0),
            // Six at 12 bits.
            Activation::Relu6 => (0, 24_576, 0),
            Activation::Softmax => (0, 0, 11),
            Activation::Tanh | Activation::Sigmoid | Activation::HardSigmoid => (0, 0, 0),
            Activation::Elu { .. } => (i16::MIN, i16::MAX, 13),
            Activation::Gelu => (i16::MIN, i16::MAX, 12),
            Activation::Silu => (i16::MIN, 30_000, 11),
        };
        OutputSpec {
            activation,
            min,
            max,
            softmax_bits,
        }
    }

    /// The number of the current tensor.
    pub fn tensor(&self) -> u16 {
        self.layers.len() as u16
    }

    /// A number that is a float's bits, or an integer's over 2^15.
    pub fn parameter(&self, value: f32) -> u32 {
        match self.precision {
            PrecisionTag::F32 => value.to_bits(),
            PrecisionTag::W8A16 => (value * 32_768.0) as u32,
        }
    }

    /// What an integer file says and a float one leaves at 0.
    pub fn integer<T: Default>(&self, value: T) -> T {
        match self.precision {
            PrecisionTag::F32 => T::default(),
            PrecisionTag::W8A16 => value,
        }
    }

    pub fn lstm(
        &mut self,
        inputs: usize,
        units: u16,
        activation: Activation,
        return_sequences: bool,
    ) {
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

    pub fn simple_rnn(
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
    pub fn gru(&mut self, inputs: usize, spec: GruSpec) {
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

    pub fn average_pool(&mut self, pool_size: u16, stride: u16, padding: Padding) {
        self.layers.push(LayerSpec::AveragePool1d(Pool1dSpec {
            pool_size,
            stride,
            padding,
        }));
    }

    pub fn dense(&mut self, inputs: usize, units: u16, activation: Activation) {
        let output = self.output(activation);
        self.layers.push(LayerSpec::Dense(DenseSpec {
            units,
            use_bias: true,
            output,
        }));
        self.matrix(units.into(), inputs);
    }

    pub fn conv1d(
        &mut self,
        inputs: usize,
        filters: u16,
        window: (u16, u16, u16),
        padding: Padding,
    ) {
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

    pub fn max_pool(&mut self, pool_size: u16, stride: u16, padding: Padding) {
        self.layers.push(LayerSpec::MaxPool1d(Pool1dSpec {
            pool_size,
            stride,
            padding,
        }));
    }

    /// Writes the model and the bits that it must give.
    pub fn write(self, name: &str, window: usize, channels: usize) {
        let bytes = self.file(name, window, channels, false);
        put(&format!("golden/v1/{name}.dunlin"), &bytes);
        put(
            &format!("golden/v1/{name}.bits"),
            oracle::bits(&bytes).as_bytes(),
        );
    }

    /// The bytes of the file.
    pub fn file(
        &self,
        name: &str,
        window: usize,
        channels: usize,
        states_features: bool,
    ) -> Vec<u8> {
        let file = ModelFile {
            name,
            precision: self.precision,
            mode: self.mode,
            hop: self.hop,
            window,
            input_channels: channels,
            input_scales: &self.input_scales,
            layers: &self.layers,
            weights: &self.weights,
            output_scales: &self.output_scales,
            states_features,
        };
        file.to_bytes()
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

/// Writes a file; its path starts in the folder of this package.
pub fn put(path: &str, bytes: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::write(&path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
