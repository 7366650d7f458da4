//! The float model file: from a trained network, and back to one for quantization.
use dunlin::format::MAX_LAYERS;
use dunlin::format::graph::LayerSpec;
use dunlin::format::read::{Cursor, Message};
use dunlin::format::write::{AlignedBytes, ModelFile, Weights};
use dunlin::{F32, LoadError, Mode, Model, PrecisionTag};

use super::lower::lower;
use super::read_layer::{read_network, read_weights};
use super::write_layer::write_layer;
use crate::error::{Error, Result};
use crate::net::Network;

/// A trained network with the scalings that stand around it.
#[derive(Debug, Clone, PartialEq)]
pub struct FloatModel {
    /// At most 32 bytes.
    pub name: String,
    pub mode: Mode,
    /// Time steps from window to window in a stream; 0 for the window's length.
    pub hop: usize,
    pub network: Network,
    /// `normalized = raw * scale + offset`: none, one pair for all channels, or one a channel.
    pub input_scales: Vec<[f32; 2]>,
    /// `raw = normalized * scale + offset`: none, one pair for all channels, or one a channel.
    pub output_scales: Vec<[f32; 2]>,
}

impl FloatModel {
    /// The bytes of `model.f32.dunlin`.
    ///
    /// # Errors
    /// `Error::Input` when the network is beyond what a file can state; it names the layer.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let network = lower(&self.network)?;
        let mut weights = Weights::new();
        let specs = network
            .layers
            .iter()
            .map(|node| write_layer(node, &mut weights));
        let layers = specs.collect::<Result<Vec<LayerSpec>>>()?;
        let file = ModelFile {
            name: &self.name,
            precision: PrecisionTag::F32,
            mode: self.mode,
            hop: self.hop,
            window: self.network.steps,
            input_channels: self.network.channels,
            input_scales: &self.input_scales,
            layers: &layers,
            weights: &weights,
            output_scales: &self.output_scales,
            states_features: true,
        };
        file.to_bytes()
            .map_err(|error| unwritable(&network, "the model", error))
    }

    /// The model with its network in the form of files: what the quantizer sees.
    ///
    /// # Errors
    /// `Error::Input` when the network has nothing that a file has.
    pub fn lowered(&self) -> Result<Self> {
        Ok(Self {
            network: lower(&self.network)?,
            ..self.clone()
        })
    }

    /// Reads a float model file back, to quantize it or to go on with it.
    ///
    /// # Errors
    /// `Error::Input` for bytes that are not a float model; the caller adds the name of the file.
    pub fn from_bytes(file: &[u8]) -> Result<Self> {
        let file = AlignedBytes::new(file);
        let invalid = |error: dunlin::LoadError| Error::input(format!("{error}"));
        let model = Model::<F32, MAX_LAYERS>::from_bytes(file.as_slice()).map_err(invalid)?;
        let message = Message::of_any(file.as_slice()).map_err(invalid)?;
        let specs: Vec<LayerSpec> = message.layers().collect();
        let shape = model.input_shape();
        let mut network = read_network(&specs, shape.steps as usize, shape.channels as usize)?;
        let mut weights = Cursor::new(message.weights);
        let short = |error: dunlin::LayerError| Error::input(format!("{error}"));
        weights
            .take::<[f32; 2]>(model.input_scales().len())
            .map_err(short)?;
        for node in &mut network.layers {
            read_weights(&mut node.layer, &mut weights).map_err(short)?;
        }
        Ok(Self {
            name: model.name().to_owned(),
            mode: model.header().mode,
            hop: model.header().hop as usize,
            network,
            input_scales: model.input_scales().to_vec(),
            output_scales: model.output_scales().to_vec(),
        })
    }
}

/// A file that the runtime would not load, with the layer as the description calls it; `what` is the model.
fn unwritable(network: &Network, what: &str, error: LoadError) -> Error {
    if let LoadError::Layer { index, error } = error
        && let Some(node) = network.layers.get(usize::from(index))
    {
        return Error::input(format!("{}: {error}; {what} cannot be written", node.place));
    }
    if let LoadError::NotContinuous { index } = error
        && let Some(node) = network.layers.get(usize::from(index))
    {
        return Error::input(format!(
            "{}: needs to know where a window ends, but `mode` of [model] is \"continuous\"; use \"windowed\", with a `hop` for \
             windows that overlap",
            node.place
        ));
    }
    Error::input(format!("{what} cannot be written: {error}"))
}
