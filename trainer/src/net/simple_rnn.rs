//! SimpleRNN (Elman 1990): `h' = activation(x Wx + h Wh + b)`, forward in time, backward through time; and with a
//! LayerNorm before the activation.
use super::activation;
use super::gate::Gate;
use super::gemm::{Matrix, multiply};
use super::layer_norm::Normal;
use super::operation::{
    Backward, Forward, Operation, Packs, Scratch, add_rows, parameters, shapes, zeros,
};
use super::recurrent::{Arguments, Sizes, States};
use super::shape::Shape;
use crate::config::Activation;
use crate::data::random::Random;

#[derive(Debug, Clone, PartialEq)]
pub struct SimpleRnn {
    pub units: usize,
    /// tanh, relu, sigmoid, hard_sigmoid or linear.
    pub activation: Activation,
    /// The hidden states of all steps, or of the last one.
    pub return_sequences: bool,
    /// Without it the bias stays zero.
    pub use_bias: bool,
    pub input: Shape,
    pub output: Shape,
    /// `[inputs, units]`.
    pub kernel: Vec<f32>,
    /// `[units, units]`.
    pub recurrent_kernel: Vec<f32>,
    /// `[units]`.
    pub bias: Vec<f32>,
    /// Whether a LayerNorm stands before the activation, as in Géron's LNSimpleRNNCell.
    pub layer_norm: bool,
    /// Of the LayerNorm.
    pub epsilon: f32,
    /// Of the LayerNorm: `[units]`.
    pub gamma: Vec<f32>,
    /// Of the LayerNorm: `[units]`.
    pub beta: Vec<f32>,
}

/// Of the LayerNorm, as in Keras.
const EPSILON: f32 = 1e-3;

impl SimpleRnn {
    /// Fresh weights; an error is the reason alone, without the layer's name.
    pub(crate) fn new(
        arguments: &Arguments,
        layer_norm: bool,
        input: Shape,
        random: &mut Random,
    ) -> Result<Self, String> {
        let Arguments {
            units,
            activation,
            return_sequences,
            use_bias,
        } = *arguments;
        Gate::check(activation, "activation")?;
        let (sizes, (kernel, recurrent_kernel)) = arguments.draw(1, input, random)?;
        Ok(Self {
            units,
            activation,
            return_sequences,
            use_bias,
            input,
            output: sizes.output(),
            kernel,
            recurrent_kernel,
            bias: vec![0.0; units],
            layer_norm,
            epsilon: EPSILON,
            gamma: vec![1.0; units],
            beta: vec![0.0; units],
        })
    }

    fn sizes(&self) -> Sizes {
        Sizes {
            units: self.units,
            gates: 1,
            input: self.input,
            return_sequences: self.return_sequences,
        }
    }

    /// Hidden states after each step for `count` windows `[count, T, C]`: `[count, T, units]`.
    pub fn trace(&self, x: &[f32], count: usize) -> Vec<f32> {
        let mut packs = Packs::default();
        self.pack(&mut packs, false);
        let mut states = States::default();
        self.run(&packs, x, count, &mut states, &mut Normal::default());
        self.sizes().hidden(&states, count)
    }

    /// Fills `states` from `x`.
    fn run(
        &self,
        packs: &Packs,
        x: &[f32],
        count: usize,
        states: &mut States,
        normal: &mut Normal,
    ) {
        normal.clear();
        let row = count * self.units;
        self.sizes().start(packs, &self.bias, x, count, states);
        for t in 0..self.input.steps {
            // h = activation(layer_norm(x Wx + b + h_past Wh))
            let (past, h) = states.hidden.split_at_mut((t + 1) * row);
            let h = &mut h[..row];
            h.copy_from_slice(&states.gates[t * row..(t + 1) * row]);
            let past = Matrix::new(&past[t * row..], count, self.units);
            multiply(past, &packs.recurrent, h, true);
            if self.layer_norm {
                normal.forward(h, self.epsilon, &self.gamma, &self.beta);
            }
            activation::apply(self.activation, h, self.units);
        }
    }
}

impl Operation for SimpleRnn {
    fn name(&self) -> &'static str {
        "simple_rnn"
    }

    shapes!();
    parameters!(kernel, recurrent_kernel, bias if use_bias, gamma if layer_norm, beta if layer_norm);

    fn pack(&self, packs: &mut Packs, training: bool) {
        self.sizes()
            .pack(&self.kernel, &self.recurrent_kernel, packs, training);
    }

    /// `[count, T, C] -> [count, T or 1, units]`.
    fn forward(&self, call: Forward<'_>, scratch: &mut Scratch, y: &mut Vec<f32>) {
        let Forward { packs, count, .. } = call;
        let Scratch { states, normal, .. } = scratch;
        self.run(packs, call.x(), count, states, normal);
        self.sizes().finish(&scratch.states, count, y);
    }

    /// Gradients of kernel, recurrent kernel and bias are added to `gradients`; uses up the states of `forward`.
    fn backward(&self, step: Backward<'_>, scratch: &mut Scratch) {
        let (count, sizes) = (step.count, self.sizes());
        let row = count * self.units;
        let states = &mut scratch.states;
        zeros(&mut states.dh, row);
        for t in (0..self.input.steps).rev() {
            sizes.receive(step.dy, t, &mut states.dh);
            // dz = dh activation'(z)
            let dz = &mut states.gates[t * row..(t + 1) * row];
            dz.copy_from_slice(&states.dh);
            let h = &states.hidden[(t + 1) * row..(t + 2) * row];
            activation::backward(self.activation, &[], h, dz, self.units);
            if self.layer_norm {
                let gradients = &mut step.gradients[2 + usize::from(self.use_bias)..];
                scratch
                    .normal
                    .backward(t * count, dz, &self.gamma, gradients);
            }
            // dh of the step before = dz Wh^T
            if t > 0 {
                let dz = Matrix::new(dz, count, self.units);
                multiply(dz, &step.packs.recurrent_transposed, &mut states.dh, false);
            }
        }
        let dz = Matrix::new(&states.gates, self.input.steps * count, self.units);
        scratch.packed.pack(dz);
        let gradients = step.gradients;
        sizes.add_kernel_gradient(&scratch.packed, states, count, &mut gradients[0]);
        // dWh += h_past^T dz
        let past = sizes.past(states, count);
        multiply(past.transposed(), &scratch.packed, &mut gradients[1], true);
        // db += sum over steps and examples of dz
        if self.use_bias {
            add_rows(&mut gradients[2], &states.gates);
        }
        if let Some(dx) = &mut step.dx[0] {
            sizes.input_gradient(step.packs, states, count, dx);
        }
    }
}
