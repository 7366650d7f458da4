//! Kernels: every variant gives the bits of the scalar reference, through one runner.
use dunlin::kernel::{active, reference};

use crate::cases::{BUFFER, OFFSETS, each_place, each_stride, float, piece, spans, values};
use crate::inputs::Random;

/// Four rows of weights `W` with the same `X`, summed in `S`.
type Dot4<W, X, S> = fn([&[W]; 4], &[X], [S; 4]) -> [S; 4];

/// Four rows of weights `W`, each over its own channel of `X`, summed in `S`; the stride is at least four.
type Strided4<W, X, S> = fn([&[W]; 4], &[X], usize, [S; 4]) -> [S; 4];

/// The functions that a variant has.
#[derive(Clone, Copy)]
pub struct Kernel {
    pub dot: fn(&[i8], &[i16], i32) -> i32,
    pub dot4: Dot4<i8, i16, i32>,
    pub strided: fn(&[i8], &[i16], usize, i32) -> i32,
    pub strided4: Strided4<i8, i16, i32>,
    pub dot_f32: fn(&[f32], &[f32], f32) -> f32,
    pub dot4_f32: Dot4<f32, f32, f32>,
    pub strided_f32: fn(&[f32], &[f32], usize, f32) -> f32,
    pub strided4_f32: Strided4<f32, f32, f32>,
}

macro_rules! kernel {
    ($variant:ident) => {
        Kernel {
            dot: $variant::dot,
            dot4: $variant::dot4,
            strided: $variant::strided,
            strided4: $variant::strided4,
            dot_f32: $variant::dot_f32,
            dot4_f32: $variant::dot4_f32,
            strided_f32: $variant::strided_f32,
            strided4_f32: $variant::strided4_f32,
        }
    };
}

/// The variant that this build runs against the reference; the reference against known sums.
pub fn run(report: &mut dyn FnMut(&str, bool)) {
    let oracle = kernel!(reference);
    report("kernel reference known sums", known_sums(&oracle));
    let active = kernel!(active);
    report("kernel active i8 x i16", integers(&active, &oracle));
    report("kernel active f32", floats(&active, &oracle));
}

/// Sums done by hand.
fn known_sums(kernel: &Kernel) -> bool {
    let x = [7, -8, 9];
    let empty = (kernel.dot)(&[], &x, -5) == -5 && (kernel.dot)(&[1, 2], &[], 6) == 6;
    let shortest = (kernel.dot)(&[1, 2], &x, 100) == 91 && (kernel.dot)(&[1, 2, 3, 4], &x, 0) == 18;
    let wraps = (kernel.dot)(&[1], &[1], i32::MAX) == i32::MIN;
    let extreme = (kernel.dot)(&[-127, 127], &[-32_768, 32_767], 0) == 8_322_945;
    let four = (kernel.dot4)([&[1], &[-2], &[3], &[127]], &[-32_768], [0, 1, 2, 3]);
    let each = (kernel.strided)(&[1, -2, 3], &[7, 0, 8, 0, 9], 2, 100) == 118;
    let beside = [7, -8, 9, -10, 0, 1, 2, 3, 4];
    let rows: [&[i8]; 4] = [&[1, 1], &[2, 2], &[3, 3], &[4, 4]];
    let channels = (kernel.strided4)(rows, &beside, 5, [0, 0, 0, 1]) == [8, -12, 36, -23];
    // Added in order: 2^24 + 1 + 1 stays 2^24 where 1 + 1 first would not.
    let order = (kernel.dot_f32)(&[1.0, 1.0], &[1.0, 1.0], 16_777_216.0) == 16_777_216.0;
    // A product and its sum are rounded once: a product rounded before would leave 0.
    let near_one = 1.0 + 1.0 / 4096.0;
    let left = (kernel.dot_f32)(&[near_one], &[near_one], -(1.0 + 1.0 / 2048.0));
    let rounded = left == 1.0 / 16_777_216.0;
    empty
        && shortest
        && wraps
        && extreme
        && each
        && channels
        && four == [-32_768, 65_537, -98_302, -4_161_533]
        && order
        && rounded
}

/// All offsets and values of the integer functions.
#[inline(never)]
pub fn integers(kernel: &Kernel, oracle: &Kernel) -> bool {
    let mut random = Random::new();
    let mut holds = true;
    for values in values() {
        let (rows, x) = values.make(&mut random);
        // Sums wrap from the outer ones; each row has its turn with each.
        let mut starts = [i32::MAX, random.bits() as i32, i32::MIN, -1];
        each_place(|len, rows_at, x_at| {
            starts.rotate_left(1);
            let x = piece(&x, x_at, len);
            let rows = core::array::from_fn(|r| piece(&rows[r], (rows_at + r) % OFFSETS, len));
            let one = (kernel.dot)(rows[0], x, starts[0]) == (oracle.dot)(rows[0], x, starts[0]);
            let four = (kernel.dot4)(rows, x, starts) == (oracle.dot4)(rows, x, starts);
            // The shortest slice ends the sum.
            let short = piece(rows[1], 0, len / 2);
            let cut = (kernel.dot)(short, x, 0) == (oracle.dot)(short, x, 0);
            holds &= one && four && cut;
        });
        each_stride(|len, stride, at| {
            starts.rotate_left(1);
            let x = x.get(at..).unwrap_or_default();
            let rows = core::array::from_fn(|r| piece(&rows[r], at, len));
            let one = (kernel.strided)(rows[0], x, stride, starts[0]);
            holds &= one == (oracle.strided)(rows[0], x, stride, starts[0]);
            let four = (kernel.strided4)(rows, x, stride, starts);
            holds &= four == (oracle.strided4)(rows, x, stride, starts);
        });
    }
    holds
}

/// All lengths and offsets of the f32 functions, over values of every size down to the subnormal.
#[inline(never)]
pub fn floats(kernel: &Kernel, oracle: &Kernel) -> bool {
    let mut random = Random::new();
    let mut holds = true;
    for (lowest, span) in spans() {
        let mut rows = [[0f32; BUFFER]; 4];
        let mut x = [0f32; BUFFER];
        for value in rows.iter_mut().flatten().chain(&mut x) {
            *value = float(random.bits(), lowest, span);
        }
        let starts = core::array::from_fn(|_| float(random.bits(), lowest, span));
        each_place(|len, rows_at, x_at| {
            let x = piece(&x, x_at, len);
            let rows = core::array::from_fn(|r| piece(&rows[r], (rows_at + r) % OFFSETS, len));
            let one = (kernel.dot_f32)(rows[0], x, starts[0]);
            let four = (kernel.dot4_f32)(rows, x, starts);
            holds &= one.to_bits() == (oracle.dot_f32)(rows[0], x, starts[0]).to_bits();
            let expected = (oracle.dot4_f32)(rows, x, starts);
            holds &= four.map(f32::to_bits) == expected.map(f32::to_bits);
        });
        each_stride(|len, stride, at| {
            let x = x.get(at..).unwrap_or_default();
            let rows = core::array::from_fn(|r| piece(&rows[r], at, len));
            let one = (kernel.strided_f32)(rows[0], x, stride, starts[0]);
            let expected = (oracle.strided_f32)(rows[0], x, stride, starts[0]);
            holds &= one.to_bits() == expected.to_bits();
            let four = (kernel.strided4_f32)(rows, x, stride, starts);
            let expected = (oracle.strided4_f32)(rows, x, stride, starts);
            holds &= four.map(f32::to_bits) == expected.map(f32::to_bits);
        });
    }
    holds
}
