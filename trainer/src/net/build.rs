//! From descriptions to a network: layers chained by their inputs, weights drawn, and what one description stands for.

use super::layer::Layer;
use super::merge::{Merge, Merging};
use super::network::{Network, Node};
use super::random::stream;
use super::resample::{Resample, Resampling};
use super::shape::Shape;
use crate::config::{Activation, LayerConfig, LayerTable, MergeMode, Padding, wire};
use crate::error::{Error, Result};

/// Values in one example between two layers; more would not fit any memory times a mini-batch.
const SIZE_LIMIT: usize = 1 << 26;

impl Network {
    /// A network of layers in a row for windows `[steps, channels]`, with fresh weights as Keras draws them.
    ///
    /// # Errors
    /// `Error::Input` names the first layer that is impossible, why, and the way out.
    pub fn new(layers: &[LayerConfig], steps: usize, channels: usize, seed: u64) -> Result<Self> {
        let tables: Vec<LayerTable> = layers.iter().cloned().map(LayerTable::from).collect();
        Self::from_tables(&tables, steps, channels, seed)
    }

    /// The network of a description file, for windows `[steps, channels]`, with fresh weights as Keras draws them.
    ///
    /// # Errors
    /// `Error::Input` names the first layer that is impossible, why, and the way out.
    pub fn from_tables(
        tables: &[LayerTable],
        steps: usize,
        channels: usize,
        seed: u64,
    ) -> Result<Self> {
        if tables.is_empty() {
            return Err(Error::input(
                "the model has no layers; add a [[layers]] table",
            ));
        }
        let inputs = wire(tables).map_err(|fault| Error::input(fault.sentence))?;
        let mut builder = Builder::new(steps, channels, seed)?;
        // The tensor that each table's output is; the first is the window.
        let mut tensors = vec![0];
        for (index, (table, inputs)) in tables.iter().zip(inputs).enumerate() {
            let inputs: Vec<usize> = inputs.iter().map(|input| tensors[*input]).collect();
            builder.place = table.place(index);
            tensors.push(builder.table(table, &inputs)?);
        }
        Ok(builder.network)
    }
}

/// A network in the making.
pub(crate) struct Builder {
    pub network: Network,
    seed: u64,
    /// What messages call the layers that are added: `layer 3 (dense)`.
    pub place: String,
}

impl Builder {
    /// No layers yet.
    pub fn new(steps: usize, channels: usize, seed: u64) -> Result<Self> {
        if steps == 0 || channels == 0 {
            return Err(Error::input(format!(
                "windows of {steps} steps and {channels} channels are empty; give at least 1 of each"
            )));
        }
        Ok(Self {
            network: Network {
                steps,
                channels,
                layers: Vec::new(),
            },
            seed,
            place: String::new(),
        })
    }

    /// Adds the layers of a table that reads `inputs`; gives the tensor that is its output.
    fn table(&mut self, table: &LayerTable, inputs: &[usize]) -> Result<usize> {
        if let LayerConfig::Embedding { .. } = table.layer
            && inputs != [0]
        {
            let reason = "it reads ids, so it stands right after the model's input";
            return Err(Error::input(format!("{}: {reason}", self.place)));
        }
        if table.bidirectional {
            self.bidirectional(table, inputs)
        } else if let LayerConfig::SeparableConv1d {
            filters,
            kernel_size,
            depth_multiplier,
            padding,
            strides,
            dilation_rate,
            activation,
            use_bias,
        } = table.layer
        {
            let depthwise = LayerConfig::DepthwiseConv1d {
                kernel_size,
                depth_multiplier,
                padding,
                strides,
                dilation_rate,
                activation: Activation::Linear,
                use_bias: false,
            };
            let pointwise = LayerConfig::Conv1d {
                filters,
                kernel_size: 1,
                padding: Padding::Valid,
                strides: 1,
                dilation_rate: 1,
                groups: 1,
                activation,
                use_bias,
            };
            let channels = self.config(&depthwise, inputs)?;
            self.config(&pointwise, &[channels])
        } else {
            self.config(&table.layer, inputs)
        }
    }

    /// A recurrent layer and a second one that reads the steps from the last to the first.
    fn bidirectional(&mut self, table: &LayerTable, inputs: &[usize]) -> Result<usize> {
        let Some(sequences) = table.layer.return_sequences() else {
            let reason = "bidirectional is for simple_rnn, lstm and gru; leave it out";
            return Err(Error::input(format!("{}: {reason}", self.place)));
        };
        let forward = self.config(&table.layer, inputs)?;
        let turned = self.reverse(inputs[0])?;
        let mut backward = self.config(&table.layer, &[turned])?;
        if sequences {
            backward = self.reverse(backward)?;
        }
        let merging = match table.merge_mode.unwrap_or_default() {
            MergeMode::Concat => Merging::Concatenate,
            MergeMode::Sum => Merging::Add,
            MergeMode::Mul => Merging::Multiply,
            MergeMode::Ave => Merging::Average,
        };
        let shapes = [forward, backward].map(|tensor| self.network.shape(tensor));
        self.push(
            Merge::new(merging, &shapes).map(Layer::Merge),
            &[forward, backward],
        )
    }

    fn reverse(&mut self, tensor: usize) -> Result<usize> {
        let shape = self.network.shape(tensor);
        let layer = Resample::new(Resampling::Reverse, shape);
        self.push(layer.map(Layer::Resample), &[tensor])
    }

    /// Adds a layer with fresh weights; gives its output's tensor.
    pub fn config(&mut self, config: &LayerConfig, inputs: &[usize]) -> Result<usize> {
        let shapes: Vec<Shape> = inputs.iter().map(|t| self.network.shape(*t)).collect();
        // A stream a layer: the weights of one do not depend on the sizes of the others.
        let mut random = stream(self.seed, self.network.layers.len() as u64);
        let layer = Layer::new(config, &shapes, &mut random);
        self.push(layer, inputs)
    }

    /// Adds a layer, if there is one; gives its output's tensor.
    pub fn push(
        &mut self,
        layer: std::result::Result<Layer, String>,
        inputs: &[usize],
    ) -> Result<usize> {
        let layer = layer
            .and_then(|layer| {
                let out = layer.output();
                match out.steps.checked_mul(out.channels) {
                    Some(size) if size <= SIZE_LIMIT => Ok(layer),
                    Some(_) | None => Err(format!(
                        "its output {out} has more than {SIZE_LIMIT} values; make it smaller"
                    )),
                }
            })
            .map_err(|reason| Error::input(format!("{}: {reason}", self.place)))?;
        self.network.layers.push(Node {
            layer,
            inputs: inputs.to_vec(),
            place: self.place.clone(),
        });
        Ok(self.network.layers.len())
    }
}
