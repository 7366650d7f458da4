//! Reading the message: the layers one by one, and typed views of the weights.
use bytemuck::Pod;

use super::WEIGHTS_ALIGNMENT;
use super::graph::{LayerSpec, Prefix, Suffix};
use super::header::{HEADER_BYTES, Packing};
use crate::error::{LayerError, LoadError};

/// The message split into its parts; the layers are decoded on the way through [`Message::layers`].
#[derive(Clone, Copy)]
pub struct Message<'m> {
    pub prefix: Prefix<'m>,
    layers: &'m [u8],
    pub layer_count: usize,
    pub weights: &'m [u8],
}

impl<'m> Message<'m> {
    /// Splits the message of a file whose header has been read.
    pub fn read(file: &'m [u8]) -> Result<Self, LoadError> {
        let message = file.get(HEADER_BYTES..).unwrap_or_default();
        let (prefix, rest) = take::<Prefix>(message)?;
        if prefix.name.len() > 32 {
            return Err(LoadError::Message);
        }
        let (layer_count, layers) = take::<u32>(rest)?;
        let mut rest = layers;
        for _ in 0..layer_count {
            rest = take::<LayerSpec>(rest)?.1;
        }
        let (suffix, rest) = take::<Suffix>(rest)?;
        let start = file.len() - suffix.weights.len();
        let zeros = suffix.padding.iter().all(|&byte| byte == 0);
        if !rest.is_empty() || suffix.padding.len() >= WEIGHTS_ALIGNMENT || !zeros {
            return Err(LoadError::Message);
        }
        if !start.is_multiple_of(WEIGHTS_ALIGNMENT) {
            return Err(LoadError::Message);
        }
        Ok(Self {
            prefix,
            layers,
            layer_count: layer_count as usize,
            weights: suffix.weights,
        })
    }

    /// The layers in order.
    pub fn layers(&self) -> impl Iterator<Item = LayerSpec> + use<'m> {
        let mut rest = self.layers;
        (0..self.layer_count).map_while(move |_| {
            let (spec, left) = take::<LayerSpec>(rest).ok()?;
            rest = left;
            Some(spec)
        })
    }
}

fn take<'m, T: serde::Deserialize<'m>>(bytes: &'m [u8]) -> Result<(T, &'m [u8]), LoadError> {
    postcard::take_from_bytes(bytes).map_err(|_| LoadError::Message)
}

/// Takes tensors off the front of the weights. Each tensor starts at a multiple of four bytes.
pub struct Cursor<'m> {
    left: &'m [u8],
    /// Of the integer matrices among the tensors.
    pub packing: Packing,
    /// Where those matrices are, for a program that packs them anew.
    #[cfg(feature = "write")]
    pub matrices: MatrixPlaces,
}

/// The integer matrices of a file.
#[cfg(feature = "write")]
pub type MatrixPlaces = heapless::Vec<MatrixPlace, { 2 * super::MAX_LAYERS }>;

/// An integer matrix among the weights.
#[cfg(feature = "write")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatrixPlace {
    /// Bytes that are left from its start to the end of the weights.
    pub left: usize,
    pub rows: usize,
    /// Parts of as many rows each, packed one by one.
    pub groups: usize,
    pub columns: usize,
}

impl<'m> Cursor<'m> {
    /// Over weights in rows.
    pub fn new(weights: &'m [u8]) -> Self {
        Self {
            left: weights,
            packing: Packing::RowMajor,
            #[cfg(feature = "write")]
            matrices: heapless::Vec::new(),
        }
    }

    /// The next `count` values.
    pub fn take<T: Pod>(&mut self, count: usize) -> Result<&'m [T], LayerError> {
        let bytes = count
            .checked_mul(size_of::<T>())
            .and_then(|bytes| bytes.checked_next_multiple_of(4));
        let short = LayerError::Weights {
            needed: u32::try_from(count).unwrap_or(u32::MAX),
            bytes_left: self.left.len() as u32,
        };
        let (tensor, left) = bytes
            .and_then(|bytes| self.left.split_at_checked(bytes))
            .ok_or(short)?;
        let tensor = tensor.get(..count * size_of::<T>()).ok_or(short)?;
        self.left = left;
        bytemuck::try_cast_slice(tensor).map_err(|_| short)
    }

    /// Remembers that an integer matrix comes next.
    #[cfg(feature = "write")]
    pub fn note_matrix(&mut self, rows: usize, groups: usize, columns: usize) {
        // There is room: a layer has two at most.
        let _ = self.matrices.push(MatrixPlace {
            left: self.left.len(),
            rows,
            groups,
            columns,
        });
    }

    /// Bytes that no layer has taken.
    pub fn bytes_left(&self) -> usize {
        self.left.len()
    }
}
