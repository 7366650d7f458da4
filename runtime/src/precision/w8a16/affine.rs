//! Rows of weights times values: every sum in w8a16 is made here, four rows at a time.
//!
//! Nothing here is generic: a generic function would be compiled with the settings of the program that uses it, which are
//! those of a small program.
use crate::format::graph::LstmSpec;
use crate::format::header::Packing;
use crate::kernel::slices::copy_last;
use crate::math::bounds::saturate;
use crate::math::table;
use crate::precision::{Gates, Taps};

use super::bounds::Bounds;
use super::lstm;
use super::matrix::Matrix;
use super::sums::{
    FEW, blocks, blocks_of, clamped_blocks, clamped_rest, each_four, no_blocks, products_of_blocks,
    rest_values, single_value,
};

/// The functions for one packing: a program with one model in it has those of its packing alone, and where all taps are one run
/// from the first column on, those for such taps. With `$only_blocks`, row pairs are clamped by the program for all blocks alone,
/// which such taps allow, so that a program with one model has no other.
macro_rules! functions {
    ($module:ident, $packing:expr, $taps:path, $rows:path, $bounds:path, $only_blocks:expr) => {
        pub mod $module {
            use super::*;

            /// The scaled sum of a row that stands alone behind the full blocks.
            #[inline(never)]
            fn single(matrix: &Matrix<'_>, taps: &Taps, x: &[i16], row: usize) -> i32 {
                single_value(&known(matrix, $packing), &$taps(taps), x, row)
            }

            /// The scaled sums of two or three rows behind the full blocks.
            #[inline(never)]
            fn rest(
                matrix: &Matrix<'_>,
                taps: &Taps,
                x: &[i16],
                done: usize,
                rows: usize,
            ) -> [i32; 4] {
                rest_values(&known(matrix, $packing), &$taps(taps), x, done, rows)
            }

            /// [`clamped`] with Helium, but for a row alone.
            #[inline(never)]
            fn clamped_rows(
                matrix: &Matrix<'_>,
                taps: &Taps,
                x: &[i16],
                y: &mut [i16],
                bounds: (i16, i16),
            ) {
                known(matrix, $packing).clamped(&$taps(taps), x, bounds, y);
            }

            /// Every row's sum at the scale of its output, brought between two bounds of 16 bits.
            // The bounds in one word, in the place of the output's specification: no operand is moved on the way here.
            #[inline(never)]
            pub fn clamped(
                matrix: &Matrix<'_>,
                [low, high]: [i16; 2],
                taps: &Taps,
                x: &[i16],
                y: &mut [i16],
            ) {
                let bounds = (low, high);
                let of_packing = known(matrix, $packing);
                if of_packing.is_for_helium() {
                    return match y {
                        [y] if $taps(taps).runs == 1 => {
                            if let Some(value) = of_packing.clamped_row(&$taps(taps), x, bounds) {
                                *y = value;
                            }
                        }
                        _ => clamped_rows(matrix, taps, x, y, bounds),
                    };
                }
                let usual = $bounds(bounds);
                if let [y] = y {
                    *y = usual.clamp_one(single(matrix, taps, x, 0));
                    return;
                }
                let (fours, last) = $rows(y);
                if $packing == Packing::RowPairs && $only_blocks {
                    clamped_blocks(&blocks_of(matrix), taps, x, fours, bounds);
                    let first = 4 * fours.len();
                    return match last {
                        [] => {}
                        [y] => *y = usual.clamp_one(single(matrix, taps, x, first)),
                        _ => clamped_rest(matrix, taps, x, first, (last, bounds)),
                    };
                }
                let done = $packing == Packing::RowPairs
                    && fours.len() > FEW
                    && clamped_blocks(&blocks_of(matrix), taps, x, fours, bounds);
                if !done {
                    each_four(&known(matrix, $packing), &$taps(taps), x, fours, |values| {
                        usual.clamp(values)
                    });
                }
                let first = 4 * fours.len();
                match last {
                    [] => {}
                    [y] => *y = usual.clamp_one(single(matrix, taps, x, first)),
                    _ => {
                        let values = rest(matrix, taps, x, first, last.len());
                        copy_last(last, usual.clamp(values));
                    }
                }
            }

            /// The hyperbolic tangent of every row's sum.
            #[inline(never)]
            pub fn tanh(matrix: &Matrix<'_>, taps: &Taps, x: &[i16], y: &mut [i16]) {
                let of_packing = known(matrix, $packing);
                if of_packing.is_for_helium() {
                    return of_packing.tanh(&$taps(taps), x, y);
                }
                let (fours, last) = $rows(y);
                each_four(&known(matrix, $packing), &$taps(taps), x, fours, |values| {
                    values.map(|value| table::tanh(saturate(value)))
                });
                let first = 4 * fours.len();
                match last {
                    [] => {}
                    [y] => *y = table::tanh(saturate(single(matrix, taps, x, first))),
                    _ => {
                        let values = rest(matrix, taps, x, first, last.len());
                        copy_last(last, values.map(|value| table::tanh(saturate(value))));
                    }
                }
            }

            /// Every row's sum at the scale of its output.
            #[inline(never)]
            pub fn products(matrix: &Matrix<'_>, taps: &Taps, x: &[i16], y: &mut [i32]) {
                let of_packing = known(matrix, $packing);
                if of_packing.is_for_helium() {
                    return of_packing.scaled(0, &$taps(taps), x, Some(y));
                }
                let (fours, last) = $rows(y);
                let done = $packing == Packing::RowPairs
                    && fours.len() > FEW
                    && products_of_blocks(matrix, taps, x, fours);
                if !done {
                    each_four(&known(matrix, $packing), &$taps(taps), x, fours, |values| {
                        values
                    });
                }
                let first = 4 * fours.len();
                match last {
                    [] => {}
                    [y] => *y = single(matrix, taps, x, first),
                    _ => copy_last(last, rest(matrix, taps, x, first, last.len())),
                }
            }
        }
    };
}

/// The steps of an LSTM for one packing.
macro_rules! cells {
    ($module:ident, $packing:expr) => {
        pub mod $module {
            use super::*;

            /// A time step of an LSTM with tanh in the cell: [`lstm::tanh`].
            #[inline(never)]
            pub fn lstm_tanh(
                matrix: &Matrix<'_>,
                spec: &LstmSpec,
                xh: &[i16],
                cell: &mut [i32],
                hidden: &mut [i16],
            ) {
                lstm::tanh(&known(matrix, $packing), spec, xh, cell, hidden);
            }

            /// A time step of an LSTM with relu in the cell: [`lstm::relu`].
            #[inline(never)]
            pub fn lstm_relu(
                matrix: &Matrix<'_>,
                spec: &LstmSpec,
                xh: &[i16],
                cell: &mut [i32],
                hidden: &mut [i16],
            ) {
                lstm::relu(&known(matrix, $packing), spec, xh, cell, hidden);
            }

            /// A time step of an LSTM with any gates: [`lstm::gated`].
            #[inline(never)]
            pub fn lstm_gated(
                matrix: &Matrix<'_>,
                spec: &LstmSpec,
                gates: Gates,
                xh: &[i16],
                cell: &mut [i32],
                hidden: &mut [i16],
            ) {
                lstm::gated(&known(matrix, $packing), spec, gates, xh, cell, hidden);
            }
        }
    };
}

/// The matrix, its packing known to the compiler.
#[inline(always)]
fn known<'m>(matrix: &Matrix<'m>, packing: Packing) -> Matrix<'m> {
    Matrix { packing, ..*matrix }
}

functions!(
    in_rows,
    Packing::RowMajor,
    Taps::any,
    blocks,
    Bounds::new,
    false
);
functions!(
    in_pairs,
    Packing::RowPairs,
    Taps::any,
    blocks,
    Bounds::new,
    false
);
functions!(
    in_quads,
    Packing::OffsetQuads,
    Taps::any,
    blocks,
    Bounds::new,
    false
);
functions!(
    run_in_rows,
    Packing::RowMajor,
    Taps::of_run,
    blocks,
    Bounds::new,
    false
);
functions!(
    run_in_pairs,
    Packing::RowPairs,
    Taps::of_run,
    blocks,
    Bounds::new,
    true
);
functions!(
    run_in_quads,
    Packing::OffsetQuads,
    Taps::of_run,
    blocks,
    Bounds::new,
    false
);
functions!(
    few_in_rows,
    Packing::RowMajor,
    Taps::of_run,
    no_blocks,
    Bounds::any,
    false
);
functions!(
    few_in_pairs,
    Packing::RowPairs,
    Taps::of_run,
    no_blocks,
    Bounds::any,
    false
);
functions!(
    few_in_quads,
    Packing::OffsetQuads,
    Taps::of_run,
    no_blocks,
    Bounds::any,
    false
);
cells!(cells_in_rows, Packing::RowMajor);
cells!(cells_in_pairs, Packing::RowPairs);
cells!(cells_in_quads, Packing::OffsetQuads);
cells!(cells_in_lanes, Packing::RowLanes);
pub(super) use super::lanes as in_lanes;

/// Calls the function of the matrix's packing, of those that a build with these features reads.
macro_rules! of_packing {
    ($features:ident, $matrix:ident, $function:ident($($argument:expr),*)) => {
        if Features::of($features).has_runs() {
            of_packing!($features, $matrix, in_rows in_pairs in_quads in_lanes, $function($($argument),*))
        } else {
            of_packing!($features, $matrix, run $function($($argument),*))
        }
    };
    // Where the taps are one run from the first column on.
    ($features:ident, $matrix:ident, run $function:ident($($argument:expr),*)) => {
        if Features::of($features).has_few_rows() {
            of_packing!($features, $matrix, few_in_rows few_in_pairs few_in_quads in_lanes, $function($($argument),*))
        } else {
            of_packing!($features, $matrix, run_in_rows run_in_pairs run_in_quads in_lanes, $function($($argument),*))
        }
    };
    ($features:ident, $matrix:ident, cell $function:ident($($argument:expr),*)) => {
        of_packing!($features, $matrix, cells_in_rows cells_in_pairs cells_in_quads cells_in_lanes, $function($($argument),*))
    };
    ($features:ident, $matrix:ident, $rows:ident $pairs:ident $quads:ident $lanes:ident, $function:ident($($argument:expr),*)) => {
        match $crate::precision::w8a16::matrix::known::<$features>($matrix.packing) {
            Packing::RowPairs if Packing::RowPairs.is_readable() => {
                affine::$pairs::$function($matrix, $($argument),*)
            }
            Packing::OffsetQuads if Packing::OffsetQuads.is_readable() => {
                affine::$quads::$function($matrix, $($argument),*)
            }
            Packing::RowLanes if Packing::RowLanes.is_readable() => {
                affine::$lanes::$function($matrix, $($argument),*)
            }
            Packing::RowMajor | Packing::RowPairs | Packing::OffsetQuads | Packing::RowLanes => {
                affine::$rows::$function($matrix, $($argument),*)
            }
        }
    };
}
pub(super) use of_packing;
