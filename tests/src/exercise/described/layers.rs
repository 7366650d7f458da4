//! Layers of a described model: their specifications, weights and shapes.
use dunlin::PrecisionTag;
use dunlin::format::graph::{
    Activation, ActivationSpec, Conv1dSpec, DenseSpec, EmbeddingSpec, GroupedConv1dSpec,
    LayerNormSpec, LayerSpec, MergeSpec, OutputSpec, Padding, Pool1dSpec, Pooling,
    ZeroPadding1dSpec,
};

use super::Description;

impl Description<'_> {
    pub(super) fn layer(&mut self) {
        let dimension = self.source.dimension();
        let (steps, channels) = (self.steps(), self.channels());
        let (spec, shape) = match self.source.byte() % 22 {
            0 => {
                let spec = DenseSpec {
                    units: dimension,
                    use_bias: true,
                    output: self.output(),
                };
                self.matrix(dimension.into(), channels);
                (LayerSpec::Dense(spec), (steps, dimension.into()))
            }
            1 => {
                let spec = self.conv(dimension);
                self.matrix(dimension.into(), usize::from(spec.kernel_size) * channels);
                let window = [spec.kernel_size, spec.stride, spec.dilation];
                let shape = (self.window(spec.padding, window), dimension.into());
                (LayerSpec::Conv1d(spec), shape)
            }
            2 => {
                let (spec, steps) = self.pool(dimension);
                (LayerSpec::MaxPool1d(spec), (steps, channels))
            }
            3 => {
                let (spec, steps) = self.pool(dimension);
                (LayerSpec::AveragePool1d(spec), (steps, channels))
            }
            4 => {
                let pooling = self.source.pick([Pooling::Max, Pooling::Average]);
                (LayerSpec::GlobalPool1d(pooling), (1, channels))
            }
            5 => (LayerSpec::Flatten, (1, steps * channels)),
            6 => self.simple_rnn(dimension),
            7 => self.gru(dimension),
            8 => self.lstm(dimension),
            9 => self.simple_rnn_norm(dimension),
            10 => self.gru_gated(dimension),
            11 => self.lstm_gated(dimension),
            12 => {
                let tensor = usize::from(self.source.byte()) % self.shapes.len();
                let number = self.number(tensor);
                (LayerSpec::Input(number), self.shapes[tensor])
            }
            13 => (LayerSpec::Reverse, (steps, channels)),
            14 => {
                let [before, after] = [(); 2].map(|()| self.source.dimension().saturating_sub(1));
                let spec = ZeroPadding1dSpec { before, after };
                let steps = steps + usize::from(before) + usize::from(after);
                (LayerSpec::ZeroPadding1d(spec), (steps, channels))
            }
            15 => {
                let size = self.source.dimension() % 5;
                let shape = (steps * usize::from(size), channels);
                (LayerSpec::UpSampling1d(size), shape)
            }
            16 => {
                let tensor = self.tensor(|shape| shape.0 == steps);
                let mut spec = self.merge(tensor, Activation::Linear);
                spec.multipliers[1] |= spec.multipliers[0] & 1;
                let width = channels + self.shapes[tensor].1;
                (LayerSpec::Concatenate(spec), (steps, width))
            }
            17 => {
                let tensor = self.tensor(|shape| shape == (steps, channels));
                let activation = self.activation();
                let mut spec = self.merge(tensor, activation);
                spec.multipliers = spec.multipliers.map(|m| m.min(1 << 14));
                (LayerSpec::Add(spec), (steps, channels))
            }
            18 => {
                let tensor = self.tensor(|shape| shape == (steps, channels));
                let activation = self.activation();
                let mut spec = self.merge(tensor, activation);
                spec.multipliers[1] = 0;
                (LayerSpec::Multiply(spec), (steps, channels))
            }
            19 => {
                let (multiplier, shift) = self.scale();
                let spec = ActivationSpec {
                    multiplier,
                    shift,
                    output: self.output(),
                };
                (LayerSpec::Activation(spec), (steps, channels))
            }
            20 => self.grouped(),
            _ if channels == 1 => {
                let spec = EmbeddingSpec {
                    vocabulary: self.source.dimension(),
                    units: dimension,
                };
                self.rows(spec.vocabulary.into(), dimension.into());
                (LayerSpec::Embedding(spec), (steps, dimension.into()))
            }
            _ => {
                let spec = self.layer_norm();
                self.norm(channels);
                (LayerSpec::LayerNorm(spec), (steps, channels))
            }
        };
        self.layers.push(spec);
        self.shapes.push(shape);
    }

    fn conv(&mut self, filters: u16) -> Conv1dSpec {
        let source = &mut self.source;
        Conv1dSpec {
            filters,
            kernel_size: source.dimension(),
            stride: source.dimension(),
            dilation: source.dimension(),
            padding: source.pick([Padding::Valid, Padding::Same, Padding::Causal]),
            use_bias: false,
            output: self.output(),
        }
    }

    /// Groups that divide the channels, and some filters in each; mostly depthwise.
    fn grouped(&mut self) -> (LayerSpec, (usize, usize)) {
        let channels = self.channels();
        let mut groups = channels;
        if self.source.byte().is_multiple_of(2) {
            let most = usize::from(self.source.dimension())
                .min(channels / 2)
                .max(1);
            let divides = |groups: &usize| channels.is_multiple_of(*groups);
            groups = (1..=most).rev().find(divides).unwrap_or(1);
        }
        if self.source.hostile() {
            groups = self.source.dimension().into();
        }
        let each = self.source.pick([1, 1, 2, 5]);
        let filters = groups.saturating_mul(each).min(0xffff);
        let conv = self.conv(filters as u16);
        let columns = usize::from(conv.kernel_size) * channels / groups.max(1);
        self.matrix(filters, columns);
        let window = [conv.kernel_size, conv.stride, conv.dilation];
        let shape = (self.window(conv.padding, window), filters);
        let spec = GroupedConv1dSpec {
            conv,
            groups: groups as u16,
        };
        (LayerSpec::GroupedConv1d(spec), shape)
    }

    /// An earlier tensor of which this holds, if there is one, as there always is: the current one; seldom any.
    fn tensor(&mut self, fits: impl Fn((usize, usize)) -> bool) -> usize {
        let count = self.shapes.len();
        let first = usize::from(self.source.byte()) % count;
        if self.source.hostile() {
            return first;
        }
        let numbers = (first..count).chain(0..first);
        numbers
            .into_iter()
            .find(|&number| fits(self.shapes[number]))
            .unwrap_or(first)
    }

    /// A tensor's number, or seldom one that is not there.
    fn number(&mut self, tensor: usize) -> u16 {
        if self.source.hostile() {
            self.source.word() as u16
        } else {
            tensor as u16
        }
    }

    fn merge(&mut self, tensor: usize, activation: Activation) -> MergeSpec {
        let (first, shift) = self.scale();
        let (second, _) = self.scale();
        MergeSpec {
            with: self.number(tensor),
            multipliers: [first, second],
            shift,
            output: self.output_of(activation),
        }
    }

    /// A multiplier and a shift.
    fn scale(&mut self) -> (i16, u8) {
        match self.precision {
            PrecisionTag::F32 => (0, 0),
            PrecisionTag::W8A16 if self.source.hostile() => {
                (self.source.word() as i16, self.source.byte())
            }
            PrecisionTag::W8A16 => {
                let multiplier = self.source.word() as i16 & i16::MAX;
                (multiplier.max(1), self.source.byte() % 20)
            }
        }
    }

    pub(super) fn layer_norm(&mut self) -> LayerNormSpec {
        let output = self.output();
        match self.precision {
            PrecisionTag::F32 => LayerNormSpec {
                epsilon: 1e-3f32.to_bits(),
                shift: 0,
                output,
            },
            PrecisionTag::W8A16 => LayerNormSpec {
                epsilon: self.source.word() >> (self.source.byte() % 32),
                shift: self.source.byte() % if self.source.hostile() { 255 } else { 16 },
                output,
            },
        }
    }

    /// Steps after a window over time.
    fn window(&mut self, padding: Padding, [size, stride, dilation]: [u16; 3]) -> usize {
        let [size, stride, dilation] = [size, stride, dilation].map(usize::from);
        let span = size.saturating_sub(1) * dilation + 1;
        match padding {
            Padding::Valid => self.steps().saturating_sub(span) / stride.max(1) + 1,
            Padding::Same | Padding::Causal => self.steps().div_ceil(stride.max(1)),
        }
    }

    fn pool(&mut self, pool_size: u16) -> (Pool1dSpec, usize) {
        let spec = Pool1dSpec {
            pool_size,
            stride: self.source.dimension(),
            padding: self.source.pick([Padding::Valid, Padding::Same]),
        };
        let steps = self.window(spec.padding, [spec.pool_size, spec.stride, 1]);
        (spec, steps)
    }

    pub(super) fn output(&mut self) -> OutputSpec {
        let activation = if self.source.byte().is_multiple_of(8) {
            Activation::Softmax
        } else {
            self.activation()
        };
        self.output_of(activation)
    }

    /// Any but softmax.
    fn activation(&mut self) -> Activation {
        let slope = match self.precision {
            PrecisionTag::F32 => 0.3f32.to_bits(),
            PrecisionTag::W8A16 if self.source.hostile() => self.source.word(),
            PrecisionTag::W8A16 => self.source.word() & 0x7fff,
        };
        self.source.pick([
            Activation::Linear,
            Activation::Relu,
            Activation::Tanh,
            Activation::Sigmoid,
            Activation::HardSigmoid,
            Activation::Relu6,
            Activation::LeakyRelu { slope },
            Activation::Elu { alpha: slope },
            Activation::Gelu,
            Activation::Silu,
        ])
    }

    pub(super) fn output_of(&mut self, activation: Activation) -> OutputSpec {
        let bits = self.source.byte() % 16;
        let (min, max, softmax_bits) = match (self.precision, activation) {
            (PrecisionTag::F32, _) => (0, 0, 0),
            (PrecisionTag::W8A16, Activation::Linear | Activation::LeakyRelu { .. }) => {
                (i16::MIN, i16::MAX, 0)
            }
            (PrecisionTag::W8A16, Activation::Relu | Activation::Relu6) => {
                (0, self.source.word() as i16 & i16::MAX, 0)
            }
            (PrecisionTag::W8A16, Activation::Softmax) => (0, 0, bits),
            (PrecisionTag::W8A16, Activation::Elu { .. } | Activation::Gelu | Activation::Silu) => {
                (i16::MIN, i16::MAX, bits)
            }
            (
                PrecisionTag::W8A16,
                Activation::Tanh | Activation::Sigmoid | Activation::HardSigmoid,
            ) => (0, 0, 0),
        };
        OutputSpec {
            activation,
            min,
            max,
            softmax_bits,
        }
    }
}
