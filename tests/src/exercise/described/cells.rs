//! Recurrent layers of a described model.
use dunlin::PrecisionTag;
use dunlin::format::graph::{
    Activation, GruGatedSpec, GruSpec, LayerSpec, LstmGatedSpec, LstmSpec, SimpleRnnNormSpec,
    SimpleRnnSpec,
};

use super::Description;

type Described = (LayerSpec, (usize, usize));

impl Description<'_> {
    /// The shape after a recurrent layer.
    fn recurrent(&self, units: u16, return_sequences: bool) -> (usize, usize) {
        let steps = if return_sequences { self.steps() } else { 1 };
        (steps, units.into())
    }

    pub(super) fn simple_rnn(&mut self, units: u16) -> Described {
        let spec = SimpleRnnSpec {
            units,
            return_sequences: self.source.byte().is_multiple_of(2),
            use_bias: true,
            output: self.output(),
        };
        self.matrix(units.into(), self.channels() + usize::from(units));
        let shape = self.recurrent(units, spec.return_sequences);
        (LayerSpec::SimpleRnn(spec), shape)
    }

    pub(super) fn simple_rnn_norm(&mut self, units: u16) -> Described {
        let rnn = SimpleRnnSpec {
            units,
            return_sequences: self.source.byte().is_multiple_of(2),
            use_bias: true,
            output: self.output_of(Activation::Linear),
        };
        let norm = self.layer_norm();
        self.matrix(units.into(), self.channels() + usize::from(units));
        self.norm(units.into());
        let shape = self.recurrent(units, rnn.return_sequences);
        (
            LayerSpec::SimpleRnnNorm(SimpleRnnNormSpec { rnn, norm }),
            shape,
        )
    }

    pub(super) fn gru(&mut self, units: u16) -> Described {
        let activation = self.source.pick([Activation::Tanh, Activation::Relu]);
        let hidden_bits = match (self.precision, activation) {
            (PrecisionTag::F32, _) => 0,
            (PrecisionTag::W8A16, Activation::Relu) => (self.source.byte() % 31) as i8 - 15,
            (PrecisionTag::W8A16, _) => 15,
        };
        let spec = self.gru_spec(units, activation, hidden_bits);
        self.gru_matrices(units);
        let shape = self.recurrent(units, spec.return_sequences);
        (LayerSpec::Gru(spec), shape)
    }

    pub(super) fn gru_gated(&mut self, units: u16) -> Described {
        let activation = self.gate();
        let recurrent_activation = self.gate();
        let hidden_bits = match self.precision {
            PrecisionTag::F32 => 0,
            PrecisionTag::W8A16 => (self.source.byte() % 31) as i8 - 15,
        };
        let gru = self.gru_spec(units, activation, hidden_bits);
        let spec = GruGatedSpec {
            gru,
            recurrent_activation,
            gate_bits: self.gate_bits(recurrent_activation),
        };
        self.gru_matrices(units);
        let shape = self.recurrent(units, gru.return_sequences);
        (LayerSpec::GruGated(spec), shape)
    }

    fn gru_matrices(&mut self, units: u16) {
        self.matrix(3 * usize::from(units), self.channels());
        self.matrix(3 * usize::from(units), units.into());
    }

    fn gru_spec(&mut self, units: u16, activation: Activation, mut hidden_bits: i8) -> GruSpec {
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

    pub(super) fn lstm(&mut self, units: u16) -> Described {
        let activation = self.source.pick([Activation::Tanh, Activation::Relu]);
        let spec = self.lstm_spec(units, activation, 15);
        self.matrix(4 * usize::from(units), self.channels() + usize::from(units));
        let shape = self.recurrent(units, spec.return_sequences);
        (LayerSpec::Lstm(spec), shape)
    }

    pub(super) fn lstm_gated(&mut self, units: u16) -> Described {
        let activation = self.gate();
        let recurrent_activation = self.gate();
        let gate_bits = self.gate_bits(recurrent_activation);
        let spec = LstmGatedSpec {
            lstm: self.lstm_spec(units, activation, gate_bits),
            recurrent_activation,
            gate_bits,
        };
        self.matrix(4 * usize::from(units), self.channels() + usize::from(units));
        let shape = self.recurrent(units, spec.lstm.return_sequences);
        (LayerSpec::LstmGated(spec), shape)
    }

    fn lstm_spec(&mut self, units: u16, activation: Activation, gate_bits: i8) -> LstmSpec {
        let gate_bits = gate_bits.clamp(0, 15);
        let cell = 14 + (self.source.byte() % 17) as i8;
        let unbounded = matches!(activation, Activation::Relu | Activation::Linear);
        let mut bits = match (self.precision, unbounded) {
            (PrecisionTag::F32, _) => [0; 3],
            (PrecisionTag::W8A16, true) => {
                let candidate = cell - gate_bits + (self.source.byte() % 16) as i8;
                [candidate, cell, cell + gate_bits - 17]
            }
            (PrecisionTag::W8A16, false) => [15, cell.min(15 + gate_bits), gate_bits],
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

    /// An activation of gates and candidates.
    fn gate(&mut self) -> Activation {
        self.source.pick([
            Activation::Tanh,
            Activation::Relu,
            Activation::Sigmoid,
            Activation::HardSigmoid,
            Activation::Linear,
        ])
    }

    fn gate_bits(&mut self, gate: Activation) -> i8 {
        let unbounded = matches!(gate, Activation::Relu | Activation::Linear);
        let bits = match (self.precision, unbounded) {
            (PrecisionTag::F32, _) => 0,
            (PrecisionTag::W8A16, true) => self.source.byte() as i8 & 15,
            (PrecisionTag::W8A16, false) => 15,
        };
        if self.source.hostile() {
            self.source.byte() as i8
        } else {
            bits
        }
    }
}
