//! The generated series of Géron's chapter 15: two sines of random frequency and offset, and a little noise.
use super::random::Random;
use super::{Dataset, Scaling, Split, Targets, Windows};

/// How many series each part gets.
pub struct Counts {
    pub train: usize,
    pub validation: usize,
    pub test: usize,
}

/// Series of `steps + 1` points over `[0, 1]`: the first `steps` are the window `[steps, 1]`, the last is the target.
/// The three parts come from one stream of the seed, in the order train, validation, test.
pub fn generate(steps: usize, counts: &Counts, seed: u64) -> Dataset {
    let mut random = Random::new(seed);
    Dataset {
        train: part(steps, counts.train, &mut random),
        validation: part(steps, counts.validation, &mut random),
        test: part(steps, counts.test, &mut random),
        input_scaling: Scaling::default(),
        target_scaling: Scaling::default(),
        target_channel: Some(0),
    }
}

fn part(steps: usize, count: usize, random: &mut Random) -> Split {
    let mut x = Vec::with_capacity(count * steps);
    let mut y = Vec::with_capacity(count);
    for _ in 0..count {
        let [f1, f2, o1, o2] = std::array::from_fn(|_| random.uniform());
        for i in 0..=steps {
            let t = i as f64 / steps as f64;
            // 0.5 sin((t - o1)(10 f1 + 10)) + 0.2 sin((t - o2)(20 f2 + 20)) + 0.1 (u - 0.5)
            let value = 0.5 * ((t - o1) * (f1 * 10.0 + 10.0)).sin()
                + 0.2 * ((t - o2) * (f2 * 20.0 + 20.0)).sin()
                + 0.1 * (random.uniform() - 0.5);
            if i < steps { &mut x } else { &mut y }.push(value as f32);
        }
    }
    Split {
        x: Windows {
            count,
            steps,
            channels: 1,
            values: x,
        },
        y: Targets::Values {
            width: 1,
            values: y,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small(seed: u64) -> Dataset {
        let counts = Counts {
            train: 300,
            validation: 20,
            test: 10,
        };
        generate(50, &counts, seed)
    }

    #[test]
    fn a_seed_gives_the_same_series_and_another_seed_others() {
        assert_eq!(small(1), small(1));
        assert_ne!(small(1), small(2));
    }

    #[test]
    fn parts_have_their_sizes_and_differ() {
        let data = small(3);
        let sizes = [&data.train, &data.validation, &data.test].map(|split| split.x.count);
        assert_eq!(sizes, [300, 20, 10]);
        assert_eq!((data.train.x.steps, data.train.x.channels), (50, 1));
        assert_ne!(data.train.x.window(0), data.validation.x.window(0));
        assert_ne!(data.validation.x.window(0), data.test.x.window(0));
    }

    #[test]
    fn values_have_the_spread_of_the_formula() {
        // Variance of the formula: 0.5^2 / 2 + 0.2^2 / 2 + 0.1^2 / 12, a little off because an offset is not a full turn.
        let data = small(4);
        let values = &data.train.x.values;
        assert!(values.iter().all(|v| v.abs() <= 0.75));
        let square = values.iter().map(|v| f64::from(v * v)).sum::<f64>() / values.len() as f64;
        assert!((square - 0.146).abs() < 0.02, "{square}");
    }

    #[test]
    fn the_target_is_the_next_point_of_the_same_series() {
        // The last value is a fair guess (chapter: MSE about 0.020), a shuffled one is not (twice the variance).
        let data = small(5);
        let Targets::Values { values, .. } = &data.train.y else {
            panic!("the series has values")
        };
        let mse = |shift: usize| {
            let errors = (0..300)
                .map(|i| f64::from(data.train.x.window((i + shift) % 300)[49] - values[i]).powi(2));
            errors.sum::<f64>() / 300.0
        };
        assert!((mse(0) - 0.02).abs() < 0.006, "{}", mse(0));
        assert!(mse(1) > 0.2, "{}", mse(1));
    }
}
