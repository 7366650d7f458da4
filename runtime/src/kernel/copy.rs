//! Copies of 16-bit values whose ends may stand at different multiples of two bytes: a state behind an odd number of inputs.
#![cfg_attr(dunlin_unaligned, allow(unsafe_code))] // unaligned loads and stores, of lengths that are checked

/// Copies as many values as the shorter slice has.
#[cfg(not(dunlin_unaligned))]
#[inline]
pub fn copy(to: &mut [i16], from: &[i16]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to = from;
    }
}

/// Copies as many values as the shorter slice has. Cores from v7-M on load and store words at any address.
#[cfg(dunlin_unaligned)]
#[inline(never)]
pub fn copy(to: &mut [i16], from: &[i16]) {
    let count = to.len().min(from.len());
    // SAFETY: as many values are read and written as both slices have.
    unsafe {
        core::arch::asm!(
            "lsrs {words}, {count}, #3",
            "beq 3f",
            "2:",
            "ldr {a}, [{from}], #4",
            "ldr {b}, [{from}], #4",
            "str {a}, [{to}], #4",
            "str {b}, [{to}], #4",
            "ldr {a}, [{from}], #4",
            "ldr {b}, [{from}], #4",
            "str {a}, [{to}], #4",
            "str {b}, [{to}], #4",
            "subs {words}, #1",
            "bne 2b",
            "3:",
            "ands {count}, {count}, #7",
            "beq 5f",
            "4:",
            "ldrh {a}, [{from}], #2",
            "strh {a}, [{to}], #2",
            "subs {count}, #1",
            "bne 4b",
            "5:",
            count = inout(reg) count => _,
            from = inout(reg) from.as_ptr() => _,
            to = inout(reg) to.as_mut_ptr() => _,
            words = out(reg) _,
            a = out(reg) _,
            b = out(reg) _,
            options(nostack),
        );
    }
}
