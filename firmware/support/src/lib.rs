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

impl Board {
    /// All flash where the loader finds the model.
    #[allow(unsafe_code)] // a slice of the flash where the emulator has put the model
    fn model_flash(&self) -> &'static [u8] {
        // SAFETY: readable flash that nothing writes; 16-byte aligned by the board's manifest.
        unsafe { core::slice::from_raw_parts(self.model_origin as *const u8, self.model_capacity) }
    }

    /// The file there, as long as its header says; `None` where there is none.
    pub fn model(&self) -> Option<&'static [u8]> {
        let flash = self.model_flash();
        let header = dunlin::Header::read(flash).ok()?;
        flash.get(..header.total_bytes as usize)
    }
}
