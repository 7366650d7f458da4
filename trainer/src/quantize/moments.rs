//! Second moments of a matrix's inputs, and rounding of weights that makes errors cancel in what the inputs share.
//!
//! Inputs of a sequence model are strongly correlated, so that the error of rounding one weight can be taken back by
//! the next ones (Frantar et al., GPTQ, 2022, after Hassibi and Stork, Optimal Brain Surgeon, 1993).

/// Columns whose correlations are looked at together; longer rows are cut into blocks.
const BLOCK: usize = 256;
/// Part of the mean variance that is added to every variance, so that a block can be inverted.
const DAMPING: f64 = 0.01;

/// Mean and covariance of the values that the columns of a matrix meet.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Moments {
    pub mean: Vec<f64>,
    /// Covariances of the columns of each block, row-major.
    blocks: Vec<Vec<f64>>,
}

impl Moments {
    /// Of vectors of `columns` values each.
    pub fn of(vectors: &[Vec<f32>], columns: usize) -> Self {
        let count = vectors.len().max(1) as f64;
        let mut mean = vec![0.0; columns];
        for vector in vectors {
            for (sum, &value) in mean.iter_mut().zip(vector) {
                *sum += f64::from(value) / count;
            }
        }
        let mut blocks: Vec<Vec<f64>> = mean
            .chunks(BLOCK)
            .map(|columns| vec![0.0; columns.len() * columns.len()])
            .collect();
        let mut centered = vec![0.0; BLOCK.min(columns)];
        for vector in vectors {
            for ((block, values), mean) in blocks
                .iter_mut()
                .zip(vector.chunks(BLOCK))
                .zip(mean.chunks(BLOCK))
            {
                for ((centered, &value), mean) in centered.iter_mut().zip(values).zip(mean) {
                    *centered = f64::from(value) - mean;
                }
                let centered = &centered[..values.len()];
                for (row, a) in block.chunks_exact_mut(values.len()).zip(centered) {
                    for (sum, b) in row.iter_mut().zip(centered) {
                        *sum += a * b / count;
                    }
                }
            }
        }
        Self { mean, blocks }
    }

    /// Mean square of a column.
    pub fn mean_square(&self, column: usize) -> f64 {
        let size = BLOCK.min(self.mean.len() - column / BLOCK * BLOCK);
        let at = column % BLOCK;
        self.blocks[column / BLOCK][at * size + at] + self.mean[column] * self.mean[column]
    }
}

/// How to round rows whose columns meet integers: `real value = integer * scale` for each column.
#[derive(Debug, Clone)]
pub(super) struct Rounding {
    /// Mean integer of each column.
    pub mean: Vec<f64>,
    /// For each block the upper factor `U` of the inverse covariance, `U^T U`.
    factors: Vec<Vec<f64>>,
}

impl Rounding {
    pub fn new(moments: &Moments, scale: impl Fn(usize) -> f64) -> Self {
        let mean = moments
            .mean
            .iter()
            .enumerate()
            .map(|(column, mean)| mean / scale(column))
            .collect();
        let factors = moments.blocks.iter().enumerate().map(|(index, block)| {
            let size = block.len().isqrt();
            let scales: Vec<f64> = (0..size).map(|at| scale(index * BLOCK + at)).collect();
            let mut covariance: Vec<f64> = (0..size * size)
                .map(|at| block[at] / (scales[at / size] * scales[at % size]))
                .collect();
            let trace: f64 = (0..size).map(|at| covariance[at * size + at]).sum();
            // An input that never moves leaves plain rounding.
            let damping = if trace > 0.0 {
                DAMPING * trace / size as f64
            } else {
                1.0
            };
            for at in 0..size {
                covariance[at * size + at] += damping;
            }
            upper_factor_of_inverse(&covariance, size)
        });
        Self {
            mean,
            factors: factors.collect(),
        }
    }

    /// Integers for the weights of a row in steps of `lsb`, each within `limit`.
    pub fn round(&self, weights: &[f64], lsb: f64, limit: f64) -> Vec<i8> {
        let mut left: Vec<f64> = weights.iter().map(|w| w / lsb).collect();
        let mut rounded = Vec::with_capacity(left.len());
        for (block, factor) in left.chunks_mut(BLOCK).zip(&self.factors) {
            let size = block.len();
            for at in 0..size {
                let integer = block[at].round().clamp(-limit, limit);
                rounded.push(integer as i8);
                // What this weight is off, the later ones make good as far as their inputs go along with its own.
                let error = (block[at] - integer) / factor[at * size + at];
                for later in at + 1..size {
                    block[later] -= error * factor[at * size + later];
                }
            }
        }
        rounded
    }
}

/// `U` upper triangular with `U^T U = A^-1`, for a positive definite `A`.
fn upper_factor_of_inverse(a: &[f64], size: usize) -> Vec<f64> {
    // With the order of the columns turned round, A = V V^T with V upper, so that A^-1 = (V^-1)^T V^-1.
    let mut v = vec![0.0; size * size];
    for column in (0..size).rev() {
        for row in (0..=column).rev() {
            let sum: f64 = (column + 1..size)
                .map(|k| v[row * size + k] * v[column * size + k])
                .sum();
            let rest = a[row * size + column] - sum;
            v[row * size + column] = if row == column {
                rest.max(f64::MIN_POSITIVE).sqrt()
            } else {
                rest / v[column * size + column]
            };
        }
    }
    // U V = I, row by row from the diagonal to the right.
    let mut u = vec![0.0; size * size];
    for row in 0..size {
        u[row * size + row] = 1.0 / v[row * size + row];
        for column in row + 1..size {
            let sum: f64 = (row..column)
                .map(|k| u[row * size + k] * v[k * size + column])
                .sum();
            u[row * size + column] = -sum / v[column * size + column];
        }
    }
    u
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vectors() -> Vec<Vec<f32>> {
        // Three columns that go along with each other, and one that is alone.
        (0..200)
            .map(|i| {
                let t = i as f32 * 0.37;
                vec![
                    t.sin(),
                    t.sin() + 0.1 * (3.1 * t).cos(),
                    0.9 * t.sin(),
                    (7.7 * t).cos(),
                ]
            })
            .collect()
    }

    #[test]
    fn the_factor_is_that_of_the_inverse() {
        let a = [4.0, 1.0, 0.5, 1.0, 3.0, 0.2, 0.5, 0.2, 2.0];
        let u = upper_factor_of_inverse(&a, 3);
        for i in 0..3 {
            for j in 0..3 {
                // (U^T U) A = I
                let product: f64 = (0..3)
                    .flat_map(|k| (0..3).map(move |l| (k, l)))
                    .map(|(k, l)| u[l * 3 + i] * u[l * 3 + k] * a[k * 3 + j])
                    .sum();
                assert!(
                    (product - f64::from(u8::from(i == j))).abs() < 1e-12,
                    "{i} {j}: {product}"
                );
            }
        }
    }

    #[test]
    fn errors_cancel_where_inputs_go_along() {
        let vectors = vectors();
        let moments = Moments::of(&vectors, 4);
        let rounding = Rounding::new(&moments, |_| 1.0);
        let weights = [0.43, 0.44, 0.41, 10.2];
        let error = |rounded: &[i8]| -> f64 {
            let of = |vector: &Vec<f32>| -> f64 {
                let terms = vector.iter().zip(weights).zip(rounded);
                terms
                    .map(|((&x, w), &r)| f64::from(x) * (w - f64::from(r)))
                    .sum()
            };
            vectors.iter().map(|vector| of(vector).powi(2)).sum()
        };
        let nearest: Vec<i8> = weights.iter().map(|w| w.round() as i8).collect();
        let together = rounding.round(&weights, 1.0, 127.0);
        assert!(error(&together) < 0.2 * error(&nearest), "{together:?}");
    }

    #[test]
    fn moments_are_those_of_the_columns() {
        let moments = Moments::of(&[vec![1.0, 2.0], vec![3.0, 6.0]], 2);
        assert_eq!(moments.mean, [2.0, 4.0]);
        assert_eq!(moments.blocks, [[1.0, 2.0, 2.0, 4.0]]);
        assert_eq!(moments.mean_square(1), 20.0);
    }
}
