//! The targets of a window, out of the values that it ends in and those that follow.
use crate::config::{Forecast, ForecastTargets};

impl Forecast {
    /// Appends the targets of a window of `window` steps to `to`: `[steps(window), width()]`. `series` is what is forecast, from
    /// the first step of the window to `horizon` values after its last.
    pub fn cut(&self, series: &[f32], window: usize, to: &mut Vec<f32>) {
        let ahead = |step: usize| &series[step + 1..=step + self.horizon];
        match self.targets {
            ForecastTargets::Value => to.push(series[window - 1 + self.horizon]),
            ForecastTargets::Vector => to.extend_from_slice(ahead(window - 1)),
            ForecastTargets::Sequence => (self.start..window)
                .step_by(self.stride)
                .for_each(|step| to.extend_from_slice(ahead(step))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(targets: ForecastTargets, start: usize, stride: usize) -> Vec<f32> {
        let forecast = Forecast {
            horizon: 2,
            targets,
            start,
            stride,
        };
        // Steps 0 to 4 are the window.
        let series: Vec<f32> = (0..7).map(|t| t as f32).collect();
        let mut found = Vec::new();
        forecast.cut(&series, 5, &mut found);
        assert_eq!(found.len(), forecast.steps(5) * forecast.width());
        found
    }

    #[test]
    fn each_kind_of_target_is_what_follows() {
        assert_eq!(cut(ForecastTargets::Value, 0, 1), [6.0]);
        assert_eq!(cut(ForecastTargets::Vector, 0, 1), [5.0, 6.0]);
        assert_eq!(
            cut(ForecastTargets::Sequence, 0, 1),
            [1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0, 5.0, 5.0, 6.0]
        );
    }

    #[test]
    fn a_sequence_may_start_later_and_skip_steps() {
        assert_eq!(
            cut(ForecastTargets::Sequence, 2, 2),
            [3.0, 4.0, 5.0, 6.0],
            "steps 2 and 4"
        );
    }
}
