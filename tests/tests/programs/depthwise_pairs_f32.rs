//! Calls of the program that makes depthwise convolutions of floats at pairs of places, as the runtime calls it.
use conformance::inputs::Random;
use conformance::thumb::{Core, Memory, Program};
use dunlin::kernel::depthwise_f32::pairs::{CHANNELS, PROGRAM, TAP, TAPS, TURN};
use dunlin::kernel::reference;

use super::floats::{EXPONENTS, values};
use super::{Checked, Kernel, bytes, call_job};

pub const KERNELS: [Kernel; 1] = [Kernel {
    name: "depthwise_f32::pairs::PROGRAM",
    text: PROGRAM,
    core: Core::V7em,
    check: all,
}];

/// Pairs of places, groups of channels, and channels that belong to none.
const SHAPES: [[usize; 3]; 4] = [[1, 1, 3], [2, 2, 0], [5, 1, 0], [3, 3, 7]];

struct Case<'c> {
    weights: &'c [f32],
    /// Weights of a filter, and those that meet the input.
    size: usize,
    taps: usize,
    /// What the sums begin with: one a channel, or those of each place, in the place of the outputs.
    sums: &'c [f32],
    x: &'c [f32],
    pairs: usize,
    groups: usize,
    channels: usize,
    /// From a place to the next one of a pair, in places.
    apart: usize,
    /// Places alone: the first tap, how many, and the step of the first.
    alone: Vec<[usize; 3]>,
}

fn all(program: &Program) -> Result<Checked, String> {
    let mut random = Random::new();
    let mut checked = Checked::default();
    for exponents in EXPONENTS {
        for taps in 1..=TAPS {
            for [pairs, groups, more] in SHAPES {
                for again in [false, true] {
                    let channels = CHANNELS * groups + more;
                    let size = taps + random.bits() as usize % 3;
                    let apart = 1 + random.bits() as usize % 2;
                    let mut floats = |count| values(&mut random, exponents, count);
                    let places = if again { 2 * pairs * apart } else { 1 };
                    let steps = 2 * pairs + taps - 1;
                    // With sums of their own there are none.
                    let alone = if again { 0 } else { (pairs + taps) % 4 };
                    let alone = (0..alone).map(|nth| {
                        let first = (nth + pairs) % taps;
                        let used = taps - first - (nth + groups) % (taps - first);
                        [first, used, (steps - used) * nth / 3]
                    });
                    let case = Case {
                        alone: alone.collect(),
                        weights: &floats(channels * size),
                        size,
                        taps,
                        sums: &floats(places * channels),
                        x: &floats(steps * channels),
                        pairs,
                        groups,
                        channels,
                        apart,
                    };
                    let place = (exponents, taps, pairs, groups, "channels", channels);
                    let count = run(program, &case, again, &mut random)
                        .map_err(|failure| format!("{place:?}, sums {again}: {failure}"))?;
                    checked.add([taps, pairs, groups, again.into()], count, &place)?;
                }
            }
        }
    }
    Ok(checked)
}

fn run(
    program: &Program,
    case: &Case<'_>,
    again: bool,
    random: &mut Random,
) -> Result<u64, String> {
    let &Case {
        size,
        taps,
        pairs,
        groups,
        channels,
        apart,
        ..
    } = case;
    let mut memory = Memory::default();
    let [weights, x] = [case.weights, case.x].map(|values| {
        let at = 4 * (random.bits() % 4);
        memory.readable(&bytes(values, |value| value.to_le_bytes()), at)
    });
    let sums = bytes(case.sums, |sum| sum.to_le_bytes());
    let (sums, y, step) = if again {
        let y = memory.writable(&sums, 4 * (random.bits() % 4));
        (y, y, apart * channels)
    } else {
        let y = memory.unwritten(4 * 2 * pairs * apart * channels, 0);
        (memory.readable(&sums, 4 * (random.bits() % 4)), y, 0)
    };
    let room = memory.unwritten(4 * CHANNELS * taps, 0);
    let turns = taps.div_ceil(TURN);
    // As `pairs::Job` has them.
    let mut job = vec![weights, 4 * size as u32, taps as u32, room];
    job.extend([turns, pairs, 4 * channels].map(|word| word as u32));
    job.extend([x, y, 4 * (apart * channels) as u32]);
    job.extend([sums, 4 * step as u32, groups as u32]);
    job.push(((taps + TURN - TURN * turns) * TAP) as u32);
    let outputs: Vec<u32> = case
        .alone
        .iter()
        .map(|_| memory.unwritten(4 * channels, 4))
        .collect();
    let places = case.alone.iter().zip(&outputs).flat_map(|(&place, &y)| {
        let [first, taps, step] = place.map(|count| count as u32);
        let x = x + 4 * step * channels as u32;
        [taps, x, y, room + 4 * CHANNELS as u32 * first]
    });
    let places = bytes(&places.collect::<Vec<_>>(), |word| word.to_le_bytes());
    job.extend([memory.readable(&places, 0), outputs.len() as u32, 0]);
    let job = memory.writable(&bytes(&job, |word| word.to_le_bytes()), 0);
    let (returned, memory) = call_job(program, memory, job, random)?;
    for place in 0..2 * pairs {
        for channel in 0..CHANNELS * groups {
            let at = place * apart * channels + channel;
            let weights = &case.weights[channel * size..][..taps];
            let sum = case.sums[if again { at } else { channel }];
            let x = &case.x[place * channels + channel..];
            let expected = reference::strided_f32(weights, x, channels, sum);
            let found = memory.bytes(y + 4 * at as u32, 4);
            if found != Some(expected.to_le_bytes().to_vec()) {
                return Err(format!(
                    "place {place}, channel {channel}: {found:?}, the reference gives {expected:?}"
                ));
            }
        }
    }
    for (&[first, taps, step], y) in case.alone.iter().zip(outputs) {
        for channel in 0..CHANNELS * groups {
            let weights = &case.weights[channel * size + first..][..taps];
            let x = &case.x[step * channels + channel..];
            let expected = reference::strided_f32(weights, x, channels, case.sums[channel]);
            let found = memory.bytes(y + 4 * channel as u32, 4);
            if found != Some(expected.to_le_bytes().to_vec()) {
                return Err(format!(
                    "alone, channel {channel}: {found:?}, the reference gives {expected:?}"
                ));
            }
        }
    }
    Ok(returned.instructions)
}
