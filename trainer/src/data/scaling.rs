//! Standardization per channel, fitted on the training part only.
use super::{Scaling, Targets, Windows};

impl Scaling {
    /// Mean and standard deviation of each of `channels` interleaved channels, summed in f64. A channel that does not
    /// vary gets the standard deviation 1, so that it becomes 0 and not infinite.
    pub fn fit(values: &[f32], channels: usize) -> Self {
        let count = (values.len() / channels.max(1)).max(1) as f64;
        let mut mean = vec![0.0f64; channels];
        for row in values.chunks_exact(channels.max(1)) {
            mean.iter_mut()
                .zip(row)
                .for_each(|(sum, v)| *sum += f64::from(*v));
        }
        mean.iter_mut().for_each(|sum| *sum /= count);
        let mut square = vec![0.0f64; channels];
        for row in values.chunks_exact(channels.max(1)) {
            for ((sum, m), v) in square.iter_mut().zip(&mean).zip(row) {
                *sum += (f64::from(*v) - m).powi(2);
            }
        }
        let std = square.iter().zip(&mean).map(|(sum, m)| {
            let std = (sum / count).sqrt();
            // Below the resolution of f32 at the mean, the spread is only rounding.
            let constant = std <= m.abs() * f64::from(f32::EPSILON) * 0.5
                || std < f64::from(f32::MIN_POSITIVE);
            if constant { 1.0 } else { std as f32 }
        });
        Self {
            std: std.collect(),
            mean: mean.iter().map(|m| *m as f32).collect(),
        }
    }

    /// Whether values pass unchanged.
    pub fn is_identity(&self) -> bool {
        self.mean.is_empty()
    }

    /// `normalized = (raw - mean) / std` in place, over interleaved channels.
    pub fn normalize(&self, values: &mut [f32]) {
        for row in values.chunks_exact_mut(self.mean.len().max(1)) {
            for ((v, mean), std) in row.iter_mut().zip(&self.mean).zip(&self.std) {
                *v = (*v - mean) / std;
            }
        }
    }

    /// `raw = normalized * std + mean` in place, over interleaved channels.
    pub fn denormalize(&self, values: &mut [f32]) {
        for row in values.chunks_exact_mut(self.mean.len().max(1)) {
            for ((v, mean), std) in row.iter_mut().zip(&self.mean).zip(&self.std) {
                *v = *v * std + mean;
            }
        }
    }
}

/// The windows, normalized.
pub fn apply(scaling: &Scaling, windows: &Windows) -> Windows {
    let mut normalized = windows.clone();
    scaling.normalize(&mut normalized.values);
    normalized
}

/// The targets, normalized. Labels have no scale and stay.
pub fn apply_targets(scaling: &Scaling, targets: &Targets) -> Targets {
    match targets {
        Targets::Values {
            steps,
            width,
            values,
        } => {
            let mut values = values.clone();
            scaling.normalize(&mut values);
            Targets::Values {
                steps: *steps,
                width: *width,
                values,
            }
        }
        Targets::Labels { classes, labels } => Targets::Labels {
            classes: *classes,
            labels: labels.clone(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_channel_gets_mean_zero_and_spread_one() {
        let windows = Windows {
            count: 2,
            steps: 2,
            channels: 2,
            values: vec![1.0, 100.0, 2.0, 300.0, 3.0, 500.0, 6.0, 700.0],
        };
        let scaling = Scaling::fit(&windows.values, 2);
        assert_eq!(scaling.mean, [3.0, 400.0]);
        assert!((scaling.std[0] - 3.5f32.sqrt()).abs() < 1e-6);
        let scaled = apply(&scaling, &windows);
        let again = Scaling::fit(&scaled.values, 2);
        for c in 0..2 {
            assert!(
                again.mean[c].abs() < 1e-6 && (again.std[c] - 1.0).abs() < 1e-6,
                "{again:?}"
            );
        }
        let mut back = scaled.values;
        scaling.denormalize(&mut back);
        for (a, b) in back.iter().zip(&windows.values) {
            assert!((a - b).abs() <= b.abs() * 1e-6);
        }
    }

    #[test]
    fn a_constant_channel_becomes_zero() {
        let values = vec![0.1f32; 1000];
        let scaling = Scaling::fit(&values, 1);
        assert_eq!(scaling.std, [1.0]);
        let mut scaled = values;
        scaling.normalize(&mut scaled);
        assert!(scaled.iter().all(|v| *v == 0.0));
    }

    #[test]
    fn a_large_mean_does_not_hide_a_small_spread() {
        let values: Vec<f32> = (0..1000).map(|i| 100_000.0 + (i % 2) as f32).collect();
        let scaling = Scaling::fit(&values, 1);
        assert!((scaling.std[0] - 0.5).abs() < 1e-3, "{scaling:?}");
    }

    #[test]
    fn the_empty_scaling_changes_nothing_and_labels_stay() {
        let mut values = vec![1.0, 2.0];
        Scaling::default().normalize(&mut values);
        Scaling::default().denormalize(&mut values);
        assert_eq!(values, [1.0, 2.0]);
        assert!(Scaling::default().is_identity());
        let labels = Targets::Labels {
            classes: 3,
            labels: vec![0, 2],
        };
        assert_eq!(apply_targets(&Scaling::fit(&[5.0], 1), &labels), labels);
    }
}
