//! Kernels that do many places of a convolution: as this build has them, programs on the cores that they are made for and models
//! elsewhere, against the scalar reference.
use dunlin::kernel::clamped::Clamped;
use dunlin::kernel::{places_v7m, quad_places, reference};

use crate::inputs::Random;
use crate::kernels::{BUFFER, LONGEST, OFFSETS, VALUES, piece};
use crate::packers;
use crate::row_kernels::{bounds, finished, scale};

/// Rows, values and their step, outputs; gives the number of places that are done.
type Run = fn(&Clamped<'_>, (&[i16], usize), &mut [i16]) -> usize;

/// A kernel over rows in some order.
struct Kernel {
    run: Run,
    /// Puts four rows into a block.
    pack: fn([&[i8]; 4], &mut [i8]),
    /// Places that it does at a time.
    multiple: usize,
}

/// What stands where no output comes.
const NONE: i16 = 77;
const ROWS: usize = 8;
/// Few places, and more than are done together.
const PLACES: [usize; 2] = [3, 35];

/// All columns, alignments and values.
pub fn run(report: &mut dyn FnMut(&str, bool)) {
    let quads = Kernel {
        run: quad_places::run,
        pack: |rows, block| {
            packers::offset_quads(rows, block);
        },
        multiple: 1,
    };
    report("kernel places of quads", every_place(&quads));
    let rows = Kernel {
        run: places_v7m::run,
        pack: |rows, block| {
            let all = rows.into_iter().flatten();
            for (place, &weight) in block.iter_mut().zip(all) {
                *place = weight;
            }
        },
        multiple: 3,
    };
    report("kernel places of rows", every_place(&rows));
}

#[inline(never)]
fn every_place(kernel: &Kernel) -> bool {
    let mut random = Random::new();
    let mut holds = true;
    for values in VALUES {
        let (weights, once) = values.make(&mut random);
        // Places lie behind each other.
        let mut x = [0i16; 2 * BUFFER];
        for (place, value) in x.iter_mut().zip(once.into_iter().cycle()) {
            *place = value;
        }
        for columns in (1..=LONGEST).step_by(if cfg!(miri) { 20 } else { 1 }) {
            let rows: [&[i8]; 4] = core::array::from_fn(|row| piece(&weights[row], 0, columns));
            // The second block has the rows in another order.
            let turned = [rows[1], rows[2], rows[3], rows[0]];
            let mut blocks = [0; ROWS * BUFFER];
            let (first, second) = blocks.split_at_mut(4 * columns);
            (kernel.pack)(rows, first);
            (kernel.pack)(turned, second);
            for x_at in 0..OFFSETS {
                let bias = [0; ROWS].map(|_| random.bits() as i32 / 2);
                let scale = [0; ROWS].map(|_| scale(&mut random));
                let all = Clamped {
                    weights: piece(&blocks, 0, ROWS * columns),
                    columns,
                    bias: &bias,
                    scale: &scale,
                    bounds: bounds(&mut random),
                };
                let many = usize::from(columns % 8 == x_at);
                let (step, count) = ([5, 1][many], PLACES[many]);
                let x = piece(&x, x_at, (count - 1) * step + columns);
                let mut y = [NONE; ROWS * PLACES[1]];
                let y = y.get_mut(..ROWS * count).unwrap_or_default();
                let done = count / kernel.multiple * kernel.multiple;
                holds &= (kernel.run)(&all, (x, step), y) == done;
                for (at, &found) in y.iter().enumerate() {
                    let (place, r) = (at / ROWS, at % ROWS);
                    let row = if r < 4 { rows[r] } else { turned[r - 4] };
                    let sum = reference::dot(row, piece(x, place * step, columns), bias[r]);
                    let expected = finished(sum, scale[r], all.bounds);
                    holds &= found == if place < done { expected } else { NONE };
                }
                // Nothing is done without the last value that is needed.
                let short = piece(x, 0, (done - 1) * step + columns - 1);
                holds &= (kernel.run)(&all, (short, step), y) == 0;
            }
        }
    }
    holds
}
