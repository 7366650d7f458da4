//! Calls of the programs that make depthwise convolutions on cores without the DSP extension, as the runtime calls them.
use conformance::inputs::Random;
use conformance::thumb::{Core, Memory, Program};
use dunlin::kernel::{depthwise_v6m, depthwise_v7m};

use super::clamped::word;
use super::places::{FULL, POSITIVE, output, scale};
use super::{Checked, Kernel, bytes, call_job, lengths, values};

pub const KERNELS: [Kernel; 2] = [
    Kernel {
        name: "depthwise_v6m::PLACES",
        text: depthwise_v6m::PLACES,
        core: Core::V6m,
        check: |program| all(program, true),
    },
    Kernel {
        name: "depthwise_v7m::PLACES",
        text: depthwise_v7m::PLACES,
        core: Core::V7em,
        check: |program| all(program, false),
    },
];

/// Places, and steps from place to place and from tap to tap.
const SHAPES: [[usize; 3]; 5] = [[1, 1, 1], [3, 1, 1], [4, 1, 1], [6, 2, 1], [8, 1, 3]];

/// Channels with a filter each.
struct Case<'c> {
    weights: &'c [i8],
    /// Weights of a filter, and those that meet the input.
    size: usize,
    first: usize,
    taps: usize,
    bias: &'c [i32],
    /// A multiplier and a shift.
    scale: &'c [(u16, u8)],
    bounds: (i16, i16),
    x: &'c [i16],
    shape: [usize; 3],
    /// Whether the program takes values from the end of the weights on.
    relative: bool,
}

fn all(program: &Program, relative: bool) -> Result<Checked, String> {
    let mut random = Random::new();
    let mut checked = Checked::default();
    let bounds = [(-5, 5), (100, 20_000), FULL, POSITIVE];
    for values in values() {
        // The runtime does not call the program without taps.
        for taps in lengths().into_iter().filter(|&taps| taps > 0) {
            let shapes = [SHAPES[taps % 5], SHAPES[(taps + 3) % 5]];
            for shape in shapes {
                let (channels, first) = (1 + taps % 3, taps % 4);
                let size = first + taps + taps % 2;
                let [places, stride, dilation] = shape;
                let steps = (places - 1) * stride + (taps - 1) * dilation + 1;
                let x = values.x(steps * channels, &mut random);
                let weights = values.rows(size, &mut random)[..channels].concat();
                let bias: Vec<i32> = (0..channels).map(|_| random.bits() as i32 / 2).collect();
                let scale: Vec<_> = (0..channels).map(|_| scale(&values, &mut random)).collect();
                let case = Case {
                    weights: &weights,
                    size,
                    first,
                    taps,
                    bias: &bias,
                    scale: &scale,
                    bounds: bounds[random.bits() as usize % bounds.len()],
                    x: &x,
                    shape,
                    relative,
                };
                let place = (values, taps, shape, channels, case.bounds);
                let count = run(program, &case, &mut random)
                    .map_err(|failure| format!("{place:?}: {failure}"))?;
                checked.add([taps, places, stride, dilation], count, &place)?;
            }
        }
    }
    Ok(checked)
}

fn expected(case: &Case<'_>, place: usize, channel: usize) -> i16 {
    let channels = case.bias.len();
    let [_, stride, dilation] = case.shape;
    let weights = &case.weights[channel * case.size + case.first..][..case.taps];
    let sum = (0..)
        .zip(weights)
        .fold(case.bias[channel], |sum, (tap, &w)| {
            let x = case.x[(place * stride + tap * dilation) * channels + channel];
            sum.wrapping_add(i32::from(w) * i32::from(x))
        });
    output(sum, case.scale[channel], case.bounds)
}

fn run(program: &Program, case: &Case<'_>, random: &mut Random) -> Result<u64, String> {
    let mut memory = Memory::default();
    let channels = case.bias.len();
    let [places, stride, dilation] = case.shape;
    let weights = memory.readable(&bytes(case.weights, |w| w.to_le_bytes()), random.bits() % 4);
    let bias = memory.readable(&bytes(case.bias, |bias| bias.to_le_bytes()), 0);
    let scale = memory.readable(&bytes(case.scale, |&scale| word(scale).to_le_bytes()), 0);
    let x = memory.readable(&bytes(case.x, |x| x.to_le_bytes()), 2 * (random.bits() % 4));
    let outputs = places * channels;
    let y = memory.unwritten(2 * outputs, 2 * (random.bits() % 4));
    let (low, high) = (i32::from(case.bounds.0), i32::from(case.bounds.1));
    let end = weights + (case.first + case.taps) as u32;
    let [place_step, tap_step] = [stride, dilation].map(|steps| (2 * steps * channels) as u32);
    let (origin, x_step) = match case.relative {
        true => (end, 2u32.wrapping_sub(case.size as u32)),
        false => (0, 2),
    };
    let taps = case.taps as u32;
    let back = place_step.wrapping_sub(taps * tap_step);
    // As `depthwise_places::Job` has them; what the program keeps there is anything.
    let mut job = vec![bias, scale, x.wrapping_sub(origin), end, y];
    job.extend([(); 5].map(|()| random.bits()));
    job.extend([high as u32, (high - low) as u32, low as u32]);
    job.extend([2 * channels as u32, taps.wrapping_neg(), place_step]);
    job.extend([tap_step, back, back.wrapping_add(3 * place_step)]);
    job.extend([case.size as u32, x_step]);
    job.extend([(places as u32).wrapping_sub(4), bias + 4 * channels as u32]);
    let job = memory.writable(&bytes(&job, |word| word.to_le_bytes()), 0);
    let (returned, memory) = call_job(program, memory, job, random)?;
    for at in 0..outputs {
        let expected = expected(case, at / channels, at % channels);
        let found = memory.bytes(y + 2 * at as u32, 2);
        if found != Some(expected.to_le_bytes().to_vec()) {
            return Err(format!(
                "output {at}: {found:?}, the reference gives {expected:?}"
            ));
        }
    }
    Ok(returned.instructions)
}
