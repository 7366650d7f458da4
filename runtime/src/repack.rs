//! A model file with its matrices in the order that a kernel family reads. Host only.
extern crate alloc;

use alloc::vec;
use alloc::vec::Vec;

use bytemuck::{cast_slice, try_cast_slice};

use crate::error::LoadError;
use crate::format::MAX_LAYERS;
use crate::format::graph::LayerSpec;
use crate::format::header::{Header, Packing, PrecisionTag};
use crate::format::read::{MatrixPlaces, Message};
use crate::format::write::{AlignedBytes, assemble};
use crate::model::Model;
use crate::precision::f32::lanes;
use crate::precision::w8a16::packed;
use crate::precision::{F32, Precision, W8A16};

/// The same model with its matrices in another order: for hosts [`Packing::RowLanes`], which is for memory and not for files. Floats
/// stand in rows in all other orders.
///
/// # Errors
/// What [`Model::from_bytes`] says of `file`.
pub fn repack(file: &[u8], packing: Packing) -> Result<Vec<u8>, LoadError> {
    let aligned = AlignedBytes::new(file);
    let file = aligned.as_slice();
    let header = Header::read(file)?;
    let packing = match header.precision {
        PrecisionTag::F32 if !packing.has_floats() => Packing::RowMajor,
        PrecisionTag::F32 | PrecisionTag::W8A16 => packing,
    };
    if header.packing == packing {
        return Ok(file.to_vec());
    }
    let matrices = match header.precision {
        PrecisionTag::F32 => matrices::<F32>(file)?,
        PrecisionTag::W8A16 => matrices::<W8A16>(file)?,
    };
    let message = Message::of_any(file)?;
    let layers: Vec<LayerSpec> = message.layers().collect();
    let mut weights = Vec::new();
    let mut left = message.weights;
    for place in &matrices {
        let (before, matrix) = left.split_at(left.len() - place.left);
        weights.extend_from_slice(before);
        left = matrix;
        for _ in 0..place.groups {
            let shape = (place.rows / place.groups, place.columns);
            let repacked = match header.precision {
                PrecisionTag::F32 => floats,
                PrecisionTag::W8A16 => integers,
            };
            left = repacked(header.packing, left, shape, packing, &mut weights)
                .ok_or(LoadError::Message)?;
        }
        // A tensor ends at a multiple of four bytes from its start.
        let taken = place.left - left.len();
        left = &left[taken.next_multiple_of(4) - taken..];
        weights.resize(weights.len().next_multiple_of(4), 0);
    }
    weights.extend_from_slice(left);
    assemble(
        Header { packing, ..header },
        &message.prefix(),
        &layers,
        &weights,
    )
}

/// Where the matrices of a file are.
fn matrices<P: Precision>(file: &[u8]) -> Result<MatrixPlaces, LoadError> {
    let mut model = Model::<P, MAX_LAYERS>::new();
    model.load(file)?;
    Ok(model.matrices)
}

/// Takes a matrix of so many rows and columns off the front of what is left, and adds it to the weights in another order; what is
/// behind it.
fn integers<'w>(
    from: Packing,
    left: &'w [u8],
    shape: (usize, usize),
    to: Packing,
    weights: &mut Vec<u8>,
) -> Option<&'w [u8]> {
    let (rows, columns) = shape;
    let (matrix, behind) = left.split_at_checked(packed::bytes(from, rows, columns)?)?;
    let matrix = cast_slice(matrix);
    let plain: Vec<i8> = (0..rows * columns)
        .map(|i| packed::weight(from, matrix, shape, (i / columns, i % columns)))
        .collect::<Option<_>>()?;
    let plain: Vec<&[i8]> = plain.chunks_exact(columns).collect();
    let mut packed = vec![0i8; packed::bytes(to, rows, columns)?];
    packed::pack(to, &plain, columns, &mut packed);
    weights.extend_from_slice(cast_slice(&packed));
    Some(behind)
}

/// [`integers`] of a matrix of floats.
fn floats<'w>(
    from: Packing,
    left: &'w [u8],
    shape: (usize, usize),
    to: Packing,
    weights: &mut Vec<u8>,
) -> Option<&'w [u8]> {
    let (rows, columns) = shape;
    let count = |packing| match packing {
        Packing::RowLanes => lanes::count(rows, columns),
        Packing::RowMajor | Packing::RowPairs | Packing::OffsetQuads => rows.checked_mul(columns),
    };
    let place = |packing, row, column| match packing {
        Packing::RowLanes => lanes::place(shape, (row, column)),
        Packing::RowMajor | Packing::RowPairs | Packing::OffsetQuads => row * columns + column,
    };
    let bytes = count(from)?.checked_mul(size_of::<f32>())?;
    let (matrix, behind) = left.split_at_checked(bytes)?;
    let matrix: &[f32] = try_cast_slice(matrix).ok()?;
    let mut packed = vec![0f32; count(to)?];
    for row in 0..rows {
        for column in 0..columns {
            packed[place(to, row, column)] = matrix[place(from, row, column)];
        }
    }
    weights.extend_from_slice(cast_slice(&packed));
    Some(behind)
}
