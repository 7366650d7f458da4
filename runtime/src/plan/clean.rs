//! Which steps of each tensor the output depends on, which of them a stream computes once, and which are read when a window
//! is complete.
use crate::layer::{Reach, TimeWindow};

use super::{Link, Pace, PlanError, Steps, Tensors};

/// Stands for a window's steps where there is no end.
const ENDLESS: Steps = Steps {
    from: 0,
    to: u32::MAX,
};

/// The longest period of an endless stream's strides, in samples.
const LONGEST_PERIOD: u32 = 65_535;

/// Fills in `hop`, `need`, `clean`, `due` and `by_step`.
pub(super) fn mark(tensors: &mut Tensors<'_>) -> Result<(), PlanError> {
    if tensors.plan.pace == Pace::Endless {
        tensors.plan.hop = period(tensors.nodes)?;
    }
    hops(tensors);
    needs(tensors);
    for index in 0..=tensors.nodes.len() {
        let mut clean = clean(tensors, index);
        tensors.get_mut(index as u16).is_last = is_last(tensors, index);
        if tensors.plan.pace == Pace::Apart && index > 0 {
            // What no window wants, at its end.
            clean.to = clean.to.min(tensors.get(index as u16).need.to);
        }
        // What nobody reads need not run.
        let is_read = !tensors.get(index as u16).need.is_empty();
        if !is_read && index > 0 {
            clean = Steps::NONE;
        }
        tensors.get_mut(index as u16).clean = clean;
        if tensors.plan.pace == Pace::Endless && is_read && clean.to != u32::MAX {
            return Err(PlanError::NotContinuous(index.saturating_sub(1)));
        }
    }
    let (last, pace) = (tensors.last(), tensors.plan.pace);
    let by_step = match pace {
        Pace::Endless => true,
        Pace::Apart => last.shape.steps > 1 && !last.is_dirty(),
        Pace::Overlapping => false,
    };
    tensors.plan.by_step = by_step;
    if !by_step {
        let last = tensors.last_number();
        let flow = tensors.get_mut(last);
        flow.due = flow.need;
    }
    if pace != Pace::Endless {
        dues(tensors);
    }
    Ok(())
}

/// Samples after which an endless stream's strides stand as before.
fn period(nodes: &[Link]) -> Result<u32, PlanError> {
    let mut period = 1u32;
    for (index, node) in nodes.iter().enumerate() {
        if let Reach::Window(TimeWindow { stride, .. }) = node.reach {
            period = period
                .checked_mul(stride)
                .filter(|&period| period <= LONGEST_PERIOD)
                .ok_or(PlanError::NotContinuous(index))?;
        }
    }
    Ok(period)
}

/// Steps from window to window: they have to fit the strides.
fn hops(tensors: &mut Tensors<'_>) {
    tensors.plan.input.hop = tensors.plan.hop;
    for index in 0..tensors.nodes.len() {
        let node = tensors.nodes[index];
        let input = tensors.get(node.input);
        let hop = match node.reach {
            Reach::View if input.shape.steps == node.tensor.shape.steps => input.hop,
            Reach::Step => match node.with {
                Some(with) if tensors.get(with).hop != input.hop => 0,
                Some(_) | None => input.hop,
            },
            Reach::Window(window) if input.hop.is_multiple_of(window.stride) => {
                (input.hop / window.stride).saturating_mul(window.repeat)
            }
            Reach::Scan | Reach::Last if tensors.plan.pace == Pace::Endless => input.hop,
            Reach::Window(_) | Reach::View | Reach::Scan | Reach::Last | Reach::Whole => 0,
        };
        tensors.nodes[index].tensor.hop = hop;
    }
}

/// From the output back to the input.
fn needs(tensors: &mut Tensors<'_>) {
    let endless = tensors.plan.pace == Pace::Endless;
    let all = |steps: u32| {
        if endless {
            ENDLESS
        } else {
            Steps { from: 0, to: steps }
        }
    };
    let last = tensors.last_number();
    let steps = tensors.get(last).shape.steps;
    tensors.get_mut(last).need = all(steps);
    for index in (0..tensors.nodes.len()).rev() {
        let node = tensors.nodes[index];
        let need = node.tensor.need;
        if need.is_empty() {
            continue;
        }
        for input in node.inputs() {
            let steps = tensors.get(input).shape.steps;
            let read = if endless {
                ENDLESS
            } else {
                read(&node, need, 0, steps)
            };
            let flow = tensors.get_mut(input);
            flow.need = flow.need.hull(read);
        }
    }
}

/// The steps of an input of `input` steps that the `output` steps of a layer are made of; a recurrent layer has taken in
/// `scanned` of them already.
pub(crate) fn read(node: &Link, output: Steps, scanned: u32, input: u32) -> Steps {
    let all = Steps { from: 0, to: input };
    if output.is_empty() {
        return Steps::NONE;
    }
    match node.reach {
        Reach::Step => output,
        Reach::View if node.tensor.shape.steps == input => output,
        Reach::Window(window) => window_of(&window, output, input),
        Reach::Scan => Steps {
            from: scanned.min(output.to),
            to: output.to,
        },
        Reach::Last => Steps {
            from: scanned.min(input),
            to: input,
        },
        Reach::Whole | Reach::View => all,
    }
}

/// The steps of an input under the taps of the `output` steps.
fn window_of(window: &TimeWindow, output: Steps, input: u32) -> Steps {
    if window.repeat > 1 {
        return Steps {
            from: output.from / window.repeat,
            to: (output.to.saturating_sub(1) / window.repeat + 1).min(input),
        };
    }
    let left = window.left(input);
    let start = |step: u32| (step * window.stride).saturating_sub(left);
    let last = output.to.saturating_sub(1) * window.stride + window.span();
    Steps {
        from: start(output.from).min(input),
        to: last.saturating_sub(left).min(input),
    }
}

/// Whether tensor `index` is the last step of a recurrent layer, or made of it alone.
fn is_last(tensors: &Tensors<'_>, index: usize) -> bool {
    let Some(node) = index.checked_sub(1).map(|index| &tensors.nodes[index]) else {
        return false;
    };
    let of = |tensor| tensors.get(tensor).is_last;
    node.reach == Reach::Last || of(node.input) || node.with.is_some_and(of)
}

/// The clean steps of tensor `index`, from those of its inputs.
fn clean(tensors: &Tensors<'_>, index: usize) -> Steps {
    let pace = tensors.plan.pace;
    let endless = pace == Pace::Endless;
    let Some(index) = index.checked_sub(1) else {
        return if endless {
            ENDLESS
        } else {
            Steps {
                from: 0,
                to: tensors.plan.window,
            }
        };
    };
    let node = &tensors.nodes[index];
    let (flow, input) = (&node.tensor, tensors.get(node.input));
    let mut of_inputs = input.clean;
    if let Some(with) = node.with {
        of_inputs = of_inputs.intersect(tensors.get(with).clean);
    }
    let is_last = |tensor| tensors.get(tensor).is_last;
    let mixed = node.with.is_some_and(|with| is_last(with) != input.is_last);
    if of_inputs.is_empty() || (endless && mixed) {
        return Steps::NONE;
    }
    // Of overlapping windows, only steps that move with them, and that each window wants.
    if pace == Pace::Overlapping && (flow.hop == 0 || flow.need.len() < flow.hop) {
        return Steps::NONE;
    }
    match node.reach {
        Reach::View if input.shape.steps == flow.shape.steps => of_inputs,
        Reach::Step => of_inputs,
        // Of one step, an endless stream has no further ones to carry a state or a window over.
        Reach::Window(_) | Reach::Scan | Reach::Last if endless && input.is_last => Steps::NONE,
        Reach::Window(window) if endless => {
            if window.knows_end() {
                Steps::NONE
            } else {
                ENDLESS
            }
        }
        Reach::Window(window) => {
            let (repeat, stride) = (window.repeat, window.stride);
            let left = window.left(input.shape.steps);
            // A stream that starts with the window knows the zeros before it.
            let from = match pace {
                Pace::Apart | Pace::Endless => 0,
                Pace::Overlapping if repeat > 1 => of_inputs.from * repeat,
                Pace::Overlapping => (of_inputs.from + left).div_ceil(stride),
            };
            let room = (of_inputs.to + left).checked_sub(window.span());
            let to = room.map_or(0, |room| (room / stride + 1) * repeat);
            Steps {
                from,
                to: to.min(flow.shape.steps),
            }
        }
        Reach::Scan if pace != Pace::Overlapping && of_inputs.from == 0 => of_inputs,
        Reach::Last if endless => ENDLESS,
        Reach::Last if pace == Pace::Apart && of_inputs.to >= input.shape.steps => {
            Steps { from: 0, to: 1 }
        }
        Reach::Scan | Reach::Last | Reach::Whole | Reach::View => Steps::NONE,
    }
}

/// From the output back to the input: what the steps that are not clean are made of.
fn dues(tensors: &mut Tensors<'_>) {
    let pace = tensors.plan.pace;
    for index in (0..tensors.nodes.len()).rev() {
        let node = tensors.nodes[index];
        let parts = if node.is_view() {
            [node.tensor.due, Steps::NONE]
        } else {
            node.tensor.dirty()
        };
        for input in node.inputs() {
            let flow = tensors.get(input);
            let (steps, scanned) = (flow.shape.steps, node.scanned(flow, pace));
            let due = parts.iter().fold(flow.due, |due, &part| {
                due.hull(read(&node, part, scanned, steps))
            });
            tensors.get_mut(input).due = due;
        }
    }
}
