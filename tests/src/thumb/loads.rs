//! Loads and stores from their mnemonics and operands.
use super::decode::{Decoded, known, plain};
use super::operand::{Address, Index, LR, Offset, Operand, PC, Register, SP};
use super::operation::{Operation, Width};

pub(super) fn memory(name: &str, operands: &[Operand<'_>]) -> Option<Decoded> {
    let (load, width, signed) = match name {
        "push" | "pop" => return known(stack(name == "pop", operands)),
        "ldm" | "ldmia" | "stm" | "stmia" => {
            return known(several(name.starts_with('l'), operands));
        }
        "ldrd" | "strd" => return known(two(name == "ldrd", operands)),
        "ldr" => (true, Width::Word, false),
        "ldrh" => (true, Width::Half, false),
        "ldrsh" => (true, Width::Half, true),
        "ldrb" => (true, Width::Byte, false),
        "ldrsb" => (true, Width::Byte, true),
        "str" => (false, Width::Word, false),
        "strh" => (false, Width::Half, false),
        "strb" => (false, Width::Byte, false),
        _ => return None,
    };
    let [Operand::Register(register), Operand::Address(address)] = *operands else {
        return known(None);
    };
    let moves = address.index != Index::Offset;
    let in_reach = match address.offset {
        Offset::Number(offset) if moves => (-255..=255).contains(&offset),
        Offset::Number(offset) => (-255..=4095).contains(&offset),
        Offset::Register(offset, _) => !moves && offset != SP && offset != PC,
        Offset::Quad(..) => false,
    };
    if name == "ldr" && register == PC {
        let stays = matches!(address.offset, Offset::Number(_)) && !moves;
        let jump = in_reach && stays && address.base != PC;
        return known(jump.then_some(Operation::Jump { address }));
    }
    let held = address.base == PC || moves && address.base == register;
    if register == SP || register == PC || held || !in_reach {
        return known(None);
    }
    known(Some(if load {
        Operation::Load {
            width,
            signed,
            to: register,
            address,
        }
    } else {
        Operation::Store {
            width,
            from: register,
            address,
        }
    }))
}

fn stack(pop: bool, operands: &[Operand<'_>]) -> Option<Operation> {
    let [Operand::List(list)] = *operands else {
        return None;
    };
    let has = |register: Register| list >> register & 1 == 1;
    if has(SP) || has(PC) && (!pop || has(LR)) {
        return None;
    }
    Some(if pop {
        Operation::LoadMany {
            base: SP,
            advances: true,
            list,
        }
    } else {
        Operation::Push { list }
    })
}

fn several(load: bool, operands: &[Operand<'_>]) -> Option<Operation> {
    let (base, advances, list) = match *operands {
        [Operand::Register(base), Operand::List(list)] => (base, false, list),
        [Operand::Advancing(base), Operand::List(list)] => (base, true, list),
        _ => return None,
    };
    let banned = 1 << SP | 1 << PC | if advances { 1 << base } else { 0 };
    if list & banned != 0 || base == PC {
        return None;
    }
    Some(if load {
        Operation::LoadMany {
            base,
            advances,
            list,
        }
    } else {
        Operation::StoreMany {
            base,
            advances,
            list,
        }
    })
}

fn two(load: bool, operands: &[Operand<'_>]) -> Option<Operation> {
    let [first, second, Operand::Address(address)] = *operands else {
        return None;
    };
    let pair: [Register; 2] = plain(&[first, second])?;
    let Offset::Number(offset) = address.offset else {
        return None;
    };
    let held = address.index != Index::Offset && pair.contains(&address.base);
    let far = offset % 4 != 0 || !(-1020..=1020).contains(&offset);
    if held || far || address.base == PC || load && pair[0] == pair[1] {
        return None;
    }
    Some(if load {
        Operation::LoadTwo { to: pair, address }
    } else {
        Operation::StoreTwo {
            from: pair,
            address,
        }
    })
}

/// The address of a load or store of one register.
pub(super) fn address(operation: &Operation) -> Option<(Register, Address)> {
    if let Operation::Load { to, address, .. } = operation {
        Some((*to, *address))
    } else if let Operation::Store { from, address, .. } = operation {
        Some((*from, *address))
    } else {
        None
    }
}
