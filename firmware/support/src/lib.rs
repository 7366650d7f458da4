//! What every board image shares: start, logs, instruction counts, stack marks and the programs.
//!
//! An image is this crate plus the constants that the build script makes from the board's manifest.
#![no_std]
#![deny(unsafe_code)]

pub mod bare;
pub mod conformance;
pub mod counter;
pub mod host;
mod job;
pub mod loader;
mod memory;
pub mod product;
pub mod stack;
mod vectors;

// Both register themselves, as critical section and as logger; naming them keeps them in the image.
use cortex_m as _;
use defmt_semihosting as _;

// The images reach the start-up crate and the logger through here.
pub use {cortex_m_rt, defmt};

/// The facts about a board that a program needs.
#[derive(Clone, Copy)]
pub struct Board {
    pub name: &'static str,
    /// Where the loader finds the model in flash; 16-byte aligned.
    pub model_origin: usize,
    /// Bytes of flash from there on.
    pub model_capacity: usize,
    pub timer: counter::Timer,
    /// As a fraction.
    pub instructions_per_tick: (u64, u64),
}
