//! Kernels over rows as they are, and over places of a convolution: as this build has them, programs on the cores that they are
//! made for and models elsewhere, against the scalar reference.
use dunlin::kernel::places::{self, Pair};
use dunlin::kernel::row_lanes::Plain;
use dunlin::kernel::rows_mve::{self, Rows};
use dunlin::kernel::{pool_f32, rectify_f32, reference, rows_f32};

use crate::cases::{
    BUFFER, LENGTHS, LONGEST, OFFSETS, bounds, each_place, finished, float, piece, rows, scale,
    scaled, spans, starts, values,
};
use crate::inputs::Random;
use crate::packed_kernels::Block;
use crate::packers;

/// Values from place to place, and outputs: one more than a multiple of two is at the other alignment.
const STEPS: [usize; 2] = [2, 3];
/// Pairs of places.
const PAIRS: usize = 2;
const OUTPUTS: usize = 2 * PAIRS * 3;

/// Every kernel over rows and places.
pub fn run(report: &mut dyn FnMut(&str, bool)) {
    report("kernel rows of Helium", integers());
    report("kernel rows of floats", floats());
    report("kernel pools of floats", pools());
    report("kernel relu of floats", rectified());
    report("kernel places", every_place());
}

/// A row alone, a block of four, and blocks with some rows left over.
const ROWS: [usize; 5] = [1, 4, 9, 6, 7];

#[inline(never)]
fn integers() -> bool {
    let mut random = Random::new();
    let mut holds = true;
    for values in values() {
        let (weights, x) = values.make(&mut random);
        let mut together = [0i8; 9 * BUFFER];
        each_place(|len, column, x_at| {
            let stride = column + len + x_at % 2;
            rows(&mut together, stride, |row, at| weights[row % 4][at]);
            let sums = [0; 9].map(|_| random.bits() as i32);
            let scale = [0; 9].map(|_| scale(&mut random));
            let count = ROWS[(len + column) % 5];
            let (matrix, x) = (piece(&together, 0, count * stride), piece(&x, x_at, len));
            let of = Rows {
                weights: matrix,
                stride,
                column,
                sums: Some(&sums),
                scale: (x_at != 3).then_some(&scale),
            };
            let mut y = [77; 10];
            holds &= rows_mve::products(&of, x, piece_mut(&mut y, count));
            rows_mve::on_stack::<9>(&of, x, count, |once| holds &= once == piece(&y, 0, count));
            holds &= rows_mve::dot(piece(matrix, column, len), x, sums[0])
                == reference::dot(piece(&weights[0], column, len), x, sums[0]);
            let bounds = (-300, 2_000);
            let mut narrow = [77; 10];
            holds &= of.scale.is_none()
                || rows_mve::clamped(&of, x, bounds, piece_mut(&mut narrow, count));
            for (row, &found) in y.iter().enumerate() {
                let expected = match (sums.get(row), scale.get(row)) {
                    (Some(&sum), Some(&scale)) if row < count => {
                        let used = piece(&weights[row % 4], column, len);
                        let sum = reference::dot(used, x, sum);
                        of.scale.map_or(sum, |_| scaled(sum, scale))
                    }
                    _ => 77,
                };
                holds &= found == expected;
                let within = expected.clamp(bounds.0.into(), bounds.1.into()) as i16;
                holds &= of.scale.is_none() || narrow[row] == within;
            }
            // Not with a row that is too short, nor with a sum or a scale too few.
            let short = Rows {
                weights: matrix.get(1..).unwrap_or_default(),
                stride: column + len,
                ..of
            };
            let wide = stride == column + len && !matrix.is_empty();
            holds &= !wide || !rows_mve::products(&short, x, piece_mut(&mut y, count));
            holds &= !rows_mve::products(&of, x, &mut y);
        });
    }
    holds
}

fn piece_mut<T>(values: &mut [T], len: usize) -> &mut [T] {
    values.get_mut(..len).unwrap_or_default()
}

#[inline(never)]
fn floats() -> bool {
    let mut random = Random::new();
    let mut holds = true;
    for (lowest, span) in spans() {
        let mut together = [0f32; 4 * BUFFER];
        let mut x = [0f32; BUFFER];
        for value in together.iter_mut().chain(&mut x) {
            *value = float(random.bits(), lowest, span);
        }
        let sums = core::array::from_fn(|_| float(random.bits(), lowest, span));
        each_place(|len, column, x_at| {
            let stride = column + len;
            let (matrix, x) = (piece(&together, 0, 4 * stride), piece(&x, x_at, len));
            let used = core::array::from_fn(|row| piece(matrix, row * stride + column, len));
            let expected = reference::dot4_f32(used, x, sums).map(f32::to_bits);
            let found = rows_f32::dot4(matrix, stride, column, x, sums);
            let bits = found.map(|sums| sums.map(f32::to_bits));
            holds &= bits == rows_f32::HAS_BLOCKS.then_some(expected);
            let [alone, ..] = used;
            holds &= rows_f32::dot(Plain, alone, x, sums[0]).to_bits() == expected[0];
            // More weights than values that stand apart, and fewer.
            for apart in [1, 3, len + 1] {
                let expected = reference::strided_f32(alone, matrix, apart, sums[0]).to_bits();
                holds &=
                    rows_f32::strided(Plain, alone, matrix, apart, sums[0]).to_bits() == expected;
            }
        });
    }
    holds
}

/// Windows of one to five steps, without NaN and with one.
#[inline(never)]
fn pools() -> bool {
    let mut random = Random::new();
    let mut holds = true;
    let mut x = [0f32; 4 * BUFFER];
    for value in &mut x {
        let bits = random.bits();
        // Often subnormal, as their differences are lost first.
        *value = if bits & 3 == 0 {
            f32::from_bits(bits & 0x807f_ffff)
        } else {
            float(bits, 120, 8)
        };
    }
    for (channels, taps) in [(8, 1), (8, 2), (8, 5), (16, 3), (24, 2), (12, 2), (5, 4)] {
        let count = 2 * taps * channels;
        let mut y = [0f32; 2 * 24];
        let y = y.get_mut(..2 * channels).unwrap_or_default();
        // Where there is no such program, the layers have loops that all builds share.
        let done = pool_f32::largest(&x, channels, taps, y);
        holds &= done == (pool_f32::HAS_PROGRAM && taps > 1);
        if !done {
            continue;
        }
        for (at, &found) in y.iter().enumerate() {
            let first = at / channels * taps * channels + at % channels;
            let values = (0..taps).map(|tap| x[first + tap * channels]);
            let expected = values.fold(f32::NEG_INFINITY, |y, x| if x > y { x } else { y });
            holds &= found.to_bits() == expected.to_bits();
        }
        let mut with_nan = x;
        with_nan[random.bits() as usize % count] = f32::NAN;
        holds &= !pool_f32::largest(&with_nan, channels, taps, y);
    }
    holds
}

/// All lengths, without NaN and with one.
#[inline(never)]
fn rectified() -> bool {
    let mut random = Random::new();
    let mut holds = true;
    for &len in LENGTHS {
        let mut values = [0f32; LONGEST];
        for value in &mut values {
            *value = float(random.bits(), 120, 8);
        }
        let mut y = values;
        let y = y.get_mut(..len).unwrap_or_default();
        // Where there is no such program, the layers have a loop that all builds share.
        if !rectify_f32::rectify(y) {
            holds &= !pool_f32::HAS_PROGRAM || len < rectify_f32::SIXTEEN;
            continue;
        }
        for (found, x) in y.iter().zip(values) {
            let expected: f32 = if x > 0.0 { x } else { 0.0 };
            holds &= found.to_bits() == expected.to_bits();
        }
        // Signaling: all programs leave such a one to the caller.
        y[random.bits() as usize % len] = f32::from_bits(0x7f80_0001);
        holds &= !rectify_f32::rectify(y);
    }
    holds
}

/// All columns, alignments and values, for the bounds that have programs of their own and for others.
#[inline(never)]
fn every_place() -> bool {
    let mut random = Random::new();
    let mut holds = true;
    for values in values() {
        let (weights, once) = values.make(&mut random);
        // Places lie behind each other.
        let mut x = [0i16; 2 * BUFFER];
        for (place, value) in x.iter_mut().zip(once.into_iter().cycle()) {
            *place = value;
        }
        for &columns in LENGTHS.iter().skip(1) {
            for x_at in starts(columns) {
                let bounds = bounds(&mut random);
                let step = STEPS[x_at / 2];
                let x = x.get(x_at..).unwrap_or_default();
                let scale = [0; 2].map(|_| scale(&mut random));
                let bias = [0; 2].map(|_| random.bits() as i32 / 2);
                for second in [false, true] {
                    let rows = core::array::from_fn(|row| piece(&weights[row], 0, columns));
                    let mut block = Block([0; _]);
                    let pair = Pair {
                        block: packers::row_pairs(rows, &mut block.0),
                        second,
                        columns,
                        bias,
                        scale,
                        bounds,
                    };
                    holds &= places(pair, rows, (x, step), x_at % 2);
                }
            }
        }
    }
    holds
}

/// One pair of rows; the outputs start at either alignment, and have others' between them.
fn places(pair: Pair<'_>, rows: [&[i8]; 4], (x, step): (&[i16], usize), y_at: usize) -> bool {
    let mut y = [77i16; OUTPUTS + 1];
    let mut scratch = [0u32; BUFFER + OFFSETS];
    let output = y.get_mut(y_at..y_at + OUTPUTS - 1).unwrap_or_default();
    let mut holds = places::run(pair, &mut scratch, (x, step), (output, 3), PAIRS);
    for (at, &found) in output.iter().enumerate() {
        let (place, r) = (at / 3, at % 3);
        let expected = match (pair.bias.get(r), pair.scale.get(r)) {
            (Some(&bias), Some(&scale)) => {
                let row = rows[2 * usize::from(pair.second) + r];
                let sum = reference::dot(row, x.get(place * step..).unwrap_or_default(), bias);
                finished(sum, scale, pair.bounds)
            }
            _ => 77,
        };
        holds &= found == expected;
    }
    // Nothing is done where an output would lie outside.
    let short = output.get_mut(1..).unwrap_or_default();
    holds && !places::run(pair, &mut scratch, (x, step), (short, 3), PAIRS)
}
