//! What the activations look like on calibration windows: largest values, means and mean squares.
use crate::config::Activation;
use crate::data::Windows;
use crate::error::{Error, Result};
use crate::model_file::{FloatModel, GateRows};
use crate::net::{Dense, Gru, GruTrace, Layer, Lstm, LstmTrace, Network, SimpleRnn};

use super::moments::Moments;
use super::vectors::{Taps, before, inputs_and_hidden, sampled};

/// Windows that calibration looks at, evenly spaced over those given.
const WINDOWS: usize = 512;
/// Statistics of one layer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LayerStatistics {
    /// Of the values that the columns of its matrix meet: `[x; h]` in an LSTM and a SimpleRNN, `x` in a GRU; of each
    /// group of a convolution. None for a layer without a matrix.
    columns: Vec<Moments>,
    /// Largest absolute output; of a softmax layer, of its logits; of a recurrent layer, at any step.
    pub largest_output: f64,
    inside: Option<Inside>,
}

/// Statistics inside a recurrent layer.
#[derive(Debug, Clone, PartialEq)]
enum Inside {
    Lstm(LstmStatistics),
    Gru(GruStatistics),
    /// The largest sum before the LayerNorm of a SimpleRNN.
    Norm(f64),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct LstmStatistics {
    /// Largest pre-activation of the gates i, f, o.
    pub largest_gate: f64,
    /// Largest pre-activation of the candidate.
    pub largest_candidate: f64,
    pub largest_cell: f64,
    pub largest_hidden: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct GruStatistics {
    /// Of `h`, which the rows of the gates meet.
    pub hidden: Moments,
    /// Of what the rows of the candidate meet: `h` with `reset_after`, else `r h`.
    pub candidate: Moments,
    /// Largest pre-activation of the gates z, r.
    pub largest_gate: f64,
    /// Largest pre-activation of the candidate.
    pub largest_candidate: f64,
    pub largest_hidden: f64,
}

impl LayerStatistics {
    /// Of the values that the columns of the layer's matrix meet.
    pub fn columns(&self) -> &Moments {
        self.columns
            .first()
            .expect("calibration takes them for every layer with a matrix")
    }

    /// The same for each group of a convolution; one of any other layer with a matrix.
    pub fn groups(&self) -> &[Moments] {
        &self.columns
    }

    /// The largest sum before the LayerNorm of a SimpleRNN.
    pub fn largest_sum(&self) -> f64 {
        match self.inside {
            Some(Inside::Norm(largest)) => largest,
            Some(Inside::Lstm(_) | Inside::Gru(_)) | None => {
                unreachable!("calibration looks at every SimpleRNN with a norm")
            }
        }
    }

    pub fn lstm(&self) -> &LstmStatistics {
        match &self.inside {
            Some(Inside::Lstm(statistics)) => statistics,
            Some(Inside::Gru(_) | Inside::Norm(_)) | None => {
                unreachable!("calibration traces every LSTM")
            }
        }
    }

    pub fn gru(&self) -> &GruStatistics {
        match &self.inside {
            Some(Inside::Gru(statistics)) => statistics,
            Some(Inside::Lstm(_) | Inside::Norm(_)) | None => {
                unreachable!("calibration traces every GRU")
            }
        }
    }

    /// Of a layer with input `x` and output `y`.
    fn of(layer: &Layer, x: &[f32], y: &[f32], count: usize) -> Self {
        let (columns, inside, largest_output) = match layer {
            Layer::Dense(dense) => {
                let inputs = dense.input.channels;
                let logits = logits(dense, x, count);
                let largest_output = largest(logits.as_deref().unwrap_or(y));
                (
                    vec![sampled(x.chunks_exact(inputs), inputs)],
                    None,
                    largest_output,
                )
            }
            Layer::Conv1d(conv) => {
                let all = 0..conv.input.channels;
                (vec![Taps::of(conv).patches(x, all)], None, largest(y))
            }
            Layer::GroupedConv1d(conv) => {
                let taps = Taps::of_grouped(conv);
                let each = conv.input.channels / conv.groups;
                let groups = (0..conv.groups).map(|group| group * each..(group + 1) * each);
                let moments = groups.map(|channels| taps.patches(x, channels));
                (moments.collect(), None, largest(y))
            }
            Layer::Lstm(lstm) => {
                let trace = lstm.trace(x, count);
                let columns = inputs_and_hidden(lstm.input, lstm.units, x, &trace.hidden);
                let inside = Inside::Lstm(LstmStatistics::of(lstm, &trace));
                (vec![columns], Some(inside), largest(&trace.hidden))
            }
            Layer::SimpleRnn(rnn) => {
                let hidden = rnn.trace(x, count);
                let columns = inputs_and_hidden(rnn.input, rnn.units, x, &hidden);
                let inside = rnn
                    .layer_norm
                    .then(|| Inside::Norm(largest_sum(rnn, x, &hidden)));
                (vec![columns], inside, largest(&hidden))
            }
            Layer::Gru(gru) => {
                let trace = gru.trace(x, count);
                let inputs = gru.input.channels;
                let columns = sampled(x.chunks_exact(inputs), inputs);
                let inside = Inside::Gru(GruStatistics::of(gru, &trace));
                (vec![columns], Some(inside), largest(&trace.hidden))
            }
            Layer::Pool1d(_)
            | Layer::GlobalPool1d(_)
            | Layer::Flatten(_)
            | Layer::Dropout(_)
            | Layer::Activation(_)
            | Layer::Merge(_)
            | Layer::Resample(_)
            | Layer::Embedding(_)
            | Layer::LayerNorm(_)
            | Layer::BatchNorm(_) => (Vec::new(), None, largest(y)),
        };
        Self {
            columns,
            largest_output,
            inside,
        }
    }
}

/// Statistics of a whole model.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Statistics {
    /// Largest absolute normalized input.
    pub largest_input: f64,
    pub layers: Vec<LayerStatistics>,
}

impl Statistics {
    pub fn collect(model: &FloatModel, windows: &Windows) -> Result<Self> {
        let network = &model.network;
        if windows.count == 0 {
            return Err(Error::input(
                "quantization needs calibration windows, there are none",
            ));
        }
        if (windows.steps, windows.channels) != (network.steps, network.channels) {
            return Err(Error::input(format!(
                "the model takes windows of {} steps and {} channels, the calibration data has {} and {}",
                network.steps, network.channels, windows.steps, windows.channels
            )));
        }
        let count = windows.count.min(WINDOWS);
        let mut x = Vec::with_capacity(count * windows.steps * windows.channels);
        for i in 0..count {
            let window = windows.window(i * windows.count / count);
            x.extend(window.iter().enumerate().map(|(at, &value)| {
                let pairs = &model.input_scales;
                let pair = pairs.get(at % windows.channels).or(pairs.first());
                pair.map_or(value, |&[scale, offset]| value * scale + offset)
            }));
        }
        let outputs = network.trace(&x, count);
        let mut layers = Vec::new();
        for (node, output) in network.layers.iter().zip(&outputs) {
            // Only merges have several inputs, and those need no statistics of them.
            let from = match node.inputs.first() {
                None | Some(0) => &x,
                Some(tensor) => &outputs[tensor - 1],
            };
            let statistics = LayerStatistics::of(&node.layer, from, output, count);
            if !statistics.largest_output.is_finite() {
                return Err(Error::input(format!(
                    "{}: its output is not finite on the calibration data; train again with clip_norm or a smaller \
                     learning_rate",
                    node.place
                )));
            }
            layers.push(statistics);
        }
        Ok(Self {
            largest_input: largest(&x),
            layers,
        })
    }
}

/// The logits of a softmax layer, whose outputs do not tell them.
fn logits(dense: &Dense, x: &[f32], count: usize) -> Option<Vec<f32>> {
    if dense.activation != Activation::Softmax {
        return None;
    }
    let linear = Dense {
        activation: Activation::Linear,
        ..dense.clone()
    };
    let network = Network::of(Layer::Dense(linear));
    Some(network.forward(x, count))
}

/// The largest sum before the LayerNorm of a SimpleRNN.
fn largest_sum(rnn: &SimpleRnn, x: &[f32], hidden: &[f32]) -> f64 {
    let rows = GateRows::of_simple(rnn);
    let columns = rnn.input.channels + rnn.units;
    let hidden = before(hidden, rnn.units, rnn.input.steps);
    let places = x.chunks_exact(rnn.input.channels).zip(&hidden);
    let sums = places.map(|(x, hidden)| {
        let sum = |(row, bias): (&[f32], &f32)| {
            let terms = row.iter().zip(x.iter().chain(hidden));
            terms.fold(*bias, |sum, (w, x)| sum + w * x)
        };
        let rows = rows.weights.chunks_exact(columns).zip(&rows.bias);
        largest(&rows.map(sum).collect::<Vec<f32>>())
    });
    sums.fold(0.0, f64::max)
}

impl GruStatistics {
    fn of(gru: &Gru, trace: &GruTrace) -> Self {
        let (units, width) = (gru.units, 3 * gru.units);
        let products = || {
            trace
                .from_input
                .chunks_exact(width)
                .zip(trace.from_hidden.chunks_exact(width))
        };
        let gate = |argument: f32| match gru.recurrent_activation {
            Activation::Linear => argument,
            Activation::Relu => argument.max(0.0),
            Activation::Tanh => argument.tanh(),
            Activation::HardSigmoid => ((argument + 3.0) / 6.0).clamp(0.0, 1.0),
            // No gate is any of the others.
            Activation::Sigmoid
            | Activation::Softmax
            | Activation::Relu6
            | Activation::LeakyRelu { .. }
            | Activation::Elu { .. }
            | Activation::Gelu
            | Activation::Silu => 1.0 / (1.0 + (-argument).exp()),
        };
        let reset = |(x, h): (&[f32], &[f32])| -> Vec<f32> {
            (units..2 * units).map(|at| gate(x[at] + h[at])).collect()
        };
        let hidden = before(&trace.hidden, units, gru.input.steps);
        let gated: Vec<Vec<f32>> = if gru.reset_after {
            hidden.clone()
        } else {
            let gates = products().map(reset);
            gates
                .zip(&hidden)
                .map(|(r, h)| r.iter().zip(h).map(|(r, h)| r * h).collect())
                .collect()
        };
        // With `reset_after` a gate up to 1 makes the second product smaller, not larger.
        let candidates = products().map(|(x, h)| {
            let gates = reset((x, h));
            let sums = x[2 * units..].iter().zip(&h[2 * units..]).zip(&gates);
            sums.map(|((x, h), r)| f64::from(x.abs() + h.abs() * r.abs().max(1.0)))
                .fold(0.0, f64::max)
        });
        let gates = products().map(|(x, h)| {
            let sums = x[..2 * units].iter().zip(&h[..2 * units]);
            sums.map(|(x, h)| f64::from((x + h).abs()))
                .fold(0.0, f64::max)
        });
        Self {
            largest_gate: gates.fold(f64::MIN_POSITIVE, f64::max),
            largest_candidate: candidates.fold(f64::MIN_POSITIVE, f64::max),
            largest_hidden: largest(&trace.hidden),
            hidden: sampled(hidden.iter(), units),
            candidate: sampled(gated.iter(), units),
        }
    }
}

impl LstmStatistics {
    fn of(lstm: &Lstm, trace: &LstmTrace) -> Self {
        let candidates = trace
            .gates
            .chunks_exact(4 * lstm.units)
            .map(|gates| &gates[2 * lstm.units..3 * lstm.units]);
        let gates = trace.gates.chunks_exact(4 * lstm.units).map(|gates| {
            let (i_and_f, o) = (&gates[..2 * lstm.units], &gates[3 * lstm.units..]);
            largest(i_and_f).max(largest(o))
        });
        Self {
            largest_gate: gates.fold(f64::MIN_POSITIVE, f64::max),
            largest_candidate: candidates.map(largest).fold(f64::MIN_POSITIVE, f64::max),
            largest_cell: largest(&trace.cells),
            largest_hidden: largest(&trace.hidden),
        }
    }
}

/// Largest absolute value; infinite where one is not a number, and never zero.
fn largest(values: &[f32]) -> f64 {
    let worst = |largest: f64, &value: &f32| {
        if value.is_nan() {
            f64::INFINITY
        } else {
            largest.max(f64::from(value).abs())
        }
    };
    values.iter().fold(1e-30, worst)
}
