//! The layers without memory, in f64.
use super::Weights;
use super::activation::activate;
use crate::config::Padding;
use crate::net::{Conv1d, Dense, Merge, Merging, Pool1d, Pooling};

/// y[t, u] = activation(sum_c x[t, c] W[c, u] + b[u])
pub(super) fn dense(l: &Dense, weights: &Weights, x: &[f64]) -> Vec<f64> {
    let (kernel, bias) = (&weights["kernel"], &weights["bias"]);
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
pub(super) fn conv1d(l: &Conv1d, weights: &Weights, x: &[f64]) -> Vec<f64> {
    let (kernel, bias) = (&weights["kernel"], &weights["bias"]);
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
pub(super) fn pool1d(l: &Pool1d, x: &[f64]) -> Vec<f64> {
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
pub(super) fn global_pool1d(l: &Pool1d, x: &[f64]) -> Vec<f64> {
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

/// The sum, mean or product of the inputs value by value, or their channels side by side
pub(super) fn merge(l: &Merge, inputs: &[&[f64]]) -> Vec<f64> {
    let steps = l.output.steps;
    let at = |i: usize| inputs.iter().map(move |x| x[i]);
    let mut out = Vec::new();
    for t in 0..steps {
        if l.merging == Merging::Concatenate {
            for (x, shape) in inputs.iter().zip(&l.inputs) {
                out.extend_from_slice(&x[t * shape.channels..(t + 1) * shape.channels]);
            }
            continue;
        }
        for i in t * l.output.channels..(t + 1) * l.output.channels {
            out.push(match l.merging {
                Merging::Add => at(i).sum(),
                Merging::Average => at(i).sum::<f64>() / inputs.len() as f64,
                Merging::Multiply => at(i).product(),
                Merging::Concatenate => unreachable!("done above"),
            });
        }
    }
    out
}
