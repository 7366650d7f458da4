//! Arithmetic below the kernels: rescaling of accumulators, tables for the activations, and f32 functions.
pub mod float;
pub mod rescale;
pub mod table;
