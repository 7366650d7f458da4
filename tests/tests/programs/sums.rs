//! Calls of the programs that make sums, as the runtime calls them.
use conformance::inputs::Random;
use conformance::packers;
use conformance::thumb::{Core, Machine, Memory, Program};
use dunlin::kernel::{offset_quads, reference, row_pairs, rows_dsp, rows_mve, rows_v7m, wide_row};

use super::{Checked, Kernel, PLACES, bytes, call, lengths, values};

/// Four rows with more columns than are used, and values.
struct Case<'c> {
    rows: [&'c [i8]; 4],
    /// The first column used.
    column: usize,
    x: &'c [i16],
    /// Values that `x` starts behind a multiple of 64 bytes.
    x_at: usize,
    sums: [i32; 4],
}

/// Runs a program over a case, compares it with the reference, and gives the number of instructions.
type Run = fn(&Program, &Case<'_>, &mut Random) -> Result<u64, String>;

pub const KERNELS: [Kernel; 8] = [
    Kernel {
        name: "row_pairs::DOT4",
        text: row_pairs::DOT4,
        core: Core::V7em,
        // From an odd column on, the first is summed in Rust.
        check: |program| all(program, 2, pairs),
    },
    Kernel {
        name: "offset_quads::DOT4",
        text: offset_quads::DOT4,
        core: Core::V6m,
        check: |program| all(program, 1, quads),
    },
    Kernel {
        name: "offset_quads::CORRECTION",
        text: offset_quads::CORRECTION,
        core: Core::V6m,
        check: |program| all(program, 1, correction),
    },
    Kernel {
        name: "rows_mve::DOT",
        text: rows_mve::DOT,
        core: Core::V81m,
        // Twice around the loop of 64 columns.
        check: |program| of_lengths(program, lengths().into_iter().chain([131]), 1, row),
    },
    Kernel {
        name: "rows_dsp::DOT4",
        text: rows_dsp::DOT4,
        core: Core::V7em,
        check: |program| all(program, 1, rows),
    },
    Kernel {
        name: "rows_v7m::DOT4",
        text: rows_v7m::DOT4,
        core: Core::V7em,
        check: |program| all(program, 1, rows),
    },
    Kernel {
        name: "wide_row::DSP",
        text: wide_row::DSP,
        core: Core::V7em,
        // Twice around the loop of sixty columns.
        check: |program| of_lengths(program, lengths().into_iter().chain([131]), 1, wide),
    },
    Kernel {
        name: "wide_row::V6M",
        text: wide_row::V6M,
        core: Core::V6m,
        check: |program| all(program, 1, wide),
    },
];

/// All lengths, first columns, offsets of values, and values.
fn all(program: &Program, column_step: usize, run: Run) -> Result<Checked, String> {
    of_lengths(program, lengths(), column_step, run)
}

fn of_lengths(
    program: &Program,
    lengths: impl IntoIterator<Item = usize> + Clone,
    column_step: usize,
    run: Run,
) -> Result<Checked, String> {
    let mut random = Random::new();
    let mut checked = Checked::default();
    for values in values() {
        for len in lengths.clone() {
            for column in (0..PLACES).step_by(column_step) {
                let rows = values.rows(column + len, &mut random);
                let x = values.x(len, &mut random);
                for x_at in 0..PLACES {
                    let case = Case {
                        rows: [0, 1, 2, 3].map(|row| rows[row].as_slice()),
                        column,
                        x: &x,
                        x_at,
                        // Also from zeros, which set other flags.
                        sums: [0; 4].map(|_| match checked.cases % 9 {
                            0 => 0,
                            _ => random.bits() as i32,
                        }),
                    };
                    let place = (values, ("columns", column, len, "x at", x_at));
                    let count = run(program, &case, &mut random)
                        .map_err(|failure| format!("{place:?}: {failure}"))?;
                    checked.add([len, column, x_at, 0], count, &place)?;
                }
            }
        }
    }
    Ok(checked)
}

/// Weights, values and sums in the memory of a core, and their addresses.
fn placed(weights: &[u8], weights_at: usize, case: &Case<'_>) -> (Memory, [u32; 3]) {
    let mut memory = Memory::default();
    let weights = memory.readable(weights, weights_at as u32);
    let x = memory.readable(&bytes(case.x, |x| x.to_le_bytes()), 2 * case.x_at as u32);
    let sums = memory.readable(&bytes(&case.sums, |sum| sum.to_le_bytes()), 0);
    (memory, [weights, x, sums])
}

fn equal<const N: usize>(found: [u32; N], expected: [i32; N]) -> Result<(), String> {
    let found = found.map(|sum| sum as i32);
    if found == expected {
        Ok(())
    } else {
        Err(format!("{found:?}, the reference gives {expected:?}"))
    }
}

/// What the reference gives for these sums.
fn expected(case: &Case<'_>) -> [i32; 4] {
    reference::dot4(case.rows.map(|row| &row[case.column..]), case.x, case.sums)
}

fn pairs(program: &Program, case: &Case<'_>, random: &mut Random) -> Result<u64, String> {
    // Of the rows 2 and 3 the sum itself, not only the rest of it modulo 2^32, has to fit: from half of the span on, it does.
    let [a, b, c, d] = case.sums;
    let case = Case {
        sums: [a, b, c / 2, d / 2],
        ..*case
    };
    let mut block = [0; 512];
    let block = packers::row_pairs(case.rows, &mut block);
    let (memory, [start, x, sums]) = placed(&bytes(block, |w| w.to_le_bytes()), 0, &case);
    let arguments = [start + 4 * case.column as u32, x, case.x.len() as u32, sums];
    let (returned, _) = call(program, memory, arguments, random)?;
    let found = [0, 1, 12, 14].map(|register| returned.registers[register]);
    equal(found, expected(&case))?;
    Ok(returned.instructions)
}

fn quads(program: &Program, case: &Case<'_>, random: &mut Random) -> Result<u64, String> {
    let mut block = [0; 512];
    let block = packers::offset_quads(case.rows, &mut block);
    let (memory, [start, x, sums]) = placed(&bytes(block, |w| w.to_le_bytes()), 0, case);
    let arguments = [start + 4 * case.column as u32, x, case.x.len() as u32, sums];
    let (returned, _) = call(program, memory, arguments, random)?;
    let left_out = left_out(case.x);
    let found =
        [0, 1, 2, 3].map(|register| returned.registers[register].wrapping_add(left_out as u32));
    equal(found, expected(case))?;
    Ok(returned.instructions)
}

/// What sums over these values lack.
pub fn left_out(x: &[i16]) -> i32 {
    x.iter().map(|&x| i32::from(x)).sum::<i32>() * -128
}

fn correction(program: &Program, case: &Case<'_>, random: &mut Random) -> Result<u64, String> {
    let (memory, [_, x, _]) = placed(&[], 0, case);
    let rest = [random.bits(), random.bits()];
    let arguments = [x, case.x.len() as u32, rest[0], rest[1]];
    let (returned, _) = call(program, memory, arguments, random)?;
    equal([returned.registers[0]], [left_out(case.x)])?;
    Ok(returned.instructions)
}

/// Four rows as they are; the runtime does not call the program without values.
fn rows(program: &Program, case: &Case<'_>, random: &mut Random) -> Result<u64, String> {
    if case.x.is_empty() {
        return Ok(0);
    }
    let stride = case.rows[0].len();
    let (memory, [start, x, sums]) =
        placed(&bytes(&case.rows.concat(), |w| w.to_le_bytes()), 0, case);
    let mut machine = Machine::new(memory, random);
    machine.set(12, stride as u32);
    let arguments = [start + case.column as u32, x, case.x.len() as u32, sums];
    let returned = machine.call(program, &arguments, &[]);
    let returned = returned.map_err(|fault| fault.to_string())?;
    let found = [0, 1, 2, 3].map(|register| returned.registers[register]);
    equal(found, expected(case))?;
    Ok(returned.instructions)
}

/// A row alone as it is.
fn row(program: &Program, case: &Case<'_>, random: &mut Random) -> Result<u64, String> {
    let weights = bytes(&case.rows[0][case.column..], |w| w.to_le_bytes());
    let (memory, [weights, x, _]) = placed(&weights, case.column, case);
    let arguments = [case.sums[0] as u32, weights, x, case.x.len() as u32];
    let (returned, _) = call(program, memory, arguments, random)?;
    equal([returned.registers[0]], [expected(case)[0]])?;
    Ok(returned.instructions)
}

/// A row alone, of 16-bit weights, at any even address.
fn wide(program: &Program, case: &Case<'_>, random: &mut Random) -> Result<u64, String> {
    let row = bytes(&case.rows[0][case.column..], |&w| {
        i16::from(w).to_le_bytes()
    });
    let (memory, [row, x, _]) = placed(&row, 2 * case.column, case);
    let arguments = [row, x, case.x.len() as u32, case.sums[0] as u32];
    let (returned, _) = call(program, memory, arguments, random)?;
    equal([returned.registers[0]], [expected(case)[0]])?;
    Ok(returned.instructions)
}
