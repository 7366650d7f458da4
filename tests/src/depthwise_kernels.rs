//! Filters of one channel each at all places of a call: as this build has them, against the sum over every tap that meets the
//! input.
use dunlin::kernel::depthwise::{Depthwise, Filters, Floats, clamped, outputs, scaled};
use dunlin::kernel::depthwise_f32;
use dunlin::kernel::depthwise_f32_mve;
use dunlin::kernel::row_lanes::Plain;
use dunlin::kernel::sliding::Sliding;
use dunlin::math::fused::mul_add;

use crate::cases::{self, BUFFER, bounds, finished, float, piece, rounds, scale, values};
use crate::inputs::Random;

const CASES: usize = rounds(400, 4);
/// Values of an input, weights, and outputs.
const MOST: usize = 4 * BUFFER;
const FILTERS: usize = 24;
/// What stands beside the outputs.
const BESIDE: i16 = 77;

/// Integers and floats.
pub fn run(report: &mut dyn FnMut(&str, bool)) {
    report("kernel depthwise i8 x i16", integers());
    let each = |exponents| {
        floats(exponents, depthwise_f32::run) && floats(exponents, depthwise_f32_mve::run)
    };
    report("kernel depthwise f32", each((120, 8)));
    // Helium has no subnormal numbers, and leaves them to others.
    report("kernel depthwise f32, subnormal", each((0, 140)));
}

/// How a case reads its input.
#[derive(Clone, Copy)]
struct Shape {
    sliding: Sliding,
    /// Steps of the input.
    rows: usize,
    channels: usize,
    /// Filters of a channel.
    each: usize,
    places: usize,
}

impl Shape {
    /// Mostly as convolutions have them: places before the input, inside of it, and behind it.
    fn any(random: &mut Random) -> Self {
        let mut below = |bound: u32| random.bits() % bound;
        let each = if below(4) == 0 { 2 + below(2) } else { 1 };
        let channels = 1 + below(13).min(FILTERS as u32 / each - 1);
        let size = match below(4) {
            0 => 1 + below(34),
            _ => 1 + below(12),
        };
        let size = size.min(MOST as u32 / (channels * each));
        let sliding = Sliding {
            size,
            stride: 1 + below(8).saturating_sub(5),
            dilation: 1 + below(8).saturating_sub(5),
            start: 0,
        };
        let rows = below(MOST as u32 / channels);
        Self {
            sliding: Sliding {
                start: 2 - below(sliding.span() + 3) as i32,
                ..sliding
            },
            rows: rows as usize,
            channels: channels as usize,
            each: each as usize,
            places: (below(rows + 6) as usize).min(MOST / (channels * each) as usize),
        }
    }

    fn filters(self) -> usize {
        self.channels * self.each
    }

    /// Values that output `at` meets, each with the place of its weight.
    fn taps(self, at: usize) -> impl Iterator<Item = (usize, usize)> {
        let (place, filter) = (at / self.filters(), at % self.filters());
        let Sliding {
            size,
            stride,
            dilation,
            start,
        } = self.sliding;
        (0..size as usize).filter_map(move |tap| {
            let step = place * stride as usize + tap * dilation as usize;
            let step = usize::try_from(start + step as i32).ok()?;
            let value = step * self.channels + filter / self.each;
            (step < self.rows).then_some((filter * size as usize + tap, value))
        })
    }
}

#[inline(never)]
fn integers() -> bool {
    let mut random = Random::new();
    let mut holds = true;
    for values in values() {
        let (weights, once) = values.make(&mut random);
        let weights = weights.as_flattened();
        let mut x = [0i16; MOST];
        for (place, value) in x.iter_mut().zip(once.into_iter().cycle()) {
            *place = value;
        }
        for _ in 0..CASES {
            let shape = Shape::any(&mut random);
            let bounds = bounds(&mut random);
            let bias: [i32; FILTERS] = core::array::from_fn(|_| random.bits() as i32 / 2);
            let scale: [u32; FILTERS] = core::array::from_fn(|_| scale(&mut random));
            // All alignments.
            let [w_at, x_at, y_at] = [0; 3].map(|_| random.bits() as usize % 2);
            let weights = weights.get(w_at..).unwrap_or_default();
            let rows = shape.rows.saturating_sub(x_at);
            let shape = Shape { rows, ..shape };
            let x = piece(&x, x_at, rows * shape.channels);
            let filters = Filters {
                weights: piece(weights, 0, shape.filters() * shape.sliding.size as usize),
                bias: piece(&bias, 0, shape.filters()),
                channels: shape.channels,
            };
            let mut y = [BESIDE; MOST + 2];
            let len = shape.places * shape.filters();
            let output = y.get_mut(y_at..y_at + len).unwrap_or_default();
            let scale = piece(&scale, 0, shape.filters());
            let depthwise = Depthwise {
                filters,
                scale,
                bounds,
                sliding: shape.sliding,
                x,
            };
            clamped(&depthwise, output);
            let sum = |at: usize| {
                let bias = bias[at % shape.filters()];
                shape.taps(at).fold(bias, |sum, (w, value)| {
                    sum.wrapping_add(i32::from(filters.weights[w]) * i32::from(x[value]))
                })
            };
            for (at, &found) in output.iter().enumerate() {
                let scale = scale[at % shape.filters()];
                holds &= found == finished(sum(at), scale, bounds);
            }
            let mut beside = y.iter().take(y_at).chain(y.iter().skip(y_at + len));
            holds &= beside.all(|&value| value == BESIDE);
            // From any filter on, at the first place.
            let first = random.bits() as usize % shape.filters();
            let mut sums = [i32::from(BESIDE); FILTERS + 1];
            let used = sums.get_mut(..shape.filters() - first).unwrap_or_default();
            scaled(&depthwise, shape.sliding.taps(shape.rows), first, used);
            for (at, &found) in sums.iter().enumerate() {
                let filter = first + at;
                let expected = match scale.get(filter) {
                    Some(&scale) => cases::scaled(sum(filter), scale),
                    None => BESIDE.into(),
                };
                holds &= found == expected;
            }
        }
    }
    holds
}

/// Does the first channels, and gives their number.
type Floating = fn(&Filters<'_, f32, f32>, Sliding, &[f32], &mut [f32]) -> usize;

#[inline(never)]
fn floats((lowest, span): (u32, u32), run: Floating) -> bool {
    let mut random = Random::new();
    let mut holds = true;
    let mut values = [0f32; MOST];
    for value in &mut values {
        *value = float(random.bits(), lowest, span);
    }
    for _ in 0..CASES {
        let shape = Shape::any(&mut random);
        let filters = Filters {
            weights: piece(&values, 0, shape.filters() * shape.sliding.size as usize),
            bias: piece(&values, 3, shape.filters()),
            channels: shape.channels,
        };
        let x = piece(&values, 0, shape.rows * shape.channels);
        let mut y = [0f32; MOST];
        let len = shape.places * shape.filters();
        let output = y.get_mut(..len).unwrap_or_default();
        let done = run(&filters, shape.sliding, x, output);
        outputs(
            &filters,
            done,
            shape.sliding,
            x,
            output,
            Floats(Plain),
            |_| |sums| sums,
        );
        for (at, &found) in output.iter().enumerate() {
            let bias = filters.bias[at % shape.filters()];
            let taps = shape.taps(at);
            let sum = taps.fold(bias, |sum, (w, value)| {
                mul_add(filters.weights[w], x[value], sum)
            });
            holds &= found.to_bits() == sum.to_bits();
        }
    }
    holds
}
