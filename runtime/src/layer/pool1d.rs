//! MaxPool1D and AveragePool1D: the largest or the mean value of each channel in a window of time steps. Padded places
//! never win and do not count.
use crate::error::LayerError;
use crate::format::features::Features;
use crate::format::graph::{Padding, Pool1dSpec, Pooling};
use crate::precision::Precision;

use super::time::TimeWindow;
use super::{Shape, Tensor};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Pool1d {
    pooling: Pooling,
    window: TimeWindow,
    output: Shape,
}

impl Pool1d {
    pub fn resolve<P: Precision>(
        pooling: Pooling,
        spec: Pool1dSpec,
        input: Tensor<P>,
    ) -> Result<(Self, Tensor<P>), LayerError> {
        if spec.padding == Padding::Causal {
            return Err(LayerError::Unsupported);
        }
        let window = TimeWindow::new(spec.padding, spec.pool_size, spec.stride, 1)?;
        let places = window.checked_steps(input.shape.steps)?;
        let shape = Shape::new(places, input.shape.channels as usize)?;
        let layer = Self {
            pooling,
            window,
            output: shape,
        };
        Ok((
            layer,
            Tensor {
                shape,
                range: input.range,
            },
        ))
    }

    /// Tap 0 of the first output step is at step `start` of the input; taps outside of it do not count.
    pub fn run<P: Precision>(
        &self,
        input: &[P::Activation],
        start: i32,
        output: &mut [P::Activation],
    ) {
        let channels = self.output.channels.max(1) as usize;
        let rows = input.len() / channels;
        let mut start = start;
        for y in output.chunks_exact_mut(channels) {
            let (first, end, at) = self.window.taps(start, rows);
            let taps = input.get(at * channels..(at + end - first) * channels);
            pool::<P>(self.pooling, taps.unwrap_or_default(), y);
            start = start.wrapping_add(self.window.stride as i32);
        }
    }

    pub fn window(&self) -> TimeWindow {
        self.window
    }

    pub fn output(&self) -> Shape {
        self.output
    }

    pub fn summary(&self) -> (&'static str, u64, u64, usize) {
        let kind = match self.pooling {
            Pooling::Max => "max_pooling1d",
            Pooling::Average => "average_pooling1d",
        };
        (kind, 0, 0, 0)
    }
}

/// Pools all steps of `taps` into the channels of `y`.
#[inline]
pub(crate) fn pool<P: Precision>(
    pooling: Pooling,
    taps: &[P::Activation],
    y: &mut [P::Activation],
) {
    let channels = y.len().max(1);
    match pooling {
        Pooling::Max => {
            y.fill(P::LOWEST);
            for x in taps.chunks_exact(channels) {
                for (y, &x) in y.iter_mut().zip(x) {
                    if x > *y {
                        *y = x;
                    }
                }
            }
        }
        Pooling::Average if P::FEATURES.has(Features::AVERAGE) => {
            for (channel, y) in y.iter_mut().enumerate() {
                *y = P::mean(taps.iter().skip(channel).step_by(channels).copied());
            }
        }
        // Not built: the loader has refused it.
        Pooling::Average => {}
    }
}
