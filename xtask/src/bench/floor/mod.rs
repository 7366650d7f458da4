//! Floors: the instructions below which a case cannot come by the methods of its kernels, from its shape.
//!
//! What is in a floor: each product, with its share of the loads; what becomes of each sum, value and state; the store. What is
//! not: calls, loops, pointers and set-up, as if all were unrolled, and values that have to be copied. [`cores`] says what each
//! takes on each core, and why.
use std::collections::BTreeMap;

use dunlin::format::graph::{Activation, Conv1dSpec, LayerSpec, LstmSpec, Padding, Pooling};
use dunlin::format::read::Message;
use dunlin::{LoadError, PrecisionTag, Shape};
use dunlin_trainer::device::Mode;
use dunlin_trainer::model_file::Runner;

use crate::step::Failure;

use super::case::Case;
use super::figure::Figure;

mod cores;
mod costs;

use costs::Costs;

/// The floors of some cases.
pub struct Floors(BTreeMap<&'static str, Vec<Placed>>);

impl Floors {
    pub fn new(cases: &[Case]) -> Result<Self, Failure> {
        let layers = cases.iter().map(|case| Ok((case.name, layers(case)?)));
        layers.collect::<Result<_, Failure>>().map(Self)
    }

    /// The floor of a figure's case on its board.
    pub fn of(&self, figure: &Figure) -> Option<u64> {
        let precision = match figure.precision.as_str() {
            "f32" => PrecisionTag::F32,
            _ => PrecisionTag::W8A16,
        };
        let costs = Costs::of(&figure.board, precision)?;
        let layers = self.0.get(figure.name.as_str())?;
        Some(layers.iter().map(|layer| layer.floor(costs)).sum::<f64>() as u64)
    }
}

/// A layer and the shapes around it.
struct Placed {
    spec: LayerSpec,
    input: Shape,
    output: Shape,
    /// Whether a call is a sample of a stream: a step of each tensor, with all taps.
    one_step: bool,
}

/// The layers of a case, as files have them.
fn layers(case: &Case) -> Result<Vec<Placed>, Failure> {
    let file = Runner::new(&case.model()?.to_bytes()?, case.name)?;
    let invalid = |error: LoadError| Failure::new(format!("{}: {error}", case.name));
    let message = Message::of_any(file.bytes()).map_err(invalid)?;
    let one_step = case.mode == Mode::Push;
    let mut shapes = vec![file.input_shape()];
    let mut placed = Vec::new();
    for (spec, summary) in message.layers().zip(file.model()?.summaries()) {
        let (mut input, mut output) = (shapes[usize::from(summary.input)], summary.output);
        shapes.push(output);
        if one_step {
            (input.steps, output.steps) = (1, 1);
        }
        placed.push(Placed {
            spec,
            input,
            output,
            one_step,
        });
    }
    Ok(placed)
}

impl Placed {
    fn floor(&self, costs: &Costs) -> f64 {
        let values = |shape: Shape| f64::from(shape.steps) * f64::from(shape.channels);
        let (inputs, outputs) = (values(self.input), values(self.output));
        let steps = f64::from(self.input.steps);
        let columns = f64::from(self.input.channels);
        // Of a row's sum and of a value that comes out.
        let scaled = |activation| costs.rescale + costs.act(activation) + costs.store;
        match self.spec {
            LayerSpec::Dense(spec) => {
                let rows = f64::from(spec.units);
                let softmax = match spec.output.activation {
                    Activation::Softmax => costs.softmax,
                    _ => 0.0,
                };
                steps * costs.rows(rows, columns)
                    + outputs * (scaled(spec.output.activation) + softmax)
            }
            LayerSpec::Conv1d(spec) => {
                self.convolution(costs, spec, 1.0) + outputs * scaled(spec.output.activation)
            }
            LayerSpec::GroupedConv1d(spec) => {
                self.convolution(costs, spec.conv, spec.groups.into())
                    + outputs * scaled(spec.conv.output.activation)
            }
            LayerSpec::MaxPool1d(spec) => {
                let taps = self.taps(spec.pool_size, spec.stride, 1, spec.padding);
                let taps = taps.iter().sum::<f64>() * columns;
                taps * costs.load + (taps - outputs) * costs.larger + outputs * costs.copy_store
            }
            LayerSpec::AveragePool1d(spec) => {
                let taps = self.taps(spec.pool_size, spec.stride, 1, spec.padding);
                let taps = taps.iter().sum::<f64>() * columns;
                match costs.middle {
                    Some(middle) if spec.pool_size == 2 => {
                        taps * costs.load + outputs * (middle + costs.copy_store)
                    }
                    Some(_) | None => {
                        taps * costs.add_tap + outputs * costs.mean(spec.pool_size.into())
                    }
                }
            }
            LayerSpec::GlobalPool1d(Pooling::Max) => {
                inputs * costs.load + (inputs - outputs) * costs.larger + outputs * costs.copy_store
            }
            LayerSpec::GlobalPool1d(Pooling::Average) => {
                inputs * costs.add_tap + outputs * costs.mean(self.input.steps)
            }
            LayerSpec::Lstm(spec) => self.lstm(costs, spec, Activation::Sigmoid),
            LayerSpec::LstmGated(spec) => self.lstm(costs, spec.lstm, spec.recurrent_activation),
            LayerSpec::Gru(spec) => {
                self.gru(costs, spec.units, spec.activation, Activation::Sigmoid)
            }
            LayerSpec::GruGated(spec) => self.gru(
                costs,
                spec.gru.units,
                spec.gru.activation,
                spec.recurrent_activation,
            ),
            LayerSpec::SimpleRnn(spec) => {
                let units = f64::from(spec.units);
                let unit = scaled(spec.output.activation);
                steps * (costs.rows(units, columns + units) + units * unit)
            }
            LayerSpec::SimpleRnnNorm(spec) => {
                let units = f64::from(spec.rnn.units);
                let norm = costs.norm + costs.act(spec.norm.output.activation);
                let unit = scaled(Activation::Linear) + norm;
                steps * (costs.rows(units, columns + units) + units * unit)
            }
            LayerSpec::LayerNorm(spec) => {
                outputs * (costs.norm + costs.act(spec.output.activation))
            }
            LayerSpec::Activation(spec) => {
                outputs * (costs.value + costs.act(spec.output.activation) + costs.store)
            }
            LayerSpec::Concatenate(_) => {
                outputs * (costs.value + costs.act(Activation::Linear) + costs.store)
            }
            LayerSpec::Add(spec) | LayerSpec::Multiply(spec) => {
                outputs * (costs.merge + costs.act(spec.output.activation) + costs.store)
            }
            LayerSpec::Embedding(_) => outputs * costs.embedded,
            LayerSpec::Reverse | LayerSpec::ZeroPadding1d(_) | LayerSpec::UpSampling1d(_) => {
                outputs * costs.copied
            }
            LayerSpec::Flatten | LayerSpec::Input(_) => 0.0,
        }
    }

    /// Taps of each output step that meet a step of the input.
    fn taps(&self, size: u16, stride: u16, dilation: u16, padding: Padding) -> Vec<f64> {
        let (size, stride, dilation) = (i64::from(size), i64::from(stride), i64::from(dilation));
        let (input, output) = (i64::from(self.input.steps), i64::from(self.output.steps));
        if self.one_step {
            return vec![size as f64];
        }
        let span = (size - 1) * dilation + 1;
        let before = match padding {
            Padding::Valid => 0,
            Padding::Same => ((output - 1) * stride + span - input).max(0) / 2,
            Padding::Causal => span - 1,
        };
        let meets = |step: i64| {
            let places = (0..size).map(|tap| step * stride + tap * dilation - before);
            places.filter(|place| (0..input).contains(place)).count()
        };
        (0..output).map(|step| meets(step) as f64).collect()
    }

    /// The sums of a convolution.
    fn convolution(&self, costs: &Costs, spec: Conv1dSpec, groups: f64) -> f64 {
        let (filters, channels) = (f64::from(spec.filters), f64::from(self.input.channels));
        let (rows, width) = (filters / groups, channels / groups);
        let taps = self.taps(spec.kernel_size, spec.stride, spec.dilation, spec.padding);
        let at = |&taps: &f64| match (groups > 1.0 && width == 1.0, self.output.steps) {
            (true, _) => filters * costs.depthwise(taps, spec.kernel_size.into()),
            (false, 1) => groups * costs.rows(rows, taps * width),
            (false, _) => filters * costs.place(taps * width),
        };
        taps.iter().map(at).sum()
    }

    /// Four rows a unit over `[x; h]`, three gates, and the cell.
    fn lstm(&self, costs: &Costs, spec: LstmSpec, gates: Activation) -> f64 {
        let units = f64::from(spec.units);
        let of_cell = costs.cell_shift + costs.act(spec.activation);
        let unit = 4.0 * costs.rescale
            + 3.0 * costs.act(gates)
            + costs.act(spec.activation)
            + of_cell
            + costs.cell;
        let columns = f64::from(self.input.channels) + units;
        f64::from(self.input.steps) * (costs.rows(4.0 * units, columns) + units * unit)
    }

    /// Three rows a unit over `x` and three over `h`, two gates, the candidate and the hidden state.
    fn gru(&self, costs: &Costs, units: u16, candidate: Activation, gates: Activation) -> f64 {
        let units = f64::from(units);
        let unit = 6.0 * costs.rescale
            + 2.0 * (costs.sum + costs.act(gates))
            + costs.reset
            + costs.sum
            + costs.act(candidate)
            + costs.hidden;
        let rows =
            costs.rows(3.0 * units, self.input.channels.into()) + 3.0 * costs.rows(units, units);
        f64::from(self.input.steps) * (rows + units * unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::cases;
    use crate::bench::committed::Committed;
    use dunlin_trainer::device::{Board, firmware_folder};

    #[test]
    fn no_accepted_figure_is_below_its_floor() {
        let floors = Floors::new(&cases::all()).unwrap();
        let committed = Committed::read().unwrap();
        assert!(!committed.figures().is_empty());
        for figure in committed.figures() {
            let floor = floors.of(figure).unwrap();
            let Figure {
                name,
                board,
                instructions,
                ..
            } = figure;
            assert!(
                floor <= *instructions,
                "{name} on {board}: {instructions} of {floor}"
            );
        }
    }

    #[test]
    fn every_case_has_a_floor_on_every_board_that_it_runs_on() {
        let cases = cases::all();
        let floors = Floors::new(&cases).unwrap();
        for board in Board::all(&firmware_folder(None).unwrap()).unwrap() {
            for case in cases.iter().filter(|case| case.runs_on(&board)) {
                let figure = Figure {
                    name: case.name.to_owned(),
                    board: board.name.clone(),
                    precision: case.precision(),
                    macs: 0,
                    instructions: 0,
                    estimated_cycles: None,
                };
                assert!(
                    floors.of(&figure) > Some(0),
                    "{} on {}",
                    case.name,
                    board.name
                );
            }
        }
    }

    #[test]
    fn floors_follow_from_shapes() {
        let floors = Floors::new(&cases::all()).unwrap();
        let of = |name: &str, board: &str| {
            let figure = Figure {
                name: name.to_owned(),
                board: board.to_owned(),
                precision: "w8a16".to_owned(),
                macs: 0,
                instructions: 0,
                estimated_cycles: None,
            };
            floors.of(&figure).unwrap()
        };
        // 14 instructions for 16 products, then 5 for each of 128 sums.
        assert_eq!(of("dense_128_128", "qemu-m4"), 16_384 / 16 * 14 + 128 * 5);
        // Two loads, a comparison and a choice, and a store, of eight values at a time.
        assert_eq!(of("maxpool_l48_c64_p2", "qemu-m4"), 1_536 / 8 * 11);
        // Three columns, of which the last is a pair too, over 48 places.
        let pairs = 48 * 64 * 2;
        assert_eq!(
            of("conv_l50_c1_o64_k3_valid", "qemu-m4"),
            pairs * 5 / 4 + 48 * 64 * 4
        );
    }
}
