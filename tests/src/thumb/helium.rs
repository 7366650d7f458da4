//! Helium's instructions on the elements of vectors (DDI 0553, chapter C2) that are no loads, stores or sums across them. In a
//! tail-predicated loop stand only those of two vectors of halves.
use std::format;
use std::string::String;

use super::elements::{HALVES, NUMBERS, Of2, WORDS, find, shift};
use super::machine::Machine;
use super::models::saturated;
use super::operand::{Operand, PC, Register, SP};

#[derive(Debug, Clone, Copy)]
pub enum Elements {
    /// Of words.
    Words {
        of: Of2,
        to: usize,
        operands: [usize; 2],
    },
    /// Of halves.
    Halves {
        of: Of2,
        to: usize,
        operands: [usize; 2],
    },
    /// Of words and a register.
    WordsBy {
        of: Of2,
        to: usize,
        from: usize,
        by: Register,
    },
    /// Of halves and a register.
    HalvesBy {
        of: Of2,
        to: usize,
        from: usize,
        by: Register,
    },
    /// Of words and a number.
    WordsNumber {
        of: Of2,
        to: usize,
        from: usize,
        number: u32,
    },
    /// `VMLA`: words times a register, added to those that are there.
    MultiplyAdd {
        to: usize,
        from: usize,
        by: Register,
    },
    /// Products of the halves with even numbers, or with odd ones.
    MultiplyLong {
        top: bool,
        to: usize,
        operands: [usize; 2],
    },
    /// Words, saturated, to the halves with even numbers or with odd ones.
    Narrow { top: bool, to: usize, from: usize },
    /// Halves with even numbers to words.
    Widen {
        signed: bool,
        to: usize,
        from: usize,
    },
    /// Two words from two registers.
    Lanes {
        to: usize,
        lanes: [usize; 2],
        from: [Register; 2],
    },
    /// `VIDUP` by one: the register's value and those that follow; the register gets the next.
    Count {
        halves: bool,
        to: usize,
        start: Register,
    },
    /// A register in all elements.
    Duplicate {
        halves: bool,
        to: usize,
        from: Register,
    },
}

fn plain(register: Register) -> bool {
    register != SP && register != PC
}

/// An instruction of a known mnemonic; `Some(None)` where its operands are not of it.
pub fn decode(name: &str, operands: &[Operand<'_>]) -> Option<Option<Elements>> {
    let is_known = find(&WORDS, name).is_some()
        || find(&HALVES, name).is_some()
        || NUMBERS.iter().any(|entry| entry.0 == name)
        || OTHERS.contains(&name);
    is_known.then(|| known(name, operands))
}

/// Mnemonics that are in no table.
const OTHERS: [&str; 16] = [
    "vneg.s32",
    "vbic.i32",
    "vmov.i32",
    "vmov",
    "vmul.i16",
    "vmla.i32",
    "vmullb.s16",
    "vmullt.s16",
    "vqmovnb.s32",
    "vqmovnt.s32",
    "vmovlb.s16",
    "vmovlb.u16",
    "vidup.u16",
    "vidup.u32",
    "vdup.16",
    "vdup.32",
];

fn known(name: &str, operands: &[Operand<'_>]) -> Option<Elements> {
    match *operands {
        [Operand::Quad(to), Operand::Quad(n), Operand::Quad(m)] => {
            let operands = [n, m];
            if name == "vmullb.s16" || name == "vmullt.s16" {
                let top = name == "vmullt.s16";
                return Some(Elements::MultiplyLong { top, to, operands });
            }
            let words = find(&WORDS, name).map(|of| Elements::Words { of, to, operands });
            words.or_else(|| find(&HALVES, name).map(|of| Elements::Halves { of, to, operands }))
        }
        [
            Operand::Quad(to),
            Operand::Quad(from),
            Operand::Register(by),
        ] if plain(by) => match name {
            "vmul.i16" => Some(Elements::HalvesBy {
                of: u32::wrapping_mul,
                to,
                from,
                by,
            }),
            "vmla.i32" => Some(Elements::MultiplyAdd { to, from, by }),
            "vmul.i32" | "vadd.i32" | "vsub.i32" | "vqadd.s32" => {
                find(&WORDS, name).map(|of| Elements::WordsBy { of, to, from, by })
            }
            _ => None,
        },
        [Operand::Quad(to), Operand::Register(by)] if plain(by) => match name {
            "vshl.s32" => Some(Elements::WordsBy {
                of: shift,
                to,
                from: to,
                by,
            }),
            "vdup.16" | "vdup.32" => {
                let halves = name == "vdup.16";
                Some(Elements::Duplicate {
                    halves,
                    to,
                    from: by,
                })
            }
            _ => None,
        },
        [
            Operand::Quad(to),
            Operand::Quad(from),
            Operand::Number(number),
        ] => {
            let &(_, of, most) = NUMBERS.iter().find(|entry| entry.0 == name)?;
            let least = i64::from(most == 32);
            let number = u32::try_from(number).ok()?;
            (least..=most)
                .contains(&number.into())
                .then_some(Elements::WordsNumber {
                    of,
                    to,
                    from,
                    number,
                })
        }
        [
            Operand::Quad(to),
            Operand::Register(start),
            Operand::Number(1),
        ] => {
            let even = start % 2 == 0 && plain(start);
            let halves = name == "vidup.u16";
            (even && name.starts_with("vidup")).then_some(Elements::Count { halves, to, start })
        }
        [Operand::Quad(to), Operand::Number(number)] => {
            let of: Of2 = match name {
                "vbic.i32" => |n, m| n & !m,
                "vmov.i32" => |_, m| m,
                _ => return None,
            };
            let number = u32::try_from(number).ok()?;
            // A byte at one of four places.
            let fits = (0..4).any(|byte| number & !(0xff << (8 * byte)) == 0);
            fits.then_some(Elements::WordsNumber {
                of,
                to,
                from: to,
                number,
            })
        }
        [Operand::Quad(to), Operand::Quad(from)] => match name {
            "vneg.s32" => {
                let of: Of2 = |n, _| n.wrapping_neg();
                Some(Elements::WordsNumber {
                    of,
                    to,
                    from,
                    number: 0,
                })
            }
            "vqmovnb.s32" | "vqmovnt.s32" => {
                let top = name == "vqmovnt.s32";
                Some(Elements::Narrow { top, to, from })
            }
            "vmovlb.s16" | "vmovlb.u16" => {
                let signed = name == "vmovlb.s16";
                Some(Elements::Widen { signed, to, from })
            }
            _ => None,
        },
        [
            Operand::Lane(to, upper),
            Operand::Lane(same, lower),
            Operand::Register(first),
            Operand::Register(second),
        ] => {
            let fits = name == "vmov" && same == to && upper == lower + 2;
            let lanes = [lower, upper];
            let from = [first, second];
            (fits && from.into_iter().all(plain)).then_some(Elements::Lanes { to, lanes, from })
        }
        _ => None,
    }
}

impl Machine {
    pub(super) fn elements(&mut self, elements: Elements) -> Result<(), String> {
        if self.predicated && !matches!(elements, Elements::Halves { .. }) {
            return Err(format!(
                "the model has no {elements:?} in a tail-predicated loop"
            ));
        }
        match elements {
            Elements::Words { of, to, operands } => {
                let [n, m] = operands.map(|quad| self.words_of(quad));
                self.set_words(to, core::array::from_fn(|i| of(n[i], m[i])));
            }
            Elements::Halves { of, to, operands } => {
                let [n, m] = operands.map(|quad| self.halves(quad));
                let mut halves = self.halves(to);
                for (i, half) in halves.iter_mut().enumerate().take(self.active()) {
                    *half = of(u32::from(n[i] as u16), u32::from(m[i] as u16)) as i16;
                }
                self.set_halves(to, halves);
            }
            Elements::WordsBy { of, to, from, by } => {
                let by = self.registers[by];
                let words = self.words_of(from).map(|word| of(word, by));
                self.set_words(to, words);
            }
            Elements::HalvesBy { of, to, from, by } => {
                let by = self.registers[by];
                let halves = self.halves(from).map(|half| of(half as u32, by) as i16);
                self.set_halves(to, halves);
            }
            Elements::WordsNumber {
                of,
                to,
                from,
                number,
            } => {
                let words = self.words_of(from).map(|word| of(word, number));
                self.set_words(to, words);
            }
            Elements::MultiplyAdd { to, from, by } => {
                let (sums, by) = (self.words_of(to), self.registers[by]);
                let from = self.words_of(from);
                let sum = |i: usize| from[i].wrapping_mul(by).wrapping_add(sums[i]);
                self.set_words(to, core::array::from_fn(sum));
            }
            Elements::MultiplyLong { top, to, operands } => {
                let [n, m] = operands.map(|quad| self.halves(quad));
                let product = |i: usize| {
                    let half = 2 * i + usize::from(top);
                    (i32::from(n[half]) * i32::from(m[half])) as u32
                };
                self.set_words(to, core::array::from_fn(product));
            }
            Elements::Narrow { top, to, from } => {
                let words = self.words_of(from);
                let mut halves = self.halves(to);
                for (i, word) in words.into_iter().enumerate() {
                    halves[2 * i + usize::from(top)] = saturated(word, true, 16) as i16;
                }
                self.set_halves(to, halves);
            }
            Elements::Widen { signed, to, from } => {
                let halves = self.halves(from);
                let word = |i: usize| match signed {
                    true => halves[2 * i] as u32,
                    false => u32::from(halves[2 * i] as u16),
                };
                self.set_words(to, core::array::from_fn(word));
            }
            Elements::Lanes { to, lanes, from } => {
                let mut words = self.words_of(to);
                for (lane, register) in lanes.into_iter().zip(from) {
                    words[lane] = self.registers[register];
                }
                self.set_words(to, words);
            }
            Elements::Count { halves, to, start } => {
                let first = self.registers[start];
                let value = |i: usize| first.wrapping_add(i as u32);
                if halves {
                    self.set_halves(to, core::array::from_fn(|i| value(i) as i16));
                } else {
                    self.set_words(to, core::array::from_fn(value));
                }
                self.registers[start] = value(if halves { 8 } else { 4 });
            }
            Elements::Duplicate { halves, to, from } => {
                let value = self.registers[from];
                if halves {
                    self.set_halves(to, [value as i16; 8]);
                } else {
                    self.set_words(to, [value; 4]);
                }
            }
        }
        Ok(())
    }

    pub(super) fn words_of(&self, quad: usize) -> [u32; 4] {
        core::array::from_fn(|word| self.singles[4 * quad + word])
    }

    pub(super) fn set_words(&mut self, quad: usize, words: [u32; 4]) {
        self.singles[4 * quad..][..4].copy_from_slice(&words);
    }

    pub(super) fn halves(&self, quad: usize) -> [i16; 8] {
        let word = |half: usize| self.singles[4 * quad + half / 2];
        core::array::from_fn(|half| (word(half) >> (16 * (half % 2))) as i16)
    }

    pub(super) fn set_halves(&mut self, quad: usize, halves: [i16; 8]) {
        for (pair, at) in halves.chunks_exact(2).zip(4 * quad..) {
            self.singles[at] = u32::from(pair[0] as u16) | u32::from(pair[1] as u16) << 16;
        }
    }
}
