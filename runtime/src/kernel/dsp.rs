//! Instructions that programs for cores with the DSP extension share.

/// Two sums as 16 bits each, in a word in the register `$first`.
macro_rules! saturated {
    ($first:literal, $second:literal) => {
        concat!(
            concat!("ssat ", $first, ", #16, ", $first, "\n"),
            concat!("ssat ", $second, ", #16, ", $second, "\n"),
            concat!("pkhbt ", $first, ", ", $first, ", ", $second, ", lsl #16\n"),
        )
    };
}

/// The same between 0 and 32,767.
macro_rules! rectified {
    ($first:literal, $second:literal) => {
        concat!(
            concat!("usat ", $first, ", #15, ", $first, "\n"),
            concat!("usat ", $second, ", #15, ", $second, "\n"),
            concat!("pkhbt ", $first, ", ", $first, ", ", $second, ", lsl #16\n"),
        )
    };
}

/// Both halves of a word between the greatest and the least output, which stand twice in words; `$spare` changes.
macro_rules! clamped {
    ($word:literal, $high:literal, $low:literal, $spare:literal) => {
        concat!(
            concat!("ssub16 ", $spare, ", ", $word, ", ", $high, "\n"),
            concat!("sel ", $word, ", ", $high, ", ", $word, "\n"),
            concat!("ssub16 ", $spare, ", ", $word, ", ", $low, "\n"),
            concat!("sel ", $word, ", ", $word, ", ", $low, "\n"),
        )
    };
}
