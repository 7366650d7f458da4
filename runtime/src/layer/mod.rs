//! The layers: one file each, and the few matches over all of them.
//!
//! Every layer file has the same names in the same order: the struct, `resolve` (from the specification and the
//! weights, with all checks), `run`, `summary`.
use crate::error::LayerError;
use crate::format::MAX_DIMENSION;
use crate::format::features::Features;
use crate::precision::Precision;

mod activation;
mod affine;
mod conv1d;
mod dense;
mod dispatch;
mod embedding;
mod global_pool1d;
mod grouped_conv1d;
mod gru;
mod layer_norm;
mod lstm;
mod merge;
mod pool1d;
mod recurrent;
mod resample;
mod reverse;
mod simple_rnn;
mod steps;
pub(crate) mod time;

use activation::Activate;
use conv1d::Conv1d;
use dense::Dense;
use embedding::Embedding;
use global_pool1d::GlobalPool1d;
use grouped_conv1d::GroupedConv1d;
use gru::Gru;
use layer_norm::LayerNorm;
use lstm::Lstm;
use merge::Merge;
use pool1d::Pool1d;
use resample::Resample;
use reverse::Reverse;
use simple_rnn::SimpleRnn;
pub(crate) use time::{Reach, TimeWindow};

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
    /// The tensors that it reads: 0 is the model's input, `n` the output of layer `n`, counted from 1.
    pub input: u16,
    pub with: Option<u16>,
    /// Multiply-accumulates of a stream from one window's output to the next one's; of a continuous model, of a sample.
    pub stream_macs: u64,
    /// Steps that a stream computes anew for each window although windows share them.
    pub recomputed_steps: u32,
    /// Bytes of its output that a stream keeps for later steps.
    pub ring_bytes: u64,
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
    /// An earlier tensor.
    Input(Shape),
    Lstm(Lstm<'m, P>),
    SimpleRnn(SimpleRnn<'m, P>),
    Gru(Gru<'m, P>),
    Activation(Activate),
    Merge(Merge),
    GroupedConv1d(GroupedConv1d<'m, P>),
    LayerNorm(LayerNorm<'m, P>),
    Embedding(Embedding<'m, P>),
    Reverse(Reverse),
    Resample(Resample),
}

impl<'m, P: Precision> Layer<'m, P> {
    /// How an output step depends on time.
    pub fn reach(&self) -> Reach {
        let has = |features| P::FEATURES.has(features);
        match self {
            Self::Flatten(_) | Self::Input(_) => Reach::View,
            Self::Conv1d(layer) if has(Features::CONV1D) => Reach::of(layer.window()),
            Self::Pool1d(layer) if has(Features::POOL1D) => Reach::of(layer.window()),
            Self::GroupedConv1d(layer) if has(Features::GROUPED_CONV1D) => {
                Reach::of(layer.window())
            }
            Self::Resample(layer) if has(Features::RESAMPLE) => Reach::of(layer.window()),
            Self::GlobalPool1d(_) | Self::Reverse(_) => Reach::Whole,
            Self::Lstm(layer) if has(Features::LSTM) => layer.sizes().reach(),
            Self::SimpleRnn(layer) if has(Features::SIMPLE_RNN) => layer.sizes().reach(),
            Self::Gru(layer) if has(Features::GRU) => layer.sizes().reach(),
            Self::Dense(_)
            | Self::Activation(_)
            | Self::Merge(_)
            | Self::LayerNorm(_)
            | Self::Embedding(_)
            // Not built: `resolve` has refused them.
            | Self::Conv1d(_)
            | Self::Pool1d(_)
            | Self::GroupedConv1d(_)
            | Self::Resample(_)
            | Self::Lstm(_)
            | Self::SimpleRnn(_)
            | Self::Gru(_) => Reach::Step,
        }
    }

    /// What the layer needs of the arena besides its input and output.
    pub fn memory(&self) -> Memory {
        let has = |features| P::FEATURES.has(features);
        match self {
            Self::Conv1d(layer) if has(Features::CONV1D) => layer.memory(),
            Self::Lstm(layer) if has(Features::LSTM) => layer.memory(),
            Self::SimpleRnn(layer) if has(Features::SIMPLE_RNN) => layer.memory(),
            Self::Gru(layer) if has(Features::GRU) => layer.memory(),
            Self::Dense(_)
            | Self::Pool1d(_)
            | Self::GlobalPool1d(_)
            | Self::Flatten(_)
            | Self::Input(_)
            | Self::Activation(_)
            | Self::Merge(_)
            | Self::GroupedConv1d(_)
            | Self::LayerNorm(_)
            | Self::Embedding(_)
            | Self::Reverse(_)
            | Self::Resample(_)
            // Not built: `resolve` has refused them.
            | Self::Conv1d(_)
            | Self::Lstm(_)
            | Self::SimpleRnn(_)
            | Self::Gru(_) => Memory::default(),
        }
    }

    /// Multiply-accumulates of one step: of the output, for a recurrent layer of the input.
    pub fn step_macs(&self) -> u64 {
        match self {
            Self::Dense(layer) => layer.step_macs(),
            Self::Conv1d(layer) => layer.step_macs(),
            Self::GroupedConv1d(layer) => layer.step_macs(),
            Self::Pool1d(_)
            | Self::GlobalPool1d(_)
            | Self::Flatten(_)
            | Self::Input(_)
            | Self::Activation(_)
            | Self::Merge(_)
            | Self::LayerNorm(_)
            | Self::Embedding(_)
            | Self::Reverse(_)
            | Self::Resample(_) => 0,
            Self::Lstm(layer) => layer.step_macs(),
            Self::SimpleRnn(layer) => layer.step_macs(),
            Self::Gru(layer) => layer.step_macs(),
        }
    }

    /// Shape of the output for a whole window.
    pub fn output(&self) -> Shape {
        match self {
            Self::Dense(layer) => layer.output(),
            Self::Conv1d(layer) => layer.output(),
            Self::Pool1d(layer) => layer.output(),
            Self::GlobalPool1d(layer) => layer.output(),
            Self::Flatten(shape) | Self::Input(shape) => *shape,
            Self::Lstm(layer) => layer.sizes().output(),
            Self::SimpleRnn(layer) => layer.sizes().output(),
            Self::Gru(layer) => layer.sizes().output(),
            Self::Activation(layer) => layer.output(),
            Self::Merge(layer) => layer.output(),
            Self::GroupedConv1d(layer) => layer.output(),
            Self::LayerNorm(layer) => layer.output(),
            Self::Embedding(layer) => layer.output(),
            Self::Reverse(layer) => layer.output(),
            Self::Resample(layer) => layer.output(),
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
            Self::Input(_) => ("input", 0, 0, 0),
            Self::Lstm(layer) => layer.summary(),
            Self::SimpleRnn(layer) => layer.summary(),
            Self::Gru(layer) => layer.summary(),
            Self::Activation(layer) => layer.summary(),
            Self::Merge(layer) => layer.summary(),
            Self::GroupedConv1d(layer) => layer.summary(),
            Self::LayerNorm(layer) => layer.summary(),
            Self::Embedding(layer) => layer.summary(),
            Self::Reverse(layer) => layer.summary(),
            Self::Resample(layer) => layer.summary(),
        };
        let output = self.output();
        let own = match self.reach() {
            Reach::View => 0,
            Reach::Step | Reach::Window(_) | Reach::Scan | Reach::Last | Reach::Whole => {
                output.len() * size_of::<P::Activation>()
            }
        };
        let Memory { state, scratch } = self.memory();
        let ram_bytes = (own + state + scratch) as u64;
        let flash_bytes = flash_bytes as u64;
        Summary {
            kind,
            output,
            parameters,
            flash_bytes,
            ram_bytes,
            macs,
            input: 0,
            with: None,
            stream_macs: 0,
            recomputed_steps: 0,
            ring_bytes: 0,
        }
    }
}

/// What some layers work on besides their input and output.
pub(crate) struct Besides<'a, P: Precision> {
    /// The same steps of the second input of a layer that has one.
    pub with: &'a [P::Activation],
    /// Layers over windows: the step of the input that the first tap of the first output step meets; may lie outside.
    pub start: i32,
    /// What is kept from step to step.
    pub state: &'a mut [u8],
    pub scratch: &'a mut [u8],
}

/// Bytes of the arena that a layer needs besides its input and output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// Kept from step to step.
    pub state: usize,
    /// Needed only while the layer runs.
    pub scratch: usize,
}
