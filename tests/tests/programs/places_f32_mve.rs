//! Calls of the program that makes convolutions of floats with Helium, as the runtime calls it.
use conformance::inputs::Random;
use conformance::thumb::{Core, Memory, Program};
use dunlin::kernel::places_f32_mve;

use super::floats::values;
use super::rows_f32_mve::{SPANS, Sum, outcome};
use super::{Checked, Kernel, bytes, call_job, lengths};

pub const KERNELS: [Kernel; 1] = [Kernel {
    name: "places_f32_mve::PROGRAM",
    text: places_f32_mve::PROGRAM,
    core: Core::V81m,
    check: all,
}];

/// Rows, pairs of places, and values from place to place.
const SHAPES: [[usize; 3]; 5] = [[5, 1, 3], [8, 2, 1], [16, 1, 4], [3, 3, 2], [20, 2, 5]];

struct Case<'c> {
    weights: &'c [f32],
    columns: usize,
    bias: &'c [f32],
    x: &'c [f32],
    shape: [usize; 3],
}

fn all(program: &Program) -> Result<Checked, String> {
    let mut random = Random::new();
    let mut checked = Checked::default();
    for exponents in SPANS {
        for columns in lengths() {
            for turn in 0..2 {
                let shape = SHAPES[(columns + turn) % SHAPES.len()];
                let [rows, pairs, step] = shape;
                let mut floats = |count| values(&mut random, exponents, count);
                let (weights, bias) = (floats(rows * columns), floats(rows));
                let x = floats((2 * pairs - 1) * step + columns);
                let case = Case {
                    weights: &weights,
                    columns,
                    bias: &bias,
                    x: &x,
                    shape,
                };
                let place = (exponents, columns, shape);
                let count = run(program, &case, &mut random)
                    .map_err(|failure| format!("{place:?}: {failure}"))?;
                checked.add([columns, rows, pairs, step], count, &place)?;
            }
        }
    }
    Ok(checked)
}

fn run(program: &Program, case: &Case<'_>, random: &mut Random) -> Result<u64, String> {
    let mut memory = Memory::default();
    let columns = case.columns;
    let [rows, pairs, step] = case.shape;
    let [weights, bias, x] = [case.weights, case.bias, case.x].map(|values| {
        let at = 4 * (random.bits() % 4);
        memory.readable(&bytes(values, |value| value.to_le_bytes()), at)
    });
    let y = memory.unwritten(4 * 2 * pairs * rows, 8);
    // As `places_f32_mve::Job` has them.
    let job = [
        x,
        4 * step as u32,
        columns as u32 / 4,
        columns as u32 % 4,
        y,
        pairs as u32,
        bias,
        rows as u32,
        weights.wrapping_sub(4),
        4 * columns as u32,
        4 * rows as u32,
        (8 * step as u32).wrapping_sub(4 * columns as u32),
        random.bits(),
    ];
    let job = memory.writable(&bytes(&job, |word| word.to_le_bytes()), 0);
    let (returned, memory) = call_job(program, memory, job, random)?;
    let sums = (0..2 * pairs * rows).map(|at| {
        let (place, row) = (at / rows, at % rows);
        let weights = case.weights[row * columns..][..columns].iter().copied();
        let products = weights.zip(case.x[place * step..].iter().copied());
        (y + 4 * at as u32, Sum::of(products, case.bias[row]))
    });
    outcome((returned.registers[0], &memory), sums)?;
    Ok(returned.instructions)
}
