//! Dot products: the only code with variants for instruction sets.
//!
//! A kernel knows no layer. Each variant has the same functions and gives the same bits as [`mod@reference`]; which one
//! runs follows from the target, never from a feature.
pub mod portable;
pub mod reference;

/// The variant that this build runs.
pub use portable as active;

/// Name of the variant that this build runs.
pub const NAME: &str = active::NAME;
