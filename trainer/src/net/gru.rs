//! GRU (Cho et al. 2014; gates and `reset_after` as in Keras): forward in time, backward through time.
//!
//! `z, r = sigmoid(x Wx + h Wh + b)`; `c = activation(x Wc + r (h Uc + d) + b)` with `reset_after`, else
//! `activation(x Wc + (r h) Uc + b)`; `h' = z h + (1 - z) c`.
use pulp::Arch;

use super::gate::Gate;
use super::gemm::{Matrix, multiply};
use super::gru_cell::{Cell, CellBackward};
use super::operation::{
    Backward, Forward, Operation, Packs, Scratch, add_rows, fill_rows, parameters, shapes, zeros,
};
use super::recurrent::{Arguments, Sizes, States, pack_both_ways};
use super::shape::Shape;
use crate::config::Activation;
use crate::data::random::Random;

const GATES: usize = 3;

#[derive(Debug, Clone, PartialEq)]
pub struct Gru {
    pub units: usize,
    /// tanh, relu, sigmoid, hard_sigmoid or linear: of the candidate.
    pub activation: Activation,
    /// One of the same: of the gates z and r.
    pub recurrent_activation: Activation,
    /// The hidden states of all steps, or of the last one.
    pub return_sequences: bool,
    /// Without it the biases stay zero.
    pub use_bias: bool,
    /// Whether the reset gate acts on what the candidate gets from h (Keras's default), or on h before it.
    pub reset_after: bool,
    pub input: Shape,
    pub output: Shape,
    /// `[inputs, 3 * units]`, gates in the order update z, reset r, candidate.
    pub kernel: Vec<f32>,
    /// `[units, 3 * units]`, gates in the same order.
    pub recurrent_kernel: Vec<f32>,
    /// `[2, 3 * units]` with `reset_after`: of the products with x, then of those with h; else `[3 * units]`.
    pub bias: Vec<f32>,
}

/// What happens inside a GRU, for calibration; example-major, gates in the order z, r, c.
#[derive(Debug, Clone, PartialEq)]
pub struct GruTrace {
    /// `W x + b`: `[N, T, 3 * units]`.
    pub from_input: Vec<f32>,
    /// `U h + b`, h before each step: `[N, T, 3 * units]`; without `reset_after` the last third is `U (r h)`.
    pub from_hidden: Vec<f32>,
    /// Hidden states after each step: `[N, T, units]`.
    pub hidden: Vec<f32>,
}

impl Gru {
    /// Fresh weights; an error is the reason alone, without the layer's name.
    pub(crate) fn new(
        arguments: &Arguments,
        recurrent_activation: Activation,
        reset_after: bool,
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
        let biases = if reset_after { 2 } else { 1 };
        Ok(Self {
            units,
            activation,
            recurrent_activation,
            return_sequences,
            use_bias,
            reset_after,
            input,
            output: sizes.output(),
            kernel,
            recurrent_kernel,
            bias: vec![0.0; biases * sizes.width()],
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

    /// The biases of the products with h: of z and r, and of the candidate; none without `reset_after`.
    fn hidden_bias(&self) -> Option<(&[f32], &[f32])> {
        let bias = &self.bias[GATES * self.units..];
        self.reset_after.then(|| bias.split_at(2 * self.units))
    }

    /// The products with x and h and the hidden states of all steps for `count` windows `[count, T, C]`.
    pub fn trace(&self, x: &[f32], count: usize) -> GruTrace {
        let mut packs = Packs::default();
        self.pack(&mut packs, false);
        let mut states = States::default();
        let mut before = [Vec::new(), Vec::new()];
        self.run(&packs, x, count, &mut states, Some(&mut before));
        let sizes = self.sizes();
        let [from_input, from_hidden] =
            before.map(|products| sizes.example_major(&products, count, sizes.width()));
        GruTrace {
            from_input,
            from_hidden,
            hidden: sizes.hidden(&states, count),
        }
    }

    /// Fills `states` from `x`; `before` gets the products with x and with h, time-major.
    fn run(
        &self,
        packs: &Packs,
        x: &[f32],
        count: usize,
        states: &mut States,
        mut before: Option<&mut [Vec<f32>; 2]>,
    ) {
        let (steps, row) = (self.input.steps, count * self.units);
        let bias = &self.bias[..GATES * self.units];
        self.sizes().start(packs, bias, x, count, states);
        zeros(&mut states.candidate, steps * row);
        zeros(&mut states.from_hidden, 2 * row);
        if !self.reset_after {
            zeros(&mut states.reset, steps * row);
        }
        if let Some([from_input, _]) = &mut before {
            from_input.extend_from_slice(&states.gates);
        }
        for t in 0..steps {
            let (past, h) = states.hidden.split_at_mut((t + 1) * row);
            let past = &past[t * row..];
            let candidate = &mut states.candidate[t * row..(t + 1) * row];
            if let Some((gates, of_candidate)) = self.hidden_bias() {
                fill_rows(&mut states.from_hidden, count, gates);
                for row in candidate.chunks_exact_mut(self.units) {
                    row.copy_from_slice(of_candidate);
                }
            } else {
                states.from_hidden.fill(0.0);
            }
            let matrix = Matrix::new(past, count, self.units);
            multiply(matrix, &packs.recurrent, &mut states.from_hidden, true);
            let mut cell = Cell {
                units: self.units,
                activation: Gate::of(self.activation),
                recurrent: Gate::of(self.recurrent_activation),
                reset_after: self.reset_after,
                gates: &mut states.gates[t * GATES * row..(t + 1) * GATES * row],
                past,
            };
            let reset = if self.reset_after {
                &mut []
            } else {
                &mut states.reset[t * row..(t + 1) * row]
            };
            Arch::new().dispatch(
                #[inline(always)]
                || cell.open(&states.from_hidden, reset),
            );
            let meets = if self.reset_after { past } else { &*reset };
            let meets = Matrix::new(meets, count, self.units);
            multiply(meets, &packs.candidate, candidate, true);
            if let Some([_, from_hidden]) = &mut before {
                let gates = states.from_hidden.chunks_exact(2 * self.units);
                for (gates, candidate) in gates.zip(candidate.chunks_exact(self.units)) {
                    from_hidden.extend_from_slice(gates);
                    from_hidden.extend_from_slice(candidate);
                }
            }
            Arch::new().dispatch(
                #[inline(always)]
                || cell.close(candidate, &mut h[..row]),
            );
        }
    }

    /// From the gradients of all steps' pre-activations to those of the weights and of the input.
    fn add_gradients(&self, step: Backward<'_>, scratch: &mut Scratch) {
        let (units, count, sizes) = (self.units, step.count, self.sizes());
        let rows = self.input.steps * count;
        let Scratch { states, packed, .. } = scratch;
        let dz = Matrix::new(&states.gates, rows, GATES * units);
        packed.pack(dz);
        let gradients = step.gradients;
        sizes.add_kernel_gradient(packed, states, count, &mut gradients[0]);
        let past = sizes.past(states, count);
        // dWh += h_past^T [dz_z, dz_r]
        packed.pack(dz.columns(0..2 * units));
        let mut part = vec![0.0; 2 * units * units];
        multiply(past.transposed(), packed, &mut part, false);
        add_columns(&mut gradients[1], GATES * units, 0, &part, 2 * units);
        // dUc += h_past^T dcandidate with `reset_after`, else (r h_past)^T dz_c
        let meets = if self.reset_after {
            packed.pack(Matrix::new(&states.candidate, rows, units));
            past
        } else {
            packed.pack(dz.columns(2 * units..3 * units));
            Matrix::new(&states.reset, rows, units)
        };
        let part = &mut part[..units * units];
        multiply(meets.transposed(), packed, part, false);
        add_columns(&mut gradients[1], GATES * units, 2 * units, part, units);
        // db += sum over steps and examples: of z and r the same in both biases
        if self.use_bias {
            let mut sums = vec![0.0; GATES * units];
            add_rows(&mut sums, &states.gates);
            let (of_input, of_hidden) = gradients[2].split_at_mut(GATES * units);
            add_rows(of_input, &sums);
            if self.reset_after {
                sums[2 * units..].fill(0.0);
                add_rows(&mut sums[2 * units..], &states.candidate);
                add_rows(of_hidden, &sums);
            }
        }
        if let Some(dx) = &mut step.dx[0] {
            sizes.input_gradient(step.packs, states, count, dx);
        }
    }
}

impl Operation for Gru {
    fn name(&self) -> &'static str {
        "gru"
    }

    shapes!();
    parameters!(kernel, recurrent_kernel, bias if use_bias);

    fn pack(&self, packs: &mut Packs, training: bool) {
        let sizes = self.sizes();
        pack_both_ways(
            sizes.kernel(&self.kernel),
            &mut packs.kernel,
            &mut packs.kernel_transposed,
            training,
        );
        // The candidate's columns apart: without `reset_after` they meet r h, not h.
        let recurrent = sizes.recurrent(&self.recurrent_kernel);
        pack_both_ways(
            recurrent.columns(0..2 * self.units),
            &mut packs.recurrent,
            &mut packs.recurrent_transposed,
            training,
        );
        pack_both_ways(
            recurrent.columns(2 * self.units..3 * self.units),
            &mut packs.candidate,
            &mut packs.candidate_transposed,
            training,
        );
    }

    /// `[count, T, C] -> [count, T or 1, units]`.
    fn forward(&self, call: Forward<'_>, scratch: &mut Scratch, y: &mut Vec<f32>) {
        let Forward { packs, count, .. } = call;
        self.run(packs, call.x(), count, &mut scratch.states, None);
        self.sizes().finish(&scratch.states, count, y);
    }

    /// Gradients of kernel, recurrent kernel and bias are added to `gradients`; uses up the states of `forward`.
    fn backward(&self, step: Backward<'_>, scratch: &mut Scratch) {
        let count = step.count;
        let row = count * self.units;
        let states = &mut scratch.states;
        zeros(&mut states.dh, row);
        zeros(&mut states.dc, row);
        for t in (0..self.input.steps).rev() {
            self.sizes().receive(step.dy, t, &mut states.dh);
            let candidate = &mut states.candidate[t * row..(t + 1) * row];
            let mut cell = CellBackward {
                units: self.units,
                activation: Gate::of(self.activation),
                recurrent: Gate::of(self.recurrent_activation),
                reset_after: self.reset_after,
                gates: &mut states.gates[t * GATES * row..(t + 1) * GATES * row],
                past: &states.hidden[t * row..(t + 1) * row],
                dh: &mut states.dh,
            };
            Arch::new().dispatch(
                #[inline(always)]
                || cell.gates(candidate),
            );
            if !self.reset_after {
                // d(r h) = dz_c Uc^T
                let dz = Matrix::new(cell.gates, count, GATES * self.units);
                let dz_c = dz.columns(2 * self.units..3 * self.units);
                multiply(
                    dz_c,
                    &step.packs.candidate_transposed,
                    &mut states.dc,
                    false,
                );
                Arch::new().dispatch(
                    #[inline(always)]
                    || cell.reset(&states.dc),
                );
            }
            // dh of the step before += [dz_z, dz_r] Wh^T, and with `reset_after` dcandidate Uc^T
            if t > 0 {
                let dz = &states.gates[t * GATES * row..(t + 1) * GATES * row];
                let dz = Matrix::new(dz, count, GATES * self.units).columns(0..2 * self.units);
                multiply(dz, &step.packs.recurrent_transposed, &mut states.dh, true);
                if self.reset_after {
                    let dz = Matrix::new(candidate, count, self.units);
                    multiply(dz, &step.packs.candidate_transposed, &mut states.dh, true);
                }
            }
        }
        self.add_gradients(step, scratch);
    }
}

/// Adds `[rows, width]` to the columns from `first` on of `[rows, columns]`.
fn add_columns(to: &mut [f32], columns: usize, first: usize, from: &[f32], width: usize) {
    for (to, from) in to.chunks_exact_mut(columns).zip(from.chunks_exact(width)) {
        for (to, from) in to[first..].iter_mut().zip(from) {
            *to += from;
        }
    }
}
