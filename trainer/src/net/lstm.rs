//! LSTM (Hochreiter and Schmidhuber 1997; gates as in Keras): forward in time, backward through time.
//!
//! Inside a pass everything is time-major, `[T, N, ...]`, so that one step of a mini-batch is one matrix.
use pulp::Arch;

use super::gemm::{Matrix, multiply};
use super::init::{glorot_uniform, orthogonal};
use super::layer::{Backward, Packs, Scratch, add_rows, fill_rows, weight_count};
use super::lstm_cell::{Cell, CellBackward};
use super::shape::Shape;
use crate::config::Activation;
use crate::data::random::Random;

#[derive(Debug, Clone, PartialEq)]
pub struct Lstm {
    pub units: usize,
    /// tanh or relu: of the candidate and of the cell state.
    pub activation: Activation,
    /// sigmoid: of the gates.
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

/// The arguments of an LSTM under their Keras names.
pub(crate) struct Arguments {
    pub units: usize,
    pub activation: Activation,
    pub recurrent_activation: Activation,
    pub return_sequences: bool,
    pub use_bias: bool,
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

/// The LSTM's part of [`Scratch`]: what `forward` leaves for `backward`, time-major.
#[derive(Debug, Clone, Default)]
pub(crate) struct States {
    /// `[T, N, C]`.
    x: Vec<f32>,
    /// `[T, N, 4 U]`: pre-activations, then i, f, g, o, then (in `backward`) their gradients.
    gates: Vec<f32>,
    /// c before each step and after the last: `[T + 1, N, U]`.
    cells: Vec<f32>,
    /// activation(c) after each step: `[T, N, U]`.
    squashed: Vec<f32>,
    /// h before each step and after the last: `[T + 1, N, U]`.
    hidden: Vec<f32>,
    dh: Vec<f32>,
    dc: Vec<f32>,
}

impl Lstm {
    /// Fresh weights; an error is the reason alone, without the layer's name.
    pub(crate) fn new(
        arguments: &Arguments,
        input: Shape,
        random: &mut Random,
    ) -> Result<Self, String> {
        let &Arguments {
            units,
            activation,
            recurrent_activation,
            return_sequences,
            use_bias,
        } = arguments;
        if units == 0 {
            return Err("units is 0; give at least 1".into());
        }
        match activation {
            Activation::Tanh | Activation::Relu => {}
            Activation::Linear | Activation::Sigmoid | Activation::Softmax => {
                return Err("its activation must be tanh or relu".into());
            }
        }
        match recurrent_activation {
            Activation::Sigmoid => {}
            Activation::Linear | Activation::Relu | Activation::Tanh | Activation::Softmax => {
                return Err("its recurrent_activation must be sigmoid".into());
            }
        }
        let count = weight_count(&[input.channels, 4, units])?;
        weight_count(&[units, 4, units])?;
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
            output: Shape {
                steps: if return_sequences { input.steps } else { 1 },
                channels: units,
            },
            kernel: glorot_uniform(count, input.channels, 4 * units, random),
            recurrent_kernel: orthogonal(units, 4 * units, random),
            bias,
        })
    }

    fn kernel_matrix(&self) -> Matrix<'_> {
        Matrix::new(&self.kernel, self.input.channels, 4 * self.units)
    }

    fn recurrent_matrix(&self) -> Matrix<'_> {
        Matrix::new(&self.recurrent_kernel, self.units, 4 * self.units)
    }

    pub(crate) fn pack(&self, packs: &mut Packs, training: bool) {
        packs.kernel.pack(self.kernel_matrix());
        packs.recurrent.pack(self.recurrent_matrix());
        if training {
            packs
                .kernel_transposed
                .pack(self.kernel_matrix().transposed());
            packs
                .recurrent_transposed
                .pack(self.recurrent_matrix().transposed());
        }
    }

    /// `[count, T, C] -> [count, T or 1, units]`.
    pub(crate) fn forward(
        &self,
        packs: &Packs,
        x: &[f32],
        count: usize,
        scratch: &mut Scratch,
        y: &mut Vec<f32>,
    ) {
        let states = &mut scratch.states;
        self.run(packs, x, count, states, None);
        let after_first = &states.hidden[count * self.units..];
        if self.return_sequences {
            swap_outer(after_first, self.input.steps, count, self.units, y);
        } else {
            y.clear();
            y.extend_from_slice(&after_first[(self.input.steps - 1) * count * self.units..]);
        }
    }

    /// Gates, cell states and hidden states of all steps for `count` windows `[count, T, C]`.
    pub fn trace(&self, x: &[f32], count: usize) -> LstmTrace {
        let mut packs = Packs::default();
        self.pack(&mut packs, false);
        let mut states = States::default();
        let mut before = Vec::new();
        self.run(&packs, x, count, &mut states, Some(&mut before));
        let (steps, row) = (self.input.steps, count * self.units);
        let mut trace = LstmTrace {
            gates: Vec::new(),
            cells: Vec::new(),
            hidden: Vec::new(),
        };
        swap_outer(&before, steps, count, 4 * self.units, &mut trace.gates);
        swap_outer(
            &states.cells[row..],
            steps,
            count,
            self.units,
            &mut trace.cells,
        );
        swap_outer(
            &states.hidden[row..],
            steps,
            count,
            self.units,
            &mut trace.hidden,
        );
        trace
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
        swap_outer(x, count, steps, self.input.channels, &mut states.x);
        // z = x Wx + b for all steps at once
        fill_rows(&mut states.gates, steps * count, &self.bias);
        let x = Matrix::new(&states.x, steps * count, self.input.channels);
        multiply(x, &packs.kernel, &mut states.gates, true);
        // h and c are zero before the first step
        states.cells.clear();
        states.cells.resize((steps + 1) * row, 0.0);
        states.hidden.clear();
        states.hidden.resize((steps + 1) * row, 0.0);
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
                relu: self.activation == Activation::Relu,
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

    /// Gradients of kernel, recurrent kernel and bias are added to `gradients`; uses up the states of `forward`.
    pub(crate) fn backward(&self, step: Backward<'_>, scratch: &mut Scratch) {
        let (count, steps) = (step.count, self.input.steps);
        let row = count * self.units;
        let states = &mut scratch.states;
        states.dh.clear();
        states.dh.resize(row, 0.0);
        states.dc.clear();
        states.dc.resize(row, 0.0);
        for t in (0..steps).rev() {
            // dh of this step: from the next step and from the layer above
            if self.return_sequences {
                let above = step.dy.chunks_exact(steps * self.units);
                for (dh, dy) in states.dh.chunks_exact_mut(self.units).zip(above) {
                    for (dh, dy) in dh.iter_mut().zip(&dy[t * self.units..]) {
                        *dh += dy;
                    }
                }
            } else if t == steps - 1 {
                states.dh.copy_from_slice(step.dy);
            }
            let cell = CellBackward {
                units: self.units,
                relu: self.activation == Activation::Relu,
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
        // dWx += x^T dz
        let x = Matrix::new(&states.x, steps * count, self.input.channels);
        multiply(
            x.transposed(),
            &scratch.packed,
            &mut step.gradients[0],
            true,
        );
        // dWh += h_past^T dz
        let past = Matrix::new(&states.hidden[..steps * row], steps * count, self.units);
        multiply(
            past.transposed(),
            &scratch.packed,
            &mut step.gradients[1],
            true,
        );
        // db += sum over steps and examples of dz
        if self.use_bias {
            add_rows(&mut step.gradients[2], &states.gates);
        }
        // dx = dz Wx^T
        if let Some(dx) = step.dx {
            multiply(dz, &step.packs.kernel_transposed, &mut states.x, false);
            swap_outer(&states.x, steps, count, self.input.channels, dx);
        }
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
