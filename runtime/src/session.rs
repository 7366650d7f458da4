//! Running a model: whole windows or one sample at a time, over the caller's arena.
use bytemuck::Pod;

use crate::arena::{ARENA_ALIGNMENT, place};
use crate::error::{ArenaError, InputLength};
use crate::format::header::Mode;
use crate::layer::{Layer, Shape};
use crate::model::{Model, stepwise};
use crate::precision::Precision;

/// A model with memory: its buffers and the state of one stream.
#[derive(Debug)]
pub struct Session<'s, 'm, P: Precision> {
    layers: &'s [Layer<'m, P>],
    input: Shape,
    mode: Mode,
    input_scales: &'m [[f32; 2]],
    output_scales: &'m [[f32; 2]],
    state: &'s mut [u8],
    output: &'s mut [f32],
    work: &'s mut [u8],
    /// Leading layers that take one step at a time; 0 where samples are collected to a window instead.
    stepwise: usize,
    /// Samples of the current window that have come.
    samples: u32,
}

/// Which end of the work area holds the current tensor, and its number of values.
#[derive(Debug, Clone, Copy)]
struct Current {
    at_start: bool,
    len: usize,
}

impl<'s, 'm, P: Precision> Session<'s, 'm, P> {
    /// Splits an arena of at least [`Model::arena_bytes`] bytes that starts at a multiple of 16.
    ///
    /// # Errors
    /// [`ArenaError`] with the bytes needed and given.
    pub fn new<const LAYERS: usize>(
        model: &'s Model<'m, P, LAYERS>,
        arena: &'s mut (impl AsMut<[u8]> + ?Sized),
    ) -> Result<Self, ArenaError> {
        let arena = arena.as_mut();
        let plan = model.plan;
        let small = ArenaError::TooSmall {
            needed: plan.total() as u32,
            given: arena.len() as u32,
        };
        let misaligned = ArenaError::Misaligned {
            needed: ARENA_ALIGNMENT as u8,
        };
        if !arena.as_ptr().addr().is_multiple_of(ARENA_ALIGNMENT) {
            return Err(misaligned);
        }
        let (state, rest) = arena.split_at_mut_checked(plan.state).ok_or(small)?;
        let (output, rest) = rest.split_at_mut_checked(plan.output).ok_or(small)?;
        let work = rest.get_mut(..plan.work).ok_or(small)?;
        let output = bytemuck::try_cast_slice_mut(output).map_err(|_| misaligned)?;
        let mut session = Self {
            layers: &model.layers,
            input: model.input_shape(),
            mode: model.header.mode,
            input_scales: model.input_scales,
            output_scales: model.output_scales,
            state,
            output,
            work,
            stepwise: stepwise(&model.layers).unwrap_or(0),
            samples: 0,
        };
        session.reset();
        Ok(session)
    }

    /// Forgets the stream: clears the state and the samples of a window that is not complete.
    pub fn reset(&mut self) {
        self.state.fill(0);
        self.samples = 0;
    }

    /// The output for a window of `[steps][channels]` values in the units of the training data, from a cleared state.
    /// Resets the stream.
    ///
    /// # Errors
    /// [`InputLength`] when the window has another length than the model's.
    pub fn run(&mut self, window: &[f32]) -> Result<&[f32], InputLength> {
        self.check(window.len(), self.input.len())?;
        self.reset();
        self.load(window, 0);
        let last = self.forward(0, self.layers.len(), self.start(window.len()));
        self.reset();
        Ok(self.store(last))
    }

    /// [`Session::run`] on activations: input and output as the layers see them, without the scales of
    /// [`Model::input_scales`] and [`Model::output_scales`]. In an integer model no float is touched.
    ///
    /// # Errors
    /// [`InputLength`] when the window has another length than the model's.
    pub fn run_quantized(
        &mut self,
        window: &[P::Activation],
    ) -> Result<&[P::Activation], InputLength> {
        self.check(window.len(), self.input.len())?;
        self.reset();
        for (to, &from) in values::<P::Activation>(self.work).iter_mut().zip(window) {
            *to = from;
        }
        let last = self.forward(0, self.layers.len(), self.start(window.len()));
        self.reset();
        Ok(current::<P>(self.work, last))
    }

    /// Takes one sample of `[channels]` values; gives the output when one is due.
    ///
    /// A windowed model gives what [`Session::run`] gives for the window, bit for bit, with the window's last sample,
    /// and then starts the next window; if its output is a sequence, it gives each step's row with that sample. A
    /// continuous model gives an output with every sample and carries its state on.
    ///
    /// # Errors
    /// [`InputLength`] when the sample has another length than the model's channels.
    pub fn push(&mut self, sample: &[f32]) -> Result<Option<&[f32]>, InputLength> {
        self.check(sample.len(), self.input.channels as usize)?;
        let (layers, steps) = (self.layers.len(), self.input.steps);
        let at = if self.stepwise == 0 {
            self.samples as usize * sample.len()
        } else {
            0
        };
        self.load(sample, at);
        self.samples += 1;
        let complete = self.samples >= steps;
        let sequence = self.stepwise == layers
            && self
                .layers
                .last()
                .is_some_and(|last| last.output().steps == steps);
        let due = complete || self.mode == Mode::Continuous || (sequence && self.stepwise > 0);
        let last = if self.stepwise == 0 {
            let whole = self.start(self.input.len());
            due.then(|| self.forward(0, layers, whole))
        } else {
            let stepped = self.forward(0, self.stepwise, self.start(sample.len()));
            due.then(|| self.forward(self.stepwise, layers, stepped))
        };
        match self.mode {
            Mode::Windowed if complete => self.reset(),
            Mode::Windowed => {}
            // Only whether a window has passed matters, and not even that.
            Mode::Continuous => self.samples = 0,
        }
        Ok(last.map(|last| self.store(last)))
    }

    /// Takes any number of samples; calls `output` with each output that falls due, in order.
    ///
    /// # Errors
    /// [`InputLength`] when the chunk is not whole samples; then none is taken.
    pub fn push_chunk(
        &mut self,
        chunk: &[f32],
        mut output: impl FnMut(&[f32]),
    ) -> Result<(), InputLength> {
        let channels = self.input.channels.max(1) as usize;
        let whole = chunk.len() - chunk.len() % channels;
        self.check(chunk.len(), whole)?;
        for sample in chunk.chunks_exact(channels) {
            if let Some(due) = self.push(sample)? {
                output(due);
            }
        }
        Ok(())
    }

    fn check(&self, given: usize, expected: usize) -> Result<(), InputLength> {
        if given == expected {
            Ok(())
        } else {
            Err(InputLength {
                expected: expected as u32,
                given: given as u32,
            })
        }
    }

    fn start(&self, len: usize) -> Current {
        Current {
            at_start: true,
            len,
        }
    }

    /// Input values to activations, from value `at` of the work area on.
    fn load(&mut self, input: &[f32], at: usize) {
        let channels = self.input.channels.max(1) as usize;
        let to = values::<P::Activation>(self.work)
            .get_mut(at..)
            .unwrap_or_default();
        for (to, from) in to.chunks_mut(channels).zip(input.chunks(channels)) {
            for (channel, (to, &from)) in to.iter_mut().zip(from).enumerate() {
                let [scale, offset] = pair(self.input_scales, channel);
                *to = P::quantize(from, scale, offset);
            }
        }
    }

    /// Runs layers `from..to`; the first one reads `current`. Where a tensor is, is known by its length alone.
    fn forward(&mut self, from: usize, to: usize, mut current: Current) -> Current {
        let element = size_of::<P::Activation>();
        let mut state = &mut *self.state;
        let mut channels = self.input.channels as usize;
        for (index, layer) in self.layers.iter().enumerate().take(to) {
            let own = place(layer.state_bytes()).unwrap_or_default();
            let Some((own, later)) = core::mem::take(&mut state).split_at_mut_checked(own) else {
                break;
            };
            state = later;
            let output = layer.output();
            let steps = current.len.checked_div(channels).unwrap_or_default();
            channels = output.channels as usize;
            if index < from || layer.is_view() {
                continue;
            }
            let len = output.channels as usize * layer.steps(steps);
            let (input_bytes, output_bytes) = (current.len * element, len * element);
            let (input_place, output_place) = (
                input_bytes.next_multiple_of(4),
                output_bytes.next_multiple_of(4),
            );
            let work = &mut *self.work;
            // The input keeps its end, the output takes the other, scratch lies behind the one at the start.
            let end = work.len().saturating_sub(if current.at_start {
                output_place
            } else {
                input_place
            });
            let Some((first, second)) = work.split_at_mut_checked(end) else {
                break;
            };
            let middle = if current.at_start {
                input_place
            } else {
                output_place
            };
            let Some((first, scratch)) = first.split_at_mut_checked(middle) else {
                break;
            };
            let (input, output) = if current.at_start {
                (first, second)
            } else {
                (second, first)
            };
            let (Some(input), Some(output), Some(scratch)) = (
                input.get(..input_bytes),
                output.get_mut(..output_bytes),
                scratch.get_mut(..layer.scratch_bytes()),
            ) else {
                break;
            };
            let Some(own) = own.get_mut(..layer.state_bytes()) else {
                break;
            };
            layer.run(
                bytemuck::try_cast_slice(input).unwrap_or_default(),
                values(output),
                own,
                scratch,
            );
            current = Current {
                at_start: !current.at_start,
                len,
            };
        }
        current
    }

    /// Activations to output values.
    fn store(&mut self, last: Current) -> &[f32] {
        let channels = self
            .layers
            .last()
            .map_or(1, |layer| layer.output().channels.max(1) as usize);
        let from = current::<P>(self.work, last);
        for (to, from) in self.output.chunks_mut(channels).zip(from.chunks(channels)) {
            for (channel, (to, &from)) in to.iter_mut().zip(from).enumerate() {
                let [scale, offset] = pair(self.output_scales, channel);
                *to = P::dequantize(from, scale, offset);
            }
        }
        self.output.get(..last.len).unwrap_or_default()
    }
}

/// The pair of a channel: its own, the one of all, or identity.
#[inline]
fn pair(scales: &[[f32; 2]], channel: usize) -> [f32; 2] {
    scales
        .get(channel)
        .or(scales.first())
        .copied()
        .unwrap_or([1.0, 0.0])
}

fn current<P: Precision>(work: &[u8], current: Current) -> &[P::Activation] {
    let bytes = current.len * size_of::<P::Activation>();
    let start = if current.at_start {
        0
    } else {
        work.len().saturating_sub(bytes.next_multiple_of(4))
    };
    let tensor = work.get(start..start + bytes).unwrap_or_default();
    bytemuck::try_cast_slice(tensor).unwrap_or_default()
}

/// Bytes of the arena as values; empty where they do not fit, which the plan rules out.
fn values<T: Pod>(bytes: &mut [u8]) -> &mut [T] {
    bytemuck::try_cast_slice_mut(bytes).unwrap_or_default()
}
