//! What the activations look like on calibration windows: largest values, means and mean squares.
use crate::data::Windows;
use crate::error::{Error, Result};
use crate::model_file::FloatModel;
use crate::net::{Conv1d, Layer, Lstm, LstmTrace};

use super::moments::Moments;

/// Windows that calibration looks at, evenly spaced over those given.
const WINDOWS: usize = 512;
/// Vectors that moments are taken of.
const VECTORS: usize = 8_192;

/// Statistics of one layer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LayerStatistics {
    /// Of the values that the columns of its matrix meet; none for a layer without one.
    pub columns: Option<Moments>,
    /// Largest absolute output; of a softmax layer, of its logits.
    pub largest_output: f64,
    pub lstm: Option<LstmStatistics>,
}

/// Statistics inside an LSTM.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LstmStatistics {
    /// Largest pre-activation of the candidate.
    pub largest_candidate: f64,
    pub largest_cell: f64,
    pub largest_hidden: f64,
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
        let mut from = &x;
        for (index, (layer, output)) in network.layers.iter().zip(&outputs).enumerate() {
            let statistics = LayerStatistics {
                columns: None,
                largest_output: largest(
                    &logits(layer, from, count).unwrap_or_else(|| output.clone()),
                ),
                lstm: None,
            };
            let statistics = match layer {
                Layer::Dense(dense) => {
                    let columns = Some(sampled(
                        from.chunks_exact(dense.input.channels),
                        dense.input.channels,
                    ));
                    LayerStatistics {
                        columns,
                        ..statistics
                    }
                }
                Layer::Conv1d(conv) => LayerStatistics {
                    columns: Some(patches(conv, from)),
                    ..statistics
                },
                Layer::Lstm(lstm) => {
                    let trace = lstm.trace(from, count);
                    LayerStatistics {
                        columns: Some(inputs_and_hidden(lstm, from, &trace)),
                        lstm: Some(LstmStatistics::of(lstm, &trace)),
                        ..statistics
                    }
                }
                Layer::MaxPool1d(_) | Layer::Flatten(_) | Layer::Dropout(_) => statistics,
            };
            if !statistics.largest_output.is_finite() {
                return Err(Error::input(format!(
                    "layer {}: its output is not finite on the calibration data; train again with clip_norm or a \
                     smaller learning_rate",
                    index + 1
                )));
            }
            layers.push(statistics);
            from = output;
        }
        Ok(Self {
            largest_input: largest(&x),
            layers,
        })
    }
}

/// The logits of a softmax layer, whose outputs do not tell them.
fn logits(layer: &Layer, x: &[f32], count: usize) -> Option<Vec<f32>> {
    let Layer::Dense(dense) = layer else {
        return None;
    };
    let mut linear = dense.clone();
    if dense.activation != crate::config::Activation::Softmax {
        return None;
    }
    linear.activation = crate::config::Activation::Linear;
    let network = crate::net::Network {
        steps: dense.input.steps,
        channels: dense.input.channels,
        layers: vec![Layer::Dense(linear)],
    };
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

/// `[x; h]` of every step: the input and the hidden state of the step before.
fn inputs_and_hidden(lstm: &Lstm, x: &[f32], trace: &LstmTrace) -> Moments {
    let (inputs, units, steps) = (lstm.input.channels, lstm.units, lstm.input.steps);
    let start = vec![0.0; units];
    let places = (0..x.len() / inputs).map(|place| {
        let hidden = match place % steps {
            0 => &start[..],
            _ => &trace.hidden[(place - 1) * units..][..units],
        };
        [&x[place * inputs..][..inputs], hidden].concat()
    });
    sampled(places, inputs + units)
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
