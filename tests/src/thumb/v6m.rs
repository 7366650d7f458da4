//! Which forms v6-M has: nearly all of its instructions have 16 bits, registers below r8 and flags that they always set
//! (DDI 0419, A5.2 "16-bit Thumb instruction encoding", and the encodings in A6.7).
use super::loads::address;
use super::operand::{Index, LR, Offset, PC, Register, SP, Shift, ShiftKind};
use super::operation::{Data, Operation, Second, Width};

/// Whether v6-M has this operation; the text tells apart what the operation does not.
pub fn has(operation: &Operation, text: &str) -> bool {
    if text.contains(".w") {
        return false;
    }
    match *operation {
        Operation::Data {
            data,
            flags,
            to,
            first,
            second,
        } => has_data(data, flags, to, first, second),
        Operation::Extend {
            to, from, rotation, ..
        } => low(&[to, from]) && rotation == 0 && !text.contains("16"),
        // The decoder takes no other form.
        Operation::Multiply { .. } => true,
        Operation::Load { width, signed, .. } => single(operation, width, signed),
        Operation::Store { width, .. } => single(operation, width, false),
        Operation::LoadMany {
            base: SP,
            advances,
            list,
        } => advances && (list & !(1 << PC)) < 1 << 8,
        // The base stays where it is loaded itself, and moves where it is not.
        Operation::LoadMany {
            base,
            advances,
            list,
        } => low(&[base]) && list < 1 << 8 && advances != (list >> base & 1 == 1),
        Operation::StoreMany {
            base,
            advances,
            list,
        } => low(&[base]) && list < 1 << 8 && advances,
        Operation::Push { list } => (list & !(1 << LR)) < 1 << 8,
        Operation::Branch { .. } | Operation::BranchTo { .. } => true,
        Operation::Of2 { .. }
        | Operation::Of3 { .. }
        | Operation::Long { .. }
        | Operation::Subtract16 { .. }
        | Operation::Select { .. }
        | Operation::Saturate { .. }
        | Operation::Pack { .. }
        | Operation::Field { .. }
        | Operation::LoadTwo { .. }
        | Operation::StoreTwo { .. }
        | Operation::BranchOn { .. }
        | Operation::Place { .. }
        | Operation::Jump { .. }
        | Operation::Vector(_) => false,
    }
}

fn low(registers: &[Register]) -> bool {
    registers.iter().all(|register| *register < 8)
}

fn has_data(data: Data, flags: bool, to: Register, first: Register, second: Second) -> bool {
    match second {
        Second::Number(number) => match data {
            Data::Move | Data::Compare => flags && low(&[to]) && number < 256,
            Data::Add if !flags && first == SP && low(&[to]) => number % 4 == 0 && number <= 1020,
            Data::Add | Data::Subtract if !flags => {
                to == SP && first == SP && number % 4 == 0 && number <= 508
            }
            Data::Add | Data::Subtract => {
                low(&[to, first]) && number < if to == first { 256 } else { 8 }
            }
            Data::ReverseSubtract => flags && low(&[to, first]) && number == 0,
            Data::MoveNot
            | Data::And
            | Data::Or
            | Data::OrNot
            | Data::ExclusiveOr
            | Data::Clear
            | Data::AddCarry
            | Data::SubtractCarry
            | Data::CompareNegative
            | Data::Test
            | Data::TestEqual => false,
        },
        Second::Register(from, Shift::NONE) => match data {
            Data::Move if !flags => true,
            Data::Compare => true,
            Data::Add if !flags => to == first || to == from && first == SP,
            Data::Add | Data::Subtract => flags && low(&[to, first, from]),
            Data::Move | Data::MoveNot => flags && low(&[to, from]),
            Data::And
            | Data::Or
            | Data::ExclusiveOr
            | Data::Clear
            | Data::AddCarry
            | Data::SubtractCarry
            | Data::CompareNegative
            | Data::Test => flags && low(&[to, from]) && to == first,
            Data::OrNot | Data::ReverseSubtract | Data::TestEqual => false,
        },
        Second::Register(from, shift) => {
            data == Data::Move && flags && low(&[to, from]) && shift.kind != ShiftKind::Ror
        }
        Second::ShiftedBy(from, _, by) => flags && low(&[to, by]) && to == from,
    }
}

/// Loads and stores of one register: a number of 5 bits in units of the width, 8 bits over the stack pointer, or a register.
fn single(operation: &Operation, width: Width, signed: bool) -> bool {
    let Some((register, address)) = address(operation) else {
        return false;
    };
    if address.index != Index::Offset || !low(&[register]) {
        return false;
    }
    let unit = width.bytes() as i32;
    match address.offset {
        Offset::Register(offset, places) => low(&[address.base, offset]) && places == 0,
        Offset::Number(offset) if address.base == SP => {
            width == Width::Word && offset % 4 == 0 && (0..=1020).contains(&offset)
        }
        Offset::Number(offset) => {
            !signed
                && low(&[address.base])
                && offset % unit == 0
                && (0..32).contains(&(offset / unit))
                && offset >= 0
        }
        Offset::Quad(..) => false,
    }
}
