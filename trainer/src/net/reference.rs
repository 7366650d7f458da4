//! An independent forward pass in f64, written straight from the equations in plain loops: the judge of gradients and
//! of quantized models. It shares no code with the layers.
use super::{Conv1d, Dense, Gru, Layer, Lstm, Network, Pool1d, Pooling, SimpleRnn};
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
            Layer::SimpleRnn(l) => {
                vec![wide(&l.kernel), wide(&l.recurrent_kernel), wide(&l.bias)]
            }
            Layer::Lstm(l) => vec![wide(&l.kernel), wide(&l.recurrent_kernel), wide(&l.bias)],
            Layer::Gru(l) => vec![wide(&l.kernel), wide(&l.recurrent_kernel), wide(&l.bias)],
            Layer::Pool1d(_) | Layer::GlobalPool1d(_) | Layer::Flatten(_) | Layer::Dropout(_) => {
                Vec::new()
            }
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
                Layer::Pool1d(l) => pool1d(l, x),
                Layer::GlobalPool1d(l) => global_pool1d(l, x),
                Layer::Flatten(_) | Layer::Dropout(_) => x.to_vec(),
                Layer::SimpleRnn(l) => simple_rnn(l, weights, x),
                Layer::Lstm(l) => lstm(l, weights, x),
                Layer::Gru(l) => gru(l, weights, x),
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

/// y[t, c] = max or mean over k of x[t stride + k - left, c], inside the input only
fn pool1d(l: &Pool1d, x: &[f64]) -> Vec<f64> {
    let left = left_padding(l.padding, l.pool_size, l.strides, 1, l.input.steps);
    let mut out = Vec::new();
    for t in 0..l.output.steps {
        for c in 0..l.input.channels {
            let under = (0..l.pool_size).map(|k| (t * l.strides + k) as i64 - left as i64);
            let inside = under.filter(|s| *s >= 0 && *s < l.input.steps as i64);
            let values = inside.map(|s| x[s as usize * l.input.channels + c]);
            out.push(pool(l.pooling, &values.collect::<Vec<f64>>()));
        }
    }
    out
}

/// y[c] = max or mean over t of x[t, c]
fn global_pool1d(l: &Pool1d, x: &[f64]) -> Vec<f64> {
    let channel = |c| x.iter().skip(c).step_by(l.input.channels).copied();
    (0..l.input.channels)
        .map(|c| pool(l.pooling, &channel(c).collect::<Vec<f64>>()))
        .collect()
}

fn pool(pooling: Pooling, values: &[f64]) -> f64 {
    match pooling {
        Pooling::Max => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        Pooling::Average => values.iter().sum::<f64>() / values.len() as f64,
    }
}

/// sum_k v[k] W[k, column], with `columns` in a row of W
fn product(v: &[f64], kernel: &[f64], columns: usize, column: usize) -> f64 {
    let weights = kernel.iter().skip(column).step_by(columns);
    v.iter().zip(weights).map(|(v, w)| v * w).sum()
}

/// h' = activation(x Wx + h Wh + b)
fn simple_rnn(l: &SimpleRnn, weights: &[Vec<f64>], x: &[f64]) -> Vec<f64> {
    let (kernel, recurrent, bias) = (&weights[0], &weights[1], &weights[2]);
    let mut h = vec![0.0; l.units];
    let mut out = Vec::new();
    for x in x.chunks_exact(l.input.channels) {
        let sum = |u| product(x, kernel, l.units, u) + product(&h, recurrent, l.units, u) + bias[u];
        let mut z: Vec<f64> = (0..l.units).map(sum).collect();
        activate(l.activation, &mut z);
        h = z;
        if l.return_sequences {
            out.extend_from_slice(&h);
        }
    }
    if l.return_sequences { out } else { h }
}

/// z, r = sigmoid(x W + h U + b + d); c = activation(x W + b + r (h U + d)) with `reset_after`, else
/// activation(x W + b + (r h) U); h' = z h + (1 - z) c
fn gru(l: &Gru, weights: &[Vec<f64>], x: &[f64]) -> Vec<f64> {
    let units = l.units;
    let (bias, second) = weights[2].split_at(3 * units);
    let from_x = |x: &[f64], column| product(x, &weights[0], 3 * units, column) + bias[column];
    let from_h = |h: &[f64], column: usize| {
        product(h, &weights[1], 3 * units, column) + second.get(column).unwrap_or(&0.0)
    };
    let mut h = vec![0.0; units];
    let mut out = Vec::new();
    for x in x.chunks_exact(l.input.channels) {
        let gate = |column| sigmoid(from_x(x, column) + from_h(&h, column));
        let z: Vec<f64> = (0..units).map(gate).collect();
        let r: Vec<f64> = (units..2 * units).map(gate).collect();
        let reset: Vec<f64> = r.iter().zip(&h).map(|(r, h)| r * h).collect();
        let mut c: Vec<f64> = (0..units)
            .map(|u| {
                let column = 2 * units + u;
                if l.reset_after {
                    from_x(x, column) + r[u] * from_h(&h, column)
                } else {
                    from_x(x, column) + from_h(&reset, column)
                }
            })
            .collect();
        activate(l.activation, &mut c);
        h = (0..units)
            .map(|u| z[u] * h[u] + (1.0 - z[u]) * c[u])
            .collect();
        if l.return_sequences {
            out.extend_from_slice(&h);
        }
    }
    if l.return_sequences { out } else { h }
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
