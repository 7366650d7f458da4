//! A walk over the layers: where the next tensor stands.
use core::ops::Range;

use super::Flow;

/// No bytes; overlaps nothing.
pub(crate) const NOWHERE: Range<usize> = 0..0;

/// The places of tensors during a walk, in bytes of the zone.
#[derive(Debug, Clone)]
pub(crate) struct Walk {
    /// Where the held tensors start.
    pub held: usize,
    /// Where tensors move from end to end.
    pub area: Range<usize>,
    pub moving: Option<Moving>,
}

/// The tensor that stands at one end of the area.
#[derive(Debug, Clone)]
pub(crate) struct Moving {
    pub root: u16,
    pub place: Range<usize>,
}

impl Walk {
    pub fn new(start: usize, held: usize, moving: usize) -> Self {
        Self {
            held: start,
            area: start + held..start + held + moving,
            moving: None,
        }
    }

    /// The place of a tensor that is held, or moves at the other end than the one that stands there now.
    pub fn place(&mut self, flow: &Flow, bytes: usize) -> Range<usize> {
        if let Some(held) = flow.held() {
            let start = self.held + held as usize;
            return start..start + bytes;
        }
        self.push(flow.root, bytes)
    }

    /// The place of a tensor that moves.
    pub fn push(&mut self, root: u16, bytes: usize) -> Range<usize> {
        let at_start = self
            .moving
            .as_ref()
            .is_some_and(|moving| moving.place.start == self.area.start);
        let start = if at_start {
            self.area.end.saturating_sub(bytes.next_multiple_of(4))
        } else {
            self.area.start
        };
        let place = start..start + bytes;
        self.moving = Some(Moving {
            root,
            place: place.clone(),
        });
        place
    }

    /// Forgets the tensor that moves, unless it is one of these roots.
    pub fn keep(&mut self, roots: [Option<u16>; 2]) {
        self.moving
            .take_if(|moving| !roots.contains(&Some(moving.root)));
    }

    /// Where a tensor stands that this walk has placed.
    pub fn placed(&self, flow: &Flow, bytes: usize) -> Range<usize> {
        match (&self.moving, flow.held()) {
            (_, Some(held)) => {
                let start = self.held + held as usize;
                start..start + bytes
            }
            (Some(moving), None) if moving.root == flow.root => {
                moving.place.start..moving.place.start + bytes
            }
            (Some(_) | None, None) => NOWHERE,
        }
    }

    /// Free bytes behind the tensor at the start of the area, before or after a layer has been placed.
    pub fn scratch(&self, before: &Option<Moving>, bytes: usize) -> Range<usize> {
        let end = |moving: &Option<Moving>| match moving {
            Some(moving) if moving.place.start == self.area.start => {
                moving.place.end.next_multiple_of(4)
            }
            Some(_) | None => self.area.start,
        };
        let start = end(before).max(end(&self.moving));
        start..start + bytes
    }
}
