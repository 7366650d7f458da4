//! The closed set of layers, and what a pass hands to each of them.
use super::conv1d::{self, Conv1d};
use super::dense::Dense;
use super::dropout::Dropout;
use super::flatten::Flatten;
use super::gemm::Packed;
use super::gru::{self, Gru};
use super::lstm::{self, Lstm};
use super::pool1d::{Pool1d, Pooling};
use super::recurrent::States;
use super::shape::Shape;
use super::simple_rnn::{self, SimpleRnn};
use crate::config::LayerConfig;
use crate::data::random::Random;

#[derive(Debug, Clone, PartialEq)]
pub enum Layer {
    Dense(Dense),
    Conv1d(Conv1d),
    Pool1d(Pool1d),
    /// `[T, C] -> [1, C]`: its window is the whole input.
    GlobalPool1d(Pool1d),
    Flatten(Flatten),
    SimpleRnn(SimpleRnn),
    Lstm(Lstm),
    Gru(Gru),
    Dropout(Dropout),
}

/// A layer's weights as the matrix product reads them; each layer fills those that it has.
#[derive(Debug, Clone, Default)]
pub(crate) struct Packs {
    pub kernel: Packed,
    pub kernel_transposed: Packed,
    pub recurrent: Packed,
    pub recurrent_transposed: Packed,
    /// GRU: the candidate's part of the recurrent kernel; the gates' part is in `recurrent`.
    pub candidate: Packed,
    pub candidate_transposed: Packed,
}

/// What a layer keeps from its forward pass for its backward pass; each layer uses what it needs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scratch {
    /// Conv1D: the inputs under the kernel.
    pub columns: Vec<f32>,
    /// Max pools: the input step that won each place.
    pub winners: Vec<u32>,
    /// SimpleRNN, LSTM and GRU.
    pub states: States,
    /// Dropout: the seed of the pass and the layer's index in training, nothing in inference.
    pub dropout: Option<(u64, u64)>,
    /// Dropout: the factor of each value.
    pub mask: Vec<f32>,
    /// dz as the right side of a product.
    pub packed: Packed,
}

/// One layer's backward pass: from dL/dy to dL/dx and the gradients of the weights.
pub(crate) struct Backward<'a> {
    pub packs: &'a Packs,
    pub count: usize,
    pub x: &'a [f32],
    pub y: &'a [f32],
    /// dL/dy on entry; the layer may overwrite it.
    pub dy: &'a mut [f32],
    /// The loss has already gone through the activation: `dy` is dL/dz (softmax with cross-entropy).
    pub dy_is_dz: bool,
    /// Where dL/dx goes; nobody asks for it below the first layer.
    pub dx: Option<&'a mut Vec<f32>>,
    /// One vector a trained tensor, in the order of `Layer::parameters`; the layer adds to them.
    pub gradients: &'a mut [Vec<f32>],
}

impl Layer {
    /// Fresh weights; an error is the reason alone, without the layer's name.
    pub(crate) fn new(
        config: &LayerConfig,
        input: Shape,
        random: &mut Random,
    ) -> Result<Self, String> {
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
                let arguments = simple_rnn::Arguments {
                    units,
                    activation,
                    return_sequences,
                    use_bias,
                };
                Self::SimpleRnn(SimpleRnn::new(&arguments, input, random)?)
            }
            LayerConfig::Gru {
                units,
                activation,
                recurrent_activation,
                return_sequences,
                use_bias,
                reset_after,
            } => {
                let arguments = gru::Arguments {
                    units,
                    activation,
                    recurrent_activation,
                    return_sequences,
                    use_bias,
                    reset_after,
                };
                Self::Gru(Gru::new(&arguments, input, random)?)
            }
            LayerConfig::Lstm {
                units,
                activation,
                recurrent_activation,
                return_sequences,
                use_bias,
            } => {
                let arguments = lstm::Arguments {
                    units,
                    activation,
                    recurrent_activation,
                    return_sequences,
                    use_bias,
                };
                Self::Lstm(Lstm::new(&arguments, input, random)?)
            }
            LayerConfig::Dropout { rate } => Self::Dropout(Dropout::new(rate, input)?),
        })
    }

    /// The layer's name as in a model description.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Dense(_) => "dense",
            Self::Conv1d(_) => "conv1d",
            Self::Pool1d(l) => match l.pooling {
                Pooling::Max => "max_pool1d",
                Pooling::Average => "average_pool1d",
            },
            Self::GlobalPool1d(l) => match l.pooling {
                Pooling::Max => "global_max_pool1d",
                Pooling::Average => "global_average_pool1d",
            },
            Self::Flatten(_) => "flatten",
            Self::SimpleRnn(_) => "simple_rnn",
            Self::Lstm(_) => "lstm",
            Self::Gru(_) => "gru",
            Self::Dropout(_) => "dropout",
        }
    }

    /// Shape of one example on the way in.
    pub fn input(&self) -> Shape {
        match self {
            Self::Dense(l) => l.input,
            Self::Conv1d(l) => l.input,
            Self::Pool1d(l) | Self::GlobalPool1d(l) => l.input,
            Self::Flatten(l) => l.input,
            Self::SimpleRnn(l) => l.input,
            Self::Lstm(l) => l.input,
            Self::Gru(l) => l.input,
            Self::Dropout(l) => l.input,
        }
    }

    /// Shape of one example on the way out.
    pub fn output(&self) -> Shape {
        match self {
            Self::Dense(l) => l.output,
            Self::Conv1d(l) => l.output,
            Self::Pool1d(l) | Self::GlobalPool1d(l) => l.output,
            Self::Flatten(l) => l.output,
            Self::SimpleRnn(l) => l.output,
            Self::Lstm(l) => l.output,
            Self::Gru(l) => l.output,
            Self::Dropout(l) => l.output,
        }
    }

    /// The trained tensors by their Keras names.
    pub(crate) fn parameters(&self) -> Vec<(&'static str, &[f32])> {
        let (mut list, bias): (Vec<(_, &[f32])>, _) = match self {
            Self::Dense(l) => (vec![("kernel", &l.kernel)], l.use_bias.then_some(&l.bias)),
            Self::Conv1d(l) => (vec![("kernel", &l.kernel)], l.use_bias.then_some(&l.bias)),
            Self::SimpleRnn(l) => (
                vec![
                    ("kernel", &l.kernel),
                    ("recurrent_kernel", &l.recurrent_kernel),
                ],
                l.use_bias.then_some(&l.bias),
            ),
            Self::Lstm(l) => (
                vec![
                    ("kernel", &l.kernel),
                    ("recurrent_kernel", &l.recurrent_kernel),
                ],
                l.use_bias.then_some(&l.bias),
            ),
            Self::Gru(l) => (
                vec![
                    ("kernel", &l.kernel),
                    ("recurrent_kernel", &l.recurrent_kernel),
                ],
                l.use_bias.then_some(&l.bias),
            ),
            Self::Pool1d(_) | Self::GlobalPool1d(_) | Self::Flatten(_) | Self::Dropout(_) => {
                (Vec::new(), None)
            }
        };
        list.extend(bias.map(|bias| ("bias", bias.as_slice())));
        list
    }

    /// The trained tensors, in the same order.
    pub(crate) fn parameters_mut(&mut self) -> Vec<(&'static str, &mut [f32])> {
        let (mut list, bias): (Vec<(_, &mut [f32])>, _) = match self {
            Self::Dense(l) => (
                vec![("kernel", &mut l.kernel)],
                l.use_bias.then_some(&mut l.bias),
            ),
            Self::Conv1d(l) => (
                vec![("kernel", &mut l.kernel)],
                l.use_bias.then_some(&mut l.bias),
            ),
            Self::SimpleRnn(l) => (
                vec![
                    ("kernel", &mut l.kernel),
                    ("recurrent_kernel", &mut l.recurrent_kernel),
                ],
                l.use_bias.then_some(&mut l.bias),
            ),
            Self::Lstm(l) => (
                vec![
                    ("kernel", &mut l.kernel),
                    ("recurrent_kernel", &mut l.recurrent_kernel),
                ],
                l.use_bias.then_some(&mut l.bias),
            ),
            Self::Gru(l) => (
                vec![
                    ("kernel", &mut l.kernel),
                    ("recurrent_kernel", &mut l.recurrent_kernel),
                ],
                l.use_bias.then_some(&mut l.bias),
            ),
            Self::Pool1d(_) | Self::GlobalPool1d(_) | Self::Flatten(_) | Self::Dropout(_) => {
                (Vec::new(), None)
            }
        };
        list.extend(bias.map(|bias| ("bias", bias.as_mut_slice())));
        list
    }

    /// Packs the weights for `forward`, and with `training` for `backward` too.
    pub(crate) fn pack(&self, packs: &mut Packs, training: bool) {
        match self {
            Self::Dense(l) => l.pack(packs, training),
            Self::Conv1d(l) => l.pack(packs, training),
            Self::SimpleRnn(l) => l.pack(packs, training),
            Self::Lstm(l) => l.pack(packs, training),
            Self::Gru(l) => l.pack(packs, training),
            Self::Pool1d(_) | Self::GlobalPool1d(_) | Self::Flatten(_) | Self::Dropout(_) => {}
        }
    }

    /// `count` examples through the layer.
    pub(crate) fn forward(
        &self,
        packs: &Packs,
        x: &[f32],
        count: usize,
        scratch: &mut Scratch,
        y: &mut Vec<f32>,
    ) {
        match self {
            Self::Dense(l) => l.forward(packs, x, count, y),
            Self::Conv1d(l) => l.forward(packs, x, count, scratch, y),
            Self::Pool1d(l) | Self::GlobalPool1d(l) => l.forward(x, count, scratch, y),
            Self::Flatten(l) => l.forward(x, y),
            Self::SimpleRnn(l) => l.forward(packs, x, count, scratch, y),
            Self::Lstm(l) => l.forward(packs, x, count, scratch, y),
            Self::Gru(l) => l.forward(packs, x, count, scratch, y),
            Self::Dropout(l) => l.forward(x, scratch, y),
        }
    }

    /// After `forward` with the same `scratch`.
    pub(crate) fn backward(&self, step: Backward<'_>, scratch: &mut Scratch) {
        match self {
            Self::Dense(l) => l.backward(step, scratch),
            Self::Conv1d(l) => l.backward(step, scratch),
            Self::Pool1d(l) | Self::GlobalPool1d(l) => l.backward(step, scratch),
            Self::Flatten(l) => l.backward(step),
            Self::SimpleRnn(l) => l.backward(step, scratch),
            Self::Lstm(l) => l.backward(step, scratch),
            Self::Gru(l) => l.backward(step, scratch),
            Self::Dropout(l) => l.backward(step, scratch),
        }
    }
}

/// Number of weights in a tensor, refused above 2^26: no microcontroller has room for more, and the product
/// could overflow.
pub(crate) fn weight_count(sizes: &[usize]) -> Result<usize, String> {
    const LIMIT: usize = 1 << 26;
    sizes
        .iter()
        .try_fold(1usize, |product, size| product.checked_mul(*size))
        .filter(|count| *count <= LIMIT)
        .ok_or_else(|| {
            let sizes: Vec<String> = sizes.iter().map(ToString::to_string).collect();
            format!(
                "it is too large ({}); the limit is {LIMIT}, make it smaller",
                sizes.join(" x ")
            )
        })
}

/// `rows` copies of `row`.
pub(crate) fn fill_rows(to: &mut Vec<f32>, rows: usize, row: &[f32]) {
    to.clear();
    to.reserve(rows * row.len());
    for _ in 0..rows {
        to.extend_from_slice(row);
    }
}

/// Adds all rows of `rows` to `sum`.
pub(crate) fn add_rows(sum: &mut [f32], rows: &[f32]) {
    for row in rows.chunks_exact(sum.len()) {
        for (sum, value) in sum.iter_mut().zip(row) {
            *sum += value;
        }
    }
}
