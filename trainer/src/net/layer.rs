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

/// The same for every layer.
macro_rules! each {
    ($of:expr, $layer:ident => $what:expr) => {
        match $of {
            Self::Dense($layer) => $what,
            Self::Conv1d($layer) => $what,
            Self::Pool1d($layer) | Self::GlobalPool1d($layer) => $what,
            Self::Flatten($layer) => $what,
            Self::SimpleRnn($layer) => $what,
            Self::Lstm($layer) => $what,
            Self::Gru($layer) => $what,
            Self::Dropout($layer) => $what,
            Self::Activation($layer) => $what,
            Self::Merge($layer) => $what,
            Self::GroupedConv1d($layer) => $what,
            Self::Resample($layer) => $what,
            Self::Embedding($layer) => $what,
            Self::LayerNorm($layer) => $what,
            Self::BatchNorm($layer) => $what,
        }
    };
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
        each!(self, layer => layer)
    }

    pub(crate) fn operation_mut(&mut self) -> &mut dyn Operation {
        each!(self, layer => layer)
    }
}
