//! Floats of single precision, and Helium's loops over vectors of eight elements.
use std::format;
use std::string::String;

use super::machine::{Machine, Next};
use super::operand::{Address, Index, LR, Offset, Operand, PC, Register, SP};
use super::operation::{Operation, Width};

/// Elements of 16 bits in a vector.
const ELEMENTS: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vector {
    /// `VLDM` and `VSTM`, upward from the base.
    Singles {
        load: bool,
        base: Register,
        advances: bool,
        first: usize,
        count: usize,
    },
    /// `VMLA.F32`: the product is rounded before it is added (DDI 0403, A7.7 "VMLA, VMLS").
    MultiplyAdd { to: usize, operands: [usize; 2] },
    /// `DLSTP.16`: LR counts elements from here on.
    LoopStart { count: Register },
    /// `LETP`.
    LoopEnd { target: usize },
    /// `VLDRH.U16` or `VLDRB.S16`, eight elements of that width; the base may move behind the access.
    Load {
        width: Width,
        to: usize,
        base: Register,
        step: i32,
    },
    /// `VMLAVA.S16`: the products of eight elements, added up.
    MultiplyAcross { to: Register, operands: [usize; 2] },
}

impl Vector {
    pub fn is_helium(self) -> bool {
        match self {
            Self::Singles { .. } | Self::MultiplyAdd { .. } => false,
            Self::LoopStart { .. }
            | Self::LoopEnd { .. }
            | Self::Load { .. }
            | Self::MultiplyAcross { .. } => true,
        }
    }
}

/// An instruction of a known mnemonic; `Some(None)` where its operands are not of it.
pub fn decode(
    name: &str,
    operands: &[Operand<'_>],
    target: &dyn Fn(&str) -> Option<usize>,
) -> Option<Option<Operation>> {
    let vector = match (name, operands) {
        ("vldm" | "vstm", _) => singles(name == "vldm", operands),
        ("vmla.f32", &[Operand::Single(to), Operand::Single(n), Operand::Single(m)]) => {
            let operands = [n, m];
            Some(Vector::MultiplyAdd { to, operands })
        }
        ("dlstp.16", &[Operand::Register(LR), Operand::Register(count)]) => {
            (count != SP && count != PC).then_some(Vector::LoopStart { count })
        }
        ("letp", &[Operand::Register(LR), Operand::Word(label)]) => target(label)
            .filter(|_| label.ends_with('b'))
            .map(|target| Vector::LoopEnd { target }),
        ("vldrh.u16", _) => load(Width::Half, operands),
        ("vldrb.s16", _) => load(Width::Byte, operands),
        ("vmlava.s16", &[Operand::Register(to), Operand::Quad(n), Operand::Quad(m)]) => {
            let operands = [n, m];
            // The register of a sum has an even number.
            (to % 2 == 0).then_some(Vector::MultiplyAcross { to, operands })
        }
        ("vmla.f32" | "dlstp.16" | "letp" | "vmlava.s16", _) => None,
        _ => return None,
    };
    Some(vector.map(Operation::Vector))
}

fn singles(load: bool, operands: &[Operand<'_>]) -> Option<Vector> {
    let (base, advances, first, count) = match *operands {
        [Operand::Register(base), Operand::Singles(first, count)] => (base, false, first, count),
        [Operand::Advancing(base), Operand::Singles(first, count)] => (base, true, first, count),
        _ => return None,
    };
    (base != PC && base != SP).then_some(Vector::Singles {
        load,
        base,
        advances,
        first,
        count,
    })
}

fn load(width: Width, operands: &[Operand<'_>]) -> Option<Vector> {
    let [Operand::Quad(to), Operand::Address(address)] = *operands else {
        return None;
    };
    let Address { base, index, .. } = address;
    let Offset::Number(step) = address.offset else {
        return None;
    };
    let unit = width.bytes() as i32;
    let in_reach = step % unit == 0 && (-127..=127).contains(&(step / unit));
    let moves = index == Index::Post || index == Index::Offset && step == 0;
    (in_reach && moves && base != PC && base != SP).then_some(Vector::Load {
        width,
        to,
        base,
        step,
    })
}

impl Machine {
    pub(super) fn vector(&mut self, vector: Vector) -> Result<Next, String> {
        match vector {
            Vector::Singles {
                load,
                base,
                advances,
                first,
                count,
            } => {
                let mut at = self.registers[base];
                self.words(at)?;
                for single in first..first + count {
                    if load {
                        self.singles[single] = self.read(at, Width::Word)?;
                    } else {
                        self.write(at, Width::Word, self.singles[single])?;
                    }
                    at = at.wrapping_add(4);
                }
                if advances {
                    self.registers[base] = at;
                }
            }
            Vector::MultiplyAdd { to, operands } => {
                let [n, m] = operands.map(|single| f32::from_bits(self.singles[single]));
                let product = n * m;
                let sum = f32::from_bits(self.singles[to]) + product;
                self.singles[to] = sum.to_bits();
            }
            Vector::LoopStart { count } => {
                self.registers[LR] = self.registers[count];
                self.predicated = true;
            }
            Vector::LoopEnd { target } => {
                if !self.predicated {
                    return Err("no loop was begun".into());
                }
                if self.registers[LR] > ELEMENTS as u32 {
                    self.registers[LR] -= ELEMENTS as u32;
                    return Ok(Next::Target(target));
                }
                self.predicated = false;
            }
            Vector::Load {
                width,
                to,
                base,
                step,
            } => {
                let start = self.registers[base];
                if !start.is_multiple_of(width.bytes()) {
                    return Err(format!("it faults at {start:#010x}, which is not aligned"));
                }
                let mut elements = [0; ELEMENTS];
                for (element, at) in elements.iter_mut().zip(0..).take(self.active()) {
                    let value = self.read(start.wrapping_add(width.bytes() * at), width)?;
                    *element = match width {
                        Width::Byte => i16::from(value as i8),
                        Width::Half | Width::Word => value as i16,
                    };
                }
                self.set_elements(to, elements);
                self.registers[base] = start.wrapping_add_signed(step);
            }
            Vector::MultiplyAcross { to, operands } => {
                let [n, m] = operands.map(|quad| self.elements(quad));
                for (n, m) in n.into_iter().zip(m).take(self.active()) {
                    let product = i32::from(n) * i32::from(m);
                    self.registers[to] = self.registers[to].wrapping_add(product as u32);
                }
            }
        }
        Ok(Next::Line)
    }

    /// Elements that an instruction works on: of a loop's last vector, those that are left (DDI 0553, "Tail predication").
    fn active(&self) -> usize {
        if self.predicated {
            (self.registers[LR] as usize).min(ELEMENTS)
        } else {
            ELEMENTS
        }
    }

    fn elements(&self, quad: usize) -> [i16; ELEMENTS] {
        let word = |element: usize| self.singles[4 * quad + element / 2];
        core::array::from_fn(|element| (word(element) >> (16 * (element % 2))) as i16)
    }

    fn set_elements(&mut self, quad: usize, elements: [i16; ELEMENTS]) {
        for (pair, at) in elements.chunks_exact(2).zip(4 * quad..) {
            self.singles[at] = u32::from(pair[0] as u16) | u32::from(pair[1] as u16) << 16;
        }
    }
}
