//! The layers: one file each, and the few matches over all of them.
//!
//! Every layer file has the same names in the same order: the struct, `resolve` (from the specification and the
//! weights, with all checks), `run`, `summary`.
use crate::error::LayerError;
use crate::format::MAX_DIMENSION;
use crate::format::graph::{LayerSpec, Pooling};
use crate::format::read::Cursor;
use crate::precision::Precision;

mod affine;
mod conv1d;
mod dense;
mod global_pool1d;
mod gru;
mod lstm;
mod pool1d;
mod recurrent;
mod simple_rnn;
mod time;

use conv1d::Conv1d;
use dense::Dense;
use global_pool1d::GlobalPool1d;
use gru::Gru;
use lstm::Lstm;
use pool1d::Pool1d;
use simple_rnn::SimpleRnn;

/// Time steps and channels of a tensor, stored `[steps][channels]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Shape {
    pub steps: u32,
    pub channels: u32,
}

impl Shape {
    /// A shape with both dimensions in [1, 65,535].
    pub(crate) fn new(steps: usize, channels: usize) -> Result<Self, LayerError> {
        let dimensions = 1..=MAX_DIMENSION;
        if dimensions.contains(&steps) && dimensions.contains(&channels) {
            Ok(Self {
                steps: steps as u32,
                channels: channels as u32,
            })
        } else {
            Err(LayerError::Dimension)
        }
    }

    /// Number of values; below 2^32.
    #[allow(clippy::len_without_is_empty, reason = "a shape is never empty")]
    pub fn len(&self) -> usize {
        self.steps as usize * self.channels as usize
    }
}

/// What is known of a tensor while the layers are resolved.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tensor<P: Precision> {
    pub shape: Shape,
    pub range: P::Range,
}

/// What a layer is and costs, as `inspect` prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Summary {
    /// Keras's name of the layer, in lower case.
    pub kind: &'static str,
    pub output: Shape,
    /// Weights and biases, as Keras counts them.
    pub parameters: u64,
    /// Bytes of its weights in the file.
    pub flash_bytes: u64,
    /// Bytes of its output, state and scratch in the arena (outputs of other layers share the same bytes).
    pub ram_bytes: u64,
    /// Multiply-accumulates of a whole window.
    pub macs: u64,
}

/// A layer with its weights, checked.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Layer<'m, P: Precision> {
    Dense(Dense<'m, P>),
    Conv1d(Conv1d<'m, P>),
    Pool1d(Pool1d),
    GlobalPool1d(GlobalPool1d),
    /// `[T, C] -> [1, T * C]`: the same bytes under another shape.
    Flatten(Shape),
    Lstm(Lstm<'m, P>),
    SimpleRnn(SimpleRnn<'m, P>),
    Gru(Gru<'m, P>),
}

impl<'m, P: Precision> Layer<'m, P> {
    /// Takes the layer's weights and checks everything that `run` relies on.
    pub fn resolve(
        spec: LayerSpec,
        input: Tensor<P>,
        weights: &mut Cursor<'m>,
    ) -> Result<(Self, Tensor<P>), LayerError> {
        match spec {
            LayerSpec::Dense(spec) => wrap(Dense::resolve(spec, input, weights)?, Self::Dense),
            LayerSpec::Conv1d(spec) => wrap(Conv1d::resolve(spec, input, weights)?, Self::Conv1d),
            LayerSpec::MaxPool1d(spec) => {
                wrap(Pool1d::resolve(Pooling::Max, spec, input)?, Self::Pool1d)
            }
            LayerSpec::AveragePool1d(spec) => wrap(
                Pool1d::resolve(Pooling::Average, spec, input)?,
                Self::Pool1d,
            ),
            LayerSpec::GlobalPool1d(pooling) => {
                wrap(GlobalPool1d::resolve(pooling, input)?, Self::GlobalPool1d)
            }
            LayerSpec::Flatten => {
                let shape = Shape::new(1, input.shape.len())?;
                Ok((
                    Self::Flatten(shape),
                    Tensor {
                        shape,
                        range: input.range,
                    },
                ))
            }
            LayerSpec::Lstm(spec) => wrap(Lstm::resolve(spec, input, weights)?, Self::Lstm),
            LayerSpec::SimpleRnn(spec) => {
                wrap(SimpleRnn::resolve(spec, input, weights)?, Self::SimpleRnn)
            }
            LayerSpec::Gru(spec) => wrap(Gru::resolve(spec, input, weights)?, Self::Gru),
            LayerSpec::Input(_)
            | LayerSpec::Reverse
            | LayerSpec::ZeroPadding1d(_)
            | LayerSpec::UpSampling1d(_)
            | LayerSpec::Concatenate(_)
            | LayerSpec::Add(_)
            | LayerSpec::Multiply(_)
            | LayerSpec::Activation(_)
            | LayerSpec::GroupedConv1d(_)
            | LayerSpec::LayerNorm(_)
            | LayerSpec::Embedding(_)
            | LayerSpec::LstmGated(_)
            | LayerSpec::GruGated(_)
            | LayerSpec::SimpleRnnNorm(_) => Err(LayerError::Unsupported),
        }
    }

    /// From input to output; both have whole time steps. The state is read and written by recurrent layers.
    #[inline]
    pub fn run(
        &self,
        input: &[P::Activation],
        output: &mut [P::Activation],
        state: &mut [u8],
        scratch: &mut [u8],
    ) {
        match self {
            Self::Dense(layer) => layer.run(input, output),
            Self::Conv1d(layer) => layer.run(input, output),
            Self::Pool1d(layer) => layer.run::<P>(input, output),
            Self::GlobalPool1d(layer) => layer.run::<P>(input, output),
            Self::Flatten(_) => {}
            Self::Lstm(layer) => layer.run(input, output, state, scratch),
            Self::SimpleRnn(layer) => layer.run(input, output, state, scratch),
            Self::Gru(layer) => layer.run(input, output, state, scratch),
        }
    }

    /// Whether the output is the input under another shape.
    pub fn is_view(&self) -> bool {
        matches!(self, Self::Flatten(_))
    }

    /// How an output step depends on time.
    pub fn time(&self) -> Time {
        match self {
            Self::Dense(_) => Time::Step,
            Self::Conv1d(_) | Self::Pool1d(_) | Self::GlobalPool1d(_) | Self::Flatten(_) => {
                Time::Window
            }
            Self::Lstm(layer) => layer.sizes().time(),
            Self::SimpleRnn(layer) => layer.sizes().time(),
            Self::Gru(layer) => layer.sizes().time(),
        }
    }

    /// Steps of the output for this many steps of the input.
    pub fn steps(&self, input: usize) -> usize {
        match self.time() {
            Time::Step => input,
            Time::Last => 1,
            Time::Window => self.output().steps as usize,
        }
    }

    /// Bytes that are kept from step to step.
    pub fn state_bytes(&self) -> usize {
        match self {
            Self::Dense(_)
            | Self::Conv1d(_)
            | Self::Pool1d(_)
            | Self::GlobalPool1d(_)
            | Self::Flatten(_) => 0,
            Self::Lstm(layer) => layer.state_bytes(),
            Self::SimpleRnn(layer) => layer.state_bytes(),
            Self::Gru(layer) => layer.state_bytes(),
        }
    }

    /// Bytes that are needed only while the layer runs.
    pub fn scratch_bytes(&self) -> usize {
        match self {
            Self::Dense(_)
            | Self::Conv1d(_)
            | Self::Pool1d(_)
            | Self::GlobalPool1d(_)
            | Self::Flatten(_) => 0,
            Self::Lstm(layer) => layer.scratch_bytes(),
            Self::SimpleRnn(layer) => layer.scratch_bytes(),
            Self::Gru(layer) => layer.scratch_bytes(),
        }
    }

    /// Shape of the output for a whole window.
    pub fn output(&self) -> Shape {
        match self {
            Self::Dense(layer) => layer.output(),
            Self::Conv1d(layer) => layer.output(),
            Self::Pool1d(layer) => layer.output(),
            Self::GlobalPool1d(layer) => layer.output(),
            Self::Flatten(shape) => *shape,
            Self::Lstm(layer) => layer.sizes().output(),
            Self::SimpleRnn(layer) => layer.sizes().output(),
            Self::Gru(layer) => layer.sizes().output(),
        }
    }

    /// What the layer is and costs.
    pub fn summary(&self) -> Summary {
        let (kind, parameters, macs, flash_bytes) = match self {
            Self::Dense(layer) => layer.summary(),
            Self::Conv1d(layer) => layer.summary(),
            Self::Pool1d(layer) => layer.summary(),
            Self::GlobalPool1d(layer) => layer.summary(),
            Self::Flatten(_) => ("flatten", 0, 0, 0),
            Self::Lstm(layer) => layer.summary(),
            Self::SimpleRnn(layer) => layer.summary(),
            Self::Gru(layer) => layer.summary(),
        };
        let output = self.output();
        let own = if self.is_view() {
            0
        } else {
            output.len() * size_of::<P::Activation>()
        };
        let ram_bytes = (own + self.state_bytes() + self.scratch_bytes()) as u64;
        let flash_bytes = flash_bytes as u64;
        Summary {
            kind,
            output,
            parameters,
            flash_bytes,
            ram_bytes,
            macs,
        }
    }
}

/// How an output step of a layer depends on the time steps of its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Time {
    /// Each input step gives an output step.
    Step,
    /// Each input step is taken in; the output is of the last one.
    Last,
    /// Needs more than one step at a time.
    Window,
}

fn wrap<'m, P: Precision, L>(
    (layer, output): (L, Tensor<P>),
    variant: impl FnOnce(L) -> Layer<'m, P>,
) -> Result<(Layer<'m, P>, Tensor<P>), LayerError> {
    Ok((variant(layer), output))
}
