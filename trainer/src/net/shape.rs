//! The shape of what flows between layers, and where a kernel meets padded input.
use crate::config::Padding;

/// Steps in time and channels in each; a value stands at `step * channels + channel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    pub steps: usize,
    pub channels: usize,
}

impl Shape {
    /// Values in one example.
    pub fn size(self) -> usize {
        self.steps * self.channels
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{}, {}]", self.steps, self.channels)
    }
}

/// How a kernel or pool walks along time: output step t reads input steps `t * stride + k * dilation - left`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Walk {
    pub kernel: usize,
    pub stride: usize,
    pub dilation: usize,
    /// Padded steps before the first input step.
    pub left: usize,
    /// Output steps.
    pub steps: usize,
}

impl Walk {
    /// The walk over `steps` input steps, padded as TensorFlow pads; `None` when the input is too short.
    /// All arguments are at least 1.
    pub fn new(
        kernel: usize,
        stride: usize,
        dilation: usize,
        padding: Padding,
        steps: usize,
    ) -> Option<Self> {
        let span = (kernel - 1).checked_mul(dilation)?.checked_add(1)?;
        let (left, out) = match padding {
            Padding::Valid => (0, steps.checked_sub(span)? / stride + 1),
            Padding::Same => {
                let out = steps.div_ceil(stride);
                let total = ((out - 1) * stride)
                    .saturating_add(span)
                    .saturating_sub(steps);
                (total / 2, out)
            }
            Padding::Causal => (span - 1, steps.div_ceil(stride)),
        };
        Some(Self {
            kernel,
            stride,
            dilation,
            left,
            steps: out,
        })
    }

    /// The input step under tap `k` at output step `t`, or `None` in the padding.
    #[inline]
    pub fn source(&self, t: usize, k: usize, input_steps: usize) -> Option<usize> {
        (t * self.stride + k * self.dilation)
            .checked_sub(self.left)
            .filter(|s| *s < input_steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_padding_is_tensorflows() {
        // 50 steps by 3 with stride 2: 25 out, one padded step in all, none of it before.
        let walk = Walk::new(3, 2, 1, Padding::Same, 50).unwrap();
        assert_eq!((walk.left, walk.steps), (0, 25));
        // 5 taps with dilation 2 span 9: 4 on either side.
        let walk = Walk::new(5, 1, 2, Padding::Same, 24).unwrap();
        assert_eq!((walk.left, walk.steps), (4, 24));
    }

    #[test]
    fn valid_padding_needs_a_whole_kernel() {
        assert_eq!(Walk::new(3, 1, 2, Padding::Valid, 5).unwrap().steps, 1);
        assert_eq!(Walk::new(3, 1, 2, Padding::Valid, 4), None);
    }

    #[test]
    fn causal_padding_stands_before_the_input() {
        let walk = Walk::new(3, 2, 1, Padding::Causal, 7).unwrap();
        assert_eq!((walk.left, walk.steps), (2, 4));
        assert_eq!(walk.source(0, 1, 7), None);
        assert_eq!(walk.source(0, 2, 7), Some(0));
    }
}
