//! Runs LSTM and Conv1D models on microcontrollers: `no_std`, no allocation, the same bits as on the host.
//!
//! The trainer `dunlin` writes a model file; this crate runs it over memory that the caller gives:
//!
//! ```
//! use dunlin::{Arena, Model, Session, W8A16, features};
//!
//! static FILE: &[u8] = dunlin::include_model!("../../tests/golden/v1/tiny_lstm.dunlin");
//! const LAYERS: usize = dunlin::layer_count(FILE);
//! const ARENA: usize = dunlin::arena_bytes(FILE);
//!
//! // Code for what this file has, and no other; `W8A16` alone runs any file.
//! type Numbers = W8A16<{ features(FILE) }>;
//!
//! let model = Model::<Numbers, LAYERS>::from_bytes(FILE)?;
//! let mut arena = Arena::<ARENA>::new();
//! let mut session = Session::new(&model, &mut arena)?;
//! let window = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];
//! let whole = session.run(&window)?[0];
//! for sample in window {
//!     if let Some(output) = session.push(&[sample])? {
//!         assert_eq!(output[0].to_bits(), whole.to_bits());
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A file is checked once, by [`Model::from_bytes`]: any bytes load or give a typed error. After that the only error
//! is an input of the wrong length.
#![no_std]
#![deny(unsafe_code)]

#[cfg(not(target_endian = "little"))]
compile_error!("dunlin reads weights in place from a little-endian file");

#[cfg(test)]
extern crate std;

mod arena;
pub mod error;
pub mod format;
pub mod kernel;
mod layer;
pub mod math;
mod model;
mod plan;
mod precision;
#[cfg(feature = "write")]
mod repack;
mod session;

pub use arena::{ARENA_ALIGNMENT, Arena};
pub use error::{ArenaError, InputLength, LayerError, LoadError, SnapshotError};
pub use format::features::{Features, compact, features, for_packing, without_streams};
pub use format::header::{Header, Mode, Packing, PrecisionTag, arena_bytes, layer_count};
pub use layer::{Shape, Summary};
pub use model::Model;
pub use precision::{F32, Precision, W8A16};
#[cfg(feature = "write")]
pub use repack::repack;
pub use session::Session;

/// [`include_bytes!`] at a multiple of 16, as a `&'static [u8]`: weights are read in place.
#[macro_export]
macro_rules! include_model {
    ($path:expr $(,)?) => {{
        #[repr(C, align(16))]
        struct Aligned<T: ?Sized>(T);
        static FILE: &Aligned<[u8]> = &Aligned(*include_bytes!($path));
        &FILE.0
    }};
}
