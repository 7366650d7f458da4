//! What the recurrent layers share: sizes, first weights, the time-major order inside a pass, and the gradients of
//! the kernels.
//!
//! Inside a pass everything is time-major, `[T, N, ...]`, so that one step of a mini-batch is one matrix.
use super::gemm::{Matrix, Packed, multiply};
use super::init::{glorot_uniform, orthogonal};
use super::operation::{Packs, fill_rows, weight_count};
use super::shape::Shape;
use crate::config::Activation;
use crate::data::random::Random;

/// A recurrent layer's part of [`Scratch`](super::operation::Scratch): what `forward` leaves for `backward`, time-major.
#[derive(Debug, Clone, Default)]
pub(crate) struct States {
    /// `[T, N, C]`.
    pub x: Vec<f32>,
    /// `[T, N, G U]`: pre-activations, then activations, then (in `backward`) the gradients of the pre-activations.
    pub gates: Vec<f32>,
    /// h before each step and after the last: `[T + 1, N, U]`.
    pub hidden: Vec<f32>,
    /// LSTM: c before each step and after the last: `[T + 1, N, U]`.
    pub cells: Vec<f32>,
    /// LSTM: activation(c) after each step: `[T, N, U]`.
    pub squashed: Vec<f32>,
    /// GRU: what z and r get from h at one step: `[N, 2 U]`.
    pub from_hidden: Vec<f32>,
    /// GRU: what the candidate gets from h: `[T, N, U]`; with `reset_after` its gradient after `backward`.
    pub candidate: Vec<f32>,
    /// GRU without `reset_after`: r h before each step: `[T, N, U]`.
    pub reset: Vec<f32>,
    pub dh: Vec<f32>,
    /// LSTM: dL/dc; GRU: dL/d(r h).
    pub dc: Vec<f32>,
}

/// The sizes of a recurrent layer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub units: usize,
    /// Columns of both kernels for each unit.
    pub gates: usize,
    pub input: Shape,
    pub return_sequences: bool,
}

impl Sizes {
    /// Columns of both kernels.
    pub fn width(&self) -> usize {
        self.gates * self.units
    }

    /// Shape of one example on the way out.
    pub fn output(&self) -> Shape {
        Shape {
            steps: if self.return_sequences {
                self.input.steps
            } else {
                1
            },
            channels: self.units,
        }
    }

    /// Fresh kernel and recurrent kernel as Keras draws them; an error is the reason alone.
    fn draw(&self, random: &mut Random) -> Result<Kernels, String> {
        if self.units == 0 {
            return Err("units is 0; give at least 1".into());
        }
        let count = weight_count(&[self.input.channels, self.gates, self.units])?;
        weight_count(&[self.units, self.gates, self.units])?;
        let kernel = glorot_uniform(count, self.input.channels, self.width(), random);
        Ok((kernel, orthogonal(self.units, self.width(), random)))
    }

    pub fn kernel<'a>(&self, kernel: &'a [f32]) -> Matrix<'a> {
        Matrix::new(kernel, self.input.channels, self.width())
    }

    pub fn recurrent<'a>(&self, kernel: &'a [f32]) -> Matrix<'a> {
        Matrix::new(kernel, self.units, self.width())
    }

    /// Packs both kernels.
    pub fn pack(&self, kernel: &[f32], recurrent: &[f32], packs: &mut Packs, training: bool) {
        let (kernel, recurrent) = (self.kernel(kernel), self.recurrent(recurrent));
        pack_both_ways(
            kernel,
            &mut packs.kernel,
            &mut packs.kernel_transposed,
            training,
        );
        pack_both_ways(
            recurrent,
            &mut packs.recurrent,
            &mut packs.recurrent_transposed,
            training,
        );
    }

    /// Before the first step: the windows `[count, T, C]` in time-major order, the gates at `x Wx + b` for all steps
    /// at once, and h zero.
    pub fn start(&self, packs: &Packs, bias: &[f32], x: &[f32], count: usize, states: &mut States) {
        let steps = self.input.steps;
        swap_outer(x, count, steps, self.input.channels, &mut states.x);
        fill_rows(&mut states.gates, steps * count, bias);
        let x = Matrix::new(&states.x, steps * count, self.input.channels);
        multiply(x, &packs.kernel, &mut states.gates, true);
        states.hidden.clear();
        states.hidden.resize((steps + 1) * count * self.units, 0.0);
    }

    /// After the last step: the layer's outputs `[count, T or 1, units]`.
    pub fn finish(&self, states: &States, count: usize, y: &mut Vec<f32>) {
        let after_first = &states.hidden[count * self.units..];
        if self.return_sequences {
            swap_outer(after_first, self.input.steps, count, self.units, y);
        } else {
            y.clear();
            y.extend_from_slice(&after_first[(self.input.steps - 1) * count * self.units..]);
        }
    }

    /// `[T, N, width] -> [N, T, width]`, for a trace.
    pub fn example_major(&self, values: &[f32], count: usize, width: usize) -> Vec<f32> {
        let mut swapped = Vec::new();
        swap_outer(values, self.input.steps, count, width, &mut swapped);
        swapped
    }

    /// Hidden states after each step, `[N, T, units]`, for a trace.
    pub fn hidden(&self, states: &States, count: usize) -> Vec<f32> {
        self.example_major(&states.hidden[count * self.units..], count, self.units)
    }

    /// Adds to `dh`, which the next step has left, what step `t` gets from the layer above: `dy` is
    /// `[count, T or 1, units]`.
    pub fn receive(&self, dy: &[f32], t: usize, dh: &mut [f32]) {
        if self.return_sequences {
            let above = dy.chunks_exact(self.input.steps * self.units);
            for (dh, dy) in dh.chunks_exact_mut(self.units).zip(above) {
                for (dh, dy) in dh.iter_mut().zip(&dy[t * self.units..]) {
                    *dh += dy;
                }
            }
        } else if t == self.input.steps - 1 {
            dh.copy_from_slice(dy);
        }
    }

    /// Adds the kernel's gradient to `gradient`; `packed` holds the gates' gradients: `dWx += x^T dz`.
    pub fn add_kernel_gradient(
        &self,
        packed: &Packed,
        states: &States,
        count: usize,
        gradient: &mut [f32],
    ) {
        let x = Matrix::new(&states.x, self.input.steps * count, self.input.channels);
        multiply(x.transposed(), packed, gradient, true);
    }

    /// h before each step, `[T N, units]`.
    pub fn past<'a>(&self, states: &'a States, count: usize) -> Matrix<'a> {
        let rows = self.input.steps * count;
        Matrix::new(&states.hidden[..rows * self.units], rows, self.units)
    }

    /// `dx = dz Wx^T`, `[count, T, C]`; uses up `states.x`.
    pub fn input_gradient(
        &self,
        packs: &Packs,
        states: &mut States,
        count: usize,
        dx: &mut Vec<f32>,
    ) {
        let (steps, channels) = (self.input.steps, self.input.channels);
        let dz = Matrix::new(&states.gates, steps * count, self.width());
        multiply(dz, &packs.kernel_transposed, &mut states.x, false);
        swap_outer(&states.x, steps, count, channels, dx);
    }
}

/// The arguments that recurrent layers share, under their Keras names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arguments {
    pub units: usize,
    pub activation: Activation,
    pub return_sequences: bool,
    pub use_bias: bool,
}

impl Arguments {
    /// The sizes of a layer with these arguments and `gates` columns a unit, and its fresh kernels; an error is the
    /// reason alone.
    pub(super) fn draw(
        &self,
        gates: usize,
        input: Shape,
        random: &mut Random,
    ) -> Result<(Sizes, Kernels), String> {
        let sizes = Sizes {
            units: self.units,
            gates,
            input,
            return_sequences: self.return_sequences,
        };
        Ok((sizes, sizes.draw(random)?))
    }
}

/// A kernel and a recurrent kernel.
pub(super) type Kernels = (Vec<f32>, Vec<f32>);

/// Packs a matrix for `forward`, and in training its transpose for `backward`.
pub(super) fn pack_both_ways(
    matrix: Matrix<'_>,
    packed: &mut Packed,
    transposed: &mut Packed,
    training: bool,
) {
    packed.pack(matrix);
    if training {
        transposed.pack(matrix.transposed());
    }
}

/// `[a, b, width] -> [b, a, width]`.
fn swap_outer(from: &[f32], a: usize, b: usize, width: usize, to: &mut Vec<f32>) {
    to.clear();
    to.reserve(from.len());
    for j in 0..b {
        for i in 0..a {
            let start = (i * b + j) * width;
            to.extend_from_slice(&from[start..start + width]);
        }
    }
}
