//! The generated series of Géron's chapter 15: two sines of random frequency and offset, and a little noise.
use super::random::Random;
use super::{Dataset, Scaling, Split, Targets, Windows};
use crate::config::Forecast;

/// How many series each part gets.
pub struct Counts {
    pub train: usize,
    pub validation: usize,
    pub test: usize,
}

/// Series of `steps + horizon` points over `[0, 1]`: the first `steps` are the window `[steps, 1]`, and `forecast` says what of
/// the rest is the target. The three parts come from one stream of the seed, in the order train, validation, test.
pub fn generate(steps: usize, forecast: &Forecast, counts: &Counts, seed: u64) -> Dataset {
    let mut random = Random::new(seed);
    Dataset {
        train: part(steps, forecast, counts.train, &mut random),
        validation: part(steps, forecast, counts.validation, &mut random),
        test: part(steps, forecast, counts.test, &mut random),
        input_scaling: Scaling::default(),
        target_scaling: Scaling::default(),
        target_channel: Some(0),
    }
}

fn part(steps: usize, forecast: &Forecast, count: usize, random: &mut Random) -> Split {
    let mut x = Vec::with_capacity(count * steps);
    let mut y = Vec::with_capacity(count * forecast.steps(steps) * forecast.width());
    let points = steps + forecast.horizon;
    let mut series = Vec::with_capacity(points);
    for _ in 0..count {
        let [f1, f2, o1, o2] = std::array::from_fn(|_| random.uniform());
        series.clear();
        for i in 0..points {
            let t = i as f64 / (points - 1) as f64;
            // 0.5 sin((t - o1)(10 f1 + 10)) + 0.2 sin((t - o2)(20 f2 + 20)) + 0.1 (u - 0.5)
            let value = 0.5 * ((t - o1) * (f1 * 10.0 + 10.0)).sin()
                + 0.2 * ((t - o2) * (f2 * 20.0 + 20.0)).sin()
                + 0.1 * (random.uniform() - 0.5);
            series.push(value as f32);
        }
        x.extend_from_slice(&series[..steps]);
        forecast.cut(&series, steps, &mut y);
    }
    Split {
        x: Windows {
            count,
            steps,
            channels: 1,
            values: x,
        },
        y: Targets::Values {
            steps: forecast.steps(steps),
            width: forecast.width(),
            values: y,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ForecastTargets;

    fn small(seed: u64) -> Dataset {
        ahead(1, ForecastTargets::Vector, seed)
    }

    fn ahead(horizon: usize, targets: ForecastTargets, seed: u64) -> Dataset {
        let counts = Counts {
            train: 300,
            validation: 20,
            test: 10,
        };
        generate(50, &Forecast::new(horizon, targets, 0, 1), &counts, seed)
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
    #[test]
    fn the_first_numbers_of_a_seed_are_the_same_for_ever() {
        // Made before there was a horizon.
        let data = small(42);
        let Targets::Values { values, .. } = &data.test.y else {
            panic!("the series has values")
        };
        assert_eq!(
            data.train.x.window(0)[..3],
            [-0.292_056_05, -0.106_812_15, 0.023_672_62]
        );
        assert_eq!(values[9], -0.494_613_14);
    }

    #[test]
    fn ten_values_ahead_have_three_shapes_over_the_same_series() {
        let [value, vector, sequence] = [
            ForecastTargets::Value,
            ForecastTargets::Vector,
            ForecastTargets::Sequence,
        ]
        .map(|targets| ahead(10, targets, 6));
        assert_eq!(value.train.x, vector.train.x);
        assert_eq!(value.train.x, sequence.train.x);
        let targets = |data: &Dataset| match &data.train.y {
            Targets::Values {
                steps,
                width,
                values,
            } => (*steps, *width, values.clone()),
            Targets::Labels { .. } => panic!("the series has values"),
        };
        let (_, _, last) = targets(&value);
        let (1, 10, next) = targets(&vector) else {
            panic!("ten values a window")
        };
        let (50, 10, all) = targets(&sequence) else {
            panic!("ten values a step")
        };
        for i in 0..300 {
            let (window, next) = (sequence.train.x.window(i), &next[10 * i..10 * (i + 1)]);
            let all = &all[500 * i..500 * (i + 1)];
            assert_eq!(last[i], next[9]);
            assert_eq!(all[490..], *next, "the last step looks past the window");
            assert_eq!(all[..10], window[1..11], "the first step looks into it");
            // One after the other, the windows of the targets slide by one value.
            assert!((0..49).all(|t| all[10 * t + 1..10 * t + 10] == all[10 * t + 10..10 * t + 19]));
        }
    }
}
