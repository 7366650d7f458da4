//! What a forecast is to give: the keys `horizon`, `targets`, `target_start` and `target_stride` of `[data]`.
use super::{DataConfig, Task};
use serde::Deserialize;

/// Which of the next `horizon` values a forecast is to give.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForecastTargets {
    /// The last of them: one value a window.
    #[default]
    Value,
    /// All of them: `horizon` values a window.
    Vector,
    /// All of them, seen from each step of the window.
    Sequence,
}

/// The targets of the windows of a time series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forecast {
    /// How many values ahead the targets reach; at least 1.
    pub horizon: usize,
    pub targets: ForecastTargets,
    /// Of a sequence: the first step of the window that has a target.
    pub start: usize,
    /// Of a sequence: steps from one that has a target to the next; at least 1.
    pub stride: usize,
}

impl Forecast {
    /// From the keys as they stand in the table.
    pub fn new(horizon: usize, targets: ForecastTargets, start: usize, stride: usize) -> Self {
        Self {
            horizon,
            targets,
            start,
            stride,
        }
    }

    /// Steps of the targets of a window of `window` steps.
    pub fn steps(&self, window: usize) -> usize {
        match self.targets {
            ForecastTargets::Value | ForecastTargets::Vector => 1,
            ForecastTargets::Sequence => window.saturating_sub(self.start).div_ceil(self.stride),
        }
    }

    /// Values at each of these steps.
    pub fn width(&self) -> usize {
        match self.targets {
            ForecastTargets::Value => 1,
            ForecastTargets::Vector | ForecastTargets::Sequence => self.horizon,
        }
    }

    /// The key that contradicts the others for windows of `window` steps, and why.
    pub(super) fn contradiction(
        &self,
        window: usize,
        task: Task,
    ) -> Option<(&'static str, String)> {
        let Self { start, stride, .. } = *self;
        if task == Task::Classification && self.targets != ForecastTargets::Value {
            let sentence = "`targets` of [data] other than \"value\" are for task = \"regression\"; a classification has one \
                            label a window";
            return Some(("targets", sentence.into()));
        }
        if self.targets != ForecastTargets::Sequence {
            let given = [("target_start", start != 0), ("target_stride", stride != 1)];
            let (key, _) = given.into_iter().find(|(_, given)| *given)?;
            let sentence = format!(
                "`{key}` of [data] is for targets = \"sequence\"; leave it out, or write that"
            );
            return Some((key, sentence));
        }
        if start >= window {
            let sentence = format!(
                "`target_start` of [data] is {start}, but the last step of a window is {}",
                window - 1
            );
            return Some(("target_start", sentence));
        }
        let missed = (window - 1 - start) % stride;
        (missed != 0).then(|| {
            let sentence = format!(
                "with `target_start` = {start} and `target_stride` = {stride} of [data] the last target would be of step {}, \
                 but the last step of a window, {}, must have one: it is the forecast that counts",
                window - 1 - missed,
                window - 1
            );
            ("target_stride", sentence)
        })
    }
}

impl DataConfig {
    /// What the windows of a time series are to forecast, and their steps; `None` where the targets stand in files of their own.
    pub fn forecast(&self) -> Option<(Forecast, usize)> {
        match self {
            Self::Series {
                steps: window,
                horizon,
                targets,
                target_start,
                target_stride,
                ..
            }
            | Self::Csv {
                window,
                horizon,
                targets,
                target_start,
                target_stride,
                ..
            } => {
                let forecast = Forecast::new(*horizon, *targets, *target_start, *target_stride);
                Some((forecast, *window))
            }
            Self::Npy { .. } => None,
        }
    }
}
