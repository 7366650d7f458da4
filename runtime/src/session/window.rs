//! A whole window, and the part of one that a stream leaves for its end.
use core::ops::Range;

use crate::error::InputLength;
use crate::format::MAX_LAYERS;
use crate::layer::Reach;
use crate::plan::{Flow, Pace, Steps, read};
use crate::precision::Precision;

use super::Session;
use super::walk::{NOWHERE, Places, Walk};

/// Time steps of each tensor; a dimension fits 16 bits.
type Lengths = [u16; MAX_LAYERS + 1];

impl<P: Precision> Session<'_, '_, P> {
    /// Lengths of all tensors for a window of so many values.
    pub(super) fn lengths(&self, values: usize) -> Result<Lengths, InputLength> {
        let shape = self.plan.input.shape;
        let error = InputLength {
            expected: shape.len() as u32,
            given: values as u32,
        };
        let channels = shape.channels.max(1) as usize;
        if values == 0 || values > shape.len() || !values.is_multiple_of(channels) {
            return Err(error);
        }
        let mut lengths = [0; MAX_LAYERS + 1];
        crate::plan::lengths(
            self.plan,
            self.nodes,
            (values / channels) as u32,
            &mut lengths,
        )
        .map_err(|()| error)?;
        Ok(lengths)
    }

    /// Where the input of a whole window stands.
    pub(super) fn window_input(&self, values: usize) -> Range<usize> {
        let mut walk = Walk::new(0, self.plan.held, self.plan.moving);
        walk.place(&self.plan.input, values * size_of::<P::Activation>())
    }

    /// Runs all layers over the window that is given, or stands at its place; where the output stands.
    pub(super) fn window(
        &mut self,
        lengths: &Lengths,
        given: Option<&[P::Activation]>,
    ) -> Range<usize> {
        self.state.fill(0);
        let nodes = self.nodes;
        let length = |number: u16| {
            let steps = lengths.get(usize::from(number)).copied();
            u32::from(steps.unwrap_or_default())
        };
        let bytes = |flow: &Flow, number| length(number) as usize * flow.step_bytes();
        let mut walk = Walk::new(0, self.plan.held, self.plan.moving);
        walk.place(&self.plan.input, bytes(&self.plan.input, 0));
        for (node, number) in nodes.iter().zip(1..) {
            if node.is_view() {
                continue;
            }
            let placed = |tensor: u16| {
                let root = self.root(tensor);
                walk.placed(root, bytes(root, root.root))
            };
            let input = placed(node.input);
            let with = node.with.map_or(NOWHERE, placed);
            let given = self
                .roots(node)
                .map(|root| given.filter(|_| root == Some(0)));
            walk.keep(self.roots(node));
            let before = walk.moving.clone();
            let output = walk.place(&node.tensor, bytes(&node.tensor, number));
            let places = Places {
                input,
                with,
                start: node.start(0, 0, length(node.input)),
                output,
                scratch: Self::scratch(&walk, &before, node),
            };
            self.execute(usize::from(number) - 1, places, given);
        }
        let root = self.root(self.last());
        walk.placed(root, bytes(root, root.root))
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
            let all = self.plan.input.shape.len();
            return self
                .lengths(all)
                .map_or(NOWHERE, |lengths| self.window(&lengths, None));
        }
        let nodes = self.nodes;
        let plan = self.plan;
        let mut walk = Walk::new(plan.stream, plan.due_held, plan.due_moving);
        for (index, node) in nodes.iter().enumerate() {
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
                    start: node.start(part.from, of.from, steps),
                    output,
                    scratch: scratch.clone(),
                };
                self.execute(index, places, [None; 2]);
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

/// Bytes of some steps of a tensor that starts at `start`.
fn part_of(start: usize, steps: Steps, step_bytes: usize) -> Range<usize> {
    start + steps.from as usize * step_bytes..start + steps.to.max(steps.from) as usize * step_bytes
}
