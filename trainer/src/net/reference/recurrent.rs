//! The recurrent layers in f64.
use super::Weights;
use super::activation::{activate, squash};
use super::layers::layer_norm;
use crate::net::{Gru, Lstm, SimpleRnn};

/// sum_k v[k] W[k, column], with `columns` in a row of W
fn product(v: &[f64], kernel: &[f64], columns: usize, column: usize) -> f64 {
    let weights = kernel.iter().skip(column).step_by(columns);
    v.iter().zip(weights).map(|(v, w)| v * w).sum()
}

/// h' = activation(x Wx + h Wh + b), or activation(layer_norm(x Wx + h Wh + b))
pub(super) fn simple_rnn(l: &SimpleRnn, weights: &Weights, x: &[f64]) -> Vec<f64> {
    let (kernel, recurrent, bias) = (
        &weights["kernel"],
        &weights["recurrent_kernel"],
        &weights["bias"],
    );
    let mut h = vec![0.0; l.units];
    let mut out = Vec::new();
    for x in x.chunks_exact(l.input.channels) {
        let sum = |u| product(x, kernel, l.units, u) + product(&h, recurrent, l.units, u) + bias[u];
        let mut z: Vec<f64> = (0..l.units).map(sum).collect();
        if l.layer_norm {
            z = layer_norm(&z, weights, l.epsilon);
        }
        activate(l.activation, &mut z);
        h = z;
        if l.return_sequences {
            out.extend_from_slice(&h);
        }
    }
    if l.return_sequences { out } else { h }
}

/// z, r = recurrent(x W + h U + b + d); c = activation(x W + b + r (h U + d)) with `reset_after`, else
/// activation(x W + b + (r h) U); h' = z h + (1 - z) c
pub(super) fn gru(l: &Gru, weights: &Weights, x: &[f64]) -> Vec<f64> {
    let units = l.units;
    let (bias, second) = weights["bias"].split_at(3 * units);
    let from_x =
        |x: &[f64], column| product(x, &weights["kernel"], 3 * units, column) + bias[column];
    let from_h = |h: &[f64], column: usize| {
        product(h, &weights["recurrent_kernel"], 3 * units, column)
            + second.get(column).unwrap_or(&0.0)
    };
    let mut h = vec![0.0; units];
    let mut out = Vec::new();
    for x in x.chunks_exact(l.input.channels) {
        let gate = |column| {
            squash(
                l.recurrent_activation,
                from_x(x, column) + from_h(&h, column),
            )
        };
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

/// i, f, o = recurrent(x Wx + h Wh + b); g = activation(x Wx + h Wh + b); c' = f c + i g; h' = o activation(c')
pub(super) fn lstm(l: &Lstm, weights: &Weights, x: &[f64]) -> Vec<f64> {
    let (kernel, recurrent, bias) = (
        &weights["kernel"],
        &weights["recurrent_kernel"],
        &weights["bias"],
    );
    let units = l.units;
    let gate = |v| squash(l.recurrent_activation, v);
    let squash = |v| squash(l.activation, v);
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
            let (i, f) = (gate(z[u]), gate(z[units + u]));
            let (g, o) = (squash(z[2 * units + u]), gate(z[3 * units + u]));
            c[u] = f * c[u] + i * g;
            h[u] = o * squash(c[u]);
        }
        if l.return_sequences {
            out.extend_from_slice(&h);
        }
    }
    if l.return_sequences { out } else { h }
}
