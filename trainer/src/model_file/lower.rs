//! From a trained network to the form that files have: what only training has is gone, and every layer reads the tensor
//! before it; merges read one more.
//!
//! Tensors then have the numbers of the file: 0 is the window, n the output of the n-th layer.
use crate::config::Activation;
use crate::error::{Error, Result};
use crate::net::{
    BatchNorm, GroupedConv1d, Layer, Merge, Merging, Network, Node, Resample, Resampling, Shape,
};

/// The network in the form of files; it answers the same.
///
/// Dropout vanishes; a BatchNorm goes into the linear Dense or convolution that it alone reads, an Activation into such a
/// layer, a LayerNorm, an Add or a Multiply; any other
/// BatchNorm becomes a depthwise convolution of kernel 1; merges of many become merges of two; an Input layer stands
/// where a branch starts.
///
/// # Errors
/// `Error::Input` when nothing is left.
pub(crate) fn lower(network: &Network) -> Result<Network> {
    let folded = fold(&binary(network)?)?;
    let lowered = in_order(&folded)?;
    if lowered.layers.is_empty() {
        return Err(Error::input(
            "the model has only layers that training has; add a dense layer",
        ));
    }
    Ok(lowered)
}

/// A network that grows while another one is walked through.
struct Rewrite {
    network: Network,
    /// Which tensor each tensor of the old network has become.
    tensors: Vec<usize>,
}

impl Rewrite {
    fn of(network: &Network) -> Self {
        Self {
            network: Network {
                layers: Vec::new(),
                ..network.clone()
            },
            tensors: vec![0],
        }
    }

    fn inputs(&self, node: &Node) -> Vec<usize> {
        node.inputs.iter().map(|t| self.tensors[*t]).collect()
    }

    /// Adds a layer in the place of `node`; gives its output's tensor.
    fn push(&mut self, layer: Layer, inputs: Vec<usize>, node: &Node) -> usize {
        self.network.layers.push(Node {
            layer,
            inputs,
            place: node.place.clone(),
        });
        self.network.layers.len()
    }

    fn last_layer(&mut self) -> Option<&mut Layer> {
        self.network.layers.last_mut().map(|node| &mut node.layer)
    }

    fn merge(&mut self, merging: Merging, inputs: [usize; 2], node: &Node) -> Result<usize> {
        let shapes = inputs.map(|tensor| self.network.shape(tensor));
        let merge = Merge::new(merging, &shapes).map_err(Error::input)?;
        Ok(self.push(Layer::Merge(merge), inputs.to_vec(), node))
    }

    /// The network, its last tensor being what the old network's last tensor has become.
    fn finish(mut self) -> Result<Network> {
        let answer = self.tensors.last().copied().unwrap_or(0);
        if answer != self.network.layers.len() {
            let shape = self.network.shape(answer);
            let place = match answer {
                0 => "input".to_owned(),
                _ => self.network.layers[answer - 1].place.clone(),
            };
            self.network.layers.push(Node {
                layer: input(shape)?,
                inputs: vec![answer],
                place,
            });
        }
        Ok(self.network)
    }
}

fn input(shape: Shape) -> Result<Layer> {
    let layer = Resample::new(Resampling::Input, shape).map_err(Error::input)?;
    Ok(Layer::Resample(layer))
}

/// Without identities, and with merges of two only.
fn binary(network: &Network) -> Result<Network> {
    let mut rewrite = Rewrite::of(network);
    for node in &network.layers {
        let inputs = rewrite.inputs(node);
        let tensor = match &node.layer {
            Layer::Dropout(_) => inputs[0],
            Layer::Activation(l) if l.activation == Activation::Linear => inputs[0],
            Layer::Resample(l) if l.resampling == Resampling::Input => inputs[0],
            Layer::Merge(merge) => {
                let (merging, part) = match merge.merging {
                    Merging::Average => (Merging::Add, Some(1.0 / inputs.len() as f32)),
                    Merging::Add | Merging::Multiply | Merging::Concatenate => {
                        (merge.merging, None)
                    }
                };
                // From the last to the first, so that each result is the current tensor of the next.
                let mut merged = inputs.last().copied().unwrap_or(0);
                for &with in inputs.iter().rev().skip(1) {
                    merged = rewrite.merge(merging, [with, merged], node)?;
                }
                // Of a network that has been lowered before.
                if let Some(Layer::Merge(last)) = rewrite.last_layer() {
                    last.activation = merge.activation;
                }
                match part {
                    None => merged,
                    Some(part) => {
                        let channels = merge.output.channels;
                        let scale = pointwise(merge.output, vec![part; channels], None)?;
                        rewrite.push(scale, vec![merged], node)
                    }
                }
            }
            Layer::Dense(_)
            | Layer::Conv1d(_)
            | Layer::GroupedConv1d(_)
            | Layer::Pool1d(_)
            | Layer::GlobalPool1d(_)
            | Layer::Flatten(_)
            | Layer::SimpleRnn(_)
            | Layer::Lstm(_)
            | Layer::Gru(_)
            | Layer::Activation(_)
            | Layer::Resample(_)
            | Layer::Embedding(_)
            | Layer::LayerNorm(_)
            | Layer::BatchNorm(_) => rewrite.push(node.layer.clone(), inputs, node),
        };
        rewrite.tensors.push(tensor);
    }
    rewrite.finish()
}

/// A scale and an offset for each channel: the depthwise convolution of kernel 1.
fn pointwise(shape: Shape, scale: Vec<f32>, offset: Option<Vec<f32>>) -> Result<Layer> {
    let layer = GroupedConv1d::pointwise(shape, scale, offset).map_err(Error::input)?;
    Ok(Layer::GroupedConv1d(layer))
}

/// BatchNorm and Activation folded into what they read, where that is possible.
fn fold(network: &Network) -> Result<Network> {
    let mut readers = vec![0; network.layers.len() + 1];
    for input in network.layers.iter().flat_map(|node| &node.inputs) {
        readers[*input] += 1;
    }
    let mut rewrite = Rewrite::of(network);
    for node in &network.layers {
        let inputs = rewrite.inputs(node);
        let alone = readers[node.inputs[0]] == 1;
        let producer = match inputs[0].checked_sub(1) {
            Some(index) if alone => Some(&mut rewrite.network.layers[index].layer),
            Some(_) | None => None,
        };
        let folded = producer.is_some_and(|producer| {
            if let Layer::BatchNorm(norm) = &node.layer {
                scale_outputs(producer, norm)
            } else if let Layer::Activation(l) = &node.layer {
                activate_outputs(producer, l.activation)
            } else {
                false
            }
        });
        let tensor = if folded {
            inputs[0]
        } else if let Layer::BatchNorm(norm) = &node.layer {
            let (scale, offset) = norm.scale_and_offset();
            let layer = pointwise(norm.input, scale, Some(offset))?;
            rewrite.push(layer, inputs, node)
        } else {
            rewrite.push(node.layer.clone(), inputs, node)
        };
        rewrite.tensors.push(tensor);
    }
    rewrite.finish()
}

/// The weights of a layer whose outputs are columns of its kernel.
struct Columns<'a> {
    kernel: &'a mut [f32],
    bias: &'a mut [f32],
    use_bias: &'a mut bool,
    activation: &'a mut Activation,
}

fn columns(layer: &mut Layer) -> Option<Columns<'_>> {
    /// The same fields of different layers.
    macro_rules! of {
        ($l:expr) => {
            Some(Columns {
                kernel: &mut $l.kernel,
                bias: &mut $l.bias,
                use_bias: &mut $l.use_bias,
                activation: &mut $l.activation,
            })
        };
    }
    match layer {
        Layer::Dense(l) => of!(l),
        Layer::Conv1d(l) => of!(l),
        Layer::GroupedConv1d(l) => of!(l),
        Layer::Pool1d(_)
        | Layer::GlobalPool1d(_)
        | Layer::Flatten(_)
        | Layer::SimpleRnn(_)
        | Layer::Lstm(_)
        | Layer::Gru(_)
        | Layer::Dropout(_)
        | Layer::Activation(_)
        | Layer::Merge(_)
        | Layer::Resample(_)
        | Layer::Embedding(_)
        | Layer::LayerNorm(_)
        | Layer::BatchNorm(_) => None,
    }
}

/// y = scale (x W + b) + offset = x (scale W) + (scale b + offset), where the layer is linear.
fn scale_outputs(layer: &mut Layer, norm: &BatchNorm) -> bool {
    let Some(columns) = columns(layer).filter(|c| *c.activation == Activation::Linear) else {
        return false;
    };
    let (scale, offset) = norm.scale_and_offset();
    for row in columns.kernel.chunks_exact_mut(scale.len()) {
        row.iter_mut()
            .zip(&scale)
            .for_each(|(w, scale)| *w *= scale);
    }
    for (b, (scale, offset)) in columns.bias.iter_mut().zip(scale.iter().zip(&offset)) {
        *b = *b * scale + offset;
    }
    *columns.use_bias = true;
    true
}

/// The activation in a layer that is linear and can have one.
fn activate_outputs(layer: &mut Layer, activation: Activation) -> bool {
    let place = match layer {
        Layer::Dense(l) => &mut l.activation,
        Layer::Conv1d(l) => &mut l.activation,
        Layer::GroupedConv1d(l) => &mut l.activation,
        Layer::LayerNorm(l) => &mut l.activation,
        Layer::Merge(l) => match l.merging {
            Merging::Add | Merging::Multiply => &mut l.activation,
            Merging::Average | Merging::Concatenate => return false,
        },
        Layer::Pool1d(_)
        | Layer::GlobalPool1d(_)
        | Layer::Flatten(_)
        | Layer::SimpleRnn(_)
        | Layer::Lstm(_)
        | Layer::Gru(_)
        | Layer::Dropout(_)
        | Layer::Activation(_)
        | Layer::Resample(_)
        | Layer::Embedding(_)
        | Layer::BatchNorm(_) => return false,
    };
    if *place != Activation::Linear {
        return false;
    }
    *place = activation;
    true
}

/// With Input layers, so that every layer reads the tensor before it, and a merge reads an earlier one before that.
fn in_order(network: &Network) -> Result<Network> {
    let mut rewrite = Rewrite::of(network);
    for node in &network.layers {
        let mut inputs = rewrite.inputs(node);
        let current = rewrite.network.layers.len();
        if let Layer::Merge(merge) = &node.layer
            && merge.merging != Merging::Concatenate
            && inputs[0] == current
        {
            inputs.reverse();
        }
        let last = inputs.len() - 1;
        if inputs[last] != current {
            let shape = rewrite.network.shape(inputs[last]);
            inputs[last] = rewrite.push(input(shape)?, vec![inputs[last]], node);
        }
        let tensor = rewrite.push(node.layer.clone(), inputs, node);
        rewrite.tensors.push(tensor);
    }
    rewrite.finish()
}
