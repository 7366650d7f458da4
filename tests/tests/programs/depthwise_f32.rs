//! Calls of the program that makes depthwise convolutions of floats, as the runtime calls it.
use conformance::inputs::Random;
use conformance::thumb::{Core, Memory, Program};
use dunlin::kernel::{depthwise_f32, reference};

use super::floats::{EXPONENTS, values};
use super::{Checked, Kernel, bytes, call_job, lengths};

pub const KERNELS: [Kernel; 1] = [Kernel {
    name: "depthwise_f32::PROGRAM",
    text: depthwise_f32::PROGRAM,
    core: Core::V7em,
    check: all,
}];

/// Places, and steps from place to place and from tap to tap.
const SHAPES: [[usize; 3]; 4] = [[1, 1, 1], [3, 1, 1], [3, 2, 1], [5, 1, 3]];

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
    for exponents in EXPONENTS {
        for taps in lengths() {
            for shape in [SHAPES[taps % 4], SHAPES[(taps + 1) % 4]] {
                let (channels, first) = (4 + random.bits() as usize % 10, taps % 3);
                let size = first + taps + taps % 2;
                let [places, stride, dilation] = shape;
                let steps = (places - 1) * stride + taps.saturating_sub(1) * dilation + 1;
                let mut floats = |count| values(&mut random, exponents, count);
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
                checked.add([taps, places, channels / 4, 0], count, &place)?;
            }
        }
    }
    Ok(checked)
}

/// As `reference` sums a filter's taps.
fn expected(case: &Case<'_>, place: usize, channel: usize) -> f32 {
    let channels = case.bias.len();
    let [_, stride, dilation] = case.shape;
    let weights = &case.weights[channel * case.size + case.first..][..case.taps];
    let x = &case.x[place * stride * channels + channel..];
    reference::strided_f32(weights, x, dilation * channels, case.bias[channel])
}

fn run(program: &Program, case: &Case<'_>, random: &mut Random) -> Result<u64, String> {
    let mut memory = Memory::default();
    let channels = case.bias.len();
    let [places, stride, dilation] = case.shape;
    let [weights, bias, x] = [case.weights, case.bias, case.x].map(|values| {
        let at = 4 * (random.bits() % 4);
        memory.readable(&bytes(values, |value| value.to_le_bytes()), at)
    });
    let y = memory.unwritten(4 * places * channels, 0);
    let step = |steps: usize| (4 * steps * channels) as u32;
    let groups = channels / 4;
    // As `depthwise_f32::Job` has them.
    let mut job = vec![weights + 4 * case.first as u32, x, bias, groups as u32];
    job.extend([case.taps as u32, 4 * case.size as u32, step(dilation), y]);
    let gap = channels % 4;
    job.extend([step(stride), 4 * gap as u32, places as u32]);
    let job = memory.writable(&bytes(&job, |word| word.to_le_bytes()), 0);
    let (returned, memory) = call_job(program, memory, job, random)?;
    for place in 0..places {
        for channel in 0..4 * groups {
            let expected = expected(case, place, channel);
            let found = memory.bytes(y + 4 * (place * channels + channel) as u32, 4);
            if found != Some(expected.to_le_bytes().to_vec()) {
                return Err(format!(
                    "place {place}, channel {channel}: {found:?}, the reference gives {expected:?}"
                ));
            }
        }
    }
    Ok(returned.instructions)
}
