//! How often the class is right, and which classes are taken for which.
use serde::Serialize;

/// Scores over N windows; precision, recall and F1 are means over the classes ("macro").
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Classification {
    pub accuracy: f64,
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
    /// `confusion_matrix[truth][predicted]`.
    pub confusion_matrix: Vec<Vec<u64>>,
    pub per_class: Vec<PerClass>,
}

/// Scores of one class against the rest. A ratio over nothing is 0, as in scikit-learn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PerClass {
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
    /// Windows that have this class.
    pub support: u64,
}

/// Compares predicted with true labels, both N long and below `classes`.
pub fn classification(predicted: &[u32], truth: &[u32], classes: usize) -> Classification {
    let mut matrix = vec![vec![0u64; classes]; classes];
    for (p, t) in predicted.iter().zip(truth) {
        matrix[*t as usize][*p as usize] += 1;
    }
    let ratio = |part: u64, whole: u64| {
        if whole == 0 {
            0.0
        } else {
            part as f64 / whole as f64
        }
    };
    let per_class: Vec<PerClass> = (0..classes)
        .map(|c| {
            let hits = matrix[c][c];
            let support = matrix[c].iter().sum();
            let named: u64 = matrix.iter().map(|row| row[c]).sum();
            PerClass {
                precision: ratio(hits, named),
                recall: ratio(hits, support),
                // 2 P R / (P + R) = 2 hits / (support + named)
                f1: ratio(2 * hits, support + named),
                support,
            }
        })
        .collect();
    let mean = |score: fn(&PerClass) -> f64| {
        per_class.iter().map(score).sum::<f64>() / classes.max(1) as f64
    };
    Classification {
        accuracy: ratio((0..classes).map(|c| matrix[c][c]).sum(), truth.len() as u64),
        precision: mean(|c| c.precision),
        recall: mean(|c| c.recall),
        f1: mean(|c| c.f1),
        confusion_matrix: matrix,
        per_class,
    }
}

/// The index of the largest of each row of `classes` scores; the first of equals.
pub fn argmax(scores: &[f32], classes: usize) -> Vec<u32> {
    scores
        .chunks_exact(classes.max(1))
        .map(|row| {
            let best = (1..row.len()).fold(0, |best, c| if row[c] > row[best] { c } else { best });
            best as u32
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hand_computed_case() {
        let truth = [0, 0, 0, 1, 1, 2];
        let predicted = [0, 0, 1, 1, 0, 2];
        let found = classification(&predicted, &truth, 3);
        assert_eq!(found.confusion_matrix, [[2, 1, 0], [1, 1, 0], [0, 0, 1]]);
        assert!((found.accuracy - 4.0 / 6.0).abs() < 1e-12);
        assert!((found.precision - (2.0 / 3.0 + 0.5 + 1.0) / 3.0).abs() < 1e-12);
        assert!((found.recall - (2.0 / 3.0 + 0.5 + 1.0) / 3.0).abs() < 1e-12);
        assert!((found.per_class[1].f1 - 0.5).abs() < 1e-12);
        assert_eq!(found.per_class[0].support, 3);
    }

    #[test]
    fn a_class_that_never_appears_scores_zero_and_not_nan() {
        let found = classification(&[0, 0], &[0, 0], 2);
        assert_eq!((found.accuracy, found.precision, found.f1), (1.0, 0.5, 0.5));
    }

    #[test]
    fn argmax_takes_the_first_of_equals() {
        assert_eq!(argmax(&[0.1, 0.7, 0.2, 0.5, 0.5, 0.0], 3), [1, 0]);
    }
}
