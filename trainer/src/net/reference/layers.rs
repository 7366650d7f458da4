//! The layers without memory, in f64.
use super::Weights;
use super::activation::activate;
use crate::config::Padding;
use crate::net::{
    BatchNorm, Conv1d, Dense, GroupedConv1d, Merge, Merging, Pool1d, Pooling, Resample, Resampling,
};

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

/// y[t, f] = activation(sum_k sum_c x[t stride + k dilation - left, c] W[k, c - first, f] + b[f]), c over the group of f
pub(super) fn grouped_conv1d(l: &GroupedConv1d, weights: &Weights, x: &[f64]) -> Vec<f64> {
    let (kernel, bias) = (&weights["kernel"], &weights["bias"]);
    let channels = l.input.channels;
    let of_group = channels / l.groups;
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
        for (f, y) in y.iter_mut().enumerate() {
            let first = f / (l.filters / l.groups) * of_group;
            for k in 0..l.kernel_size {
                let source = (t * l.strides + k * l.dilation_rate) as i64 - left as i64;
                if source < 0 || source >= l.input.steps as i64 {
                    continue;
                }
                for c in 0..of_group {
                    let weight = kernel[(k * of_group + c) * l.filters + f];
                    *y += x[source as usize * channels + first + c] * weight;
                }
            }
        }
        activate(l.activation, &mut y);
        out.extend(y);
    }
    out
}

/// The steps of the input in their new places
pub(super) fn resample(l: &Resample, x: &[f64]) -> Vec<f64> {
    let channels = l.input.channels;
    let rows: Vec<&[f64]> = x.chunks_exact(channels).collect();
    match l.resampling {
        Resampling::ZeroPadding { before, after } => {
            let mut y = vec![0.0; before * channels];
            y.extend_from_slice(x);
            y.resize(y.len() + after * channels, 0.0);
            y
        }
        Resampling::UpSampling { size } => rows.iter().flat_map(|row| row.repeat(size)).collect(),
        Resampling::Reverse => rows.iter().rev().copied().flatten().copied().collect(),
        Resampling::Input => x.to_vec(),
    }
}

/// gamma (x - mean) / sqrt(variance + epsilon) + beta over one row
pub(super) fn layer_norm(row: &[f64], weights: &Weights, epsilon: f32) -> Vec<f64> {
    let count = row.len() as f64;
    let mean = row.iter().sum::<f64>() / count;
    let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
    let root = (variance + f64::from(epsilon)).sqrt();
    let parameters = weights["gamma"].iter().zip(&weights["beta"]);
    row.iter()
        .zip(parameters)
        .map(|(x, (gamma, beta))| gamma * (x - mean) / root + beta)
        .collect()
}

/// Mean and variance of each channel over all steps of all windows
pub(super) fn moments(channels: usize, windows: &[Vec<f64>]) -> (Vec<f64>, Vec<f64>) {
    let channel = |c: usize| -> Vec<f64> {
        let of_window = |x: &Vec<f64>| x.iter().skip(c).step_by(channels).copied().collect();
        windows.iter().flat_map::<Vec<f64>, _>(of_window).collect()
    };
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    (0..channels)
        .map(|c| {
            let values = channel(c);
            let center = mean(&values);
            let squares: Vec<f64> = values.iter().map(|x| (x - center).powi(2)).collect();
            (center, mean(&squares))
        })
        .unzip()
}

/// gamma (x - mean) / sqrt(variance + epsilon) + beta, channel by channel
pub(super) fn batch_norm(
    l: &BatchNorm,
    weights: &Weights,
    (mean, variance): (&[f64], &[f64]),
    x: &[f64],
) -> Vec<f64> {
    let value = |(at, x): (usize, &f64)| {
        let c = at % l.input.channels;
        let normal = (x - mean[c]) / (variance[c] + f64::from(l.epsilon)).sqrt();
        weights["gamma"][c] * normal + weights["beta"][c]
    };
    x.iter().enumerate().map(value).collect()
}
