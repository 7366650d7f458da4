//! Dot products: the only code with variants for instruction sets.
//!
//! A kernel knows no layer. Each variant gives the same bits as [`mod@reference`]; which one runs follows from the target and
//! from the packing of the weights, never from a feature.
/// Names the core to the assembler where the target alone does not tell that it has the DSP extension: with several codegen
/// units a naked function does not see `target-cpu`.
#[cfg(all(dunlin_dsp, dunlin_v8m))]
macro_rules! cpu {
    () => {
        ".cpu cortex-m33"
    };
}
#[cfg(dunlin_mve)]
macro_rules! cpu {
    () => {
        ".cpu cortex-m55"
    };
}
#[cfg(all(dunlin_dsp, not(dunlin_v8m)))]
macro_rules! cpu {
    () => {
        ""
    };
}
#[cfg(any(dunlin_dsp, dunlin_mve))]
use cpu;

/// Names the floating-point unit, for the same reason.
#[cfg(all(dunlin_fpu, dunlin_mve))]
macro_rules! fpu {
    () => {
        ".cpu cortex-m55"
    };
}
#[cfg(all(dunlin_fpu, dunlin_fpv5, not(dunlin_mve)))]
macro_rules! fpu {
    () => {
        ".fpu fpv5-sp-d16"
    };
}
#[cfg(all(dunlin_fpu, not(dunlin_fpv5)))]
macro_rules! fpu {
    () => {
        ".fpu fpv4-sp-d16"
    };
}
#[cfg(dunlin_fpu)]
use fpu;

#[macro_use]
mod dsp;
#[macro_use]
mod fpscr;
#[macro_use]
mod lines_mve;
#[macro_use]
mod v6m;
#[macro_use]
mod v7m;

pub mod cell;
pub mod cell_mve;
pub mod clamped;
pub mod copy;
pub mod depthwise;
pub mod depthwise_dsp;
pub mod depthwise_f32;
pub mod depthwise_f32_mve;
pub mod depthwise_mve;
#[cfg(any(dunlin_v6m, all(dunlin_v7m, not(dunlin_dsp))))]
mod depthwise_places;
pub mod depthwise_v6m;
pub mod depthwise_v7m;
pub mod float_rows;
pub mod gru_mve;
pub mod lane_places;
pub mod offset_quads;
pub mod places;
pub mod places_f32_mve;
pub mod places_mve;
pub mod places_v7m;
pub mod pool;
pub mod pool_f32;
pub mod pool_pairs;
pub mod portable;
pub mod quad_places;
pub mod rectify_f32;
pub mod reference;
pub mod row_blocks;
pub mod row_lanes;
pub mod row_pairs;
pub mod rows_dsp;
pub mod rows_f32;
pub mod rows_f32_mve;
pub mod rows_mve;
pub mod rows_v7m;
pub(crate) mod slices;
pub mod sliding;
pub mod wide_row;

/// The variant that this build runs over weights in rows.
pub use portable as active;

/// Name of the variant that this build runs.
pub const NAME: &str = active::NAME;
