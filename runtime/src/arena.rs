//! The caller's fixed memory, split once: state, output, and a work area for two tensors and scratch.
use crate::error::LayerError;
use crate::format::header::Header;
use crate::layer::{Layer, Shape};
use crate::precision::Precision;

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

/// Sizes of the parts of an arena in bytes, each a multiple of 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    /// State of the recurrent layers, in order.
    pub state: usize,
    /// The output as f32.
    pub output: usize,
    /// Input at one end, output at the other, scratch between; the ends change places from layer to layer.
    pub work: usize,
}

impl Plan {
    /// Of no layers.
    pub const EMPTY: Self = Self {
        state: 0,
        output: 0,
        work: 0,
    };

    /// The smallest plan for these layers.
    pub fn new<P: Precision>(input: Shape, layers: &[Layer<'_, P>]) -> Result<Self, LayerError> {
        let element = size_of::<P::Activation>();
        let mut current = bytes(input.len(), element)?;
        let (mut state, mut work) = (0, current);
        let mut shape = input;
        for layer in layers {
            shape = layer.output();
            state = add(state, place(layer.state_bytes())?)?;
            if layer.is_view() {
                continue;
            }
            let next = bytes(shape.len(), element)?;
            work = work.max(add(add(current, next)?, place(layer.scratch_bytes())?)?);
            current = next;
        }
        let output = bytes(shape.len(), size_of::<f32>())?;
        let plan = Self {
            state: part(state)?,
            output: part(output)?,
            work: part(work)?,
        };
        add(add(plan.state, plan.output)?, plan.work)?;
        Ok(plan)
    }

    /// Bytes of the whole arena.
    pub fn total(&self) -> usize {
        self.state + self.output + self.work
    }

    /// Whether a header states this plan.
    pub fn is_stated_by(&self, header: &Header) -> bool {
        header.arena_bytes as usize == self.total()
    }
}

/// Bytes of a buffer inside a part: a multiple of four.
pub(crate) fn place(bytes: usize) -> Result<usize, LayerError> {
    limit(bytes.checked_next_multiple_of(4))
}

fn bytes(count: usize, element: usize) -> Result<usize, LayerError> {
    place(limit(count.checked_mul(element))?)
}

fn part(bytes: usize) -> Result<usize, LayerError> {
    limit(bytes.checked_next_multiple_of(ARENA_ALIGNMENT))
}

fn add(a: usize, b: usize) -> Result<usize, LayerError> {
    limit(a.checked_add(b))
}

/// Below 2^31, so that sums of two fit a 32-bit `usize`.
fn limit(bytes: Option<usize>) -> Result<usize, LayerError> {
    bytes
        .filter(|&bytes| bytes <= i32::MAX as usize)
        .ok_or(LayerError::Memory)
}
