//! Calls of the program that makes depthwise convolutions of floats with Helium, as the runtime calls it.
use conformance::inputs::Random;
use conformance::thumb::{Core, Memory, Program};
use dunlin::kernel::depthwise_f32_mve;

use super::floats::float;
use super::rows_f32_mve::{SPANS, Sum, outcome};
use super::{Checked, Kernel, bytes, call, lengths};

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
    /// Weights of a filter, and those that meet the input.
    size: usize,
    first: usize,
    taps: usize,
    bias: &'c [f32],
    x: &'c [f32],
    shape: [usize; 3],
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
                let steps = (places - 1) * stride + taps.saturating_sub(1) * dilation + 1;
                let mut floats = |count| -> Vec<f32> {
                    (0..count).map(|_| float(&mut random, exponents)).collect()
                };
                let (weights, bias) = (floats(channels * size), floats(channels));
                let x = floats(steps * channels);
                let case = Case {
                    weights: &weights,
                    size,
                    first,
                    taps,
                    bias: &bias,
                    x: &x,
                    shape,
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
    fn sum(&self, place: usize, channel: usize) -> Sum {
        let channels = self.bias.len();
        let [_, stride, dilation] = self.shape;
        let weights = &self.weights[channel * self.size + self.first..][..self.taps];
        let x = &self.x[place * stride * channels + channel..];
        let values = x.iter().step_by(dilation * channels).copied();
        Sum::of(weights.iter().copied().zip(values), self.bias[channel])
    }
}

fn run(program: &Program, case: &Case<'_>, random: &mut Random) -> Result<u64, String> {
    let mut memory = Memory::default();
    let channels = case.bias.len();
    let [places, stride, dilation] = case.shape;
    let [weights, bias, x] = [case.weights, case.bias, case.x].map(|values| {
        let at = 4 * (random.bits() % 4);
        memory.readable(&bytes(values, |value| value.to_le_bytes()), at)
    });
    let y = memory.unwritten(4 * places * channels, 8);
    let step = |steps: usize| (4 * steps * channels) as u32;
    // As `depthwise_f32_mve::Job` has them.
    let job = [
        (weights + 4 * case.first as u32).wrapping_sub(4),
        4 * case.size as u32,
        bias,
        channels as u32,
        x,
        y,
        case.taps as u32,
        step(dilation),
        step(stride),
        step(1),
        places as u32 / 4,
        places as u32 % 4,
    ];
    let job = memory.writable(&bytes(&job, |word| word.to_le_bytes()), 0);
    let rest = [(); 3].map(|()| random.bits());
    let arguments = [job, rest[0], rest[1], rest[2]];
    let (returned, memory) = call(program, memory, arguments, random)?;
    let sums = (0..places * channels).map(|at| {
        let sum = case.sum(at / channels, at % channels);
        (y + 4 * at as u32, sum)
    });
    outcome((returned.registers[0], &memory), sums)?;
    Ok(returned.instructions)
}
