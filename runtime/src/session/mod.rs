//! Running a model: whole windows or one sample at a time, over the caller's arena.
use crate::arena::ARENA_ALIGNMENT;
use crate::error::{ArenaError, InputLength};
use crate::layer::Layer;
use crate::model::Model;
use crate::plan::{Link, Plan};
use crate::precision::Precision;

mod memory;
mod snapshot;
mod stream;
mod walk;
mod window;

use memory::view;

/// A model with memory: its buffers and the state of one stream.
///
/// A model's file says how windows follow each other in a stream: windowed, a window every `hop` samples; or continuous, one
/// window without an end. Any number of sessions run over one model, each with an arena of its own.
#[derive(Debug)]
pub struct Session<'s, 'm, P: Precision> {
    layers: &'s [Layer<'m, P>],
    nodes: &'s [Link],
    plan: &'s Plan,
    input_scales: &'m [[f32; 2]],
    output_scales: &'m [[f32; 2]],
    /// Of the recurrent layers.
    state: &'s mut [u8],
    output: &'s mut [f32],
    /// The tensors of a window; or what a stream keeps, and behind it the tensors of a step or of a window that is complete.
    zone: &'s mut [u8],
    /// Samples since the start of the current window; not counted in a continuous model.
    samples: u32,
    /// A window has run where a stream keeps its rings and counters: the next sample starts anew.
    ended: bool,
    /// Checksum of the model's file.
    model: u32,
}

impl<'s, 'm, P: Precision> Session<'s, 'm, P> {
    /// Stops the compiler where a build without streams is given a sample.
    const HAS_STREAMS: () = assert!(
        P::FEATURES.has_streams(),
        "these features are without_streams: a session takes whole windows alone"
    );

    /// Splits an arena of at least [`Model::arena_bytes`] bytes that starts at a multiple of 16.
    ///
    /// # Errors
    /// [`ArenaError`] with the bytes needed and given.
    pub fn new<const LAYERS: usize>(
        model: &'s Model<'m, P, LAYERS>,
        arena: &'s mut (impl AsMut<[u8]> + ?Sized),
    ) -> Result<Self, ArenaError> {
        let arena = arena.as_mut();
        let plan = &model.plan;
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
        let zone = rest.get_mut(..plan.zone).ok_or(small)?;
        let output = bytemuck::try_cast_slice_mut(output).map_err(|_| misaligned)?;
        let mut session = Self {
            layers: &model.layers,
            nodes: &model.nodes,
            plan,
            input_scales: model.input_scales(),
            output_scales: model.output_scales(),
            state,
            output,
            zone,
            samples: 0,
            ended: false,
            model: model.header.crc,
        };
        if P::FEATURES.has_streams() {
            session.reset();
        }
        Ok(session)
    }

    /// Forgets the stream: the next sample is the first of a window.
    pub fn reset(&mut self) {
        self.samples = 0;
        self.ended = false;
        self.restart();
    }

    /// The output for a window of `[steps][channels]` values in the units of the training data, from a cleared state.
    /// Resets the stream.
    ///
    /// A model of recurrent and convolutional layers alone takes shorter windows too, down to [`Model::shortest_window`]
    /// steps; its output is then as much shorter.
    ///
    /// # Errors
    /// [`InputLength`] when the window has another length than the model's.
    pub fn run(&mut self, window: &[f32]) -> Result<&[f32], InputLength> {
        let last = self.window(window.len(), None, |session| {
            let input = session.window_input(window.len());
            session.load(window, input);
        })?;
        let len = self.store(last);
        Ok(self.output_values(len))
    }

    /// [`Session::run`] on activations: input and output as the layers see them, without the scales of
    /// [`Model::input_scales`] and [`Model::output_scales`]. In an integer model no float is touched. Neither is copied: the
    /// layers read the window where it is, and the output is where the last one put it.
    ///
    /// # Errors
    /// [`InputLength`] when the window has another length than the model's.
    pub fn run_raw(&mut self, window: &[P::Activation]) -> Result<&[P::Activation], InputLength> {
        let last = self.window(window.len(), Some(window), |_| {})?;
        Ok(view(self.zone, last))
    }

    /// Takes one sample of `[channels]` values; gives the output when one is due.
    ///
    /// A windowed model gives what [`Session::run`] gives for the window, bit for bit, with the window's last sample; if
    /// windows do not overlap and the output is a sequence of which no step needs the window's end, it gives each step when
    /// it is there. A continuous model gives each step when it is there and carries its state on; the steps are those of
    /// [`Session::run`] for a window that starts with the stream, as far as that reaches.
    ///
    /// # Errors
    /// [`InputLength`] when the sample has another length than the model's channels.
    pub fn push(&mut self, sample: &[f32]) -> Result<Option<&[f32]>, InputLength> {
        const { Self::HAS_STREAMS };
        self.check(sample.len(), self.plan.input.shape.channels as usize)?;
        let Some(arrival) = self.arrive() else {
            return Ok(None);
        };
        self.load(sample, arrival.place());
        let due = self.advance(&arrival).map(|place| self.store(place));
        self.settle(&arrival);
        Ok(due.map(|len| self.output_values(len)))
    }

    /// [`Session::push`] on activations, as [`Session::run_raw`].
    ///
    /// # Errors
    /// [`InputLength`] when the sample has another length than the model's channels.
    pub fn push_raw(
        &mut self,
        sample: &[P::Activation],
    ) -> Result<Option<&[P::Activation]>, InputLength> {
        const { Self::HAS_STREAMS };
        self.check(sample.len(), self.plan.input.shape.channels as usize)?;
        let Some(arrival) = self.arrive() else {
            return Ok(None);
        };
        self.load_raw(sample, arrival.place());
        let due = self.advance(&arrival);
        self.settle(&arrival);
        // What makes ready for the next sample writes counters and states, not tensors.
        Ok(due.map(|place| view(self.zone, place)))
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
        let channels = self.plan.input.shape.channels.max(1) as usize;
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
}
