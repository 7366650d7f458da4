//! Layer descriptions that several test files build, with biases and Keras's gates.
#![allow(dead_code, reason = "no test file builds all of them")]
use dunlin_trainer::config::{Activation, LayerConfig, LayerTable};

pub fn dense(units: usize, activation: Activation) -> LayerConfig {
    LayerConfig::Dense {
        units,
        activation,
        use_bias: true,
    }
}

pub fn lstm(units: usize, activation: Activation, return_sequences: bool) -> LayerConfig {
    LayerConfig::Lstm {
        units,
        activation,
        recurrent_activation: Activation::Sigmoid,
        return_sequences,
        use_bias: true,
    }
}

pub fn simple_rnn(units: usize, activation: Activation, return_sequences: bool) -> LayerConfig {
    LayerConfig::SimpleRnn {
        layer_norm: false,
        units,
        activation,
        return_sequences,
        use_bias: true,
    }
}

pub fn gru(
    units: usize,
    activation: Activation,
    return_sequences: bool,
    reset_after: bool,
) -> LayerConfig {
    LayerConfig::Gru {
        units,
        activation,
        recurrent_activation: Activation::Sigmoid,
        return_sequences,
        use_bias: true,
        reset_after,
    }
}

/// A layer that later ones can read by this name.
pub fn named(name: &str, layer: impl Into<LayerTable>) -> LayerTable {
    LayerTable {
        name: Some(name.to_owned()),
        ..layer.into()
    }
}

/// A layer that reads these.
pub fn reads(inputs: &[&str], layer: impl Into<LayerTable>) -> LayerTable {
    LayerTable {
        inputs: Some(inputs.iter().map(|name| (*name).to_owned()).collect()),
        ..layer.into()
    }
}
