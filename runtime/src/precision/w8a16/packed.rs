//! The order of an integer matrix in a file: blocks of four rows (sixteen for hosts), filled up with rows of zeros; a row that would
//! stand alone in its block follows behind them as 16-bit weights ([`wide_row`](crate::kernel::wide_row)).
use crate::format::header::Packing;

use crate::kernel::{offset_quads, row_lanes, row_pairs};

/// Rows of a block.
pub const fn height(packing: Packing) -> usize {
    match packing {
        Packing::RowLanes if Packing::RowLanes.is_readable() => row_lanes::ROWS,
        Packing::RowMajor | Packing::RowPairs | Packing::OffsetQuads | Packing::RowLanes => 4,
    }
}

/// Blocks of rows, and whether a row stands alone behind them.
const fn split(packing: Packing, rows: usize) -> (usize, bool) {
    let height = height(packing);
    (rows.saturating_add(height - 2) / height, rows % height == 1)
}

/// Bytes of a row of 16-bit weights.
pub const fn wide_bytes(columns: usize) -> usize {
    columns.next_multiple_of(2) * 2
}

/// Bytes of a matrix; `None` past the address space.
#[inline]
pub fn bytes(packing: Packing, rows: usize, columns: usize) -> Option<usize> {
    let block = match packing {
        Packing::RowMajor => return rows.checked_mul(columns),
        // More than fit any address space: a column of the largest block has 16 bytes.
        Packing::RowPairs | Packing::OffsetQuads | Packing::RowLanes
            if columns > usize::MAX / 32 =>
        {
            return None;
        }
        Packing::RowPairs => row_pairs::block_bytes(columns),
        Packing::OffsetQuads => offset_quads::block_bytes(columns),
        Packing::RowLanes if Packing::RowLanes.is_readable() => row_lanes::block_bytes(columns),
        Packing::RowLanes => return None,
    };
    let (blocks, alone) = split(packing, rows);
    let wide = if alone { wide_bytes(columns) } else { 0 };
    blocks.checked_mul(block)?.checked_add(wide)
}

/// The weight at a row and a column of a matrix of so many rows and columns, as kernels take it; `None` outside [-127, 127].
#[inline]
pub fn weight(
    packing: Packing,
    matrix: &[i8],
    (rows, columns): (usize, usize),
    (row, column): (usize, usize),
) -> Option<i8> {
    let (blocks, alone) = split(packing, rows);
    let height = height(packing);
    let number = row / height;
    let block = |bytes: usize| {
        let start = number * bytes;
        matrix.get(start..start + bytes).unwrap_or_default()
    };
    let weight = match packing {
        Packing::RowMajor => matrix.get(row * columns + column).copied()?,
        Packing::RowPairs | Packing::OffsetQuads | Packing::RowLanes
            if alone && row == rows - 1 =>
        {
            let start = matrix.len().checked_sub(wide_bytes(columns))? + 2 * column;
            let &[low, high] = matrix.get(start..)?.first_chunk()?;
            i8::try_from(i16::from_le_bytes([low as u8, high as u8])).ok()?
        }
        Packing::RowPairs | Packing::OffsetQuads | Packing::RowLanes if number >= blocks => {
            return None;
        }
        Packing::RowPairs => {
            row_pairs::weight(block(row_pairs::block_bytes(columns)), row % 4, column)
        }
        Packing::OffsetQuads => {
            offset_quads::weight(block(offset_quads::block_bytes(columns)), row % 4, column)
        }
        Packing::RowLanes if Packing::RowLanes.is_readable() => {
            let block = block(row_lanes::block_bytes(columns));
            row_lanes::weight(block, row % height, column)
        }
        Packing::RowLanes => return None,
    };
    (weight != i8::MIN).then_some(weight)
}

/// Packs the rows of a matrix; `matrix` has [`bytes`] of them.
#[cfg(feature = "write")]
pub fn pack(packing: Packing, rows: &[&[i8]], columns: usize, matrix: &mut [i8]) {
    let block = match packing {
        Packing::RowMajor => {
            for (row, place) in rows.iter().zip(matrix.chunks_exact_mut(columns.max(1))) {
                place.copy_from_slice(row);
            }
            return;
        }
        Packing::RowPairs => row_pairs::block_bytes(columns),
        Packing::OffsetQuads => offset_quads::block_bytes(columns),
        Packing::RowLanes => row_lanes::block_bytes(columns),
    };
    let (blocks, alone) = split(packing, rows.len());
    let (front, wide) = matrix.split_at_mut(blocks * block);
    let places = front.chunks_exact_mut(block.max(1));
    for (rows, place) in rows.chunks(height(packing)).zip(places) {
        let four = || core::array::from_fn(|r| rows.get(r).copied().unwrap_or_default());
        match packing {
            Packing::RowPairs => row_pairs::pack(four(), place),
            Packing::OffsetQuads => offset_quads::pack(four(), place),
            Packing::RowLanes => row_lanes::pack(rows, place),
            Packing::RowMajor => {}
        }
    }
    if alone && let Some(row) = rows.last() {
        for (&weight, place) in row.iter().zip(wide.chunks_exact_mut(2)) {
            let [low, high] = i16::from(weight).to_le_bytes();
            place.copy_from_slice(&[low as i8, high as i8]);
        }
    }
}
