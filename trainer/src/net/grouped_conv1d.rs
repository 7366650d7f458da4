//! Conv1D with groups: each filter sees the channels of its own group; with a group for each channel it is the depthwise
//! convolution.
use super::activation;
use super::conv1d::Arguments;
use super::init::glorot_uniform;
use super::operation::{
    Backward, Forward, Operation, Scratch, add_rows, fill_rows, parameters, shapes, weight_count,
    zeros,
};
use super::shape::{Shape, Walk};
use crate::config::{Activation, Padding};
use crate::data::random::Random;

/// `[T, C] -> [T', filters]`.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupedConv1d {
    pub filters: usize,
    /// Divides the channels and the filters; filter f sees the channels of group `f / (filters / groups)`.
    pub groups: usize,
    pub kernel_size: usize,
    pub padding: Padding,
    pub strides: usize,
    pub dilation_rate: usize,
    pub activation: Activation,
    /// Without it the bias stays zero.
    pub use_bias: bool,
    pub input: Shape,
    pub output: Shape,
    /// `[kernel_size, channels / groups, filters]`; of a depthwise convolution Keras's `[kernel_size, channels,
    /// depth_multiplier]`, which is the same.
    pub kernel: Vec<f32>,
    /// `[filters]`.
    pub bias: Vec<f32>,
    pub(crate) walk: Walk,
}

impl GroupedConv1d {
    /// Fresh weights; an error is the reason alone, without the layer's name.
    pub(crate) fn new(
        arguments: &Arguments,
        input: Shape,
        random: &mut Random,
    ) -> Result<Self, String> {
        let &Arguments {
            filters,
            groups,
            kernel_size,
            ..
        } = arguments;
        let walk = arguments.walk(input)?;
        if !input.channels.is_multiple_of(groups) || !filters.is_multiple_of(groups) {
            return Err(format!(
                "groups = {groups} must divide the {} channels of its input and its {filters} filters",
                input.channels
            ));
        }
        let channels = input.channels / groups;
        let count = weight_count(&[kernel_size, channels, filters])?;
        // Keras counts a depthwise kernel [kernel_size, channels, depth_multiplier] with all of its channels.
        let (fan_in, fan_out) = if groups == input.channels {
            (input.channels, filters / groups)
        } else {
            (channels, filters)
        };
        let kernel = glorot_uniform(count, kernel_size * fan_in, kernel_size * fan_out, random);
        Ok(Self::of(arguments, input, walk, kernel, vec![0.0; filters]))
    }

    /// A scale and an offset for each channel: a depthwise convolution of kernel 1; an error is the reason alone.
    pub(crate) fn pointwise(
        input: Shape,
        scale: Vec<f32>,
        offset: Option<Vec<f32>>,
    ) -> Result<Self, String> {
        let arguments = Arguments {
            filters: input.channels,
            groups: input.channels,
            kernel_size: 1,
            padding: Padding::Valid,
            strides: 1,
            dilation_rate: 1,
            activation: Activation::Linear,
            use_bias: offset.is_some(),
        };
        let walk = arguments.walk(input)?;
        let bias = offset.unwrap_or_else(|| vec![0.0; input.channels]);
        Ok(Self::of(&arguments, input, walk, scale, bias))
    }

    fn of(
        arguments: &Arguments,
        input: Shape,
        walk: Walk,
        kernel: Vec<f32>,
        bias: Vec<f32>,
    ) -> Self {
        let Arguments {
            filters,
            groups,
            kernel_size,
            padding,
            strides,
            dilation_rate,
            activation,
            use_bias,
        } = *arguments;
        Self {
            filters,
            groups,
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
            kernel,
            bias,
            walk,
        }
    }

    /// Calls `tap` with each output row, kernel step and the input row that it meets, in the order of time, then of the
    /// kernel; rows are counted over all windows.
    fn taps(&self, count: usize, mut tap: impl FnMut(usize, usize, usize)) {
        for window in 0..count {
            for t in 0..self.output.steps {
                for k in 0..self.kernel_size {
                    if let Some(step) = self.walk.source(t, k, self.input.steps) {
                        let row = window * self.output.steps + t;
                        tap(row, k, window * self.input.steps + step);
                    }
                }
            }
        }
    }

    /// Channels of a group, filters of a group.
    fn group(&self) -> (usize, usize) {
        (
            self.input.channels / self.groups,
            self.filters / self.groups,
        )
    }

    /// y += x W at one tap.
    fn multiply(&self, x: &[f32], kernel: &[f32], y: &mut [f32]) {
        let (channels, filters) = self.group();
        if channels == 1 && filters == 1 {
            for ((y, x), w) in y.iter_mut().zip(x).zip(kernel) {
                *y += x * w;
            }
            return;
        }
        for (c, kernel) in kernel.chunks_exact(self.filters).enumerate() {
            let groups = y
                .chunks_exact_mut(filters)
                .zip(kernel.chunks_exact(filters));
            for ((y, w), x) in groups.zip(x.chunks_exact(channels)) {
                for (y, w) in y.iter_mut().zip(w) {
                    *y += x[c] * w;
                }
            }
        }
    }

    /// dW += x dz and dx += dz W at one tap.
    fn multiply_back(
        &self,
        x: &[f32],
        kernel: &[f32],
        dz: &[f32],
        dkernel: &mut [f32],
        dx: Option<&mut [f32]>,
    ) {
        let (channels, filters) = self.group();
        for (c, dkernel) in dkernel.chunks_exact_mut(self.filters).enumerate() {
            let groups = dkernel
                .chunks_exact_mut(filters)
                .zip(dz.chunks_exact(filters));
            for ((dw, dz), x) in groups.zip(x.chunks_exact(channels)) {
                for (dw, dz) in dw.iter_mut().zip(dz) {
                    *dw += x[c] * dz;
                }
            }
        }
        let Some(dx) = dx else { return };
        for (c, kernel) in kernel.chunks_exact(self.filters).enumerate() {
            let groups = kernel.chunks_exact(filters).zip(dz.chunks_exact(filters));
            for ((w, dz), dx) in groups.zip(dx.chunks_exact_mut(channels)) {
                dx[c] += w.iter().zip(dz).map(|(w, dz)| w * dz).sum::<f32>();
            }
        }
    }
}

impl Operation for GroupedConv1d {
    fn name(&self) -> &'static str {
        if self.groups == self.input.channels {
            "depthwise_conv1d"
        } else {
            "conv1d"
        }
    }

    shapes!();
    parameters!(kernel, bias if use_bias);

    /// y[t, f] = activation(sum_k sum_c x[t stride + k dilation - left, c] W[k, c, f] + b[f]), c over the group of f.
    fn forward(&self, call: Forward<'_>, scratch: &mut Scratch, y: &mut Vec<f32>) {
        let x = call.x();
        let channels = self.input.channels;
        let taps = self.kernel.len() / self.kernel_size;
        fill_rows(y, call.count * self.output.steps, &self.bias);
        self.taps(call.count, |row, k, from| {
            self.multiply(
                &x[from * channels..(from + 1) * channels],
                &self.kernel[k * taps..(k + 1) * taps],
                &mut y[row * self.filters..(row + 1) * self.filters],
            );
        });
        activation::apply_and_keep(self.activation, y, self.filters, &mut scratch.arguments);
    }

    fn backward(&self, step: Backward<'_>, scratch: &mut Scratch) {
        let x = step.x();
        let dz = step.dy;
        activation::backward(
            self.activation,
            &scratch.arguments,
            step.y,
            dz,
            self.filters,
        );
        if self.use_bias {
            add_rows(&mut step.gradients[1], dz);
        }
        let channels = self.input.channels;
        let taps = self.kernel.len() / self.kernel_size;
        let gradient = &mut step.gradients[0];
        let mut dx = step.dx[0].as_mut();
        if let Some(dx) = &mut dx {
            zeros(dx, x.len());
        }
        self.taps(step.count, |row, k, from| {
            let from = from * channels..(from + 1) * channels;
            let tap = k * taps..(k + 1) * taps;
            self.multiply_back(
                &x[from.clone()],
                &self.kernel[tap.clone()],
                &dz[row * self.filters..(row + 1) * self.filters],
                &mut gradient[tap],
                dx.as_mut().map(|dx| &mut dx[from]),
            );
        });
    }
}
