//! Graphs: activation layers, merges, grouped convolutions, norms, embeddings, and layers that move time steps.
use dunlin::PrecisionTag;
use dunlin::format::graph::{
    Activation, ActivationSpec, Conv1dSpec, EmbeddingSpec, GroupedConv1dSpec, LayerNormSpec,
    LayerSpec, MergeSpec, Padding, Pooling, ZeroPadding1dSpec,
};

use crate::GRU;
use crate::model::Golden;

impl Golden {
    fn merge(
        &self,
        with: u16,
        multipliers: [i16; 2],
        shift: u8,
        activation: Activation,
    ) -> MergeSpec {
        MergeSpec {
            with,
            multipliers: multipliers.map(|multiplier| self.integer(multiplier)),
            shift: self.integer(shift),
            output: self.output(activation),
        }
    }

    /// Three quarters of a tensor and some of the current one.
    pub fn add(&mut self, with: u16, activation: Activation) {
        let spec = self.merge(with, [12_288, 9_001], 14, activation);
        self.layers.push(LayerSpec::Add(spec));
    }

    fn multiply(&mut self, with: u16) {
        let spec = self.merge(with, [32_000, 0], 14, Activation::Linear);
        self.layers.push(LayerSpec::Multiply(spec));
    }

    pub fn concatenate(&mut self, with: u16) {
        let spec = self.merge(with, [1 << 14, 15_001], 14, Activation::Linear);
        self.layers.push(LayerSpec::Concatenate(spec));
    }

    fn activate(&mut self, activation: Activation) {
        self.layers.push(LayerSpec::Activation(ActivationSpec {
            multiplier: self.integer(21_000),
            shift: self.integer(14),
            output: self.output(activation),
        }));
    }

    pub fn norm(&mut self, channels: usize, activation: Activation) -> LayerNormSpec {
        match self.precision {
            PrecisionTag::F32 => {
                let gamma: Vec<f32> = (0..channels).map(|_| 1.0 + self.random.float()).collect();
                let beta: Vec<f32> = (0..channels).map(|_| self.random.float()).collect();
                self.weights.push(&gamma);
                self.weights.push(&beta);
            }
            PrecisionTag::W8A16 => {
                let gamma: Vec<i16> = (0..channels)
                    .map(|_| (self.random.next() % 20_000) as i16 - 2_000)
                    .collect();
                let beta: Vec<i32> = (0..channels)
                    .map(|_| (self.random.next() % 200_001) as i32 - 100_000)
                    .collect();
                self.weights.push(&gamma);
                self.weights.push(&beta);
            }
        }
        LayerNormSpec {
            epsilon: match self.precision {
                PrecisionTag::F32 => 1e-3f32.to_bits(),
                PrecisionTag::W8A16 => 268_435,
            },
            shift: self.integer(5),
            output: self.output(activation),
        }
    }

    fn layer_norm(&mut self, channels: usize, activation: Activation) {
        let spec = self.norm(channels, activation);
        self.layers.push(LayerSpec::LayerNorm(spec));
    }

    fn grouped(
        &mut self,
        (inputs, filters, groups): (usize, u16, u16),
        (kernel_size, stride, dilation): (u16, u16, u16),
        padding: Padding,
        activation: Activation,
    ) {
        let conv = Conv1dSpec {
            filters,
            kernel_size,
            stride,
            dilation,
            padding,
            use_bias: true,
            output: self.output(activation),
        };
        self.layers
            .push(LayerSpec::GroupedConv1d(GroupedConv1dSpec { conv, groups }));
        let columns = usize::from(kernel_size) * inputs / usize::from(groups);
        self.matrix(filters.into(), columns);
    }
}

pub fn write(precision: PrecisionTag, suffix: &str) {
    activations(precision, suffix);
    convolutions(precision, suffix);
    recurrent(precision, suffix);
}

/// Activations as layers, then as the output of layers with weights.
fn activations(precision: PrecisionTag, suffix: &str) {
    let mut layers = Golden::new(precision);
    layers.dense(2, 5, Activation::Linear);
    let leaky = Activation::LeakyRelu {
        slope: layers.parameter(0.3),
    };
    let elu = Activation::Elu {
        alpha: layers.parameter(1.25),
    };
    let all = [
        leaky,
        elu,
        Activation::Silu,
        Activation::Gelu,
        Activation::Linear,
        Activation::Tanh,
        Activation::HardSigmoid,
        Activation::Relu6,
        Activation::Softmax,
    ];
    for activation in all {
        layers.activate(activation);
    }
    layers.write(&format!("activations{suffix}"), 4, 2);

    let mut outputs = Golden::new(precision);
    outputs.dense(2, 6, leaky);
    outputs.dense(6, 5, Activation::Gelu);
    outputs.dense(5, 6, elu);
    outputs.dense(6, 4, Activation::Silu);
    outputs.dense(4, 5, Activation::Relu6);
    outputs.dense(5, 3, Activation::HardSigmoid);
    outputs.write(&format!("dense_activations{suffix}"), 5, 2);
}

fn convolutions(precision: PrecisionTag, suffix: &str) {
    // WaveNet's gate with a residual and a skip.
    let mut gated = Golden::new(precision);
    gated.conv1d(1, 6, (2, 1, 1), Padding::Causal);
    gated.layers.push(LayerSpec::Input(1));
    gated.grouped((6, 6, 1), (2, 1, 2), Padding::Causal, Activation::Tanh);
    gated.layers.push(LayerSpec::Input(1));
    gated.grouped((6, 6, 1), (2, 1, 2), Padding::Causal, Activation::Sigmoid);
    gated.multiply(3);
    gated.add(1, Activation::Relu);
    gated.concatenate(6);
    gated.layer_norm(12, Activation::Tanh);
    gated.dense(12, 2, Activation::Linear);
    gated.write(&format!("gated_conv{suffix}"), 13, 1);

    // Nine channels: blocks of four and a rest.
    let mut depthwise = Golden::new(precision);
    depthwise.dense(3, 9, Activation::Linear);
    depthwise.grouped((9, 9, 9), (3, 1, 1), Padding::Same, Activation::Relu);
    depthwise.dense(9, 6, Activation::Linear);
    depthwise.grouped((6, 12, 6), (4, 1, 2), Padding::Causal, Activation::Linear);
    depthwise.grouped((12, 15, 3), (3, 2, 1), Padding::Valid, Activation::Gelu);
    depthwise
        .layers
        .push(LayerSpec::GlobalPool1d(Pooling::Average));
    depthwise.write(&format!("depthwise{suffix}"), 11, 3);

    let mut moved = Golden::new(precision);
    moved
        .layers
        .push(LayerSpec::ZeroPadding1d(ZeroPadding1dSpec {
            before: 2,
            after: 1,
        }));
    moved.grouped((2, 4, 2), (3, 2, 1), Padding::Valid, Activation::Tanh);
    moved.layers.push(LayerSpec::UpSampling1d(3));
    moved.layers.push(LayerSpec::Reverse);
    moved.conv1d(4, 3, (2, 1, 1), Padding::Valid);
    moved.write(&format!("moved{suffix}"), 9, 2);
}

fn recurrent(precision: PrecisionTag, suffix: &str) {
    let mut both = Golden::new(precision);
    both.lstm(2, 4, Activation::Tanh, true);
    both.layers.push(LayerSpec::Input(0));
    both.layers.push(LayerSpec::Reverse);
    both.gru(
        2,
        dunlin::format::graph::GruSpec {
            units: 3,
            return_sequences: true,
            ..GRU
        },
    );
    both.layers.push(LayerSpec::Reverse);
    both.concatenate(1);
    both.dense(7, 2, Activation::Linear);
    both.write(&format!("bidirectional{suffix}"), 8, 2);

    let mut tokens = Golden::new(precision);
    // Ids from -2 to 14, past both ends of the vocabulary.
    tokens.input_scales = vec![[8.0, 6.0]];
    let spec = EmbeddingSpec {
        vocabulary: 13,
        units: 5,
    };
    tokens.layers.push(LayerSpec::Embedding(spec));
    tokens.rows(13, 5);
    tokens.lstm(5, 4, Activation::Tanh, false);
    tokens.dense(4, 3, Activation::Softmax);
    tokens.write(&format!("embedding{suffix}"), 10, 1);
}

impl Golden {
    fn rows(&mut self, vocabulary: usize, units: usize) {
        let count = vocabulary * units;
        match self.precision {
            PrecisionTag::F32 => {
                let weights: Vec<f32> = (0..count).map(|_| self.random.float()).collect();
                self.weights.push(&weights);
            }
            PrecisionTag::W8A16 => {
                let weights: Vec<i8> = (0..count).map(|_| self.random.weight().max(-127)).collect();
                let multipliers: Vec<i16> = (0..vocabulary)
                    .map(|_| (1 + self.random.next() % 258) as i16)
                    .collect();
                self.weights.push(&weights);
                self.weights.push(&multipliers);
            }
        }
    }
}
