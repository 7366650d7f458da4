//! How far predicted values are from the truth.
use serde::Serialize;

/// Errors over all `[N, width]` values, in raw units.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Regression {
    /// Mean squared error.
    pub mse: f64,
    /// Mean absolute error.
    pub mae: f64,
    /// `1 - residual sum of squares / total sum of squares`, each column about its own mean, columns weighted by their
    /// spread. For a truth that does not vary: 1 if it is met exactly, else 0.
    pub r2: f64,
}

/// Compares `outputs` with `truth`, both `[N, width]`, not empty, of the same length.
pub fn regression(outputs: &[f32], truth: &[f32], width: usize) -> Regression {
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
        let found = regression(&[1.5, 2.0, 2.0, 4.0], &[1.0, 2.0, 3.0, 4.0], 1);
        assert_eq!(found.mse, 1.25 / 4.0);
        assert_eq!(found.mae, 1.5 / 4.0);
        assert!((found.r2 - 0.75).abs() < 1e-12);
    }

    #[test]
    fn two_columns_have_their_own_means() {
        // Predicting each column's mean is r2 = 0, however far apart the means are.
        let truth = [0.0, 100.0, 2.0, 102.0];
        let found = regression(&[1.0, 101.0, 1.0, 101.0], &truth, 2);
        assert_eq!(found.r2, 0.0);
        assert_eq!(found.mse, 1.0);
    }

    #[test]
    fn a_constant_truth_gives_no_infinity() {
        assert_eq!(regression(&[3.0, 3.0], &[3.0, 3.0], 1).r2, 1.0);
        assert_eq!(regression(&[3.0, 4.0], &[3.0, 3.0], 1).r2, 0.0);
    }
}
