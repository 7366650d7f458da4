//! One seed, many purposes: first weights, shuffling and dropout each draw from a stream of their own.
use crate::data::random::Random;

/// Streams of a seed; those below `SHUFFLE` belong to the layers, one each, for their first weights.
pub(crate) const SHUFFLE: u64 = 1 << 32;
pub(crate) const DROPOUT: u64 = 2 << 32;

/// The generator for one purpose of `seed`.
pub(crate) fn stream(seed: u64, purpose: u64) -> Random {
    // An odd factor: different purposes start from different 64-bit seeds, and ChaCha makes those unrelated.
    Random::new(seed ^ purpose.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Standard normal (Box and Muller 1958).
pub(crate) fn normal(random: &mut Random) -> f64 {
    let radius = (-2.0 * (1.0 - random.uniform()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.uniform()).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normals_have_mean_0_and_variance_1() {
        let mut random = stream(1, 0);
        let n = 100_000;
        let values: Vec<f64> = (0..n).map(|_| normal(&mut random)).collect();
        let mean = values.iter().sum::<f64>() / f64::from(n);
        let variance = values.iter().map(|v| v * v).sum::<f64>() / f64::from(n);
        assert!(
            mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03,
            "{mean} {variance}"
        );
    }

    #[test]
    fn streams_of_one_seed_differ_and_repeat() {
        let first = |seed, purpose| stream(seed, purpose).uniform();
        assert_eq!(first(7, 1), first(7, 1));
        assert_ne!(first(7, 1), first(7, 2));
        assert_ne!(first(7, 1), first(8, 1));
    }
}
