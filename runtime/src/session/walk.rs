//! What walks over the layers share: the tensors by their numbers, and running a layer.
use core::ops::Range;

use crate::format::features::Built;
use crate::layer::{Besides, Layer};
use crate::plan::{Flow, Link, Moving, NOWHERE, Pace, Walk, flow, root};
use crate::precision::Precision;

use super::Session;

/// What a layer reads: it is with the caller, or stands somewhere in the zone.
pub(super) type Input<'a, T> = Result<&'a [T], Range<usize>>;

/// What a layer reads and writes in a walk.
#[derive(Debug, Clone)]
pub(super) struct Places {
    pub input: Range<usize>,
    pub with: Range<usize>,
    /// As in [`Besides`].
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

    /// Runs a layer.
    pub(super) fn execute(&mut self, layer: &Layer<'_, P>, node: &Link, places: &Places) {
        // In a build for recurrent layers, most take the general way.
        let is_simple = places.with.is_empty() && places.scratch.is_empty();
        if is_simple && !P::FEATURES.is_plain() {
            let both = (Err(nowhere_if_empty(&places.input)), places.output.clone());
            self.execute_simple(layer, node, both, places.start);
        } else {
            self.execute_besides(layer, node, places, [None; 2]);
        }
    }

    /// Runs a layer that has an input and an output and no more. The input may be outside the arena.
    #[inline(always)]
    pub(super) fn execute_simple(
        &mut self,
        layer: &Layer<'_, P>,
        node: &Link,
        (input, output): (Input<'_, P::Activation>, Range<usize>),
        start: i32,
    ) {
        // By the plan, nothing fails.
        let (input, output) = match input {
            Ok(given) => match self.zone.get_mut(output) {
                Some(output) => (given, output),
                None => return,
            },
            Err(input) => {
                let Some((input, output)) = apart(self.zone, &input, &output) else {
                    return;
                };
                let Ok(input) = bytemuck::try_cast_slice(input) else {
                    return;
                };
                (input, output)
            }
        };
        let Ok(output) = bytemuck::try_cast_slice_mut(output) else {
            return;
        };
        let mut besides = Besides {
            with: &[],
            start,
            state: state(self.state, node),
            scratch: &mut [],
        };
        layer.run(input, output, &mut besides);
    }

    /// Runs any layer. Its input, and what it reads besides, may be outside the arena.
    pub(super) fn execute_besides(
        &mut self,
        layer: &Layer<'_, P>,
        node: &Link,
        places: &Places,
        [given_input, given_with]: [Option<&[P::Activation]>; 2],
    ) {
        let Some(parts) = parts::<P::Build>(self.zone, places) else {
            return;
        };
        let Ok(output) = bytemuck::try_cast_slice_mut(parts.output) else {
            return;
        };
        let Ok(input) = given_input.map_or_else(|| bytemuck::try_cast_slice(parts.input), Ok)
        else {
            return;
        };
        let with = match given_with {
            Some(with) => with,
            None if parts.with.is_empty() => input,
            None => bytemuck::try_cast_slice(parts.with).unwrap_or_default(),
        };
        let mut besides = Besides {
            with,
            start: places.start,
            state: state(self.state, node),
            scratch: parts.scratch,
        };
        layer.run(input, output, &mut besides);
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
fn parts<'z, B: Built>(zone: &'z mut [u8], places: &Places) -> Option<Parts<'z>> {
    let (input, output) = (
        nowhere_if_empty(&places.input),
        nowhere_if_empty(&places.output),
    );
    let scratch = nowhere_if_empty(&places.scratch);
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
    let ranges = [input, nowhere_if_empty(with), output, scratch];
    let [input, with, output, scratch] = zone.get_disjoint_mut(ranges).ok()?;
    Some(Parts {
        input,
        with,
        output,
        scratch,
    })
}

/// An input and an output: one split parts them.
#[inline(always)]
fn apart<'z>(
    zone: &'z mut [u8],
    input: &Range<usize>,
    output: &Range<usize>,
) -> Option<(&'z [u8], &'z mut [u8])> {
    if input.end <= output.start {
        let (before, from) = zone.split_at_mut_checked(output.start)?;
        Some((
            before.get_mut(input.clone())?,
            from.get_mut(..output.len())?,
        ))
    } else {
        let (before, from) = zone.split_at_mut_checked(input.start)?;
        Some((
            from.get_mut(..input.len())?,
            before.get_mut(output.clone())?,
        ))
    }
}

/// The state of a layer.
#[inline(always)]
fn state<'s>(state: &'s mut [u8], node: &Link) -> &'s mut [u8] {
    match node.memory.state {
        0 => &mut [],
        _ => state.get_mut(node.state_bytes()).unwrap_or_default(),
    }
}

/// An empty range must not lie inside of another one.
fn nowhere_if_empty(range: &Range<usize>) -> Range<usize> {
    if range.is_empty() {
        NOWHERE
    } else {
        range.clone()
    }
}
