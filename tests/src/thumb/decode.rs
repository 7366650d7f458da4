//! From lines to operations: mnemonics with their suffixes and the operands that they take.
use std::borrow::ToOwned;
use std::string::String;
use std::vec::Vec;

use super::alu::number_carry;
use super::float::Float;
use super::loads::memory;
use super::models::{EXTEND, LONG, OF2, OF3, packs_with};
use super::operand::{Operand, PC, Register, SP, Shift, ShiftKind};
use super::operation::{Condition, Data, Operation, Second};
use super::text::{Line, Lines};
use super::vector::Vector;
use super::{Core, Fault, v6m, vector};

/// A text that a core executes.
pub struct Program {
    pub(super) core: Core,
    pub(super) code: Vec<(Operation, Line)>,
}

impl Program {
    /// Reads the text of a function for a core.
    ///
    /// # Errors
    /// The line that is no instruction which the model knows, or none of the core.
    pub fn parse(text: &str, core: Core) -> Result<Self, Fault> {
        let lines = Lines::of(text)?;
        let mut code = Vec::with_capacity(lines.lines.len());
        for (at, line) in lines.lines.iter().enumerate() {
            let operation =
                decode(&line.text, |name| lines.target(at, name)).map_err(|why| line.fault(why))?;
            if core == Core::V6m && !v6m::has(&operation, &line.text) {
                return Err(line.fault("v6-M has no such instruction"));
            }
            if core != Core::V81m && matches!(operation, Operation::Vector(of) if of.is_helium()) {
                return Err(line.fault("only cores with Helium have it"));
            }
            code.push((operation, line.clone()));
        }
        vector::blocks(&code)?;
        let mut begun = None;
        for (operation, line) in &code {
            if begun != governed(operation) {
                return Err(line.fault("an IT says another condition, or none does"));
            }
            begun = begins(operation);
        }
        Ok(Self { core, code })
    }
}

/// What an `IT` says of the next line.
fn begins(operation: &Operation) -> Option<Condition> {
    if let Operation::Vector(Vector::Float(Float::If(condition))) = *operation {
        Some(condition)
    } else {
        None
    }
}

/// What a line says that the `IT` before it says.
fn governed(operation: &Operation) -> Option<Condition> {
    if let Operation::Vector(Vector::Float(Float::MoveIf { condition, .. })) = *operation {
        Some(condition)
    } else {
        None
    }
}

const UNKNOWN: &str = "the model does not know this instruction";
const OPERANDS: &str = "these are not operands of this instruction";

pub(super) type Decoded = Result<Operation, String>;

fn decode(text: &str, target: impl Fn(&str) -> Option<usize>) -> Decoded {
    let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let name = name.strip_suffix(".w").unwrap_or(name);
    let operands = Operand::list(rest).ok_or_else(|| OPERANDS.to_owned())?;
    let operands = operands.as_slice();
    let found = branch(name, operands, &target)
        .or_else(|| vector::decode(name, operands, &target).and_then(known))
        .or_else(|| memory(name, operands))
        .or_else(|| of_registers(name, operands))
        .or_else(|| shift(name, operands))
        .or_else(|| data(name, operands));
    found.unwrap_or_else(|| Err(UNKNOWN.to_owned()))
}

/// What a known mnemonic makes of its operands.
pub(super) fn known(operation: Option<Operation>) -> Option<Decoded> {
    Some(operation.ok_or_else(|| OPERANDS.to_owned()))
}

/// Registers that are no stack pointer and no program counter.
pub(super) fn plain<const N: usize>(operands: &[Operand<'_>]) -> Option<[Register; N]> {
    let operands: [Operand<'_>; N] = operands.try_into().ok()?;
    let mut registers = [0; N];
    for (place, operand) in registers.iter_mut().zip(operands) {
        match operand {
            Operand::Register(register) if register != SP && register != PC => *place = register,
            _ => return None,
        }
    }
    Some(registers)
}

fn branch(
    name: &str,
    operands: &[Operand<'_>],
    target: &dyn Fn(&str) -> Option<usize>,
) -> Option<Decoded> {
    let condition = match name {
        "bx" => {
            return known(plain(operands).map(|[register]| Operation::BranchTo { register }));
        }
        "adr" => {
            let [Operand::Register(to), Operand::Word(label)] = *operands else {
                return known(None);
            };
            let target = target(label).filter(|_| to != SP && to != PC);
            return known(target.map(|target| Operation::Place { to, target }));
        }
        "cbz" | "cbnz" => {
            let [Operand::Register(register @ 0..=7), Operand::Word(label)] = *operands else {
                return known(None);
            };
            let target = target(label).filter(|_| label.ends_with('f'));
            return known(target.map(|target| Operation::BranchOn {
                zero: name == "cbz",
                register,
                target,
            }));
        }
        "b" => None,
        _ => Some(Condition::parse(name.strip_prefix('b')?)?),
    };
    let [Operand::Word(label)] = *operands else {
        return known(None);
    };
    known(target(label).map(|target| Operation::Branch { condition, target }))
}

/// Instructions whose operands are registers, for the most part.
fn of_registers(name: &str, operands: &[Operand<'_>]) -> Option<Decoded> {
    if let Some(&(_, of)) = OF3.iter().find(|model| model.0 == name) {
        let operation = |[to, n, m, a]: [Register; 4]| Operation::Of3 {
            of,
            to,
            operands: [n, m, a],
        };
        return known(plain(operands).map(operation));
    }
    if let Some(&(_, of)) = OF2.iter().find(|model| model.0 == name) {
        let operation = |[to, n, m]: [Register; 3]| Operation::Of2 {
            of,
            to,
            operands: [n, m],
        };
        return known(plain(operands).map(operation));
    }
    if let Some(&(_, of)) = LONG.iter().find(|model| model.0 == name) {
        let operation = |[low, high, n, m]: [Register; 4]| Operation::Long {
            of,
            sum: [low, high],
            operands: [n, m],
        };
        let apart = |registers: &[Register; 4]| registers[0] != registers[1];
        return known(plain(operands).filter(apart).map(operation));
    }
    if let Some(&(_, of)) = EXTEND.iter().find(|model| model.0 == name) {
        let (registers, rotation) = match operands {
            [
                registers @ ..,
                Operand::Shift(Shift {
                    kind: ShiftKind::Ror,
                    places: places @ (8 | 16 | 24),
                }),
            ] => (registers, *places),
            _ => (operands, 0),
        };
        let operation = |[to, from]: [Register; 2]| Operation::Extend {
            of,
            to,
            from,
            rotation,
        };
        return known(plain(registers).map(operation));
    }
    let three = || plain::<3>(operands);
    match name {
        "muls" => known(three().and_then(|[to, n, m]| {
            let narrow = n < 8 && m < 8 && (to == n || to == m);
            narrow.then_some(Operation::Multiply {
                to,
                operands: [n, m],
            })
        })),
        "ssub16" => known(three().map(|[to, n, m]| Operation::Subtract16 {
            to,
            operands: [n, m],
        })),
        "sel" => known(three().map(|[to, n, m]| Operation::Select {
            to,
            operands: [n, m],
        })),
        "pkhbt" | "pkhtb" => known(pack(name == "pkhtb", operands)),
        "ssat" | "usat" => known(saturate(name == "ssat", operands)),
        "ubfx" | "sbfx" => known(field(name == "sbfx", operands)),
        _ => None,
    }
}

fn pack(top_of_first: bool, operands: &[Operand<'_>]) -> Option<Operation> {
    let (registers, shift) = match operands {
        [registers @ .., Operand::Shift(shift)] => (registers, *shift),
        _ => (operands, Shift::NONE),
    };
    let [to, n, m] = plain(registers)?;
    packs_with(shift, top_of_first).then_some(Operation::Pack {
        top_of_first,
        to,
        operands: [n, m],
        shift,
    })
}

fn saturate(signed: bool, operands: &[Operand<'_>]) -> Option<Operation> {
    let (to, bits, from, shift) = match *operands {
        [to, Operand::Number(bits), from] => (to, bits, from, Shift::NONE),
        [to, Operand::Number(bits), from, Operand::Shift(shift)] => (to, bits, from, shift),
        _ => return None,
    };
    let least = if signed { 1 } else { 0 };
    let most = if signed { 32 } else { 31 };
    let shifts = match shift.kind {
        ShiftKind::Lsl => true,
        ShiftKind::Asr => shift.places < 32,
        ShiftKind::Lsr | ShiftKind::Ror => false,
    };
    let [to, from] = plain(&[to, from])?;
    (shifts && (least..=most).contains(&bits)).then_some(Operation::Saturate {
        signed,
        bits: bits as u32,
        to,
        from,
        shift,
    })
}

fn field(signed: bool, operands: &[Operand<'_>]) -> Option<Operation> {
    let [to, from, Operand::Number(lowest), Operand::Number(bits)] = *operands else {
        return None;
    };
    let [to, from] = plain(&[to, from])?;
    (lowest >= 0 && bits >= 1 && lowest + bits <= 32).then_some(Operation::Field {
        signed,
        to,
        from,
        lowest: lowest as u32,
        bits: bits as u32,
    })
}

/// A mnemonic of an operation with flags: `adds` is `add` and true.
fn flagged<T>(name: &str, find: impl Fn(&str) -> Option<T>) -> Option<(T, bool)> {
    find(name)
        .map(|found| (found, false))
        .or_else(|| find(name.strip_suffix('s')?).map(|found| (found, true)))
}

/// Shifts are moves of a shifted register.
fn shift(name: &str, operands: &[Operand<'_>]) -> Option<Decoded> {
    let (kind, flags) = flagged(name, ShiftKind::parse)?;
    let (to, from, by) = match *operands {
        [to, from, by] => (to, from, by),
        [to, by] => (to, to, by),
        _ => return known(None),
    };
    let Some([to, from]) = plain(&[to, from]) else {
        return known(None);
    };
    let second = match by {
        Operand::Register(by) if by != SP && by != PC => Second::ShiftedBy(from, kind, by),
        Operand::Number(places @ 1..=31) => {
            let places = places as u32;
            Second::Register(from, Shift { kind, places })
        }
        Operand::Number(32) if matches!(kind, ShiftKind::Lsr | ShiftKind::Asr) => {
            Second::Register(from, Shift { kind, places: 32 })
        }
        _ => return known(None),
    };
    known(Some(Operation::Data {
        data: Data::Move,
        flags,
        to,
        first: to,
        second,
    }))
}

fn data(name: &str, operands: &[Operand<'_>]) -> Option<Decoded> {
    let of = |name: &str| {
        Some(match name {
            "mov" => Data::Move,
            "mvn" => Data::MoveNot,
            "and" => Data::And,
            "orr" => Data::Or,
            "orn" => Data::OrNot,
            "eor" => Data::ExclusiveOr,
            "bic" => Data::Clear,
            "add" => Data::Add,
            "adc" => Data::AddCarry,
            "sub" => Data::Subtract,
            "sbc" => Data::SubtractCarry,
            "rsb" => Data::ReverseSubtract,
            _ => return None,
        })
    };
    let compare = match name {
        "cmp" => Some(Data::Compare),
        "cmn" => Some(Data::CompareNegative),
        "tst" => Some(Data::Test),
        "teq" => Some(Data::TestEqual),
        _ => None,
    };
    let (data, flags) = match compare {
        Some(compare) => (compare, true),
        None => flagged(name, of)?,
    };
    let one = compare.is_some() || matches!(data, Data::Move | Data::MoveNot);
    let parts = match *operands {
        [Operand::Register(to), ref rest @ ..] if one => second(rest).map(|rest| (to, to, rest)),
        [
            Operand::Register(to),
            Operand::Register(first),
            ref rest @ ..,
        ] => second(rest)
            .map(|rest| (to, first, rest))
            .or_else(|| second(&operands[1..]).map(|rest| (to, to, rest))),
        [Operand::Register(to), ref rest @ ..] => second(rest).map(|rest| (to, to, rest)),
        _ => None,
    };
    let operation = |(to, first, second): (Register, Register, Second)| {
        let is_sum = matches!(data, Data::Add | Data::Subtract);
        let stack = is_sum || matches!(data, Data::Move | Data::Compare);
        let fits = match second {
            Second::Number(number) => {
                let wide = match data {
                    Data::Add | Data::Subtract => number < 1 << 12,
                    Data::Move => number < 1 << 16,
                    Data::MoveNot
                    | Data::And
                    | Data::Or
                    | Data::OrNot
                    | Data::ExclusiveOr
                    | Data::Clear
                    | Data::AddCarry
                    | Data::SubtractCarry
                    | Data::ReverseSubtract
                    | Data::Compare
                    | Data::CompareNegative
                    | Data::Test
                    | Data::TestEqual => false,
                };
                number_carry(number, false).is_some() || !flags && wide
            }
            Second::Register(register, _) => register != PC && (register != SP || stack),
            Second::ShiftedBy(..) => false,
        };
        let whole = to != PC && first != PC && (stack || to != SP && first != SP);
        (fits && whole).then_some(Operation::Data {
            data,
            flags,
            to,
            first,
            second,
        })
    };
    known(parts.and_then(operation))
}

fn second(operands: &[Operand<'_>]) -> Option<Second> {
    match *operands {
        [Operand::Number(number)] => u32::try_from(number).ok().map(Second::Number),
        [Operand::Register(register)] => Some(Second::Register(register, Shift::NONE)),
        [Operand::Register(register), Operand::Shift(shift)] => {
            Some(Second::Register(register, shift))
        }
        _ => None,
    }
}
