//! Calls of the programs that make sums of floats with Helium, as the runtime calls them.
use conformance::inputs::Random;
use conformance::thumb::{Core, Memory, Program};
use dunlin::kernel::{reference, rows_f32_mve};

use super::floats::{EXPONENTS, values};
use super::{Checked, Kernel, bytes, call_job, lengths};

pub const KERNELS: [Kernel; 1] = [Kernel {
    name: "rows_f32_mve::PROGRAM",
    text: rows_f32_mve::PROGRAM,
    core: Core::V81m,
    check: all,
}];

/// With subnormal numbers too, and with hardly any number that another could be lost in.
pub(super) const SPANS: [(u32, u32); 6] = {
    let [a, b, c, d] = EXPONENTS;
    [a, b, c, d, (0, 140), (0, 2)]
};

/// Whole twelves of rows, fours behind them, and fewer than four.
const ROWS: [usize; 11] = [1, 12, 2, 16, 3, 29, 4, 24, 6, 35, 8];

struct Case<'c> {
    rows: &'c [f32],
    stride: usize,
    /// The first column used.
    column: usize,
    x: &'c [f32],
    sums: &'c [f32],
    /// Whether the sums stand where the outputs go.
    in_place: bool,
}

fn all(program: &Program) -> Result<Checked, String> {
    let mut random = Random::new();
    let mut checked = Checked::default();
    for exponents in SPANS {
        for len in lengths() {
            for turn in 0..2 {
                let (count, column) = (ROWS[(len + 5 * turn) % ROWS.len()], (len + turn) % 3);
                let mut floats = |count| values(&mut random, exponents, count);
                let stride = column + len + turn;
                let (rows, x, sums) = (floats(count * stride), floats(len), floats(count));
                let case = Case {
                    rows: &rows,
                    stride,
                    column,
                    x: &x,
                    sums: &sums,
                    in_place: (len + turn) % 4 == 0,
                };
                let place = (exponents, "columns", column, len, "rows", count);
                let count_of = run(program, &case, &mut random)
                    .map_err(|failure| format!("{place:?}: {failure}"))?;
                checked.add([len, count, column, turn], count_of, &place)?;
            }
        }
    }
    Ok(checked)
}

/// What a sum comes to, and whether a number on the way is one that Helium takes for zero.
#[derive(Default)]
pub(super) struct Sum {
    pub value: f32,
    pub flushed: bool,
}

impl Sum {
    pub(super) fn of(products: impl Iterator<Item = (f32, f32)>, start: f32) -> Self {
        let mut sum = Self {
            value: start,
            flushed: false,
        };
        for (w, x) in products {
            let before = sum.value;
            sum.value = reference::dot_f32(&[w], &[x], before);
            let is_small = sum.value.abs() <= f32::MIN_POSITIVE;
            let lost = is_small && (before != 0.0 || w != 0.0 && x != 0.0);
            sum.flushed |= lost || [w, x, before].into_iter().any(f32::is_subnormal);
        }
        sum
    }
}

/// Whether a program's outputs are these sums, if it says that there was no subnormal number; whether there was one, if it says so.
pub(super) fn outcome(
    (status, memory): (u32, &Memory),
    sums: impl Iterator<Item = (u32, Sum)>,
) -> Result<(), String> {
    let mut flushed = false;
    for (at, sum) in sums {
        flushed |= sum.flushed;
        let found = memory.bytes(at, 4).and_then(|bytes| bytes.try_into().ok());
        let found = found.map(f32::from_le_bytes);
        let equal = |found: f32| {
            found.to_bits() == sum.value.to_bits() || found.is_nan() && sum.value.is_nan()
        };
        if status == 0 && !found.is_some_and(equal) {
            return Err(format!(
                "{found:?}, the reference gives {:?} at {at:#x}",
                sum.value
            ));
        }
    }
    match status != 0 && !flushed {
        true => Err(format!("the status is {status:#x}, without a reason")),
        false => Ok(()),
    }
}

fn run(program: &Program, case: &Case<'_>, random: &mut Random) -> Result<u64, String> {
    let mut memory = Memory::default();
    let (len, count) = (case.x.len(), case.sums.len());
    let rows = memory.readable(&bytes(case.rows, |w| w.to_le_bytes()), 4 * (len as u32 % 4));
    let x = memory.readable(&bytes(case.x, |x| x.to_le_bytes()), 4 * (len as u32 % 3));
    let sums = bytes(case.sums, |sum| sum.to_le_bytes());
    let (bias, y) = if case.in_place {
        let y = memory.writable(&sums, 4);
        (y, y)
    } else {
        (memory.readable(&sums, 8), memory.unwritten(sums.len(), 4))
    };
    let first = (rows + 4 * case.column as u32).wrapping_sub(4);
    let (done, stride) = (count / 12 * 12, 4 * case.stride as u32);
    // As `rows_f32_mve::Job` has them.
    let job = [
        x,
        len as u32 / 8,
        len as u32 % 8,
        first + done as u32 * stride,
        (count - done) as u32,
        stride,
        bias,
        y,
        y + 4 * done as u32,
        first,
        (12 * stride).wrapping_sub(4 * len as u32),
    ];
    let job = memory.writable(&bytes(&job, |word| word.to_le_bytes()), 0);
    let (returned, memory) = call_job(program, memory, job, random)?;
    let sums = case.sums.iter().enumerate().map(|(row, &sum)| {
        let weights = &case.rows[row * case.stride + case.column..][..len];
        let products = weights.iter().copied().zip(case.x.iter().copied());
        (y + 4 * row as u32, Sum::of(products, sum))
    });
    outcome((returned.registers[0], &memory), sums)?;
    Ok(returned.instructions)
}
