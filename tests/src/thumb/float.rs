//! Floats of single precision (DDI 0403, A7.7; `VSEL` in DDI 0403 E, which FPv5 has).
use core::cmp::Ordering;
use std::format;
use std::string::String;

use super::alu::Flags;
use super::machine::Machine;
use super::operand::{Operand, PC, Register, SP};
use super::operation::{Condition, Width};

/// The cumulative flags of FPSCR: subnormal input, inexact, underflow, overflow, division by zero and invalid operation.
pub const CUMULATIVE: u32 = 0x9f;
/// The last of them, and those that programs may change: subnormal input, underflow and invalid operation.
const INVALID: u32 = 1;
const CHANGING: u32 = 0x89;
/// The flags of comparisons.
const FLAGS: u32 = 0xf000_0000;
/// `LTPSIZE`: no loop is tail-predicated. With everything else 0 it is what FPSCR is from reset on, with Helium.
const STATUS: u32 = 4 << 16;

/// The bit of NaN that is not signaling.
const QUIET: u32 = 0x0040_0000;

#[derive(Debug, Clone, Copy)]
pub enum Float {
    /// `VLDM` and `VSTM`, upward from the base.
    Singles {
        load: bool,
        base: Register,
        advances: bool,
        first: usize,
        count: usize,
    },
    /// `VPUSH`, or `VPOP`.
    Stack {
        push: bool,
        first: usize,
        count: usize,
    },
    /// `VFMA.F32`: a product and its sum are rounded once ("VFMA, VFMS").
    MultiplyAdd {
        to: usize,
        operands: [usize; 2],
    },
    /// `VCMP.F32`, whose flags stay in the floating-point unit; to `VCMPE.F32` NaN is invalid.
    Compare {
        operands: [usize; 2],
        invalid: bool,
    },
    /// `VMRS APSR_nzcv, FPSCR`: these flags as those of the core.
    TakeFlags,
    /// `VMRS` and `VMSR` of a register: the flags of the last comparison, and the cumulative ones.
    TakeStatus(Register),
    GiveStatus(Register),
    /// `VMAXNM.F32`: the number of a number and a quiet NaN, and zero of two zeros unless both are negative.
    Larger {
        to: usize,
        operands: [usize; 2],
    },
    /// `VSELGT.F32`.
    SelectGreater {
        to: usize,
        operands: [usize; 2],
    },
    /// `IT` of one instruction, which is a `MoveIf` of the same condition.
    If(Condition),
    /// `VMOV.F32` in an `IT` block.
    MoveIf {
        condition: Condition,
        to: usize,
        from: usize,
    },
}

/// An instruction of a known mnemonic; `Some(None)` where its operands are not of it.
pub fn decode(name: &str, operands: &[Operand<'_>]) -> Option<Option<Float>> {
    let plain = |register| register != SP && register != PC;
    Some(match (name, operands) {
        ("vldm" | "vstm", _) => singles(name == "vldm", operands),
        ("vpush" | "vpop", &[Operand::Singles(first, count)]) => Some(Float::Stack {
            push: name == "vpush",
            first,
            count,
        }),
        (
            "vfma.f32" | "vselgt.f32" | "vmaxnm.f32",
            &[Operand::Single(to), Operand::Single(n), Operand::Single(m)],
        ) => {
            let operands = [n, m];
            Some(match name {
                "vfma.f32" => Float::MultiplyAdd { to, operands },
                "vmaxnm.f32" => Float::Larger { to, operands },
                _ => Float::SelectGreater { to, operands },
            })
        }
        ("vcmp.f32" | "vcmpe.f32", &[Operand::Single(n), Operand::Single(m)]) => {
            Some(Float::Compare {
                operands: [n, m],
                invalid: name == "vcmpe.f32",
            })
        }
        ("vmrs", &[Operand::Word("apsr_nzcv"), Operand::Word("fpscr")]) => Some(Float::TakeFlags),
        ("vmrs", &[Operand::Register(to), Operand::Word("fpscr")]) => {
            plain(to).then_some(Float::TakeStatus(to))
        }
        ("vmsr", &[Operand::Word("fpscr"), Operand::Register(from)]) => {
            plain(from).then_some(Float::GiveStatus(from))
        }
        ("it", &[Operand::Word(condition)]) => Condition::parse(condition).map(Float::If),
        (_, &[Operand::Single(to), Operand::Single(from)]) if name.starts_with("vmov") => {
            let condition = name.strip_prefix("vmov")?.strip_suffix(".f32")?;
            Some(Float::MoveIf {
                condition: Condition::parse(condition)?,
                to,
                from,
            })
        }
        (
            "vpush" | "vpop" | "vfma.f32" | "vselgt.f32" | "vmaxnm.f32" | "vcmp.f32" | "vcmpe.f32"
            | "vmrs" | "vmsr" | "it",
            _,
        ) => None,
        _ => return None,
    })
}

fn singles(load: bool, operands: &[Operand<'_>]) -> Option<Float> {
    let (base, advances, first, count) = match *operands {
        [Operand::Register(base), Operand::Singles(first, count)] => (base, false, first, count),
        [Operand::Advancing(base), Operand::Singles(first, count)] => (base, true, first, count),
        _ => return None,
    };
    (base != PC && base != SP).then_some(Float::Singles {
        load,
        base,
        advances,
        first,
        count,
    })
}

impl Machine {
    pub(super) fn float(&mut self, float: Float) -> Result<(), String> {
        match float {
            Float::Singles {
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
            Float::MultiplyAdd { to, operands } => {
                let [n, m] = operands.map(|single| f32::from_bits(self.singles[single]));
                let sum = n.mul_add(m, f32::from_bits(self.singles[to]));
                self.singles[to] = sum.to_bits();
            }
            Float::Compare { operands, invalid } => {
                let [n, m] = operands.map(|single| f32::from_bits(self.singles[single]));
                if invalid && (n.is_nan() || m.is_nan()) {
                    self.cumulative |= INVALID;
                }
                // `FPCompare` (DDI 0403, A2.5.8): N, Z, C and V.
                let [negative, zero, carry, overflow] = match n.partial_cmp(&m) {
                    Some(Ordering::Equal) => [false, true, true, false],
                    Some(Ordering::Less) => [true, false, false, false],
                    Some(Ordering::Greater) => [false, false, true, false],
                    None => [false, false, true, true],
                };
                self.float_flags = Flags {
                    negative,
                    zero,
                    carry,
                    overflow,
                };
            }
            Float::TakeFlags => self.flags = self.float_flags,
            Float::TakeStatus(to) => {
                let Flags {
                    negative,
                    zero,
                    carry,
                    overflow,
                } = self.float_flags;
                let flags = [negative, zero, carry, overflow];
                let flags = flags
                    .map(u32::from)
                    .into_iter()
                    .fold(0, |bits, bit| bits << 1 | bit);
                self.registers[to] = flags << 28 | STATUS | self.cumulative;
            }
            Float::GiveStatus(from) => {
                let status = self.registers[from];
                let changed = (status ^ self.cumulative) & !FLAGS;
                if changed & !CHANGING != STATUS {
                    return Err(format!(
                        "it changes how floats are rounded, or the caller's flags: {status:#010x}"
                    ));
                }
                self.cumulative = status & CUMULATIVE;
            }
            Float::Larger { to, operands } => {
                // `FPMaxNum` (DDI 0403, A2.5.9).
                let [n, m] = operands.map(|single| f32::from_bits(self.singles[single]));
                let signaling = |x: f32| x.is_nan() && x.to_bits() & QUIET == 0;
                let larger = if signaling(n) || signaling(m) {
                    self.cumulative |= INVALID;
                    let nan = if signaling(n) { n } else { m };
                    f32::from_bits(nan.to_bits() | QUIET)
                } else if n == m {
                    f32::from_bits(n.to_bits() & m.to_bits())
                } else if n.is_nan() || m > n {
                    m
                } else {
                    n
                };
                self.singles[to] = larger.to_bits();
            }
            Float::SelectGreater {
                to,
                operands: [n, m],
            } => {
                let from = if self.flags.hold(Condition::Greater) {
                    n
                } else {
                    m
                };
                self.singles[to] = self.singles[from];
            }
            // What it governs says its condition itself.
            Float::If(_) => {}
            Float::MoveIf {
                condition,
                to,
                from,
            } => {
                if self.flags.hold(condition) {
                    self.singles[to] = self.singles[from];
                }
            }
            Float::Stack { push, first, count } => {
                let sp = self.registers[SP];
                let start = if push {
                    sp.wrapping_sub(4 * count as u32)
                } else {
                    sp
                };
                self.set_stack(start)?;
                for (single, at) in (first..first + count).zip(0..) {
                    let at = start.wrapping_add(4 * at);
                    if push {
                        self.write(at, Width::Word, self.singles[single])?;
                    } else {
                        self.singles[single] = self.read(at, Width::Word)?;
                    }
                }
                if !push {
                    self.set_stack(start.wrapping_add(4 * count as u32))?;
                }
            }
        }
        Ok(())
    }
}
