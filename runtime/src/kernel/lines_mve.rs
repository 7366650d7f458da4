//! Parts of programs for cores with Helium: sigmoids and hyperbolic tangents of four arguments from the table of the logistic
//! function.
//!
//! r4 is the point of the table for 0 and r9 the next; q6 is 127, and q4, q5, q7 hold what stands between.

/// The values of four lines between points of the table, with 7 more bits than the points; q6 is 127.
macro_rules! lines {
    ($q:literal) => {
        concat!(
            "
        vqmovnb.s32 ",
            $q,
            ", ",
            $q,
            "
        vmovlb.s16 ",
            $q,
            ", ",
            $q,
            "
        vshr.s32 q4, ",
            $q,
            ", #7
        vldrh.s32 q5, [r4, q4, uxtw #1]
        vldrh.s32 q7, [r9, q4, uxtw #1]
        vand ",
            $q,
            ", ",
            $q,
            ", q6
        vsub.i32 q7, q7, q5
        vmul.i32 ",
            $q,
            ", ",
            $q,
            ", q7
        vshl.i32 q5, q5, #7
        vadd.i32 ",
            $q,
            ", ",
            $q,
            ", q5
        "
        )
    };
}

/// The sigmoid of four arguments, with 15 fraction bits; r10 is 2^22.
macro_rules! gate {
    ($q:literal) => {
        concat!(
            lines!($q),
            "
        vadd.i32 ",
            $q,
            ", ",
            $q,
            ", r10
        vshr.s32 ",
            $q,
            ", ",
            $q,
            ", #8
        "
        )
    };
}

/// The hyperbolic tangent of four arguments, with 15 fraction bits.
macro_rules! signed_gate {
    ($q:literal) => {
        concat!(
            lines!($q),
            "vshr.s32 ",
            $q,
            ", ",
            $q,
            ", #7
        "
        )
    };
}
