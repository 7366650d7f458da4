//! Conv1D: a dense layer over the steps under a kernel that walks along time.
use super::activation;
use super::gemm::{Matrix, multiply};
use super::init::glorot_uniform;
use super::operation::{
    Backward, Forward, Operation, Packs, Scratch, add_rows, fill_rows, parameters, shapes,
    weight_count, zeros,
};
use super::shape::{Shape, Walk};
use crate::config::{Activation, Padding};
use crate::data::random::Random;

#[derive(Debug, Clone, PartialEq)]
pub struct Conv1d {
    pub filters: usize,
    pub kernel_size: usize,
    pub padding: Padding,
    pub strides: usize,
    pub dilation_rate: usize,
    pub activation: Activation,
    /// Without it the bias stays zero.
    pub use_bias: bool,
    pub input: Shape,
    pub output: Shape,
    /// `[kernel_size, channels, filters]`.
    pub kernel: Vec<f32>,
    /// `[filters]`.
    pub bias: Vec<f32>,
    pub(crate) walk: Walk,
}

/// The arguments of a Conv1D under their Keras names.
pub(crate) struct Arguments {
    pub filters: usize,
    /// Above 1 it is a [`GroupedConv1d`](super::GroupedConv1d).
    pub groups: usize,
    pub kernel_size: usize,
    pub padding: Padding,
    pub strides: usize,
    pub dilation_rate: usize,
    pub activation: Activation,
    pub use_bias: bool,
}

impl Arguments {
    /// The walk over `input` steps, when the arguments are possible; an error is the reason alone.
    pub fn walk(&self, input: Shape) -> Result<Walk, String> {
        let &Self {
            filters,
            groups,
            kernel_size,
            padding,
            strides,
            dilation_rate,
            activation,
            use_bias: _,
        } = self;
        for (name, value) in [
            ("filters", filters),
            ("groups", groups),
            ("kernel_size", kernel_size),
            ("strides", strides),
            ("dilation_rate", dilation_rate),
        ] {
            if value == 0 {
                return Err(format!("{name} is 0; give at least 1"));
            }
        }
        if activation == Activation::Softmax {
            return Err("softmax is for dense layers; use another activation here".into());
        }
        if strides > 1 && dilation_rate > 1 {
            return Err(format!(
                "strides = {strides} with dilation_rate = {dilation_rate} is not defined (nor in Keras); set one of \
                 them to 1"
            ));
        }
        weight_count(&[kernel_size, dilation_rate])?;
        let Some(walk) = Walk::new(kernel_size, strides, dilation_rate, padding, input.steps)
        else {
            return Err(format!(
                "a kernel of {kernel_size} steps with dilation_rate {dilation_rate} spans {} steps but its input has {}; \
                 make it shorter, or use padding = \"same\" or \"causal\"",
                (kernel_size - 1) * dilation_rate + 1,
                input.steps
            ));
        };
        Ok(walk)
    }
}

impl Conv1d {
    /// Fresh weights; an error is the reason alone, without the layer's name.
    pub(crate) fn new(
        arguments: &Arguments,
        input: Shape,
        random: &mut Random,
    ) -> Result<Self, String> {
        let &Arguments {
            filters,
            groups: _,
            kernel_size,
            padding,
            strides,
            dilation_rate,
            activation,
            use_bias,
        } = arguments;
        let walk = arguments.walk(input)?;
        let count = weight_count(&[kernel_size, input.channels, filters])?;
        Ok(Self {
            filters,
            kernel_size,
            padding,
            strides,
            dilation_rate,
            activation,
            use_bias,
            input,
            output: Shape {
                steps: walk.steps,
                channels: filters,
            },
            // Keras counts the kernel's steps into both fans.
            kernel: glorot_uniform(
                count,
                kernel_size * input.channels,
                kernel_size * filters,
                random,
            ),
            bias: vec![0.0; filters],
            walk,
        })
    }

    /// Values under the kernel at one output step.
    fn taps(&self) -> usize {
        self.kernel_size * self.input.channels
    }

    fn kernel_matrix(&self) -> Matrix<'_> {
        Matrix::new(&self.kernel, self.taps(), self.filters)
    }

    /// The inputs under the kernel side by side: `[count, T', kernel_size, C]`.
    fn gather(&self, x: &[f32], count: usize, columns: &mut Vec<f32>) {
        let channels = self.input.channels;
        zeros(columns, count * self.output.steps * self.taps());
        let windows = columns.chunks_exact_mut(self.output.steps * self.taps());
        for (window, x) in windows.zip(x.chunks_exact(self.input.size())) {
            for (t, row) in window.chunks_exact_mut(self.taps()).enumerate() {
                for (k, tap) in row.chunks_exact_mut(channels).enumerate() {
                    if let Some(step) = self.walk.source(t, k, self.input.steps) {
                        tap.copy_from_slice(&x[step * channels..(step + 1) * channels]);
                    }
                }
            }
        }
    }

    fn scatter(&self, dcolumns: &[f32], dx: &mut [f32]) {
        let channels = self.input.channels;
        let windows = dcolumns.chunks_exact(self.output.steps * self.taps());
        for (window, dx) in windows.zip(dx.chunks_exact_mut(self.input.size())) {
            for (t, row) in window.chunks_exact(self.taps()).enumerate() {
                for (k, tap) in row.chunks_exact(channels).enumerate() {
                    if let Some(step) = self.walk.source(t, k, self.input.steps) {
                        let dx = &mut dx[step * channels..(step + 1) * channels];
                        for (dx, d) in dx.iter_mut().zip(tap) {
                            *dx += d;
                        }
                    }
                }
            }
        }
    }
}

impl Operation for Conv1d {
    fn name(&self) -> &'static str {
        "conv1d"
    }

    shapes!();
    parameters!(kernel, bias if use_bias);

    fn pack(&self, packs: &mut Packs, training: bool) {
        packs.kernel.pack(self.kernel_matrix());
        if training {
            packs
                .kernel_transposed
                .pack(self.kernel_matrix().transposed());
        }
    }

    /// `[count, T, C] -> [count, T', filters]`.
    fn forward(&self, call: Forward<'_>, scratch: &mut Scratch, y: &mut Vec<f32>) {
        // y[t] = activation(sum_k x[t stride + k dilation - left] W[k] + b); steps in the padding are 0.
        self.gather(call.x(), call.count, &mut scratch.columns);
        let rows = call.count * self.output.steps;
        fill_rows(y, rows, &self.bias);
        let columns = Matrix::new(&scratch.columns, rows, self.taps());
        multiply(columns, &call.packs.kernel, y, true);
        activation::apply_and_keep(self.activation, y, self.filters, &mut scratch.arguments);
    }

    /// Gradients of kernel and bias are added to `gradients`; reads the columns that `forward` left in `scratch`.
    fn backward(&self, step: Backward<'_>, scratch: &mut Scratch) {
        let rows = step.count * self.output.steps;
        let dz = step.dy;
        // dz = dy activation'(z)
        activation::backward(
            self.activation,
            &scratch.arguments,
            step.y,
            dz,
            self.filters,
        );
        // dW += columns^T dz
        let columns = Matrix::new(&scratch.columns, rows, self.taps());
        scratch.packed.pack(Matrix::new(dz, rows, self.filters));
        multiply(
            columns.transposed(),
            &scratch.packed,
            &mut step.gradients[0],
            true,
        );
        // db += sum over rows of dz
        if self.use_bias {
            add_rows(&mut step.gradients[1], dz);
        }
        // dcolumns = dz W^T, and dx[t stride + k dilation - left] += dcolumns[t, k]
        if let Some(dx) = &mut step.dx[0] {
            let dz = Matrix::new(dz, rows, self.filters);
            multiply(
                dz,
                &step.packs.kernel_transposed,
                &mut scratch.columns,
                false,
            );
            zeros(dx, step.count * self.input.size());
            self.scatter(&scratch.columns, dx);
        }
    }
}
