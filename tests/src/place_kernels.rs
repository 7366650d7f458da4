//! Kernels that do many places of a convolution: as this build has them, programs on the cores that they are made for and models
//! elsewhere, against the scalar reference.
use dunlin::kernel::clamped::Clamped;
use dunlin::kernel::{places_mve, places_v7m, quad_places, reference};

use crate::cases::{BUFFER, LENGTHS, bounds, finished, piece, scale, starts, values};
use crate::inputs::Random;
use crate::packers;

/// Rows, values and their step, outputs; gives the number of places that are done.
type Run = fn(&Clamped<'_>, (&[i16], usize), &mut [i16]) -> usize;

/// A kernel over rows in some order.
struct Kernel {
    run: Run,
    /// Puts four rows into a block.
    pack: fn([&[i8]; 4], &mut [i8]),
    /// Numbers of rows.
    rows: &'static [usize],
    /// With so many columns, how many of so many places it does.
    done: fn(usize, usize) -> usize,
}

/// What stands where no output comes.
const NONE: i16 = 77;
/// The most rows.
const ROWS: usize = 8;
/// Few places, and more than are done together.
const PLACES: [usize; 2] = [5, 35];

/// Rows as they are, one behind the other.
fn as_they_are(rows: [&[i8]; 4], block: &mut [i8]) {
    for (place, &weight) in block.iter_mut().zip(rows.into_iter().flatten()) {
        *place = weight;
    }
}

/// All columns, alignments and values.
pub fn run(report: &mut dyn FnMut(&str, bool)) {
    let quads = Kernel {
        run: quad_places::run,
        pack: |rows, block| {
            packers::offset_quads(rows, block);
        },
        rows: &[ROWS],
        done: |_, places| places,
    };
    report("kernel places of quads", every_place(&quads));
    let rows = Kernel {
        run: places_v7m::run,
        pack: as_they_are,
        rows: &[ROWS],
        done: |_, places| places / 3 * 3,
    };
    report("kernel places of rows", every_place(&rows));
    // Blocks of four rows, with a row that is left over.
    let vectors = Kernel {
        run: places_mve::run,
        pack: as_they_are,
        rows: &[4, 5, ROWS],
        done: places_mve::done,
    };
    report("kernel places of Helium", every_place(&vectors));
}

#[inline(never)]
fn every_place(kernel: &Kernel) -> bool {
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
            let rows: [&[i8]; 4] = core::array::from_fn(|row| piece(&weights[row], 0, columns));
            // The second block has the rows in another order.
            let turned = [rows[1], rows[2], rows[3], rows[0]];
            let mut blocks = [0; ROWS * BUFFER];
            let (first, second) = blocks.split_at_mut(4 * columns);
            (kernel.pack)(rows, first);
            (kernel.pack)(turned, second);
            let filters = kernel.rows[columns % kernel.rows.len()];
            for x_at in starts(columns + columns / 8 + columns / 32) {
                let bias = [0; ROWS].map(|_| random.bits() as i32 / 2);
                let scale = [0; ROWS].map(|_| scale(&mut random));
                let all = Clamped {
                    weights: piece(&blocks, 0, filters * columns),
                    columns,
                    bias: piece(&bias, 0, filters),
                    scale: piece(&scale, 0, filters),
                    bounds: bounds(&mut random),
                };
                let many = usize::from(columns % 8 == x_at);
                let (step, count) = ([5, 1][many], PLACES[many]);
                let x = piece(&x, x_at, (count - 1) * step + columns);
                let mut y = [NONE; ROWS * PLACES[1]];
                let y = y.get_mut(..filters * count).unwrap_or_default();
                let done = (kernel.done)(columns, count);
                holds &= (kernel.run)(&all, (x, step), y) == done;
                for (at, &found) in y.iter().enumerate() {
                    let (place, r) = (at / filters, at % filters);
                    let row = if r < 4 { rows[r] } else { turned[r - 4] };
                    let sum = reference::dot(row, piece(x, place * step, columns), bias[r]);
                    let expected = finished(sum, scale[r], all.bounds);
                    holds &= found == if place < done { expected } else { NONE };
                }
                // Nothing is done without the last value that is needed.
                let short = piece(x, 0, (done - 1) * step + columns - 1);
                let y = y.get_mut(..done * filters).unwrap_or_default();
                holds &= (kernel.run)(&all, (short, step), y) == 0;
            }
        }
    }
    holds
}
