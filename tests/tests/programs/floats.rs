//! Calls of the program that makes sums of floats, as the runtime calls it.
use conformance::inputs::Random;
use conformance::thumb::{Core, Memory, Program};
use dunlin::kernel::{reference, rows_f32};

use super::{Checked, Kernel, PLACES, bytes, call, lengths};

pub const KERNELS: [Kernel; 1] = [Kernel {
    name: "rows_f32::DOT4",
    text: rows_f32::DOT4,
    core: Core::V7em,
    check: all,
}];

/// Exponents of 1, and how many from the lowest on: around 1; over a wide span; products that are subnormal, round to zero, or
/// leave the range.
const EXPONENTS: [(u32, u32); 4] = [(120, 8), (80, 60), (30, 40), (170, 40)];

/// A float of random sign and fraction; one in 16 is a zero.
fn float(random: &mut Random, (lowest, span): (u32, u32)) -> f32 {
    let (sign, bits) = (random.bits() & 0x8000_0000, random.bits());
    if bits & 15 == 0 {
        return f32::from_bits(sign);
    }
    let exponent = lowest + (bits >> 4 & 0xff) % span;
    f32::from_bits(sign | exponent << 23 | bits >> 9)
}

fn all(program: &Program) -> Result<Checked, String> {
    let mut random = Random::new();
    let mut checked = Checked::default();
    for exponents in EXPONENTS
        .into_iter()
        .cycle()
        .take(if cfg!(miri) { 1 } else { 16 })
    {
        for len in lengths() {
            for column in 0..PLACES {
                let mut floats = |count| -> Vec<f32> {
                    (0..count).map(|_| float(&mut random, exponents)).collect()
                };
                let stride = column + len;
                let (rows, x, sums) = (floats(4 * stride), floats(len), floats(4));
                let start = [sums[0], sums[1], sums[2], sums[3]];
                let mut memory = Memory::default();
                let row = memory.readable(&bytes(&rows, |w| w.to_le_bytes()), 4 * column as u32);
                let at = memory.readable(&bytes(&x, |x| x.to_le_bytes()), 4 * (len as u32 % 4));
                // As `rows_f32::Job` has them.
                let mut job = (4 * stride as u32).to_le_bytes().to_vec();
                job.extend(bytes(&sums, |sum| sum.to_le_bytes()));
                let job = memory.writable(&job, 0);
                let place = (exponents, "columns", column, len);
                let arguments = [row + 4 * column as u32, at, len as u32, job];
                let (returned, memory) = call(program, memory, arguments, &mut random)
                    .map_err(|failure| format!("{place:?}: {failure}"))?;
                let of = |row: usize| &rows[row * stride + column..][..len];
                let expected = reference::dot4_f32([of(0), of(1), of(2), of(3)], &x, start);
                let found = memory.bytes(job + 4, 16);
                if found != Some(bytes(&expected, |sum| sum.to_le_bytes())) {
                    return Err(format!(
                        "{place:?}: {found:?}, the reference gives {expected:?}"
                    ));
                }
                checked.add([len, column, 0, 0], returned.instructions, &place)?;
            }
        }
    }
    Ok(checked)
}
