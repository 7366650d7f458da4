//! What programs for v7-M share: instructions without the DSP extension, and the call of a program over four rows, with it or without.

/// A sum in the register `$sum` to its output, by the scale in `$scale` and its multiplier alone; `$low` the least output, r3 the
/// greatest, `$span` how much less the least is; r14 changes.
macro_rules! scaled {
    ($sum:literal, $scale:literal, $multiplier:literal, $span:literal, $low:literal) => {
        concat!(
            "smull lr, ",
            concat!($sum, ", ", $sum, ", ", $multiplier, "\n"),
            concat!("asr ", $sum, ", ", $sum, ", ", $scale, "\n"),
            concat!("sub ", $sum, ", ", $sum, ", r3\n"),
            concat!("and ", $sum, ", ", $sum, ", ", $sum, ", asr #31\n"),
            concat!("add ", $sum, ", ", $sum, ", ", $span, "\n"),
            concat!("bic ", $sum, ", ", $sum, ", ", $sum, ", asr #31\n"),
            concat!("add ", $sum, ", ", $sum, ", ", $low, "\n"),
        )
    };
}

/// The function over a file's `dot4_program`, whose rows are as they are.
#[cfg(any(dunlin_dsp, dunlin_v7m))]
macro_rules! dot4 {
    () => {
        /// `sums[r] + sum of W[r][column + i] * x[i]`, modulo 2^32, over four rows of `stride` weights each that follow each other;
        /// `None` where a row is too short.
        #[inline(always)]
        pub fn dot4(
            rows: &[i8],
            stride: usize,
            column: usize,
            x: &[i16],
            sums: &[i32; 4],
        ) -> Option<[i32; 4]> {
            if rows.get(3 * stride + column..)?.len() < x.len() {
                return None;
            }
            let (a, b, c, d);
            // SAFETY: the program reads as many weights of each row as there are values; the last row's were checked, and the others
            // stand before it. It writes to its own stack alone and leaves all registers but these as they were.
            unsafe {
                core::arch::asm!(
                    "bl {program}",
                    program = sym dot4_program,
                    inlateout("r0") rows.as_ptr().wrapping_add(column) => a,
                    inlateout("r1") x.as_ptr() => b,
                    inlateout("r2") x.len() => c,
                    inlateout("r3") sums.as_ptr() => d,
                    inlateout("r12") stride => _,
                    out("lr") _,
                    options(readonly),
                );
            }
            Some([a, b, c, d])
        }
    };
}
