//! From descriptions to a network: layers chained by their inputs, weights drawn, and what one description stands for.
use super::activation_layer::ActivationLayer;
use super::conv1d::{self, Conv1d};
use super::dense::Dense;
use super::dropout::Dropout;
use super::flatten::Flatten;
use super::gru::Gru;
use super::layer::Layer;
use super::lstm::Lstm;
use super::merge::{Merge, Merging};
use super::network::{Network, Node};
use super::pool1d::{Pool1d, Pooling};
use super::random::stream;
use super::recurrent;
use super::shape::Shape;
use super::simple_rnn::SimpleRnn;
use crate::config::{LayerConfig, LayerTable, wire};
use crate::data::random::Random;
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
        self.config(&table.layer, inputs)
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

impl Layer {
    /// Fresh weights; an error is the reason alone, without the layer's name.
    fn new(
        config: &LayerConfig,
        inputs: &[Shape],
        random: &mut Random,
    ) -> std::result::Result<Self, String> {
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
                activation,
                use_bias,
            } => {
                let arguments = conv1d::Arguments {
                    filters,
                    kernel_size,
                    padding,
                    strides,
                    dilation_rate,
                    activation,
                    use_bias,
                };
                Self::Conv1d(Conv1d::new(&arguments, input, random)?)
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
            } => {
                let arguments = recurrent::Arguments {
                    units,
                    activation,
                    return_sequences,
                    use_bias,
                };
                Self::SimpleRnn(SimpleRnn::new(&arguments, input, random)?)
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
}
