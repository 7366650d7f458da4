//! Calls of the program that does all blocks of row pairs of a matrix, as the runtime calls it.
use conformance::inputs::Random;
use conformance::packers;
use conformance::thumb::{Core, Memory, Program};
use dunlin::kernel::{reference, row_blocks, row_pairs};

use super::{Checked, Kernel, bytes, call_job, lengths, values};
use crate::places::{FULL, POSITIVE, scale, twice};

pub const KERNELS: [Kernel; 1] = [Kernel {
    name: "row_blocks::BLOCKS",
    text: row_blocks::BLOCKS,
    core: Core::V7em,
    check: all,
}];

/// Blocks of which some columns meet values.
struct Case<'c> {
    /// Four rows a block.
    rows: &'c [[Vec<i8>; 4]],
    /// The first column used, an even one.
    column: usize,
    x: &'c [i16],
    /// Values that `x` starts behind a multiple of 64 bytes.
    x_at: usize,
    bias: Vec<i32>,
    /// Multipliers and shifts.
    scale: Vec<(u16, u8)>,
    /// Of outputs of 16 bits.
    bounds: Option<(i16, i16)>,
}

fn all(program: &Program) -> Result<Checked, String> {
    let mut random = Random::new();
    let mut checked = Checked::default();
    for values in values() {
        for len in lengths() {
            for (column, behind, blocks) in [(0, 0, 1), (0, 0, 3), (2, 1, 2), (4, 6, 2)] {
                let form = random.bits() as usize % 4;
                let x_at = random.bits() as usize % 4;
                let rows: Vec<_> = (0..blocks)
                    .map(|_| values.rows(column + len + behind, &mut random))
                    .collect();
                let case = Case {
                    rows: &rows,
                    column,
                    x: &values.x(len, &mut random),
                    x_at,
                    // Of the last rows of a block the sum itself has to fit.
                    bias: (0..4 * blocks).map(|_| random.bits() as i32 / 2).collect(),
                    scale: (0..4 * blocks)
                        .map(|_| scale(&values, &mut random))
                        .collect(),
                    bounds: [Some(FULL), Some((-300, 20_000)), Some(POSITIVE), None][form],
                };
                let place = (values, len, (column, behind, blocks), case.bounds, x_at);
                let count = run(program, &case, &mut random)
                    .map_err(|failure| format!("{place:?}: {failure}"))?;
                checked.add([len, column, blocks, 4 * x_at + form], count, &place)?;
            }
        }
    }
    Ok(checked)
}

/// An output by 64-bit integers.
fn expected(case: &Case<'_>, row: usize) -> i32 {
    let weights = &case.rows[row / 4][row % 4][case.column..];
    let sum = i64::from(reference::dot(weights, case.x, case.bias[row]));
    let (multiplier, shift) = case.scale[row];
    let scaled = ((sum * i64::from(multiplier)) >> 16) >> shift;
    match case.bounds {
        Some((low, high)) => scaled.clamp(low.into(), high.into()) as i32,
        None => scaled as i32,
    }
}

fn run(program: &Program, case: &Case<'_>, random: &mut Random) -> Result<u64, String> {
    let mut words = Vec::new();
    for rows in case.rows {
        let mut block = [0; 512];
        let rows = [0, 1, 2, 3].map(|row| rows[row].as_slice());
        words.extend_from_slice(packers::row_pairs(rows, &mut block));
    }
    let skipped = words.len() / case.rows.len() - row_pairs::block_bytes(case.x.len());
    let mut memory = Memory::default();
    let words = memory.readable(&bytes(&words, |w| w.to_le_bytes()), 0);
    let x = memory.readable(&bytes(case.x, |x| x.to_le_bytes()), 2 * case.x_at as u32);
    let bias = memory.readable(&bytes(&case.bias, |bias| bias.to_le_bytes()), 0);
    let scale = bytes(&case.scale, |&(multiplier, shift)| {
        (u32::from(multiplier) << 16 | u32::from(shift)).to_le_bytes()
    });
    let scale = memory.readable(&scale, 0);
    let width = if case.bounds.is_some() { 2 } else { 4 };
    let outputs = case.bias.len();
    // Outputs of 16 bits stand at any multiple of two bytes.
    let y_at = if width == 2 {
        2 * (random.bits() % 2)
    } else {
        0
    };
    let y = memory.unwritten(width * outputs, y_at);
    let (low, high) = case.bounds.unwrap_or_default();
    // As `row_blocks::Job` has them.
    let job = [
        0,
        case.x.len() as u32,
        x,
        bias,
        scale,
        y,
        y + (width * outputs) as u32,
        match case.bounds {
            Some(POSITIVE) => 0,
            None => 1,
            Some(FULL) => 2,
            Some(_) => 3,
        },
        twice(high),
        twice(low),
        skipped as u32,
        words + 4 * case.column as u32,
    ];
    let job = memory.readable(&bytes(&job, |word| word.to_le_bytes()), 0);
    let (returned, memory) = call_job(program, memory, job, random)?;
    for row in 0..outputs {
        let expected = expected(case, row);
        let found = memory.bytes(y + (width * row) as u32, width);
        if found != Some(expected.to_le_bytes()[..width].to_vec()) {
            return Err(format!(
                "row {row}: {found:?}, the reference gives {expected}"
            ));
        }
    }
    Ok(returned.instructions)
}
