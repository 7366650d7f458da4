//! The closed set of layers.
use super::activation_layer::ActivationLayer;
use super::batch_norm::BatchNorm;
use super::conv1d::Conv1d;
use super::dense::Dense;
use super::dropout::Dropout;
use super::embedding::Embedding;
use super::flatten::Flatten;
use super::grouped_conv1d::GroupedConv1d;
use super::gru::Gru;
use super::layer_norm::LayerNorm;
use super::lstm::Lstm;
use super::merge::Merge;
use super::operation::Operation;
use super::pool1d::{Pool1d, Pooling};
use super::resample::Resample;
use super::shape::Shape;
use super::simple_rnn::SimpleRnn;

#[derive(Debug, Clone, PartialEq)]
pub enum Layer {
    Dense(Dense),
    Conv1d(Conv1d),
    GroupedConv1d(GroupedConv1d),
    Pool1d(Pool1d),
    /// `[T, C] -> [1, C]`: its window is the whole input.
    GlobalPool1d(Pool1d),
    Flatten(Flatten),
    SimpleRnn(SimpleRnn),
    Lstm(Lstm),
    Gru(Gru),
    Dropout(Dropout),
    Activation(ActivationLayer),
    /// The only layers with more than one input.
    Merge(Merge),
    Resample(Resample),
    Embedding(Embedding),
    LayerNorm(LayerNorm),
    BatchNorm(BatchNorm),
}

impl Layer {
    /// The layer's name as in a model description.
    pub fn name(&self) -> &'static str {
        match self {
            Self::GlobalPool1d(l) => match l.pooling {
                Pooling::Max => "global_max_pool1d",
                Pooling::Average => "global_average_pool1d",
            },
            Self::Dense(_)
            | Self::Conv1d(_)
            | Self::Pool1d(_)
            | Self::Flatten(_)
            | Self::SimpleRnn(_)
            | Self::Lstm(_)
            | Self::Gru(_)
            | Self::Dropout(_)
            | Self::Activation(_)
            | Self::Merge(_)
            | Self::GroupedConv1d(_)
            | Self::Resample(_)
            | Self::Embedding(_)
            | Self::LayerNorm(_)
            | Self::BatchNorm(_) => self.operation().name(),
        }
    }

    /// Shape of one example on the way in; of a merge, of its last input.
    pub fn input(&self) -> Shape {
        self.operation().input()
    }

    /// Shape of one example on the way out.
    pub fn output(&self) -> Shape {
        self.operation().output()
    }

    pub(crate) fn operation(&self) -> &dyn Operation {
        match self {
            Self::Dense(l) => l,
            Self::Conv1d(l) => l,
            Self::Pool1d(l) | Self::GlobalPool1d(l) => l,
            Self::Flatten(l) => l,
            Self::SimpleRnn(l) => l,
            Self::Lstm(l) => l,
            Self::Gru(l) => l,
            Self::Dropout(l) => l,
            Self::Activation(l) => l,
            Self::Merge(l) => l,
            Self::GroupedConv1d(l) => l,
            Self::Resample(l) => l,
            Self::Embedding(l) => l,
            Self::LayerNorm(l) => l,
            Self::BatchNorm(l) => l,
        }
    }

    pub(crate) fn operation_mut(&mut self) -> &mut dyn Operation {
        match self {
            Self::Dense(l) => l,
            Self::Conv1d(l) => l,
            Self::Pool1d(l) | Self::GlobalPool1d(l) => l,
            Self::Flatten(l) => l,
            Self::SimpleRnn(l) => l,
            Self::Lstm(l) => l,
            Self::Gru(l) => l,
            Self::Dropout(l) => l,
            Self::Activation(l) => l,
            Self::Merge(l) => l,
            Self::GroupedConv1d(l) => l,
            Self::Resample(l) => l,
            Self::Embedding(l) => l,
            Self::LayerNorm(l) => l,
            Self::BatchNorm(l) => l,
        }
    }
}
