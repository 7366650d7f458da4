//! The largest f32 value of each channel over some time steps, on cores with a floating-point unit: eight channels beside each other,
//! all windows in one program. Cores with Helium have vectors that select, which the compiler finds.
#![cfg_attr(all(dunlin_fpu, not(dunlin_mve)), allow(unsafe_code))] // a naked function, and the call into it with checked lengths

/// Channels at a time.
#[cfg(all(dunlin_fpu, not(dunlin_mve)))]
const EIGHT: usize = 8;

/// `y[step][c]` is the largest of `x[step][tap][c]` over the taps, from -inf on: a tap counts where it is larger than all before, so
/// that NaN never does.
///
/// `false`, and nothing done, where there is no such program for so many channels, or a slice is too short.
#[inline(always)]
pub fn largest(x: &[f32], channels: usize, taps: usize, y: &mut [f32]) -> bool {
    #[cfg(all(dunlin_fpu, not(dunlin_mve)))]
    {
        let eights = channels / EIGHT;
        let steps = y.len().checked_div(channels).unwrap_or_default();
        let count = steps
            .checked_mul(channels)
            .and_then(|count| count.checked_mul(taps));
        let enough = count.is_some_and(|count| count <= x.len());
        if channels % EIGHT != 0 || steps == 0 || taps == 0 || !enough {
            return false;
        }
        let job = Job {
            y: y.as_mut_ptr(),
            taps,
            tap: 4 * channels,
            rest: 4 * channels * (taps - 1),
            eights,
            steps,
            least: [f32::NEG_INFINITY; EIGHT],
        };
        // SAFETY: there are at least one step, one tap and eight channels, and as many values and outputs as they make.
        unsafe { program(x.as_ptr(), &job) };
        true
    }
    #[cfg(any(not(dunlin_fpu), dunlin_mve))]
    {
        let _ = (x, channels, taps, y);
        false
    }
}

/// What [`PROGRAM`] works on besides.
#[cfg(all(dunlin_fpu, not(dunlin_mve)))]
#[repr(C)]
struct Job {
    y: *mut f32,
    taps: usize,
    /// Bytes of a tap, and of all taps of a step but the first.
    tap: usize,
    rest: usize,
    eights: usize,
    steps: usize,
    least: [f32; EIGHT],
}

/// The larger of two values.
macro_rules! larger {
    ($y:literal, $x:literal) => {
        concat!(
            "vcmp.f32 ",
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

/// r0 values, r1 the [`Job`], from there on the least value eight times.
///
/// r4 outputs, r5 taps, r6 and r7 bytes of a tap and of those behind the first, r8 eights of a step, r9 steps; r2 eights and r12
/// taps that are left, r3 the values of a tap; s0-s7 the largest, s8-s15 a tap's.
macro_rules! source {
    () => {
        concat!(
            "
        push {r4-r9}
        ldm r1!, {r4-r9}
        1:
        mov r2, r8
        2:
        vldm r1, {s0-s7}
        mov r3, r0
        mov r12, r5
        3:
        vldm r3, {s8-s15}
        add r3, r3, r6
        ",
            larger!("s0", "s8"),
            larger!("s1", "s9"),
            larger!("s2", "s10"),
            larger!("s3", "s11"),
            larger!("s4", "s12"),
            larger!("s5", "s13"),
            larger!("s6", "s14"),
            larger!("s7", "s15"),
            "
        subs r12, r12, #1
        bne 3b
        vstm r4!, {s0-s7}
        add r0, r0, #32
        subs r2, r2, #1
        bne 2b
        add r0, r0, r7
        subs r9, r9, #1
        bne 1b
        pop {r4-r9}
        bx lr
        "
        )
    };
}

/// The program of [`largest`], for the interpreter of the tests.
pub const PROGRAM: &str = source!();

/// # Safety
/// At least one step, one tap and eight channels, with all their values and outputs.
#[cfg(all(dunlin_fpu, not(dunlin_mve)))]
#[unsafe(naked)]
unsafe extern "C" fn program(x: *const f32, job: &Job) {
    core::arch::naked_asm!(super::fpu!(), source!(), options(raw))
}
