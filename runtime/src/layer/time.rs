//! Windows over the time axis: output length and padding as Keras has them.
use crate::error::LayerError;
use crate::format::graph::Padding;

/// A window of `size` taps, `dilation` apart, that moves by `stride`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeWindow {
    /// Taps in a window.
    pub size: u32,
    pub stride: u32,
    pub dilation: u32,
    /// Steps of the input.
    pub input_steps: u32,
    /// Padded steps before the input.
    pub left: u32,
}

impl TimeWindow {
    /// The window and the number of its places.
    ///
    /// `same`: `out = ceil(T / stride)`, the padding `max((out - 1) stride + span - T, 0)` split with the smaller half
    /// before. `causal`: `span - 1` before. `span = (size - 1) dilation + 1`.
    pub fn new(
        padding: Padding,
        size: u16,
        stride: u16,
        dilation: u16,
        input_steps: u32,
    ) -> Result<(Self, usize), LayerError> {
        if size == 0 || stride == 0 || dilation == 0 {
            return Err(LayerError::Dimension);
        }
        let (size, stride, dilation) = (u32::from(size), u32::from(stride), u32::from(dilation));
        // Below 2^32: (65,535 - 1) * 65,535 + 1; kept below 2^31 so that later sums fit.
        let span = (size - 1) * dilation + 1;
        if span > i32::MAX as u32 {
            return Err(LayerError::Dimension);
        }
        let (steps, left) = match padding {
            Padding::Valid if span > input_steps => {
                return Err(LayerError::Window {
                    needed: span,
                    given: input_steps,
                });
            }
            Padding::Valid => ((input_steps - span) / stride + 1, 0),
            Padding::Same => {
                let steps = input_steps.div_ceil(stride);
                (
                    steps,
                    ((steps - 1) * stride + span).saturating_sub(input_steps) / 2,
                )
            }
            Padding::Causal => (input_steps.div_ceil(stride), span - 1),
        };
        Ok((
            Self {
                size,
                stride,
                dilation,
                input_steps,
                left,
            },
            steps as usize,
        ))
    }

    /// The taps of place `step` that meet the input: the first tap, the one after the last, and the input step of the
    /// first.
    #[inline]
    pub fn taps(&self, step: u32) -> (u32, u32, u32) {
        let position = step * self.stride;
        let first = self.left.saturating_sub(position).div_ceil(self.dilation);
        // Steps from the window's start to the end of the input.
        let reach = (self.input_steps + self.left).saturating_sub(position);
        let end = reach.div_ceil(self.dilation).min(self.size);
        let start = (position + first * self.dilation).saturating_sub(self.left);
        (first.min(end), end, start)
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
                let Ok((window, places)) = TimeWindow::new(padding, size, stride, dilation, steps)
                else {
                    assert_eq!(padding, Padding::Valid);
                    continue;
                };
                for place in 0..places as u32 {
                    let inside = |tap: u32| {
                        let at = i64::from(place * window.stride) - i64::from(window.left)
                            + i64::from(tap * window.dilation);
                        (0..i64::from(steps)).contains(&at).then_some(at as u32)
                    };
                    let taps: Vec<u32> = (0..window.size)
                        .filter(|&tap| inside(tap).is_some())
                        .collect();
                    let (first, end, start) = window.taps(place);
                    assert_eq!(
                        (first..end).collect::<Vec<_>>(),
                        taps,
                        "{padding:?} {window:?} {place}"
                    );
                    if let Some(&tap) = taps.first() {
                        assert_eq!(inside(tap), Some(start));
                    }
                }
            }
        }
    }

    #[test]
    fn lengths_are_those_of_keras() {
        let steps = |padding, size, stride, dilation, input| {
            TimeWindow::new(padding, size, stride, dilation, input)
                .map(|(window, steps)| (steps, window.left))
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
