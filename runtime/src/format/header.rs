//! The fixed header: what a caller must know before decoding, readable in a `const fn`.
use super::features::Features;
use crate::error::LoadError;

/// Length of the header in bytes.
pub const HEADER_BYTES: usize = 48;
/// The format version that this crate reads and writes.
pub const VERSION: u16 = 1;
const MAGIC: [u8; 4] = *b"DUNL";

/// Kind of numbers that a model computes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum PrecisionTag {
    /// 32-bit floats throughout.
    F32 = 0,
    /// int8 weights, int16 activations, int32 accumulators.
    W8A16 = 1,
}

/// How a recurrent model meets time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Mode {
    /// State is cleared before each window, as in training.
    Windowed = 0,
    /// State is carried from sample to sample until `reset`.
    Continuous = 1,
}

/// Order in which the weights stand in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Packing {
    /// `[rows][columns]`, for every core; LSTM rows are `[unit][gate i, f, c, o]` over `[x; h]`.
    RowMajor = 0,
    /// Blocks of four rows, two of them in a lane: see [`kernel::row_pairs`](crate::kernel::row_pairs).
    RowPairs = 1,
    /// Blocks of four rows side by side, unsigned: see [`kernel::offset_quads`](crate::kernel::offset_quads).
    OffsetQuads = 2,
    /// Blocks of sixteen rows side by side, for hosts: see [`kernel::row_lanes`](crate::kernel::row_lanes). It is made in memory
    /// and may change from version to version: no file is to have it.
    RowLanes = 3,
}

/// Whether this is a build for a computer with an operating system.
const HOST: bool = cfg!(not(target_os = "none"));

impl Packing {
    /// All, in the order of their tags.
    pub const ALL: [Self; 4] = [
        Self::RowMajor,
        Self::RowPairs,
        Self::OffsetQuads,
        Self::RowLanes,
    ];

    /// Whether floats may stand in this order.
    pub(crate) const fn has_floats(self) -> bool {
        match self {
            Self::RowMajor => true,
            Self::RowLanes => HOST,
            Self::RowPairs | Self::OffsetQuads => false,
        }
    }

    /// Whether this build reads weights in this order: [`Packing::RowMajor`] everywhere, the others on the cores that they are
    /// made for and on hosts.
    pub const fn is_readable(self) -> bool {
        match self {
            Self::RowMajor => true,
            Self::RowPairs => HOST || cfg!(dunlin_dsp),
            Self::OffsetQuads => HOST || cfg!(dunlin_v6m),
            Self::RowLanes => HOST,
        }
    }
}

/// The decoded header. Lengths are in bytes, dimensions in elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Header {
    pub total_bytes: u32,
    pub crc: u32,
    pub precision: PrecisionTag,
    pub mode: Mode,
    pub packing: Packing,
    /// RAM that a session needs, exactly.
    pub arena_bytes: u32,
    pub layer_count: u16,
    /// Time steps of an input window.
    pub window: u32,
    pub input_channels: u32,
    pub output_steps: u32,
    pub output_channels: u32,
    /// Time steps from the start of a window to the start of the next one; 0 stands for the window's length.
    pub hop: u32,
    /// What the layers need of the runtime, if the file states it.
    pub features: Option<Features>,
}

impl Header {
    /// Of no file.
    pub(crate) const NONE: Self = Self {
        total_bytes: 0,
        crc: 0,
        precision: PrecisionTag::F32,
        mode: Mode::Windowed,
        packing: Packing::RowMajor,
        arena_bytes: 0,
        layer_count: 0,
        window: 0,
        input_channels: 0,
        output_steps: 0,
        output_channels: 0,
        hop: 0,
        features: None,
    };

    /// Reads the header alone: no look at the rest of the file, not even its checksum.
    ///
    /// # Errors
    /// [`LoadError`] for a file that is too short, is not ours, or states something that this version does not know.
    #[inline]
    pub const fn read(file: &[u8]) -> Result<Self, LoadError> {
        if file.len() < HEADER_BYTES {
            return Err(LoadError::TooShort {
                needed: HEADER_BYTES as u32,
                given: file.len() as u32,
            });
        }
        let Some(head) = file.first_chunk::<HEADER_BYTES>() else {
            return Err(LoadError::TooShort {
                needed: HEADER_BYTES as u32,
                given: file.len() as u32,
            });
        };
        if head[0] != MAGIC[0] || head[1] != MAGIC[1] || head[2] != MAGIC[2] || head[3] != MAGIC[3]
        {
            return Err(LoadError::Magic);
        }
        let version = u16::from_le_bytes([head[4], head[5]]);
        if version != VERSION {
            return Err(LoadError::Version {
                found: version,
                supported: VERSION,
            });
        }
        let header_bytes = u16::from_le_bytes([head[6], head[7]]);
        if header_bytes as usize != HEADER_BYTES {
            return Err(LoadError::Header);
        }
        let features = Features::stated([head[19], head[26], head[27]]);
        let precision = match head[16] {
            0 => PrecisionTag::F32,
            1 => PrecisionTag::W8A16,
            found => return Err(LoadError::UnknownPrecision { found }),
        };
        let mode = match head[17] {
            0 => Mode::Windowed,
            1 => Mode::Continuous,
            _ => return Err(LoadError::Header),
        };
        let packing = match head[18] {
            0 => Packing::RowMajor,
            1 => Packing::RowPairs,
            2 => Packing::OffsetQuads,
            3 if HOST => Packing::RowLanes,
            found => return Err(LoadError::Packing { found }),
        };
        Ok(Self {
            total_bytes: u32_at(head, 8),
            crc: u32_at(head, 12),
            precision,
            mode,
            packing,
            arena_bytes: u32_at(head, 20),
            layer_count: u16::from_le_bytes([head[24], head[25]]),
            window: u32_at(head, 28),
            input_channels: u32_at(head, 32),
            output_steps: u32_at(head, 36),
            output_channels: u32_at(head, 40),
            hop: u32_at(head, 44),
            features,
        })
    }

    /// Time steps from the start of a window to the start of the next one.
    pub const fn window_hop(&self) -> u32 {
        match self.hop {
            0 => self.window,
            hop => hop,
        }
    }

    /// The bytes of this header.
    pub fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let mut head = [0; HEADER_BYTES];
        head[0..4].copy_from_slice(&MAGIC);
        head[4..6].copy_from_slice(&VERSION.to_le_bytes());
        head[6..8].copy_from_slice(&(HEADER_BYTES as u16).to_le_bytes());
        head[8..12].copy_from_slice(&self.total_bytes.to_le_bytes());
        head[12..16].copy_from_slice(&self.crc.to_le_bytes());
        head[16] = self.precision as u8;
        head[17] = self.mode as u8;
        head[18] = self.packing as u8;
        [head[19], head[26], head[27]] = self.features.unwrap_or(Features::NONE).to_bytes();
        head[20..24].copy_from_slice(&self.arena_bytes.to_le_bytes());
        head[24..26].copy_from_slice(&self.layer_count.to_le_bytes());
        head[28..32].copy_from_slice(&self.window.to_le_bytes());
        head[32..36].copy_from_slice(&self.input_channels.to_le_bytes());
        head[36..40].copy_from_slice(&self.output_steps.to_le_bytes());
        head[40..44].copy_from_slice(&self.output_channels.to_le_bytes());
        head[44..48].copy_from_slice(&self.hop.to_le_bytes());
        head
    }
}

/// Checks the stated length and the checksum of a whole file.
#[inline]
pub(crate) fn verify(header: &Header, file: &[u8]) -> Result<(), LoadError> {
    if header.total_bytes as usize != file.len() {
        return Err(LoadError::Length {
            stated: header.total_bytes,
            given: file.len() as u32,
        });
    }
    let computed = checksum(file);
    if computed != header.crc {
        return Err(LoadError::Checksum {
            stated: header.crc,
            computed,
        });
    }
    Ok(())
}

/// CRC-32 (ISO-HDLC) of a file, its own four bytes at offset 12 left out.
// Inlined into the caller's crate, and so built for size where that is.
#[inline]
pub fn checksum(file: &[u8]) -> u32 {
    let mut remainder = u32::MAX;
    for (at, &byte) in file.iter().enumerate() {
        if (12..16).contains(&at) {
            continue;
        }
        remainder ^= u32::from(byte);
        // Bit by bit: a table would save half the instructions of a load, for 64 bytes of flash.
        for _ in 0..8 {
            remainder = (remainder >> 1) ^ (POLYNOMIAL & (remainder & 1).wrapping_neg());
        }
    }
    !remainder
}

/// 0x04c1_1db7, reflected.
const POLYNOMIAL: u32 = 0xedb8_8320;

/// Arena bytes stated by a file from `include_bytes!`, as a constant.
///
/// # Panics
/// At compile time, when the file is not a model file of this version.
pub const fn arena_bytes(file: &[u8]) -> usize {
    match Header::read(file) {
        Ok(header) => header.arena_bytes as usize,
        Err(_) => panic!("not a dunlin model file of this format version"),
    }
}

/// Layer count stated by a file from `include_bytes!`, as a constant.
///
/// # Panics
/// At compile time, when the file is not a model file of this version.
pub const fn layer_count(file: &[u8]) -> usize {
    match Header::read(file) {
        Ok(header) => header.layer_count as usize,
        Err(_) => panic!("not a dunlin model file of this format version"),
    }
}

#[inline(always)]
const fn u32_at(head: &[u8; HEADER_BYTES], at: usize) -> u32 {
    u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        // Its check value; then four bytes that do not count.
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
        assert_eq!(checksum(b"twelve bytes####, and more"), 0x6d38_5f94);
    }
}
