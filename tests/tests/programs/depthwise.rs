//! Calls of the programs that make depthwise convolutions on cores with the DSP extension, as the runtime calls them.
use conformance::inputs::Random;
use conformance::thumb::{Core, Memory, Program};
use dunlin::kernel::depthwise_dsp::{
    CHANNEL_WORDS, MOST_TAPS, PLACES, PLACES_TWO_APART, TAKE_OUT, WEIGHT_WORDS, most_places, words,
};
use dunlin::kernel::reference;

use super::{Checked, Kernel, bytes, call, call_job, lengths, values};
use crate::places::{FULL, POSITIVE, scale, twice};

pub const KERNELS: [Kernel; 3] = [
    Kernel {
        name: "depthwise_dsp::TAKE_OUT",
        text: TAKE_OUT,
        core: Core::V7em,
        check: take_out,
    },
    Kernel {
        name: "depthwise_dsp::PLACES",
        text: PLACES,
        core: Core::V7em,
        check: |program| all(program, 1),
    },
    Kernel {
        name: "depthwise_dsp::PLACES_TWO_APART",
        text: PLACES_TWO_APART,
        core: Core::V7em,
        check: |program| all(program, 2),
    },
];

/// Two channels of some steps as halves of words, a channel behind the other.
fn take_out(program: &Program) -> Result<Checked, String> {
    let mut random = Random::new();
    let mut checked = Checked::default();
    for values in values() {
        for steps in lengths() {
            for first in [0, 1, 4] {
                let channels = 2 + random.bits() as usize % 4;
                let x_at = random.bits() % 2;
                let x = values.x(steps * channels, &mut random);
                let mut memory = Memory::default();
                let from = memory.readable(&bytes(&x, |x| x.to_le_bytes()), 2 * x_at);
                let to = memory.unwritten(8 * CHANNEL_WORDS, 0);
                let arguments = [from, to + 2 * first, steps as u32, 2 * channels as u32];
                let place = (values, steps, first, channels);
                let (returned, memory) = call(program, memory, arguments, &mut random)
                    .map_err(|failure| format!("{place:?}: {failure}"))?;
                for half in 0..4 * CHANNEL_WORDS {
                    let (channel, half) = (half / (2 * CHANNEL_WORDS), half % (2 * CHANNEL_WORDS));
                    let step = half
                        .checked_sub(first as usize)
                        .filter(|&step| step < steps);
                    let expected = step.map(|step| x[step * channels + channel]);
                    let at = to + (4 * CHANNEL_WORDS * channel + 2 * half) as u32;
                    if memory.bytes(at, 2) != expected.map(|x| x.to_le_bytes().to_vec()) {
                        return Err(format!("{place:?}: channel {channel}, half {half}"));
                    }
                }
                checked.add([steps, first as usize, 0, 0], returned.instructions, &place)?;
            }
        }
    }
    Ok(checked)
}

/// A filter over some places of a channel.
struct Case<'c> {
    row: &'c [i8],
    bias: i32,
    /// A multiplier and a shift.
    scale: (u16, u8),
    bounds: (i16, i16),
    /// As many values as there are taps of all places.
    x: &'c [i16],
    places: usize,
    /// Steps from place to place.
    stride: usize,
    /// Outputs from place to place.
    y_step: usize,
}

fn all(program: &Program, stride: usize) -> Result<Checked, String> {
    let mut random = Random::new();
    let mut checked = Checked::default();
    for values in values() {
        for taps in lengths() {
            if !(1..=MOST_TAPS).contains(&taps) {
                continue;
            }
            for places in [1, 2, 3, 4, 5, 10, 15, most_places(taps, stride)] {
                let places = places.min(most_places(taps, stride));
                let [row, ..] = values.rows(taps, &mut random);
                let bounded = random.bits() as usize % 2;
                let case = Case {
                    row: &row,
                    bias: random.bits() as i32 / 2,
                    scale: scale(&values, &mut random),
                    bounds: match bounded {
                        0 => POSITIVE,
                        _ => [(-5, 5), (100, 20_000), FULL][random.bits() as usize % 3],
                    },
                    x: &values.x((places - 1) * stride + taps, &mut random),
                    places,
                    stride,
                    y_step: 1 + random.bits() as usize % 5,
                };
                let place = (values, taps, places, case.bounds, case.y_step);
                let count = run(program, &case, &mut random)
                    .map_err(|failure| format!("{place:?}: {failure}"))?;
                checked.add([taps, places, bounded, 0], count, &place)?;
            }
        }
    }
    Ok(checked)
}

/// An output by 64-bit integers.
fn expected(case: &Case<'_>, place: usize) -> i16 {
    let sum = reference::dot(case.row, &case.x[place * case.stride..], case.bias);
    let (multiplier, shift) = case.scale;
    let scaled = ((i64::from(sum) * i64::from(multiplier)) >> 16) >> shift;
    let (low, high) = case.bounds;
    scaled.clamp(low.into(), high.into()) as i16
}

fn run(program: &Program, case: &Case<'_>, random: &mut Random) -> Result<u64, String> {
    let taps = case.row.len();
    let mut memory = Memory::default();
    let row = memory.readable(&bytes(case.row, |w| w.to_le_bytes()), random.bits() % 4);
    let mut x = bytes(case.x, |x| x.to_le_bytes());
    x.resize(4 * CHANNEL_WORDS, 0);
    let x = memory.readable(&x, 0);
    let outputs = (case.places - 1) * case.y_step + 1;
    let y = memory.unwritten(2 * outputs, 2 * (random.bits() % 2));
    let words = words(taps, case.stride) as u32;
    let bias = case.bias as u32;
    // As `depthwise_dsp::Job` has them.
    let job = [
        row,
        taps as u32,
        x,
        y,
        twice(case.bounds.1),
        twice(case.bounds.0),
        u32::from(case.scale.0) << 16 | u32::from(case.scale.1),
        2 * case.y_step as u32,
        x + 2 * (case.places * case.stride) as u32,
        match case.stride {
            1 => 4 * words - 4,
            _ => (4 * words).wrapping_sub(16),
        },
        u32::from(case.bounds != POSITIVE),
        if words == 5 { 0 } else { words / 2 },
        bias,
        bias,
        bias,
        bias,
    ];
    let mut job = bytes(&job, |word| word.to_le_bytes());
    job.resize(job.len() + 8 * WEIGHT_WORDS, 0x55);
    let job = memory.writable(&job, 0);
    let (returned, memory) = call_job(program, memory, job, random)?;
    for output in 0..outputs {
        let (place, beside) = (output / case.y_step, output % case.y_step);
        let expected = (beside == 0).then(|| expected(case, place));
        let found = memory.bytes(y + 2 * output as u32, 2);
        if found != expected.map(|value| value.to_le_bytes().to_vec()) {
            return Err(format!(
                "place {place}: {found:?}, the reference gives {expected:?}"
            ));
        }
    }
    Ok(returned.instructions)
}
