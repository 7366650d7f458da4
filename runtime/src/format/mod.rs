//! The model file: a fixed header, then one postcard message that ends with the weights. Little-endian.
//!
//! ```text
//! offset  bytes
//!      0      4  magic "DUNL"
//!      4      2  format version
//!      6      2  header length, 48
//!      8      4  total length of the file
//!     12      4  CRC-32 (ISO-HDLC) of all other bytes of the file
//!     16      1  precision: 0 f32, 1 w8a16
//!     17      1  mode: 0 windowed, 1 continuous
//!     18      1  packing of the weights: 0 row-major, 1 row pairs, 2 offset quads; f32: 0
//!     19      1  features of the runtime that the layers need, lowest eight bits; none set: not stated ([`features`])
//!     20      4  arena bytes
//!     24      2  layer count
//!     26      2  features, the other sixteen bits
//!     28      4  window: time steps of the input
//!     32      4  input channels
//!     36      4  output steps
//!     40      4  output channels
//!     44      4  hop: time steps from window to window; 0: the window's length
//!     48      -  postcard message: [`graph::Prefix`], the layers, [`graph::Suffix`]
//! ```
mod decode;
pub mod features;
pub mod graph;
pub mod header;
pub mod read;
#[cfg(feature = "write")]
pub mod write;

/// The largest time length or channel count that a file may state.
pub const MAX_DIMENSION: usize = 65_535;
/// The most layers that a file may have.
pub const MAX_LAYERS: usize = 64;
/// Where the weights start is a multiple of this, counted from the start of the file.
pub const WEIGHTS_ALIGNMENT: usize = 16;
