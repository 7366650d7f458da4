//! An independent forward pass in f64, written straight from the equations in plain loops: the judge of gradients and
//! of quantized models. It shares no code with the layers.
use super::{Conv1d, Dense, Layer, Lstm, MaxPool1d, Network};
use crate::config::{Activation, Padding};

/// A network with its weights in f64.
#[derive(Debug, Clone)]
pub struct Reference<'a> {
    network: &'a Network,
    /// One list a layer: kernel, (recurrent kernel,) bias, as in the layer's struct; empty without weights.
    pub weights: Vec<Vec<Vec<f64>>>,
}

impl<'a> Reference<'a> {
    /// The network as it is now.
    pub fn new(network: &'a Network) -> Self {
        let wide = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect();
        let weights = network.layers.iter().map(|layer| match layer {
            Layer::Dense(l) => vec![wide(&l.kernel), wide(&l.bias)],
            Layer::Conv1d(l) => vec![wide(&l.kernel), wide(&l.bias)],
            Layer::Lstm(l) => vec![wide(&l.kernel), wide(&l.recurrent_kernel), wide(&l.bias)],
            Layer::MaxPool1d(_) | Layer::Flatten(_) | Layer::Dropout(_) => Vec::new(),
        });
        Self {
            network,
            weights: weights.collect(),
        }
    }

    /// One window `[T, C]` to its answer `[T', C']`.
    pub fn forward(&self, x: &[f64]) -> Vec<f64> {
        self.trace(x).pop().unwrap_or_else(|| x.to_vec())
    }

    /// The output of every layer for one window `[T, C]`.
    pub fn trace(&self, x: &[f64]) -> Vec<Vec<f64>> {
        let mut outputs: Vec<Vec<f64>> = Vec::new();
        for (layer, weights) in self.network.layers.iter().zip(&self.weights) {
            let x = outputs.last().map_or(x, Vec::as_slice);
            let y = match layer {
                Layer::Dense(l) => dense(l, weights, x),
                Layer::Conv1d(l) => conv1d(l, weights, x),
                Layer::MaxPool1d(l) => max_pool1d(l, x),
                Layer::Flatten(_) | Layer::Dropout(_) => x.to_vec(),
                Layer::Lstm(l) => lstm(l, weights, x),
            };
            outputs.push(y);
        }
        outputs
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn activate(activation: Activation, z: &mut [f64]) {
    let total: f64 = z.iter().map(|v| v.exp()).sum();
    for v in z {
        *v = match activation {
            Activation::Linear => *v,
            Activation::Relu => v.max(0.0),
            Activation::Tanh => v.tanh(),
            Activation::Sigmoid => sigmoid(*v),
            Activation::Softmax => v.exp() / total,
        };
    }
}

/// y[t, u] = activation(sum_c x[t, c] W[c, u] + b[u])
fn dense(l: &Dense, weights: &[Vec<f64>], x: &[f64]) -> Vec<f64> {
    let (kernel, bias) = (&weights[0], &weights[1]);
    let mut out = Vec::new();
    for t in 0..l.input.steps {
        let mut y = bias.clone();
        for (u, y) in y.iter_mut().enumerate() {
            for c in 0..l.input.channels {
                *y += x[t * l.input.channels + c] * kernel[c * l.units + u];
            }
        }
        activate(l.activation, &mut y);
        out.extend(y);
    }
    out
}

/// The padded steps before the input, as TensorFlow counts them.
fn left_padding(
    padding: Padding,
    kernel: usize,
    stride: usize,
    dilation: usize,
    steps: usize,
) -> usize {
    let reach = (kernel - 1) * dilation;
    match padding {
        Padding::Valid => 0,
        Padding::Causal => reach,
        Padding::Same => {
            // The last window starts at ((steps - 1) / stride) * stride.
            let end = (steps - 1) / stride * stride + reach + 1;
            end.saturating_sub(steps) / 2
        }
    }
}

/// y[t, f] = activation(sum_k sum_c x[t stride + k dilation - left, c] W[k, c, f] + b[f]); 0 outside the input
fn conv1d(l: &Conv1d, weights: &[Vec<f64>], x: &[f64]) -> Vec<f64> {
    let (kernel, bias) = (&weights[0], &weights[1]);
    let (steps, channels) = (l.input.steps as i64, l.input.channels);
    let left = left_padding(
        l.padding,
        l.kernel_size,
        l.strides,
        l.dilation_rate,
        l.input.steps,
    );
    let mut out = Vec::new();
    for t in 0..l.output.steps {
        let mut y = bias.clone();
        for k in 0..l.kernel_size {
            let source = (t * l.strides + k * l.dilation_rate) as i64 - left as i64;
            if source < 0 || source >= steps {
                continue;
            }
            for c in 0..channels {
                for (f, y) in y.iter_mut().enumerate() {
                    let weight = kernel[(k * channels + c) * l.filters + f];
                    *y += x[source as usize * channels + c] * weight;
                }
            }
        }
        activate(l.activation, &mut y);
        out.extend(y);
    }
    out
}

/// y[t, c] = max over k of x[t stride + k - left, c], inside the input only
fn max_pool1d(l: &MaxPool1d, x: &[f64]) -> Vec<f64> {
    let left = left_padding(l.padding, l.pool_size, l.strides, 1, l.input.steps);
    let mut out = Vec::new();
    for t in 0..l.output.steps {
        for c in 0..l.input.channels {
            let under = (0..l.pool_size).map(|k| (t * l.strides + k) as i64 - left as i64);
            let inside = under.filter(|s| *s >= 0 && *s < l.input.steps as i64);
            out.push(
                inside
                    .map(|s| x[s as usize * l.input.channels + c])
                    .fold(f64::NEG_INFINITY, f64::max),
            );
        }
    }
    out
}

/// i, f, o = sigmoid(x Wx + h Wh + b); g = activation(x Wx + h Wh + b); c' = f c + i g; h' = o activation(c')
fn lstm(l: &Lstm, weights: &[Vec<f64>], x: &[f64]) -> Vec<f64> {
    let (kernel, recurrent, bias) = (&weights[0], &weights[1], &weights[2]);
    let units = l.units;
    let squash = |v: f64| {
        let mut v = [v];
        activate(l.activation, &mut v);
        v[0]
    };
    let (mut h, mut c) = (vec![0.0; units], vec![0.0; units]);
    let mut out = Vec::new();
    for t in 0..l.input.steps {
        let mut z = bias.clone();
        for (j, z) in z.iter_mut().enumerate() {
            for k in 0..l.input.channels {
                *z += x[t * l.input.channels + k] * kernel[k * 4 * units + j];
            }
            for (k, h) in h.iter().enumerate() {
                *z += h * recurrent[k * 4 * units + j];
            }
        }
        for u in 0..units {
            let (i, f) = (sigmoid(z[u]), sigmoid(z[units + u]));
            let (g, o) = (squash(z[2 * units + u]), sigmoid(z[3 * units + u]));
            c[u] = f * c[u] + i * g;
            h[u] = o * squash(c[u]);
        }
        if l.return_sequences {
            out.extend_from_slice(&h);
        }
    }
    if l.return_sequences { out } else { h }
}
