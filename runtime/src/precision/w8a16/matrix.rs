//! An integer matrix in the packing that its file says: one bias and one scale a row.
use crate::error::LayerError;
use crate::format::features::Features;
use crate::format::header::Packing;
use crate::format::read::Cursor;
use crate::kernel::slices::{four, part};
use crate::kernel::{active, offset_quads, row_lanes, row_pairs, wide_row};
use crate::math::rescale::Rescale;
use crate::precision::{Precision, Rows, Taps};

use super::{Range, W8A16, packed};

/// Whether this build has a packing that leaves something out of its sums.
const READS_QUADS: bool = Packing::OffsetQuads.is_readable();

/// `[rows][columns]` weights in [-127, 127], one bias (rounding included) and one scale a row.
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'m> {
    pub(super) weights: &'m [i8],
    pub(super) bias: &'m [i32],
    pub(super) scale: &'m [u32],
    pub(super) columns: usize,
    pub(super) packing: Packing,
}

impl<'m> Matrix<'m> {
    /// Takes a matrix off the weights and checks every row.
    #[inline(never)]
    pub fn take<const FEATURES: u64>(
        weights: &mut Cursor<'m>,
        rows: Rows,
        columns: &[(usize, Range)],
    ) -> Result<Self, LayerError> {
        let width = columns.iter().map(|&(count, _)| count).sum();
        let packing = if rows.packed {
            of_files::<FEATURES>(weights.packing)
        } else {
            Packing::RowMajor
        };
        let grouped = Features::GROUPED_CONV1D.and(Features::GRU);
        let groups = if Features::of(FEATURES).any(grouped) {
            rows.groups.max(1)
        } else {
            1
        };
        let bytes = packed::bytes(packing, rows.count / groups, width)
            .and_then(|bytes| bytes.checked_mul(groups))
            .ok_or(LayerError::Memory)?;
        #[cfg(feature = "write")]
        if rows.packed {
            weights.note_matrix(rows.count, groups, width);
        }
        let matrix = Self {
            weights: weights.take(bytes)?,
            bias: weights.take(rows.count)?,
            scale: weights.take(rows.count)?,
            columns: width,
            packing,
        };
        let mut name = 0;
        for group in 0..groups {
            let part = match groups {
                1 => matrix,
                _ => W8A16::<FEATURES>::group(&matrix, group, groups),
            };
            for row in 0..part.bias.len() {
                part.check::<FEATURES>(row, name, columns)?;
                name += 1;
            }
        }
        Ok(matrix)
    }

    /// Refuses a row with a weight or scale out of its bounds, or whose sum could leave 32 bits; `name` is its number in errors.
    #[inline]
    fn check<const FEATURES: u64>(
        &self,
        row: usize,
        name: u32,
        columns: &[(usize, Range)],
    ) -> Result<(), LayerError> {
        if !self.rescale(row).is_valid() {
            return Err(LayerError::Scale { row: name });
        }
        let bias = i64::from(self.bias(row));
        let (mut low, mut high) = (bias, bias);
        let mut column = 0;
        for &(count, range) in columns {
            let (mut positive, mut negative) = (0i32, 0i32);
            for _ in 0..count {
                let Some(weight) = packed::weight(
                    known::<FEATURES>(self.packing),
                    self.weights,
                    (self.bias.len(), self.columns),
                    (row, column),
                ) else {
                    return Err(LayerError::WeightRange { row: name });
                };
                positive = positive.saturating_add(weight.max(0).into());
                negative = negative.saturating_add(weight.min(0).into());
                column += 1;
            }
            // Of 16 million columns and more.
            if positive == i32::MAX || negative == i32::MIN {
                return Err(LayerError::Overflow { row: name });
            }
            let product = |sum: i32, x: i16| i64::from(sum) * i64::from(x);
            low += product(positive, range.min) + product(negative, range.max);
            high += product(positive, range.max) + product(negative, range.min);
        }
        if low < i64::from(i32::MIN) || high > i64::from(i32::MAX) {
            return Err(LayerError::Overflow { row: name });
        }
        Ok(())
    }

    /// The rows of a group, of which all have the same number.
    #[inline]
    pub fn group(&self, index: usize, groups: usize) -> Self {
        Self {
            weights: part(self.weights, index, groups),
            bias: part(self.bias, index, groups),
            scale: part(self.scale, index, groups),
            ..*self
        }
    }

    /// The rows from one on that starts a block.
    #[inline]
    pub fn starting_at(&self, row: usize) -> Self {
        let start = row / packed::height(self.packing) * self.block_bytes();
        Self {
            weights: self.weights.get(start..).unwrap_or_default(),
            bias: self.bias.get(row..).unwrap_or_default(),
            scale: self.scale.get(row..).unwrap_or_default(),
            ..*self
        }
    }

    pub fn bytes(&self) -> usize {
        size_of_val(self.weights).next_multiple_of(4)
            + size_of_val(self.bias)
            + size_of_val(self.scale)
    }

    #[inline(always)]
    pub fn bias(&self, row: usize) -> i32 {
        self.bias.get(row).copied().unwrap_or_default()
    }

    /// The biases of four rows, 0 where there is no row.
    #[inline(always)]
    pub fn bias4(&self, row: usize) -> [i32; 4] {
        four(self.bias, row)
    }

    #[inline(always)]
    pub fn rescale(&self, row: usize) -> Rescale {
        Rescale(self.scale.get(row).copied().unwrap_or_default())
    }

    /// What [`Matrix::sums`] leaves out of each sum over these values unless it is given.
    #[inline(always)]
    pub fn left_out(&self, taps: &Taps, x: &[i16]) -> i32 {
        if READS_QUADS {
            match self.packing {
                Packing::OffsetQuads => taps.pieces(x).fold(0, |sum, (_, x)| {
                    sum.wrapping_add(offset_quads::correction(x))
                }),
                Packing::RowMajor | Packing::RowPairs | Packing::RowLanes => 0,
            }
        } else {
            0
        }
    }

    /// Bytes from one block of rows to the next.
    #[inline(always)]
    pub fn block_bytes(&self) -> usize {
        match self.packing {
            Packing::RowLanes if Packing::RowLanes.is_readable() => {
                row_lanes::block_bytes(self.columns)
            }
            Packing::RowMajor | Packing::RowLanes => 4 * self.columns,
            Packing::RowPairs => row_pairs::block_bytes(self.columns),
            Packing::OffsetQuads => offset_quads::block_bytes(self.columns),
        }
    }

    /// The blocks of four rows, and what is behind them.
    #[inline(always)]
    pub fn all_blocks(&self) -> impl Iterator<Item = &'m [i8]> {
        let (bytes, mut rest) = (self.block_bytes(), self.weights);
        core::iter::from_fn(move || {
            let block = rest;
            rest = rest.get(bytes..).unwrap_or_default();
            Some(block)
        })
    }

    /// The full blocks of four rows.
    #[inline(always)]
    pub fn blocks(&self) -> core::slice::ChunksExact<'m, i8> {
        self.weights.chunks_exact(self.block_bytes().max(1))
    }

    /// The sums of a block of four rows, or of what is left of one, from their biases on. With one run of taps, that is `whole`.
    #[inline(always)]
    pub fn sums(
        &self,
        block: &[i8],
        rows: usize,
        bias: &[i32; 4],
        (taps, whole, x): (&Taps, &[i16], &[i16]),
        left_out: i32,
    ) -> [i32; 4] {
        // Taken apart, so that the usual way's sums stay in registers.
        let (a, b, c, d);
        // Pairs of columns are not read from their middle on but in `runs`.
        let (middle, column) = match self.packing {
            Packing::RowPairs => (taps.column % 2, taps.column & !1),
            Packing::RowMajor | Packing::OffsetQuads | Packing::RowLanes => (0, taps.column),
        };
        if taps.runs == 1 && middle == 0 {
            [a, b, c, d] = self.dot4(block, rows, column, whole, bias);
        } else {
            [a, b, c, d] = match self.packing {
                // Sixteen rows are not done by fours.
                Packing::RowMajor | Packing::RowLanes => self.runs::<0>(block, rows, bias, taps, x),
                Packing::RowPairs => self.runs::<1>(block, rows, bias, taps, x),
                Packing::OffsetQuads => self.runs::<2>(block, rows, bias, taps, x),
            };
        }
        let sums = [a, b, c, d];
        if READS_QUADS {
            sums.map(|sum| sum.wrapping_add(left_out))
        } else {
            sums
        }
    }

    /// The sums over any runs of taps, of a matrix in the packing of this place in [`Packing::ALL`]: one function for each,
    /// so that a program has that of its own alone.
    #[inline(never)]
    fn runs<const PACKING: usize>(
        &self,
        block: &[i8],
        rows: usize,
        bias: &[i32; 4],
        taps: &Taps,
        x: &[i16],
    ) -> [i32; 4] {
        let matrix = Self {
            packing: Packing::ALL[PACKING],
            ..*self
        };
        taps.pieces(x).fold(*bias, |sums, (column, x)| {
            matrix.dot4(block, rows, column, x, &sums)
        })
    }

    /// Adds `W[r, column..] . x` to the sums of the so many rows of a block.
    #[inline(always)]
    pub fn dot4(
        &self,
        block: &[i8],
        rows: usize,
        column: usize,
        x: &[i16],
        sums: &[i32; 4],
    ) -> [i32; 4] {
        match self.packing {
            Packing::RowPairs if Packing::RowPairs.is_readable() => {
                row_pairs::dot4(block, column, x, sums)
            }
            Packing::OffsetQuads if Packing::OffsetQuads.is_readable() => {
                offset_quads::dot4(block, column, x, sums)
            }
            Packing::RowMajor | Packing::RowPairs | Packing::OffsetQuads | Packing::RowLanes => {
                let (a, b, c, d);
                match four_rows(block, rows, self.columns, column, x, sums) {
                    Some(sums) => [a, b, c, d] = sums,
                    None => [a, b, c, d] = row_major(block, (rows, self.columns), column, x, sums),
                }
                [a, b, c, d]
            }
        }
    }

    /// Adds `W[row, column..] . x` to the sum of a row that stands alone behind the last four.
    #[inline(always)]
    pub fn dot(&self, row: usize, column: usize, x: &[i16], sum: i32) -> i32 {
        if self.packing == Packing::RowMajor {
            return active::dot(self.piece(row, column, x.len()), x, sum);
        }
        let wide = packed::wide_bytes(self.columns);
        let start = self.weights.len().saturating_sub(wide);
        let row = self.weights.get(start..);
        let row = row.and_then(|row| bytemuck::try_cast_slice(row).ok());
        let piece = row.and_then(|row| row.get(column..));
        piece.map_or(sum, |piece| wide_row::dot(piece, x, sum))
    }

    /// Some columns of a row, where the matrix is not packed.
    #[inline(always)]
    pub fn piece(&self, row: usize, column: usize, len: usize) -> &'m [i8] {
        let start = row * self.columns + column;
        self.weights.get(start..start + len).unwrap_or_default()
    }
}

/// The packing: in a build that meets only one, a constant.
#[inline(always)]
pub(super) const fn known<const FEATURES: u64>(packing: Packing) -> Packing {
    // The rows of grouped convolutions follow each other in every file.
    if Features::of(FEATURES).has(Features::GROUPED_CONV1D) && !reads::<FEATURES>(Packing::RowMajor)
    {
        match packing {
            Packing::RowMajor => return Packing::RowMajor,
            Packing::RowPairs | Packing::OffsetQuads | Packing::RowLanes => {}
        }
    }
    of_files::<FEATURES>(packing)
}

/// [`known`] of a matrix in its file's packing.
#[inline(always)]
pub(super) const fn of_files<const FEATURES: u64>(packing: Packing) -> Packing {
    match (
        reads::<FEATURES>(Packing::RowMajor),
        reads::<FEATURES>(Packing::RowPairs),
        reads::<FEATURES>(Packing::OffsetQuads),
        reads::<FEATURES>(Packing::RowLanes),
    ) {
        (true, false, false, false) => Packing::RowMajor,
        (false, true, false, false) => Packing::RowPairs,
        (false, false, true, false) => Packing::OffsetQuads,
        _ => packing,
    }
}

/// Whether a build with these features reads files of this packing.
const fn reads<const FEATURES: u64>(packing: Packing) -> bool {
    packing.is_readable() && Features::of(FEATURES).has(Features::of_packing(packing))
}

/// The sums of [`row_major`] where there is a faster way to them.
#[inline(always)]
fn four_rows(
    block: &[i8],
    rows: usize,
    columns: usize,
    column: usize,
    x: &[i16],
    sums: &[i32; 4],
) -> Option<[i32; 4]> {
    #[cfg(dunlin_dsp)]
    if rows == 4 {
        return crate::kernel::rows_dsp::dot4(block, columns, column, x, sums);
    }
    #[cfg(all(dunlin_v7m, not(dunlin_dsp)))]
    if rows == 4 {
        return crate::kernel::rows_v7m::dot4(block, columns, column, x, sums);
    }
    let _ = (block, rows, columns, column, x, sums);
    None
}

/// Adds `W[r, column..] . x` to the sums of so many rows that follow each other; of fewer than four, the last one again.
#[inline(never)]
fn row_major(
    block: &[i8],
    (rows, columns): (usize, usize),
    column: usize,
    x: &[i16],
    sums: &[i32; 4],
) -> [i32; 4] {
    let row = |r: usize| {
        let start = r.min(rows.saturating_sub(1)) * columns + column;
        block.get(start..start + x.len()).unwrap_or_default()
    };
    active::dot4([row(0), row(1), row(2), row(3)], x, *sums)
}
