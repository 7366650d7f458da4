//! Memory that knows which bytes a program may read or write.
use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use super::operation::Width;

/// Between one buffer and the next: what runs past a buffer meets nothing.
const GAP: u32 = 0x1000;
/// The first buffer; an address that a program makes up is hardly here.
const FIRST: u32 = 0x2000_0000;

struct Region {
    start: u32,
    /// A byte that nobody has written is none.
    bytes: Vec<Option<u8>>,
    writable: bool,
}

/// Buffers at addresses far apart.
#[derive(Default)]
pub struct Memory {
    regions: Vec<Region>,
}

impl Memory {
    /// Places bytes to read, `offset` bytes behind a multiple of 64, and gives their address.
    pub fn readable(&mut self, bytes: &[u8], offset: u32) -> u32 {
        self.place(bytes.iter().copied().map(Some).collect(), false, offset)
    }

    /// Places bytes to read and write.
    pub fn writable(&mut self, bytes: &[u8], offset: u32) -> u32 {
        self.place(bytes.iter().copied().map(Some).collect(), true, offset)
    }

    /// Places bytes to write, and to read once they are written.
    pub fn unwritten(&mut self, length: usize, offset: u32) -> u32 {
        self.place(vec![None; length], true, offset)
    }

    fn place(&mut self, bytes: Vec<Option<u8>>, writable: bool, offset: u32) -> u32 {
        let behind = self.regions.last().map_or(FIRST, |last| {
            (last.start + last.bytes.len() as u32 + GAP).next_multiple_of(64)
        });
        let start = behind + offset;
        self.regions.push(Region {
            start,
            bytes,
            writable,
        });
        start
    }

    /// Bytes of a buffer after a call; `None` where they are no part of one or one was never written.
    pub fn bytes(&self, address: u32, length: usize) -> Option<Vec<u8>> {
        let region = self.find(address, length as u32)?;
        let start = (address - region.start) as usize;
        region.bytes[start..start + length]
            .iter()
            .copied()
            .collect()
    }

    fn find(&self, address: u32, length: u32) -> Option<&Region> {
        self.regions
            .iter()
            .find(|region| region.has(address, length))
    }

    /// A value, its upper bits zero.
    pub(super) fn read(&self, address: u32, width: Width) -> Result<u32, String> {
        let length = width.bytes();
        let what = || format!("the read of {length} bytes at {address:#010x}");
        let region = self
            .find(address, length)
            .ok_or_else(|| format!("{} is in no buffer", what()))?;
        let start = (address - region.start) as usize;
        let bytes = &region.bytes[start..start + length as usize];
        bytes.iter().rev().try_fold(0, |value, byte| match byte {
            Some(byte) => Ok(value << 8 | u32::from(*byte)),
            None => Err(format!("{} takes what nobody has written", what())),
        })
    }

    /// Writes the lowest bytes of a value.
    pub(super) fn write(&mut self, address: u32, width: Width, value: u32) -> Result<(), String> {
        let length = width.bytes();
        let what = || format!("the write of {length} bytes at {address:#010x}");
        let region = self
            .regions
            .iter_mut()
            .find(|region| region.has(address, length))
            .ok_or_else(|| format!("{} is in no buffer", what()))?;
        if !region.writable {
            return Err(format!("{} is to a buffer to read", what()));
        }
        let start = (address - region.start) as usize;
        let bytes = &mut region.bytes[start..start + length as usize];
        for (place, byte) in bytes.iter_mut().zip(value.to_le_bytes()) {
            *place = Some(byte);
        }
        Ok(())
    }
}

impl Region {
    fn has(&self, address: u32, length: u32) -> bool {
        address
            .checked_sub(self.start)
            .is_some_and(|at| at as usize + length as usize <= self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_given_bytes_are_read_and_only_some_written() {
        let mut memory = Memory::default();
        let given = memory.readable(&[1, 2, 3, 4, 5], 2);
        let result = memory.unwritten(4, 0);
        assert_eq!(given % 64, 2);
        assert_eq!(memory.read(given + 1, Width::Word), Ok(0x0504_0302));
        assert_eq!(memory.read(given + 4, Width::Byte), Ok(5));
        for (at, width) in [(2, Width::Word), (5, Width::Byte), (4, Width::Half)] {
            let refused = memory.read(given + at, width).unwrap_err();
            assert!(refused.contains("no buffer"), "{refused}");
        }
        assert!(memory.read(given - 1, Width::Byte).is_err());
        assert!(memory.write(given, Width::Byte, 0).is_err());
        assert!(memory.read(result, Width::Half).is_err());
        memory.write(result, Width::Half, 0xabcd_1234).unwrap();
        assert_eq!(memory.read(result, Width::Half), Ok(0x1234));
        assert_eq!(memory.bytes(result, 4), None);
        assert_eq!(memory.bytes(result, 2), Some(vec![0x34, 0x12]));
    }
}
