//! Instructions that programs for v6-M share.

/// A column of four rows with offset on v6-M: r3 its value, from the register `k` on from r1; the sums are r8-r11.
macro_rules! column {
    ($k:literal, $a:literal, $b:literal, $c:literal, $d:literal) => {
        concat!(
            "ldrsh r3, [r1, ",
            $k,
            "]\n",
            "ldrb r2, [r0, #",
            $a,
            "]\nmuls r2, r3, r2\nadd r8, r2\n",
            "ldrb r2, [r0, #",
            $b,
            "]\nmuls r2, r3, r2\nadd r9, r2\n",
            "ldrb r2, [r0, #",
            $c,
            "]\nmuls r2, r3, r2\nadd r10, r2\n",
            "ldrb r2, [r0, #",
            $d,
            "]\nmuls r2, r3, r2\nadd r11, r2\n",
        )
    };
}

/// A sum in the register `$sum` to its output in r2, by the scale in r4, whose multiplier is in r1; r6 the greatest output, r7
/// how much less the least is, r12 the least; r3 changes.
macro_rules! finish {
    ($sum:literal) => {
        concat!(
            "mov r2, ",
            $sum,
            "
            asrs r3, r2, #16
            muls r3, r1, r3
            uxth r2, r2
            muls r2, r1, r2
            lsrs r2, r2, #16
            adds r2, r2, r3
            asrs r2, r4
            subs r2, r2, r6
            asrs r3, r2, #31
            ands r2, r3
            adds r2, r2, r7
            asrs r3, r2, #31
            bics r2, r3
            add r2, r12
            "
        )
    };
}

/// Leaves the caller's registers on the stack, as [`restored`] finds them; r4-r7 change.
macro_rules! saved {
    () => {
        "
        push {r4-r7, lr}
        mov r4, r8
        mov r5, r9
        mov r6, r10
        mov r7, r11
        push {r4-r7}
        "
    };
}

/// Takes the caller's registers off the stack, and others of the list that stand before them, and returns.
macro_rules! restored {
    ($list:literal) => {
        concat!(
            concat!("pop {", $list, "}"),
            "
            mov r8, r4
            mov r9, r5
            mov r10, r6
            mov r11, r7
            pop {r4-r7, pc}
            "
        )
    };
}
