//! Calls of the programs of Helium that scale, clamp and store, as the runtime calls them.
use conformance::inputs::Random;
use conformance::thumb::{Core, Memory, Program};
use dunlin::kernel::places_mve::{FEW_COLUMNS, MANY, together, way};
use dunlin::kernel::{reference, rows_mve};

use super::{Checked, Kernel, Values, bytes, call_job, lengths, scale_word, scaled, values};
use crate::places::{output, scale};

pub const KERNELS: [Kernel; 4] = [
    Kernel {
        name: "rows_mve::PRODUCTS",
        text: rows_mve::PRODUCTS,
        core: Core::V81m,
        check: |program| rows(program, false),
    },
    Kernel {
        name: "rows_mve::CLAMPED",
        text: rows_mve::CLAMPED,
        core: Core::V81m,
        check: |program| rows(program, true),
    },
    Kernel {
        name: "places_mve::MANY",
        text: MANY,
        core: Core::V81m,
        check: |program| {
            // Those of some runs of unrolled columns too.
            let many = lengths().into_iter().filter(|&len| len > 8);
            places(program, many.chain(LONG).collect())
        },
    },
    Kernel {
        name: "places_mve::FEW_COLUMNS",
        text: FEW_COLUMNS,
        core: Core::V81m,
        // As many cases as of all lengths.
        check: |program| {
            places(
                program,
                lengths().into_iter().map(|len| 1 + len % 8).collect(),
            )
        },
    },
];

/// Columns of one, two and three runs of unrolled ones.
const LONG: [usize; 5] = [71, 72, 125, 137, 200];

pub const BOUNDS: [(i16, i16); 4] = [(-5, 5), (100, 20_000), (i16::MIN, i16::MAX), (0, i16::MAX)];

/// Rows that follow each other, a multiple of four, with what becomes of their sums.
struct Rows {
    weights: Vec<i8>,
    columns: usize,
    bias: Vec<i32>,
    scale: Vec<(u16, u8)>,
    bounds: (i16, i16),
}

impl Rows {
    fn new(values: &Values, (count, columns): (usize, usize), random: &mut Random) -> Self {
        let blocks: Vec<_> = (0..count / 4)
            .map(|_| values.rows(columns, random).concat())
            .collect();
        Self {
            weights: blocks.concat(),
            columns,
            bias: (0..count).map(|_| random.bits() as i32 / 2).collect(),
            scale: (0..count).map(|_| scale(values, random)).collect(),
            bounds: BOUNDS[random.bits() as usize % BOUNDS.len()],
        }
    }

    fn keep(&mut self, count: usize) {
        self.weights.truncate(count * self.columns);
        self.bias.truncate(count);
        self.scale.truncate(count);
    }

    fn sum(&self, row: usize, column: usize, x: &[i16]) -> i32 {
        let weights = &self.weights[row * self.columns + column..][..x.len()];
        reference::dot(weights, x, self.bias[row])
    }

    fn clamped(&self, row: usize, column: usize, x: &[i16]) -> i16 {
        output(self.sum(row, column, x), self.scale[row], self.bounds)
    }

    /// Weights, biases and scales in the memory of a core.
    fn placed(&self, memory: &mut Memory) -> [u32; 3] {
        let scale: Vec<u32> = self.scale.iter().copied().map(scale_word).collect();
        [
            memory.readable(&bytes(&self.weights, |w| w.to_le_bytes()), 0),
            memory.readable(&bytes(&self.bias, |bias| bias.to_le_bytes()), 4),
            memory.readable(&bytes(&scale, |scale| scale.to_le_bytes()), 8),
        ]
    }
}

/// All lengths of a matvec over some columns of four or eight rows.
fn rows(program: &Program, clamps: bool) -> Result<Checked, String> {
    let mut random = Random::new();
    let mut checked = Checked::default();
    for values in values() {
        for len in lengths() {
            for (whole, column, x_at) in [(4, 0, 0), (8, 1, 3)] {
                let mut rows = Rows::new(&values, (whole, len + 2 * column), &mut random);
                let x = values.x(len, &mut random);
                // Without scales in some of the cases of 32 bits.
                let plain = !clamps && len % 3 == 0;
                // Less than two fours in some of the others.
                let count = if plain || whole == 4 {
                    whole
                } else {
                    whole - len % 4
                };
                rows.keep(count);
                let place = (values, len, count, column, plain);
                let run = || rows_case(program, &rows, (column, plain, clamps), (&x, x_at));
                let count_of = run().map_err(|failure| format!("{place:?}: {failure}"))?;
                checked.add([len, count, column, plain.into()], count_of, &place)?;
            }
        }
    }
    Ok(checked)
}

fn rows_case(
    program: &Program,
    rows: &Rows,
    (column, plain, clamps): (usize, bool, bool),
    (x, x_at): (&[i16], u32),
) -> Result<u64, String> {
    let mut random = Random::new();
    let mut memory = Memory::default();
    let [weights, bias, scale] = rows.placed(&mut memory);
    let (count, len) = (rows.bias.len(), x.len());
    let x_start = memory.readable(&bytes(x, |x| x.to_le_bytes()), 2 * x_at);
    let size = if clamps { 2 } else { 4 };
    let y = memory.unwritten(size * count, 4);
    let [low, high] = [rows.bounds.0, rows.bounds.1].map(|bound| u32::from(bound as u16));
    // As `rows_mve::Job` has them.
    let job = [
        x_start,
        rows.columns as u32,
        len as u32,
        random.bits(),
        weights + column as u32,
        bias,
        if plain { 0 } else { scale },
        y,
        random.bits(),
        count as u32,
        low | high << 16,
        random.bits(),
        random.bits(),
        random.bits(),
        random.bits(),
        (count.next_multiple_of(4) - count) as u32,
    ];
    let job = memory.writable(&bytes(&job, |word| word.to_le_bytes()), 0);
    let (returned, memory) = call_job(program, memory, job, &mut random)?;
    for row in 0..count {
        let found = memory.bytes(y + (size * row) as u32, size);
        let expected = if clamps {
            rows.clamped(row, column, x).to_le_bytes().to_vec()
        } else {
            let sum = rows.sum(row, column, x);
            let value = if plain {
                sum
            } else {
                scaled(sum, rows.scale[row])
            };
            value.to_le_bytes().to_vec()
        };
        if found.as_ref() != Some(&expected) {
            return Err(format!("row {row}: {found:?} for {expected:?}"));
        }
    }
    Ok(returned.instructions)
}

/// Some numbers of columns at several places, of four or eight rows among others.
fn places(program: &Program, columns: Vec<usize>) -> Result<Checked, String> {
    let mut random = Random::new();
    let mut checked = Checked::default();
    for values in values() {
        for &columns in &columns {
            for (turns, count, step, x_at) in [(1, 4, 1, 0), (2, 8, 3, 1), (3, 4, 6, 2)] {
                let rows = Rows::new(&values, (count, columns), &mut random);
                let places = turns * together(columns);
                let x = values.x((places - 1) * step + columns, &mut random);
                let filters = count + random.bits() as usize % 5;
                let place = (values, columns, (turns, count, step), filters);
                let run = || places_case(program, &rows, (places, filters), (&x, step, x_at));
                let count_of = run().map_err(|failure| format!("{place:?}: {failure}"))?;
                checked.add([columns, turns, count, step], count_of, &place)?;
            }
        }
    }
    Ok(checked)
}

fn places_case(
    program: &Program,
    rows: &Rows,
    (places, filters): (usize, usize),
    (x, step, x_at): (&[i16], usize, u32),
) -> Result<u64, String> {
    let mut random = Random::new();
    let mut memory = Memory::default();
    let [weights, bias, scale] = rows.placed(&mut memory);
    let (count, columns) = (rows.bias.len(), rows.columns);
    let x_start = memory.readable(&bytes(x, |x| x.to_le_bytes()), 2 * x_at);
    let outputs = (places - 1) * filters + count;
    let y = memory.unwritten(2 * outputs, 6);
    let [entry, further, rest] = way(columns);
    let read = if columns > 8 {
        columns.next_multiple_of(8)
    } else {
        columns
    };
    let ahead = (2 * together(columns) * step) as u32;
    // As `places_mve::Job` has them.
    let job = [
        weights,
        columns as u32,
        x_start,
        2 * step as u32,
        y,
        2 * filters as u32,
        (2 * filters * places) as u32,
        bias,
        scale,
        ahead.wrapping_sub(2 * read as u32),
        entry,
        further,
        bias + 4 * count as u32,
        i32::from(rows.bounds.1) as u32,
        i32::from(rows.bounds.0) as u32,
        rest,
    ];
    let job = memory.writable(&bytes(&job, |word| word.to_le_bytes()), 0);
    let (returned, memory) = call_job(program, memory, job, &mut random)?;
    for at in 0..outputs {
        let (place, row) = (at / filters, at % filters);
        let of = || rows.clamped(row, 0, &x[place * step..][..columns]);
        let expected = (row < count).then(of);
        let found = memory.bytes(y + 2 * at as u32, 2);
        if found != expected.map(|value| value.to_le_bytes().to_vec()) {
            return Err(format!(
                "place {place}, row {row}: {found:?} for {expected:?}"
            ));
        }
    }
    Ok(returned.instructions)
}
