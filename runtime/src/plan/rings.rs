//! Which tensors of a stream keep steps, and how many: found by running the stream on counters alone.
use core::num::NonZeroU32;

use crate::arena::{bytes, place};
use crate::format::features::Built;
use crate::layer::Reach;

use super::{Link, Pace, Ring, Tensors};

const CURSOR_BYTES: usize = 8;
const PROGRESS_BYTES: usize = 4;

/// Fills in `ring`, `burst`, `progress` and the plan's `stream`.
pub(super) fn mark<B: Built>(tensors: &mut Tensors<'_, B>) {
    if B::FEATURES.is_plain() {
        return keep_output(tensors);
    }
    let waits = tensors.pace() == Pace::Apart && !tensors.plan.by_step;
    if waits && !tensors.nodes.iter().any(|node| tensors.streams(node)) {
        tensors.plan.collects = true;
        return;
    }
    let mut any = false;
    for number in tensors.numbers() {
        let keeps = keeps_steps(tensors, number);
        any |= keeps;
        let flow = tensors.get_mut(number);
        flow.ring = keeps.then_some(Ring::of(1));
        flow.burst = 1;
    }
    if any {
        count(tensors);
    }
    for number in tensors.numbers() {
        let flow = tensors.get_mut(number);
        let kept = flow.due.intersect(flow.clean);
        let depth = if kept.is_empty() {
            0
        } else {
            flow.clean.to - kept.from
        };
        let burst = flow.burst;
        flow.at = 0;
        if let Some(ring) = &mut flow.ring {
            ring.widen(depth.max(burst));
        }
    }
    lay_out(tensors);
}

/// Where each layer takes each step of the one before, no step waits but those of the output, for the window's end.
fn keep_output<B: Built>(tensors: &mut Tensors<'_, B>) {
    if tensors.plan.by_step {
        return;
    }
    let last = tensors.last_number();
    let flow = tensors.get_mut(last);
    flow.ring = Some(Ring {
        at: CURSOR_BYTES as u32,
        ..Ring::of(flow.shape.steps)
    });
    let steps = flow.window_bytes();
    tensors.plan.stream = steps.saturating_add(CURSOR_BYTES);
}

/// Whether steps of a tensor wait for a reader: for a window, for another tensor, or for the end of the model's window.
fn keeps_steps<B: Built>(tensors: &Tensors<'_, B>, number: u16) -> bool {
    let flow = tensors.get(number);
    if flow.clean.is_empty() || !tensors.is_made(number) {
        return false;
    }
    if !flow.due.intersect(flow.clean).is_empty() {
        return true;
    }
    let mut readers = tensors
        .nodes
        .iter()
        .enumerate()
        .filter(|(_, node)| tensors.reads(node, number));
    let (first, second) = (readers.next(), readers.next());
    let is_output = tensors.last().root == number;
    match first {
        // Nobody, or only the caller: a step is gone with its push.
        None => false,
        Some((index, reader)) => {
            let next = tensors.between(number, index).iter().all(Link::is_view);
            let steps = matches!(reader.reach, Reach::Step | Reach::Scan | Reach::Last);
            let alone = second.is_none() && !is_output && reader.with.is_none();
            !(next && steps && tensors.streams(reader) && alone)
        }
    }
}

/// Runs the stream on counters, for as long as it takes to repeat itself.
#[inline(never)]
fn count<B: Built>(tensors: &mut Tensors<'_, B>) {
    let plan = &*tensors.plan;
    let (pace, window) = (tensors.pace(), plan.window);
    let pushes = match pace {
        Pace::Apart => window,
        Pace::Overlapping | Pace::Endless => window + plan.hop,
    };
    for number in tensors.numbers() {
        let flow = tensors.get_mut(number);
        let from = flow.clean.from;
        flow.at = from;
        // Of the input, one a push.
        flow.burst = u32::from(number == 0);
        if let Some(node) = tensors.maker_mut(number) {
            node.state = from;
        }
    }
    for push in 1..=pushes {
        let input = &mut tensors.plan.input;
        input.at = input.at.wrapping_add(1);
        for number in 1..tensors.numbers().end {
            advance(tensors, number, pace, push == window);
        }
    }
}

/// A push's part for the maker of a tensor; the window may be complete with it.
fn advance<B: Built>(tensors: &mut Tensors<'_, B>, number: u16, pace: Pace, completes: bool) {
    let Some(node) = tensors.maker(number) else {
        return;
    };
    if node.is_view() {
        let there = tensors.get(node.input).at;
        tensors.get_mut(number).at = there;
        return;
    }
    if !tensors.streams(node) {
        return;
    }
    let input = tensors.get(node.input);
    let done = node.state;
    let there = |tensor: u16| tensors.get(tensor).at;
    let available = node
        .inputs::<B>()
        .map(there)
        .reduce(earlier)
        .unwrap_or_default();
    let from = oldest(node, done, input.shape.steps);
    let depth = |tensor: u16| {
        let deep = there(tensor).wrapping_sub(from) as i32;
        match pace {
            // Steps before the stream are zeros that nobody keeps.
            Pace::Apart => deep.min(there(tensor) as i32),
            Pace::Overlapping | Pace::Endless => deep,
        }
    };
    let depths = [Some(node.input), node.with]
        .map(|tensor| tensor.map(|tensor| (tensors.get(tensor).root, depth(tensor))));
    let new = new_steps(node, input, pace, available, done);
    let given = given_steps(node, pace, new, completes);
    for (root, deep) in depths.into_iter().flatten() {
        if let Some(ring) = &mut tensors.get_mut(root).ring {
            ring.widen(deep.max(1) as u32);
        }
    }
    let flow = tensors.get_mut(number);
    flow.at = flow.at.wrapping_add(given);
    flow.burst = flow.burst.max(given);
    if let Some(node) = tensors.maker_mut(number) {
        node.state = done.wrapping_add(new);
    }
}

/// The one of two counters that is behind; they may have wrapped.
#[inline]
pub(crate) fn earlier(a: u32, b: u32) -> u32 {
    if (a.wrapping_sub(b) as i32) < 0 { a } else { b }
}

/// The oldest input step that the layer's next step needs; may lie before the stream's start.
#[inline]
fn oldest(node: &Link, done: u32, input: u32) -> u32 {
    match node.reach {
        Reach::Window(window) if window.repeat() > 1 => window.repeated(done),
        Reach::Window(window) => done
            .wrapping_mul(window.stride())
            .wrapping_sub(window.left(input)),
        Reach::Step | Reach::Scan | Reach::Last | Reach::Whole | Reach::View => done,
    }
}

/// Steps from `done` to `available`, none where these are fewer: of overlapping windows, tensors that are merged start at
/// different steps.
#[inline]
fn ahead(available: u32, done: u32) -> u32 {
    u32::try_from(available.wrapping_sub(done) as i32).unwrap_or(0)
}

/// How many steps of its output a layer of a stream gives when it does `new` ones; with the window's last sample it is
/// `complete`.
#[inline]
pub(crate) fn given_steps(node: &Link, pace: Pace, new: u32, complete: bool) -> u32 {
    match node.reach {
        // If the stream has all that it takes; else the rest comes when the window is complete.
        Reach::Last if pace == Pace::Apart => u32::from(complete && !node.tensor.clean.is_empty()),
        // However many steps it takes in.
        Reach::Last => u32::from(new > 0),
        Reach::Step | Reach::Window(_) | Reach::Scan | Reach::Whole | Reach::View => new,
    }
}

/// How many steps a layer of a stream can do: of its output, for a recurrent layer of its input. `available` steps of the
/// input are there, and `done` have been done; both counters may have wrapped.
#[inline]
pub(crate) fn new_steps(
    node: &Link,
    input: &super::Flow,
    pace: Pace,
    available: u32,
    done: u32,
) -> u32 {
    let (possible, end) = match node.reach {
        Reach::Window(window) if window.repeat() > 1 => (
            ahead(available.wrapping_mul(window.repeat()), done),
            node.tensor.clean.to,
        ),
        Reach::Window(window) => {
            let first = done
                .wrapping_mul(window.stride())
                .wrapping_sub(window.left(input.shape.steps))
                .wrapping_add(window.span());
            let beyond = available.wrapping_sub(first) as i32;
            let possible = match u32::try_from(beyond) {
                Ok(beyond) => window.strides(beyond) + 1,
                Err(_) => 0,
            };
            (possible, node.tensor.clean.to)
        }
        Reach::Step | Reach::Scan => (ahead(available, done), node.tensor.clean.to),
        Reach::Last => (ahead(available, done), input.clean.to),
        Reach::Whole | Reach::View => (0, 0),
    };
    match pace {
        // What no window wants, at its end.
        Pace::Apart => possible.min(end.saturating_sub(done)),
        Pace::Overlapping | Pace::Endless => possible,
    }
}

/// Places of the counters, then of the rings.
fn lay_out<B: Built>(tensors: &mut Tensors<'_, B>) {
    let mut at = 0usize;
    for number in tensors.numbers() {
        if let Some(ring) = &mut tensors.get_mut(number).ring {
            ring.cursor = at as u32;
            at += CURSOR_BYTES;
        }
    }
    for index in 0..tensors.nodes.len() {
        let counts = tensors
            .nodes
            .get(index)
            .is_some_and(|node| reads_ring(tensors, node));
        if let Some(node) = tensors.nodes.get_mut(index) {
            // A ring has a cursor, which stands before.
            node.progress = NonZeroU32::new(at as u32).filter(|_| counts);
            at += if counts { PROGRESS_BYTES } else { 0 };
        }
    }
    for number in tensors.numbers() {
        let flow = tensors.get_mut(number);
        let step_bytes = flow.step_bytes();
        if let Some(ring) = &mut flow.ring {
            ring.at = at as u32;
            at = at.saturating_add(bytes(ring.capacity.get() as usize, step_bytes));
        }
    }
    tensors.plan.stream = place(at);
}

/// Whether a layer runs with each push over steps of a ring.
fn reads_ring<B: Built>(tensors: &Tensors<'_, B>, node: &Link) -> bool {
    let has_ring = |tensor| tensors.root(tensor).ring.is_some();
    node.inputs::<B>().any(has_ring) && tensors.streams(node)
}
