//! From the specification of a layer to the layer, and from the layer to its code.
//!
//! Both ask what the build has, so that the compiler leaves out the code of layers that a built-in model lacks.
use crate::error::LayerError;
use crate::format::features::Features;
use crate::format::graph::{LayerSpec, Pooling};
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
        let has = |features| P::FEATURES.has(features);
        match spec {
            LayerSpec::Dense(spec) if has(Features::DENSE) => {
                Dense::resolve(spec, input, weights, place)
            }
            LayerSpec::Conv1d(spec) if has(Features::CONV1D) => {
                Conv1d::resolve(spec, input, weights, place)
            }
            LayerSpec::MaxPool1d(spec) if has(Features::POOL1D) => {
                Pool1d::resolve(Pooling::Max, spec, input, place)
            }
            LayerSpec::AveragePool1d(spec) if has(Features::POOL1D) => {
                Pool1d::resolve(Pooling::Average, spec, input, place)
            }
            LayerSpec::GlobalPool1d(pooling) if has(Features::GLOBAL_POOL1D) => {
                GlobalPool1d::resolve(*pooling, input, place)
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
            LayerSpec::Lstm(spec) if has(Features::LSTM) => {
                Lstm::resolve(spec, input, weights, place)
            }
            LayerSpec::LstmGated(spec) if has(Features::LSTM.and(Features::GATES)) => {
                Lstm::resolve_gated(spec, input, weights, place)
            }
            LayerSpec::SimpleRnn(spec) if has(Features::SIMPLE_RNN) => {
                SimpleRnn::resolve(spec, input, weights, place)
            }
            LayerSpec::SimpleRnnNorm(spec)
                if has(Features::SIMPLE_RNN.and(Features::LAYER_NORM)) =>
            {
                SimpleRnn::resolve_norm(spec, input, weights, place)
            }
            LayerSpec::Gru(spec) if has(Features::GRU) => Gru::resolve(spec, input, weights, place),
            LayerSpec::GruGated(spec) if has(Features::GRU.and(Features::GATES)) => {
                Gru::resolve_gated(spec, input, weights, place)
            }
            LayerSpec::Reverse if has(Features::REVERSE) => Reverse::resolve(input, place),
            LayerSpec::ZeroPadding1d(spec) if has(Features::RESAMPLE) => {
                Resample::zero_padding(spec, input, place)
            }
            LayerSpec::UpSampling1d(size) if has(Features::RESAMPLE) => {
                Resample::up_sampling(*size, input, place)
            }
            LayerSpec::Concatenate(spec) if has(Features::MERGE) => {
                Merge::resolve(Merging::Concatenate, spec, with, input, place)
            }
            LayerSpec::Add(spec) if has(Features::MERGE) => {
                Merge::resolve(Merging::Add, spec, with, input, place)
            }
            LayerSpec::Multiply(spec) if has(Features::MERGE) => {
                Merge::resolve(Merging::Multiply, spec, with, input, place)
            }
            LayerSpec::Activation(spec) if has(Features::ACTIVATION) => {
                Activate::resolve(spec, input, place)
            }
            LayerSpec::GroupedConv1d(spec) if has(Features::GROUPED_CONV1D) => {
                GroupedConv1d::resolve(spec, input, weights, place)
            }
            LayerSpec::LayerNorm(spec) if has(Features::LAYER_NORM) => {
                LayerNorm::resolve(spec, input, weights, place)
            }
            LayerSpec::Embedding(spec) if has(Features::EMBEDDING) => {
                Embedding::resolve(spec, input, weights, place)
            }
            LayerSpec::Dense(_)
            | LayerSpec::Conv1d(_)
            | LayerSpec::MaxPool1d(_)
            | LayerSpec::AveragePool1d(_)
            | LayerSpec::GlobalPool1d(_)
            | LayerSpec::Lstm(_)
            | LayerSpec::LstmGated(_)
            | LayerSpec::SimpleRnn(_)
            | LayerSpec::SimpleRnnNorm(_)
            | LayerSpec::Gru(_)
            | LayerSpec::GruGated(_)
            | LayerSpec::Reverse
            | LayerSpec::ZeroPadding1d(_)
            | LayerSpec::UpSampling1d(_)
            | LayerSpec::Concatenate(_)
            | LayerSpec::Add(_)
            | LayerSpec::Multiply(_)
            | LayerSpec::Activation(_)
            | LayerSpec::GroupedConv1d(_)
            | LayerSpec::LayerNorm(_)
            | LayerSpec::Embedding(_) => Err(LayerError::NotBuilt),
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
