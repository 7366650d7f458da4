//! Fields of a postcard message, one after the other: the types of [`graph`](super::graph) without serde, whose generated code
//! would be half of a small program. Layers are in `layers`.
//!
//! An error is kept until it is asked for: what is read after it is zeros, without an end of the bytes to run past.
use core::marker::PhantomData;

use super::features::{Built, Features};

mod layers;

/// The bytes that are left, and what was found in those before.
// Generic throughout, and so built for size where the program is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'m, B: Built> {
    rest: &'m [u8],
    is_malformed: bool,
    is_built: bool,
    needs: Features,
    build: PhantomData<B>,
}

impl<'m, B: Built> Fields<'m, B> {
    pub fn new(bytes: &'m [u8]) -> Self {
        Self {
            rest: bytes,
            is_malformed: false,
            is_built: true,
            needs: Features::NONE,
            build: PhantomData,
        }
    }

    /// The bytes that have not been read; `None` after an error.
    pub fn rest(&self) -> Option<&'m [u8]> {
        (!self.is_malformed).then_some(self.rest)
    }

    /// What the layers so far need of the runtime; `None` if one of them is not in the build.
    pub fn needs(&self) -> Option<Features> {
        self.is_built.then_some(self.needs)
    }

    /// A string or byte string.
    pub fn bytes(&mut self) -> &'m [u8] {
        let len = self.word() as usize;
        match self.rest.split_at_checked(len) {
            Some((bytes, rest)) => {
                self.rest = rest;
                bytes
            }
            None => {
                self.is_malformed = true;
                &[]
            }
        }
    }

    pub fn word(&mut self) -> u32 {
        self.varint(32)
    }

    #[inline(never)]
    pub fn half(&mut self) -> u16 {
        self.varint(16) as u16
    }

    /// Seven bits a byte, lowest first.
    #[inline(never)]
    fn varint(&mut self, bits: u32) -> u32 {
        let mut value = 0;
        let mut shift = 0;
        while shift < bits {
            let byte = self.byte();
            let part = u32::from(byte & 0x7f);
            if part >> (bits - shift).min(31) != 0 {
                break;
            }
            value |= part << shift;
            if byte < 0x80 {
                return value;
            }
            shift += 7;
        }
        self.is_malformed = true;
        0
    }

    #[inline(never)]
    fn byte(&mut self) -> u8 {
        match self.rest.split_first() {
            Some((&byte, rest)) => {
                self.rest = rest;
                byte
            }
            None => {
                self.is_malformed = true;
                0
            }
        }
    }

    fn signed_byte(&mut self) -> i8 {
        self.byte() as i8
    }

    /// Zigzag: the sign in the lowest bit.
    fn signed_half(&mut self) -> i16 {
        let bits = self.half();
        (bits >> 1) as i16 ^ -((bits & 1) as i16)
    }

    #[inline(never)]
    fn flag(&mut self) -> bool {
        let byte = self.byte();
        self.is_malformed |= byte > 1;
        byte == 1
    }
}
