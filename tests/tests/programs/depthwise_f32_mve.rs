//! Calls of the program that makes depthwise convolutions of floats with Helium, as the runtime calls it.
use conformance::inputs::Random;
use conformance::thumb::{Core, Memory, Program};
use dunlin::kernel::depthwise_f32_mve;

use super::floats::values;
use super::rows_f32_mve::{SPANS, Sum, outcome};
use super::{Checked, Kernel, bytes, call_job, lengths};

pub const KERNELS: [Kernel; 1] = [Kernel {
    name: "depthwise_f32_mve::PROGRAM",
    text: depthwise_f32_mve::PROGRAM,
    core: Core::V81m,
    check: all,
}];

/// Places, and steps from place to place and from tap to tap.
const SHAPES: [[usize; 3]; 5] = [[1, 1, 1], [4, 1, 2], [9, 2, 1], [3, 2, 1], [6, 1, 3]];

/// Channels with a filter each.
struct Case<'c> {
    weights: &'c [f32],
    /// Weights of a filter.
    size: usize,
    bias: &'c [f32],
    x: &'c [f32],
    /// Steps from place to place and from tap to tap.
    steps: [usize; 2],
    runs: &'c [Run],
}

/// Places with the same taps.
struct Run {
    places: usize,
    /// The first tap, and their number.
    first: usize,
    taps: usize,
    /// The step that the first one meets at the first place.
    at: usize,
}

fn all(program: &Program) -> Result<Checked, String> {
    let mut random = Random::new();
    let mut checked = Checked::default();
    for exponents in SPANS {
        for taps in lengths() {
            for turn in 0..2 {
                let shape = SHAPES[(taps + turn) % SHAPES.len()];
                let (channels, first) = (1 + (taps + 3 * turn) % 11, taps % 3);
                let size = first + taps + taps % 2;
                let [places, stride, dilation] = shape;
                let main = Run {
                    places,
                    first,
                    taps,
                    at: turn,
                };
                // As at an edge of an input.
                let edge = Run {
                    places: 1,
                    first: first + taps / 2,
                    taps: taps - taps / 2,
                    at: 0,
                };
                let mut runs = vec![edge, main];
                runs.rotate_left(taps % 2);
                runs.truncate(1 + taps % 5);
                let steps = turn + (places - 1) * stride + taps.saturating_sub(1) * dilation + 1;
                let mut floats = |count| values(&mut random, exponents, count);
                let (weights, bias) = (floats(channels * size), floats(channels));
                let x = floats(steps * channels);
                let case = Case {
                    weights: &weights,
                    size,
                    bias: &bias,
                    x: &x,
                    steps: [stride, dilation],
                    runs: &runs,
                };
                let place = (exponents, taps, shape, "channels", channels);
                let count = run(program, &case, &mut random)
                    .map_err(|failure| format!("{place:?}: {failure}"))?;
                checked.add([taps, places, channels, turn], count, &place)?;
            }
        }
    }
    Ok(checked)
}

impl Case<'_> {
    fn sum(&self, run: &Run, place: usize, channel: usize) -> Sum {
        let channels = self.bias.len();
        let [stride, dilation] = self.steps;
        let weights = &self.weights[channel * self.size + run.first..][..run.taps];
        let x = &self.x[(run.at + place * stride) * channels + channel..];
        let values = x.iter().step_by(dilation * channels).copied();
        Sum::of(weights.iter().copied().zip(values), self.bias[channel])
    }
}

fn run(program: &Program, case: &Case<'_>, random: &mut Random) -> Result<u64, String> {
    let mut memory = Memory::default();
    let channels = case.bias.len();
    let [weights, bias, x] = [case.weights, case.bias, case.x].map(|values| {
        let at = 4 * (random.bits() % 4);
        memory.readable(&bytes(values, |value| value.to_le_bytes()), at)
    });
    let places = case.runs.iter().map(|run| run.places).sum::<usize>();
    let y = memory.unwritten(4 * places * channels, 8);
    let step = |steps: usize| (4 * steps * channels) as u32;
    // As `depthwise_f32_mve::Places` has them.
    let table = case.runs.iter().flat_map(|run| {
        let [fours, ones] = [run.places as u32 / 4, run.places as u32 % 4];
        let weights = 4 * run.first as u32;
        [step(run.at), weights, run.taps as u32, fours, ones]
    });
    let table = bytes(&table.collect::<Vec<_>>(), |word| word.to_le_bytes());
    let runs = memory.readable(&table, 0);
    let [stride, dilation] = case.steps;
    // As `depthwise_f32_mve::Job` has them.
    let job = [
        weights.wrapping_sub(4),
        4 * case.size as u32,
        bias,
        channels as u32,
        x,
        y,
        step(dilation),
        step(stride),
        step(1),
        runs,
        runs + table.len() as u32,
    ];
    let job = memory.writable(&bytes(&job, |word| word.to_le_bytes()), 0);
    let (returned, memory) = call_job(program, memory, job, random)?;
    let places = case
        .runs
        .iter()
        .flat_map(|run| (0..run.places).map(move |place| (run, place)));
    let sums = places
        .flat_map(|(run, place)| (0..channels).map(move |channel| case.sum(run, place, channel)));
    let sums = sums.zip(0..).map(|(sum, at)| (y + 4 * at, sum));
    outcome((returned.registers[0], &memory), sums)?;
    Ok(returned.instructions)
}
