//! Linear regression on the flattened window, by the normal equations in f64.
use crate::data::Windows;

/// Above this many inputs the normal equations cost more than they tell.
pub const MAX_INPUTS: usize = 1_024;
/// Added to the diagonal of the correlation matrix (which is 1): keeps exactly dependent inputs solvable and moves a fit
/// less than its sixth digit.
const JITTER: f64 = 1e-9;

/// `y = bias + weights . x`, one column of weights for each output.
pub struct Linear {
    mean: Vec<f64>,
    /// `[inputs, width]`, for inputs less their mean.
    weights: Vec<f64>,
    bias: Vec<f64>,
}

impl Linear {
    /// Least squares of `targets` `[N, width]` on windows of at most [`MAX_INPUTS`] values.
    pub fn fit(windows: &Windows, targets: &[f32], width: usize) -> Self {
        let inputs = windows.steps * windows.channels;
        let count = windows.count as f64;
        let rows = || {
            windows
                .values
                .chunks_exact(inputs)
                .zip(targets.chunks_exact(width))
        };

        let mut mean = vec![0.0; inputs];
        let mut bias = vec![0.0; width];
        for (x, y) in rows() {
            mean.iter_mut()
                .zip(x)
                .for_each(|(sum, v)| *sum += f64::from(*v) / count);
            bias.iter_mut()
                .zip(y)
                .for_each(|(sum, v)| *sum += f64::from(*v) / count);
        }

        // Lower triangle of X'X, and X'Y, both about the means.
        let mut gram = vec![0.0; inputs * inputs];
        let mut weights = vec![0.0; inputs * width];
        let mut centred = vec![0.0; inputs];
        for (x, y) in rows() {
            centred
                .iter_mut()
                .zip(x)
                .zip(&mean)
                .for_each(|((c, v), m)| *c = f64::from(*v) - m);
            for (i, a) in centred.iter().enumerate() {
                let row = &mut gram[i * inputs..i * inputs + i + 1];
                row.iter_mut()
                    .zip(&centred)
                    .for_each(|(sum, b)| *sum += a * b);
                for ((sum, v), b) in weights[i * width..(i + 1) * width]
                    .iter_mut()
                    .zip(y)
                    .zip(&bias)
                {
                    *sum += a * (f64::from(*v) - b);
                }
            }
        }

        // Scaled to a correlation matrix, so that channels in different units are equally well conditioned.
        let scale: Vec<f64> = (0..inputs)
            .map(|i| gram[i * inputs + i].sqrt())
            .map(|norm| if norm > 0.0 { 1.0 / norm } else { 0.0 })
            .collect();
        for i in 0..inputs {
            for j in 0..i {
                gram[i * inputs + j] *= scale[i] * scale[j];
            }
            gram[i * inputs + i] = 1.0 + JITTER;
            weights[i * width..(i + 1) * width]
                .iter_mut()
                .for_each(|w| *w *= scale[i]);
        }
        cholesky(&mut gram, inputs);
        solve(&gram, inputs, &mut weights, width);
        for i in 0..inputs {
            weights[i * width..(i + 1) * width]
                .iter_mut()
                .for_each(|w| *w *= scale[i]);
        }
        Self {
            mean,
            weights,
            bias,
        }
    }

    /// `[N, width]`.
    pub fn predict(&self, windows: &Windows) -> Vec<f32> {
        let width = self.bias.len();
        let mut outputs = Vec::with_capacity(windows.count * width);
        for x in windows.values.chunks_exact(self.mean.len()) {
            let mut y = self.bias.clone();
            for ((v, mean), weights) in x
                .iter()
                .zip(&self.mean)
                .zip(self.weights.chunks_exact(width))
            {
                let centred = f64::from(*v) - mean;
                y.iter_mut()
                    .zip(weights)
                    .for_each(|(sum, w)| *sum += centred * w);
            }
            outputs.extend(y.iter().map(|v| *v as f32));
        }
        outputs
    }
}

/// `A = L L'` in place of the lower triangle of the `[n, n]` matrix.
fn cholesky(a: &mut [f64], n: usize) {
    for i in 0..n {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| a[i * n + k] * a[j * n + k]).sum();
            let rest = a[i * n + j] - dot;
            a[i * n + j] = if i == j {
                // Rounding can push a dependent column's pivot to zero or below; the jitter is its true size.
                rest.max(JITTER).sqrt()
            } else {
                rest / a[j * n + j]
            };
        }
    }
}

/// Solves `L L' X = B` in place of `b` `[n, width]`.
fn solve(l: &[f64], n: usize, b: &mut [f64], width: usize) {
    for c in 0..width {
        for i in 0..n {
            let dot: f64 = (0..i).map(|k| l[i * n + k] * b[k * width + c]).sum();
            b[i * width + c] = (b[i * width + c] - dot) / l[i * n + i];
        }
        for i in (0..n).rev() {
            let dot: f64 = (i + 1..n).map(|k| l[k * n + i] * b[k * width + c]).sum();
            b[i * width + c] = (b[i * width + c] - dot) / l[i * n + i];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::random::Random;

    fn windows(count: usize, values: Vec<f32>, steps: usize) -> Windows {
        Windows {
            count,
            steps,
            channels: 1,
            values,
        }
    }

    #[test]
    fn finds_the_weights_of_a_linear_rule_in_any_units() {
        let mut random = Random::new(1);
        let mut x = Vec::new();
        let mut y = Vec::new();
        for _ in 0..200 {
            // Three inputs of very different size and mean.
            let row = [
                random.uniform() as f32,
                1000.0 + 50.0 * random.uniform() as f32,
                1e-4 * random.uniform() as f32,
            ];
            y.push(3.0 * row[0] - 0.02 * row[1] + 1e4 * row[2] + 7.0);
            y.push(-row[0]);
            x.extend(row);
        }
        let data = windows(200, x, 3);
        let predicted = Linear::fit(&data, &y, 2).predict(&data);
        for (a, b) in predicted.iter().zip(&y) {
            assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
    }

    #[test]
    fn dependent_and_constant_inputs_are_no_trouble() {
        // x2 = x0 exactly, x1 constant.
        let mut random = Random::new(2);
        let mut x = Vec::new();
        let mut y = Vec::new();
        for _ in 0..100 {
            let a = random.uniform() as f32;
            x.extend([a, 5.0, a]);
            y.push(2.0 * a + 1.0);
        }
        let data = windows(100, x, 3);
        let predicted = Linear::fit(&data, &y, 1).predict(&data);
        for (a, b) in predicted.iter().zip(&y) {
            assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
    }

    #[test]
    fn the_residual_is_orthogonal_to_the_inputs() {
        // Least squares, whatever the noise: residuals do not correlate with any input.
        let mut random = Random::new(3);
        let x: Vec<f32> = (0..500 * 4).map(|_| random.uniform() as f32).collect();
        let y: Vec<f32> = (0..500)
            .map(|i| x[4 * i] + random.uniform() as f32)
            .collect();
        let data = windows(500, x, 4);
        let predicted = Linear::fit(&data, &y, 1).predict(&data);
        for c in 0..4 {
            let dot: f32 = (0..500)
                .map(|i| (predicted[i] - y[i]) * data.window(i)[c])
                .sum();
            assert!(dot.abs() < 1e-3, "{dot}");
        }
    }
}
