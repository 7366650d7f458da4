//! Registers, and the execution of a program.
use std::format;
use std::string::{String, ToString};

use super::alu::{Flags, add_with_carry, number_carry, shifted};
use super::decode::Program;
use super::float::CUMULATIVE;
use super::memory::Memory;
use super::models::{field, packed, saturated, select, subtract16};
use super::operand::{LR, Register, SP, Shift};
use super::operation::{Data, Operation, Second, Width};
use super::{Core, Fault};
use crate::inputs::Random;

/// Bytes of stack that a program may use.
pub(super) const STACK: usize = 1024;
/// Where a function returns to, with the bit that says Thumb.
const RETURN: u32 = 0x0000_1235;
/// Where a program stands. Each of its instructions takes four bytes here, so that what it computes of two places is right where
/// those between them do on a core.
const CODE: u32 = 0x0800_0000;
/// Instructions after which a program is taken to run for ever.
const MOST: u64 = 100_000;
/// Registers that a function keeps (AAPCS32, 6.1.1 "Core registers"), the stack pointer apart.
const KEPT: core::ops::RangeInclusive<Register> = 4..=11;
/// Those of the floating-point unit (6.1.2).
const KEPT_SINGLES: core::ops::RangeInclusive<usize> = 16..=31;

/// A core with its memory, before a call.
pub struct Machine {
    pub memory: Memory,
    pub(super) registers: [u32; 16],
    /// s0 to s31; four of them are a vector of Helium.
    pub(super) singles: [u32; 32],
    /// Whether a loop leaves out the elements of its last vector that LR does not count.
    pub(super) predicated: bool,
    /// A bit for each byte of a vector.
    pub(super) predicate: u16,
    pub(super) flags: Flags,
    /// Those of the floating-point unit.
    pub(super) float_flags: Flags,
    /// Its cumulative flags, as `FPSCR` has them.
    pub(super) cumulative: u32,
    greater_or_equal: u8,
    /// The lowest address of the stack, and the one past it.
    pub(super) stack: [u32; 2],
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Returned {
    pub registers: [u32; 16],
    pub singles: [u32; 32],
    /// Executed instructions.
    pub instructions: u64,
}

/// What comes after an instruction.
pub(super) enum Next {
    Line,
    Target(usize),
    /// The caller, if this is where it is.
    Return(u32),
}

impl Machine {
    /// A core over some buffers. All that a caller does not set is at random.
    pub fn new(mut memory: Memory, random: &mut Random) -> Self {
        let low = memory.unwritten(STACK, 0);
        let (registers, singles) = (
            core::array::from_fn(|_| random.bits()),
            core::array::from_fn(|_| random.bits()),
        );
        let flags = Flags {
            negative: random.bits() & 1 == 1,
            zero: random.bits() & 1 == 1,
            carry: random.bits() & 1 == 1,
            overflow: random.bits() & 1 == 1,
        };
        let mut machine = Self {
            memory,
            registers,
            singles,
            predicated: false,
            predicate: random.bits() as u16,
            flags,
            float_flags: flags,
            cumulative: random.bits() & CUMULATIVE,
            greater_or_equal: random.bits() as u8 & 15,
            stack: [low, low + STACK as u32],
        };
        machine.registers[SP] = machine.stack[1];
        machine.registers[LR] = RETURN;
        machine
    }

    /// Sets a register that is no ordinary argument.
    pub fn set(&mut self, register: usize, value: u32) {
        self.registers[register] = value;
    }

    /// Calls a program with values in r0 and upward; further ones are words on the stack from the first on.
    ///
    /// # Errors
    /// The line at which the program did what no function may do.
    pub fn call(
        &mut self,
        program: &Program,
        arguments: &[u32],
        on_stack: &[u32],
    ) -> Result<Returned, Fault> {
        for (register, argument) in self.registers.iter_mut().zip(arguments) {
            *register = *argument;
        }
        // A caller keeps its stack pointer at a multiple of eight.
        self.registers[SP] -= (4 * on_stack.len() as u32).next_multiple_of(8);
        let sp = self.registers[SP];
        for (word, at) in on_stack.iter().zip(0..) {
            // The stack is longer than any list of arguments.
            let written = self.memory.write(sp + 4 * at, Width::Word, *word);
            written.expect("a place on the stack");
        }
        let before = (self.registers, self.singles);
        let (mut at, mut instructions) = (0, 0);
        while let Some((operation, line)) = program.code.get(at) {
            instructions += 1;
            let next = self.step(operation, program.core);
            at = match next.map_err(|why| line.fault(why))? {
                Next::Line => at + 1,
                Next::Target(target) => target,
                Next::Return(to) => {
                    self.returned(to, &before).map_err(|why| line.fault(why))?;
                    return Ok(Returned {
                        registers: self.registers,
                        singles: self.singles,
                        instructions,
                    });
                }
            };
            if instructions == MOST {
                return Err(line.fault("the program does not end"));
            }
        }
        let last = program.code.last().map(|(_, line)| line.number);
        Err(Fault {
            line: last.unwrap_or_default(),
            text: String::new(),
            reason: "the program runs past its end".to_string(),
        })
    }

    /// Whether a function may return like this.
    fn returned(&self, to: u32, before: &([u32; 16], [u32; 32])) -> Result<(), String> {
        if to != RETURN {
            return Err(format!("it goes to {to:#010x}, not to its caller"));
        }
        if let Some(r) = KEPT.chain([SP]).find(|&r| self.registers[r] != before.0[r]) {
            return Err(format!("it returns with another r{r}"));
        }
        match KEPT_SINGLES
            .into_iter()
            .find(|&s| self.singles[s] != before.1[s])
        {
            Some(s) => Err(format!("it returns with another s{s}")),
            None => Ok(()),
        }
    }

    fn step(&mut self, operation: &Operation, core: Core) -> Result<Next, String> {
        match *operation {
            Operation::Data {
                data,
                flags,
                to,
                first,
                second,
            } => self.data(data, flags, to, first, second)?,
            Operation::Extend {
                of,
                to,
                from,
                rotation,
            } => self.registers[to] = of(self.registers[from].rotate_right(rotation)),
            Operation::Of2 { of, to, operands } => {
                let [n, m] = operands.map(|register| self.registers[register]);
                self.registers[to] = of(n, m);
            }
            Operation::Of3 { of, to, operands } => {
                let [n, m, a] = operands.map(|register| self.registers[register]);
                self.registers[to] = of(n, m, a);
            }
            Operation::Long { of, sum, operands } => {
                let [n, m] = operands.map(|register| self.registers[register]);
                let [low, high] = sum.map(|register| u64::from(self.registers[register]));
                let result = of(n, m, low | high << 32);
                self.registers[sum[0]] = result as u32;
                self.registers[sum[1]] = (result >> 32) as u32;
            }
            Operation::Multiply { to, operands } => {
                let [n, m] = operands.map(|register| self.registers[register]);
                self.registers[to] = n.wrapping_mul(m);
                self.flags.set(self.registers[to]);
            }
            Operation::Subtract16 { to, operands } => {
                let [n, m] = operands.map(|register| self.registers[register]);
                (self.registers[to], self.greater_or_equal) = subtract16(n, m);
            }
            Operation::Select { to, operands } => {
                let [n, m] = operands.map(|register| self.registers[register]);
                self.registers[to] = select(n, m, self.greater_or_equal);
            }
            Operation::Saturate {
                signed,
                bits,
                to,
                from,
                shift,
            } => {
                let (value, _) = shifted(self.registers[from], shift, false);
                self.registers[to] = saturated(value, signed, bits);
            }
            Operation::Pack {
                top_of_first,
                to,
                operands: [n, m],
                shift,
            } => {
                let (second, _) = shifted(self.registers[m], shift, false);
                self.registers[to] = packed(self.registers[n], second, top_of_first);
            }
            Operation::Field {
                signed,
                to,
                from,
                lowest,
                bits,
            } => self.registers[to] = field(self.registers[from], signed, lowest, bits),
            Operation::Load {
                width,
                signed,
                to,
                address,
            } => {
                let at = self.address(address)?;
                self.aligned(at, width, core)?;
                let value = self.read(at, width)?;
                self.registers[to] = if signed {
                    field(value, true, 0, 8 * width.bytes())
                } else {
                    value
                };
            }
            Operation::Store {
                width,
                from,
                address,
            } => {
                let value = self.registers[from];
                let at = self.address(address)?;
                self.aligned(at, width, core)?;
                self.write(at, width, value)?;
            }
            Operation::LoadTwo { to, address } => {
                let at = self.address(address)?;
                self.words(at)?;
                for (register, at) in to.into_iter().zip([at, at + 4]) {
                    self.registers[register] = self.read(at, Width::Word)?;
                }
            }
            Operation::StoreTwo { from, address } => {
                let values = from.map(|register| self.registers[register]);
                let at = self.address(address)?;
                self.words(at)?;
                for (value, at) in values.into_iter().zip([at, at + 4]) {
                    self.write(at, Width::Word, value)?;
                }
            }
            Operation::LoadMany {
                base,
                advances,
                list,
            } => return self.load_many(base, advances, list),
            Operation::StoreMany {
                base,
                advances,
                list,
            } => {
                let start = self.registers[base];
                let end = self.store_list(start, list)?;
                if advances {
                    self.registers[base] = end;
                }
            }
            Operation::Push { list } => {
                let start = self.registers[SP].wrapping_sub(4 * list.count_ones());
                self.set_stack(start)?;
                self.store_list(start, list)?;
            }
            Operation::Branch { condition, target } => {
                if condition.is_none_or(|condition| self.flags.hold(condition)) {
                    return Ok(Next::Target(target));
                }
            }
            Operation::BranchOn {
                zero,
                register,
                target,
            } => {
                if (self.registers[register] == 0) == zero {
                    return Ok(Next::Target(target));
                }
            }
            Operation::Vector(vector) => return self.vector(vector),
            Operation::Place { to, target } => self.registers[to] = CODE + 4 * target as u32,
            Operation::Jump { address } => {
                let at = self.address(address)?;
                self.words(at)?;
                let to = self.read(at, Width::Word)?;
                // The lowest bit says Thumb.
                let place = to.checked_sub(CODE + 1).filter(|place| place % 4 == 0);
                return match place {
                    Some(place) => Ok(Next::Target(place as usize / 4)),
                    None => Err(format!("it goes to {to:#010x}, which is no instruction")),
                };
            }
            Operation::BranchTo { register } => return Ok(Next::Return(self.registers[register])),
        }
        Ok(Next::Line)
    }

    fn data(
        &mut self,
        data: Data,
        flags: bool,
        to: Register,
        first: Register,
        second: Second,
    ) -> Result<(), String> {
        let carry = self.flags.carry;
        let (y, shift_carry) = match second {
            Second::Number(number) => (number, number_carry(number, carry).unwrap_or(carry)),
            Second::Register(register, shift) => shifted(self.registers[register], shift, carry),
            Second::ShiftedBy(register, kind, by) => {
                let places = self.registers[by] & 0xff;
                shifted(self.registers[register], Shift { kind, places }, carry)
            }
        };
        let x = self.registers[first];
        let logic = |result: u32| {
            let mut flags = self.flags;
            flags.carry = shift_carry;
            flags.set(result);
            (result, flags)
        };
        let (result, new) = match data {
            Data::Move => logic(y),
            Data::MoveNot => logic(!y),
            Data::And | Data::Test => logic(x & y),
            Data::Or => logic(x | y),
            Data::OrNot => logic(x | !y),
            Data::ExclusiveOr | Data::TestEqual => logic(x ^ y),
            Data::Clear => logic(x & !y),
            Data::Add | Data::CompareNegative => add_with_carry(x, y, false),
            Data::AddCarry => add_with_carry(x, y, carry),
            Data::Subtract | Data::Compare => add_with_carry(x, !y, true),
            Data::SubtractCarry => add_with_carry(x, !y, carry),
            Data::ReverseSubtract => add_with_carry(!x, y, true),
        };
        if flags {
            self.flags = new;
        }
        let stays = match data {
            Data::Compare | Data::CompareNegative | Data::Test | Data::TestEqual => true,
            Data::Move
            | Data::MoveNot
            | Data::And
            | Data::Or
            | Data::OrNot
            | Data::ExclusiveOr
            | Data::Clear
            | Data::Add
            | Data::AddCarry
            | Data::Subtract
            | Data::SubtractCarry
            | Data::ReverseSubtract => false,
        };
        if to == SP && !stays {
            return self.set_stack(result);
        }
        if !stays {
            self.registers[to] = result;
        }
        Ok(())
    }
}
