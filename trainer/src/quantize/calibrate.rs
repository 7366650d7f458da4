//! What the activations look like on calibration windows: largest values, means and mean squares.
use crate::config::Activation;
use crate::data::Windows;
use crate::error::{Error, Result};
use crate::model_file::FloatModel;
use crate::net::{Conv1d, Dense, Gru, GruTrace, Layer, Lstm, LstmTrace, Network, Shape};

use super::moments::Moments;

/// Windows that calibration looks at, evenly spaced over those given.
const WINDOWS: usize = 512;
/// Vectors that moments are taken of.
const VECTORS: usize = 8_192;

/// Statistics of one layer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LayerStatistics {
    /// Of the values that the columns of its matrix meet: `[x; h]` in an LSTM and a SimpleRNN, `x` in a GRU. None for
    /// a layer without a matrix.
    columns: Option<Moments>,
    /// Largest absolute output; of a softmax layer, of its logits; of a recurrent layer, at any step.
    pub largest_output: f64,
    inside: Option<Inside>,
}

/// Statistics inside a recurrent layer.
#[derive(Debug, Clone, PartialEq)]
enum Inside {
    Lstm(LstmStatistics),
    Gru(GruStatistics),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct LstmStatistics {
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
    /// Largest pre-activation of the candidate.
    pub largest_candidate: f64,
    pub largest_hidden: f64,
}

impl LayerStatistics {
    /// Of the values that the columns of the layer's matrix meet.
    pub fn columns(&self) -> &Moments {
        self.columns
            .as_ref()
            .expect("calibration takes them for every layer with a matrix")
    }

    pub fn lstm(&self) -> &LstmStatistics {
        match &self.inside {
            Some(Inside::Lstm(statistics)) => statistics,
            Some(Inside::Gru(_)) | None => unreachable!("calibration traces every LSTM"),
        }
    }

    pub fn gru(&self) -> &GruStatistics {
        match &self.inside {
            Some(Inside::Gru(statistics)) => statistics,
            Some(Inside::Lstm(_)) | None => unreachable!("calibration traces every GRU"),
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
                    Some(sampled(x.chunks_exact(inputs), inputs)),
                    None,
                    largest_output,
                )
            }
            Layer::Conv1d(conv) => (Some(patches(conv, x)), None, largest(y)),
            Layer::Lstm(lstm) => {
                let trace = lstm.trace(x, count);
                let columns = inputs_and_hidden(lstm.input, lstm.units, x, &trace.hidden);
                let inside = Inside::Lstm(LstmStatistics::of(lstm, &trace));
                (Some(columns), Some(inside), largest(&trace.hidden))
            }
            Layer::SimpleRnn(rnn) => {
                let hidden = rnn.trace(x, count);
                let columns = inputs_and_hidden(rnn.input, rnn.units, x, &hidden);
                (Some(columns), None, largest(&hidden))
            }
            Layer::Gru(gru) => {
                let trace = gru.trace(x, count);
                let inputs = gru.input.channels;
                let columns = sampled(x.chunks_exact(inputs), inputs);
                let inside = Inside::Gru(GruStatistics::of(gru, &trace));
                (Some(columns), Some(inside), largest(&trace.hidden))
            }
            Layer::Pool1d(_)
            | Layer::GlobalPool1d(_)
            | Layer::Flatten(_)
            | Layer::Dropout(_)
            | Layer::Activation(_)
            | Layer::Merge(_)
            | Layer::GroupedConv1d(_)
            | Layer::Resample(_)
            | Layer::Embedding(_)
            | Layer::LayerNorm(_)
            | Layer::BatchNorm(_) => (None, None, largest(y)),
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

/// Moments of vectors, of at most `VECTORS` of them, evenly spaced.
fn sampled<V: AsRef<[f32]>>(vectors: impl ExactSizeIterator<Item = V>, columns: usize) -> Moments {
    let step = vectors.len().div_ceil(VECTORS).max(1);
    let vectors: Vec<Vec<f32>> = vectors
        .step_by(step)
        .map(|vector| vector.as_ref().to_vec())
        .collect();
    Moments::of(&vectors, columns)
}

/// What the taps of a convolution meet, padding included.
fn patches(conv: &Conv1d, x: &[f32]) -> Moments {
    let (steps, channels) = (conv.input.steps, conv.input.channels);
    let left = conv.walk.left;
    let windows = x.len() / (steps * channels);
    let places = (0..windows * conv.output.steps).map(|place| {
        let window = &x[place / conv.output.steps * steps * channels..][..steps * channels];
        let start = place % conv.output.steps * conv.strides;
        let mut patch = vec![0.0; conv.kernel_size * channels];
        for (tap, values) in patch.chunks_exact_mut(channels).enumerate() {
            let step = (start + tap * conv.dilation_rate)
                .checked_sub(left)
                .filter(|&step| step < steps);
            if let Some(step) = step {
                values.copy_from_slice(&window[step * channels..][..channels]);
            }
        }
        patch
    });
    sampled(places, conv.kernel_size * channels)
}

/// The hidden state before each step, from those after it.
fn before(hidden: &[f32], units: usize, steps: usize) -> Vec<Vec<f32>> {
    let places = 0..hidden.len() / units;
    let at = |place: usize| match place % steps {
        0 => vec![0.0; units],
        _ => hidden[(place - 1) * units..][..units].to_vec(),
    };
    places.map(at).collect()
}

/// `[x; h]` of every step: the input and the hidden state of the step before.
fn inputs_and_hidden(input: Shape, units: usize, x: &[f32], hidden: &[f32]) -> Moments {
    let hidden = before(hidden, units, input.steps);
    let places = x.chunks_exact(input.channels).zip(&hidden);
    sampled(
        places.map(|(x, hidden)| [x, hidden].concat()),
        input.channels + units,
    )
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
        let reset = |(x, h): (&[f32], &[f32])| -> Vec<f32> {
            (units..2 * units)
                .map(|at| 1.0 / (1.0 + (-(x[at] + h[at])).exp()))
                .collect()
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
        // With `reset_after` the gate makes the second product smaller, not larger.
        let candidates = products().map(|(x, h)| {
            let sums = x[2 * units..].iter().zip(&h[2 * units..]);
            sums.map(|(x, h)| f64::from(x.abs() + h.abs()))
                .fold(0.0, f64::max)
        });
        Self {
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
        Self {
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
