//! A model file with its integer matrices in the order that a kernel family reads. Host only.
extern crate alloc;

use alloc::vec;
use alloc::vec::Vec;

use crate::error::LoadError;
use crate::format::MAX_LAYERS;
use crate::format::graph::LayerSpec;
use crate::format::header::{Header, Packing, PrecisionTag};
use crate::format::read::Message;
use crate::format::write::{AlignedBytes, assemble};
use crate::model::Model;
use crate::precision::W8A16;
use crate::precision::w8a16::packed;

/// The same model with its integer matrices in another order. A file in f32 has none, and stays as it is.
///
/// # Errors
/// What [`Model::from_bytes`] says of `file`.
pub fn repack(file: &[u8], packing: Packing) -> Result<Vec<u8>, LoadError> {
    let aligned = AlignedBytes::new(file);
    let file = aligned.as_slice();
    let header = Header::read(file)?;
    if header.precision == PrecisionTag::F32 || header.packing == packing {
        return Ok(file.to_vec());
    }
    let mut model = Model::<W8A16, MAX_LAYERS>::new();
    model.load(file)?;
    let message = Message::of_any(file)?;
    let layers: Vec<LayerSpec> = message.layers().collect();
    let mut weights = Vec::new();
    let mut left = message.weights;
    for place in &model.matrices {
        let (before, matrix) = left.split_at(left.len() - place.left);
        weights.extend_from_slice(before);
        left = matrix;
        for _ in 0..place.groups {
            let shape = (place.rows / place.groups, place.columns);
            let bytes =
                packed::bytes(header.packing, shape.0, shape.1).ok_or(LoadError::Message)?;
            let (group, rest) = left.split_at(bytes);
            left = rest;
            weights.extend(repacked(header.packing, group, shape, packing)?);
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

/// A matrix of so many rows and columns in another order.
fn repacked(
    from: Packing,
    matrix: &[u8],
    (rows, columns): (usize, usize),
    to: Packing,
) -> Result<Vec<u8>, LoadError> {
    let matrix = bytemuck::cast_slice(matrix);
    let plain: Vec<i8> = (0..rows * columns)
        .map(|i| packed::weight(from, matrix, (rows, columns), (i / columns, i % columns)))
        .collect::<Option<_>>()
        .ok_or(LoadError::Message)?;
    let plain: Vec<&[i8]> = plain.chunks_exact(columns).collect();
    let bytes = packed::bytes(to, rows, columns).ok_or(LoadError::Message)?;
    let mut packed = vec![0i8; bytes];
    packed::pack(to, &plain, columns, &mut packed);
    Ok(bytemuck::cast_slice(&packed).to_vec())
}
