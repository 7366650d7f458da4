//! The integer rules of a LayerNorm.
use std::vec::Vec;

use dunlin::format::graph::LayerNormSpec;

use super::tables::activated;

/// Of each channel.
pub struct Norm {
    pub gamma: Vec<i64>,
    pub beta: Vec<i64>,
}

impl Norm {
    /// `act((floor(n gamma / 2^16) + beta) >> shift)`, with `n` the normalized values times `2^20`.
    pub fn step(&self, spec: &LayerNormSpec, x: &[i16]) -> Vec<i16> {
        let channels = normalized(x, spec.epsilon.into()).into_iter();
        let each = channels.zip(&self.gamma).zip(&self.beta);
        each.map(|((n, gamma), beta)| {
            let sum = (n * gamma).div_euclid(1 << 16) + beta;
            activated(sum.div_euclid(1 << spec.shift), &spec.output)
        })
        .collect()
    }
}

/// `(x - mean) / sqrt(variance + epsilon) * 2^20` in the steps that the runtime takes.
fn normalized(x: &[i16], epsilon: i64) -> Vec<i64> {
    let count = x.len() as i64;
    let sum: i64 = x.iter().map(|&x| i64::from(x)).sum();
    // With 13 more bits, the nearest.
    let mean = (2 * 8_192 * sum + count).div_euclid(2 * count);
    let differences: Vec<i64> = x.iter().map(|&x| 8_192 * i64::from(x) - mean).collect();
    let largest = differences.iter().map(|d| d.abs()).max().unwrap();
    if largest == 0 {
        return x.iter().map(|_| 0).collect();
    }
    // To 30 bits, or less far where epsilon would not fit beside the squares.
    let epsilon = epsilon * count;
    let room = epsilon.leading_zeros() / 2 + 1;
    let widen = (30 - (64 - largest.leading_zeros())).min(room);
    let wide = differences.iter().map(|d| d << widen);
    // The upper 16 of these, rounded; steps of `2^(2 - widen)` of the input.
    let squares: i64 = wide
        .clone()
        .map(|d| (d + (1 << 14)).div_euclid(1 << 15).pow(2))
        .sum();
    let epsilon = if widen >= 2 {
        epsilon << (2 * widen - 4)
    } else {
        epsilon >> 2
    };
    let (of_count, count_exponent) = root(count as u64);
    let (of_squares, exponent) = root((squares + epsilon) as u64);
    let quotient = (2 * (of_count << 14) + of_squares) / (2 * of_squares);
    let multiplier = quotient.min(32_767);
    let shift = 13 - 20 - count_exponent + exponent;
    wide.map(|d| (d * multiplier).div_euclid(1 << 16) >> shift)
        .collect()
}

/// `sqrt(value) / 2^exponent` in [2^15, 2^16], the nearest.
fn root(value: u64) -> (i64, i64) {
    let left = i64::from(value.leading_zeros() / 2 * 2);
    let top = (value << left) >> 32;
    ((top as f64).sqrt().round() as i64, 16 - left / 2)
}
