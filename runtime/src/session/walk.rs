//! What walks over the layers share: where the next tensor stands, and running a layer there.
use core::ops::Range;

use crate::layer::Operands;
use crate::plan::{Flow, Link, Pace, flow};
use crate::precision::Precision;

use super::Session;
use super::memory::values;

/// No bytes; overlaps nothing.
pub(super) const NOWHERE: Range<usize> = 0..0;

/// The places of tensors during a walk, in bytes of the zone.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    /// Where the held tensors start.
    pub held: usize,
    /// Where tensors move from end to end.
    pub area: Range<usize>,
    pub moving: Option<Moving>,
}

/// The tensor that stands at one end of the area.
#[derive(Debug, Clone)]
pub(super) struct Moving {
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
        if let Some(held) = flow.held {
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
        match (&self.moving, flow.held) {
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
    fn scratch(&self, before: &Option<Moving>, bytes: usize) -> Range<usize> {
        let at_start = [before, &self.moving]
            .into_iter()
            .flatten()
            .filter(|moving| moving.place.start == self.area.start)
            .map(|moving| moving.place.end.next_multiple_of(4))
            .max();
        let start = at_start.unwrap_or(self.area.start);
        start..start + bytes
    }
}

/// What a layer reads and writes in a walk.
#[derive(Debug, Clone)]
pub(super) struct Places {
    pub input: Range<usize>,
    pub with: Range<usize>,
    /// As in [`Operands`].
    pub start: i32,
    pub output: Range<usize>,
    pub scratch: Range<usize>,
}

impl<P: Precision> Session<'_, '_, P> {
    /// How windows follow each other.
    pub(super) fn pace(&self) -> Pace {
        self.plan.pace::<P::Build>()
    }

    /// A tensor by its number.
    pub(super) fn tensor(&self, number: u16) -> &Flow {
        flow(&self.plan.input, self.nodes, number)
    }

    /// The tensor whose memory a tensor is.
    pub(super) fn root(&self, number: u16) -> &Flow {
        self.tensor(self.tensor(number).root)
    }

    /// The roots that a layer reads.
    pub(super) fn roots(&self, node: &Link) -> [Option<u16>; 2] {
        [Some(node.input), node.with].map(|tensor| Some(self.tensor(tensor?).root))
    }

    /// The number of the output tensor.
    pub(super) fn last(&self) -> u16 {
        self.nodes.len() as u16
    }

    /// Runs the layer of this index. Its input, and what it reads besides, may be outside the arena.
    pub(super) fn execute(
        &mut self,
        index: usize,
        places: Places,
        given: [Option<&[P::Activation]>; 2],
    ) {
        let (Some(layer), Some(node)) = (self.layers.get(index), self.nodes.get(index)) else {
            return;
        };
        let with = if places.with == places.input {
            NOWHERE
        } else {
            places.with.clone()
        };
        let ranges = [places.input, with, places.output, places.scratch].map(whole);
        let Ok([input, with, output, scratch]) = self.zone.get_disjoint_mut(ranges) else {
            return;
        };
        let state = self.state.get_mut(node.state_bytes()).unwrap_or_default();
        let [given_input, given_with] = given;
        let input = given_input.unwrap_or(bytemuck::try_cast_slice(input).unwrap_or_default());
        let with = given_with.unwrap_or(bytemuck::try_cast_slice(with).unwrap_or_default());
        let operands = Operands {
            input,
            with: if with.is_empty() { input } else { with },
            start: places.start,
            state,
            scratch,
        };
        layer.run(operands, values(output));
    }

    /// Scratch for a layer that has just been placed; `before` is what moved before it.
    pub(super) fn scratch(walk: &Walk, before: &Option<Moving>, node: &Link) -> Range<usize> {
        match node.memory.scratch {
            0 => NOWHERE,
            bytes => walk.scratch(before, bytes),
        }
    }
}

/// An empty range must not lie inside of another one.
fn whole(range: Range<usize>) -> Range<usize> {
    if range.is_empty() { NOWHERE } else { range }
}
