//! A layer from its description: arguments checked, weights drawn.
use super::activation_layer::ActivationLayer;
use super::batch_norm::BatchNorm;
use super::conv1d::{self, Conv1d};
use super::dense::Dense;
use super::dropout::Dropout;
use super::embedding::Embedding;
use super::flatten::Flatten;
use super::grouped_conv1d::GroupedConv1d;
use super::gru::Gru;
use super::layer::Layer;
use super::layer_norm::LayerNorm;
use super::lstm::Lstm;
use super::merge::{Merge, Merging};
use super::pool1d::{Pool1d, Pooling};
use super::recurrent;
use super::resample::{Resample, Resampling};
use super::shape::Shape;
use super::simple_rnn::SimpleRnn;
use crate::config::LayerConfig;
use crate::data::random::Random;

impl Layer {
    /// Fresh weights; an error is the reason alone, without the layer's name.
    pub(super) fn new(
        config: &LayerConfig,
        inputs: &[Shape],
        random: &mut Random,
    ) -> Result<Self, String> {
        let input = inputs[0];
        Ok(match *config {
            LayerConfig::Dense {
                units,
                activation,
                use_bias,
            } => Self::Dense(Dense::new(units, activation, use_bias, input, random)?),
            LayerConfig::Conv1d {
                filters,
                kernel_size,
                padding,
                strides,
                dilation_rate,
                groups,
                activation,
                use_bias,
            } => Self::convolution(
                &conv1d::Arguments {
                    filters,
                    groups,
                    kernel_size,
                    padding,
                    strides,
                    dilation_rate,
                    activation,
                    use_bias,
                },
                input,
                random,
            )?,
            LayerConfig::DepthwiseConv1d {
                kernel_size,
                depth_multiplier,
                padding,
                strides,
                dilation_rate,
                activation,
                use_bias,
            } => {
                if depth_multiplier == 0 {
                    return Err("depth_multiplier is 0; give at least 1".into());
                }
                let arguments = conv1d::Arguments {
                    filters: input
                        .channels
                        .checked_mul(depth_multiplier)
                        .ok_or("it has too many filters; make depth_multiplier smaller")?,
                    groups: input.channels,
                    kernel_size,
                    padding,
                    strides,
                    dilation_rate,
                    activation,
                    use_bias,
                };
                Self::convolution(&arguments, input, random)?
            }
            // The builder makes two layers of it.
            LayerConfig::SeparableConv1d { .. } => {
                return Err("it cannot stand here; write depthwise_conv1d and conv1d".into());
            }
            LayerConfig::ZeroPadding1d { padding } => {
                let [before, after] = padding.sides();
                let padding = Resampling::ZeroPadding { before, after };
                Self::Resample(Resample::new(padding, input)?)
            }
            LayerConfig::UpSampling1d { size } => {
                Self::Resample(Resample::new(Resampling::UpSampling { size }, input)?)
            }
            LayerConfig::Embedding {
                input_dim,
                output_dim,
            } => Self::Embedding(Embedding::new(input_dim, output_dim, input, random)?),
            LayerConfig::LayerNorm { epsilon } => Self::LayerNorm(LayerNorm::new(epsilon, input)?),
            LayerConfig::BatchNorm { momentum, epsilon } => {
                Self::BatchNorm(BatchNorm::new(momentum, epsilon, input)?)
            }
            LayerConfig::MaxPool1d {
                pool_size,
                strides,
                padding,
            } => Self::Pool1d(Pool1d::new(
                Pooling::Max,
                pool_size,
                strides.unwrap_or(pool_size),
                padding,
                input,
            )?),
            LayerConfig::AveragePool1d {
                pool_size,
                strides,
                padding,
            } => Self::Pool1d(Pool1d::new(
                Pooling::Average,
                pool_size,
                strides.unwrap_or(pool_size),
                padding,
                input,
            )?),
            LayerConfig::GlobalMaxPool1d => {
                Self::GlobalPool1d(Pool1d::global(Pooling::Max, input)?)
            }
            LayerConfig::GlobalAveragePool1d => {
                Self::GlobalPool1d(Pool1d::global(Pooling::Average, input)?)
            }
            LayerConfig::Flatten => Self::Flatten(Flatten::new(input)),
            LayerConfig::SimpleRnn {
                units,
                activation,
                return_sequences,
                use_bias,
                layer_norm,
            } => {
                let arguments = recurrent::Arguments {
                    units,
                    activation,
                    return_sequences,
                    use_bias,
                };
                Self::SimpleRnn(SimpleRnn::new(&arguments, layer_norm, input, random)?)
            }
            LayerConfig::Lstm {
                units,
                activation,
                recurrent_activation,
                return_sequences,
                use_bias,
            } => {
                let arguments = recurrent::Arguments {
                    units,
                    activation,
                    return_sequences,
                    use_bias,
                };
                Self::Lstm(Lstm::new(&arguments, recurrent_activation, input, random)?)
            }
            LayerConfig::Gru {
                units,
                activation,
                recurrent_activation,
                return_sequences,
                use_bias,
                reset_after,
            } => {
                let arguments = recurrent::Arguments {
                    units,
                    activation,
                    return_sequences,
                    use_bias,
                };
                let gru = Gru::new(&arguments, recurrent_activation, reset_after, input, random)?;
                Self::Gru(gru)
            }
            LayerConfig::Dropout { rate } => Self::Dropout(Dropout::new(rate, input)?),
            LayerConfig::Activation { activation } => {
                Self::Activation(ActivationLayer::new(activation, input)?)
            }
            LayerConfig::Add => Self::Merge(Merge::new(Merging::Add, inputs)?),
            LayerConfig::Average => Self::Merge(Merge::new(Merging::Average, inputs)?),
            LayerConfig::Multiply => Self::Merge(Merge::new(Merging::Multiply, inputs)?),
            LayerConfig::Concatenate => Self::Merge(Merge::new(Merging::Concatenate, inputs)?),
        })
    }

    fn convolution(
        arguments: &conv1d::Arguments,
        input: Shape,
        random: &mut Random,
    ) -> Result<Self, String> {
        Ok(if arguments.groups == 1 {
            Self::Conv1d(Conv1d::new(arguments, input, random)?)
        } else {
            Self::GroupedConv1d(GroupedConv1d::new(arguments, input, random)?)
        })
    }
}
