//! From the specification of a layer to the layer, and from the layer to its code.
//!
//! Both ask what the build has, so that the compiler leaves out the code of layers that a built-in model lacks.
use crate::error::LayerError;
use crate::format::features::Features;
use crate::format::graph::{LayerSpec, MergeSpec, Pooling};
use crate::format::read::Cursor;
use crate::precision::{Merging, Precision};

use super::activation::Activate;
use super::conv1d::Conv1d;
use super::dense::Dense;
use super::embedding::Embedding;
use super::global_pool1d::GlobalPool1d;
use super::grouped_conv1d::GroupedConv1d;
use super::gru::Gru;
use super::layer_norm::LayerNorm;
use super::lstm::Lstm;
use super::merge::Merge;
use super::pool1d::Pool1d;
use super::resample::Resample;
use super::reverse::Reverse;
use super::simple_rnn::SimpleRnn;
use super::{Besides, Layer, Shape, Tensor};

impl<'m, P: Precision> Layer<'m, P> {
    /// Takes the layer's weights, checks everything that `run` relies on, and puts the layer in `place`; gives its output. `with`
    /// is the second input of a layer that has one.
    pub fn resolve(
        spec: &LayerSpec,
        input: Tensor<P>,
        with: Option<Tensor<P>>,
        weights: &mut Cursor<'m>,
        place: &mut Self,
    ) -> Result<Tensor<P>, LayerError> {
        match *spec {
            LayerSpec::Dense(spec) => built(place, Features::DENSE, Self::Dense, || {
                Dense::resolve(spec, input, weights)
            }),
            LayerSpec::Conv1d(spec) => built(place, Features::CONV1D, Self::Conv1d, || {
                Conv1d::resolve(spec, input, weights)
            }),
            LayerSpec::MaxPool1d(spec) => built(place, Features::POOL1D, Self::Pool1d, || {
                Pool1d::resolve(Pooling::Max, spec, input)
            }),
            LayerSpec::AveragePool1d(spec) => built(place, Features::POOL1D, Self::Pool1d, || {
                Pool1d::resolve(Pooling::Average, spec, input)
            }),
            LayerSpec::GlobalPool1d(pooling) => {
                built(place, Features::GLOBAL_POOL1D, Self::GlobalPool1d, || {
                    GlobalPool1d::resolve(pooling, input)
                })
            }
            LayerSpec::Input(_) => {
                *place = Self::Input(input.shape);
                Ok(input)
            }
            LayerSpec::Flatten => {
                let shape = Shape::new(1, input.shape.len())?;
                *place = Self::Flatten(shape);
                Ok(Tensor { shape, ..input })
            }
            LayerSpec::Lstm(spec) => built(place, Features::LSTM, Self::Lstm, || {
                Lstm::resolve(spec, input, weights)
            }),
            LayerSpec::LstmGated(spec) => built(
                place,
                Features::LSTM.and(Features::GATES),
                Self::Lstm,
                || Lstm::resolve_gated(spec, input, weights),
            ),
            LayerSpec::SimpleRnn(spec) => {
                built(place, Features::SIMPLE_RNN, Self::SimpleRnn, || {
                    SimpleRnn::resolve(spec, input, weights)
                })
            }
            LayerSpec::SimpleRnnNorm(spec) => {
                let features = Features::SIMPLE_RNN.and(Features::LAYER_NORM);
                built(place, features, Self::SimpleRnn, || {
                    SimpleRnn::resolve_norm(spec, input, weights)
                })
            }
            LayerSpec::Gru(spec) => built(place, Features::GRU, Self::Gru, || {
                Gru::resolve(spec, input, weights)
            }),
            LayerSpec::GruGated(spec) => {
                built(place, Features::GRU.and(Features::GATES), Self::Gru, || {
                    Gru::resolve_gated(spec, input, weights)
                })
            }
            LayerSpec::Reverse => built(place, Features::REVERSE, Self::Reverse, || {
                Reverse::resolve(input)
            }),
            LayerSpec::ZeroPadding1d(spec) => {
                built(place, Features::RESAMPLE, Self::Resample, || {
                    Resample::zero_padding(spec, input)
                })
            }
            LayerSpec::UpSampling1d(size) => {
                built(place, Features::RESAMPLE, Self::Resample, || {
                    Resample::up_sampling(size, input)
                })
            }
            LayerSpec::Concatenate(spec) => merge(place, Merging::Concatenate, spec, with, input),
            LayerSpec::Add(spec) => merge(place, Merging::Add, spec, with, input),
            LayerSpec::Multiply(spec) => merge(place, Merging::Multiply, spec, with, input),
            LayerSpec::Activation(spec) => {
                built(place, Features::ACTIVATION, Self::Activation, || {
                    Activate::resolve(spec, input)
                })
            }
            LayerSpec::GroupedConv1d(spec) => {
                built(place, Features::GROUPED_CONV1D, Self::GroupedConv1d, || {
                    GroupedConv1d::resolve(spec, input, weights)
                })
            }
            LayerSpec::LayerNorm(spec) => {
                built(place, Features::LAYER_NORM, Self::LayerNorm, || {
                    LayerNorm::resolve(spec, input, weights)
                })
            }
            LayerSpec::Embedding(spec) => {
                built(place, Features::EMBEDDING, Self::Embedding, || {
                    Embedding::resolve(spec, input, weights)
                })
            }
        }
    }

    /// From whole time steps of the input to whole time steps of the output.
    // Layers take their operands where they are here: what their functions get is then what this one got.
    pub fn run(
        &self,
        input: &[P::Activation],
        output: &mut [P::Activation],
        besides: &mut Besides<'_, P>,
    ) {
        let has = |features| P::FEATURES.has(features);
        match self {
            Self::Flatten(_) | Self::Input(_) => {}
            Self::Dense(layer) if has(Features::DENSE) => layer.run(input, output),
            Self::Conv1d(layer) if has(Features::CONV1D) => layer.run(input, output, besides),
            Self::Pool1d(layer) if has(Features::POOL1D) => {
                layer.run::<P>(input, output, besides);
            }
            Self::GlobalPool1d(layer) if has(Features::GLOBAL_POOL1D) => {
                layer.run::<P>(input, output);
            }
            Self::Lstm(layer) if has(Features::LSTM) => layer.run(input, output, besides),
            Self::SimpleRnn(layer) if has(Features::SIMPLE_RNN) => {
                layer.run(input, output, besides);
            }
            Self::Gru(layer) if has(Features::GRU) => layer.run(input, output, besides),
            Self::Activation(layer) if has(Features::ACTIVATION) => layer.run::<P>(input, output),
            Self::Merge(layer) if has(Features::MERGE) => layer.run::<P>(input, output, besides),
            Self::GroupedConv1d(layer) if has(Features::GROUPED_CONV1D) => {
                layer.run(input, output, besides);
            }
            Self::LayerNorm(layer) if has(Features::LAYER_NORM) => layer.run(input, output),
            Self::Embedding(layer) if has(Features::EMBEDDING) => layer.run(input, output),
            Self::Reverse(layer) if has(Features::REVERSE) => layer.run::<P>(input, output),
            Self::Resample(layer) if has(Features::RESAMPLE) => {
                layer.run::<P>(input, output, besides);
            }
            // Not built: `resolve` has refused them.
            Self::Dense(_)
            | Self::Conv1d(_)
            | Self::Pool1d(_)
            | Self::GlobalPool1d(_)
            | Self::Lstm(_)
            | Self::SimpleRnn(_)
            | Self::Gru(_)
            | Self::Activation(_)
            | Self::Merge(_)
            | Self::GroupedConv1d(_)
            | Self::LayerNorm(_)
            | Self::Embedding(_)
            | Self::Reverse(_)
            | Self::Resample(_) => {}
        }
    }
}

/// Puts the layer in its place, if this build has it.
// In place: a copy of a layer on the way back would be code for each of them.
#[inline(always)]
fn built<'m, P: Precision, L>(
    place: &mut Layer<'m, P>,
    features: Features,
    variant: impl FnOnce(L) -> Layer<'m, P>,
    resolve: impl FnOnce() -> Result<(L, Tensor<P>), LayerError>,
) -> Result<Tensor<P>, LayerError> {
    if !P::FEATURES.has(features) {
        return Err(LayerError::NotBuilt);
    }
    let (layer, output) = resolve()?;
    *place = variant(layer);
    Ok(output)
}

/// A layer with two inputs.
fn merge<P: Precision>(
    place: &mut Layer<'_, P>,
    merging: Merging,
    spec: MergeSpec,
    with: Option<Tensor<P>>,
    current: Tensor<P>,
) -> Result<Tensor<P>, LayerError> {
    built(place, Features::MERGE, Layer::Merge, || {
        let with = with.ok_or(LayerError::Shapes)?;
        Merge::resolve(merging, spec, with, current)
    })
}
