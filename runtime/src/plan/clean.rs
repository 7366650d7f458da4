//! Which steps of each tensor the output depends on, which of them a stream computes once, and which are read when a window
//! is complete.
use crate::format::features::{Built, Features};
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
pub(super) fn mark<B: Built>(tensors: &mut Tensors<'_, B>) -> Result<(), PlanError> {
    let pace = tensors.pace();
    if pace == Pace::Endless {
        tensors.plan.hop = period(tensors.nodes)?;
    }
    if B::FEATURES.is_plain() {
        all_clean(tensors);
    } else {
        some_clean(tensors)?;
    }
    let last = tensors.last();
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
    if pace != Pace::Endless && !B::FEATURES.is_plain() {
        dues(tensors);
    }
    Ok(())
}

/// Where each layer takes each step of the one before, a stream needs and computes all of them once.
fn all_clean<B: Built>(tensors: &mut Tensors<'_, B>) {
    let mut is_last = false;
    for number in tensors.numbers() {
        let of_last = |node: &Link| node.reach == Reach::Last;
        is_last |= tensors.maker(number).is_some_and(of_last);
        let flow = tensors.get_mut(number);
        let all = Steps {
            from: 0,
            to: flow.shape.steps,
        };
        (flow.need, flow.clean, flow.is_last) = (all, all, is_last);
        flow.burst = 1;
    }
}

fn some_clean<B: Built>(tensors: &mut Tensors<'_, B>) -> Result<(), PlanError> {
    let pace = tensors.pace();
    if pace != Pace::Apart {
        hops(tensors);
    }
    needs(tensors);
    for number in tensors.numbers() {
        let mut clean = clean(tensors, number);
        let is_last = is_last(tensors, number);
        let flow = tensors.get_mut(number);
        flow.is_last = is_last;
        if pace == Pace::Apart && number > 0 {
            // What no window wants, at its end.
            clean.to = clean.to.min(flow.need.to);
        }
        // What nobody reads need not run.
        let is_read = !flow.need.is_empty();
        if !is_read && number > 0 {
            clean = Steps::NONE;
        }
        flow.clean = clean;
        if pace == Pace::Endless && is_read && clean.to != u32::MAX {
            return Err(PlanError::NotContinuous(
                usize::from(number).saturating_sub(1),
            ));
        }
    }
    Ok(())
}

/// Samples after which an endless stream's strides stand as before.
fn period(nodes: &[Link]) -> Result<u32, PlanError> {
    let mut period = 1u32;
    for (index, node) in nodes.iter().enumerate() {
        if let Reach::Window(window) = node.reach {
            period = period
                .checked_mul(window.stride())
                .filter(|&period| period <= LONGEST_PERIOD)
                .ok_or(PlanError::NotContinuous(index))?;
        }
    }
    Ok(period)
}

/// Steps from window to window: they have to fit the strides.
fn hops<B: Built>(tensors: &mut Tensors<'_, B>) {
    tensors.plan.input.hop = tensors.plan.hop;
    for number in 1..tensors.numbers().end {
        let Some(node) = tensors.maker(number) else {
            continue;
        };
        let input = tensors.get(node.input);
        let hop = match node.reach {
            Reach::View if input.shape.steps == node.tensor.shape.steps => input.hop,
            Reach::Step => match node.with {
                Some(with) if tensors.get(with).hop != input.hop => 0,
                Some(_) | None => input.hop,
            },
            Reach::Window(window) if input.hop.is_multiple_of(window.stride()) => {
                window.strides(input.hop).saturating_mul(window.repeat())
            }
            Reach::Scan | Reach::Last if tensors.pace() == Pace::Endless => input.hop,
            Reach::Window(_) | Reach::View | Reach::Scan | Reach::Last | Reach::Whole => 0,
        };
        tensors.get_mut(number).hop = hop;
    }
}

/// From the output back to the input.
fn needs<B: Built>(tensors: &mut Tensors<'_, B>) {
    let endless = tensors.pace() == Pace::Endless;
    let last = tensors.last_number();
    let steps = tensors.get(last).shape.steps;
    let all = Steps { from: 0, to: steps };
    tensors.get_mut(last).need = if endless { ENDLESS } else { all };
    for number in (1..tensors.numbers().end).rev() {
        let need = tensors.get(number).need;
        if need.is_empty() {
            continue;
        }
        for input in tensors.inputs(number) {
            let steps = tensors.get(input).shape.steps;
            let read = match tensors.maker(number) {
                Some(node) if !endless => read(node, need, 0, steps),
                Some(_) | None => ENDLESS,
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
    if window.repeat() > 1 {
        return Steps {
            from: window.repeated(output.from),
            to: (window.repeated(output.to.saturating_sub(1)) + 1).min(input),
        };
    }
    let left = window.left(input);
    let start = |step: u32| (step * window.stride()).saturating_sub(left);
    let last = output.to.saturating_sub(1) * window.stride() + window.span();
    Steps {
        from: start(output.from).min(input),
        to: last.saturating_sub(left).min(input),
    }
}

/// Whether a tensor is the last step of a recurrent layer, or made of it alone.
fn is_last<B: Built>(tensors: &Tensors<'_, B>, number: u16) -> bool {
    let Some(node) = tensors.maker(number) else {
        return false;
    };
    let of = |tensor| tensors.get(tensor).is_last;
    node.reach == Reach::Last || of(node.input) || node.with.is_some_and(of)
}

/// The clean steps of a tensor, from those of its inputs.
fn clean<B: Built>(tensors: &Tensors<'_, B>, number: u16) -> Steps {
    let pace = tensors.pace();
    let endless = pace == Pace::Endless;
    let Some(node) = tensors.maker(number) else {
        let to = tensors.plan.window;
        return if endless {
            ENDLESS
        } else {
            Steps { from: 0, to }
        };
    };
    let (flow, input) = (&node.tensor, tensors.get(node.input));
    let mut of_inputs = input.clean;
    let with = node.with.filter(|_| B::FEATURES.has_branches());
    if let Some(with) = with {
        of_inputs = of_inputs.intersect(tensors.get(with).clean);
    }
    let is_last = |tensor| tensors.get(tensor).is_last;
    let mixed = with.is_some_and(|with| is_last(with) != input.is_last);
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
            let repeat = if B::FEATURES.has(Features::RESAMPLE) {
                window.repeat()
            } else {
                1
            };
            let left = window.left(input.shape.steps);
            // A stream that starts with the window knows the zeros before it.
            let from = match pace {
                Pace::Apart | Pace::Endless => 0,
                Pace::Overlapping if repeat > 1 => of_inputs.from * repeat,
                Pace::Overlapping => window.strides_up(of_inputs.from + left),
            };
            let room = (of_inputs.to + left).checked_sub(window.span());
            let to = room.map_or(0, |room| (window.strides(room) + 1) * repeat);
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
fn dues<B: Built>(tensors: &mut Tensors<'_, B>) {
    let pace = tensors.pace();
    for number in (1..tensors.numbers().end).rev() {
        for input in tensors.inputs(number) {
            let Some(node) = tensors.maker(number) else {
                continue;
            };
            let parts = if node.is_view() {
                [node.tensor.due, Steps::NONE]
            } else {
                node.tensor.dirty()
            };
            let flow = tensors.get(input);
            let (steps, scanned) = (flow.shape.steps, node.scanned(flow, pace));
            let due = parts.iter().fold(flow.due, |due, &part| {
                due.hull(read(node, part, scanned, steps))
            });
            tensors.get_mut(input).due = due;
        }
    }
}
