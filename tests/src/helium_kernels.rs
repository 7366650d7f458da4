//! Kernels that cores with Helium have programs for: convolutions at several places, filters of one channel each, and the cells of
//! LSTM and GRU. Programs there and models elsewhere, against the scalar reference.
use dunlin::kernel::cell::{self, Shifts};
use dunlin::kernel::cell_mve::{self, Inner};
use dunlin::kernel::clamped::Clamped;
use dunlin::kernel::depthwise::{Depthwise, Filters};
use dunlin::kernel::places_mve;
use dunlin::kernel::sliding::Sliding;
use dunlin::kernel::{depthwise_mve, gru_mve, reference};

use crate::inputs::Random;
use crate::kernels::{BUFFER, LONGEST, OFFSETS, VALUES, piece};
use crate::row_kernels::{bounds, finished, rows, scale};

/// Every kernel.
pub fn run(report: &mut dyn FnMut(&str, bool)) {
    report("kernel places of Helium", places());
    report("kernel depthwise of Helium", depthwise());
    report("kernel cells of Helium", cells());
    report("kernel GRU cells of Helium", gru());
}

/// Blocks of four rows, with a row that is left over.
const FILTERS: [usize; 3] = [4, 5, 8];
/// Places, and values from place to place; what does not come together is left out.
const PLACES: usize = 7;
const STEP: usize = 3;

#[inline(never)]
fn places() -> bool {
    let mut random = Random::new();
    let mut holds = true;
    for values in VALUES {
        let (weights, once) = values.make(&mut random);
        let mut x = [0i16; 2 * BUFFER];
        for (place, value) in x.iter_mut().zip(once.into_iter().cycle()) {
            *place = value;
        }
        let mut matrix = [0i8; 8 * BUFFER];
        for columns in (1..=LONGEST).step_by(if cfg!(miri) { 20 } else { 1 }) {
            rows(&mut matrix, columns, |row, at| weights[row % 4][at]);
            let filters = FILTERS[columns % 3];
            let bias = [0; 8].map(|_| random.bits() as i32 / 2);
            let scale = [0; 8].map(|_| scale(&mut random));
            let of = Clamped {
                weights: piece(&matrix, 0, filters * columns),
                columns,
                bias: piece(&bias, 0, filters),
                scale: &scale,
                bounds: bounds(&mut random),
            };
            let x = x.get(columns % OFFSETS..).unwrap_or_default();
            let mut y = [77i16; PLACES * 8];
            let output = y.get_mut(..PLACES * filters).unwrap_or_default();
            let done = places_mve::run(&of, (x, STEP), output);
            holds &= done == places_mve::done(columns, PLACES);
            for (at, &found) in y.iter().enumerate() {
                let (place, row) = (at / filters, at % filters);
                let expected = match (bias.get(row), scale.get(row)) {
                    (Some(&bias), Some(&scale)) if place < done => {
                        let row = piece(&weights[row % 4], 0, columns);
                        let x = x.get(place * STEP..).unwrap_or_default();
                        finished(reference::dot(row, x, bias), scale, of.bounds)
                    }
                    _ => 77,
                };
                holds &= found == expected;
            }
            // Nothing is done where values are too few.
            let short = piece(x, 0, (done - 1) * STEP + columns - 1);
            let output = y.get_mut(..done * filters).unwrap_or_default();
            holds &= places_mve::run(&of, (short, STEP), output) == 0;
        }
    }
    holds
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
    for values in VALUES {
        let (weights, once) = values.make(&mut random);
        let mut matrix = [0i8; CHANNELS * BUFFER];
        let mut x = [0i16; STEPS * CHANNELS];
        for (place, value) in x.iter_mut().zip(once.into_iter().cycle()) {
            *place = value;
        }
        for size in (1..=12).step_by(if cfg!(miri) { 5 } else { 1 }) {
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
    for round in 0..if cfg!(miri) { 20 } else { 400 } {
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
    for round in 0..if cfg!(miri) { 20 } else { 400 } {
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
