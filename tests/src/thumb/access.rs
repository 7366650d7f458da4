//! Addresses, and what an access must keep to.
use std::format;
use std::string::String;

use super::Core;
use super::machine::{Machine, Next, STACK};
use super::operand::{Address, Index, Offset, PC, Register, SP};
use super::operation::Width;

impl Machine {
    /// The address of an access, its base moved where it is to move.
    pub(super) fn address(&mut self, address: Address) -> Result<u32, String> {
        let base = self.registers[address.base];
        let offset = match address.offset {
            Offset::Number(offset) => offset as u32,
            Offset::Register(register, places) => self.registers[register] << places,
            Offset::Quad(..) => return Err("only vectors are gathered".into()),
        };
        let moved = base.wrapping_add(offset);
        let (at, base) = match address.index {
            Index::Offset => (moved, base),
            Index::Pre => (moved, moved),
            Index::Post => (base, moved),
        };
        if address.base == SP {
            self.set_stack(base)?;
        } else {
            self.registers[address.base] = base;
        }
        Ok(at)
    }

    /// v6-M faults at whatever is not aligned (DDI 0419, A3.2 "Alignment support"); v7-M takes single registers from anywhere.
    pub(super) fn aligned(&self, at: u32, width: Width, core: Core) -> Result<(), String> {
        if core == Core::V6m && !at.is_multiple_of(width.bytes()) {
            return Err(format!("v6-M faults at {at:#010x}, which is not aligned"));
        }
        Ok(())
    }

    /// Several registers come from multiples of four on every core (DDI 0403, A3.2.1).
    pub(super) fn words(&self, at: u32) -> Result<(), String> {
        if !at.is_multiple_of(4) {
            return Err(format!("it faults at {at:#010x}, which is not aligned"));
        }
        Ok(())
    }

    pub(super) fn load_many(
        &mut self,
        base: Register,
        advances: bool,
        list: u16,
    ) -> Result<Next, String> {
        let mut at = self.registers[base];
        self.words(at)?;
        let mut next = Next::Line;
        for register in (0..16).filter(|register| list >> register & 1 == 1) {
            let value = self.read(at, Width::Word)?;
            at = at.wrapping_add(4);
            if register == PC {
                next = Next::Return(value);
            } else {
                self.registers[register] = value;
            }
        }
        if advances && base == SP {
            self.set_stack(at)?;
        } else if advances {
            self.registers[base] = at;
        }
        Ok(next)
    }

    /// Stores registers upward and gives the address behind them.
    pub(super) fn store_list(&mut self, start: u32, list: u16) -> Result<u32, String> {
        self.words(start)?;
        let mut at = start;
        for register in (0..16).filter(|register| list >> register & 1 == 1) {
            self.write(at, Width::Word, self.registers[register])?;
            at = at.wrapping_add(4);
        }
        Ok(at)
    }

    pub(super) fn set_stack(&mut self, sp: u32) -> Result<(), String> {
        let [low, end] = self.stack;
        if !sp.is_multiple_of(4) || sp < low || sp > end {
            return Err(format!(
                "the stack pointer leaves its {STACK} bytes: {sp:#010x}"
            ));
        }
        self.registers[SP] = sp;
        Ok(())
    }

    /// An interrupt may write to what is below the stack pointer.
    fn above_the_stack_pointer(&self, at: u32) -> Result<(), String> {
        if (self.stack[0]..self.registers[SP]).contains(&at) {
            return Err(format!("{at:#010x} is below the stack pointer"));
        }
        Ok(())
    }

    pub(super) fn read(&self, at: u32, width: Width) -> Result<u32, String> {
        self.above_the_stack_pointer(at)?;
        self.memory.read(at, width)
    }

    pub(super) fn write(&mut self, at: u32, width: Width, value: u32) -> Result<(), String> {
        self.above_the_stack_pointer(at)?;
        self.memory.write(at, width, value)
    }
}
