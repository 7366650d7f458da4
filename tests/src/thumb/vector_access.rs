//! Helium's loads and stores: vectors that follow each other, that are gathered, and that are taken apart (DDI 0553, C2.4 "VLDR",
//! "VSTR", "VLD2", "VLD4").
use std::format;
use std::string::String;
use std::vec::Vec;

use super::machine::Machine;
use super::operand::{Address, Index, Offset, Operand, PC, Register, SP, number, numbered};
use super::operation::Width;

#[derive(Debug, Clone, Copy)]
pub enum Access {
    /// Elements that follow each other: of so many bytes in memory, of a half or a word in the vector.
    Row {
        load: bool,
        form: Form,
        quad: usize,
        address: Address,
    },
    /// Elements at offsets from a base, each shifted left.
    Gather {
        load: bool,
        form: Form,
        quad: usize,
        base: Register,
        offsets: usize,
        places: u32,
    },
    /// Words at the addresses in a vector.
    At { quad: usize, addresses: Addresses },
    /// Part of a load of words that go to so many vectors in turn; all parts together load them all.
    Apart {
        of: usize,
        part: usize,
        first: usize,
        base: Register,
        advances: bool,
    },
}

/// Addresses in a vector, all with an offset: `[q0, #4]`, or `[q0, #4]!`, which keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    quad: usize,
    offset: i32,
    advances: bool,
}

impl Addresses {
    pub fn parse(text: &str) -> Option<Self> {
        let (inner, advances) = match text.strip_suffix('!') {
            Some(inner) => (inner, true),
            None => (text, false),
        };
        let inner = inner.strip_prefix('[')?.strip_suffix(']')?;
        let (quad, offset) = match inner.split_once(',') {
            Some((quad, offset)) => (quad, i32::try_from(number(offset)?).ok()?),
            None => (inner, 0),
        };
        let quad = numbered(quad.trim(), 'q', 8)?;
        Some(Self {
            quad,
            offset,
            advances,
        })
    }
}

/// An element in memory and in a vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    memory: Width,
    /// Whether elements of a vector are halves.
    halves: bool,
}

impl Access {
    /// Whether elements follow each other and come from memory.
    pub fn is_row(&self) -> bool {
        matches!(self, Self::Row { load: true, .. })
    }
}

impl Form {
    const fn new(memory: Width, halves: bool) -> Self {
        Self { memory, halves }
    }

    /// Whether elements get wider by a load, or narrower by a store. Such instructions have room for a low base alone.
    fn changes(self) -> bool {
        match self.memory {
            Width::Byte => true,
            Width::Half => !self.halves,
            Width::Word => false,
        }
    }
}

const FORMS: [(&str, bool, Form); 8] = [
    ("vldrh.s32", true, Form::new(Width::Half, false)),
    ("vldrh.u16", true, Form::new(Width::Half, true)),
    ("vldrb.s16", true, Form::new(Width::Byte, true)),
    ("vldrb.s32", true, Form::new(Width::Byte, false)),
    ("vldrw.u32", true, Form::new(Width::Word, false)),
    ("vstrh.16", false, Form::new(Width::Half, true)),
    ("vstrh.32", false, Form::new(Width::Half, false)),
    ("vstrw.32", false, Form::new(Width::Word, false)),
];

/// An instruction of a known mnemonic; `Some(None)` where its operands are not of it.
pub fn decode(name: &str, operands: &[Operand<'_>]) -> Option<Option<Access>> {
    if let Some(part) = name
        .strip_suffix(".32")
        .and_then(|name| name.strip_prefix("vld"))
    {
        let (of, part) = match part {
            "20" | "21" => (2, part),
            "40" | "41" | "42" | "43" => (4, part),
            _ => return None,
        };
        let part = usize::from(part.as_bytes()[1] - b'0');
        return Some(apart(of, part, operands));
    }
    let &(_, load, form) = FORMS.iter().find(|form| form.0 == name)?;
    if let [Operand::Quad(quad), Operand::Addresses(addresses)] = *operands {
        let offset = addresses.offset;
        let in_reach = offset % 4 == 0 && (-508..=508).contains(&offset);
        let apart = quad != addresses.quad;
        let fits = name == "vldrw.u32" && in_reach && apart;
        return Some(fits.then_some(Access::At { quad, addresses }));
    }
    let [Operand::Quad(quad), Operand::Address(address)] = *operands else {
        return Some(None);
    };
    let base = address.base;
    Some(match address.offset {
        Offset::Number(offset) => {
            let unit = form.memory.bytes() as i32;
            let in_reach = offset % unit == 0 && (-127..=127).contains(&(offset / unit));
            let held = base == SP && address.index != Index::Offset;
            let low = base < 8 || !form.changes();
            (in_reach && !held && low && base != PC).then_some(Access::Row {
                load,
                form,
                quad,
                address,
            })
        }
        Offset::Quad(offsets, places) => {
            // The offsets are those of elements, or of bytes.
            let shift = places == 0 || 1 << places == form.memory.bytes();
            let apart = !load || offsets != quad;
            let plain = base != PC && base != SP && address.index == Index::Offset;
            (shift && apart && plain).then_some(Access::Gather {
                load,
                form,
                quad,
                base,
                offsets,
                places,
            })
        }
        Offset::Register(..) => None,
    })
}

fn apart(of: usize, part: usize, operands: &[Operand<'_>]) -> Option<Access> {
    let [Operand::Quads(first, count), Operand::Address(address)] = *operands else {
        return None;
    };
    let advances = match address.index {
        Index::Offset => false,
        Index::Pre => true,
        Index::Post => return None,
    };
    let base = address.base;
    let plain = address.offset == Offset::Number(0) && base != PC && base != SP;
    (plain && count == of).then_some(Access::Apart {
        of,
        part,
        first,
        base,
        advances,
    })
}

impl Machine {
    pub(super) fn access(&mut self, access: Access) -> Result<(), String> {
        match access {
            Access::Row {
                load,
                form,
                quad,
                address,
            } => {
                let count = if form.halves {
                    self.active()
                } else {
                    self.whole()?;
                    4
                };
                self.row(load, form, (quad, count), address)
            }
            Access::Gather {
                load,
                form,
                quad,
                base,
                offsets,
                places,
            } => {
                self.whole()?;
                let base = self.registers[base];
                let at = |offset: u32| base.wrapping_add(offset << places);
                if !load {
                    self.scatter(form, quad, offsets, at)
                } else if form.halves {
                    let mut halves = [0; 8];
                    for (half, offset) in halves.iter_mut().zip(self.halves(offsets)) {
                        *half = self.element(at((offset as u16).into()), form)? as i16;
                    }
                    self.set_halves(quad, halves);
                    Ok(())
                } else {
                    let mut words = [0; 4];
                    for (word, offset) in words.iter_mut().zip(self.words_of(offsets)) {
                        *word = self.element(at(offset), form)?;
                    }
                    self.set_words(quad, words);
                    Ok(())
                }
            }
            Access::At { quad, addresses } => {
                self.whole()?;
                let at = self.words_of(addresses.quad);
                let at = at.map(|at| at.wrapping_add(addresses.offset as u32));
                let form = Form::new(Width::Word, false);
                let mut words = [0; 4];
                for (word, at) in words.iter_mut().zip(at) {
                    *word = self.element(at, form)?;
                }
                self.set_words(quad, words);
                if addresses.advances {
                    self.set_words(addresses.quad, at);
                }
                Ok(())
            }
            Access::Apart {
                of,
                part,
                first,
                base,
                advances,
            } => {
                self.whole()?;
                let start = self.registers[base];
                let form = Form::new(Width::Word, false);
                // Which words a part loads is not told from outside, once all parts are done: here one of each vector after the
                // other.
                for word in (0..4 * of).filter(|word| (word / of) % of == part) {
                    let value = self.element(start.wrapping_add(4 * word as u32), form)?;
                    self.singles[4 * (first + word % of) + word / of] = value;
                }
                if advances {
                    self.registers[base] = start.wrapping_add(16 * of as u32);
                }
                Ok(())
            }
        }
    }

    /// A load of the first elements alone: the others are 0.
    pub(super) fn access_first(&mut self, access: Access, count: usize) -> Result<(), String> {
        match access {
            Access::Row {
                load,
                form,
                quad,
                address,
            } => self.row(load, form, (quad, count), address),
            Access::Gather { .. } | Access::At { .. } | Access::Apart { .. } => {
                Err("the model has it whole".into())
            }
        }
    }

    /// Stores elements of a vector at offsets.
    fn scatter(
        &mut self,
        form: Form,
        quad: usize,
        offsets: usize,
        at: impl Fn(u32) -> u32,
    ) -> Result<(), String> {
        let (values, offsets): (Vec<u32>, Vec<u32>) = if form.halves {
            let of = |quad| {
                self.halves(quad)
                    .map(|half| u32::from(half as u16))
                    .to_vec()
            };
            (of(quad), of(offsets))
        } else {
            (
                self.words_of(quad).to_vec(),
                self.words_of(offsets).to_vec(),
            )
        };
        for (value, offset) in values.into_iter().zip(offsets) {
            self.element_at(at(offset), form)?;
            self.write(at(offset), form.memory, value)?;
        }
        Ok(())
    }

    fn row(
        &mut self,
        load: bool,
        form: Form,
        (quad, count): (usize, usize),
        address: Address,
    ) -> Result<(), String> {
        let start = self.address(address)?;
        let bytes = form.memory.bytes();
        if !start.is_multiple_of(bytes) {
            return Err(format!("it faults at {start:#010x}, which is not aligned"));
        }
        let mut values = [0; 8];
        if !load && form.halves {
            values = self.halves(quad).map(|half| half as u32);
        } else if !load {
            values[..4].copy_from_slice(&self.words_of(quad));
        }
        for (value, at) in values.iter_mut().zip(0..).take(count) {
            let at = start.wrapping_add(bytes * at);
            if load {
                *value = self.element(at, form)?;
            } else {
                self.write(at, form.memory, *value)?;
            }
        }
        if load && form.halves {
            self.set_halves(quad, values.map(|value| value as i16));
        } else if load {
            self.set_words(quad, core::array::from_fn(|word| values[word]));
        }
        Ok(())
    }

    /// Elements stand at multiples of their length.
    fn element_at(&self, at: u32, form: Form) -> Result<(), String> {
        match at.is_multiple_of(form.memory.bytes()) {
            true => Ok(()),
            false => Err(format!("it faults at {at:#010x}, which is not aligned")),
        }
    }

    /// An element with its sign.
    fn element(&self, at: u32, form: Form) -> Result<u32, String> {
        self.element_at(at, form)?;
        let bytes = form.memory.bytes();
        let value = self.read(at, form.memory)?;
        let unused = 32 - 8 * bytes;
        Ok(((value << unused) as i32 >> unused) as u32)
    }

    /// Instructions that the model has for whole vectors alone.
    fn whole(&self) -> Result<(), String> {
        match self.predicated {
            true => Err("the model has it in no tail-predicated loop".into()),
            false => Ok(()),
        }
    }
}
