//! Calls of the program that makes max pools of floats, as the runtime calls it.
use conformance::inputs::Random;
use conformance::thumb::{Core, Memory, Program};
use dunlin::kernel::pool_f32;

use super::floats::{EXPONENTS, float};
use super::{Checked, Kernel, bytes, call, lengths};

pub const KERNELS: [Kernel; 1] = [Kernel {
    name: "pool_f32::PROGRAM",
    text: pool_f32::PROGRAM,
    core: Core::V7em,
    check: all,
}];

fn all(program: &Program) -> Result<Checked, String> {
    let mut random = Random::new();
    let mut checked = Checked::default();
    for exponents in EXPONENTS {
        // The runtime does not call the program without taps.
        for taps in lengths().into_iter().filter(|&taps| taps > 0) {
            for steps in 1..=3 {
                let channels = 8 * (1 + random.bits() as usize % 3);
                let x: Vec<f32> = (0..steps * taps * channels)
                    .map(|_| value(&mut random, exponents))
                    .collect();
                let place = (exponents, taps, steps, "channels", channels);
                let count = run(program, (&x, channels, taps), steps, &mut random)
                    .map_err(|failure| format!("{place:?}: {failure}"))?;
                checked.add([taps, steps, channels, 0], count, &place)?;
            }
        }
    }
    Ok(checked)
}

/// One in eight is a NaN, or an infinity.
fn value(random: &mut Random, exponents: (u32, u32)) -> f32 {
    match random.bits() % 32 {
        0..=2 => f32::from_bits(0x7f80_0001 | random.bits()),
        3 => f32::from_bits(0x7f80_0000 | random.bits() & 0x8000_0000),
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
    let tap = 4 * channels;
    // As `pool_f32::Job` has them.
    let job = [taps, tap, tap * (taps - 1), channels / 8, steps].map(|word| word as u32);
    let mut job = [&[y], &job[..]].concat();
    job.extend([f32::NEG_INFINITY.to_bits(); 8]);
    let job = memory.readable(&bytes(&job, |word| word.to_le_bytes()), 0);
    let arguments = [values, job, random.bits(), random.bits()];
    let (returned, memory) = call(program, memory, arguments, random)?;
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
