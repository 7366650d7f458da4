//! The cumulative flags of the floating-point unit, which say what numbers its operations met: programs clear some at their start, and give
//! them at their end.

/// Bits of FPSCR: a number was subnormal, which went in (IDC) or would have come out (UFC); an operation was invalid (IOC).
macro_rules! flags {
    (subnormal) => {
        "0x88"
    };
    (invalid) => {
        "1"
    };
}

/// Clears flags; `$register` changes.
macro_rules! clear_flags {
    ($register:literal, $flags:ident) => {
        concat!(
            concat!("vmrs ", $register, ", fpscr\n"),
            concat!(
                "bic ",
                $register,
                ", ",
                $register,
                ", #",
                flags!($flags),
                "\n"
            ),
            concat!("vmsr fpscr, ", $register, "\n"),
        )
    };
}

/// The flags in r0.
macro_rules! give_flags {
    ($flags:ident) => {
        concat!("vmrs r0, fpscr\nand r0, r0, #", flags!($flags), "\n")
    };
}
