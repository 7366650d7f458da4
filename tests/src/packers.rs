//! Packs rows of weights as the documentation of the kernels says, independently of the runtime's own packers.

/// Four rows of equal length in the layout of [`dunlin::kernel::row_pairs`], in the bytes that they take.
///
/// For a column `c` and a pair `p` of rows, a half of 16 bits with `256 W[p][c] + W[p + 2][c]`: the halves of two columns
/// that follow each other are a word, and the words of both pairs alternate.
pub fn row_pairs<'b>(rows: [&[i8]; 4], block: &'b mut [i8]) -> &'b [i8] {
    let columns = rows[0].len();
    let bytes = columns.div_ceil(2) * 8;
    let block = block.get_mut(..bytes).unwrap_or_default();
    block.fill(0);
    for column in 0..columns {
        for pair in 0..2 {
            let of = |row: usize| rows[row].get(column).copied().map_or(0, i16::from);
            let half = of(pair) * 256 + of(pair + 2);
            let place = 4 * (column / 2) + 2 * pair + column % 2;
            for (at, byte) in half.to_le_bytes().into_iter().enumerate() {
                if let Some(place) = block.get_mut(2 * place + at) {
                    *place = byte as i8;
                }
            }
        }
    }
    block
}

/// Four rows of equal length in the layout of [`dunlin::kernel::offset_quads`], in the bytes that they take: a column after
/// the other, of each weight what it is more than -128.
pub fn offset_quads<'b>(rows: [&[i8]; 4], block: &'b mut [i8]) -> &'b [i8] {
    let block = block.get_mut(..rows[0].len() * 4).unwrap_or_default();
    for (at, place) in block.iter_mut().enumerate() {
        let weight = rows[at % 4].get(at / 4).copied().map_or(0, i16::from);
        *place = (weight + 128) as u8 as i8;
    }
    block
}

/// Sixteen rows of so many columns, or none, in the layout of [`dunlin::kernel::row_lanes`], in the bytes that they take: two columns of each row,
/// then the next two.
#[cfg(feature = "host")]
pub fn row_lanes<'b>(columns: usize, rows: [&[i8]; 16], block: &'b mut [i8]) -> &'b [i8] {
    let bytes = columns.next_multiple_of(2) * 16;
    let block = block.get_mut(..bytes).unwrap_or_default();
    block.fill(0);
    for (r, row) in rows.iter().enumerate() {
        for (column, &weight) in row.iter().enumerate() {
            if let Some(place) = block.get_mut(column / 2 * 32 + 2 * r + column % 2) {
                *place = weight;
            }
        }
    }
    block
}
