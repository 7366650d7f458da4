//! What recurrent layers need of a kind of numbers: the cells of LSTM and GRU.
use crate::error::LayerError;
use crate::format::graph::{Activation, GruSpec, LstmSpec};

use super::Numbers;

/// Gates that are not the sigmoids of a plain LSTM or GRU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gates {
    pub activation: Activation,
    /// w8a16: fraction bits of a gate; 0 in f32.
    pub bits: i8,
}

impl Gates {
    /// Gates beside a candidate, where recurrent layers have both activations.
    pub fn new(
        activation: Activation,
        bits: i8,
        candidate: Activation,
    ) -> Result<Self, LayerError> {
        if Self::have(activation) && Self::have(candidate) {
            Ok(Self { activation, bits })
        } else {
            Err(LayerError::Unsupported)
        }
    }

    /// Whether recurrent layers have this activation, as a gate's or a candidate's.
    fn have(activation: Activation) -> bool {
        match activation {
            Activation::Tanh
            | Activation::Relu
            | Activation::Sigmoid
            | Activation::HardSigmoid
            | Activation::Linear => true,
            Activation::Softmax
            | Activation::Relu6
            | Activation::LeakyRelu { .. }
            | Activation::Elu { .. }
            | Activation::Gelu
            | Activation::Silu => false,
        }
    }
}

pub trait Recurrent: Numbers {
    /// What the gates of a plain layer are, where it goes the way of layers with any gates.
    const SIGMOIDS: Option<Gates> = None;

    /// What an LSTM's hidden state can hold.
    ///
    /// # Errors
    /// [`LayerError`] for fraction bits out of their bounds, as in the functions below.
    fn hidden_range(spec: &LstmSpec) -> Result<Self::Range, LayerError>;

    /// What an LSTM's hidden state can hold with these gates.
    fn gated_hidden_range(spec: &LstmSpec, gates: Gates) -> Result<Self::Range, LayerError>;

    /// What a GRU's hidden state can hold.
    fn gru_range(spec: &GruSpec) -> Result<Self::Range, LayerError>;
    /// `sigmoid(x + h)`.
    fn gate(x: Self::Product, h: Self::Product) -> Self::Activation;
    /// A product times a gate.
    fn scale_product(product: Self::Product, gate: Self::Activation) -> Self::Product;
    /// [`Recurrent::scale_product`] of the first products, each with the gate of its two arguments, where there is a way to do many;
    /// gives their number.
    #[inline(always)]
    fn scale_products(_arguments: [&[Self::Product]; 2], _products: &mut [Self::Product]) -> usize {
        0
    }
    /// An activation times a gate.
    fn scale_activation(activation: Self::Activation, gate: Self::Activation) -> Self::Activation;
    /// `h' = z h + (1 - z) act(x + h)`: from the update gate and the candidate's products to the new hidden state, `wide` with
    /// all its bits.
    fn gru_unit(
        update: Self::Activation,
        x: Self::Product,
        h: Self::Product,
        spec: &GruSpec,
        wide: &mut Self::Cell,
    ) -> Self::Activation;

    /// [`Recurrent::gru_unit`] of the first units, from the two arguments of each update gate and candidate, where there is a way to do
    /// many; gives their number.
    #[inline(always)]
    fn gru_units(
        _updates: [&[Self::Product]; 2],
        _candidates: [&[Self::Product]; 2],
        _spec: &GruSpec,
        _wide: &mut [Self::Cell],
        _hidden: &mut [Self::Activation],
    ) -> usize {
        0
    }

    /// What a GRU's hidden state can hold with these gates.
    fn gated_gru_range(spec: &GruSpec, gates: Gates) -> Result<Self::Range, LayerError>;
    /// [`Recurrent::gate`] with these gates.
    fn any_gate(x: Self::Product, h: Self::Product, gates: Gates) -> Self::Activation;
    /// [`Recurrent::scale_product`] with these gates.
    fn gated_product(product: Self::Product, gate: Self::Activation, gates: Gates)
    -> Self::Product;
    /// [`Recurrent::scale_activation`] with these gates.
    fn gated_activation(
        activation: Self::Activation,
        gate: Self::Activation,
        gates: Gates,
    ) -> Self::Activation;
    /// [`Recurrent::gru_unit`] with these gates.
    fn gated_gru_unit(
        update: Self::Activation,
        x: Self::Product,
        h: Self::Product,
        spec: &GruSpec,
        gates: Gates,
        wide: &mut Self::Cell,
    ) -> Self::Activation;
}
