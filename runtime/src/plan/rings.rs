//! Which tensors of a stream keep steps, and how many: found by running the stream on counters alone.
use heapless::Vec;

use crate::arena::{add, bytes, place};
use crate::error::LayerError;
use crate::format::MAX_LAYERS;
use crate::layer::Reach;

use super::{Link, Pace, Ring, Tensors};

const CURSOR_BYTES: usize = 8;
const PROGRESS_BYTES: usize = 4;

/// Fills in `ring`, `burst`, `progress` and the plan's `stream`.
pub(super) fn mark(tensors: &mut Tensors<'_>) -> Result<(), LayerError> {
    let plan = &tensors.plan;
    let streams = |node: &Link| node.streams(tensors.get(node.input), plan.pace);
    if plan.pace == Pace::Apart && !plan.by_step && !tensors.nodes.iter().any(streams) {
        tensors.plan.collects = true;
        return Ok(());
    }
    let mut any = false;
    for number in 0..=tensors.last_number() {
        let keeps = keeps_steps(tensors, number);
        any |= keeps;
        let ring = Ring {
            cursor: 0,
            at: 0,
            capacity: 1,
        };
        tensors.get_mut(number).ring = keeps.then_some(ring);
    }
    tensors.plan.input.burst = 1;
    if any {
        count(tensors);
    } else {
        for node in tensors.nodes.iter_mut() {
            node.tensor.burst = 1;
        }
    }
    for number in 0..=tensors.last_number() {
        let flow = tensors.get_mut(number);
        let kept = flow.due.intersect(flow.clean);
        let depth = if kept.is_empty() {
            0
        } else {
            flow.clean.to - kept.from
        };
        let burst = flow.burst;
        if let Some(ring) = &mut flow.ring {
            ring.capacity = ring.capacity.max(depth).max(burst);
        }
    }
    lay_out(tensors)
}

/// Whether steps of a tensor wait for a reader: for a window, for another tensor, or for the end of the model's window.
fn keeps_steps(tensors: &Tensors<'_>, number: u16) -> bool {
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
            let next = tensors.nodes[usize::from(number)..index]
                .iter()
                .all(Link::is_view);
            let steps = matches!(reader.reach, Reach::Step | Reach::Scan | Reach::Last);
            let follows = reader.streams(tensors.get(reader.input), tensors.plan.pace);
            let alone = second.is_none() && !is_output && reader.with.is_none();
            !(next && steps && follows && alone)
        }
    }
}

/// Runs the stream on counters, for as long as it takes to repeat itself.
#[inline(never)]
fn count(tensors: &mut Tensors<'_>) {
    let plan = &*tensors.plan;
    let pushes = match plan.pace {
        Pace::Apart => plan.window,
        Pace::Overlapping | Pace::Endless => plan.window + plan.hop,
    };
    let pace = plan.pace;
    // Steps there are of each tensor, and steps that its layer has done.
    let mut there: Vec<u32, { MAX_LAYERS + 1 }> = Vec::new();
    let mut done: Vec<u32, { MAX_LAYERS + 1 }> = Vec::new();
    for number in 0..=tensors.last_number() {
        let from = tensors.get(number).clean.from;
        // There is room: the message was read with as many layers.
        let _ = (there.push(from), done.push(from));
    }
    for push in 1..=pushes {
        there[0] = there[0].wrapping_add(1);
        for index in 0..tensors.nodes.len() {
            let number = index + 1;
            let node = &tensors.nodes[index];
            if node.is_view() {
                there[number] = there[usize::from(node.input)];
                continue;
            }
            let input = tensors.get(node.input);
            if !node.streams(input, pace) {
                continue;
            }
            let of = |tensor: u16| there[usize::from(tensor)];
            let available = node.inputs().map(of).reduce(earlier).unwrap_or_default();
            let from = oldest(node, done[number], input.shape.steps);
            let depth = |tensor: u16| {
                let deep = of(tensor).wrapping_sub(from) as i32;
                match pace {
                    // Steps before the stream are zeros that nobody keeps.
                    Pace::Apart => deep.min(of(tensor) as i32),
                    Pace::Overlapping | Pace::Endless => deep,
                }
            };
            let depths = [Some(node.input), node.with]
                .map(|tensor| tensor.map(|tensor| (tensors.get(tensor).root, depth(tensor))));
            let new = new_steps(node, input, pace, available, done[number]);
            let given = given_steps(node, pace, new, push == tensors.plan.window);
            done[number] = done[number].wrapping_add(new);
            there[number] = there[number].wrapping_add(given);
            for (root, deep) in depths.into_iter().flatten() {
                if let Some(ring) = &mut tensors.get_mut(root).ring {
                    ring.capacity = ring.capacity.max(deep.max(1) as u32);
                }
            }
            let flow = &mut tensors.nodes[index].tensor;
            flow.burst = flow.burst.max(given);
        }
    }
}

/// The one of two counters that is behind; they may have wrapped.
#[inline]
pub(crate) fn earlier(a: u32, b: u32) -> u32 {
    if (a.wrapping_sub(b) as i32) < 0 { a } else { b }
}

/// The oldest input step that the layer's next step needs; may lie before the stream's start.
fn oldest(node: &Link, done: u32, input: u32) -> u32 {
    match node.reach {
        Reach::Window(window) if window.repeat > 1 => done / window.repeat,
        Reach::Window(window) => done
            .wrapping_mul(window.stride)
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
        Reach::Window(window) if window.repeat > 1 => (
            ahead(available.wrapping_mul(window.repeat), done),
            node.tensor.clean.to,
        ),
        Reach::Window(window) => {
            let first = done
                .wrapping_mul(window.stride)
                .wrapping_sub(window.left(input.shape.steps))
                .wrapping_add(window.span());
            let beyond = available.wrapping_sub(first) as i32;
            let possible = match u32::try_from(beyond) {
                Ok(beyond) => beyond / window.stride + 1,
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
fn lay_out(tensors: &mut Tensors<'_>) -> Result<(), LayerError> {
    let mut at = 0;
    for number in 0..=tensors.last_number() {
        if let Some(ring) = &mut tensors.get_mut(number).ring {
            ring.cursor = at as u32;
            at += CURSOR_BYTES;
        }
    }
    for index in 0..tensors.nodes.len() {
        let node = &tensors.nodes[index];
        let from_ring = node
            .inputs()
            .any(|tensor| tensors.root(tensor).ring.is_some());
        let counts = from_ring && node.streams(tensors.get(node.input), tensors.plan.pace);
        tensors.nodes[index].progress = counts.then_some(at as u32);
        if counts {
            at += PROGRESS_BYTES;
        }
    }
    for number in 0..=tensors.last_number() {
        let flow = tensors.get_mut(number);
        let step_bytes = flow.step_bytes();
        if let Some(ring) = &mut flow.ring {
            ring.at = at as u32;
            at = add(at, bytes(ring.capacity as usize, step_bytes)?)?;
        }
    }
    tensors.plan.stream = place(at)?;
    Ok(())
}
