//! Where the tensors of a window stand: those that only the next layer reads move from one end of the work area to the other;
//! the others are held.
use crate::arena::{bytes, place};
use crate::format::features::Built;

use super::{Flow, Link, Pace, Tensors};

/// What runs over the work area.
#[derive(Debug, Clone, Copy)]
enum Run {
    /// All layers, over a whole window.
    Window,
    /// The layers of what a stream leaves for the end of a window.
    Due,
    /// The layers that run with each push.
    Stream,
}

/// Fills in `held` and the sizes of the work areas.
pub(super) fn mark<B: Built>(tensors: &mut Tensors<'_, B>) {
    if B::FEATURES.has_branches() {
        hold(tensors);
    }
    tensors.plan.moving = moving(tensors, Run::Window);
    stand(tensors);
    if !B::FEATURES.has_streams() || tensors.plan.collects::<B>() {
        return;
    }
    let mut due = 0;
    if !B::FEATURES.is_plain() {
        due = moving(tensors, Run::Due);
        let holds =
            |node: &Link| node.tensor.is_held && !node.is_view() && is_left(tensors, &node.tensor);
        if tensors.nodes.iter().any(holds) {
            tensors.plan.due_held = tensors.plan.held;
        }
    }
    tensors.plan.due_moving = due.max(moving(tensors, Run::Stream));
}

/// Notes where tensors stand during a whole window; those of a shorter one have room there too. Tensors that move go as in a
/// [`Walk`], a view stands where its root does.
///
/// [`Walk`]: super::Walk
fn stand<B: Built>(tensors: &mut Tensors<'_, B>) {
    let (start, size) = (tensors.plan.held, tensors.plan.moving);
    // The root that moves, and whether it stands at the area's start.
    let mut moving = None;
    for number in tensors.numbers() {
        if let Some(node) = tensors.maker(number) {
            if node.is_view() {
                let &Flow { at, is_held, .. } = tensors.get(node.input);
                let view = tensors.get_mut(number);
                (view.at, view.is_held) = (at, is_held);
                continue;
            }
            if B::FEATURES.has_branches() {
                moving.take_if(|(root, _)| !tensors.reads(node, *root));
            }
        }
        let flow = tensors.get_mut(number);
        if B::FEATURES.has_branches() && flow.is_held {
            continue;
        }
        let at_start = !moving.is_some_and(|(_, at_start)| at_start);
        moving = Some((number, at_start));
        flow.at = if at_start {
            start as u32
        } else {
            let end = start.saturating_add(size);
            end.saturating_sub(place(flow.window_bytes())) as u32
        };
    }
}

/// Whether a stream leaves steps of a tensor for the end of a window.
fn is_left<B: Built>(tensors: &Tensors<'_, B>, flow: &Flow) -> bool {
    !B::FEATURES.is_plain() && tensors.pace() != Pace::Endless && flow.is_dirty()
}

/// Holds the tensors that others than the next layer read, each at the lowest place that is free while it is needed.
fn hold<B: Built>(tensors: &mut Tensors<'_, B>) {
    let mut size = 0usize;
    for number in tensors.numbers() {
        let last = last_reader(tensors, number);
        let between = tensors.between(number, last);
        if !tensors.is_made(number) || between.iter().all(Link::is_view) {
            continue;
        }
        let needed = tensors.get(number).window_bytes();
        let mut at = 0;
        while let Some(end) = conflict(tensors, number, at, needed) {
            at = end;
        }
        let held = tensors.get_mut(number);
        (held.is_held, held.at) = (true, at as u32);
        size = size.max(at.saturating_add(needed));
    }
    tensors.plan.held = size;
}

/// The index of the last layer that reads a root, the number of layers for the output; its own if there is none.
fn last_reader<B: Built>(tensors: &Tensors<'_, B>, root: u16) -> usize {
    if tensors.last().root == root {
        return tensors.nodes.len();
    }
    let reads = |node: &Link| tensors.reads(node, root);
    tensors
        .nodes
        .iter()
        .rposition(reads)
        .unwrap_or(usize::from(root))
}

/// The end of a tensor that is held in the way of `needed` bytes at `at` while tensor `number` is made.
fn conflict<B: Built>(
    tensors: &Tensors<'_, B>,
    number: u16,
    at: usize,
    needed: usize,
) -> Option<usize> {
    for other in 0..number {
        let Some(held) = tensors.get(other).held() else {
            continue;
        };
        let start = held as usize;
        let end = start.saturating_add(tensors.get(other).window_bytes());
        // The layer that makes this tensor may still read the other.
        let lives = last_reader(tensors, other) + 1 >= usize::from(number);
        if lives && at < end && start < at.saturating_add(needed) {
            return Some(end);
        }
    }
    None
}

/// The largest sum of moving input, moving output and scratch over the layers of a run.
#[inline(never)]
fn moving<B: Built>(tensors: &Tensors<'_, B>, run: Run) -> usize {
    let mut largest = size(tensors, &tensors.plan.input, run);
    for node in tensors.nodes.iter() {
        let runs = match run {
            Run::Window => true,
            Run::Due => is_left(tensors, &node.tensor),
            // Where each layer takes each step, all run.
            Run::Stream => B::FEATURES.is_plain() || tensors.streams(node),
        };
        if node.is_view() || !runs {
            continue;
        }
        let of_root = |root| size(tensors, tensors.get(root), run);
        let mut sum = place(node.memory.scratch)
            .saturating_add(of_root(tensors.get(node.input).root))
            .saturating_add(size(tensors, &node.tensor, run));
        if let Some(root) = second(tensors, node) {
            sum = sum.saturating_add(of_root(root));
        }
        largest = largest.max(sum);
    }
    largest
}

/// The root of the second tensor that a layer reads, if it is another one.
fn second<B: Built>(tensors: &Tensors<'_, B>, node: &Link) -> Option<u16> {
    let root = |tensor| tensors.get(tensor).root;
    let with = node.with.filter(|_| B::FEATURES.has_branches());
    with.map(root).filter(|&with| with != root(node.input))
}

/// Bytes of a tensor in the work area of a run.
fn size<B: Built>(tensors: &Tensors<'_, B>, flow: &Flow, run: Run) -> usize {
    match run {
        Run::Window if !flow.is_held => flow.window_bytes(),
        Run::Due if !flow.is_held && is_left(tensors, flow) => flow.window_bytes(),
        Run::Stream if flow.ring.is_none() && !flow.clean.is_empty() => {
            bytes(flow.burst as usize, flow.step_bytes())
        }
        Run::Window | Run::Due | Run::Stream => 0,
    }
}
