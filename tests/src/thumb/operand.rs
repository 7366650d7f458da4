//! Operands: registers, numbers, lists of registers, addresses and shifts.
use std::vec::Vec;

use super::vector_access::Addresses;

/// r0 to r15.
pub type Register = usize;

pub const SP: Register = 13;
pub const LR: Register = 14;
pub const PC: Register = 15;

/// Kinds of shifts (DDI 0403, A7.4.2 "Shift operations").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShiftKind {
    Lsl,
    Lsr,
    Asr,
    Ror,
}

/// A shift by a fixed number of places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift {
    pub kind: ShiftKind,
    pub places: u32,
}

impl Shift {
    pub const NONE: Self = Self {
        kind: ShiftKind::Lsl,
        places: 0,
    };

    /// As the text says it: `lsl #8`.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, places) = text.split_once(char::is_whitespace)?;
        let kind = ShiftKind::parse(kind)?;
        let places = u32::try_from(number(places)?).ok()?;
        let most = match kind {
            ShiftKind::Lsl | ShiftKind::Ror => 31,
            ShiftKind::Lsr | ShiftKind::Asr => 32,
        };
        (1..=most)
            .contains(&places)
            .then_some(Self { kind, places })
    }
}

impl ShiftKind {
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "lsl" => Some(Self::Lsl),
            "lsr" => Some(Self::Lsr),
            "asr" => Some(Self::Asr),
            "ror" => Some(Self::Ror),
            _ => None,
        }
    }
}

/// What an address adds to its base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offset {
    Number(i32),
    /// A register, shifted left.
    Register(Register, u32),
    /// The elements of q0 to q7, shifted left.
    Quad(usize, u32),
}

/// When a base gets its offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// For the access alone: `[r1, #4]`.
    Offset,
    /// Before the access, to stay: `[r1, #4]!`.
    Pre,
    /// After it: `[r1], #4`.
    Post,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    pub base: Register,
    pub offset: Offset,
    pub index: Index,
}

/// One operand of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operand<'t> {
    Register(Register),
    /// `r0!`
    Advancing(Register),
    Number(i64),
    /// A bit a register.
    List(u16),
    /// s0 to s31.
    Single(usize),
    /// So many of them from one on.
    Singles(usize, usize),
    /// q0 to q7.
    Quad(usize),
    /// So many of them from one on.
    Quads(usize, usize),
    /// A word of one: `q0[2]`.
    Lane(usize, usize),
    Address(Address),
    Addresses(Addresses),
    Shift(Shift),
    /// A shift by a register.
    ShiftBy(ShiftKind, Register),
    /// A label, or a word that is none of the above.
    Word(&'t str),
}

impl<'t> Operand<'t> {
    /// All operands of a line behind its mnemonic; `None` where an address or a list is malformed.
    pub fn list(text: &'t str) -> Option<Vec<Self>> {
        let mut operands: Vec<Self> = Vec::new();
        for part in split(text) {
            let operand = Self::parse(part)?;
            // `[r1], #4` is one address.
            if let (Some(Self::Address(address)), Self::Number(step)) =
                (operands.last_mut(), operand)
            {
                if address.index != Index::Offset || address.offset != Offset::Number(0) {
                    return None;
                }
                address.index = Index::Post;
                address.offset = Offset::Number(i32::try_from(step).ok()?);
            } else {
                operands.push(operand);
            }
        }
        Some(operands)
    }

    fn parse(text: &'t str) -> Option<Self> {
        if let Some(list) = text.strip_prefix('{') {
            let list = list.strip_suffix('}')?;
            if let Some((first, count)) = singles(list) {
                return Some(Self::Singles(first, count));
            }
            if let Some((first, count)) = quads(list) {
                return Some(Self::Quads(first, count));
            }
            return registers(list).map(Self::List);
        }
        if text.starts_with("[q") {
            return Addresses::parse(text).map(Self::Addresses);
        }
        if text.starts_with('[') {
            return address(text).map(Self::Address);
        }
        if text.starts_with('#') {
            return number(text).map(Self::Number);
        }
        if let Some(name) = text.strip_suffix('!') {
            return register(name).map(Self::Advancing);
        }
        if let Some(register) = register(text) {
            return Some(Self::Register(register));
        }
        if let Some(single) = numbered(text, 's', 32) {
            return Some(Self::Single(single));
        }
        if let Some(quad) = numbered(text, 'q', 8) {
            return Some(Self::Quad(quad));
        }
        if let Some((quad, lane)) = text.split_once('[') {
            let lane = lane
                .strip_suffix(']')?
                .parse()
                .ok()
                .filter(|&lane| lane < 4)?;
            return Some(Self::Lane(numbered(quad, 'q', 8)?, lane));
        }
        if let Some((kind, by)) = text.split_once(char::is_whitespace) {
            if let Some(by) = register(by.trim()) {
                return Some(Self::ShiftBy(ShiftKind::parse(kind)?, by));
            }
            return Shift::parse(text).map(Self::Shift);
        }
        Some(Self::Word(text))
    }
}

/// Parts between commas that stand in no brackets.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, character) in text.char_indices() {
        match character {
            '[' | '{' => depth += 1,
            ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    let last = text[start..].trim();
    if !last.is_empty() || !parts.is_empty() {
        parts.push(last);
    }
    parts
}

fn register(name: &str) -> Option<Register> {
    match name {
        "sp" => Some(SP),
        "lr" => Some(LR),
        "pc" => Some(PC),
        _ => numbered(name, 'r', 16),
    }
}

/// The number of a register of which there are so many.
pub(super) fn numbered(name: &str, letter: char, count: usize) -> Option<usize> {
    let number = name.strip_prefix(letter)?.parse().ok()?;
    (number < count).then_some(number)
}

/// `s4`, `s0-s3`: the first and how many.
fn singles(list: &str) -> Option<(usize, usize)> {
    let (first, last) = list.split_once('-').unwrap_or((list, list));
    let first = numbered(first.trim(), 's', 32)?;
    let last = numbered(last.trim(), 's', 32)?;
    (first <= last).then_some((first, last + 1 - first))
}

/// `q0, q1`: the first and how many.
fn quads(list: &str) -> Option<(usize, usize)> {
    let mut quads = list.split(',').map(|name| numbered(name.trim(), 'q', 8));
    let first = quads.next()??;
    let mut count = 1;
    for quad in quads {
        if quad? != first + count {
            return None;
        }
        count += 1;
    }
    Some((first, count))
}

/// `#4`, `#-4`, `#0xff`.
pub(super) fn number(text: &str) -> Option<i64> {
    let text = text.trim().strip_prefix('#')?;
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let value = match digits.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).ok()?,
        None => digits.parse().ok()?,
    };
    Some(sign * value)
}

/// `r4-r7, lr`, in ascending order.
fn registers(list: &str) -> Option<u16> {
    let mut bits = 0u16;
    for part in list.split(',') {
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (register(first.trim())?, register(last.trim())?),
            None => (register(part.trim())?, register(part.trim())?),
        };
        for register in first..=last {
            let bit = 1 << register;
            if bits >= bit {
                return None;
            }
            bits |= bit;
        }
    }
    (bits != 0).then_some(bits)
}

/// `[r1]`, `[r1, #4]`, `[r1, r2]`, `[r1, r2, lsl #2]`, `[r1, #4]!`, `[r1, q2, uxtw #2]`.
fn address(text: &str) -> Option<Address> {
    let (inner, index) = match text.strip_suffix('!') {
        Some(inner) => (inner, Index::Pre),
        None => (text, Index::Offset),
    };
    let inner = inner.strip_prefix('[')?.strip_suffix(']')?;
    let mut parts = inner.split(',').map(str::trim);
    let base = register(parts.next()?)?;
    let offset = match parts.next() {
        None => Offset::Number(0),
        Some(part) if part.starts_with('#') => Offset::Number(i32::try_from(number(part)?).ok()?),
        Some(part) if let Some(quad) = numbered(part, 'q', 8) => {
            let places = match parts.next() {
                None => 0,
                Some("uxtw #1") => 1,
                Some("uxtw #2") => 2,
                Some(_) => return None,
            };
            Offset::Quad(quad, places)
        }
        Some(part) => {
            let places = match parts.next().map(Shift::parse) {
                None => 0,
                Some(Some(Shift {
                    kind: ShiftKind::Lsl,
                    places: places @ 1..=3,
                })) => places,
                Some(_) => return None,
            };
            Offset::Register(register(part)?, places)
        }
    };
    parts.next().is_none().then_some(Address {
        base,
        offset,
        index,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    #[test]
    fn every_form_of_an_operand_is_read() {
        let list = Operand::list("r0, sp!, #-0x10, {r2, r4-r6, lr}, asr #32, lsl r3, 12f");
        assert_eq!(
            list.unwrap(),
            [
                Operand::Register(0),
                Operand::Advancing(SP),
                Operand::Number(-16),
                Operand::List(0b0100_0000_0111_0100),
                Operand::Shift(Shift {
                    kind: ShiftKind::Asr,
                    places: 32
                }),
                Operand::ShiftBy(ShiftKind::Lsl, 3),
                Operand::Word("12f"),
            ]
        );
        let address = |offset, index| Address {
            base: 1,
            offset,
            index,
        };
        for (text, expected) in [
            ("[r1]", address(Offset::Number(0), Index::Offset)),
            ("[r1, #8]", address(Offset::Number(8), Index::Offset)),
            ("[r1, #-8]!", address(Offset::Number(-8), Index::Pre)),
            ("[r1], #4", address(Offset::Number(4), Index::Post)),
            ("[r1, r2]", address(Offset::Register(2, 0), Index::Offset)),
            (
                "[r1, r2, lsl #2]",
                address(Offset::Register(2, 2), Index::Offset),
            ),
        ] {
            assert_eq!(
                Operand::list(text),
                Some(vec![Operand::Address(expected)]),
                "{text}"
            );
        }
    }

    #[test]
    fn malformed_operands_are_none() {
        for text in [
            "{r5-r4}",
            "{r1, r1}",
            "{}",
            "[r1",
            "[r16]",
            "#x",
            "[r1, #4], #4",
            "lsl #32",
            "r1 r2",
            "[r1, r2, lsr #1]",
            "x!",
            "asr #0",
            "{s3-s2}",
        ] {
            let found = Operand::list(text);
            assert_eq!(found, None, "{text}");
        }
    }
}
