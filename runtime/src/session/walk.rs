//! What walks over the layers share: the tensors by their numbers, and running a layer.
use core::ops::Range;

use crate::format::features::Built;
use crate::layer::{Layer, Operands};
use crate::plan::{Flow, Link, Moving, NOWHERE, Pace, Walk, flow, root};
use crate::precision::Precision;

use super::Session;
use super::memory::values;

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
        root(&self.plan.input, self.nodes, number)
    }

    /// The roots that a layer reads.
    pub(super) fn roots(&self, node: &Link) -> [Option<u16>; 2] {
        let with = node.with.map(|with| self.tensor(with).root);
        [Some(self.tensor(node.input).root), with]
    }

    /// The number of the output tensor.
    pub(super) fn last(&self) -> u16 {
        self.nodes.len() as u16
    }

    /// Runs a layer. Its input, and what it reads besides, may be outside the arena.
    pub(super) fn execute(
        &mut self,
        layer: &Layer<'_, P>,
        node: &Link,
        places: &Places,
        given: [Option<&[P::Activation]>; 2],
    ) {
        let Some(parts) = parts::<P::Build>(self.zone, places) else {
            return;
        };
        let state = match node.memory.state {
            0 => &mut [],
            _ => self.state.get_mut(node.state_bytes()).unwrap_or_default(),
        };
        let [given_input, given_with] = given;
        let input = match given_input {
            Some(input) => input,
            None => bytemuck::try_cast_slice(parts.input).unwrap_or_default(),
        };
        let with = match given_with {
            Some(with) => with,
            None if parts.with.is_empty() => input,
            None => bytemuck::try_cast_slice(parts.with).unwrap_or_default(),
        };
        let operands = Operands {
            input,
            with,
            start: places.start,
            state,
            scratch: parts.scratch,
        };
        layer.run(operands, values(parts.output));
    }

    /// Scratch for a layer that has just been placed; `before` is what moved before it.
    pub(super) fn scratch(walk: &Walk, before: &Option<Moving>, node: &Link) -> Range<usize> {
        match node.memory.scratch {
            0 => NOWHERE,
            bytes => walk.scratch(before, bytes),
        }
    }
}

/// The bytes at some places.
#[derive(Default)]
struct Parts<'z> {
    input: &'z [u8],
    with: &'z [u8],
    output: &'z mut [u8],
    scratch: &'z mut [u8],
}

/// The bytes at these places; none where they overlap, which the plan rules out.
#[inline(always)]
fn parts<'z, B: Built>(zone: &'z mut [u8], places: &Places) -> Option<Parts<'z>> {
    // In a build for recurrent layers, most take the general way.
    if B::FEATURES.is_plain() {
        return all_parts::<B>(zone, places);
    }
    let Places {
        input,
        with,
        output,
        scratch,
        ..
    } = places;
    if !with.is_empty() || !scratch.is_empty() {
        return all_parts::<B>(zone, places);
    }
    // Mostly an input and an output: one split parts them.
    let (input, output) = if input.is_empty() {
        (&[][..], zone.get_mut(output.clone())?)
    } else if input.end <= output.start {
        let (before, from) = zone.split_at_mut_checked(output.start)?;
        (
            &*before.get_mut(input.clone())?,
            from.get_mut(..output.len())?,
        )
    } else {
        let (before, from) = zone.split_at_mut_checked(input.start)?;
        (
            &*from.get_mut(..input.len())?,
            before.get_mut(output.clone())?,
        )
    };
    Some(Parts {
        input,
        output,
        ..Parts::default()
    })
}

#[inline(never)]
fn all_parts<'z, B: Built>(zone: &'z mut [u8], places: &Places) -> Option<Parts<'z>> {
    let (input, output) = (whole(&places.input), whole(&places.output));
    let scratch = whole(&places.scratch);
    if !B::FEATURES.has_branches() {
        let [input, output, scratch] = zone.get_disjoint_mut([input, output, scratch]).ok()?;
        return Some(Parts {
            input,
            output,
            scratch,
            ..Parts::default()
        });
    }
    let with = if places.with == places.input {
        &NOWHERE
    } else {
        &places.with
    };
    let ranges = [input, whole(with), output, scratch];
    let [input, with, output, scratch] = zone.get_disjoint_mut(ranges).ok()?;
    Some(Parts {
        input,
        with,
        output,
        scratch,
    })
}

/// An empty range must not lie inside of another one.
fn whole(range: &Range<usize>) -> Range<usize> {
    if range.is_empty() {
        NOWHERE
    } else {
        range.clone()
    }
}
