//! Dense: `y = activation(x W + b)` at every step.
use super::activation;
use super::gemm::{Matrix, multiply};
use super::init::glorot_uniform;
use super::operation::{
    Backward, Forward, Operation, Packs, Scratch, add_rows, fill_rows, parameters, shapes,
    weight_count,
};
use super::shape::Shape;
use crate::config::Activation;
use crate::data::random::Random;

#[derive(Debug, Clone, PartialEq)]
pub struct Dense {
    pub units: usize,
    pub activation: Activation,
    /// Without it the bias stays zero.
    pub use_bias: bool,
    pub input: Shape,
    pub output: Shape,
    /// `[inputs, units]`; the inputs are the channels of one step.
    pub kernel: Vec<f32>,
    /// `[units]`.
    pub bias: Vec<f32>,
}

impl Dense {
    /// Fresh weights; an error is the reason alone, without the layer's name.
    pub(crate) fn new(
        units: usize,
        activation: Activation,
        use_bias: bool,
        input: Shape,
        random: &mut Random,
    ) -> Result<Self, String> {
        if units == 0 {
            return Err("units is 0; give at least 1".into());
        }
        let count = weight_count(&[input.channels, units])?;
        Ok(Self {
            units,
            activation,
            use_bias,
            input,
            output: Shape {
                steps: input.steps,
                channels: units,
            },
            kernel: glorot_uniform(count, input.channels, units, random),
            bias: vec![0.0; units],
        })
    }

    fn kernel_matrix(&self) -> Matrix<'_> {
        Matrix::new(&self.kernel, self.input.channels, self.units)
    }
}

impl Operation for Dense {
    fn name(&self) -> &'static str {
        "dense"
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

    /// `[count, T, C] -> [count, T, units]`.
    fn forward(&self, call: Forward<'_>, scratch: &mut Scratch, y: &mut Vec<f32>) {
        // y = activation(x W + b)
        let rows = call.count * self.input.steps;
        fill_rows(y, rows, &self.bias);
        let x = Matrix::new(call.x(), rows, self.input.channels);
        multiply(x, &call.packs.kernel, y, true);
        activation::apply_and_keep(self.activation, y, self.units, &mut scratch.arguments);
    }

    /// Gradients of kernel and bias are added to `gradients`.
    fn backward(&self, step: Backward<'_>, scratch: &mut Scratch) {
        let rows = step.count * self.input.steps;
        let x = step.x();
        let dz = step.dy;
        // dz = dy activation'(z)
        if !step.dy_is_dz {
            activation::backward(self.activation, &scratch.arguments, step.y, dz, self.units);
        }
        // dW += x^T dz
        let x = Matrix::new(x, rows, self.input.channels);
        scratch.packed.pack(Matrix::new(dz, rows, self.units));
        multiply(
            x.transposed(),
            &scratch.packed,
            &mut step.gradients[0],
            true,
        );
        // db += sum over rows of dz
        if self.use_bias {
            add_rows(&mut step.gradients[1], dz);
        }
        // dx = dz W^T
        if let Some(dx) = &mut step.dx[0] {
            dx.resize(x.values.len(), 0.0);
            let dz = Matrix::new(dz, rows, self.units);
            multiply(dz, &step.packs.kernel_transposed, dx, false);
        }
    }
}
