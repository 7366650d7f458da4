//! Global pooling: the largest or the mean value of each channel over all time steps.
use crate::error::LayerError;
use crate::format::graph::Pooling;
use crate::precision::Precision;

use super::{Layer, Shape, Tensor};

#[derive(Debug, Clone, Copy)]
pub(crate) struct GlobalPool1d {
    pooling: Pooling,
    output: Shape,
}

impl GlobalPool1d {
    pub fn resolve<P: Precision>(
        pooling: Pooling,
        input: Tensor<P>,
        place: &mut Layer<'_, P>,
    ) -> Result<Tensor<P>, LayerError> {
        let shape = Shape::new(1, input.shape.channels as usize)?;
        *place = Layer::GlobalPool1d(Self {
            pooling,
            output: shape,
        });
        Ok(Tensor {
            shape,
            range: input.range,
        })
    }

    pub fn run<P: Precision>(&self, input: &[P::Activation], output: &mut [P::Activation]) {
        let channels = self.output.channels.max(1) as usize;
        let taps = input.len() / channels;
        super::pool1d::pool::<P>(self.pooling, input, channels, taps, output);
    }

    pub fn output(&self) -> Shape {
        self.output
    }

    pub fn summary(&self) -> (&'static str, u64, u64, usize) {
        let kind = match self.pooling {
            Pooling::Max => "global_max_pooling1d",
            Pooling::Average => "global_average_pooling1d",
        };
        (kind, 0, 0, 0)
    }
}
