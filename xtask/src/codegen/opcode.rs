//! The instructions that hot loops are made of, known by their bits (Arm v7-M and v8.1-M architecture reference manuals).

/// An instruction of 32 bits that a kernel is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opcode {
    /// Two products of 16 bits, added to 32.
    Smlad,
    /// Two products of 16 bits, added to 64.
    Smlald,
    /// Eight products of 16 bits, added to 32: VMLADAVA, which has this name too.
    Vmlava,
    /// The end of a loop whose last turn is cut to length.
    Letp,
}

impl Opcode {
    /// As an assembler writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Smlad => "smlad",
            Self::Smlald => "smlald",
            Self::Vmlava => "vmlava",
            Self::Letp => "letp",
        }
    }

    /// Bits of both halfwords that are fixed, and what they are.
    fn pattern(self) -> [(u16, u16); 2] {
        match self {
            Self::Smlad => [(0xfff0, 0xfb20), (0x00f0, 0x0000)],
            Self::Smlald => [(0xfff0, 0xfbc0), (0x00f0, 0x00c0)],
            Self::Vmlava => [(0xfff0, 0xeef0), (0x1ff1, 0x0e20)],
            Self::Letp => [(0xffff, 0xf01f), (0xf001, 0xc001)],
        }
    }

    fn is(self, first: u16, second: u16) -> bool {
        let [(of_first, in_first), (of_second, in_second)] = self.pattern();
        // With 15 for the sum it is SMUAD, which adds to none.
        let adds = self != Self::Smlad || second >> 12 != 15;
        adds && first & of_first == in_first && second & of_second == in_second
    }
}

/// How often an instruction stands in Thumb code, given as halfwords.
pub fn count(code: &[u16], opcode: Opcode) -> usize {
    let mut found = 0;
    let mut rest = code;
    while let [first, after @ ..] = rest {
        rest = after;
        // These begin an instruction of two halfwords.
        if first >> 11 >= 0b11101
            && let [second, after @ ..] = rest
        {
            found += usize::from(opcode.is(*first, *second));
            rest = after;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Opcode; 4] = [Opcode::Smlad, Opcode::Smlald, Opcode::Vmlava, Opcode::Letp];

    /// As assembled: `smlad r3, r4, r8, r3`, `smlald r0, r1, r2, r3`, `vmlava.s16 r2, q1, q0`, `letp lr, #-40`.
    const TEXTS: [[u16; 2]; 4] = [
        [0xfb24, 0x3308],
        [0xfbc2, 0x01c3],
        [0xeef2, 0x2e20],
        [0xf01f, 0xc015],
    ];

    #[test]
    fn each_instruction_is_known_and_no_other() {
        for (opcode, text) in ALL.into_iter().zip(TEXTS) {
            for other in ALL {
                let expected = usize::from(other == opcode);
                assert_eq!(
                    count(&text, other),
                    expected,
                    "{} in {text:x?}",
                    other.name()
                );
            }
        }
        // smuad r3, r4, r8; smlsd r3, r4, r8, r3; smlal r0, r1, r2, r3; vmladav.s16 r2, q1, q0 (no sum before); le lr
        for text in [
            [0xfb24, 0xf308],
            [0xfb44, 0x3308],
            [0xfbc2, 0x0103],
            [0xeef2, 0x2e00],
            [0xf00f, 0xc015],
        ] {
            assert!(
                ALL.iter().all(|&opcode| count(&text, opcode) == 0),
                "{text:x?}"
            );
        }
    }

    #[test]
    fn the_second_half_of_an_instruction_begins_none() {
        // nop; ldr.w r15-like halves around one smlad.
        let [a, b] = TEXTS[0];
        assert_eq!(count(&[0xbf00, a, b, 0xbf00], Opcode::Smlad), 1);
        assert_eq!(count(&[0xf8d0, a, b, 0xbf00], Opcode::Smlad), 0);
        assert_eq!(count(&[a], Opcode::Smlad), 0);
    }
}
