//! A layer in the graph, as the plan sees it.
use core::num::NonZeroU32;

use crate::format::features::{Built, Features};
use crate::layer::{Memory, Reach};

use super::{Flow, Pace};

/// What the plan needs to know of a layer, and where the layer stands in the graph. It does not depend on the precision, so that
/// a program for several has this code once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    pub reach: Reach,
    pub memory: Memory,
    /// The tensor that it reads.
    pub input: u16,
    /// The second tensor that it reads.
    pub with: Option<u16>,
    /// Where its state starts in the state part. While rings are counted: steps that it has done.
    pub state: u32,
    /// Where the number of steps that it has streamed stands in the stream's memory, if it reads a ring.
    pub progress: Option<NonZeroU32>,
    /// Its output.
    pub tensor: Flow,
}

impl Link {
    /// The tensors that it reads.
    #[inline]
    pub fn inputs<B: Built>(&self) -> impl Iterator<Item = u16> + use<B> {
        let with = self.with.filter(|_| B::FEATURES.has_branches());
        core::iter::once(self.input).chain(with)
    }

    /// Where its state stands in the state part.
    #[inline]
    pub fn state_bytes(&self) -> core::ops::Range<usize> {
        let start = self.state as usize;
        start..start + self.memory.state
    }

    /// Whether it gives a tensor that is there already.
    #[inline]
    pub fn is_view(&self) -> bool {
        self.reach == Reach::View
    }

    /// Whether it runs with each push, over an `input` with these steps.
    #[inline]
    pub fn streams(&self, input: &Flow, pace: Pace) -> bool {
        match self.reach {
            Reach::Step | Reach::Window(_) => !self.tensor.clean.is_empty(),
            Reach::Scan | Reach::Last => {
                pace != Pace::Overlapping && input.clean.from == 0 && !input.clean.is_empty()
            }
            Reach::Whole | Reach::View => false,
        }
    }

    /// Steps of the input that a recurrent layer has taken in when a window is complete.
    #[inline]
    pub fn scanned(&self, input: &Flow, pace: Pace) -> u32 {
        if self.streams(input, pace) {
            input.clean.to
        } else {
            0
        }
    }

    /// Steps of the output over `input` steps, or the number of steps that the layer needs.
    pub fn steps(&self, input: u32) -> Result<u32, u32> {
        match self.reach {
            Reach::Step | Reach::Scan => Ok(input),
            Reach::Window(window) => window.steps(input),
            Reach::Last => Ok(1),
            Reach::Whole | Reach::View if self.tensor.shape.steps == 1 => Ok(1),
            Reach::Whole | Reach::View => Ok(input),
        }
    }

    /// The step that the first tap of output step `from` meets, counted from step `first` of an input of `input` steps.
    /// Counters may have wrapped.
    pub fn start<B: Built>(&self, from: u32, first: u32, input: u32) -> i32 {
        let repeats = B::FEATURES.has(Features::RESAMPLE);
        match self.reach {
            // Counted in output steps.
            Reach::Window(window) if repeats && window.repeat() > 1 => {
                from.wrapping_sub(first.wrapping_mul(window.repeat())) as i32
            }
            Reach::Window(window) => from
                .wrapping_mul(window.stride())
                .wrapping_sub(window.left(input))
                .wrapping_sub(first) as i32,
            Reach::Step | Reach::Scan | Reach::Last | Reach::Whole | Reach::View => 0,
        }
    }
}
