//! How far predicted values are from the truth.
use serde::Serialize;

/// Errors over all `[N, steps, width]` values, in raw units.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Regression {
    /// Mean squared error.
    pub mse: f64,
    /// Mean squared error of the last step, the forecast that counts; of targets with several steps only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_time_step_mse: Option<f64>,
    /// Mean absolute error.
    pub mae: f64,
    /// `1 - residual sum of squares / total sum of squares`, each column about its own mean, columns weighted by their
    /// spread. For a truth that does not vary: 1 if it is met exactly, else 0.
    pub r2: f64,
}

impl Regression {
    /// What forecasts are compared by: the mean squared error, of the last step where there are several.
    pub fn forecast_mse(&self) -> f64 {
        self.last_time_step_mse.unwrap_or(self.mse)
    }
}

/// The last step of each window: `[N, steps, width] -> [N, width]`.
pub fn last_steps(values: &[f32], steps: usize, width: usize) -> Vec<f32> {
    values
        .chunks_exact(steps * width)
        .flat_map(|window| &window[(steps - 1) * width..])
        .copied()
        .collect()
}

/// Compares `outputs` with `truth`, both `[N, steps, width]`, not empty, of the same length.
pub fn regression(outputs: &[f32], truth: &[f32], steps: usize, width: usize) -> Regression {
    let mut all = over_all_steps(outputs, truth, width);
    if steps > 1 {
        let [outputs, truth] = [outputs, truth].map(|values| last_steps(values, steps, width));
        all.last_time_step_mse = Some(over_all_steps(&outputs, &truth, width).mse);
    }
    all
}

fn over_all_steps(outputs: &[f32], truth: &[f32], width: usize) -> Regression {
    let count = truth.len() as f64;
    let errors = || {
        outputs
            .iter()
            .zip(truth)
            .map(|(a, b)| f64::from(*a) - f64::from(*b))
    };
    let residual: f64 = errors().map(|e| e * e).sum();
    let total: f64 = (0..width)
        .map(|c| {
            let column = || truth.iter().skip(c).step_by(width).map(|v| f64::from(*v));
            let mean = column().sum::<f64>() / (count / width as f64);
            column().map(|v| (v - mean).powi(2)).sum::<f64>()
        })
        .sum();
    Regression {
        mse: residual / count,
        last_time_step_mse: None,
        mae: errors().map(f64::abs).sum::<f64>() / count,
        r2: if total > 0.0 {
            1.0 - residual / total
        } else if residual == 0.0 {
            1.0
        } else {
            0.0
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hand_computed_case() {
        // Errors 0.5, 0, -1, 0; truth mean 2.5, total 5.
        let found = regression(&[1.5, 2.0, 2.0, 4.0], &[1.0, 2.0, 3.0, 4.0], 1, 1);
        assert_eq!(found.mse, 1.25 / 4.0);
        assert_eq!(found.mae, 1.5 / 4.0);
        assert!((found.r2 - 0.75).abs() < 1e-12);
        assert_eq!(
            (found.last_time_step_mse, found.forecast_mse()),
            (None, 1.25 / 4.0)
        );
    }

    #[test]
    fn of_sequences_the_last_step_counts() {
        // Two windows of two steps of two values; errors 1 and 3 in the last steps, 10 before.
        let truth = [10.0, 10.0, 1.0, 0.0, 0.0, 0.0, 0.0, 3.0];
        let found = regression(&[0.0; 8], &truth, 2, 2);
        assert_eq!(found.mse, 210.0 / 8.0);
        assert_eq!(found.last_time_step_mse, Some(10.0 / 4.0));
        assert_eq!(found.forecast_mse(), 2.5);
    }

    #[test]
    fn two_columns_have_their_own_means() {
        // Predicting each column's mean is r2 = 0, however far apart the means are.
        let truth = [0.0, 100.0, 2.0, 102.0];
        let found = regression(&[1.0, 101.0, 1.0, 101.0], &truth, 1, 2);
        assert_eq!(found.r2, 0.0);
        assert_eq!(found.mse, 1.0);
    }

    #[test]
    fn a_constant_truth_gives_no_infinity() {
        assert_eq!(regression(&[3.0, 3.0], &[3.0, 3.0], 1, 1).r2, 1.0);
        assert_eq!(regression(&[3.0, 4.0], &[3.0, 3.0], 1, 1).r2, 0.0);
    }
}
