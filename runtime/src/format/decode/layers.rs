//! The layers of a message, field by field.
use super::super::features::{Built, Features};
use super::super::graph::{
    Activation, ActivationSpec, Conv1dSpec, DenseSpec, EmbeddingSpec, GroupedConv1dSpec,
    GruGatedSpec, GruSpec, LayerNormSpec, LayerSpec, LstmGatedSpec, LstmSpec, MergeSpec,
    OutputSpec, Padding, Pool1dSpec, Pooling, SimpleRnnNormSpec, SimpleRnnSpec, ZeroPadding1dSpec,
};
use super::Fields;

/// Variants of [`LayerSpec`].
const LAYERS: u32 = 23;

impl<B: Built> Fields<'_, B> {
    /// A layer, if the build has it; else any.
    #[inline(never)]
    pub fn layer(&mut self) -> LayerSpec {
        let number = self.word();
        let has = |features| B::FEATURES.has(features);
        let (spec, needs) = match number {
            0 if has(Features::DENSE) => (LayerSpec::Dense(self.dense()), Features::DENSE),
            1 if has(Features::CONV1D) => (LayerSpec::Conv1d(self.conv1d()), Features::CONV1D),
            2 if has(Features::POOL1D) => (LayerSpec::MaxPool1d(self.pool1d()), Features::POOL1D),
            3 if has(Features::FLATTEN) => (LayerSpec::Flatten, Features::FLATTEN),
            4 if has(Features::LSTM) => (LayerSpec::Lstm(self.lstm()), Features::LSTM),
            5 if has(Features::SIMPLE_RNN) => (
                LayerSpec::SimpleRnn(self.simple_rnn()),
                Features::SIMPLE_RNN,
            ),
            6 if has(Features::GRU) => (LayerSpec::Gru(self.gru()), Features::GRU),
            7 if has(Features::POOL1D.and(Features::AVERAGE)) => {
                let needs = Features::POOL1D.and(Features::AVERAGE);
                (LayerSpec::AveragePool1d(self.pool1d()), needs)
            }
            8 if has(Features::GLOBAL_POOL1D) => (
                LayerSpec::GlobalPool1d(self.pooling()),
                Features::GLOBAL_POOL1D,
            ),
            9 if has(Features::INPUT) => (LayerSpec::Input(self.half()), Features::INPUT),
            10 if has(Features::REVERSE) => (LayerSpec::Reverse, Features::REVERSE),
            11 if has(Features::RESAMPLE) => {
                let spec = ZeroPadding1dSpec {
                    before: self.half(),
                    after: self.half(),
                };
                (LayerSpec::ZeroPadding1d(spec), Features::RESAMPLE)
            }
            12 if has(Features::RESAMPLE) => {
                (LayerSpec::UpSampling1d(self.half()), Features::RESAMPLE)
            }
            13 if has(Features::MERGE) => (LayerSpec::Concatenate(self.merge()), Features::MERGE),
            14 if has(Features::MERGE) => (LayerSpec::Add(self.merge()), Features::MERGE),
            15 if has(Features::MERGE) => (LayerSpec::Multiply(self.merge()), Features::MERGE),
            16 if has(Features::ACTIVATION) => {
                let spec = ActivationSpec {
                    multiplier: self.signed_half(),
                    shift: self.byte(),
                    output: self.output(),
                };
                (LayerSpec::Activation(spec), Features::ACTIVATION)
            }
            17 if has(Features::GROUPED_CONV1D.and(Features::RUNS)) => {
                let spec = GroupedConv1dSpec {
                    conv: self.conv1d(),
                    groups: self.half(),
                };
                let needs = Features::GROUPED_CONV1D.and(Features::RUNS);
                (LayerSpec::GroupedConv1d(spec), needs)
            }
            18 if has(Features::LAYER_NORM) => (
                LayerSpec::LayerNorm(self.layer_norm()),
                Features::LAYER_NORM,
            ),
            19 if has(Features::EMBEDDING) => {
                let spec = EmbeddingSpec {
                    vocabulary: self.half(),
                    units: self.half(),
                };
                (LayerSpec::Embedding(spec), Features::EMBEDDING)
            }
            20 if has(Features::LSTM.and(Features::GATES)) => {
                let spec = LstmGatedSpec {
                    lstm: self.lstm(),
                    recurrent_activation: self.activation(),
                    gate_bits: self.signed_byte(),
                };
                (
                    LayerSpec::LstmGated(spec),
                    Features::LSTM.and(Features::GATES),
                )
            }
            21 if has(Features::GRU.and(Features::GATES)) => {
                let spec = GruGatedSpec {
                    gru: self.gru(),
                    recurrent_activation: self.activation(),
                    gate_bits: self.signed_byte(),
                };
                (
                    LayerSpec::GruGated(spec),
                    Features::GRU.and(Features::GATES),
                )
            }
            22 if has(Features::SIMPLE_RNN.and(Features::LAYER_NORM)) => {
                let spec = SimpleRnnNormSpec {
                    rnn: self.simple_rnn(),
                    norm: self.layer_norm(),
                };
                let needs = Features::SIMPLE_RNN.and(Features::LAYER_NORM);
                (LayerSpec::SimpleRnnNorm(spec), needs)
            }
            // A layer that this build lacks, or none at all.
            _ => {
                self.is_built &= number >= LAYERS;
                self.is_malformed |= number >= LAYERS;
                (LayerSpec::Flatten, Features::NONE)
            }
        };
        self.needs = self.needs.and(needs);
        self.is_built &= B::FEATURES.has(self.needs);
        spec
    }

    /// The rows of a matrix that is not an LSTM's.
    fn rows(&mut self) -> u16 {
        let rows = self.half();
        if rows >= 4 {
            self.needs = self.needs.and(Features::BLOCKS);
        }
        rows
    }

    fn dense(&mut self) -> DenseSpec {
        DenseSpec {
            units: self.rows(),
            use_bias: self.flag(),
            output: self.output(),
        }
    }

    fn conv1d(&mut self) -> Conv1dSpec {
        let spec = Conv1dSpec {
            filters: self.rows(),
            kernel_size: self.half(),
            stride: self.half(),
            dilation: self.half(),
            padding: self.padding(),
            use_bias: self.flag(),
            output: self.output(),
        };
        if spec.padding != Padding::Valid || spec.dilation != 1 {
            self.needs = self.needs.and(Features::RUNS);
        }
        spec
    }

    fn pool1d(&mut self) -> Pool1dSpec {
        Pool1dSpec {
            pool_size: self.half(),
            stride: self.half(),
            padding: self.padding(),
        }
    }

    fn lstm(&mut self) -> LstmSpec {
        LstmSpec {
            units: self.half(),
            activation: self.activation(),
            return_sequences: self.flag(),
            use_bias: self.flag(),
            candidate_bits: self.signed_byte(),
            cell_bits: self.signed_byte(),
            hidden_bits: self.signed_byte(),
        }
    }

    fn simple_rnn(&mut self) -> SimpleRnnSpec {
        SimpleRnnSpec {
            units: self.rows(),
            return_sequences: self.flag(),
            use_bias: self.flag(),
            output: self.output(),
        }
    }

    fn gru(&mut self) -> GruSpec {
        // Three rows a unit.
        self.needs = self.needs.and(Features::BLOCKS);
        GruSpec {
            units: self.half(),
            activation: self.activation(),
            return_sequences: self.flag(),
            use_bias: self.flag(),
            reset_after: self.flag(),
            hidden_bits: self.signed_byte(),
        }
    }

    fn merge(&mut self) -> MergeSpec {
        MergeSpec {
            with: self.half(),
            multipliers: [self.signed_half(), self.signed_half()],
            shift: self.byte(),
            output: self.output(),
        }
    }

    fn layer_norm(&mut self) -> LayerNormSpec {
        LayerNormSpec {
            epsilon: self.word(),
            shift: self.byte(),
            output: self.output(),
        }
    }

    #[inline(never)]
    fn output(&mut self) -> OutputSpec {
        OutputSpec {
            activation: self.activation(),
            min: self.signed_half(),
            max: self.signed_half(),
            softmax_bits: self.byte(),
        }
    }

    fn activation(&mut self) -> Activation {
        let activation = match self.word() {
            0 => Activation::Linear,
            1 => Activation::Relu,
            2 => Activation::Tanh,
            3 => Activation::Sigmoid,
            4 => Activation::Softmax,
            5 => Activation::HardSigmoid,
            6 => Activation::Relu6,
            7 => Activation::LeakyRelu { slope: self.word() },
            8 => Activation::Elu { alpha: self.word() },
            9 => Activation::Gelu,
            10 => Activation::Silu,
            _ => {
                self.is_malformed = true;
                Activation::Linear
            }
        };
        self.needs = self.needs.and(Features::of_activation(activation));
        activation
    }

    fn pooling(&mut self) -> Pooling {
        match self.word() {
            0 => Pooling::Max,
            1 => {
                self.needs = self.needs.and(Features::AVERAGE);
                Pooling::Average
            }
            _ => {
                self.is_malformed = true;
                Pooling::Max
            }
        }
    }

    fn padding(&mut self) -> Padding {
        match self.word() {
            0 => Padding::Valid,
            1 => Padding::Same,
            2 => Padding::Causal,
            _ => {
                self.is_malformed = true;
                Padding::Valid
            }
        }
    }
}

#[cfg(all(test, feature = "write"))]
mod tests {
    use super::super::super::features::{ALL, Build};
    use super::*;
    use std::vec::Vec;

    /// Bytes that are a layer more often than chance would have it.
    fn random(state: &mut u32) -> Vec<u8> {
        let mut next = || {
            *state ^= *state << 13;
            *state ^= *state >> 17;
            *state ^= *state << 5;
            *state
        };
        let mut bytes: Vec<u8> = Vec::from([(next() % 25) as u8]);
        for _ in 0..next() % 24 {
            bytes.push(match next() % 8 {
                0..4 => (next() % 3) as u8,
                4 => (next() % 12) as u8,
                5 => 0x80 | (next() % 4) as u8,
                _ => next() as u8,
            });
        }
        bytes
    }

    #[test]
    fn any_bytes_are_the_layer_that_serde_makes_of_them() {
        let mut state = 0x2545_f491;
        let mut seen = 0u32;
        for _ in 0..400_000 {
            let bytes = random(&mut state);
            let expected = postcard::take_from_bytes::<LayerSpec>(&bytes).ok();
            let mut fields = Fields::<Build<ALL>>::new(&bytes);
            let spec = fields.layer();
            assert_eq!(
                fields.rest().map(|rest| (spec, rest)),
                expected,
                "{bytes:?}"
            );
            if expected.is_some() {
                assert!(fields.needs().is_some());
                seen |= 1 << bytes[0];
            }
        }
        assert_eq!(seen, (1 << LAYERS) - 1, "a variant was never valid");
    }

    #[test]
    fn what_a_build_lacks_is_not_read() {
        type Pools = Build<{ Features::POOL1D.0 as u64 }>;
        for number in 0..=LAYERS as u8 {
            let bytes = [number, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            let mut fields = Fields::<Pools>::new(&bytes);
            fields.layer();
            let is_built = number == 2 || u32::from(number) == LAYERS;
            assert_eq!(fields.needs().is_some(), is_built);
            assert_eq!(fields.rest().is_some(), u32::from(number) < LAYERS);
        }
    }
}
