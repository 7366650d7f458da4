//! MaxPool1D: the largest value of each channel in a window of time steps; padded places never win.
use crate::error::LayerError;
use crate::format::graph::{MaxPool1dSpec, Padding};
use crate::precision::Precision;

use super::time::TimeWindow;
use super::{Shape, Tensor};

#[derive(Debug, Clone, Copy)]
pub(crate) struct MaxPool1d {
    window: TimeWindow,
    output: Shape,
}

impl MaxPool1d {
    pub fn resolve<P: Precision>(
        spec: MaxPool1dSpec,
        input: Tensor<P>,
    ) -> Result<(Self, Tensor<P>), LayerError> {
        if spec.padding == Padding::Causal {
            return Err(LayerError::Unsupported);
        }
        let (window, places) = TimeWindow::new(
            spec.padding,
            spec.pool_size,
            spec.stride,
            1,
            input.shape.steps,
        )?;
        let shape = Shape::new(places, input.shape.channels as usize)?;
        Ok((
            Self {
                window,
                output: shape,
            },
            Tensor {
                shape,
                range: input.range,
            },
        ))
    }

    pub fn run<P: Precision>(&self, input: &[P::Activation], output: &mut [P::Activation]) {
        let channels = self.output.channels.max(1) as usize;
        for (step, y) in output.chunks_exact_mut(channels).enumerate() {
            let (first, end, start) = self.window.taps(step as u32);
            let start = start as usize * channels;
            let taps = input
                .get(start..start + (end - first) as usize * channels)
                .unwrap_or_default();
            y.fill(P::LOWEST);
            for x in taps.chunks_exact(channels) {
                for (y, &x) in y.iter_mut().zip(x) {
                    if x > *y {
                        *y = x;
                    }
                }
            }
        }
    }

    pub fn output(&self) -> Shape {
        self.output
    }
}
