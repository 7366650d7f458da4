//! What is known of a model's tensors once it is loaded: who reads them, which of their steps a stream keeps, and where they
//! stand in the arena.
//!
//! Tensor 0 is the model's input, tensor `n` the output of layer `n` (counted from 1). A *view* is the same values as another
//! tensor, its *root*. A tensor's *clean* steps are those that a stream computes once, when their inputs have come; the other
//! steps are computed when a window is complete.
//!
//! All of it is generic over what a build has ([`Built`]), not over the kind of numbers: a program for several kinds has this code
//! once, and a program for one model has of it what that model needs.
use core::marker::PhantomData;

use crate::arena::{bytes, limit, part, place};
use crate::error::LayerError;
use crate::format::features::{Built, Features};
use crate::format::header::{Header, Mode};
use crate::layer::Shape;

mod clean;
mod cost;
mod link;
mod rings;
mod tensor;
mod walk;
mod work;

pub(crate) use clean::read;
pub(crate) use cost::cost;
pub(crate) use link::Link;
pub(crate) use rings::{earlier, given_steps, new_steps};
pub(crate) use tensor::{Flow, Ring, Steps};
pub(crate) use walk::{Moving, NOWHERE, Walk};

/// How windows follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Each window starts anew, so that a stream may carry everything from its first step on.
    Apart,
    /// Windows share steps.
    Overlapping,
    /// There is one window without an end.
    Endless,
}

/// Everything about a model's arena that does not depend on one layer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Read through [`Plan::pace`].
    pace: Pace,
    /// Tensor 0. Its hop is there at every pace: without an end, the steps until all strides stand as before.
    pub input: Flow,
    /// Whether a stream only collects its window, where this would stand for [`Session::run`](crate::Session::run): no layer
    /// can do anything before the window's end.
    pub collects: bool,
    /// Whether a stream gives each output step when it is there, instead of all with the window's last sample.
    pub by_step: bool,
    /// Bytes of the states of recurrent layers.
    pub state: usize,
    /// Bytes of the output as f32.
    pub output: usize,
    /// Bytes of the rest, which a whole window and a stream use in turn.
    pub zone: usize,
    /// Bytes of the zone that a stream keeps: counters, then rings.
    pub stream: usize,
    /// Bytes of the held tensors of a whole window.
    pub held: usize,
    /// Bytes of the two tensors and the scratch of a whole window.
    pub moving: usize,
    /// Bytes of the held tensors when a window of a stream is complete.
    pub due_held: usize,
    /// Bytes of the two tensors and the scratch of a stream.
    pub due_moving: usize,
}

/// Why there is no plan.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PlanError {
    /// The layer of this index cannot run without an end.
    NotContinuous(usize),
    Layer(LayerError),
}

impl From<LayerError> for PlanError {
    fn from(error: LayerError) -> Self {
        Self::Layer(error)
    }
}

impl Plan {
    /// Of no layers.
    pub const fn empty(header: &Header, element: usize) -> Self {
        let hop = header.window_hop();
        let pace = match header.mode {
            Mode::Continuous => Pace::Endless,
            Mode::Windowed if hop < header.window => Pace::Overlapping,
            Mode::Windowed => Pace::Apart,
        };
        let shape = Shape {
            steps: header.window,
            channels: header.input_channels,
        };
        Self {
            pace,
            input: Flow {
                hop,
                ..Flow::new(shape, element, 0)
            },
            collects: false,
            by_step: false,
            state: 0,
            output: 0,
            zone: 0,
            stream: 0,
            held: 0,
            moving: 0,
            due_held: 0,
            due_moving: 0,
        }
    }

    /// Time steps of a window.
    #[inline]
    pub fn window(&self) -> u32 {
        self.input.shape.steps
    }

    /// Fills in the plan and the nodes' part of it.
    #[inline(never)]
    pub fn make<B: Built>(&mut self, nodes: &mut [Link]) -> Result<(), PlanError> {
        let mut tensors = Tensors::<B> {
            plan: self,
            nodes,
            build: PhantomData,
        };
        if B::FEATURES.has_streams() {
            clean::mark(&mut tensors)?;
            rings::mark(&mut tensors);
        }
        work::mark(&mut tensors);
        let mut state = 0usize;
        for node in tensors.nodes.iter_mut() {
            node.state = state as u32;
            state = state.saturating_add(place(node.memory.state));
        }
        let output = tensors.last().shape;
        self.state = part(state);
        self.output = part(bytes(output.len(), size_of::<f32>()));
        let whole = self.held.saturating_add(self.moving);
        let due = self.due_held.saturating_add(self.due_moving);
        self.zone = part(whole.max(self.stream.saturating_add(due)));
        let fixed = self.state.saturating_add(self.output);
        Ok(limit(fixed.saturating_add(self.zone))?)
    }

    /// How windows follow each other: a constant in a build for one way.
    #[inline(always)]
    pub fn pace<B: Built>(&self) -> Pace {
        let has = |pace| B::FEATURES.has(pace);
        let (apart, overlapping) = (has(Features::APART), has(Features::OVERLAPPING));
        match (apart, overlapping, has(Features::ENDLESS)) {
            (true, false, false) => Pace::Apart,
            (false, true, false) => Pace::Overlapping,
            (false, false, true) => Pace::Endless,
            _ => self.pace,
        }
    }

    /// Whether a stream only collects its window: never, where each layer takes each step.
    #[inline(always)]
    pub fn collects<B: Built>(&self) -> bool {
        !B::FEATURES.is_plain() && self.collects
    }

    /// Bytes of the whole arena.
    pub fn total(&self) -> usize {
        self.state + self.output + self.zone
    }
}

/// The tensors of a model by their numbers, in a build that has `B`.
pub(crate) struct Tensors<'a, B: Built> {
    pub plan: &'a mut Plan,
    pub nodes: &'a mut [Link],
    build: PhantomData<B>,
}

impl<B: Built> Tensors<'_, B> {
    pub fn pace(&self) -> Pace {
        self.plan.pace::<B>()
    }

    pub fn get(&self, tensor: u16) -> &Flow {
        flow(&self.plan.input, self.nodes, tensor)
    }

    #[cfg_attr(target_os = "none", inline(never))]
    pub fn get_mut(&mut self, tensor: u16) -> &mut Flow {
        usize::from(tensor)
            .checked_sub(1)
            .and_then(|index| self.nodes.get_mut(index))
            .map_or(&mut self.plan.input, |node| &mut node.tensor)
    }

    /// The layer that makes a tensor; the input has none.
    // One copy where flash is small.
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn maker(&self, tensor: u16) -> Option<&Link> {
        let index = usize::from(tensor).checked_sub(1)?;
        self.nodes.get(index)
    }

    /// [`Tensors::maker`] to write.
    pub fn maker_mut(&mut self, tensor: u16) -> Option<&mut Link> {
        let index = usize::from(tensor).checked_sub(1)?;
        self.nodes.get_mut(index)
    }

    /// The tensors that the maker of a tensor reads.
    pub fn inputs(&self, tensor: u16) -> impl Iterator<Item = u16> + use<B> {
        let of_maker = self.maker(tensor).map(Link::inputs::<B>);
        of_maker.into_iter().flatten()
    }

    /// The layers between tensor `from` and the layer of index `to`.
    pub fn between(&self, from: u16, to: usize) -> &[Link] {
        self.nodes.get(usize::from(from)..to).unwrap_or_default()
    }

    /// The model's output.
    pub fn last(&self) -> &Flow {
        self.get(self.last_number())
    }

    /// The number of the model's output.
    pub fn last_number(&self) -> u16 {
        self.nodes.len() as u16
    }

    /// The numbers of all tensors.
    pub fn numbers(&self) -> core::ops::Range<u16> {
        0..self.last_number() + 1
    }

    /// The tensor whose memory a tensor is.
    pub fn root(&self, tensor: u16) -> &Flow {
        root(&self.plan.input, self.nodes, tensor)
    }

    /// Whether a tensor is made by a layer, or is the input: not a view.
    pub fn is_made(&self, number: u16) -> bool {
        self.maker(number).is_none_or(|node| !node.is_view())
    }

    /// Whether this layer reads the memory of this root.
    pub fn reads(&self, node: &Link, root: u16) -> bool {
        !node.is_view()
            && node
                .inputs::<B>()
                .any(|tensor| self.get(tensor).root == root)
    }

    /// Whether this layer runs with each push.
    pub fn streams(&self, node: &Link) -> bool {
        node.streams(self.get(node.input), self.pace())
    }
}

/// A tensor by its number.
#[cfg_attr(target_os = "none", inline(never))]
#[cfg_attr(not(target_os = "none"), inline)]
pub(crate) fn flow<'a>(input: &'a Flow, nodes: &'a [Link], tensor: u16) -> &'a Flow {
    numbered(input, nodes, tensor)
}

/// The tensor whose memory a tensor is.
#[cfg_attr(target_os = "none", inline(never))]
#[cfg_attr(not(target_os = "none"), inline)]
pub(crate) fn root<'a>(input: &'a Flow, nodes: &'a [Link], tensor: u16) -> &'a Flow {
    numbered(input, nodes, numbered(input, nodes, tensor).root)
}

#[inline(always)]
fn numbered<'a>(input: &'a Flow, nodes: &'a [Link], tensor: u16) -> &'a Flow {
    usize::from(tensor)
        .checked_sub(1)
        .and_then(|index| nodes.get(index))
        .map_or(input, |node| &node.tensor)
}

/// Time steps of every tensor for a window of `steps` steps; an error where a layer cannot take it.
#[inline]
pub(crate) fn lengths<B: Built>(
    plan: &Plan,
    nodes: &[Link],
    steps: u32,
    lengths: &mut [u16],
) -> Result<(), ()> {
    let full = steps == plan.window();
    if let Some(first) = lengths.first_mut() {
        *first = steps as u16;
    }
    for (node, number) in nodes.iter().zip(1..) {
        let length = |tensor: u16| lengths.get(usize::from(tensor)).copied();
        let input = length(node.input).ok_or(())?;
        let own = if full {
            node.tensor.shape.steps
        } else {
            // Steps that become channels have to be all there.
            let flattens = node.is_view() && node.tensor.shape.steps == 1;
            let whole = flow(&plan.input, nodes, node.input).shape.steps;
            if flattens && u32::from(input) != whole {
                return Err(());
            }
            let with = node.with.filter(|_| B::FEATURES.has_branches());
            if with.is_some_and(|with| length(with) != Some(input)) {
                return Err(());
            }
            node.steps(input.into()).map_err(|_| ())?
        };
        if let Some(place) = lengths.get_mut(number) {
            *place = own as u16;
        }
    }
    Ok(())
}
