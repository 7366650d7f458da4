//! The closed set of layers, and what a pass hands to each of them.
use super::conv1d::{self, Conv1d};
use super::dense::Dense;
use super::dropout::Dropout;
use super::flatten::Flatten;
use super::gemm::Packed;
use super::lstm::{self, Lstm, States};
use super::max_pool1d::MaxPool1d;
use super::shape::Shape;
use crate::config::LayerConfig;
use crate::data::random::Random;

#[derive(Debug, Clone, PartialEq)]
pub enum Layer {
    Dense(Dense),
    Conv1d(Conv1d),
    MaxPool1d(MaxPool1d),
    Flatten(Flatten),
    Lstm(Lstm),
    Dropout(Dropout),
}

/// A layer's weights as the matrix product reads them; each layer fills those that it has.
#[derive(Debug, Clone, Default)]
pub(crate) struct Packs {
    pub kernel: Packed,
    pub kernel_transposed: Packed,
    pub recurrent: Packed,
    pub recurrent_transposed: Packed,
}

/// What a layer keeps from its forward pass for its backward pass; each layer uses what it needs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scratch {
    /// Conv1D: the inputs under the kernel.
    pub columns: Vec<f32>,
    /// MaxPool1D: the input step that won each place.
    pub winners: Vec<u32>,
    /// LSTM.
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
            } => Self::MaxPool1d(MaxPool1d::new(
                pool_size,
                strides.unwrap_or(pool_size),
                padding,
                input,
            )?),
            LayerConfig::Flatten => Self::Flatten(Flatten::new(input)),
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
            Self::MaxPool1d(_) => "max_pool1d",
            Self::Flatten(_) => "flatten",
            Self::Lstm(_) => "lstm",
            Self::Dropout(_) => "dropout",
        }
    }

    /// Shape of one example on the way in.
    pub fn input(&self) -> Shape {
        match self {
            Self::Dense(l) => l.input,
            Self::Conv1d(l) => l.input,
            Self::MaxPool1d(l) => l.input,
            Self::Flatten(l) => l.input,
            Self::Lstm(l) => l.input,
            Self::Dropout(l) => l.input,
        }
    }

    /// Shape of one example on the way out.
    pub fn output(&self) -> Shape {
        match self {
            Self::Dense(l) => l.output,
            Self::Conv1d(l) => l.output,
            Self::MaxPool1d(l) => l.output,
            Self::Flatten(l) => l.output,
            Self::Lstm(l) => l.output,
            Self::Dropout(l) => l.output,
        }
    }

    /// The trained tensors by their Keras names.
    pub(crate) fn parameters(&self) -> Vec<(&'static str, &[f32])> {
        let (mut list, bias): (Vec<(_, &[f32])>, _) = match self {
            Self::Dense(l) => (vec![("kernel", &l.kernel)], l.use_bias.then_some(&l.bias)),
            Self::Conv1d(l) => (vec![("kernel", &l.kernel)], l.use_bias.then_some(&l.bias)),
            Self::Lstm(l) => (
                vec![
                    ("kernel", &l.kernel),
                    ("recurrent_kernel", &l.recurrent_kernel),
                ],
                l.use_bias.then_some(&l.bias),
            ),
            Self::MaxPool1d(_) | Self::Flatten(_) | Self::Dropout(_) => (Vec::new(), None),
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
            Self::Lstm(l) => (
                vec![
                    ("kernel", &mut l.kernel),
                    ("recurrent_kernel", &mut l.recurrent_kernel),
                ],
                l.use_bias.then_some(&mut l.bias),
            ),
            Self::MaxPool1d(_) | Self::Flatten(_) | Self::Dropout(_) => (Vec::new(), None),
        };
        list.extend(bias.map(|bias| ("bias", bias.as_mut_slice())));
        list
    }

    /// Packs the weights for `forward`, and with `training` for `backward` too.
    pub(crate) fn pack(&self, packs: &mut Packs, training: bool) {
        match self {
            Self::Dense(l) => l.pack(packs, training),
            Self::Conv1d(l) => l.pack(packs, training),
            Self::Lstm(l) => l.pack(packs, training),
            Self::MaxPool1d(_) | Self::Flatten(_) | Self::Dropout(_) => {}
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
            Self::MaxPool1d(l) => l.forward(x, count, scratch, y),
            Self::Flatten(l) => l.forward(x, y),
            Self::Lstm(l) => l.forward(packs, x, count, scratch, y),
            Self::Dropout(l) => l.forward(x, scratch, y),
        }
    }

    /// After `forward` with the same `scratch`.
    pub(crate) fn backward(&self, step: Backward<'_>, scratch: &mut Scratch) {
        match self {
            Self::Dense(l) => l.backward(step, scratch),
            Self::Conv1d(l) => l.backward(step, scratch),
            Self::MaxPool1d(l) => l.backward(step, scratch),
            Self::Flatten(l) => l.backward(step),
            Self::Lstm(l) => l.backward(step, scratch),
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
