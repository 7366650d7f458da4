//! Writing a model file; stands beside [`read`](super::read) and in the same order. Host only.
extern crate alloc;

use alloc::vec;
use alloc::vec::Vec;

use bytemuck::Pod;
use serde::Serialize;

use super::features::Features;
use super::graph::{LayerSpec, Prefix, Suffix};
use super::header::{HEADER_BYTES, Header, Mode, PrecisionTag, checksum};
use super::read::Message;
use super::{MAX_LAYERS, WEIGHTS_ALIGNMENT};
use crate::error::LoadError;
use crate::model::Model;
use crate::precision::{F32, Precision, W8A16};

/// Everything that a file says, but for what follows from it.
#[derive(Debug, Clone)]
pub struct ModelFile<'a> {
    /// At most 32 bytes.
    pub name: &'a str,
    pub precision: PrecisionTag,
    pub mode: Mode,
    /// Time steps of an input window.
    pub window: usize,
    /// Time steps from the start of a window to the start of the next; 0 for the window's length.
    pub hop: usize,
    pub input_channels: usize,
    /// See [`Model::input_scales`].
    pub input_scales: &'a [[f32; 2]],
    pub layers: &'a [LayerSpec],
    /// Of the layers, in order.
    pub weights: &'a Weights,
    /// See [`Model::output_scales`].
    pub output_scales: &'a [[f32; 2]],
    /// Whether the header states what the layers need of the runtime, so that a program with the model built in can leave the
    /// rest out.
    pub states_features: bool,
}

impl ModelFile<'_> {
    /// The bytes of the file. They load: the loader's own checks run on them.
    ///
    /// # Errors
    /// What [`Model::from_bytes`] would say.
    pub fn to_bytes(&self) -> Result<Vec<u8>, LoadError> {
        let mut weights = Weights::new();
        weights.push(self.input_scales);
        weights.0.extend_from_slice(&self.weights.0);
        weights.push(self.output_scales);
        let prefix = Prefix {
            name: self.name,
            input_scales: self.input_scales.len() as u16,
            output_scales: self.output_scales.len() as u16,
        };
        let header = Header {
            precision: self.precision,
            mode: self.mode,
            window: self.window as u32,
            input_channels: self.input_channels as u32,
            hop: self.hop as u32,
            features: self.states_features.then_some(Features::NONE),
            ..Header::NONE
        };
        assemble(header, &prefix, self.layers, &weights.0)
    }
}

/// A whole file; of the header, what the layers do not tell. Features are stated as the layers need them, if any are there.
pub(crate) fn assemble(
    header: Header,
    prefix: &Prefix<'_>,
    layers: &[LayerSpec],
    weights: &[u8],
) -> Result<Vec<u8>, LoadError> {
    let mut file = vec![0; HEADER_BYTES];
    file.extend(postcard(prefix)?);
    file.extend(postcard(&(layers.len() as u32))?);
    for layer in layers {
        file.extend(postcard(layer)?);
    }
    file.extend(suffix(file.len(), weights)?);
    let mut header = Header {
        total_bytes: file.len() as u32,
        layer_count: layers.len() as u16,
        ..header
    };
    if header.features.is_some() {
        let needs = Message::of_any(&file)?.needs;
        let whole = needs.has(Features::CONV1D) && !needs.has(Features::RUNS);
        let few = !needs.has(Features::BLOCKS);
        let promises = [(whole, Features::WHOLE_TAPS), (few, Features::FEW_ROWS)];
        let promised = promises.iter().filter(|(kept, _)| *kept);
        header.features = Some(promised.fold(needs, |all, &(_, promise)| all.and(promise)));
    }
    match header.precision {
        PrecisionTag::F32 => derive::<F32>(&mut header, &file)?,
        PrecisionTag::W8A16 => derive::<W8A16>(&mut header, &file)?,
    }
    seal(&mut file, header);
    Ok(file)
}

/// The suffix with the padding that brings the weights to their alignment.
fn suffix(before: usize, weights: &[u8]) -> Result<Vec<u8>, LoadError> {
    let zeros = [0; WEIGHTS_ALIGNMENT];
    for padding in 0..WEIGHTS_ALIGNMENT {
        let suffix = postcard(&Suffix {
            padding: &zeros[..padding],
            weights,
        })?;
        if (before + suffix.len() - weights.len()).is_multiple_of(WEIGHTS_ALIGNMENT) {
            return Ok(suffix);
        }
    }
    Err(LoadError::Message)
}

/// Puts a header with a fresh checksum at the front of a file.
pub fn seal(file: &mut [u8], mut header: Header) {
    if let Some(front) = file.first_chunk_mut() {
        *front = header.to_bytes();
    }
    header.crc = checksum(file);
    if let Some(front) = file.first_chunk_mut() {
        *front = header.to_bytes();
    }
}

/// The header fields that follow from the layers.
fn derive<P: Precision>(header: &mut Header, file: &[u8]) -> Result<(), LoadError> {
    let file = AlignedBytes::new(file);
    let mut model = Model::<P, MAX_LAYERS>::empty(*header);
    model.resolve(file.as_slice())?;
    header.arena_bytes = model.arena_bytes() as u32;
    header.output_steps = model.output_shape().steps;
    header.output_channels = model.output_shape().channels;
    Ok(())
}

fn postcard(value: &impl Serialize) -> Result<Vec<u8>, LoadError> {
    postcard::to_allocvec(value).map_err(|_| LoadError::Message)
}

/// Tensors one after the other, each padded to a multiple of four bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Weights(Vec<u8>);

impl Weights {
    /// No tensors.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a tensor.
    pub fn push<T: Pod>(&mut self, tensor: &[T]) {
        self.0.extend_from_slice(bytemuck::cast_slice(tensor));
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }
}

/// Bytes at a multiple of 16, as files and arenas must be: what `include_model!` and `Arena` are to a host program.
#[derive(Debug, Clone, Default)]
pub struct AlignedBytes {
    words: Vec<u128>,
    len: usize,
}

impl AlignedBytes {
    /// A copy.
    pub fn new(bytes: &[u8]) -> Self {
        let mut aligned = Self::zeroed(bytes.len());
        aligned.as_mut().copy_from_slice(bytes);
        aligned
    }

    /// `len` zeros.
    pub fn zeroed(len: usize) -> Self {
        Self {
            words: vec![0; len.div_ceil(size_of::<u128>())],
            len,
        }
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.len]
    }
}

impl AsMut<[u8]> for AlignedBytes {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(&mut self.words)[..self.len]
    }
}
