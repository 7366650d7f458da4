//! Of two values at each place the larger one, or the one in the middle: what pools do, with the vectors of the core.
#![cfg_attr(any(dunlin_dsp, dunlin_mve), allow(unsafe_code))] // naked functions, and the calls into them with checked lengths

/// `y = max(a, b)`, all of one length.
#[inline(always)]
pub fn larger(a: &[i16], b: &[i16], y: &mut [i16]) {
    #[cfg(any(dunlin_dsp, dunlin_mve))]
    let (a, b, y) = {
        let count = a.len().min(b.len()).min(y.len());
        match by_program(a.as_ptr(), b.as_ptr(), y.as_mut_ptr(), count) {
            0 => (a, b, y),
            done => (
                a.get(done..).unwrap_or_default(),
                b.get(done..).unwrap_or_default(),
                y.get_mut(done..).unwrap_or_default(),
            ),
        }
    };
    for (y, (&a, &b)) in y.iter_mut().zip(a.iter().zip(b)) {
        *y = larger_of(a, b);
    }
}

/// `y = max(y, x)`, of one length.
#[inline(always)]
pub fn raise(y: &mut [i16], x: &[i16]) {
    #[cfg(any(dunlin_dsp, dunlin_mve))]
    let (y, x) = {
        let count = x.len().min(y.len());
        let to = y.as_mut_ptr();
        match by_program(to, x.as_ptr(), to, count) {
            0 => (y, x),
            done => (
                y.get_mut(done..).unwrap_or_default(),
                x.get(done..).unwrap_or_default(),
            ),
        }
    };
    for (y, &x) in y.iter_mut().zip(x) {
        *y = larger_of(*y, x);
    }
}

/// `y` = the mean of `a` and `b`, halves up; all of one length.
#[cfg(dunlin_mve)]
#[inline(always)]
pub fn middle(a: &[i16], b: &[i16], y: &mut [i16]) {
    let count = y.len().min(a.len()).min(b.len());
    // SAFETY: all three have so many values.
    unsafe { middle_program(a.as_ptr(), b.as_ptr(), y.as_mut_ptr(), count) };
}

#[cfg(not(dunlin_v6m))]
#[inline(always)]
fn larger_of(a: i16, b: i16) -> i16 {
    a.max(b)
}

#[cfg(dunlin_v6m)]
#[inline(always)]
fn larger_of(a: i16, b: i16) -> i16 {
    crate::math::bounds::at_least(a.into(), b.into()) as i16
}

/// The first of `count` values, as many as the program does; gives their number. `y` may be `a`.
#[cfg(dunlin_dsp)]
#[inline(always)]
fn by_program(a: *const i16, b: *const i16, y: *mut i16, count: usize) -> usize {
    let blocks = count / BLOCK;
    let aligned = (a.addr() | b.addr() | y.addr()).is_multiple_of(4);
    if blocks == 0 || !aligned {
        return 0;
    }
    // SAFETY: both callers' values are `count` in number and so at least this many blocks, at multiples of four bytes; a block is
    // read before it is written.
    unsafe { larger_program(a, b, y, blocks) };
    blocks * BLOCK
}

/// The first of `count` values: all of them.
#[cfg(dunlin_mve)]
#[inline(always)]
fn by_program(a: *const i16, b: *const i16, y: *mut i16, count: usize) -> usize {
    // SAFETY: both callers' values are `count` in number; eight are read before they are written.
    unsafe { larger_program(a, b, y, count) };
    count
}

/// Values that [`LARGER`] takes at a time.
#[cfg(dunlin_dsp)]
const BLOCK: usize = 8;

/// With the DSP extension: `y = max(a, b)` over r3 blocks of eight values; r0 is `a`, r1 `b`, r2 `y`, which may be `a`.
macro_rules! larger_source {
    () => {
        "
        push {r4-r11, lr}
        1:
        ldm r0!, {r4-r7}
        ldm r1!, {r8-r11}
        ssub16 r12, r4, r8
        sel r4, r4, r8
        ssub16 r12, r5, r9
        sel r5, r5, r9
        ssub16 r12, r6, r10
        sel r6, r6, r10
        ssub16 r12, r7, r11
        sel r7, r7, r11
        stm r2!, {r4-r7}
        subs r3, r3, #1
        bne 1b
        pop {r4-r11, pc}
        "
    };
}

/// With Helium: `y = max(a, b)`, or another instruction of two vectors, over r3 values, at least one; r0 is `a`, r1 `b`, r2 `y`,
/// which may be `a`.
macro_rules! vectors_source {
    ($instruction:literal) => {
        concat!(
            "
        push {r7, lr}
        dlstp.16 lr, r3
        1:
        vldrh.u16 q0, [r0], #16
        vldrh.u16 q1, [r1], #16
        ",
            $instruction,
            " q0, q0, q1
        vstrh.16 q0, [r2], #16
        letp lr, 1b
        pop {r7, pc}
        "
        )
    };
}

/// The program of [`larger`] with the DSP extension, for the interpreter of the tests.
pub const LARGER: &str = larger_source!();
/// The program of [`larger`] with Helium.
pub const LARGER_VECTORS: &str = vectors_source!("vmax.s16");
/// The program of the mean of two with Helium.
pub const MIDDLE_VECTORS: &str = vectors_source!("vrhadd.s16");

#[cfg(dunlin_dsp)]
#[unsafe(naked)]
unsafe extern "C" fn larger_program(a: *const i16, b: *const i16, y: *mut i16, blocks: usize) {
    core::arch::naked_asm!(super::cpu!(), larger_source!(), options(raw))
}

#[cfg(dunlin_mve)]
#[unsafe(naked)]
unsafe extern "C" fn larger_program(a: *const i16, b: *const i16, y: *mut i16, count: usize) {
    core::arch::naked_asm!(super::cpu!(), vectors_source!("vmax.s16"), options(raw))
}

#[cfg(dunlin_mve)]
#[unsafe(naked)]
unsafe extern "C" fn middle_program(a: *const i16, b: *const i16, y: *mut i16, count: usize) {
    core::arch::naked_asm!(super::cpu!(), vectors_source!("vrhadd.s16"), options(raw))
}
