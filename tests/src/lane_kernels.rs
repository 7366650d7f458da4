//! Kernels of hosts for many places of a convolution, with the vectors of this computer and without, against the scalar reference.
use dunlin::kernel::clamped::Clamped;
use dunlin::kernel::lane_places::floats::{self, Floats};
use dunlin::kernel::lane_places::integers;
use dunlin::kernel::reference;
use dunlin::kernel::row_lanes::{Job, Plain, ROWS, split};

use crate::cases::{
    BUFFER, LENGTHS, bounds, choices, finished, float, piece, scale, spans, values,
};
use crate::inputs::Random;
use crate::packers;

/// A row alone, part of a block, a whole one, and what may stand behind whole ones.
const COUNTS: [usize; 7] = [1, 3, 15, 16, 17, 32, 34];
const MOST: usize = 34;
const BLOCKS: usize = MOST.div_ceil(ROWS);
/// None, twice six, and every rest of six and of four.
const PLACES: usize = 13;
/// Values from place to place.
const STEPS: usize = 3;
const VALUES_OF_X: usize = (PLACES - 1) * STEPS + BUFFER;
/// What stands where no output comes.
const NONE: i16 = 77;

/// Blocks and a row alone, at an address that suits 16-bit weights.
#[repr(align(16))]
struct Weights<T, const N: usize>([T; N]);

pub fn run(report: &mut dyn FnMut(&str, bool)) {
    report("kernel places of row lanes", every_place());
    report("kernel places of floats in lanes", every_place_of_floats());
}

/// Columns and the numbers of rows, of places and of values between places.
fn each_shape(mut of: impl FnMut(usize, usize, usize, usize)) {
    for &columns in LENGTHS.iter().skip(1) {
        for &rows in choices(&COUNTS, columns) {
            let places = (columns + rows) % (PLACES + 1);
            of(columns, rows, places, 1 + columns % STEPS);
        }
    }
}

#[inline(never)]
fn every_place() -> bool {
    let mut random = Random::new();
    let mut holds = true;
    for values in values() {
        let (weights, once) = values.make(&mut random);
        let mut x = [0; VALUES_OF_X];
        for (place, value) in x.iter_mut().zip(once.into_iter().cycle()) {
            *place = value;
        }
        each_shape(|columns, rows, places, step| {
            let of = |row: usize| piece(&weights[(row + row / 4) % 4], 0, columns);
            let mut packed = Weights([0; BLOCKS * ROWS * (BUFFER + 1) + 2 * (BUFFER + 1)]);
            let mut left = &mut packed.0[..];
            let (blocks, alone) = split(rows);
            for block in 0..blocks {
                let of_block = |r: usize| match ROWS * block + r {
                    row if row < rows => of(row),
                    _ => &[][..],
                };
                let bytes = columns.next_multiple_of(2) * ROWS;
                let (to, behind) = left.split_at_mut(bytes);
                packers::row_lanes(columns, core::array::from_fn(of_block), to);
                left = behind;
            }
            if alone {
                for (to, &weight) in left.as_chunks_mut().0.iter_mut().zip(of(rows - 1)) {
                    *to = i16::from(weight).to_le_bytes().map(|byte| byte as i8);
                }
            }
            let (bias, scale) = (
                [0; MOST].map(|_| random.bits() as i32),
                [0; MOST].map(|_| scale(&mut random)),
            );
            let all = Clamped {
                weights: &packed.0,
                columns,
                bias: piece(&bias, 0, rows),
                scale: piece(&scale, 0, rows),
                bounds: bounds(&mut random),
            };
            let x = piece(&x, 0, (places.max(1) - 1) * step + columns);
            let mut expected = [NONE; PLACES * MOST + 1];
            for (at, expected) in expected.iter_mut().enumerate().take(places * rows) {
                let (place, row) = (at / rows, at % rows);
                let sum = reference::dot(of(row), piece(x, place * step, columns), bias[row]);
                *expected = finished(sum, scale[row], all.bounds);
            }
            let mut y = [NONE; PLACES * MOST + 1];
            let output = y.get_mut(..places * rows).unwrap_or_default();
            holds &= integers::run(&all, (x, step), output) == places;
            holds &= y == expected;
            let (mut y, mut done) = ([NONE; PLACES * MOST + 1], 0);
            let plain = integers::Places {
                rows: &all,
                x: (x, step),
                y: y.get_mut(..places * rows).unwrap_or_default(),
                done: &mut done,
            };
            plain.run(Plain);
            holds &= done == places && y == expected;
            // Without the last value that is needed, a place less.
            let short = x.split_last().map_or(x, |(_, short)| short);
            let fewer = integers::run(&all, (short, step), &mut y);
            holds &= fewer == places.max(1) - 1;
        });
    }
    holds
}

#[inline(never)]
fn every_place_of_floats() -> bool {
    let mut random = Random::new();
    let mut holds = true;
    for (lowest, span) in spans() {
        let mut weights = [0f32; 4 * BUFFER];
        let mut x = [0f32; VALUES_OF_X];
        for value in weights.iter_mut().chain(&mut x) {
            *value = float(random.bits(), lowest, span);
        }
        each_shape(|columns, rows, places, step| {
            let of = |row: usize| piece(&weights, (row + row / 4) % 4 * BUFFER, columns);
            let (blocks, _) = split(rows);
            let mut packed = Weights([0f32; (BLOCKS * ROWS + 1) * BUFFER]);
            for row in 0..rows {
                for (column, &weight) in of(row).iter().enumerate() {
                    let at = match row / ROWS {
                        block if block < blocks => (block * columns + column) * ROWS + row % ROWS,
                        _ => blocks * columns * ROWS + column,
                    };
                    packed.0[at] = weight;
                }
            }
            let bias = [0; MOST].map(|_| float(random.bits(), lowest, span));
            let all = Floats {
                weights: &packed.0,
                bias: piece(&bias, 0, rows),
                columns,
                rectified: random.bits().is_multiple_of(2),
            };
            let x = piece(&x, 0, (places.max(1) - 1) * step + columns);
            let mut expected = [f32::from(NONE); PLACES * MOST + 1];
            for (at, expected) in expected.iter_mut().enumerate().take(places * rows) {
                let (place, row) = (at / rows, at % rows);
                let sum = reference::dot_f32(of(row), piece(x, place * step, columns), bias[row]);
                *expected = if all.rectified && sum <= 0.0 {
                    0.0
                } else {
                    sum
                };
            }
            let mut y = [f32::from(NONE); PLACES * MOST + 1];
            let output = y.get_mut(..places * rows).unwrap_or_default();
            holds &= floats::run(&all, (x, step), output) == places;
            holds &= y.map(f32::to_bits) == expected.map(f32::to_bits);
            let (mut y, mut done) = ([f32::from(NONE); PLACES * MOST + 1], 0);
            let plain = floats::Places {
                rows: &all,
                x: (x, step),
                y: y.get_mut(..places * rows).unwrap_or_default(),
                done: &mut done,
            };
            plain.run(Plain);
            holds &= done == places && y.map(f32::to_bits) == expected.map(f32::to_bits);
        });
    }
    holds
}
