//! Takes tensors off the weights of a golden file, copying each.
use std::vec::Vec;

/// The weights that are left.
pub struct Reader<'m> {
    left: &'m [u8],
}

impl<'m> Reader<'m> {
    pub(super) fn new(weights: &'m [u8]) -> Self {
        Self { left: weights }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// `count` items of `N` bytes; the next tensor starts at a multiple of four bytes.
    fn items<const N: usize>(&mut self, count: usize) -> impl Iterator<Item = [u8; N]> {
        let (tensor, left) = self.left.split_at((count * N).next_multiple_of(4));
        self.left = left;
        let items = tensor[..count * N].chunks_exact(N);
        items.map(|item| item.try_into().unwrap())
    }

    /// int8 values.
    pub(super) fn bytes(&mut self, count: usize) -> Vec<i64> {
        let items = self.items::<1>(count);
        items.map(|byte| i8::from_le_bytes(byte).into()).collect()
    }

    /// int16 values.
    pub(super) fn halves(&mut self, count: usize) -> Vec<i64> {
        let items = self.items::<2>(count);
        items.map(|half| i16::from_le_bytes(half).into()).collect()
    }

    /// int32 values.
    pub(super) fn words(&mut self, count: usize) -> Vec<i64> {
        let items = self.items::<4>(count);
        items.map(|word| i32::from_le_bytes(word).into()).collect()
    }

    /// f32 values.
    pub(super) fn floats(&mut self, count: usize) -> Vec<f32> {
        self.items::<4>(count).map(f32::from_le_bytes).collect()
    }

    /// `(scale, offset)` pairs.
    pub(super) fn pairs(&mut self, count: usize) -> Vec<[f32; 2]> {
        let floats = self.floats(2 * count);
        floats.chunks(2).map(|pair| [pair[0], pair[1]]).collect()
    }
}
