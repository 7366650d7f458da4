//! Calls of the programs that make floats `max(y, 0)`, as the runtime calls them.
use conformance::inputs::Random;
use conformance::thumb::{Core, Memory, Program};
use dunlin::kernel::rectify_f32::{CLEARING, EIGHT, SELECTING, SIXTEEN};

use super::floats::{EXPONENTS, float};
use super::{Checked, Kernel, bytes, call, lengths};

pub const KERNELS: [Kernel; 2] = [
    Kernel {
        name: "rectify_f32::CLEARING",
        text: CLEARING,
        core: Core::V7em,
        check: |program| all(program, EIGHT),
    },
    Kernel {
        name: "rectify_f32::SELECTING",
        text: SELECTING,
        core: Core::V7em,
        check: |program| all(program, SIXTEEN),
    },
];

/// Bits of NaN; the first ones are signaling.
const NAN: [u32; 4] = [0x7f80_0001, 0xffb1_2345, 0x7fc0_0000, 0xffff_ffff];

fn all(program: &Program, width: usize) -> Result<Checked, String> {
    let mut random = Random::new();
    let mut checked = Checked::default();
    for exponents in EXPONENTS {
        // The runtime does not call the program for less than a block.
        for len in lengths().into_iter().filter(|&len| len >= width) {
            let mut case = |y: &[f32], name| {
                let count = run(program, y, width, &mut random)
                    .map_err(|failure| format!("{exponents:?}, {len} {name}: {failure}"))?;
                checked.add([len, 0, 0, 0], count, &(exponents, len, name))
            };
            let mut random = Random::new();
            let mut y: Vec<f32> = (0..len).map(|_| float(&mut random, exponents)).collect();
            case(&y, "values")?;
            y[len / 2] = f32::NEG_INFINITY;
            case(&y, "values, one -inf")?;
            // A NaN at each place.
            for at in 0..len {
                let whole = core::mem::replace(&mut y[at], f32::from_bits(NAN[at % 4]));
                case(&y, "values, one NaN")?;
                y[at] = whole;
            }
        }
    }
    Ok(checked)
}

fn run(
    program: &Program,
    values: &[f32],
    width: usize,
    random: &mut Random,
) -> Result<u64, String> {
    let mut memory = Memory::default();
    let y = memory.writable(&bytes(values, |y| y.to_le_bytes()), 4 * (random.bits() % 4));
    let zero = memory.readable(&[0; 4], 4);
    let [blocks, ones] = [values.len() / width, values.len() % width].map(|count| count as u32);
    let (returned, memory) = call(program, memory, [y, blocks, ones, zero], random)?;
    let found = memory.bytes(y, 4 * values.len()).unwrap_or_default();
    let found: Vec<u32> = found
        .as_chunks()
        .0
        .iter()
        .map(|&bytes| u32::from_le_bytes(bytes))
        .collect();
    let maybe = returned.registers[0] != 0;
    for (at, (y, &found)) in values.iter().zip(&found).enumerate() {
        let expected = if *y > 0.0 { *y } else { 0.0 };
        let left = y.is_nan() && maybe && f32::from_bits(found).is_nan();
        if found != expected.to_bits() && !left {
            return Err(format!("value {at}: {found:#x} of {y:?}, {maybe}"));
        }
    }
    // With infinities there may be one.
    if maybe && values.iter().all(|y| y.is_finite() && y.abs() < 1e15) {
        return Err("a NaN among values".into());
    }
    Ok(returned.instructions)
}
