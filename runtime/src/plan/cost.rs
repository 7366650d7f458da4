//! What a stream computes, against the whole window.
use crate::layer::Reach;

use super::{Flow, Link, Pace, Plan, Steps, flow, read};

/// What a layer costs in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cost {
    /// Multiply-accumulates from one window's output to the next one's; of a continuous model, of a sample.
    pub macs: u64,
    /// Steps that are computed anew for each window although windows share them.
    pub recomputed: u32,
}

/// The cost of a layer with so many multiply-accumulates a step. Steps that meet padding count in full.
pub(crate) fn cost(plan: &Plan, nodes: &[Link], node: &Link, step_macs: u64) -> Cost {
    let input = flow(&plan.input, nodes, node.input);
    if node.is_view() {
        return Cost {
            macs: 0,
            recomputed: 0,
        };
    }
    let streamed = match plan.pace {
        _ if !node.streams(input, plan.pace) => 0,
        Pace::Overlapping => node.tensor.hop,
        Pace::Apart => clean(node, input).len(),
        Pace::Endless => node.tensor.hop,
    };
    let scanned = node.scanned(input, plan.pace);
    let parts = match plan.pace {
        Pace::Endless => [Steps::NONE; 2],
        Pace::Apart | Pace::Overlapping => node.tensor.dirty(),
    };
    let dirty: u32 = parts
        .iter()
        .map(|&part| match node.reach {
            Reach::Scan | Reach::Last => read(node, part, scanned, input.shape.steps).len(),
            Reach::Step | Reach::Window(_) | Reach::Whole | Reach::View => part.len(),
        })
        .sum();
    let steps = u64::from(streamed) + u64::from(dirty);
    let macs = steps * step_macs;
    Cost {
        macs: match plan.pace {
            Pace::Endless => macs.div_ceil(plan.input.hop.max(1).into()),
            Pace::Apart | Pace::Overlapping => macs,
        },
        recomputed: match plan.pace {
            Pace::Overlapping => dirty,
            Pace::Apart | Pace::Endless => 0,
        },
    }
}

/// The steps that a layer of windows that do not overlap streams: of its output, or of its input where only the last counts.
fn clean(node: &Link, input: &Flow) -> Steps {
    match node.reach {
        Reach::Last => input.clean,
        Reach::Step | Reach::Window(_) | Reach::Scan | Reach::Whole | Reach::View => {
            node.tensor.clean
        }
    }
}
