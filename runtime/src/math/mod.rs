//! Arithmetic below the kernels: rescaling of accumulators, tables for the activations, and f32 functions.
pub mod activation;
pub mod bounds;
pub mod division;
pub mod float;
pub mod fused;
mod instruction;
pub mod norm;
pub mod rescale;
pub mod root;
pub mod table;
