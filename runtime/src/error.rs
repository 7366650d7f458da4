//! Why a model does not load, or a call is refused: small `Copy` enums with numbers in them.
use core::fmt;

use crate::format::header::PrecisionTag;

/// Why bytes are not a model that this runtime can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum LoadError {
    /// Fewer bytes than a header.
    TooShort { needed: u32, given: u32 },
    /// The first four bytes are not "DUNL".
    Magic,
    /// Written by another version of the format.
    Version { found: u16, supported: u16 },
    /// A reserved or derived header field has a value that cannot be.
    Header,
    /// The file is cut or has something behind it.
    Length { stated: u32, given: u32 },
    /// The bytes have changed since they were written.
    Checksum { stated: u32, computed: u32 },
    /// The bytes do not start at a multiple of `needed` (use `include_model!`).
    Misaligned { needed: u8 },
    /// A precision that this version does not know.
    UnknownPrecision { found: u8 },
    /// The file has another precision than the type parameter.
    Precision {
        expected: PrecisionTag,
        found: PrecisionTag,
    },
    /// The weights are in an order that this runtime cannot read.
    Packing { found: u8 },
    /// The postcard message is malformed.
    Message,
    /// More layers than the model type has room for.
    LayerCapacity { needed: u16, given: u16 },
    /// A layer is malformed; `index` counts from 0.
    Layer { index: u16, error: LayerError },
    /// The scales of the input or the output are malformed.
    Scales,
    /// Bytes at the end of the weights belong to no layer.
    Unused { bytes: u32 },
    /// The mode is continuous but a layer needs the whole window; `index` counts from 0.
    NotContinuous { index: u16 },
    /// This program was built for windows that follow each other in another way: its features lack this file's.
    Pace,
    /// The arena in the header is not what the layers need.
    ArenaStated { stated: u32, computed: u32 },
    /// The output shape in the header is not what the layers give.
    OutputStated,
}

/// What is wrong with a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum LayerError {
    /// A dimension is zero or above 65,535.
    Dimension,
    /// The kernel or pool is longer than its input.
    Window { needed: u32, given: u32 },
    /// The weights end before the layer does.
    Weights { needed: u32, bytes_left: u32 },
    /// An activation, padding or mixture that this layer does not have.
    Unsupported,
    /// A scale, shift or clamp out of its range.
    Scale { row: u32 },
    /// The accumulator of a row could overflow 32 bits.
    Overflow { row: u32 },
    /// A weight of -128; weights are in [-127, 127].
    WeightRange { row: u32 },
    /// Its inputs, or its input and its own sizes, do not go together.
    Shapes,
    /// Buffers of more than 2 GiB.
    Memory,
    /// It reads a tensor that comes after it.
    Tensor { tensor: u16 },
    /// The header states what the layers need of the runtime, but not this layer or its activation.
    Unstated,
    /// This program was built without this layer or its activation: for a model that has none.
    NotBuilt,
}

/// The arena is too small or does not start at a multiple of 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ArenaError {
    TooSmall { needed: u32, given: u32 },
    Misaligned { needed: u8 },
}

/// The one error of a call after a model is loaded: the input has another length than the model's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct InputLength {
    /// Values, not bytes.
    pub expected: u32,
    pub given: u32,
}

/// Why bytes are not a snapshot of this model, or do not hold one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SnapshotError {
    /// Fewer bytes than are needed.
    TooShort { needed: u32, given: u32 },
    /// The first four bytes are not "DUNS".
    Magic,
    /// Taken by another version.
    Version { found: u16, supported: u16 },
    /// Of another model: checksums of the files.
    Model { expected: u32, found: u32 },
    /// Another length than a snapshot of this model has.
    Length { expected: u32, given: u32 },
    /// The bytes have changed since they were written.
    Checksum { stated: u32, computed: u32 },
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TooShort { needed, given } => {
                write!(f, "too short: {given} bytes, a header has {needed}")
            }
            Self::Magic => f.write_str("not a dunlin model file"),
            Self::Version { found, supported } => {
                write!(
                    f,
                    "format version {found}, this runtime reads version {supported}"
                )
            }
            Self::Header => f.write_str("a header field has an impossible value"),
            Self::Length { stated, given } => {
                write!(f, "the header states {stated} bytes, there are {given}")
            }
            Self::Checksum { stated, computed } => {
                write!(
                    f,
                    "checksum {computed:08x}, the header states {stated:08x}: the file is damaged"
                )
            }
            Self::Misaligned { needed } => write!(
                f,
                "the file does not start at a multiple of {needed} in memory"
            ),
            Self::UnknownPrecision { found } => write!(f, "unknown precision {found}"),
            Self::Precision { expected, found } => {
                write!(f, "the file is {found:?}, expected {expected:?}")
            }
            Self::Packing { found } => write!(f, "unknown packing {found} of the weights"),
            Self::Message => f.write_str("the graph is malformed"),
            Self::LayerCapacity { needed, given } => {
                write!(f, "{needed} layers, there is room for {given}")
            }
            Self::Layer { index, error } => write!(f, "layer {}: {error}", u32::from(index) + 1),
            Self::Scales => f.write_str("the scales of the input or output are malformed"),
            Self::Unused { bytes } => write!(f, "{bytes} bytes of weights belong to no layer"),
            Self::NotContinuous { index } => {
                write!(
                    f,
                    "layer {} needs the whole window, but the mode is continuous",
                    u32::from(index) + 1
                )
            }
            Self::Pace => f.write_str(
                "this program was built for windows that follow each other in another way",
            ),
            Self::ArenaStated { stated, computed } => {
                write!(
                    f,
                    "the header states an arena of {stated} bytes, the layers need {computed}"
                )
            }
            Self::OutputStated => {
                f.write_str("the header states another output shape than the layers give")
            }
        }
    }
}

impl fmt::Display for LayerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Dimension => f.write_str("a dimension is zero or above 65,535"),
            Self::Window { needed, given } => {
                write!(f, "needs {needed} time steps, its input has {given}")
            }
            Self::Weights { needed, bytes_left } => {
                write!(
                    f,
                    "needs {needed} more weights, {bytes_left} bytes are left"
                )
            }
            Self::Unsupported => {
                f.write_str("an activation or padding that this layer does not have")
            }
            Self::Scale { row } => write!(f, "row {row}: a scale, shift or clamp out of range"),
            Self::Overflow { row } => write!(f, "row {row}: the 32-bit accumulator could overflow"),
            Self::WeightRange { row } => write!(f, "row {row}: a weight of -128"),
            Self::Shapes => f.write_str("shapes that do not go together"),
            Self::Memory => f.write_str("buffers of more than 2 GiB"),
            Self::Tensor { tensor } => write!(f, "reads tensor {tensor}, which is not there yet"),
            Self::Unstated => f.write_str("the header does not state that the model needs it"),
            Self::NotBuilt => {
                f.write_str("this program was built for a model without this layer or activation")
            }
        }
    }
}

impl fmt::Display for ArenaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TooSmall { needed, given } => {
                write!(f, "the arena has {given} bytes, the model needs {needed}")
            }
            Self::Misaligned { needed } => {
                write!(f, "the arena does not start at a multiple of {needed}")
            }
        }
    }
}

impl fmt::Display for InputLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the input has {} values, the model takes {}",
            self.given, self.expected
        )
    }
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TooShort { needed, given } => {
                write!(f, "{given} bytes, a snapshot has {needed}")
            }
            Self::Magic => f.write_str("not a dunlin snapshot"),
            Self::Version { found, supported } => {
                write!(
                    f,
                    "snapshot version {found}, this runtime reads version {supported}"
                )
            }
            Self::Model { expected, found } => {
                write!(
                    f,
                    "a snapshot of the model {found:08x}, this one is {expected:08x}"
                )
            }
            Self::Length { expected, given } => {
                write!(f, "{given} bytes, a snapshot of this model has {expected}")
            }
            Self::Checksum { stated, computed } => {
                write!(
                    f,
                    "checksum {computed:08x}, the snapshot states {stated:08x}: it is damaged"
                )
            }
        }
    }
}

impl core::error::Error for SnapshotError {}
impl core::error::Error for LoadError {}
impl core::error::Error for LayerError {}
impl core::error::Error for ArenaError {}
impl core::error::Error for InputLength {}
