//! Where the tensors of a window stand: those that only the next layer reads move from one end of the work area to the other;
//! the others are held.
use crate::arena::{add, bytes, place};
use crate::error::LayerError;
use crate::format::features::Built;

use super::{Flow, Link, Pace, Tensors};

/// Fills in `held` and the sizes of the work areas.
pub(super) fn mark<B: Built>(tensors: &mut Tensors<'_, B>) -> Result<(), LayerError> {
    if B::FEATURES.has_branches() {
        hold(tensors)?;
    }
    let pace = tensors.pace();
    tensors.plan.moving = moving(
        tensors,
        |_, _| true,
        |flow| match flow.held() {
            Some(_) => Ok(0),
            None => flow.window_bytes(),
        },
    )?;
    stand(tensors);
    if tensors.plan.collects::<B>() {
        return Ok(());
    }
    let leaves = pace != Pace::Endless && !B::FEATURES.is_plain();
    let dirty = |flow: &Flow| leaves && flow.is_dirty();
    let due = if leaves {
        moving(
            tensors,
            |_, node| dirty(&node.tensor),
            |flow| match flow.held() {
                None if dirty(flow) => flow.window_bytes(),
                None | Some(_) => Ok(0),
            },
        )?
    } else {
        0
    };
    let stream = moving(
        tensors,
        |input, node| node.streams(input, pace),
        |flow| match flow.ring {
            None if !flow.clean.is_empty() => bytes(flow.burst as usize, flow.step_bytes()),
            None | Some(_) => Ok(0),
        },
    )?;
    tensors.plan.due_moving = due.max(stream);
    let holds = |node: &Link| dirty(&node.tensor) && node.tensor.is_held;
    if tensors.nodes.iter().any(holds) {
        tensors.plan.due_held = tensors.plan.held;
    }
    Ok(())
}

/// Notes where the tensors that move stand during a whole window; those of a shorter one have room there too. As in a [`Walk`].
///
/// [`Walk`]: super::Walk
fn stand<B: Built>(tensors: &mut Tensors<'_, B>) {
    let (start, size) = (tensors.plan.held, tensors.plan.moving);
    // The root that moves, and whether it stands at the area's start.
    let mut moving = None;
    for number in 0..=tensors.last_number() {
        if let Some(node) = tensors.maker(number) {
            if node.is_view() {
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
            // These sums have been made before.
            let bytes = flow.shape.steps.wrapping_mul(flow.step_bytes);
            ((start + size) as u32).wrapping_sub(bytes.next_multiple_of(4))
        };
    }
}

/// Holds the tensors that others than the next layer read, each at the lowest place that is free while it is needed.
fn hold<B: Built>(tensors: &mut Tensors<'_, B>) -> Result<(), LayerError> {
    let mut size = 0;
    for number in 0..=tensors.last_number() {
        let last = last_reader(tensors, number);
        let between = tensors.between(number, last);
        if !tensors.is_made(number) || between.iter().all(Link::is_view) {
            continue;
        }
        let needed = tensors.get(number).window_bytes()?;
        let mut at = 0;
        while let Some(end) = conflict(tensors, number, at, needed)? {
            at = end;
        }
        let held = tensors.get_mut(number);
        (held.is_held, held.at) = (true, at as u32);
        size = size.max(add(at, needed)?);
    }
    tensors.plan.held = size;
    Ok(())
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
) -> Result<Option<usize>, LayerError> {
    for other in 0..number {
        let Some(held) = tensors.get(other).held() else {
            continue;
        };
        let (start, end) = (
            held as usize,
            add(held as usize, tensors.get(other).window_bytes()?)?,
        );
        // The layer that makes this tensor may still read the other.
        let lives = last_reader(tensors, other) + 1 >= usize::from(number);
        if lives && at < end && start < at + needed {
            return Ok(Some(end));
        }
    }
    Ok(None)
}

/// The largest sum of moving input, moving output and scratch over some layers.
fn moving<B: Built>(
    tensors: &Tensors<'_, B>,
    runs: impl Fn(&Flow, &Link) -> bool,
    size: impl Fn(&Flow) -> Result<usize, LayerError>,
) -> Result<usize, LayerError> {
    let mut largest = size(&tensors.plan.input)?;
    for node in tensors.nodes.iter() {
        if node.is_view() || !runs(tensors.get(node.input), node) {
            continue;
        }
        let mut sum = place(node.memory.scratch)?;
        sum = add(sum, size(&node.tensor)?)?;
        sum = add(sum, size(tensors.root(node.input))?)?;
        if let Some(with) = node.with
            && tensors.get(with).root != tensors.get(node.input).root
        {
            sum = add(sum, size(tensors.root(with))?)?;
        }
        largest = largest.max(sum);
    }
    Ok(largest)
}
