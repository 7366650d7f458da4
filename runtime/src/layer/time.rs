//! Time: which steps of its input an output step of a layer depends on, with lengths and padding as Keras has them.
use crate::error::LayerError;
use crate::format::graph::Padding;
use crate::precision::Sliding;

/// How a layer's output steps depend on the steps of its inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Each on the same step of every input.
    Step,
    /// Each on a window of steps.
    Window(TimeWindow),
    /// Each on all steps up to it, through a state.
    Scan,
    /// The only one is the last of a [`Reach::Scan`].
    Last,
    /// On all steps.
    Whole,
    /// The same values: an earlier tensor, or another shape.
    View,
}

impl Reach {
    /// Of a layer with such a window.
    pub fn of(window: TimeWindow) -> Self {
        if window.is_step() {
            Self::Step
        } else {
            Self::Window(window)
        }
    }
}

/// Taps over the input's steps, `dilation` apart, that move by `stride` from output step to output step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeWindow {
    // 16 bits, as in the file: each layer has such a window, twice if it is its own.
    /// Number of taps.
    size: u16,
    stride: u16,
    dilation: u16,
    /// Output steps that share one place of the taps; the others are 1 where this is not.
    repeat: u16,
    edges: Edges,
}

/// Steps outside of the input that taps may meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edges {
    Padding(Padding),
    /// So many zeros at each end.
    Zeros {
        before: u16,
        after: u16,
    },
}

impl TimeWindow {
    /// A window over an input that is padded as Keras does it.
    pub fn new(
        padding: Padding,
        size: u16,
        stride: u16,
        dilation: u16,
    ) -> Result<Self, LayerError> {
        if size == 0 || stride == 0 || dilation == 0 {
            return Err(LayerError::Dimension);
        }
        let window = Self {
            size,
            stride,
            dilation,
            repeat: 1,
            edges: Edges::Padding(padding),
        };
        // Below 2^32: (65,535 - 1) * 65,535 + 1; kept below 2^30 so that sums of a few fit.
        if window.span() > 1 << 30 {
            return Err(LayerError::Dimension);
        }
        Ok(window)
    }

    /// One tap that moves by a step, at each place for `repeat` output steps.
    pub fn of_step(repeat: u16, edges: Edges) -> Self {
        Self {
            size: 1,
            stride: 1,
            dilation: 1,
            repeat,
            edges,
        }
    }

    #[inline]
    pub fn size(&self) -> u32 {
        self.size.into()
    }

    #[inline]
    pub fn stride(&self) -> u32 {
        self.stride.into()
    }

    #[inline]
    pub fn dilation(&self) -> u32 {
        self.dilation.into()
    }

    #[inline]
    pub fn repeat(&self) -> u32 {
        self.repeat.into()
    }

    /// Steps from the first tap to the last.
    #[inline]
    pub fn span(&self) -> u32 {
        self.at(0).span()
    }

    /// Whole strides in so many steps.
    #[inline]
    pub fn strides(&self, steps: u32) -> u32 {
        steps / self.stride().max(1)
    }

    /// Strides that it takes to cover so many steps.
    #[inline]
    pub fn strides_up(&self, steps: u32) -> u32 {
        steps.div_ceil(self.stride().max(1))
    }

    /// The place of the taps that output step `step` shares.
    #[inline]
    pub fn repeated(&self, step: u32) -> u32 {
        step / self.repeat().max(1)
    }

    /// Output steps over `input` steps, or the number of input steps that one output step needs.
    ///
    /// `same`: `out = ceil(T / stride)`; `causal` likewise; `valid`: `(T - span) / stride + 1`.
    pub fn steps(&self, input: u32) -> Result<u32, u32> {
        let span = self.span();
        let valid = |padded: u32| match padded.checked_sub(span) {
            Some(room) => Ok((self.strides(room) + 1) * self.repeat()),
            None => Err(span),
        };
        match self.edges {
            Edges::Padding(Padding::Valid) => valid(input),
            Edges::Padding(Padding::Same | Padding::Causal) => {
                Ok(self.strides_up(input) * self.repeat())
            }
            Edges::Zeros { before, after } => valid(input + u32::from(before) + u32::from(after)),
        }
    }

    /// [`TimeWindow::steps`] as a layer that is loaded checks them.
    pub fn checked_steps(&self, input: u32) -> Result<usize, LayerError> {
        let window = |needed| LayerError::Window {
            needed,
            given: input,
        };
        Ok(self.steps(input).map_err(window)? as usize)
    }

    /// Padded steps before an input of this many steps.
    ///
    /// `same`: `max((out - 1) stride + span - T, 0)` split with the smaller half before. `causal`: `span - 1`.
    pub fn left(&self, input: u32) -> u32 {
        match self.edges {
            Edges::Padding(Padding::Valid) => 0,
            Edges::Padding(Padding::Same) => {
                let places = self.strides_up(input).max(1);
                ((places - 1) * self.stride() + self.span()).saturating_sub(input) / 2
            }
            Edges::Padding(Padding::Causal) => self.span() - 1,
            Edges::Zeros { before, .. } => before.into(),
        }
    }

    /// Taps of all output steps that meet an input of this many steps.
    pub fn all_taps(&self, input: u32) -> u64 {
        let left = self.left(input) as i32;
        let places = 0..self.repeated(self.steps(input).unwrap_or_default());
        let taps = places.map(|place| {
            let start = (place * self.stride()) as i32 - left;
            let (first, end, _) = self.at(start).taps(input as usize);
            (end - first) as u64
        });
        taps.sum()
    }

    /// Whether each output step is made of the same step of the input alone.
    #[inline]
    pub fn is_step(&self) -> bool {
        (self.size(), self.stride(), self.repeat()) == (1, 1, 1)
            && matches!(self.edges, Edges::Padding(_))
    }

    /// Whether padding depends on where the input ends.
    #[inline]
    pub fn knows_end(&self) -> bool {
        match self.edges {
            Edges::Padding(Padding::Valid | Padding::Causal) => false,
            Edges::Padding(Padding::Same) => !self.is_step(),
            Edges::Zeros { after, .. } => after > 0,
        }
    }

    /// The taps, tap 0 of the first place at this step of the input.
    #[inline]
    pub fn at(&self, start: i32) -> Sliding {
        Sliding {
            size: self.size(),
            stride: self.stride(),
            dilation: self.dilation(),
            start,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn taps_are_those_that_lie_inside_the_input() {
        for padding in [Padding::Valid, Padding::Same, Padding::Causal] {
            for (size, stride, dilation, steps) in [
                (3, 1, 1, 10),
                (4, 2, 1, 11),
                (2, 1, 8, 9),
                (5, 3, 1, 7),
                (7, 1, 2, 13),
                (9, 1, 1, 4),
                (1, 1, 1, 1),
            ] {
                let window = TimeWindow::new(padding, size, stride, dilation).expect("is valid");
                let Ok(places) = window.steps(steps) else {
                    assert_eq!(padding, Padding::Valid);
                    continue;
                };
                let left = window.left(steps);
                for place in 0..places {
                    let start = (place * window.stride()) as i32 - left as i32;
                    let inside = |tap: usize| {
                        let at = start + (tap as u32 * window.dilation()) as i32;
                        (0..steps as i32).contains(&at).then_some(at as usize)
                    };
                    let taps: Vec<usize> = (0..window.size() as usize)
                        .filter(|&tap| inside(tap).is_some())
                        .collect();
                    let (first, end, at) = window.at(start).taps(steps as usize);
                    assert_eq!((first..end).collect::<Vec<_>>(), taps, "{window:?} {place}");
                    if let Some(&tap) = taps.first() {
                        assert_eq!(inside(tap), Some(at));
                    }
                }
            }
        }
    }

    #[test]
    fn lengths_are_those_of_keras() {
        let steps = |padding, size, stride, dilation, input| {
            TimeWindow::new(padding, size, stride, dilation)
                .and_then(|window| Ok((window.checked_steps(input)?, window.left(input))))
        };
        assert_eq!(steps(Padding::Valid, 3, 1, 1, 50), Ok((48, 0)));
        assert_eq!(steps(Padding::Valid, 4, 2, 1, 50), Ok((24, 0)));
        assert_eq!(steps(Padding::Same, 3, 1, 1, 24), Ok((24, 1)));
        assert_eq!(steps(Padding::Same, 4, 2, 1, 50), Ok((25, 1)));
        assert_eq!(steps(Padding::Causal, 2, 1, 8, 50), Ok((50, 8)));
        assert_eq!(
            steps(Padding::Valid, 4, 1, 1, 3),
            Err(LayerError::Window {
                needed: 4,
                given: 3
            })
        );
        assert_eq!(steps(Padding::Same, 0, 1, 1, 3), Err(LayerError::Dimension));
    }
}
