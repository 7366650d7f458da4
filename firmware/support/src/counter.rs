//! Counts executed instructions, exactly.
//!
//! QEMU runs with `-icount shift=7`: emulated time advances by 128 ns for each instruction and by nothing else, so
//! that a timer of the board counts instructions. Two or more ticks an instruction leave no doubt when rounding.
#![allow(unsafe_code)] // timer registers, and one naked function that samples them around a call

use core::ptr::{read_volatile, write_volatile};

/// One timer: where a sample is taken, and how a wrap shows.
#[derive(Clone, Copy)]
pub struct Timer {
    kind: Kind,
    base: usize,
}

#[derive(Clone, Copy)]
enum Kind {
    Cmsdk,
    Nrf51,
    Sse,
}

/// The 32-bit down-counter of Arm's Cortex-M System Design Kit, on the mps2 boards.
pub const fn cmsdk(base: usize) -> Timer {
    Timer {
        kind: Kind::Cmsdk,
        base,
    }
}

/// TIMER0 of the nRF51, as a 32-bit up-counter at 16 MHz.
pub const fn nrf51(base: usize) -> Timer {
    Timer {
        kind: Kind::Nrf51,
        base,
    }
}

/// The 64-bit system counter of the SSE-300 (its control frame), on the mps3-an547.
pub const fn sse(base: usize) -> Timer {
    Timer {
        kind: Kind::Sse,
        base,
    }
}

/// Instructions between the two samples of `sample_around` that are not the callee's.
const OVERHEAD: u64 = 6;

/// Registers used by `sample_around`: a store to `trigger` comes before every load of `value`.
struct Registers {
    trigger: usize,
    value: usize,
}

impl Timer {
    /// Executed instructions of one call of `work`, from its first to its return, or `None` if the
    /// timer wrapped (beyond some 10^9 instructions).
    pub fn instructions<T>(
        self,
        per_tick: (u64, u64),
        work: extern "C" fn(&mut T),
        on: &mut T,
    ) -> Option<u64> {
        self.raw(per_tick, work as *const (), (&raw mut *on) as usize)
    }

    /// As `instructions`, of `loop_of(2n + 1)`: the reference that a self-test compares with.
    pub fn known_loop(self, per_tick: (u64, u64), n: u32) -> Option<u64> {
        self.raw(per_tick, loop_of as *const (), n as usize)
    }

    fn raw(self, per_tick: (u64, u64), function: *const (), argument: usize) -> Option<u64> {
        let registers = self.restart();
        // SAFETY: the two callers pass a function with one word of argument and no result, and a fitting argument;
        // the registers belong to this board's timer.
        let samples =
            unsafe { sample_around(registers.trigger, registers.value, function, argument) };
        let (before, after) = (samples as u32, (samples >> 32) as u32);
        if self.wrapped() {
            return None;
        }
        let ticks = u64::from(match self.kind {
            Kind::Cmsdk => before.wrapping_sub(after),
            Kind::Nrf51 | Kind::Sse => after.wrapping_sub(before),
        });
        let (numerator, denominator) = per_tick;
        Some((ticks * numerator + denominator / 2) / denominator - OVERHEAD)
    }

    /// Starts the timer at its beginning, with no wrap noted.
    fn restart(self) -> Registers {
        let register = |offset: usize| self.base + offset;
        match self.kind {
            Kind::Cmsdk => {
                // CTRL, VALUE, RELOAD, INTCLEAR; enabled with its interrupt flag, which the core does not take.
                self.write(0x0, 0);
                self.write(0x8, u32::MAX);
                self.write(0x4, u32::MAX);
                self.write(0xc, 1);
                self.write(0x0, 0b1001);
                // Nothing is triggered by a store; the reload value is stored again.
                Registers {
                    trigger: core::ptr::addr_of!(SINK) as usize,
                    value: register(0x4),
                }
            }
            Kind::Nrf51 => {
                self.write(0x004, 1); // TASKS_STOP
                self.write(0x504, 0); // MODE: timer
                self.write(0x508, 3); // BITMODE: 32 bits
                self.write(0x510, 0); // PRESCALER: 16 MHz
                self.write(0x544, u32::MAX); // CC[1]: the last value before a wrap
                self.write(0x144, 0); // EVENTS_COMPARE[1]
                self.write(0x00c, 1); // TASKS_CLEAR
                self.write(0x000, 1); // TASKS_START
                // TASKS_CAPTURE[0] copies the counter to CC[0].
                Registers {
                    trigger: register(0x040),
                    value: register(0x540),
                }
            }
            Kind::Sse => {
                // CNTCR, CNTCV low and high; counting from 0.
                self.write(0x0, 0);
                self.write(0x8, 0);
                self.write(0xc, 0);
                self.write(0x0, 1);
                Registers {
                    trigger: core::ptr::addr_of!(SINK) as usize,
                    value: register(0x8),
                }
            }
        }
    }

    fn wrapped(self) -> bool {
        match self.kind {
            Kind::Cmsdk => self.read(0xc) != 0,
            Kind::Nrf51 => self.read(0x144) != 0,
            Kind::Sse => self.read(0xc) != 0,
        }
    }

    fn read(self, offset: usize) -> u32 {
        // SAFETY: a register of the timer that the board's manifest names.
        unsafe { read_volatile((self.base + offset) as *const u32) }
    }

    fn write(self, offset: usize, value: u32) {
        // SAFETY: as in `read`; the timer is used by nothing else.
        unsafe { write_volatile((self.base + offset) as *mut u32, value) }
    }
}

/// Takes the store that comes before each sample on timers that need no trigger.
static SINK: core::sync::atomic::AtomicU32 = core::sync::atomic::AtomicU32::new(0);

/// Calls `function(argument)` between two samples; the first in the low word of the result.
/// Between the samples lie the callee and exactly `OVERHEAD` instructions, on each core and at each opt-level. The two
/// moves that do nothing tell the plugin in `xtask/plugin` where to count.
#[unsafe(naked)]
unsafe extern "C" fn sample_around(
    trigger: usize,
    value: usize,
    function: *const (),
    argument: usize,
) -> u64 {
    core::arch::naked_asm!(
        "push {{r4, r5, r6, lr}}",
        "mov r4, r0",
        "mov r5, r1",
        "mov r0, r3",
        "movs r3, #1",
        "str r3, [r4]",
        "ldr r6, [r5]",
        "mov r9, r9",
        "blx r2",
        "mov r10, r10",
        "movs r3, #1",
        "str r3, [r4]",
        "ldr r1, [r5]",
        "mov r0, r6",
        "pop {{r4, r5, r6, pc}}",
    )
}

/// Executes exactly `2 * n + 1` instructions.
#[unsafe(naked)]
extern "C" fn loop_of(n: u32) {
    core::arch::naked_asm!("1:", "subs r0, r0, #1", "bne 1b", "bx lr")
}
