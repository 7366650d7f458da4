//! Reading the message: the layers one by one, and typed views of the weights.
use core::marker::PhantomData;

use bytemuck::Pod;

use super::WEIGHTS_ALIGNMENT;
use super::decode::Fields;
use super::features::{Built, Features};
use super::graph::LayerSpec;
use super::header::{HEADER_BYTES, Packing};
#[cfg(feature = "write")]
use super::{
    features::{ALL, Build},
    graph::Prefix,
};
use crate::error::{LayerError, LoadError};

/// The message split into its parts; the layers are decoded on the way through [`Message::layers`].
#[derive(Clone, Copy)]
pub struct Message<'m, B: Built> {
    /// UTF-8, if the writer was ours; at most 32 bytes.
    pub name: &'m [u8],
    /// Numbers of `(scale, offset)` pairs.
    pub input_scales: u16,
    pub output_scales: u16,
    layers: &'m [u8],
    pub layer_count: usize,
    pub weights: &'m [u8],
    /// What the layers need of the runtime.
    pub needs: Features,
    build: PhantomData<B>,
}

impl<'m, B: Built> Message<'m, B> {
    /// Splits the message of a file whose header has been read. The layers are in the build, and need nothing that is not
    /// `stated`.
    #[inline(never)]
    pub fn read(file: &'m [u8], stated: Features) -> Result<Self, LoadError> {
        let mut fields = Fields::<B>::new(file.get(HEADER_BYTES..).unwrap_or_default());
        let name = fields.bytes();
        let (input_scales, output_scales) = (fields.half(), fields.half());
        let layer_count = fields.word();
        let layers = fields.rest().ok_or(LoadError::Message)?;
        for index in 0..layer_count {
            fields.layer();
            fields.rest().ok_or(LoadError::Message)?;
            let error = match fields.needs() {
                Some(needs) if stated.has(needs) => continue,
                Some(_) => LayerError::Unstated,
                None => LayerError::NotBuilt,
            };
            return Err(LoadError::Layer {
                index: index as u16,
                error,
            });
        }
        let (padding, weights) = (fields.bytes(), fields.bytes());
        let rest = fields.rest().ok_or(LoadError::Message)?;
        let valid = rest.is_empty()
            && name.len() <= 32
            && padding.len() < WEIGHTS_ALIGNMENT
            && padding.iter().all(|&byte| byte == 0)
            && (file.len() - weights.len()).is_multiple_of(WEIGHTS_ALIGNMENT);
        if !valid {
            return Err(LoadError::Message);
        }
        Ok(Self {
            name,
            input_scales,
            output_scales,
            layers,
            layer_count: layer_count as usize,
            weights,
            needs: fields.needs().unwrap_or(Features::NONE),
            build: PhantomData,
        })
    }

    /// The layers in order.
    pub fn layers(&self) -> impl Iterator<Item = LayerSpec> + use<'m, B> {
        let mut fields = Fields::<B>::new(self.layers);
        (0..self.layer_count).map(move |_| fields.layer())
    }
}

#[cfg(feature = "write")]
impl<'m> Message<'m, Build<ALL>> {
    /// Splits the message of any file.
    ///
    /// # Errors
    /// [`LoadError`] for a malformed message.
    pub fn of_any(file: &'m [u8]) -> Result<Self, LoadError> {
        Self::read(file, Features::ALL)
    }

    /// What stands before the layers, to be written again.
    pub fn prefix(&self) -> Prefix<'m> {
        Prefix {
            name: core::str::from_utf8(self.name).unwrap_or_default(),
            input_scales: self.input_scales,
            output_scales: self.output_scales,
        }
    }
}

/// Takes tensors off the front of the weights. Each tensor starts at a multiple of four bytes.
pub struct Cursor<'m> {
    left: &'m [u8],
    /// Of the integer matrices among the tensors.
    pub packing: Packing,
    /// Where the matrices are, for a program that packs them anew.
    #[cfg(feature = "write")]
    pub matrices: MatrixPlaces,
}

/// The matrices of a file.
#[cfg(feature = "write")]
pub type MatrixPlaces = heapless::Vec<MatrixPlace, { 2 * super::MAX_LAYERS }>;

/// A matrix among the weights.
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

    /// Remembers that a matrix comes next.
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
