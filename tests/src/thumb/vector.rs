//! Helium's loops, and products across vectors.
use std::string::String;

use super::Fault;
use super::float::{self, Float};
use super::helium::{self, Elements};
use super::helium_float::{self, Products};
use super::machine::{Machine, Next};
use super::operand::{Address, Index, LR, Offset, Operand, PC, Register, SP};
use super::operation::{Operation, Width};
use super::text::Line;
use super::vector_access::{self as access, Access};

/// Elements of 16 bits in a vector.
const ELEMENTS: usize = 8;

#[derive(Debug, Clone, Copy)]
pub enum Vector {
    /// Of the floating-point unit, which cores without Helium have too.
    Float(Float),
    /// `DLS`; `WLS`, which leaves out a loop of no turns; `DLSTP.16` and `WLSTP.16`, from which on LR counts elements.
    LoopStart {
        count: Register,
        otherwise: Option<usize>,
        elements: bool,
    },
    /// `LE`, or `LETP`.
    LoopEnd {
        target: usize,
        elements: bool,
    },
    /// Loads and stores of vectors.
    Access(Access),
    /// `VPST`: the predicate holds for so many instructions, which are loads here.
    Block {
        length: usize,
    },
    /// A load of such a block: elements that the predicate leaves out are 0.
    InBlock(Access),
    /// `VLDR P0`: the predicate from a word in memory.
    Predicate(Address),
    /// `VMLAVA.S16`: the products of eight elements, added up; `VMLAV.S16` adds them to nothing.
    MultiplyAcross {
        to: Register,
        adds: bool,
        operands: [usize; 2],
    },
    Elements(Elements),
    /// Of floats.
    Products(Products),
}

impl Vector {
    pub fn is_helium(self) -> bool {
        match self {
            Self::Float(_) => false,
            Self::LoopStart { .. }
            | Self::LoopEnd { .. }
            | Self::Access(_)
            | Self::Block { .. }
            | Self::InBlock(_)
            | Self::Predicate(_)
            | Self::MultiplyAcross { .. }
            | Self::Elements(_)
            | Self::Products(_) => true,
        }
    }
}

/// An instruction of a known mnemonic; `Some(None)` where its operands are not of it.
pub fn decode(
    name: &str,
    operands: &[Operand<'_>],
    target: &dyn Fn(&str) -> Option<usize>,
) -> Option<Option<Operation>> {
    if let Some(access) = access::decode(name, operands) {
        let operation = |access| Operation::Vector(Vector::Access(access));
        return Some(access.map(operation));
    }
    if let Some(products) = helium_float::decode(name, operands) {
        let operation = |products| Operation::Vector(Vector::Products(products));
        return Some(products.map(operation));
    }
    if let Some(float) = float::decode(name, operands) {
        let operation = |float| Operation::Vector(Vector::Float(float));
        return Some(float.map(operation));
    }
    let in_block = match name {
        "vldrht.u16" => Some("vldrh.u16"),
        "vldrbt.s16" => Some("vldrb.s16"),
        _ => None,
    };
    if let Some(access) = in_block.and_then(|name| access::decode(name, operands)) {
        let operation = |access| Operation::Vector(Vector::InBlock(access));
        return Some(access.filter(Access::is_row).map(operation));
    }
    if let Some(elements) = helium::decode(name, operands) {
        let operation = |elements| Operation::Vector(Vector::Elements(elements));
        return Some(elements.map(operation));
    }
    let vector = match (name, operands) {
        ("vpst" | "vpstt" | "vpsttt" | "vpstttt", &[]) => Some(Vector::Block {
            length: name.len() - "vps".len(),
        }),
        ("vldr", &[Operand::Word("p0"), Operand::Address(address)]) => {
            let in_reach = matches!(address.offset, Offset::Number(offset) if offset % 4 == 0 && (-508..=508).contains(&offset));
            let stays = address.index == Index::Offset && address.base != PC;
            (in_reach && stays).then_some(Vector::Predicate(address))
        }
        ("dls" | "dlstp.16", &[Operand::Register(LR), Operand::Register(count)]) => {
            (count != SP && count != PC).then_some(Vector::LoopStart {
                count,
                otherwise: None,
                elements: name == "dlstp.16",
            })
        }
        (
            "wls" | "wlstp.16",
            &[
                Operand::Register(LR),
                Operand::Register(count),
                Operand::Word(label),
            ],
        ) => {
            let target = target(label).filter(|_| label.ends_with('f') && count != SP);
            target
                .filter(|_| count != PC)
                .map(|target| Vector::LoopStart {
                    count,
                    otherwise: Some(target),
                    elements: name == "wlstp.16",
                })
        }
        ("le" | "letp", &[Operand::Register(LR), Operand::Word(label)]) => target(label)
            .filter(|_| label.ends_with('b'))
            .map(|target| Vector::LoopEnd {
                target,
                elements: name == "letp",
            }),
        (
            "vmlav.s16" | "vmlava.s16",
            &[Operand::Register(to), Operand::Quad(n), Operand::Quad(m)],
        ) => {
            // The register of a sum has an even number.
            (to % 2 == 0).then_some(Vector::MultiplyAcross {
                to,
                adds: name == "vmlava.s16",
                operands: [n, m],
            })
        }
        (
            "vpst" | "vpstt" | "vpsttt" | "vpstttt" | "vldr" | "dls" | "dlstp.16" | "wls"
            | "wlstp.16" | "le" | "letp" | "vmlav.s16" | "vmlava.s16",
            _,
        ) => None,
        _ => return None,
    };
    Some(vector.map(Operation::Vector))
}

/// Checks that a block has as many instructions as it says, and that there are such in blocks alone.
///
/// # Errors
/// The line where that is not so.
pub fn blocks(code: &[(Operation, Line)]) -> Result<(), Fault> {
    let mut left = 0;
    for (operation, line) in code {
        let inside = matches!(operation, Operation::Vector(Vector::InBlock(_)));
        if inside != (left > 0) {
            return Err(line.fault("a block has other instructions"));
        }
        if let Operation::Vector(Vector::Block { length }) = operation {
            left = *length;
        } else if inside {
            left -= 1;
        }
    }
    Ok(())
}

impl Machine {
    pub(super) fn vector(&mut self, vector: Vector) -> Result<Next, String> {
        match vector {
            Vector::Float(float) => self.float(float)?,
            Vector::LoopStart {
                count,
                otherwise,
                elements,
            } => {
                let count = self.registers[count];
                if let Some(target) = otherwise.filter(|_| count == 0) {
                    return Ok(Next::Target(target));
                }
                self.registers[LR] = count;
                self.predicated = elements;
            }
            Vector::LoopEnd { target, elements } => {
                if self.predicated != elements {
                    return Err("no loop was begun".into());
                }
                let turn = if elements { ELEMENTS as u32 } else { 1 };
                if self.registers[LR] > turn {
                    self.registers[LR] -= turn;
                    return Ok(Next::Target(target));
                }
                self.predicated = false;
            }
            Vector::Access(access) => self.access(access)?,
            Vector::Block { .. } if self.predicated => {
                return Err("the model has no block in a tail-predicated loop".into());
            }
            Vector::Block { .. } => {}
            Vector::InBlock(access) => self.access_first(access, self.elements_of_predicate()?)?,
            Vector::Predicate(address) => {
                let at = self.address(address)?;
                self.words(at)?;
                self.predicate = self.read(at, Width::Word)? as u16;
            }
            Vector::MultiplyAcross { to, adds, operands } => {
                let [n, m] = operands.map(|quad| self.halves(quad));
                let mut sum = if adds { self.registers[to] } else { 0 };
                for (n, m) in n.into_iter().zip(m).take(self.active()) {
                    let product = i32::from(n) * i32::from(m);
                    sum = sum.wrapping_add(product as u32);
                }
                self.registers[to] = sum;
            }
            Vector::Elements(elements) => self.elements(elements)?,
            Vector::Products(products) => self.add_float_products(products)?,
        }
        Ok(Next::Line)
    }

    /// The first elements of 16 bits, which alone the predicate has.
    fn elements_of_predicate(&self) -> Result<usize, String> {
        let bits = self.predicate.trailing_ones();
        let first = u32::from(self.predicate) + 1 == 1 << bits;
        if !first || !bits.is_multiple_of(2) {
            return Err("the model knows predicates of the first elements alone".into());
        }
        Ok(bits as usize / 2)
    }

    /// Elements that an instruction works on: of a loop's last vector, those that are left (DDI 0553, "Tail predication").
    pub(super) fn active(&self) -> usize {
        if self.predicated {
            (self.registers[LR] as usize).min(ELEMENTS)
        } else {
            ELEMENTS
        }
    }
}
