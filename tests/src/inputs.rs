//! Inputs of the golden models: the same numbers on every machine and for ever.

/// A small generator (xorshift of 32 bits; Marsaglia, 2003).
#[derive(Debug, Clone)]
pub struct Random(u32);

impl Random {
    /// The generator that the golden inputs come from.
    pub const fn new() -> Self {
        Self(0x2545_f491)
    }

    /// The next 32 bits.
    pub fn bits(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    /// A value in [-3.3, 3.3]: some of these saturate an activation of the golden models.
    pub fn value(&mut self) -> f32 {
        let integer = (self.bits() >> 16) as u16 as i16;
        // An IEEE division: correctly rounded, so the same bits everywhere.
        f32::from(integer) / 10_000.0
    }

    /// Fills a window, or several in a row.
    pub fn fill(&mut self, values: &mut [f32]) {
        for value in values {
            *value = self.value();
        }
    }
}

impl Default for Random {
    fn default() -> Self {
        Self::new()
    }
}

/// FNV-1a of 32-bit words, byte by byte from the lowest: a checksum that costs little on any core.
#[derive(Debug, Clone, Copy)]
pub struct Fnv(pub u32);

impl Fnv {
    /// The empty checksum.
    pub const fn new() -> Self {
        Self(0x811c_9dc5)
    }

    /// Adds a word.
    pub fn word(&mut self, word: u32) {
        for byte in word.to_le_bytes() {
            self.0 = (self.0 ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
    }
}

impl Default for Fnv {
    fn default() -> Self {
        Self::new()
    }
}
