//! Kernels in assembly on a host: a model of an M-profile core that reads their text and executes it.
//!
//! What an instruction does is written from the pseudocode of the architecture reference manuals, Armv7-M (DDI 0403, chapter A7)
//! and Armv6-M (DDI 0419, chapter A6); comments name their sections. Helium is that of Armv8.1-M (DDI 0553, chapter C2). A core here is stricter than a real one: it refuses to
//! read or write a byte that it was not given, to read one that nobody wrote, and to return with changed registers that a
//! function has to keep.
//!
//! [`Program::parse`] takes the text, [`Machine::call`] runs it.
use core::fmt;
use std::string::String;

mod access;
mod alu;
mod decode;
mod elements;
mod float;
mod helium;
mod helium_float;
mod loads;
mod machine;
mod memory;
mod models;
mod operand;
mod operation;
#[cfg(test)]
mod tests;
mod text;
mod v6m;
mod vector;
mod vector_access;

pub use decode::Program;
pub use machine::{Machine, Returned};
pub use memory::Memory;

/// What a core has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Core {
    /// Cortex-M0: 16-bit encodings alone, and no access that is not aligned.
    V6m,
    /// Cortex-M4: all of Thumb-2 with the DSP extension and floats of single precision.
    V7em,
    /// Cortex-M55: Helium besides.
    V81m,
}

/// Why a text is no program, or a program stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line of the text, from 1.
    pub line: usize,
    pub text: String,
    pub reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} `{}`: {}", self.line, self.text, self.reason)
    }
}
