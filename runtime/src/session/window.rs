//! A whole window, and the part of one that a stream leaves for its end.
use core::ops::Range;

use crate::error::InputLength;
use crate::format::MAX_LAYERS;
use crate::layer::{Layer, Reach};
use crate::plan::{Flow, Link, NOWHERE, Pace, Steps, Walk, flow, read};
use crate::precision::Precision;

use super::Session;
use super::walk::{Input, Places};

/// Time steps of the tensors of a window.
#[derive(Clone, Copy)]
enum Lengths<'a> {
    /// Of the model's own length.
    Full,
    /// Of a shorter one, by the tensors' numbers; a dimension fits 16 bits.
    Shorter(&'a [u16; MAX_LAYERS + 1]),
}

impl Lengths<'_> {
    /// Steps of the tensor of this number.
    #[inline]
    fn of(self, number: usize, flow: &Flow) -> u32 {
        match self {
            Self::Full => flow.shape.steps,
            Self::Shorter(lengths) => {
                let steps = lengths.get(number).copied();
                u32::from(steps.unwrap_or_default())
            }
        }
    }
}

impl<P: Precision> Session<'_, '_, P> {
    /// Fills in the lengths of all tensors for a window of so many values.
    #[inline(never)]
    fn lengths(&self, values: usize, lengths: &mut [u16]) -> Result<(), InputLength> {
        let shape = self.plan.input.shape;
        let error = InputLength {
            expected: shape.len() as u32,
            given: values as u32,
        };
        let channels = shape.channels.max(1) as usize;
        if values == 0 || values > shape.len() || !values.is_multiple_of(channels) {
            return Err(error);
        }
        let steps = (values / channels) as u32;
        crate::plan::lengths::<P::Build>(self.plan, self.nodes, steps, lengths).map_err(|()| error)
    }

    /// Where the input of a whole window stands.
    pub(super) fn window_input(&self, values: usize) -> Range<usize> {
        let start = self.plan.input.at as usize;
        start..start + values * size_of::<P::Activation>()
    }

    /// Runs all layers over a window of so many values: the one that is given, or the one that `load` puts in its place. Where
    /// the output stands.
    #[inline]
    pub(super) fn window(
        &mut self,
        values: usize,
        given: Option<&[P::Activation]>,
        load: impl FnOnce(&mut Self),
    ) -> Result<Range<usize>, InputLength> {
        let last = if values == self.plan.input.shape.len() {
            load(self);
            self.layers(Lengths::Full, given)
        } else {
            self.shorter(values, given, load)?
        };
        self.ended = true;
        Ok(last)
    }

    #[inline(never)]
    fn shorter(
        &mut self,
        values: usize,
        given: Option<&[P::Activation]>,
        load: impl FnOnce(&mut Self),
    ) -> Result<Range<usize>, InputLength> {
        let mut lengths = [0; MAX_LAYERS + 1];
        self.lengths(values, &mut lengths)?;
        load(self);
        Ok(self.layers(Lengths::Shorter(&lengths), given))
    }

    #[inline(never)]
    fn layers(&mut self, lengths: Lengths<'_>, given: Option<&[P::Activation]>) -> Range<usize> {
        if !self.state.is_empty() {
            self.state.fill(0);
        }
        let (plan, nodes) = (self.plan, self.nodes);
        // The tensor before, which most layers read, and its steps.
        let mut before = (&plan.input, lengths.of(0, &plan.input));
        for (number, (node, layer)) in nodes.iter().zip(self.layers).enumerate() {
            let steps = lengths.of(number + 1, &node.tensor);
            if !node.is_view() {
                let input = if P::FEATURES.has_branches() && usize::from(node.input) != number {
                    let read = flow(&plan.input, nodes, node.input);
                    (read, lengths.of(node.input.into(), read))
                } else {
                    before
                };
                self.whole_layer(layer, node, input, steps, lengths, given);
            }
            before = (&node.tensor, steps);
        }
        match whole(before, given) {
            // The output is the input, and is to stand in the arena.
            Ok(output) => {
                let place = self.window_input(output.len());
                self.load_raw(output, place.clone());
                place
            }
            Err(place) => place,
        }
    }

    /// Runs a layer over the whole of its input.
    #[inline(always)]
    fn whole_layer(
        &mut self,
        layer: &Layer<'_, P>,
        node: &Link,
        read: (&Flow, u32),
        steps: u32,
        lengths: Lengths<'_>,
        given: Option<&[P::Activation]>,
    ) {
        let start = match node.reach {
            Reach::Window(_) => node.start::<P::Build>(0, 0, read.1),
            Reach::Step | Reach::Scan | Reach::Last | Reach::Whole | Reach::View => 0,
        };
        let output = span(&node.tensor, steps);
        let with = node.with.filter(|_| P::FEATURES.has_branches());
        if with.is_none() && node.memory.scratch == 0 {
            let both = (whole(read, given), output);
            return self.execute_simple(layer, node, both, start);
        }
        let (input, given_input) = match whole(read, given) {
            Ok(given) => (NOWHERE, Some(given)),
            Err(place) => (place, None),
        };
        let mut places = Places {
            input,
            with: NOWHERE,
            start,
            output,
            scratch: NOWHERE,
        };
        self.layer_besides(layer, node, &mut places, [given_input, given], lengths);
    }

    /// [`Session::whole_layer`] for a layer that reads a second tensor, or has scratch.
    #[inline(never)]
    fn layer_besides(
        &mut self,
        layer: &Layer<'_, P>,
        node: &Link,
        places: &mut Places,
        [given_input, given]: [Option<&[P::Activation]>; 2],
        lengths: Lengths<'_>,
    ) {
        let mut given_with = None;
        if let Some(with) = node.with
            && P::FEATURES.has_branches()
        {
            let read = self.tensor(with);
            match whole((read, lengths.of(with.into(), read)), given) {
                Ok(given) => given_with = Some(given),
                Err(place) => places.with = place,
            }
        }
        if node.memory.scratch != 0 {
            places.scratch = self.whole_scratch(node, node.memory.scratch);
        }
        self.execute_besides(layer, node, places, [given_input, given_with]);
    }

    /// Where a layer's scratch stands during a whole window: behind what stands at the area's start.
    fn whole_scratch(&self, node: &Link, bytes: usize) -> Range<usize> {
        let area = self.plan.held;
        let end = |flow: &Flow| match flow.at as usize == area && !flow.is_held {
            true => span(flow, flow.shape.steps).end.next_multiple_of(4),
            false => area,
        };
        let mut start = end(&node.tensor).max(end(self.tensor(node.input)));
        if P::FEATURES.has_branches()
            && let Some(with) = node.with
        {
            start = start.max(end(self.tensor(with)));
        }
        start..start + bytes
    }

    /// Computes what a stream has left for the end of a window; where the output stands.
    pub(super) fn complete(&mut self) -> Range<usize> {
        if P::FEATURES.is_plain() {
            // The step that has just come.
            let last = self.tensor(self.last());
            return last.ring.map_or(NOWHERE, |ring| {
                let start = ring.at as usize;
                start..start + last.step_bytes()
            });
        }
        if self.plan.collects::<P::Build>() {
            return self.layers(Lengths::Full, None);
        }
        let nodes = self.nodes;
        let plan = self.plan;
        let mut walk = Walk::new(plan.stream, plan.due_held, plan.due_moving);
        for (node, layer) in nodes.iter().zip(self.layers) {
            let flow = &node.tensor;
            if node.is_view() || !flow.is_dirty() {
                continue;
            }
            walk.keep(self.roots(node));
            let before = walk.moving.clone();
            let all = walk.place(flow, flow.shape.steps as usize * flow.step_bytes());
            let scratch = Self::scratch(&walk, &before, node);
            let reader = Walk {
                moving: before,
                ..walk.clone()
            };
            self.bring_clean(flow, all.start);
            if self.pace() == Pace::Overlapping && matches!(node.reach, Reach::Scan | Reach::Last) {
                let state = self.state.get_mut(node.state_bytes());
                state.unwrap_or_default().fill(0);
            }
            for part in flow.dirty() {
                if part.is_empty() {
                    continue;
                }
                let input = self.tensor(node.input);
                let scanned = node.scanned(input, self.pace());
                let steps = input.shape.steps;
                let of = read(node, part, scanned, steps);
                let output = part_of(all.start, part, flow.step_bytes());
                let places = Places {
                    input: self.stands(&reader, node.input, of),
                    with: node
                        .with
                        .map_or(NOWHERE, |with| self.stands(&reader, with, of)),
                    start: node.start::<P::Build>(part.from, of.from, steps),
                    output,
                    scratch: scratch.clone(),
                };
                self.execute(layer, node, &places);
            }
        }
        let all = Steps {
            from: 0,
            to: self.tensor(self.last()).shape.steps,
        };
        self.stands(&walk, self.last(), all)
    }

    /// Copies the clean steps that are still read to where the whole tensor stands.
    fn bring_clean(&mut self, flow: &Flow, to: usize) {
        let steps = flow.clean.intersect(flow.due);
        let Some(ring) = flow.ring else {
            return;
        };
        if steps.is_empty() {
            return;
        }
        let first = self.window_start(flow);
        let from = self.ring_steps(
            ring,
            first.wrapping_add(steps.from),
            steps.len(),
            flow.step_bytes(),
        );
        let to = part_of(to, steps, flow.step_bytes());
        if let Ok([from, to]) = self.zone.get_disjoint_mut([from, to]) {
            for (to, &from) in to.iter_mut().zip(&*from) {
                *to = from;
            }
        }
    }

    /// The count of a ring at which the window that is complete starts.
    fn window_start(&self, flow: &Flow) -> u32 {
        let there = flow.ring.map_or(0, |ring| self.cursor(ring).there);
        there.wrapping_sub(flow.clean.to)
    }

    /// Where some steps of a tensor stand when a window is complete.
    fn stands(&self, walk: &Walk, number: u16, steps: Steps) -> Range<usize> {
        let (flow, root) = (self.tensor(number), self.root(number));
        let part = part_of(0, steps, flow.step_bytes());
        let start = match root.ring {
            Some(ring) if !root.is_dirty() => {
                let first = self
                    .window_start(root)
                    .wrapping_sub(self.cursor(ring).first) as i32;
                let skipped = first as isize * root.step_bytes() as isize;
                ring.at as isize + skipped
            }
            Some(_) | None => {
                let bytes = root.shape.steps as usize * root.step_bytes();
                walk.placed(root, bytes).start as isize
            }
        };
        let at = |offset: usize| start.saturating_add_unsigned(offset).max(0) as usize;
        at(part.start)..at(part.end)
    }
}

/// A tensor of so many steps of a whole window, if it is with the caller, who has the input in `given`; else where it stands in the
/// zone.
#[inline(always)]
fn whole<'a, T>((flow, steps): (&Flow, u32), given: Option<&'a [T]>) -> Input<'a, T> {
    match given {
        Some(given) if flow.root == 0 => Ok(given),
        Some(_) | None => Err(span(flow, steps)),
    }
}

/// Bytes of the first steps of a tensor of a whole window.
#[inline]
fn span(flow: &Flow, steps: u32) -> Range<usize> {
    let start = flow.at as usize;
    start..start + steps as usize * flow.step_bytes()
}

/// Bytes of some steps of a tensor that starts at `start`.
fn part_of(start: usize, steps: Steps, step_bytes: usize) -> Range<usize> {
    start + steps.from as usize * step_bytes..start + steps.to.max(steps.from) as usize * step_bytes
}
