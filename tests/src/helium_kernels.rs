//! Kernels that cores with Helium have programs for: filters of one channel each, the cells of LSTM and
//! GRU, and rows of floats, also at many places. Programs there and models elsewhere (of floats nothing), against the scalar reference.
use dunlin::kernel::cell::{self, Shifts};
use dunlin::kernel::cell_mve::{self, Inner};
use dunlin::kernel::depthwise::{Depthwise, Filters};
use dunlin::kernel::sliding::Sliding;
use dunlin::kernel::{depthwise_mve, gru_mve, places_f32_mve, reference, rows_f32_mve};

use crate::cases::{
    BUFFER, LENGTHS, bounds, each_place, finished, float, piece, rounds, rows, scale, spans, values,
};
use crate::inputs::Random;

/// Every kernel.
pub fn run(report: &mut dyn FnMut(&str, bool)) {
    report("kernel depthwise of Helium", depthwise());
    report("kernel cells of Helium", cells());
    report("kernel GRU cells of Helium", gru());
    report("kernel rows of floats of Helium", float_rows());
    report("kernel places of floats of Helium", float_places());
}

/// Channels: eight, and some that are left over.
const CHANNELS: usize = 11;
/// Steps of the input, of which the middle taps of all places meet one.
const STEPS: usize = 9;

/// Filters of all sizes, whose taps lie outside of the input at both ends.
#[inline(never)]
fn depthwise() -> bool {
    let mut random = Random::new();
    let mut holds = true;
    for values in values() {
        let (weights, once) = values.make(&mut random);
        let mut matrix = [0i8; CHANNELS * BUFFER];
        let mut x = [0i16; STEPS * CHANNELS];
        for (place, value) in x.iter_mut().zip(once.into_iter().cycle()) {
            *place = value;
        }
        for &size in LENGTHS.iter().filter(|size| (1..=12).contains(*size)) {
            rows(&mut matrix, size, |row, at| weights[row % 4][at]);
            let bias = [0; CHANNELS].map(|_| random.bits() as i32 / 2);
            let scale = [0; CHANNELS].map(|_| scale(&mut random));
            let filters = Filters {
                weights: piece(&matrix, 0, CHANNELS * size),
                bias: bias.as_slice(),
                channels: CHANNELS,
            };
            let [stride, dilation] = [1 + size % 3, 1 + size % 2];
            let sliding = Sliding {
                size: size as u32,
                stride: stride as u32,
                dilation: dilation as u32,
                start: -((size / 2 * dilation) as i32),
            };
            let places = STEPS.div_ceil(stride);
            let bounds = bounds(&mut random);
            let mut y = [77i16; (STEPS + 1) * CHANNELS];
            let output = y.get_mut(..places * CHANNELS).unwrap_or_default();
            let depthwise = Depthwise {
                filters,
                scale: &scale,
                bounds,
                sliding,
                x: &x,
            };
            let done = depthwise_mve::clamped(&depthwise, output);
            holds &= done == CHANNELS;
            for (at, &found) in y.iter().enumerate() {
                let (place, channel) = (at / CHANNELS, at % CHANNELS);
                let expected = match (bias.get(channel), scale.get(channel)) {
                    (Some(&bias), Some(&scale)) if place < places => {
                        let (first, end, step) = sliding.skip(place).taps(STEPS);
                        let row = piece(&weights[channel % 4], first, end - first);
                        let x = x.get(step * CHANNELS + channel..).unwrap_or_default();
                        let sum = reference::strided(row, x, dilation * CHANNELS, bias);
                        finished(sum, scale, bounds)
                    }
                    _ => 77,
                };
                holds &= found == expected;
            }
            // Not with a scale too few.
            let few = Depthwise {
                scale: piece(&scale, 0, CHANNELS - 1),
                ..depthwise
            };
            holds &= depthwise_mve::clamped(&few, &mut y) == 0;
        }
    }
    holds
}

#[inline(never)]
fn cells() -> bool {
    let mut random = Random::new();
    let mut holds = true;
    for round in 0..rounds(400, 9) as u32 {
        let shifts = Shifts {
            product: (random.bits() % 31) as i32,
            argument: (random.bits() % 31) as i32,
            hidden: (random.bits() % 31) as i32,
        };
        let mut value = |bits: u32| match random.bits() % 8 {
            0 => i32::MAX,
            1 => i32::MIN,
            _ => random.bits() as i32 >> bits,
        };
        let arguments = [[0; 4]; 9].map(|gates| gates.map(|_: i32| value(round % 18)));
        let before = [0; 9].map(|_| value(round % 7));
        // Two fours and a rest, or fewer.
        let count = 1 + round as usize % 9;
        for (inner, unit) in [
            (
                Inner::Tanh,
                cell::tanh as fn([i32; 4], Shifts, &mut i32) -> i16,
            ),
            (Inner::Relu, cell::relu),
        ] {
            let (mut state, mut hidden) = (before, [77i16; 9]);
            let states = state.get_mut(..count).unwrap_or_default();
            cell_mve::units(inner, shifts, &arguments, states, &mut hidden);
            for (at, &found) in hidden.iter().enumerate() {
                let mut after = before[at];
                let expected = if at < count {
                    unit(arguments[at], shifts, &mut after)
                } else {
                    77
                };
                holds &= (found, state[at]) == (expected, after);
            }
        }
    }
    holds
}

/// Two fours of units and a rest, or fewer.
#[inline(never)]
fn gru() -> bool {
    let mut random = Random::new();
    let mut holds = true;
    for round in 0..rounds(400, 9) as u32 {
        let mut value = || random.bits() as i32 >> (round % 18);
        let arguments = [[0; 9]; 4].map(|units| units.map(|_: i32| value()));
        let before = [0; 9].map(|_: i32| value());
        let count = 1 + round as usize % 9;
        let [x, h, of_x, of_h] = [0, 1, 2, 3].map(|at: usize| piece(&arguments[at], 0, count));
        let mut products = before;
        let done = gru_mve::scale([x, h], &mut products);
        holds &= done == count / 4 * 4;
        for inner in [Inner::Tanh, Inner::Relu] {
            let (mut wide, mut hidden) = (before, [77i16; 9]);
            holds &= gru_mve::units(inner, [x, h], [of_x, of_h], &mut wide, &mut hidden) == done;
            for at in 0..9 {
                let (mut after, mut expected) = (before[at], (before[at], 77));
                if let (true, Some(&x), Some(&h)) = (at < done, x.get(at), h.get(at)) {
                    let gate = cell::gru_gate(x, h);
                    let relu = inner == Inner::Relu;
                    let candidate = cell::gru_candidate(arguments[2][at], arguments[3][at], relu);
                    let hidden = cell::gru_unit(gate, candidate, &mut after);
                    expected = (cell::scaled(before[at], gate), hidden);
                }
                holds &= (products[at], hidden[at], wide[at]) == (expected.0, expected.1, after);
            }
        }
    }
    holds
}

/// Twelves of rows, fours, and some that are left over.
const FLOAT_ROWS: [usize; 5] = [2, 5, 12, 16, 15];
/// Weights of all rows of a case, at most.
const ROOM: usize = 8 * BUFFER;
/// Exponents with subnormal numbers, which Helium does not have.
const SUBNORMAL: (u32, u32) = (0, 140);

/// Either all sums, or word that they are to be made elsewhere; of usual numbers all sums.
#[inline(never)]
fn float_rows() -> bool {
    const MOST: usize = 16;
    let mut random = Random::new();
    let mut holds = true;
    for (lowest, span) in spans().chain([SUBNORMAL]) {
        let mut together = [0f32; ROOM];
        let mut x = [0f32; BUFFER];
        for value in together.iter_mut().chain(&mut x) {
            *value = float(random.bits(), lowest, span);
        }
        let bias: [f32; MOST] = core::array::from_fn(|_| float(random.bits(), lowest, span));
        each_place(|len, column, x_at| {
            let stride = column + len;
            let count = FLOAT_ROWS[(len + x_at) % FLOAT_ROWS.len()];
            let count = count.min(ROOM / stride.max(1));
            let (matrix, x) = (piece(&together, 0, count * stride), piece(&x, x_at, len));
            for bias_of in [Some(bias.as_slice()), None] {
                let mut y = bias;
                let of = y.get_mut(..count).unwrap_or_default();
                let done = rows_f32_mve::sums(matrix, stride, column, x, bias_of, of);
                holds &= done || lowest < 80 || !rows_f32_mve::HAS_SUMS;
                for (row, &found) in y.iter().enumerate().filter(|_| done) {
                    let used = piece(matrix, row * stride + column, len);
                    let expected = if row < count {
                        reference::dot_f32(used, x, bias[row])
                    } else {
                        bias[row]
                    };
                    holds &= found.to_bits() == expected.to_bits();
                }
                // Not with a row that is too short.
                let short = matrix.get(1..).unwrap_or_default();
                let of = y.get_mut(..count).unwrap_or_default();
                holds &=
                    matrix.is_empty() || !rows_f32_mve::sums(short, stride, column, x, bias_of, of);
            }
        });
    }
    holds
}

/// As [`float_rows`], of rows at places of an input.
#[inline(never)]
fn float_places() -> bool {
    const MOST: usize = 13;
    const PLACES: usize = 5;
    let mut random = Random::new();
    let mut holds = true;
    for (lowest, span) in spans().chain([SUBNORMAL]) {
        let mut weights = [0f32; ROOM];
        let mut x = [0f32; 2 * BUFFER];
        for value in weights.iter_mut().chain(&mut x) {
            *value = float(random.bits(), lowest, span);
        }
        let bias: [f32; MOST] = core::array::from_fn(|_| float(random.bits(), lowest, span));
        for &columns in LENGTHS {
            let rows = (5 + columns % (MOST - 4)).min(ROOM / columns.max(1));
            let step = columns % 7;
            let places = 2 + columns % (PLACES - 1);
            let weights = piece(&weights, 0, rows * columns);
            let bias = piece(&bias, 0, rows);
            // No value more than the last place has.
            let x = piece(&x, columns % 4, (places / 2 * 2 - 1) * step + columns);
            let mut y = [77f32; PLACES * MOST];
            let of = y.get_mut(..places * rows).unwrap_or_default();
            let done = places_f32_mve::run(weights, columns, bias, (x, step), of);
            holds &= done == places / 2 * 2 || done == 0;
            holds &= done > 0 || lowest < 80 || !rows_f32_mve::HAS_SUMS;
            for (at, &found) in y.iter().enumerate().filter(|_| done > 0) {
                let (place, row) = (at / rows, at % rows);
                let expected = if place < done {
                    let used = piece(weights, row * columns, columns);
                    let x = piece(x, place * step, columns);
                    reference::dot_f32(used, x, bias[row])
                } else {
                    77.0
                };
                holds &= found.to_bits() == expected.to_bits();
            }
            // Not with a value too few.
            let few = x.get(1..).unwrap_or_default();
            let of = y.get_mut(..places * rows).unwrap_or_default();
            holds &=
                x.is_empty() || places_f32_mve::run(weights, columns, bias, (few, step), of) == 0;
        }
    }
    holds
}
