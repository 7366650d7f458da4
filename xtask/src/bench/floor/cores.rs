//! The costs of each core, counted by hand from the instructions that the comments name. Where two methods are known, it is the
//! better one.
use super::costs::Costs;

/// v6-M. A 32-bit product of two 16-bit halves with a 15-bit multiplier takes the place of `SMULWT`, sign masks that of saturation.
pub const V6M: Costs = Costs {
    // LDRB, MULS, ADD, and an LDRSH for four rows.
    product: 3.25,
    together: 1.0,
    // LDRSH, LDRSH, MULS, ADD.
    alone: 4.0,
    // MULS destroys a factor: over several places a copy takes the place of a load.
    place: 3.25,
    // A copy of the weight, MULS, ADD.
    few: 3.0,
    few_columns: 4.0,
    // LDRSH, MULS, ADD, and a weight for four places.
    tap: 3.25,
    taps: 0.0,
    take: 0.0,
    take_place: 0.0,
    // ASRS, UXTH, MULS, MULS, ASRS, ADDS; ASRS by the shift.
    rescale: 7.0,
    // SUBS, ASRS, ANDS, ADDS for a bound, ASRS, BICS for that of 0.
    bound: 6.0,
    store: 1.0,
    // Bound 6, ASRS, LSLS, LDRSH, LDRSH, ANDS, SUBS, MULS, ADDS, ASRS.
    lookup: 15.0,
    smooth: 10.0,
    // ADDS, EORS, EORS, ANDS, ASRS, ASRS, EORS, EORS, ANDS, EORS.
    sum: 10.0,
    cell_shift: 1.0,
    // LDR, product 6, LSLS, MULS, ASRS, sum 10, STR, MULS, ADDS, ASRS, bound 6, STRH.
    cell: 31.0,
    // Product 6, LSLS.
    reset: 7.0,
    // LDR, product 6, LSLS, SUBS, MULS, sum 10, STR, sum 10, ASRS, bound 6, STRH.
    hidden: 39.0,
    load: 1.0,
    // SUBS, ASRS, BICS, ADDS.
    larger: 4.0,
    copy_store: 1.0,
    // LDRSH, ADDS.
    add_tap: 2.0,
    middle: None,
    // LSRS, SUBS, STRH.
    shifted: 3.0,
    // A 64-bit product of four 32-bit ones, 10; the rest and its correction, 5; SUBS, STRH.
    divided: 17.0,
    // LDRSH, MULS, ADDS, ASRS.
    value: 4.0,
    // LDRSH, LDRSH, MULS, MULS, ADDS, ADDS, ASRS.
    merge: 7.0,
    // LDRSB, MULS, STRH.
    embedded: 3.0,
    // LDM and STM of six words.
    copied: 0.16,
    // LDRSH, ADDS, both bounds 8; LDRSH, LSLS, SUBS, LSLS, ADDS, ASRS, MULS, ADDS, ADCS; LDRSH, LSLS, SUBS, LSLS, product 6, ASRS,
    // LDRSH, product 6, LDR, sum 10, ASRS, STRH; without the bound.
    norm: 50.0,
    // LDRSH, larger 4, the power of two 20, ADDS, LSLS, division 15, bound 4, STRH.
    softmax: 45.0,
};

/// v7-M without DSP.
pub const V7M: Costs = Costs {
    // LDRSB, MLA, and an LDRSH for four rows.
    product: 2.25,
    together: 1.0,
    // LDRSB, LDRSH, MLA.
    alone: 3.0,
    // Three rows over two places: three LDRSB, two LDRSH, six MLA. A larger block does not fit 14 registers.
    place: 11.0 / 6.0,
    // An MLA; three weights of three rows in registers, a value loaded for all of them.
    few: 1.1,
    few_columns: 4.0,
    // Four places at a time: a load of a weight, and at best one of a value, for four MLA.
    tap: 1.5,
    taps: 0.0,
    take: 0.0,
    take_place: 0.0,
    // SMULL, ASR.
    rescale: 2.0,
    // SSAT or USAT.
    bound: 1.0,
    store: 1.0,
    // SSAT, LDRSH, LDRSH, AND, SUB, MUL, ADD, ASR.
    lookup: 8.0,
    smooth: 4.0,
    // ADDS, IT, EOR.
    sum: 3.0,
    cell_shift: 1.0,
    // LDR, LSL, SMULL, MUL, ASR, sum 3, STR, MLA, ASR, SSAT, STRH.
    cell: 13.0,
    // LSL, SMULL, LSL.
    reset: 3.0,
    // LDR, LSL, SMULL, RSB, MUL, sum 3, STR, sum 3, SSAT, STRH.
    hidden: 14.0,
    load: 1.0,
    // CMP, IT, MOV.
    larger: 3.0,
    copy_store: 1.0,
    // LDRSH, ADD.
    add_tap: 2.0,
    middle: None,
    // LSR or UDIV, SUB, STRH.
    shifted: 3.0,
    divided: 3.0,
    // LDRSH, MLA, ASR.
    value: 3.0,
    // LDRSH, LDRSH, MLA, MLA, ASR.
    merge: 5.0,
    // LDRSB, MUL, STRH.
    embedded: 3.0,
    // LDM and STM of ten words.
    copied: 0.1,
    // LDRSH, ADD, both bounds 6; LDRSH, SUB, LSL, ADD, ASR, SMLAL; LDRSH, SUB, LSL, SMULL, ASR, LDRSH, LSL, SMULL, LDR, sum 3, ASR,
    // STRH; without the bound.
    norm: 28.0,
    // LDRSH, larger 2, the power of two 11, ADD, LSL, UDIV, USAT, STRH.
    softmax: 19.0,
};

/// With the DSP extension.
pub const DSP: Costs = Costs {
    // Four columns of four rows: LDM, LDRD, four SMLALD, four SXTB16, four SMLAD.
    product: 14.0 / 16.0,
    together: 2.0,
    // Two LDM of five words and five SMLAD for ten products.
    alone: 0.7,
    // Four columns of two rows at two places: LDM, two LDRD, eight SMLAD.
    place: 11.0 / 16.0,
    // A SMLAD for two; a value loaded for two rows.
    few: 0.625,
    few_columns: 4.0,
    // A SMLAD for two taps, with an eighth of a load; the values of two channels taken apart.
    tap: 0.625,
    taps: 0.5,
    // S - B and a shift, for two rows.
    take: 1.0,
    take_place: 0.0,
    // SMULWT, ASR.
    rescale: 2.0,
    // SSAT or USAT.
    bound: 1.0,
    store: 1.0,
    // SSAT, LDR, AND, MLA, SMUAD, ASR.
    lookup: 6.0,
    smooth: 4.0,
    // QADD.
    sum: 1.0,
    cell_shift: 1.0,
    // LDR, SMULWB, SMULBB, ASR, QDADD, STR, SMLABB, ASR, SSAT, STRH.
    cell: 10.0,
    // SMULWB, LSL.
    reset: 2.0,
    // LDR, SMULWB, RSB, MUL, QDADD, STR, QADD, SSAT, STRH.
    hidden: 9.0,
    // LDM of eight values.
    load: 0.125,
    // SSUB16, SEL for two values.
    larger: 1.0,
    // STM of eight.
    copy_store: 0.125,
    // SXTAH, and a share of an LDM.
    add_tap: 1.125,
    middle: None,
    // LSR or UDIV, SUB, STRH.
    shifted: 3.0,
    divided: 3.0,
    // LDRSH, SMLABB, ASR.
    value: 3.0,
    // A load for two values of each, two SMLAxy, ASR.
    merge: 4.0,
    // LDRSB, MUL, STRH.
    embedded: 3.0,
    // LDM and STM of ten words.
    copied: 0.1,
    // Half a load, SXTAH, twice SSUB16 and SEL for two; LDRSH, RSB, LSL, ADD, ASR, SMLAL; LDRSH, RSB, LSL, SMULWB, ASR, LDRSH, SMULWB,
    // LDR, QADD, ASR, STRH; without the bound.
    norm: 20.5,
    // LDRSH, larger 2, the power of two 11, ADD, LSL, UDIV, USAT, STRH.
    softmax: 19.0,
};

/// With Helium: sums come out of vectors of eight columns, everything else is done for four or eight values at a time.
pub const MVE: Costs = Costs {
    // Eight columns of four rows: VLDRH, four VLDRB, four VMLAVA.
    product: 9.0 / 32.0,
    together: 8.0,
    // VLDRB, VLDRH, VMLAVA.
    alone: 3.0 / 8.0,
    // Eight columns of four rows at two places: two VLDRH, four VLDRB, eight VMLAVA.
    place: 14.0 / 64.0,
    // Four rows in a vector: a VMLA with a value in a register, whose load serves all rows.
    few: 0.25,
    few_columns: f64::INFINITY,
    // Eight channels: VLDRH, VMULLB, VMULLT, two VADD; the weights stay in registers.
    tap: 5.0 / 8.0,
    taps: 0.0,
    // Two VMOV of two sums each for four.
    take: 0.5,
    take_place: 0.5,
    // VMULH, VSHL.
    rescale: 0.5,
    // VQMOVN.
    bound: 0.25,
    // VSTRH of eight.
    store: 0.125,
    // VSHR, VMIN, VLDRW, VAND, VMUL, VMUL, VADD, VSHR.
    lookup: 2.0,
    smooth: 1.0,
    // VQADD.
    sum: 0.25,
    cell_shift: 0.25,
    // VLDRW, VMULH, VMUL, VSHL, VQADD, VSTRW, VMUL, VADD, VSHL, VQMOVN, VSTRH.
    cell: 2.75,
    // VMULH, VSHL.
    reset: 0.5,
    // VLDRW, VMULH, VSUB, VMUL, VQADD, VSTRW, VQADD, VSHL, VSTRH.
    hidden: 2.25,
    // VLDRH, VMAX, VSTRH of eight.
    load: 0.125,
    larger: 0.125,
    copy_store: 0.125,
    // VLDRH, VADD of four.
    add_tap: 0.5,
    // VRHADD.
    middle: Some(0.125),
    // VSHR, VSUB, VSTRH of four.
    shifted: 0.75,
    // UDIV, a move in and out, VSUB, VSTRH.
    divided: 2.0,
    // VLDRH, VMUL, VRSHL.
    value: 0.75,
    // VLDRH, VLDRH, VMUL, VMLA, VRSHL.
    merge: 1.25,
    // VLDRB, VMUL, VSTRH of eight.
    embedded: 0.375,
    // VLDRW, VSTRW of eight.
    copied: 0.25,
    // VLDRH, VADDVA, VMIN, VMAX of eight; VLDRH, VSHL, VSUB, VRSHL, VMUL, VADDLVA; VLDRH, VSHL, VSUB, VSHL, VMULH, VSHL, VLDRH, VMULH,
    // VLDRW, VQADD, VSHL, VSTRH; without the bound.
    norm: 5.0,
    // The power of two 11, VLDRH, VADD, VSHL, VSTRH of four; UDIV and the way to it.
    softmax: 5.0,
};

/// f32 with a floating-point unit for scalars: a `VFMA` for each product and its sum.
pub const FPU: Costs = Costs {
    // 14 columns of four rows: five VLDM, 56 VFMA; more values do not fit 32 registers.
    product: 61.0 / 56.0,
    together: 1.0,
    alone: 61.0 / 56.0,
    place: 61.0 / 56.0,
    few: 1.0,
    few_columns: 4.0,
    tap: 61.0 / 56.0,
    taps: 0.0,
    take: 0.0,
    take_place: 0.0,
    rescale: 0.0,
    // VMAXNM.
    bound: 0.0,
    // VSTM of eight.
    store: 0.125,
    // The exponential: to steps of ln 2 (VMUL, VCVT, VCVT, two VMLS), a polynomial of five, VDIV, the scale (two); and 1 + e^x, VDIV.
    lookup: 14.0,
    smooth: 1.0,
    sum: 1.0,
    cell_shift: 0.0,
    // VLDR, VMUL, VMLA, VMUL, VSTR, VSTR.
    cell: 6.0,
    reset: 1.0,
    // VLDR, VSUB, VMUL, VMLA, VSTR, VSTR.
    hidden: 6.0,
    // VLDM of eight; VCMPE, VMRS, IT, VMOV, as VMAXNM takes the other one of two zeros; VSTM of eight.
    load: 0.125,
    larger: 4.0,
    copy_store: 0.125,
    add_tap: 1.125,
    middle: None,
    // VDIV, VSTR.
    shifted: 2.0,
    divided: 2.0,
    value: 0.125,
    merge: 1.25,
    embedded: 0.25,
    copied: 0.25,
    // An addition, a difference and a product-sum, and three for each value again, with its loads.
    norm: 6.0,
    // The exponential, the largest one, an addition, VDIV.
    softmax: 15.0,
};

/// FPv5 of M7, M33 and M55.
pub const FPV5: Costs = Costs {
    // VCMPE, VMRS, VSEL.
    larger: 3.0,
    ..FPU
};

/// f32 with Helium: four rows a vector, which is gathered column by column, and a `VFMA` of it with a value in a register; what comes
/// after the sums is done as with the unit for scalars.
pub const MVE_F32: Costs = Costs {
    // Eight columns of twelve rows: LDM, 24 VLDRW, 24 VFMA; more rows do not fit eight vectors.
    product: 49.0 / 96.0,
    // Four columns of eight rows at two places: two LDM, eight VLDRW, 16 VFMA.
    place: 26.0 / 64.0,
    // VFMA; the weights stay in registers.
    few: 0.25,
    // Four channels at four places: a VLDRW for the weights, four for values, four VFMA, VADD.
    tap: 10.0 / 16.0,
    ..FPV5
};
