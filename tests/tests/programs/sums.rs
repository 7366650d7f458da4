//! Calls of the programs that make sums, as the runtime calls them.
use conformance::inputs::Random;
use conformance::packers;
use conformance::thumb::{Core, Machine, Memory, Program, Returned};
use dunlin::kernel::{offset_quads, reference, row_pairs, wide_row};

use super::{Case, Kernel};

pub const KERNELS: [Kernel; 4] = [
    Kernel {
        name: "row_pairs::DOT4",
        text: row_pairs::DOT4,
        core: Core::V7em,
        // From an odd column on, the first is summed in Rust.
        column_step: 2,
        run: pairs,
    },
    Kernel {
        name: "offset_quads::DOT4",
        text: offset_quads::DOT4,
        core: Core::V6m,
        column_step: 1,
        run: quads,
    },
    Kernel {
        name: "wide_row::DSP",
        text: wide_row::DSP,
        core: Core::V7em,
        column_step: 1,
        run: wide,
    },
    Kernel {
        name: "wide_row::V6M",
        text: wide_row::V6M,
        core: Core::V6m,
        column_step: 1,
        run: wide,
    },
];

fn bytes<T, const N: usize>(values: &[T], of: impl Fn(&T) -> [u8; N]) -> Vec<u8> {
    values.iter().flat_map(of).collect()
}

/// Weights, values and sums in the memory of a core, and their addresses.
fn placed(weights: &[u8], weights_at: usize, case: &Case<'_>) -> (Memory, [u32; 3]) {
    let mut memory = Memory::default();
    let weights = memory.readable(weights, weights_at as u32);
    let x = memory.readable(&bytes(case.x, |x| x.to_le_bytes()), 2 * case.x_at as u32);
    let sums = memory.readable(&bytes(&case.sums, |sum| sum.to_le_bytes()), 0);
    (memory, [weights, x, sums])
}

fn call(
    program: &Program,
    memory: Memory,
    arguments: [u32; 4],
    random: &mut Random,
) -> Result<Returned, String> {
    let mut machine = Machine::new(memory, random);
    let returned = machine.call(program, &arguments, &[]);
    returned.map_err(|fault| fault.to_string())
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
    let returned = call(program, memory, arguments, random)?;
    let found = [0, 1, 12, 14].map(|register| returned.registers[register]);
    equal(found, expected(&case))?;
    Ok(returned.instructions)
}

fn quads(program: &Program, case: &Case<'_>, random: &mut Random) -> Result<u64, String> {
    let mut block = [0; 512];
    let block = packers::offset_quads(case.rows, &mut block);
    let (memory, [start, x, sums]) = placed(&bytes(block, |w| w.to_le_bytes()), 0, case);
    let arguments = [start + 4 * case.column as u32, x, case.x.len() as u32, sums];
    let returned = call(program, memory, arguments, random)?;
    let left_out = case.x.iter().map(|&x| i32::from(x)).sum::<i32>() * -128;
    let found =
        [0, 1, 2, 3].map(|register| returned.registers[register].wrapping_add(left_out as u32));
    equal(found, expected(case))?;
    Ok(returned.instructions)
}

/// A row alone, of 16-bit weights, at any even address.
fn wide(program: &Program, case: &Case<'_>, random: &mut Random) -> Result<u64, String> {
    let row = bytes(&case.rows[0][case.column..], |&w| {
        i16::from(w).to_le_bytes()
    });
    let (memory, [row, x, _]) = placed(&row, 2 * case.column, case);
    let arguments = [row, x, case.x.len() as u32, case.sums[0] as u32];
    let returned = call(program, memory, arguments, random)?;
    equal([returned.registers[0]], [expected(case)[0]])?;
    Ok(returned.instructions)
}
