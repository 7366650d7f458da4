//! The stack's high-water mark: paint below the stack pointer, run, look how far the paint is gone.
#![allow(unsafe_code)] // reads and writes stack memory that no variable lives in

use core::{hint::black_box, ptr::read_volatile};

const PAINT: u32 = 0xD0D0_5AFE;

unsafe extern "C" {
    /// Lowest word of the stack, and the first one behind it; set in the board's memory.x.
    static _stack_end: u32;
    static _stack_start: u32;
}

/// Paint below the stack pointer of the function that calls [`Mark::paint`].
pub struct Mark {
    top: usize,
}

impl Mark {
    /// Paints all of the stack that is not in use.
    #[inline(always)] // so that the stack pointer is the caller's
    pub fn paint() -> Self {
        // SAFETY: everything between the stack's end and the stack pointer is unused, and no interrupt is enabled.
        let top = unsafe { paint(&raw const _stack_end as usize, PAINT) };
        Self { top }
    }

    /// All bytes of stack in use at the deepest place since then.
    pub fn depth(&self) -> u32 {
        let callers = &raw const _stack_start as usize - self.top;
        self.used() + callers as u32
    }

    /// The bytes of stack that calls from the same function have used since.
    ///
    /// A function that reserves stack without writing to its lowest words is seen only as deep as it wrote.
    pub fn used(&self) -> u32 {
        let mut word = &raw const _stack_end as usize;
        // SAFETY: reads stack memory inside RAM.
        while word < self.top && unsafe { read_volatile(word as *const u32) } == PAINT {
            word += 4;
        }
        (self.top - word) as u32
    }
}

/// Runs `work` and gives the bytes of stack that it used below its caller.
#[inline(never)]
pub fn used_by(work: &mut dyn FnMut()) -> u32 {
    let mark = Mark::paint();
    // Hidden from the optimizer, or the work's frame could become part of this one, above the paint.
    black_box(work)();
    mark.used()
}

/// Fills the words from `bottom` up to the stack pointer and gives the stack pointer. Naked: a compiled
/// function could keep something below the stack pointer that it read.
#[unsafe(naked)]
unsafe extern "C" fn paint(bottom: usize, word: u32) -> usize {
    core::arch::naked_asm!(
        "mov r2, sp",
        "cmp r0, r2",
        "bhs 2f",
        "1:",
        "str r1, [r0]",
        "adds r0, r0, #4",
        "cmp r0, r2",
        "blo 1b",
        "2:",
        "mov r0, r2",
        "bx lr",
    )
}
