//! LSTM (Hochreiter and Schmidhuber 1997; gates as in Keras): forward in time, backward through time.
use pulp::Arch;

use super::gate::Gate;
use super::gemm::{Matrix, multiply};
use super::lstm_cell::{Cell, CellBackward};
use super::operation::{
    Backward, Forward, Operation, Packs, Scratch, add_rows, parameters, shapes, zeros,
};
use super::recurrent::{Arguments, Sizes, States};
use super::shape::Shape;
use crate::config::Activation;
use crate::data::random::Random;

const GATES: usize = 4;

#[derive(Debug, Clone, PartialEq)]
pub struct Lstm {
    pub units: usize,
    /// tanh, relu, sigmoid, hard_sigmoid or linear: of the candidate and of the cell state.
    pub activation: Activation,
    /// One of the same: of the gates.
    pub recurrent_activation: Activation,
    /// The hidden states of all steps, or of the last one.
    pub return_sequences: bool,
    /// Without it the bias stays zero.
    pub use_bias: bool,
    pub input: Shape,
    pub output: Shape,
    /// `[inputs, 4 * units]`, gates in the order input, forget, candidate, output.
    pub kernel: Vec<f32>,
    /// `[units, 4 * units]`, gates in the same order.
    pub recurrent_kernel: Vec<f32>,
    /// `[4 * units]`, gates in the same order.
    pub bias: Vec<f32>,
}

/// What happens inside an LSTM, for calibration; example-major.
#[derive(Debug, Clone, PartialEq)]
pub struct LstmTrace {
    /// Pre-activations of the gates i, f, c, o: `[N, T, 4 * units]`.
    pub gates: Vec<f32>,
    /// Cell states after each step: `[N, T, units]`.
    pub cells: Vec<f32>,
    /// Hidden states after each step: `[N, T, units]`.
    pub hidden: Vec<f32>,
}

impl Lstm {
    /// Fresh weights; an error is the reason alone, without the layer's name.
    pub(crate) fn new(
        arguments: &Arguments,
        recurrent_activation: Activation,
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
        Gate::check(recurrent_activation, "recurrent_activation")?;
        let (sizes, (kernel, recurrent_kernel)) = arguments.draw(GATES, input, random)?;
        let mut bias = vec![0.0; 4 * units];
        if use_bias {
            // Remember at first (Jozefowicz et al. 2015): unit_forget_bias in Keras.
            bias[units..2 * units].fill(1.0);
        }
        Ok(Self {
            units,
            activation,
            recurrent_activation,
            return_sequences,
            use_bias,
            input,
            output: sizes.output(),
            kernel,
            recurrent_kernel,
            bias,
        })
    }

    fn sizes(&self) -> Sizes {
        Sizes {
            units: self.units,
            gates: GATES,
            input: self.input,
            return_sequences: self.return_sequences,
        }
    }

    /// Gates, cell states and hidden states of all steps for `count` windows `[count, T, C]`.
    pub fn trace(&self, x: &[f32], count: usize) -> LstmTrace {
        let mut packs = Packs::default();
        self.pack(&mut packs, false);
        let mut states = States::default();
        let mut before = Vec::new();
        self.run(&packs, x, count, &mut states, Some(&mut before));
        let sizes = self.sizes();
        let cells = &states.cells[count * self.units..];
        LstmTrace {
            gates: sizes.example_major(&before, count, sizes.width()),
            cells: sizes.example_major(cells, count, self.units),
            hidden: sizes.hidden(&states, count),
        }
    }

    /// Fills `states` from `x`; `before` gets the pre-activations, time-major.
    fn run(
        &self,
        packs: &Packs,
        x: &[f32],
        count: usize,
        states: &mut States,
        mut before: Option<&mut Vec<f32>>,
    ) {
        let (steps, row) = (self.input.steps, count * self.units);
        self.sizes().start(packs, &self.bias, x, count, states);
        zeros(&mut states.cells, (steps + 1) * row);
        states.squashed.resize(steps * row, 0.0);
        for t in 0..steps {
            // z += h Wh
            let z = &mut states.gates[t * 4 * row..(t + 1) * 4 * row];
            let (past, h) = states.hidden.split_at_mut((t + 1) * row);
            let past = Matrix::new(&past[t * row..], count, self.units);
            multiply(past, &packs.recurrent, z, true);
            if let Some(before) = &mut before {
                before.extend_from_slice(z);
            }
            let (past, c) = states.cells.split_at_mut((t + 1) * row);
            let cell = Cell {
                units: self.units,
                activation: Gate::of(self.activation),
                recurrent: Gate::of(self.recurrent_activation),
                z,
                c_past: &past[t * row..],
                c: &mut c[..row],
                squashed: &mut states.squashed[t * row..(t + 1) * row],
                h: &mut h[..row],
            };
            Arch::new().dispatch(
                #[inline(always)]
                || cell.forward(),
            );
        }
    }
}

impl Operation for Lstm {
    fn name(&self) -> &'static str {
        "lstm"
    }

    shapes!();
    parameters!(kernel, recurrent_kernel, bias if use_bias);

    fn pack(&self, packs: &mut Packs, training: bool) {
        self.sizes()
            .pack(&self.kernel, &self.recurrent_kernel, packs, training);
    }

    /// `[count, T, C] -> [count, T or 1, units]`.
    fn forward(&self, call: Forward<'_>, scratch: &mut Scratch, y: &mut Vec<f32>) {
        let Forward { packs, count, .. } = call;
        self.run(packs, call.x(), count, &mut scratch.states, None);
        self.sizes().finish(&scratch.states, count, y);
    }

    /// Gradients of kernel, recurrent kernel and bias are added to `gradients`; uses up the states of `forward`.
    fn backward(&self, step: Backward<'_>, scratch: &mut Scratch) {
        let (count, steps, sizes) = (step.count, self.input.steps, self.sizes());
        let row = count * self.units;
        let states = &mut scratch.states;
        zeros(&mut states.dh, row);
        zeros(&mut states.dc, row);
        for t in (0..steps).rev() {
            sizes.receive(step.dy, t, &mut states.dh);
            let cell = CellBackward {
                units: self.units,
                activation: Gate::of(self.activation),
                recurrent: Gate::of(self.recurrent_activation),
                gates: &mut states.gates[t * 4 * row..(t + 1) * 4 * row],
                c_past: &states.cells[t * row..(t + 1) * row],
                squashed: &states.squashed[t * row..(t + 1) * row],
                dh: &states.dh,
                dc: &mut states.dc,
            };
            Arch::new().dispatch(
                #[inline(always)]
                || cell.backward(),
            );
            // dh of the step before = dz Wh^T
            if t > 0 {
                let dz = &states.gates[t * 4 * row..(t + 1) * 4 * row];
                let dz = Matrix::new(dz, count, 4 * self.units);
                multiply(dz, &step.packs.recurrent_transposed, &mut states.dh, false);
            }
        }
        let dz = Matrix::new(&states.gates, steps * count, 4 * self.units);
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
