//! The vector table behind the exceptions: no program here uses an interrupt, so that the table ends after the first one.
#![allow(unsafe_code)] // the section and the name that the start-up crate's linker script wants

/// One entry: the linker script refuses a table without any.
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
pub static __INTERRUPTS: [usize; 1] = [0];
