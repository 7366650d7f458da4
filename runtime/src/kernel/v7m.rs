//! Instructions that programs for v7-M without DSP share.

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
