//! The caller's fixed memory, and sums of sizes that do not overflow.
use crate::error::LayerError;

/// An arena starts at a multiple of this.
pub const ARENA_ALIGNMENT: usize = 16;

/// `N` bytes at a multiple of 16, for `N` from [`arena_bytes`](crate::arena_bytes).
#[derive(Debug, Clone)]
#[repr(C, align(16))]
pub struct Arena<const N: usize>([u8; N]);

impl<const N: usize> Arena<N> {
    /// A zeroed arena; `const`, so that it can be a static.
    pub const fn new() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> Default for Arena<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> AsMut<[u8]> for Arena<N> {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

/// Bytes of a buffer inside a part: a multiple of four. Sums here end at the largest number, which [`limit`] refuses.
#[inline]
pub(crate) fn place(bytes: usize) -> usize {
    bytes.saturating_add(3) & !3
}

/// Bytes of `count` elements as a buffer inside a part.
#[inline]
pub(crate) fn bytes(count: usize, element: usize) -> usize {
    place(count.saturating_mul(element))
}

/// Bytes of a part: a multiple of 16.
#[inline]
pub(crate) fn part(bytes: usize) -> usize {
    bytes.saturating_add(ARENA_ALIGNMENT - 1) & !(ARENA_ALIGNMENT - 1)
}

/// Refuses sizes from 2^31 on, so that sums of two fit a 32-bit `usize`.
#[inline]
pub(crate) fn limit(bytes: usize) -> Result<(), LayerError> {
    if bytes <= i32::MAX as usize {
        Ok(())
    } else {
        Err(LayerError::Memory)
    }
}
