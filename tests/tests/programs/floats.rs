//! Calls of the programs that make sums of floats, as the runtime calls them.
use conformance::inputs::Random;
use conformance::thumb::{Core, Memory, Program};
use dunlin::kernel::{reference, rows_f32};

use super::{Checked, Kernel, PLACES, bytes, call, lengths};

/// Blocks that are run at once.
const BLOCKS: usize = 2;

pub const KERNELS: [Kernel; 3] = [
    Kernel {
        name: "rows_f32::BLOCKS",
        text: rows_f32::BLOCKS,
        core: Core::V7em,
        check: |program| all(program, blocks),
    },
    Kernel {
        name: "rows_f32::DOT",
        text: rows_f32::DOT,
        core: Core::V7em,
        check: |program| all(program, one),
    },
    Kernel {
        name: "rows_f32::STRIDED",
        text: rows_f32::STRIDED,
        core: Core::V7em,
        check: |program| all(program, strided),
    },
];

/// Blocks of four rows with more columns than are used, values, and sums.
struct Case<'c> {
    rows: &'c [f32],
    stride: usize,
    /// The first column used.
    column: usize,
    x: &'c [f32],
    /// Of each block.
    sums: &'c [[f32; 4]],
}

/// Runs a program over a case, compares it with the reference, and gives the number of instructions.
type Run = fn(&Program, &Case<'_>, &mut Random) -> Result<u64, String>;

/// Exponents of 1, and how many from the lowest on: around 1; over a wide span; products that are subnormal, round to zero, or
/// leave the range.
pub(super) const EXPONENTS: [(u32, u32); 4] = [(120, 8), (80, 60), (30, 40), (170, 40)];

/// A float of random sign and fraction; one in 16 is a zero.
pub(super) fn float(random: &mut Random, (lowest, span): (u32, u32)) -> f32 {
    let (sign, bits) = (random.bits() & 0x8000_0000, random.bits());
    if bits & 15 == 0 {
        return f32::from_bits(sign);
    }
    let exponent = lowest + (bits >> 4 & 0xff) % span;
    f32::from_bits(sign | exponent << 23 | bits >> 9)
}

/// So many of them.
pub(super) fn values(random: &mut Random, exponents: (u32, u32), count: usize) -> Vec<f32> {
    (0..count).map(|_| float(random, exponents)).collect()
}

fn all(program: &Program, run: Run) -> Result<Checked, String> {
    let mut random = Random::new();
    let mut checked = Checked::default();
    for exponents in EXPONENTS.into_iter().cycle().take(16) {
        for len in lengths() {
            for column in 0..PLACES {
                let mut floats = |count| values(&mut random, exponents, count);
                let stride = column + len;
                let (rows, x, sums) =
                    (floats(4 * BLOCKS * stride), floats(len), floats(4 * BLOCKS));
                let case = Case {
                    rows: &rows,
                    stride,
                    column,
                    x: &x,
                    sums: sums.as_chunks().0,
                };
                let place = (exponents, "columns", column, len);
                let count = run(program, &case, &mut random)
                    .map_err(|failure| format!("{place:?}: {failure}"))?;
                checked.add([len, column, 0, 0], count, &place)?;
            }
        }
    }
    Ok(checked)
}

/// The rows and values in the memory of a core, and the addresses of the first weight used and of the values.
fn placed(case: &Case<'_>) -> (Memory, [u32; 2]) {
    let (mut memory, column, len) = (Memory::default(), case.column as u32, case.x.len() as u32);
    let rows = memory.readable(&bytes(case.rows, |w| w.to_le_bytes()), 4 * column);
    let x = memory.readable(&bytes(case.x, |x| x.to_le_bytes()), 4 * (len % 4));
    (memory, [rows + 4 * column, x])
}

/// Whether the sums that a program has left at an address are those of the reference.
fn equal(memory: &Memory, at: u32, expected: &[f32]) -> Result<(), String> {
    let expected = bytes(expected, |sum| sum.to_le_bytes());
    let found = memory.bytes(at, expected.len());
    if found.as_ref() == Some(&expected) {
        Ok(())
    } else {
        Err(format!("{found:?}, the reference gives {expected:?}"))
    }
}

impl Case<'_> {
    fn row(&self, row: usize) -> &[f32] {
        &self.rows[row * self.stride + self.column..][..self.x.len()]
    }
}

fn one(program: &Program, case: &Case<'_>, random: &mut Random) -> Result<u64, String> {
    let (mut memory, [row, x]) = placed(case);
    let sum = memory.writable(&case.sums[0][0].to_le_bytes(), 0);
    let (returned, memory) = call(program, memory, [row, x, case.x.len() as u32, sum], random)?;
    equal(
        &memory,
        sum,
        &[reference::dot_f32(case.row(0), case.x, case.sums[0][0])],
    )?;
    Ok(returned.instructions)
}

/// The values as weights, over the rows' weights as values that stand apart.
fn strided(program: &Program, case: &Case<'_>, random: &mut Random) -> Result<u64, String> {
    let apart = case.column + 1;
    let count = case.x.len().min(case.rows.len().div_ceil(apart));
    let mut memory = Memory::default();
    let row = memory.readable(&bytes(&case.x[..count], |w| w.to_le_bytes()), 0);
    let used = count.checked_sub(1).map_or(0, |last| last * apart + 1);
    let x = memory.readable(&bytes(&case.rows[..used], |x| x.to_le_bytes()), 4);
    let sum = case.sums[0][0];
    let mut job = sum.to_le_bytes().to_vec();
    job.extend((4 * apart as u32).to_le_bytes());
    let job = memory.writable(&job, 0);
    let (returned, memory) = call(program, memory, [row, x, count as u32, job], random)?;
    let expected = reference::strided_f32(&case.x[..count], case.rows, apart, sum);
    equal(&memory, job, &[expected])?;
    Ok(returned.instructions)
}

fn blocks(program: &Program, case: &Case<'_>, random: &mut Random) -> Result<u64, String> {
    let (mut memory, [row, x]) = placed(case);
    let bias = bytes(case.sums.as_flattened(), |sum| sum.to_le_bytes());
    let y = memory.unwritten(bias.len(), 0);
    let bias = memory.readable(&bias, 0);
    // As `rows_f32::Job` has them.
    let job = [4 * case.stride as u32, bias, y, BLOCKS as u32];
    let job = memory.readable(&bytes(&job, |word| word.to_le_bytes()), 0);
    let (returned, memory) = call(program, memory, [row, x, case.x.len() as u32, job], random)?;
    let sums = case.sums.iter().enumerate().map(|(block, &sums)| {
        let rows = [0, 1, 2, 3].map(|row| case.row(4 * block + row));
        reference::dot4_f32(rows, case.x, sums)
    });
    equal(&memory, y, sums.collect::<Vec<_>>().as_flattened())?;
    Ok(returned.instructions)
}
