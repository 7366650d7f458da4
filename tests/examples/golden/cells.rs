//! Recurrent layers with every activation, in gates and candidates, and with a norm.
use dunlin::format::graph::{
    Activation, GruGatedSpec, GruSpec, LayerSpec, LstmGatedSpec, LstmSpec, SimpleRnnNormSpec,
    SimpleRnnSpec,
};
use dunlin::{Mode, PrecisionTag};

use crate::model::Golden;

/// Activations of candidates and gates; each has its turn as either.
const PAIRS: [(Activation, Activation); 6] = [
    (Activation::Tanh, Activation::HardSigmoid),
    (Activation::Sigmoid, Activation::Tanh),
    (Activation::HardSigmoid, Activation::Relu),
    (Activation::Relu, Activation::Linear),
    (Activation::Linear, Activation::Sigmoid),
    (Activation::Tanh, Activation::Linear),
];

fn is_bounded(activation: Activation) -> bool {
    !matches!(activation, Activation::Relu | Activation::Linear)
}

impl Golden {
    fn lstm_gated(&mut self, inputs: usize, units: u16, pair: (Activation, Activation)) {
        let (activation, recurrent_activation) = pair;
        let (candidate_bits, cell_bits, hidden_bits) = if is_bounded(activation) {
            (15, 27, 15)
        } else {
            (13, 25, 13)
        };
        let gate_bits = if is_bounded(recurrent_activation) {
            15
        } else {
            14
        };
        self.layers.push(LayerSpec::LstmGated(LstmGatedSpec {
            lstm: LstmSpec {
                units,
                activation,
                return_sequences: true,
                use_bias: true,
                candidate_bits: self.integer(candidate_bits),
                cell_bits: self.integer(cell_bits),
                hidden_bits: self.integer(hidden_bits),
            },
            recurrent_activation,
            gate_bits: self.integer(gate_bits),
        }));
        self.matrix(4 * usize::from(units), inputs + usize::from(units));
    }

    fn gru_gated(
        &mut self,
        inputs: usize,
        units: u16,
        pair: (Activation, Activation),
        reset_after: bool,
    ) {
        let (activation, recurrent_activation) = pair;
        let in_one = matches!(
            recurrent_activation,
            Activation::Sigmoid | Activation::HardSigmoid
        );
        let hidden_bits = if is_bounded(activation) && in_one {
            15
        } else {
            13
        };
        let gate_bits = if is_bounded(recurrent_activation) {
            15
        } else {
            14
        };
        self.layers.push(LayerSpec::GruGated(GruGatedSpec {
            gru: GruSpec {
                units,
                activation,
                return_sequences: true,
                use_bias: true,
                reset_after,
                hidden_bits: self.integer(hidden_bits),
            },
            recurrent_activation,
            gate_bits: self.integer(gate_bits),
        }));
        self.matrix(3 * usize::from(units), inputs);
        self.matrix(3 * usize::from(units), units.into());
    }

    fn simple_rnn_norm(&mut self, inputs: usize, units: u16, activation: Activation) {
        let rnn = SimpleRnnSpec {
            units,
            return_sequences: true,
            use_bias: true,
            output: self.output(Activation::Linear),
        };
        self.matrix(units.into(), inputs + usize::from(units));
        let norm = self.norm(units.into(), activation);
        self.layers
            .push(LayerSpec::SimpleRnnNorm(SimpleRnnNormSpec { rnn, norm }));
    }
}

pub fn write(precision: PrecisionTag, suffix: &str) {
    // Three over the input, side by side; few layers a model, since a board has a place for each of the most.
    for (name, pairs) in [("", &PAIRS[..3]), ("_open", &PAIRS[3..])] {
        let mut lstm = Golden::new(precision);
        let mut before = 0;
        for &pair in pairs {
            if before > 0 {
                lstm.layers.push(LayerSpec::Input(0));
            }
            lstm.lstm_gated(2, 3, pair);
            if before > 0 {
                lstm.concatenate(before);
            }
            before = lstm.tensor();
        }
        lstm.write(&format!("lstm_gated{name}{suffix}"), 6, 2);

        let mut gru = Golden::new(precision);
        let mut before = 0;
        for (n, &pair) in pairs.iter().enumerate() {
            if before > 0 {
                gru.layers.push(LayerSpec::Input(0));
            }
            gru.gru_gated(2, 3, pair, n % 2 == 0);
            if before > 0 {
                gru.concatenate(before);
            }
            before = gru.tensor();
        }
        gru.write(&format!("gru_gated{name}{suffix}"), 6, 2);
    }

    let mut norm = Golden::new(precision);
    norm.simple_rnn_norm(3, 5, Activation::Tanh);
    norm.simple_rnn_norm(5, 6, Activation::Relu);
    norm.dense(6, 1, Activation::Linear);
    norm.write(&format!("simple_rnn_norm{suffix}"), 9, 3);

    let mut continuous = Golden::new(precision);
    continuous.mode = Mode::Continuous;
    continuous.lstm_gated(1, 4, PAIRS[0]);
    continuous.simple_rnn_norm(4, 4, Activation::Sigmoid);
    continuous.add(1, Activation::Linear);
    continuous.gru_gated(4, 3, PAIRS[4], true);
    continuous.write(&format!("continuous_gated{suffix}"), 8, 1);
}
