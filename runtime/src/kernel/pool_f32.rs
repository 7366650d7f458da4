//! The largest f32 value of each channel over some time steps, on cores with a floating-point unit: two steps at a time, eight channels
//! beside each other, all windows in one program. Not with Helium's vectors, whose comparisons take subnormal numbers for zeros.
//!
//! Nothing here looks for NaN: the unit itself keeps in mind that a comparison met one, and then the caller takes another way.
#![cfg_attr(dunlin_fpu, allow(unsafe_code))] // a naked function, and the call into it with checked lengths

/// Channels at a time.
#[cfg(dunlin_fpu)]
const EIGHT: usize = 8;

/// Whether this build has the program.
pub const HAS_PROGRAM: bool = cfg!(dunlin_fpu);

/// `y[step][c]` is the largest of `x[step][tap][c]` over the taps, the first of those that are equal.
///
/// `false`, and `y` to be computed in another way, where there is no such program, a NaN, a single tap, or a slice is too short.
#[inline(always)]
pub fn largest(x: &[f32], channels: usize, taps: usize, y: &mut [f32]) -> bool {
    #[cfg(dunlin_fpu)]
    {
        let steps = y.len().checked_div(channels).unwrap_or_default();
        let count = steps
            .checked_mul(channels)
            .and_then(|count| count.checked_mul(taps));
        let enough = count.is_some_and(|count| count <= x.len());
        if steps == 0 || taps < 2 || !enough {
            return false;
        }
        let job = Job {
            y: y.as_mut_ptr(),
            eights: channels / EIGHT,
            ones: channels % EIGHT,
            steps,
            more: taps - 1,
            row: 4 * channels,
        };
        // SAFETY: there are at least one step, one channel and two taps, and as many values and outputs as they make.
        let invalid = unsafe { program(x.as_ptr(), &job) };
        invalid == 0
    }
    #[cfg(not(dunlin_fpu))]
    {
        let _ = (x, channels, taps, y);
        false
    }
}

/// What the programs work on besides.
#[cfg(dunlin_fpu)]
#[repr(C)]
struct Job {
    y: *mut f32,
    /// Channels, and those behind the last eight.
    eights: usize,
    ones: usize,
    steps: usize,
    /// Taps behind the first.
    more: usize,
    /// Bytes of all channels.
    row: usize,
}

/// The larger of two values, the first where they are equal.
macro_rules! moving {
    ($y:literal, $x:literal) => {
        concat!(
            "vcmpe.f32 ",
            $x,
            ", ",
            $y,
            "\nvmrs apsr_nzcv, fpscr\nit gt\nvmovgt.f32 ",
            $y,
            ", ",
            $x,
            "\n"
        )
    };
}

/// The same of a unit that selects.
macro_rules! selecting {
    ($y:literal, $x:literal) => {
        concat!(
            "vcmpe.f32 ",
            $x,
            ", ",
            $y,
            "\nvmrs apsr_nzcv, fpscr\nvselgt.f32 ",
            $y,
            ", ",
            $x,
            ", ",
            $y,
            "\n"
        )
    };
}

/// r0 values, r1 the [`Job`]; gives whether a comparison met a NaN, which the lowest bit of FPSCR says.
///
/// Of two taps r0 has the first, or the largest so far, r3 the second; r4 outputs, r5 eights and r6 channels behind them, r7 steps,
/// r8 taps behind the first, r9 bytes of a tap; r2 eights and r12 taps that are left; s0-s7 the largest, s8-s15 a tap's.
macro_rules! source {
    ($larger:ident) => {
        concat!(
            "
        push {r4-r9}
        ",
            clear_flags!("r2", invalid),
            "
        ldm r1, {r4-r9}
        1:
        add r3, r0, r9
        mov r12, r8
        2:
        movs r2, r5
        beq 4f
        3:
        vldm r0!, {s0-s7}
        vldm r3!, {s8-s15}
        ",
            $larger!("s0", "s8"),
            $larger!("s1", "s9"),
            $larger!("s2", "s10"),
            $larger!("s3", "s11"),
            $larger!("s4", "s12"),
            $larger!("s5", "s13"),
            $larger!("s6", "s14"),
            $larger!("s7", "s15"),
            "
        vstm r4!, {s0-s7}
        subs r2, r2, #1
        bne 3b
        4:
        movs r2, r6
        beq 6f
        5:
        vldm r0!, {s0}
        vldm r3!, {s8}
        ",
            $larger!("s0", "s8"),
            "
        vstm r4!, {s0}
        subs r2, r2, #1
        bne 5b
        6:
        sub r0, r4, r9
        subs r12, r12, #1
        beq 7f
        mov r4, r0
        b 2b
        7:
        mov r0, r3
        subs r7, r7, #1
        bne 1b
        ",
            give_flags!(invalid),
            "
        pop {r4-r9}
        bx lr
        "
        )
    };
}

/// The program of [`largest`], for the interpreter of the tests.
pub const PROGRAM: &str = source!(moving);

/// That of units that select (FPv5).
pub const SELECTING: &str = source!(selecting);

/// # Safety
/// At least one step, one channel and two taps, with all their values and outputs.
#[cfg(all(dunlin_fpu, not(dunlin_fpv5)))]
#[unsafe(naked)]
unsafe extern "C" fn program(x: *const f32, job: &Job) -> usize {
    core::arch::naked_asm!(super::fpu!(), source!(moving), options(raw))
}

/// # Safety
/// At least one step, one channel and two taps, with all their values and outputs.
#[cfg(all(dunlin_fpu, dunlin_fpv5))]
#[unsafe(naked)]
unsafe extern "C" fn program(x: *const f32, job: &Job) -> usize {
    core::arch::naked_asm!(super::fpu!(), source!(selecting), options(raw))
}
