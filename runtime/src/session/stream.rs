//! One sample of a stream: every layer does what its input now allows.
use core::ops::Range;

use crate::layer::Reach;
use crate::plan::{Flow, Link, NOWHERE, Pace, Ring, Walk, earlier, given_steps, new_steps};
use crate::precision::Precision;

use super::Session;
use super::memory::Cursor;
use super::walk::Places;

/// New steps of a tensor.
#[derive(Debug, Clone)]
struct New {
    steps: u32,
    place: Range<usize>,
}

/// A sample that has been counted in.
pub(super) struct Arrival {
    /// Where the next tensors go.
    walk: Walk,
    sample: New,
    /// Whether it is the last one of a window.
    completes: bool,
}

impl Arrival {
    /// Where the sample is to be put.
    pub fn place(&self) -> Range<usize> {
        self.sample.place.clone()
    }
}

/// What a layer is about to read.
struct Reading {
    input: Range<usize>,
    with: Range<usize>,
    start: i32,
    /// Steps that it will do.
    steps: u32,
}

impl<P: Precision> Session<'_, '_, P> {
    /// Clears what the stream keeps, for the first sample of a window.
    pub(super) fn restart(&mut self) {
        self.state.fill(0);
        if P::FEATURES.is_plain() {
            // Where each layer takes each step, only the output may have one.
            let last = self.tensor(self.last());
            self.restart_ring(last.ring, last.clean.from);
            return;
        }
        let input = &self.plan.input;
        self.restart_ring(input.ring, input.clean.from);
        for node in self.nodes {
            let Flow { ring, clean, .. } = node.tensor;
            self.restart_ring(ring, clean.from);
            if let Some(at) = node.progress {
                self.set_counter(at, clean.from);
            }
        }
    }

    fn restart_ring(&mut self, ring: Option<Ring>, from: u32) {
        if let Some(ring) = ring {
            let cursor = Cursor {
                there: from,
                first: from,
            };
            self.set_cursor(ring, cursor);
        }
    }

    /// Counts a sample in and makes room for it; `None` between two windows, where none is taken.
    pub(super) fn arrive(&mut self) -> Option<Arrival> {
        if self.ended {
            self.reset();
        }
        let (pace, window, hop) = (self.pace(), self.plan.window(), self.plan.input.hop);
        if pace != Pace::Endless {
            self.samples += 1;
            if self.samples > window {
                if self.samples >= hop {
                    self.samples = 0;
                }
                return None;
            }
        }
        let mut walk = Walk::new(
            self.plan.stream + self.plan.due_held,
            0,
            self.plan.due_moving,
        );
        let sample = if self.plan.collects::<P::Build>() {
            self.collected()
        } else {
            self.room(&mut walk, 0, 1)
        };
        Some(Arrival {
            walk,
            sample,
            completes: pace != Pace::Endless && self.samples == window,
        })
    }

    /// Does what a sample that is in its place allows; where the output stands, if one is due.
    pub(super) fn advance(&mut self, arrival: &Arrival) -> Option<Range<usize>> {
        let new = if self.plan.collects::<P::Build>() {
            arrival.sample.clone()
        } else {
            self.step(arrival)
        };
        if self.plan.by_step {
            (new.steps > 0).then_some(new.place)
        } else {
            arrival.completes.then(|| self.complete())
        }
    }

    /// Makes ready for the next sample when the output has been taken.
    pub(super) fn settle(&mut self, arrival: &Arrival) {
        if !arrival.completes {
            return;
        }
        let (window, hop) = (self.plan.window(), self.plan.input.hop);
        match self.pace() {
            Pace::Overlapping => self.samples = window - hop,
            Pace::Apart | Pace::Endless => {
                self.restart();
                if hop <= window {
                    self.samples = 0;
                }
            }
        }
    }

    /// Where a whole window has the sample that has come.
    fn collected(&self) -> New {
        let step_bytes = self.plan.input.step_bytes();
        let start = self.window_input(self.plan.input.shape.len()).start;
        let end = start + self.samples as usize * step_bytes;
        New {
            steps: 0,
            place: end.saturating_sub(step_bytes)..end,
        }
    }

    /// Runs the layers that stream; the new steps of the output.
    fn step(&mut self, arrival: &Arrival) -> New {
        let (nodes, pace) = (self.nodes, self.pace());
        let output = self.tensor(self.last()).root;
        let mut walk = arrival.walk.clone();
        let mut moving = arrival.sample.clone();
        let mut last = moving.clone();
        for ((node, layer), number) in nodes.iter().zip(self.layers).zip(1u16..) {
            let input = self.tensor(node.input);
            if !P::FEATURES.is_plain() && !node.streams(input, pace) {
                continue;
            }
            let reading = self.reading(node, &moving);
            let steps = given_steps(node, pace, reading.steps, arrival.completes);
            // Where each layer takes each step, it is always the one that has just come.
            if !P::FEATURES.is_plain() {
                walk.keep(self.roots(node));
            }
            let before = walk.moving.clone();
            moving = self.room(&mut walk, number, steps);
            if number == output {
                last = moving.clone();
            }
            if steps == 0 && reading.steps == 0 {
                continue;
            }
            if let Some(at) = node.progress
                && !P::FEATURES.is_plain()
            {
                self.set_counter(at, self.counter(at).wrapping_add(reading.steps));
            }
            let places = Places {
                input: reading.input,
                with: reading.with,
                start: reading.start,
                output: moving.place.clone(),
                scratch: Self::scratch(&walk, &before, node),
            };
            self.execute(layer, node, &places);
        }
        last
    }

    /// Room for new steps of a tensor: in its ring, or moving.
    fn room(&mut self, walk: &mut Walk, number: u16, steps: u32) -> New {
        let flow = self.tensor(number);
        let (root, step_bytes) = (flow.root, flow.step_bytes());
        let bytes = steps as usize * step_bytes;
        let place = match flow.ring {
            // The output alone, which is taken with this sample.
            Some(ring) if P::FEATURES.is_plain() => ring.at as usize..ring.at as usize + bytes,
            Some(ring) => self.grow(ring, steps, step_bytes),
            None => walk.push(root, bytes),
        };
        New { steps, place }
    }

    /// What a layer reads: the steps that have just come, or those of rings.
    fn reading(&self, node: &Link, moving: &New) -> Reading {
        let progress = match node.progress {
            // Where each layer takes each step, none waits in a ring.
            Some(progress) if !P::FEATURES.is_plain() => progress,
            Some(_) | None => {
                return Reading {
                    input: moving.place.clone(),
                    with: NOWHERE,
                    start: 0,
                    steps: moving.steps,
                };
            }
        };
        let done = self.counter(progress);
        let input = self.tensor(node.input);
        let with = match node.with {
            Some(with) => self.root(with).ring,
            None => None,
        };
        let Some(ring) = self.root(node.input).ring else {
            return Reading {
                input: NOWHERE,
                with: NOWHERE,
                start: 0,
                steps: 0,
            };
        };
        let cursor = self.cursor(ring);
        let available = with.map_or(cursor.there, |with| {
            earlier(cursor.there, self.cursor(with).there)
        });
        let steps = new_steps(node, input, self.pace(), available, done);
        match node.reach {
            Reach::Window(_) => {
                let there = cursor.there.wrapping_sub(cursor.first);
                Reading {
                    input: self.ring_steps(ring, cursor.first, there, input.step_bytes()),
                    with: NOWHERE,
                    start: node.start::<P::Build>(done, cursor.first, input.shape.steps),
                    steps,
                }
            }
            Reach::Step | Reach::Scan | Reach::Last | Reach::Whole | Reach::View => Reading {
                input: self.ring_steps(ring, done, steps, input.step_bytes()),
                with: with.map_or(NOWHERE, |with| {
                    let of_with = node.with.map_or(input, |with| self.tensor(with));
                    self.ring_steps(with, done, steps, of_with.step_bytes())
                }),
                start: 0,
                steps,
            },
        }
    }
}
