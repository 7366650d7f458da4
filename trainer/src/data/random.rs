//! Random numbers that are the same on every machine and in every later version: ChaCha8 and our own conversions.
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A stream of random numbers from a seed.
pub struct Random(ChaCha8Rng);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Uniform in `[0, 1)`, on a grid of 2^-53.
    pub fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in `0..bound`; `bound` is not 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        // Rejecting the uneven rest of 2^64 keeps every answer equally likely.
        let rest = (u64::MAX % bound + 1) % bound;
        loop {
            let draw = self.0.next_u64();
            if draw <= u64::MAX - rest {
                return draw % bound;
            }
        }
    }

    /// Fisher-Yates.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_of_a_seed_never_changes() {
        let mut random = Random::new(42);
        let drawn: [u64; 4] = std::array::from_fn(|_| random.below(1_000_000));
        assert_eq!(drawn, [200_737, 322_312, 131_020, 374_866]);
        assert_eq!((random.uniform() * 1e9) as u64, 288_593_879);
    }

    #[test]
    fn numbers_are_uniform_and_a_shuffle_is_a_permutation() {
        let mut random = Random::new(7);
        let mean = (0..10_000).map(|_| random.uniform()).sum::<f64>() / 10_000.0;
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
        let mut seen = [0u32; 3];
        (0..9_000).for_each(|_| seen[random.below(3) as usize] += 1);
        assert!(seen.iter().all(|n| (2_800..3_200).contains(n)), "{seen:?}");
        let mut items: Vec<u32> = (0..100).collect();
        random.shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
