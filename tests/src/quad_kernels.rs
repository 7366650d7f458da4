//! Blocks of four rows over places of a convolution: as this build has them, a program on v6-M and a model elsewhere, against
//! the scalar reference.
use dunlin::kernel::{
    quad_places::{Quads, run as places},
    reference,
};

use crate::inputs::Random;
use crate::kernels::{BUFFER, LONGEST, OFFSETS, VALUES, piece};
use crate::packers;
use crate::row_kernels::{bounds, finished, scale};

const ROWS: usize = 8;
/// Few places, and more than are done together.
const PLACES: [usize; 2] = [3, 35];

/// All columns, alignments and values.
pub fn run(report: &mut dyn FnMut(&str, bool)) {
    report("kernel places of quads", every_place());
}

#[inline(never)]
fn every_place() -> bool {
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
            packers::offset_quads(rows, first);
            packers::offset_quads(turned, second);
            for x_at in 0..OFFSETS {
                let bias = [0; ROWS].map(|_| random.bits() as i32 / 2);
                let scale = [0; ROWS].map(|_| scale(&mut random));
                let quads = Quads {
                    blocks: piece(&blocks, 0, ROWS * columns),
                    columns,
                    bias: &bias,
                    scale: &scale,
                    bounds: bounds(&mut random),
                };
                let many = usize::from(columns % 8 == x_at);
                let (step, count) = ([5, 1][many], PLACES[many]);
                let x = piece(&x, x_at, (count - 1) * step + columns);
                let mut y = [77; ROWS * PLACES[1]];
                let y = y.get_mut(..ROWS * count).unwrap_or_default();
                holds &= places(&quads, (x, step), y) == count;
                for (at, &found) in y.iter().enumerate() {
                    let (place, r) = (at / ROWS, at % ROWS);
                    let row = if r < 4 { rows[r] } else { turned[r - 4] };
                    let sum = reference::dot(row, piece(x, place * step, columns), bias[r]);
                    holds &= found == finished(sum, scale[r], quads.bounds);
                }
                // Nothing is done without the last value.
                let short = piece(x, 0, x.len() - 1);
                holds &= places(&quads, (short, step), y) == 0;
            }
        }
    }
    holds
}
