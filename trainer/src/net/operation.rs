//! What every layer can do, and what a pass hands to it.
use super::batch_norm::{Moments, Sums};
use super::gemm::Packed;
use super::layer_norm::Normal;
use super::recurrent::States;
use super::shape::Shape;

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
    /// Dense, Conv1D: what the activation was applied to, where its derivative needs that.
    pub arguments: Vec<f32>,
    /// LayerNorm and BatchNorm.
    pub normal: Normal,
    /// BatchNorm in training: of the whole mini-batch.
    pub moments: Option<Moments>,
    /// BatchNorm in training: of the gradients of the whole mini-batch.
    pub slope_sums: Sums,
    /// dz as the right side of a product.
    pub packed: Packed,
}

/// What a layer's forward pass reads.
#[derive(Clone, Copy)]
pub(crate) struct Forward<'a> {
    pub packs: &'a Packs,
    /// Examples.
    pub count: usize,
    /// `[count, T, C]` each; merges have several, the other layers one.
    pub inputs: &'a [&'a [f32]],
}

impl<'a> Forward<'a> {
    /// The only input.
    pub fn x(&self) -> &'a [f32] {
        self.inputs[0]
    }
}

/// One layer's backward pass: from dL/dy to dL/dx and the gradients of the weights.
pub(crate) struct Backward<'a> {
    pub packs: &'a Packs,
    pub count: usize,
    pub inputs: &'a [&'a [f32]],
    pub y: &'a [f32],
    /// dL/dy on entry; the layer may overwrite it.
    pub dy: &'a mut [f32],
    /// The loss has already gone through the activation: `dy` is dL/dz (softmax with cross-entropy).
    pub dy_is_dz: bool,
    /// Where dL/dx of each input goes, whatever is there; `None` where nobody asks for it.
    pub dx: &'a mut [Option<Vec<f32>>],
    /// One vector a trained tensor, in the order of `parameters`; the layer adds to them.
    pub gradients: &'a mut [Vec<f32>],
}

impl<'a> Backward<'a> {
    /// The only input.
    pub fn x(&self) -> &'a [f32] {
        self.inputs[0]
    }
}

/// A layer of the network; all layers are variants of [`Layer`](super::Layer).
pub(crate) trait Operation {
    /// The layer's name as in a model description.
    fn name(&self) -> &'static str;

    /// Shape of one example on the way in; of a merge, of its last input.
    fn input(&self) -> Shape;

    /// Shape of one example on the way out.
    fn output(&self) -> Shape;

    /// The trained tensors by their Keras names.
    fn parameters(&self) -> Vec<(&'static str, &[f32])> {
        Vec::new()
    }

    /// The trained tensors, in the same order.
    fn parameters_mut(&mut self) -> Vec<(&'static str, &mut [f32])> {
        Vec::new()
    }

    /// Packs the weights for `forward`, and with `training` for `backward` too.
    fn pack(&self, _packs: &mut Packs, _training: bool) {}

    /// `count` examples through the layer; whatever `y` holds before is lost.
    fn forward(&self, call: Forward<'_>, scratch: &mut Scratch, y: &mut Vec<f32>);

    /// After `forward` with the same `scratch`.
    fn backward(&self, step: Backward<'_>, scratch: &mut Scratch);
}

/// `input` and `output` of a layer with fields of these names.
macro_rules! shapes {
    () => {
        fn input(&self) -> crate::net::shape::Shape {
            self.input
        }

        fn output(&self) -> crate::net::shape::Shape {
            self.output
        }
    };
}
pub(crate) use shapes;

/// `parameters` and `parameters_mut` of a layer from its fields; `field if flag` only where that field is true.
macro_rules! parameters {
    ($($field:ident $(if $flag:ident)?),+) => {
        fn parameters(&self) -> Vec<(&'static str, &[f32])> {
            let mut list: Vec<(&'static str, &[f32])> = Vec::new();
            $(if true $(&& self.$flag)? {
                list.push((stringify!($field), &self.$field));
            })+
            list
        }

        fn parameters_mut(&mut self) -> Vec<(&'static str, &mut [f32])> {
            let mut list: Vec<(&'static str, &mut [f32])> = Vec::new();
            $(if true $(&& self.$flag)? {
                list.push((stringify!($field), &mut self.$field));
            })+
            list
        }
    };
}
pub(crate) use parameters;

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

/// `count` zeros, in the memory of `values`.
pub(crate) fn zeros(values: &mut Vec<f32>, count: usize) {
    values.clear();
    values.resize(count, 0.0);
}
