//! The matrix on cores with Helium, whose programs do all its rows at once.
use crate::format::header::Packing;
use crate::kernel::{cell_mve, rows_mve};
use crate::math::bounds::{at_least, at_most};
use crate::math::rescale::Rescale;
use crate::precision::Taps;

use super::matrix::Matrix;

/// Rows whose scaled sums wait on the stack for what becomes of them.
const CHUNK: usize = 32;

impl<'m> Matrix<'m> {
    /// Whether [`Matrix::scaled`] is the way to its sums.
    #[inline(always)]
    pub fn is_for_helium(&self) -> bool {
        cfg!(dunlin_mve) && self.packing == Packing::RowMajor
    }

    /// The rows from one on.
    #[inline(always)]
    fn rows(&self, first: usize, taps: &Taps) -> rows_mve::Rows<'m> {
        rows_mve::Rows {
            weights: self.weights.get(first * self.columns..).unwrap_or_default(),
            stride: self.columns,
            column: taps.column,
            sums: self.bias.get(first..),
            scale: self.scale.get(first..),
        }
    }

    /// [`Matrix::clamped`] of the first row, over one run of taps. There is one, with as many weights, by the loader's checks.
    #[inline(always)]
    pub fn clamped_row(&self, taps: &Taps, x: &[i16], bounds: (i16, i16)) -> Option<i16> {
        let x = x.get(taps.start..)?.get(..taps.len)?;
        let weights = self.weights.get(taps.column..)?.get(..taps.len)?;
        let (&bias, &scale) = self.bias.first().zip(self.scale.first())?;
        let sum = rows_mve::dot(weights, x, bias);
        Some(between(Rescale(scale).apply(sum), bounds))
    }

    /// Every row's sum at the scale of its output, between two bounds.
    #[inline(always)]
    pub fn clamped(&self, taps: &Taps, x: &[i16], bounds: (i16, i16), y: &mut [i16]) {
        if taps.runs != 1 {
            return self.clamped_of_runs(taps, x, bounds, y);
        }
        rows_mve::clamped(&self.rows(0, taps), taps.first(x), bounds, y);
    }

    /// [`Matrix::clamped`] where there is not just one run of taps.
    #[inline(never)]
    fn clamped_of_runs(&self, taps: &Taps, x: &[i16], bounds: (i16, i16), y: &mut [i16]) {
        // Fewer rows than come together.
        if y.len() < 4 {
            for (row, y) in y.iter_mut().enumerate() {
                let mut sum = self.bias(row);
                for (column, x) in taps.pieces(x) {
                    let weights = self.piece(row, column, x.len());
                    sum = rows_mve::dot(weights, x, sum);
                }
                *y = between(self.rescale(row).apply(sum), bounds);
            }
            return;
        }
        for (index, y) in y.chunks_mut(CHUNK).enumerate() {
            let mut sums = [0; CHUNK];
            let rows = self.rows(CHUNK * index, taps);
            let sums = sums.get_mut(..y.len()).unwrap_or_default();
            let (column, x) = all_but_last(&rows, taps, x, sums);
            let rows = rows_mve::Rows {
                column,
                sums: if taps.runs > 1 { Some(sums) } else { rows.sums },
                ..rows
            };
            rows_mve::clamped(&rows, x, bounds, y);
        }
    }

    /// The hyperbolic tangent of every row's sum.
    #[inline(always)]
    pub fn tanh(&self, taps: &Taps, x: &[i16], y: &mut [i16]) {
        if taps.runs != 1 {
            return self.tanh_of_runs(taps, x, y);
        }
        for (index, y) in y.chunks_mut(CHUNK).enumerate() {
            let (first, rows) = (CHUNK * index, y.len());
            self.on_stack::<CHUNK>(first, rows, taps, x, |arguments| {
                cell_mve::tanh(arguments, y);
            });
        }
    }

    /// [`Matrix::tanh`] where there is not just one run of taps.
    #[inline(never)]
    fn tanh_of_runs(&self, taps: &Taps, x: &[i16], y: &mut [i16]) {
        let mut arguments = [0; CHUNK];
        for (index, y) in y.chunks_mut(CHUNK).enumerate() {
            self.scaled(CHUNK * index, taps, x, arguments.get_mut(..y.len()));
            cell_mve::tanh(&arguments, y);
        }
    }

    /// What becomes of the sums over one run of taps of so many rows that follow each other, at the scale of their outputs.
    #[inline(always)]
    pub fn on_stack<const N: usize>(
        &self,
        first: usize,
        count: usize,
        taps: &Taps,
        x: &[i16],
        finish: impl FnOnce(&[i32]),
    ) {
        rows_mve::on_stack::<N>(&self.rows(first, taps), taps.first(x), count, finish);
    }

    /// The sums of rows that follow each other, as many as `y` has places, at the scale of their outputs.
    #[inline(always)]
    pub fn scaled(&self, first: usize, taps: &Taps, x: &[i16], y: Option<&mut [i32]>) {
        let (y, rows) = (y.unwrap_or_default(), self.rows(first, taps));
        if taps.runs == 1 {
            rows_mve::products(&rows, taps.first(x), y);
            return;
        }
        let (column, x) = all_but_last(&rows, taps, x, y);
        let rows = rows_mve::Rows {
            column,
            sums: rows.sums.filter(|_| taps.runs == 0),
            ..rows
        };
        rows_mve::products(&rows, x, y);
    }
}

#[inline(always)]
fn between(value: i32, (low, high): (i16, i16)) -> i16 {
    at_least(at_most(value, high.into()), low.into()) as i16
}

/// The sums over all runs of taps but the last, where there are several; gives the column and the values of the last, or of none.
#[inline(never)]
fn all_but_last<'x>(
    rows: &rows_mve::Rows<'_>,
    taps: &Taps,
    x: &'x [i16],
    sums: &mut [i32],
) -> (usize, &'x [i16]) {
    let mut pieces = taps.pieces(x);
    let Some(mut last) = pieces.next() else {
        return (0, &[]);
    };
    let mut start = rows.sums;
    for piece in pieces {
        let rows = rows_mve::Rows {
            column: last.0,
            sums: start.take(),
            scale: None,
            ..*rows
        };
        rows_mve::products(&rows, last.1, sums);
        last = piece;
    }
    last
}
