//! What kind of work a Thumb instruction is, from its opcode, as far as published timings tell kinds apart.
//!
//! The encodings are those of the Armv7-M Architecture Reference Manual (DDI 0403), chapter A5, and for v8-M the same ones of
//! the Armv8-M manual (DDI 0553). Vector instructions (MVE) are not told apart: no cycles are estimated for a core that has them.

/// A kind of instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Moves, arithmetic, logic, shifts, extensions, SIMD additions, hints and all that is not below.
    Simple,
    Load,
    /// At a base plus an immediate.
    Store,
    /// At a base plus a register.
    StoreIndexed,
    /// So many words: LDM, LDRD, VLDM.
    LoadMultiple(u32),
    /// So many words: STM, PUSH, STRD, VSTM.
    StoreMultiple(u32),
    /// So many words, the last one the program counter.
    PopAndReturn(u32),
    /// With a 32-bit result: MUL.
    Multiply,
    /// With a 32-bit sum: MLA, MLS.
    MultiplyAdd,
    /// The products of halfwords and the high words of the DSP extension, alone or added to 32 bits.
    MultiplyHalves,
    /// With a 64-bit result: SMULL, UMULL.
    MultiplyLong,
    /// With a 64-bit sum: SMLAL, UMLAL, SMLALD.
    MultiplyAddLong,
    Divide,
    /// B, taken or not; CBZ and CBNZ.
    Branch,
    /// BL.
    Call,
    /// BX, BLX, and moves to the program counter.
    BranchRegister,
    /// TBB, TBH, and loads of the program counter.
    BranchTable,
    /// VADD, VMUL, VCMP, VCVT, VMOV and the like.
    Float,
    /// VMLA, VFMA and the like.
    FloatMultiplyAdd,
    /// VDIV, VSQRT.
    FloatDivide,
}

impl Class {
    /// The class of an opcode of 2 or 4 bytes, of 4 the first halfword in front.
    pub fn of(opcode: u32, size: u8) -> Self {
        let low = opcode as u16;
        match size {
            2 => narrow(low),
            _ => wide((opcode >> 16) as u16, low),
        }
    }
}

/// 16 bits, by the upper six (A5.2).
fn narrow(op: u16) -> Class {
    let registers = (op & 0xff).count_ones();
    match op >> 10 {
        // Of the data processing instructions, number 13 is MUL.
        0b010000 if op >> 6 & 0xf == 13 => Class::Multiply,
        // BX and BLX, then ADD and MOV to the program counter.
        0b010001 if op >> 8 & 3 == 3 => Class::BranchRegister,
        0b010001 if op >> 8 & 3 != 1 && op & 0x87 == 0x87 => Class::BranchRegister,
        0b010010 | 0b010011 => Class::Load,
        // STR, STRH, STRB, then loads.
        0b010100..=0b010111 if op >> 9 & 7 < 3 => Class::StoreIndexed,
        0b010100..=0b010111 => Class::Load,
        0b011000..=0b100111 if op & 0x800 == 0 => Class::Store,
        0b011000..=0b100111 => Class::Load,
        0b101100..=0b101111 => miscellaneous(op),
        0b110000 | 0b110001 => Class::StoreMultiple(registers),
        0b110010 | 0b110011 => Class::LoadMultiple(registers),
        // All but UDF and SVC.
        0b110100..=0b110111 if op >> 9 & 7 != 7 => Class::Branch,
        0b111000 | 0b111001 => Class::Branch,
        _ => Class::Simple,
    }
}

/// 16 bits that start with 1011 (A5.2.5).
fn miscellaneous(op: u16) -> Class {
    let registers = (op & 0x1ff).count_ones();
    match op >> 8 & 0xf {
        0b0001 | 0b0011 | 0b1001 | 0b1011 => Class::Branch,
        0b0100 | 0b0101 => Class::StoreMultiple(registers),
        0b1100 => Class::LoadMultiple(registers),
        0b1101 => Class::PopAndReturn(registers),
        _ => Class::Simple,
    }
}

/// 32 bits (A5.3).
fn wide(first: u16, second: u16) -> Class {
    let loads = first & 0x10 != 0;
    match first >> 9 {
        0b1110100 if first & 0x40 == 0 => multiple(second.count_ones(), second >> 15 == 1, loads),
        0b1110100 => double(first, second),
        0b1110110 => float_memory(first, second),
        0b1110111 | 0b1111111 => float(first, second),
        0b1111000..=0b1111011 if second & 0x8000 != 0 => branch(first, second),
        0b1111100 if loads && second >> 12 == 15 && first >> 5 & 3 == 2 => Class::BranchTable,
        0b1111100 if loads => Class::Load,
        // A register as the offset: no bit of the immediate forms.
        0b1111100 if first & 0x80 == 0 && second & 0xfc0 == 0 => Class::StoreIndexed,
        0b1111100 => Class::Store,
        0b1111101 if first & 0x100 != 0 => multiply(first, second),
        _ => Class::Simple,
    }
}

fn multiple(words: u32, to_program_counter: bool, loads: bool) -> Class {
    match (loads, to_program_counter) {
        (true, true) => Class::PopAndReturn(words),
        (true, false) => Class::LoadMultiple(words),
        (false, _) => Class::StoreMultiple(words),
    }
}

/// LDRD and STRD, the exclusive ones, TBB and TBH (A5.3.6).
fn double(first: u16, second: u16) -> Class {
    let loads = first & 0x10 != 0;
    if first & 0xfff0 == 0xe8d0 && second & 0xffe0 == 0xf000 {
        Class::BranchTable
    } else if first & 0x120 != 0 {
        multiple(2, false, loads)
    } else if loads {
        Class::Load
    } else {
        Class::Store
    }
}

/// VLDR, VSTR, VLDM, VSTM, and moves of two registers (A6.5, A6.7).
fn float_memory(first: u16, second: u16) -> Class {
    let loads = first & 0x10 != 0;
    if first & 0x1e0 == 0x40 {
        Class::Float
    } else if first & 0x120 == 0x100 {
        // A double word is two.
        match (second & 0x100 != 0, loads) {
            (false, true) => Class::Load,
            (false, false) => Class::Store,
            (true, loads) => multiple(2, false, loads),
        }
    } else {
        multiple(u32::from(second & 0xff), false, loads)
    }
}

/// Arithmetic of floats and moves of one register (A6.4, A6.6).
fn float(first: u16, second: u16) -> Class {
    // Of coprocessors 10 and 11 alone.
    if second & 0xe00 != 0xa00 {
        return Class::Simple;
    }
    if second & 0x10 != 0 || first >> 8 == 0xfe {
        return Class::Float;
    }
    match first >> 4 & 0b1011 {
        0b0000 | 0b0001 | 0b1001 | 0b1010 => Class::FloatMultiplyAdd,
        0b1000 => Class::FloatDivide,
        // VSQRT.
        0b1011 if first & 0xf == 1 && second & 0xc0 == 0xc0 => Class::FloatDivide,
        _ => Class::Float,
    }
}

/// Branches and control (A5.3.4).
fn branch(first: u16, second: u16) -> Class {
    match (second >> 14 & 1, second >> 12 & 1) {
        (1, 1) => Class::Call,
        (0, 1) => Class::Branch,
        (0, 0) if first >> 7 & 7 != 7 => Class::Branch,
        _ => Class::Simple,
    }
}

/// Multiplications and divisions (A5.3.16, A5.3.17).
fn multiply(first: u16, second: u16) -> Class {
    let adds = second >> 12 != 15;
    match (first >> 4 & 0xf, second >> 4 & 0xf) {
        (0b0000, 0b0000) if adds => Class::MultiplyAdd,
        (0b0000, 0b0000) => Class::Multiply,
        (0b0000, _) => Class::MultiplyAdd,
        (0b0001..=0b0111, _) => Class::MultiplyHalves,
        (0b1000 | 0b1010, _) => Class::MultiplyLong,
        (0b1001 | 0b1011, _) => Class::Divide,
        _ => Class::MultiplyAddLong,
    }
}

#[cfg(test)]
mod tests {
    use super::Class::*;
    use super::*;

    /// Instructions as the assembler of LLVM encodes them.
    #[rustfmt::skip]
    const KNOWN: [(&str, u32, u8, Class); 94] = [
        ("movs r0, #1", 0x2001, 2, Simple),
        ("lsls r1, r2, #3", 0xd1, 2, Simple),
        ("adds r0, r0, r1", 0x1840, 2, Simple),
        ("sxth r3, r4", 0xb223, 2, Simple),
        ("rev r1, r2", 0xba11, 2, Simple),
        ("nop", 0xbf00, 2, Simple),
        ("it eq", 0xbf08, 2, Simple),
        ("cmp r8, r9", 0x45c8, 2, Simple),
        ("mov r9, r9", 0x46c9, 2, Simple),
        ("add sp, #16", 0xb004, 2, Simple),
        ("add r0, sp, #8", 0xa802, 2, Simple),
        ("muls r0, r1, r0", 0x4348, 2, Multiply),
        ("mov pc, r2", 0x4697, 2, BranchRegister),
        ("bx lr", 0x4770, 2, BranchRegister),
        ("blx r3", 0x4798, 2, BranchRegister),
        ("ldr r0, [pc, #8]", 0x4802, 2, Load),
        ("ldrsb r0, [r1, r2]", 0x5688, 2, Load),
        ("ldrh r0, [r1, r2]", 0x5a88, 2, Load),
        ("ldr r0, [r1, #4]", 0x6848, 2, Load),
        ("ldrb r0, [r1, #4]", 0x7908, 2, Load),
        ("ldrh r0, [r1, #4]", 0x8888, 2, Load),
        ("ldr r0, [sp, #4]", 0x9801, 2, Load),
        ("str r0, [r1, r2]", 0x5088, 2, StoreIndexed),
        ("strb r0, [r1, r2]", 0x5488, 2, StoreIndexed),
        ("str r0, [r1, #4]", 0x6048, 2, Store),
        ("strh r0, [r1, #4]", 0x8088, 2, Store),
        ("str r0, [sp, #4]", 0x9001, 2, Store),
        ("push {r4, r5, lr}", 0xb530, 2, StoreMultiple(3)),
        ("pop {r4, r5}", 0xbc30, 2, LoadMultiple(2)),
        ("pop {r4, r5, pc}", 0xbd30, 2, PopAndReturn(3)),
        ("stm r0!, {r1, r2}", 0xc006, 2, StoreMultiple(2)),
        ("ldm r0!, {r1, r2, r3}", 0xc80e, 2, LoadMultiple(3)),
        ("beq #8", 0xd004, 2, Branch),
        ("b #8", 0xe004, 2, Branch),
        ("cbz r0, #8", 0xb120, 2, Branch),
        ("cbnz r0, #8", 0xb920, 2, Branch),
        ("b.w #4000", 0xf000bfd0, 4, Branch),
        ("bne.w #4000", 0xf04087d0, 4, Branch),
        ("bl #4000", 0xf000ffd0, 4, Call),
        ("ldm.w r0!, {r1, r2, r8}", 0xe8b00106, 4, LoadMultiple(3)),
        ("pop.w {r4, r8, pc}", 0xe8bd8110, 4, PopAndReturn(3)),
        ("push.w {r4, r8}", 0xe92d0110, 4, StoreMultiple(2)),
        ("ldrd r0, r1, [r2, #8]", 0xe9d20102, 4, LoadMultiple(2)),
        ("strd r0, r1, [r2], #8", 0xe8e20102, 4, StoreMultiple(2)),
        ("ldrex r0, [r1]", 0xe8510f00, 4, Load),
        ("tbb [pc, r0]", 0xe8dff000, 4, BranchTable),
        ("ldr.w pc, [r0, r1, lsl #2]", 0xf850f021, 4, BranchTable),
        ("ldr.w r0, [r1, #400]", 0xf8d10190, 4, Load),
        ("ldrsh r0, [r1], #2", 0xf9310b02, 4, Load),
        ("ldrsb.w r0, [r1, #1]", 0xf9910001, 4, Load),
        ("ldr.w r0, [r1, r2, lsl #2]", 0xf8510022, 4, Load),
        ("str.w r0, [r1, #400]", 0xf8c10190, 4, Store),
        ("str r0, [r1], #4", 0xf8410b04, 4, Store),
        ("str.w r0, [r1, r2, lsl #2]", 0xf8410022, 4, StoreIndexed),
        ("add.w r0, r1, r2, lsl #3", 0xeb0100c2, 4, Simple),
        ("movw r0, #4000", 0xf64070a0, 4, Simple),
        ("sxtb16 r0, r1", 0xfa2ff081, 4, Simple),
        ("ssat r0, #16, r1", 0xf301000f, 4, Simple),
        ("dmb sy", 0xf3bf8f5f, 4, Simple),
        ("mrs r0, primask", 0xf3ef8010, 4, Simple),
        ("sadd16 r0, r1, r2", 0xfa91f002, 4, Simple),
        ("mul r8, r1, r2", 0xfb01f802, 4, Multiply),
        ("mla r0, r1, r2, r3", 0xfb013002, 4, MultiplyAdd),
        ("mls r0, r1, r2, r3", 0xfb013012, 4, MultiplyAdd),
        ("smlad r0, r1, r2, r3", 0xfb213002, 4, MultiplyHalves),
        ("smuad r0, r1, r2", 0xfb21f002, 4, MultiplyHalves),
        ("smlabb r0, r1, r2, r3", 0xfb113002, 4, MultiplyHalves),
        ("smulwt r0, r1, r2", 0xfb31f012, 4, MultiplyHalves),
        ("smmul r0, r1, r2", 0xfb51f002, 4, MultiplyHalves),
        ("smull r0, r1, r2, r3", 0xfb820103, 4, MultiplyLong),
        ("umull r0, r1, r2, r3", 0xfba20103, 4, MultiplyLong),
        ("smlal r0, r1, r2, r3", 0xfbc20103, 4, MultiplyAddLong),
        ("smlald r0, r1, r2, r3", 0xfbc201c3, 4, MultiplyAddLong),
        ("umlal r0, r1, r2, r3", 0xfbe20103, 4, MultiplyAddLong),
        ("sdiv r0, r1, r2", 0xfb91f0f2, 4, Divide),
        ("udiv r0, r1, r2", 0xfbb1f0f2, 4, Divide),
        ("vldr s0, [r0, #4]", 0xed900a01, 4, Load),
        ("vstr s0, [r0, #4]", 0xed800a01, 4, Store),
        ("vldmia r0!, {s0, s1, s2}", 0xecb00a03, 4, LoadMultiple(3)),
        ("vpush {s16, s17}", 0xed2d8a02, 4, StoreMultiple(2)),
        ("vadd.f32 s0, s1, s2", 0xee300a81, 4, Float),
        ("vmul.f32 s0, s1, s2", 0xee200a81, 4, Float),
        ("vcmp.f32 s0, s1", 0xeeb40a60, 4, Float),
        ("vcvt.s32.f32 s0, s1", 0xeebd0ae0, 4, Float),
        ("vmov r0, s0", 0xee100a10, 4, Float),
        ("vmov.f32 s0, s1", 0xeeb00a60, 4, Float),
        ("vmov r0, r1, s2, s3", 0xec510a11, 4, Float),
        ("vmrs apsr_nzcv, fpscr", 0xeef1fa10, 4, Float),
        ("vmaxnm.f32 s0, s1, s2", 0xfe800a81, 4, Float),
        ("vmla.f32 s0, s1, s2", 0xee000a81, 4, FloatMultiplyAdd),
        ("vfma.f32 s0, s1, s2", 0xeea00a81, 4, FloatMultiplyAdd),
        ("vfnms.f32 s0, s1, s2", 0xee900a81, 4, FloatMultiplyAdd),
        ("vdiv.f32 s0, s1, s2", 0xee800a81, 4, FloatDivide),
        ("vsqrt.f32 s0, s1", 0xeeb10ae0, 4, FloatDivide),
    ];

    #[test]
    fn known_instructions_have_their_class() {
        for (text, opcode, size, class) in KNOWN {
            assert_eq!(Class::of(opcode, size), class, "{text}");
        }
    }
}
