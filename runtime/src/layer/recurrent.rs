//! What recurrent layers share: the walk over time, and views of their state and scratch.
use bytemuck::Pod;

use crate::error::LayerError;
use crate::format::features::Built;
use crate::precision::{Numbers, Precision};

use super::steps::{steps, steps_mut};
use super::{Reach, Shape};

/// A time step: from `[x; h]` to the hidden state.
type Step<'a, P> = dyn FnMut(&[<P as Numbers>::Activation], &mut [<P as Numbers>::Activation]) + 'a;

/// Sizes of a recurrent layer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recurrent {
    // A shape's dimensions have 16 bits.
    pub inputs: u16,
    pub units: u16,
    pub return_sequences: bool,
    /// Time steps of a whole window.
    pub window: u16,
}

impl Recurrent {
    /// Sizes over an input of this shape, and the shape of the output.
    pub fn new(
        input: Shape,
        units: u16,
        return_sequences: bool,
    ) -> Result<(Self, Shape), LayerError> {
        let sizes = Self {
            inputs: input.channels as u16,
            units,
            return_sequences,
            window: input.steps as u16,
        };
        let output = sizes.output();
        Ok((
            sizes,
            Shape::new(output.steps as usize, output.channels as usize)?,
        ))
    }

    /// Calls `step` with `[x; h]` and the hidden state to write, for each time step of the input. The last hidden states fill
    /// the output: with as many places as steps, all of them; with one place and no step, the state as it is.
    /// `joint` has room for `[x; h]`.
    #[inline]
    pub fn run<P: Precision>(
        &self,
        input: &[P::Activation],
        output: &mut [P::Activation],
        hidden: &mut [P::Activation],
        joint: &mut [P::Activation],
        mut step: impl FnMut(&[P::Activation], &mut [P::Activation]),
    ) {
        if P::Build::HAS_SPEED {
            self.each_step::<P>(input, output, hidden, joint, step);
        } else {
            self.each_step_once::<P>(input, output, hidden, joint, &mut step);
        }
    }

    /// [`Recurrent::run`] as one function for all layers.
    #[inline(never)]
    fn each_step_once<P: Precision>(
        &self,
        input: &[P::Activation],
        output: &mut [P::Activation],
        hidden: &mut [P::Activation],
        joint: &mut [P::Activation],
        step: &mut Step<'_, P>,
    ) {
        self.each_step::<P>(input, output, hidden, joint, step);
    }

    #[inline(always)]
    fn each_step<P: Precision>(
        &self,
        input: &[P::Activation],
        output: &mut [P::Activation],
        hidden: &mut [P::Activation],
        joint: &mut [P::Activation],
        mut step: impl FnMut(&[P::Activation], &mut [P::Activation]),
    ) {
        let (inputs, units) = (
            usize::from(self.inputs.max(1)),
            usize::from(self.units.max(1)),
        );
        let mut unwritten = (input.len() / inputs).saturating_sub(output.len() / units);
        let mut places = steps_mut(output, self.units.into());
        for x in steps(input, self.inputs.into()) {
            // All rows read this copy of the hidden state, so that the new one can be written at once.
            let (head, tail) = joint.split_at_mut_checked(inputs).unwrap_or_default();
            P::copy(head, x);
            P::copy(tail, hidden);
            step(joint, hidden);
            if let Some(less) = unwritten.checked_sub(1) {
                unwritten = less;
            } else if let Some(place) = places.next() {
                P::copy(place, hidden);
            }
        }
        if let Some(place) = places.next() {
            P::copy(place, hidden);
        }
    }

    /// Shape of the output for a whole window.
    pub fn output(&self) -> Shape {
        Shape {
            steps: self.output_steps(),
            channels: self.units.into(),
        }
    }

    /// How an output step depends on time.
    pub fn reach(&self) -> Reach {
        if self.return_sequences {
            Reach::Scan
        } else {
            Reach::Last
        }
    }

    /// Steps of a whole window's output.
    pub fn output_steps(&self) -> u32 {
        if self.return_sequences {
            self.window.into()
        } else {
            1
        }
    }

    /// Values of `[x; h]`.
    pub fn joint(&self) -> usize {
        usize::from(self.inputs) + usize::from(self.units)
    }
}

/// `copy_from_slice` without its panic on lengths, which are the same here.
#[inline]
pub(crate) fn copy<T: Copy>(to: &mut [T], from: &[T]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to = from;
    }
}

/// The first `count` values of some bytes of the arena, and the bytes behind them; empty where they do not fit, which the
/// plan of the arena rules out.
pub(crate) fn take<T: Pod>(bytes: &mut [u8], count: usize) -> (&mut [T], &mut [u8]) {
    let (head, rest) = bytes
        .split_at_mut_checked(count * size_of::<T>())
        .unwrap_or_default();
    (bytemuck::try_cast_slice_mut(head).unwrap_or_default(), rest)
}
