//! A tensor and how it flows: which of its steps a stream keeps, and where they stand.
use core::num::NonZeroU32;

use crate::arena::bytes;
use crate::layer::Shape;

/// A tensor, and how it flows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flow {
    pub shape: Shape,
    /// Bytes of one step.
    pub step_bytes: u32,
    /// The tensor whose memory this is.
    pub root: u16,
    /// Steps that a stream computes once.
    pub clean: Steps,
    /// Steps that the output depends on.
    pub need: Steps,
    /// Steps that are read when a window is complete.
    pub due: Steps,
    /// Steps from one window to the next; 0 where this is not a whole number.
    pub hop: u32,
    /// Whether it is the last step of a [`Reach::Last`], which has no time of its own.
    pub is_last: bool,
    /// The most new steps of a push.
    pub burst: u32,
    /// Clean steps that later ones still need; a root's.
    pub ring: Option<Ring>,
    /// Whether others than the next layer read it, so that it stands in the held part of the work area; of a view, its root.
    pub is_held: bool,
    /// Where it stands in the zone during a whole window, which has the held part in front. While rings are counted: steps that
    /// there are.
    pub at: u32,
}

/// The last steps of a tensor. Offsets are in bytes from the start of the stream's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ring {
    /// Where the [`Cursor`] stands.
    pub cursor: u32,
    /// Where the steps stand.
    pub at: u32,
    /// Room in steps; never none, so that a tensor without a ring takes no word to say so.
    pub capacity: NonZeroU32,
}

impl Ring {
    /// A ring that has no place yet, with room for so many steps, or one.
    pub fn of(steps: u32) -> Self {
        Self {
            cursor: 0,
            at: 0,
            capacity: NonZeroU32::new(steps).unwrap_or(NonZeroU32::MIN),
        }
    }

    /// Makes room for so many steps, if there is less.
    pub fn widen(&mut self, steps: u32) {
        self.capacity = self.capacity.max(Self::of(steps).capacity);
    }
}

/// Steps `from..to` of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Steps {
    pub from: u32,
    pub to: u32,
}

impl Steps {
    /// No steps.
    pub const NONE: Self = Self { from: 0, to: 0 };

    #[inline]
    pub fn is_empty(self) -> bool {
        self.from >= self.to
    }

    #[inline]
    pub fn len(self) -> u32 {
        self.to.saturating_sub(self.from)
    }

    /// The steps in both.
    #[inline]
    pub fn intersect(self, other: Self) -> Self {
        Self {
            from: self.from.max(other.from),
            to: self.to.min(other.to),
        }
    }

    /// The shortest steps with both in them.
    #[inline]
    pub fn hull(self, other: Self) -> Self {
        if self.is_empty() {
            other
        } else if other.is_empty() {
            self
        } else {
            Self {
                from: self.from.min(other.from),
                to: self.to.max(other.to),
            }
        }
    }

    /// The steps before and after those of `other`.
    #[inline]
    pub fn without(self, other: Self) -> [Self; 2] {
        if self.intersect(other).is_empty() {
            return [self, Self::NONE];
        }
        [
            Self {
                from: self.from,
                to: other.from,
            },
            Self {
                from: other.to,
                to: self.to,
            },
        ]
    }
}

impl Flow {
    /// A tensor of elements of `element` bytes.
    pub const fn new(shape: Shape, element: usize, root: u16) -> Self {
        Self {
            shape,
            // Of a shape that is refused later, anything.
            step_bytes: shape.channels.saturating_mul(element as u32),
            root,
            clean: Steps::NONE,
            need: Steps::NONE,
            due: Steps::NONE,
            hop: 0,
            is_last: false,
            burst: 0,
            ring: None,
            at: 0,
            is_held: false,
        }
    }

    /// Where it stands in the held part, if it is held.
    pub fn held(&self) -> Option<u32> {
        self.is_held.then_some(self.at)
    }

    /// Steps of a window that are not clean, before and after those that are.
    #[inline]
    pub fn dirty(&self) -> [Steps; 2] {
        self.need.without(self.clean)
    }

    /// Whether some steps are computed when a window is complete.
    #[inline]
    pub fn is_dirty(&self) -> bool {
        self.dirty().iter().any(|steps| !steps.is_empty())
    }

    /// Bytes of its ring.
    #[inline]
    pub fn ring_bytes(&self) -> usize {
        self.ring
            .map_or(0, |ring| ring.capacity.get() as usize * self.step_bytes())
    }

    /// Bytes of one step.
    #[inline]
    pub fn step_bytes(&self) -> usize {
        self.step_bytes as usize
    }

    /// Bytes of a window's steps, as a buffer inside a part.
    #[inline]
    pub fn window_bytes(&self) -> usize {
        bytes(self.shape.steps as usize, self.step_bytes())
    }
}
