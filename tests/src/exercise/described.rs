//! A valid model, or one that is nearly so, from any bytes: most dimensions small, most scales in their range.
use std::vec::Vec;

use dunlin::format::graph::{
    Activation, Conv1dSpec, DenseSpec, GruSpec, LayerSpec, LstmSpec, OutputSpec, Padding,
    Pool1dSpec, Pooling, SimpleRnnSpec,
};
use dunlin::format::write::{ModelFile, Weights};
use dunlin::{LoadError, Mode, PrecisionTag};

/// Weights of one matrix at most, so that a description of a few bytes does not fill the memory.
const LARGEST_MATRIX: usize = 1 << 16;
const MOST_LAYERS: u8 = 8;

/// The file, or what the writer has against it.
pub fn described(data: &[u8]) -> Result<Vec<u8>, LoadError> {
    let mut source = Source { data, at: 0 };
    let precision = source.pick([PrecisionTag::F32, PrecisionTag::W8A16]);
    let mode = source.pick([Mode::Windowed, Mode::Windowed, Mode::Continuous]);
    let (window, input_channels) = (source.dimension(), source.dimension());
    let hop = source.byte() % 8;
    let mut model = Description {
        precision,
        source,
        layers: Vec::new(),
        weights: Weights::new(),
        steps: window.into(),
        channels: input_channels.into(),
    };
    let input_scales = model.scales();
    let count = 1 + model.source.byte() % MOST_LAYERS;
    for _ in 0..count {
        model.layer();
    }
    let output_scales = model.scales();
    ModelFile {
        name: "described",
        precision,
        mode,
        hop: hop.into(),
        window: window.into(),
        input_channels: input_channels.into(),
        input_scales: &input_scales,
        layers: &model.layers,
        weights: &model.weights,
        output_scales: &output_scales,
    }
    .to_bytes()
}

/// Bytes one after the other; from the first again when they are used up.
struct Source<'a> {
    data: &'a [u8],
    at: usize,
}

impl Source<'_> {
    fn byte(&mut self) -> u8 {
        let byte = self.data.get(self.at % self.data.len().max(1));
        self.at += 1;
        // A second pass differs from the first.
        let pass = (self.at / self.data.len().max(1)) as u8;
        byte.copied().unwrap_or_default().wrapping_add(pass)
    }

    fn word(&mut self) -> u32 {
        u32::from_le_bytes(core::array::from_fn(|_| self.byte()))
    }

    fn pick<T: Copy, const N: usize>(&mut self, values: [T; N]) -> T {
        values[usize::from(self.byte()) % N]
    }

    /// Mostly in [1, 16], sometimes anything.
    fn dimension(&mut self) -> u16 {
        let byte = self.byte();
        if byte < 252 {
            u16::from(byte % 16) + 1
        } else {
            self.word() as u16
        }
    }

    /// Whether something that should not be is wanted: once in 64.
    fn hostile(&mut self) -> bool {
        self.byte() % 64 == 63
    }
}

struct Description<'a> {
    precision: PrecisionTag,
    source: Source<'a>,
    layers: Vec<LayerSpec>,
    weights: Weights,
    /// The shape so far; what a refused layer leaves does not matter.
    steps: usize,
    channels: usize,
}

impl Description<'_> {
    /// None, one for all, or one a channel; of ordinary size or any.
    fn scales(&mut self) -> Vec<[f32; 2]> {
        let count = [0, 1, self.channels.min(256)][usize::from(self.source.byte()) % 3];
        (0..count)
            .map(|_| {
                if self.source.hostile() {
                    [self.source.word(), self.source.word()].map(f32::from_bits)
                } else {
                    [self.source.word(), self.source.word()]
                        .map(|bits| bits as i32 as f32 / 65_536.0)
                }
            })
            .collect()
    }

    fn layer(&mut self) {
        let source = &mut self.source;
        let dimension = source.dimension();
        match source.byte() % 9 {
            0 => {
                let spec = DenseSpec {
                    units: dimension,
                    use_bias: true,
                    output: self.output(),
                };
                self.matrix(dimension.into(), self.channels);
                self.layers.push(LayerSpec::Dense(spec));
                self.channels = dimension.into();
            }
            1 => {
                let spec = Conv1dSpec {
                    filters: dimension,
                    kernel_size: source.dimension(),
                    stride: source.dimension(),
                    dilation: source.dimension(),
                    padding: source.pick([Padding::Valid, Padding::Same, Padding::Causal]),
                    use_bias: false,
                    output: self.output(),
                };
                let columns = usize::from(spec.kernel_size) * self.channels;
                self.matrix(dimension.into(), columns);
                self.layers.push(LayerSpec::Conv1d(spec));
                self.window(spec.padding, [spec.kernel_size, spec.stride, spec.dilation]);
                self.channels = dimension.into();
            }
            2 => {
                let spec = self.pool(dimension);
                self.layers.push(LayerSpec::MaxPool1d(spec));
            }
            3 => {
                self.layers.push(LayerSpec::Flatten);
                (self.steps, self.channels) = (1, self.steps * self.channels);
            }
            4 => {
                let spec = self.pool(dimension);
                self.layers.push(LayerSpec::AveragePool1d(spec));
            }
            5 => {
                let pooling = source.pick([Pooling::Max, Pooling::Average]);
                self.layers.push(LayerSpec::GlobalPool1d(pooling));
                self.steps = 1;
            }
            6 => {
                let spec = SimpleRnnSpec {
                    units: dimension,
                    return_sequences: source.byte().is_multiple_of(2),
                    use_bias: true,
                    output: self.output(),
                };
                let units = usize::from(dimension);
                self.matrix(units, self.channels + units);
                self.layers.push(LayerSpec::SimpleRnn(spec));
                self.recurrent(units, spec.return_sequences);
            }
            7 => {
                let spec = self.gru(dimension);
                let units = usize::from(dimension);
                self.matrix(3 * units, self.channels);
                self.matrix(3 * units, units);
                self.layers.push(LayerSpec::Gru(spec));
                self.recurrent(units, spec.return_sequences);
            }
            _ => {
                let spec = self.lstm(dimension);
                let units = usize::from(dimension);
                self.matrix(4 * units, self.channels + units);
                self.layers.push(LayerSpec::Lstm(spec));
                self.recurrent(units, spec.return_sequences);
            }
        }
    }

    /// Steps after a window over time.
    fn window(&mut self, padding: Padding, [size, stride, dilation]: [u16; 3]) {
        let [size, stride, dilation] = [size, stride, dilation].map(usize::from);
        let span = size.saturating_sub(1) * dilation + 1;
        self.steps = match padding {
            Padding::Valid => self.steps.saturating_sub(span) / stride.max(1) + 1,
            Padding::Same | Padding::Causal => self.steps.div_ceil(stride.max(1)),
        };
    }

    fn pool(&mut self, pool_size: u16) -> Pool1dSpec {
        let spec = Pool1dSpec {
            pool_size,
            stride: self.source.dimension(),
            padding: self.source.pick([Padding::Valid, Padding::Same]),
        };
        self.window(spec.padding, [spec.pool_size, spec.stride, 1]);
        spec
    }

    /// The shape after a recurrent layer.
    fn recurrent(&mut self, units: usize, return_sequences: bool) {
        self.steps = if return_sequences { self.steps } else { 1 };
        self.channels = units;
    }

    fn gru(&mut self, units: u16) -> GruSpec {
        let activation = self.source.pick([Activation::Tanh, Activation::Relu]);
        let mut hidden_bits = match (self.precision, activation) {
            (PrecisionTag::F32, _) => 0,
            (PrecisionTag::W8A16, Activation::Relu) => (self.source.byte() % 31) as i8 - 15,
            (PrecisionTag::W8A16, _) => 15,
        };
        if self.source.hostile() {
            hidden_bits = self.source.byte() as i8;
        }
        GruSpec {
            units,
            activation,
            return_sequences: self.source.byte().is_multiple_of(2),
            use_bias: true,
            reset_after: self.source.byte().is_multiple_of(2),
            hidden_bits,
        }
    }

    fn lstm(&mut self, units: u16) -> LstmSpec {
        let activation = self.source.pick([Activation::Tanh, Activation::Relu]);
        let mut bits = match (self.precision, activation) {
            (PrecisionTag::F32, _) => [0; 3],
            (PrecisionTag::W8A16, Activation::Relu) => {
                let cell = 12 + (self.source.byte() % 19) as i8;
                [cell - 15 + (self.source.byte() % 16) as i8, cell, cell - 2]
            }
            (PrecisionTag::W8A16, _) => [15, 12 + (self.source.byte() % 19) as i8, 15],
        };
        if self.source.hostile() {
            bits = core::array::from_fn(|_| self.source.byte() as i8);
        }
        let [candidate_bits, cell_bits, hidden_bits] = bits;
        LstmSpec {
            units,
            activation,
            return_sequences: self.source.byte().is_multiple_of(2),
            use_bias: true,
            candidate_bits,
            cell_bits,
            hidden_bits,
        }
    }

    fn output(&mut self) -> OutputSpec {
        let activation = self.source.pick([
            Activation::Linear,
            Activation::Relu,
            Activation::Tanh,
            Activation::Sigmoid,
            Activation::Softmax,
        ]);
        let (min, max, softmax_bits) = match (self.precision, activation) {
            (PrecisionTag::F32, _) => (0, 0, 0),
            (PrecisionTag::W8A16, Activation::Linear) => (i16::MIN, i16::MAX, 0),
            (PrecisionTag::W8A16, Activation::Relu) => (0, self.source.word() as i16 & i16::MAX, 0),
            (PrecisionTag::W8A16, Activation::Softmax) => (0, 0, self.source.byte() % 16),
            (
                PrecisionTag::W8A16,
                Activation::Tanh
                | Activation::Sigmoid
                | Activation::HardSigmoid
                | Activation::Relu6
                | Activation::LeakyRelu { .. }
                | Activation::Elu { .. }
                | Activation::Gelu
                | Activation::Silu,
            ) => (0, 0, 0),
        };
        OutputSpec {
            activation,
            min,
            max,
            softmax_bits,
        }
    }

    fn matrix(&mut self, rows: usize, columns: usize) {
        let count = rows * columns;
        if count > LARGEST_MATRIX {
            // The file is refused for its missing weights.
            return;
        }
        let source = &mut self.source;
        let hostile = source.hostile();
        match self.precision {
            PrecisionTag::F32 => {
                let float = |_| match (hostile, source.word()) {
                    (true, bits) => f32::from_bits(bits),
                    (false, bits) => bits as i32 as f32 / 1e9,
                };
                let floats: Vec<f32> = (0..count + rows).map(float).collect();
                self.weights.push(&floats);
            }
            PrecisionTag::W8A16 => {
                let lowest = if hostile { -128 } else { -127 };
                let weights: Vec<i8> = (0..count)
                    .map(|_| (source.byte() as i8).max(lowest))
                    .collect();
                let bias: Vec<i32> = (0..rows)
                    .map(|_| source.word() as i32 >> if hostile { 0 } else { 8 })
                    .collect();
                let scale: Vec<u32> = (0..rows)
                    .map(|_| match (hostile, source.word()) {
                        (true, bits) => bits,
                        (false, bits) => bits & 0x3fff_001f | 0x4000_0000,
                    })
                    .collect();
                self.weights.push(&weights);
                self.weights.push(&bias);
                self.weights.push(&scale);
            }
        }
    }
}
