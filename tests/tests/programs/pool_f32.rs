//! Calls of the program that makes max pools of floats, as the runtime calls it.
use conformance::inputs::Random;
use conformance::thumb::{Core, Memory, Program};
use dunlin::kernel::pool_f32;

use super::floats::{EXPONENTS, float};
use super::{Checked, Kernel, bytes, call, lengths};

pub const KERNELS: [Kernel; 2] = [
    Kernel {
        name: "pool_f32::PROGRAM",
        text: pool_f32::PROGRAM,
        core: Core::V7em,
        check: all,
    },
    Kernel {
        name: "pool_f32::SELECTING",
        text: pool_f32::SELECTING,
        core: Core::V7em,
        check: all,
    },
];

fn all(program: &Program) -> Result<Checked, String> {
    let mut random = Random::new();
    let mut checked = Checked::default();
    for exponents in EXPONENTS {
        // The runtime does not call the program for a tap alone.
        for taps in lengths().into_iter().filter(|&taps| taps > 1) {
            for steps in 1..=3 {
                let channels = 1 + random.bits() as usize % 27;
                let mut x: Vec<f32> = (0..steps * taps * channels)
                    .map(|_| value(&mut random, exponents))
                    .collect();
                let place = (exponents, taps, steps, "channels", channels);
                // Then with a NaN, at the last place of all and at another one.
                for nan in [
                    None,
                    Some(x.len() - 1),
                    Some(random.bits() as usize % x.len()),
                ] {
                    if let Some(nan) = nan {
                        x[nan] = f32::from_bits(0x7f80_0001 | random.bits());
                    }
                    let count = run(program, (&x, channels, taps), steps, &mut random)
                        .map_err(|failure| format!("{place:?}, NaN at {nan:?}: {failure}"))?;
                    checked.add([taps, steps, channels, 0], count, &place)?;
                }
            }
        }
    }
    Ok(checked)
}

/// One in 32 is an infinity.
fn value(random: &mut Random, exponents: (u32, u32)) -> f32 {
    match random.bits() % 32 {
        0 => f32::from_bits(0x7f80_0000 | random.bits() & 0x8000_0000),
        _ => float(random, exponents),
    }
}

fn run(
    program: &Program,
    (x, channels, taps): (&[f32], usize, usize),
    steps: usize,
    random: &mut Random,
) -> Result<u64, String> {
    let mut memory = Memory::default();
    let values = memory.readable(&bytes(x, |x| x.to_le_bytes()), 4 * (random.bits() % 4));
    let y = memory.unwritten(4 * steps * channels, 4 * (random.bits() % 4));
    // As `pool_f32::Job` has them.
    let job = [channels / 8, channels % 8, steps, taps - 1, 4 * channels];
    let job = [&[y], &job.map(|word| word as u32)[..]].concat();
    let job = memory.readable(&bytes(&job, |word| word.to_le_bytes()), 0);
    let arguments = [values, job, random.bits(), random.bits()];
    let (returned, memory) = call(program, memory, arguments, random)?;
    let invalid = x.iter().any(|x| x.is_nan());
    if returned.registers[0] != u32::from(invalid) {
        return Err(format!("{} for NaN: {invalid}", returned.registers[0]));
    }
    if invalid {
        // Another way is taken.
        return Ok(returned.instructions);
    }
    for step in 0..steps {
        for channel in 0..channels {
            let each = (0..taps).map(|tap| x[(step * taps + tap) * channels + channel]);
            let expected = each.fold(f32::NEG_INFINITY, |y, x| if x > y { x } else { y });
            let found = memory.bytes(y + 4 * (step * channels + channel) as u32, 4);
            if found != Some(expected.to_le_bytes().to_vec()) {
                return Err(format!(
                    "step {step}, channel {channel}: {found:?}, the reference gives {expected:?}"
                ));
            }
        }
    }
    Ok(returned.instructions)
}
