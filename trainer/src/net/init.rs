//! Initial weights as Keras draws them: Glorot uniform kernels, orthogonal recurrent kernels.
use super::random::normal;
use crate::data::random::Random;

/// Uniform in ±sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010).
pub(crate) fn glorot_uniform(
    count: usize,
    fan_in: usize,
    fan_out: usize,
    random: &mut Random,
) -> Vec<f32> {
    let limit = (6.0 / (fan_in + fan_out) as f64).sqrt();
    (0..count)
        .map(|_| (limit * (2.0 * random.uniform() - 1.0)) as f32)
        .collect()
}

/// `rows` orthonormal rows of length `columns >= rows`, row-major: the Q of a Gaussian matrix, with the signs that
/// make the diagonal of R positive, as Keras does (Saxe et al. 2013).
pub(crate) fn orthogonal(rows: usize, columns: usize, random: &mut Random) -> Vec<f32> {
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(rows);
    for _ in 0..rows {
        let mut row: Vec<f64> = (0..columns).map(|_| normal(random)).collect();
        // Gram-Schmidt twice: once loses digits when a row lies close to the span of the others.
        for _ in 0..2 {
            for other in &basis {
                let along = dot(&row, other);
                for (value, other) in row.iter_mut().zip(other) {
                    *value -= along * other;
                }
            }
        }
        let length = dot(&row, &row).sqrt();
        for value in &mut row {
            *value /= length;
        }
        basis.push(row);
    }
    basis.into_iter().flatten().map(|v| v as f32).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glorot_fills_its_range_and_no_more() {
        let values = glorot_uniform(10_000, 3, 192, &mut Random::new(1));
        let limit = (6.0f32 / 195.0).sqrt();
        let largest = values.iter().fold(0.0f32, |m, v| m.max(v.abs()));
        assert!(largest <= limit && largest > 0.99 * limit, "{largest}");
    }

    #[test]
    fn rows_are_orthonormal() {
        let (rows, columns) = (20, 80);
        let q = orthogonal(rows, columns, &mut Random::new(1));
        for i in 0..rows {
            for j in 0..rows {
                let product: f32 = (0..columns)
                    .map(|k| q[i * columns + k] * q[j * columns + k])
                    .sum();
                let expected = if i == j { 1.0 } else { 0.0 };
                assert!((product - expected).abs() < 1e-5, "{i} {j} {product}");
            }
        }
    }
}
