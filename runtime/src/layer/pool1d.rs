//! MaxPool1D and AveragePool1D: the largest or the mean value of each channel in a window of time steps. Padded places
//! never win and do not count.
use crate::error::LayerError;
use crate::format::features::Features;
use crate::format::graph::{Padding, Pool1dSpec, Pooling};
use crate::precision::Precision;

use super::time::TimeWindow;
use super::{Besides, Layer, Shape, Tensor};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Pool1d {
    pooling: Pooling,
    window: TimeWindow,
    output: Shape,
}

impl Pool1d {
    pub fn resolve<P: Precision>(
        pooling: Pooling,
        spec: &Pool1dSpec,
        input: Tensor<P>,
        place: &mut Layer<'_, P>,
    ) -> Result<Tensor<P>, LayerError> {
        if spec.padding == Padding::Causal {
            return Err(LayerError::Unsupported);
        }
        let window = TimeWindow::new(spec.padding, spec.pool_size, spec.stride, 1)?;
        let places = window.checked_steps(input.shape.steps)?;
        let shape = Shape::new(places, input.shape.channels as usize)?;
        *place = Layer::Pool1d(Self {
            pooling,
            window,
            output: shape,
        });
        Ok(Tensor {
            shape,
            range: input.range,
        })
    }

    /// Tap 0 of the first output step is at step `start` of the input; taps outside of it do not count.
    pub fn run<P: Precision>(
        &self,
        input: &[P::Activation],
        output: &mut [P::Activation],
        besides: &Besides<'_, P>,
    ) {
        let start = besides.start;
        let channels = self.output.channels.max(1) as usize;
        let window = &self.window;
        let taps = window.size() as usize;
        let whole = output.len().checked_mul(taps);
        if window.stride() == window.size() && start == 0 && whole.is_some_and(|n| n <= input.len())
        {
            // Windows side by side, none over an edge.
            pool::<P>(self.pooling, input, channels, taps, output);
            return;
        }
        let rows = input.len() / channels;
        let mut start = start;
        for y in output.chunks_exact_mut(channels) {
            let (first, end, at) = window.at(start).taps(rows);
            let taps = end.saturating_sub(first);
            let x = input.get(at * channels..(at + taps) * channels);
            pool::<P>(self.pooling, x.unwrap_or_default(), channels, taps, y);
            start = start.wrapping_add(window.stride() as i32);
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

/// Pools `[steps][taps][channels]` into `[steps][channels]`.
#[inline]
pub(crate) fn pool<P: Precision>(
    pooling: Pooling,
    x: &[P::Activation],
    channels: usize,
    taps: usize,
    y: &mut [P::Activation],
) {
    match pooling {
        Pooling::Max if x.is_empty() => y.fill(P::LOWEST),
        Pooling::Max => P::largest(x, channels, taps, y),
        Pooling::Average if P::FEATURES.has(Features::AVERAGE) => {
            if x.is_empty() {
                y.fill(P::ZERO);
            } else {
                P::mean(x, channels, taps, y);
            }
        }
        // Not built: the loader has refused it.
        Pooling::Average => {}
    }
}
