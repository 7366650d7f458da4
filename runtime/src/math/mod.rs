//! Arithmetic below the kernels: rescaling of accumulators, tables for the activations, and f32 functions.
pub mod activation;
pub mod float;
pub mod norm;
pub mod rescale;
pub mod table;
