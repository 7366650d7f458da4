//! Streams: `push` and `push_chunk` give the bits of `run`, with every chunking and exactly when an output is due.
use dunlin::{Arena, F32, Mode, Model, Precision, PrecisionTag, Session, W8A16};

use crate::golden::{ARENA, Expected, GOLDENS, Golden, LAYERS, VALUES, WINDOWS};
use crate::inputs::Random;

/// Samples a chunk; with chunks longer than a window, and not a multiple of one.
const CHUNKS: [usize; 7] = [1, 2, 3, 5, 8, 13, 40];

/// Every golden model as a stream.
pub fn run(report: &mut dyn FnMut(&str, bool)) {
    for golden in &GOLDENS {
        let holds = match golden.precision() {
            Some(PrecisionTag::F32) => streams::<F32>(golden),
            Some(PrecisionTag::W8A16) => streams::<W8A16>(golden),
            None => None,
        };
        report(golden.stream_case, holds == Some(true));
    }
}

/// What a stream of the golden windows gives, call by call.
#[derive(Clone)]
struct Due {
    golden: &'static Golden,
    continuous: bool,
    /// Of windows that overlap.
    hop: Option<usize>,
    /// Steps of a window.
    steps: usize,
    /// Whether a windowed model has an output a step.
    sequence: bool,
    /// Values of one output.
    width: usize,
    sample: usize,
}

impl Due {
    /// The expected output of the next sample: the line, where in it, and how many values. `None`: none is due.
    fn next(&mut self) -> Option<(Expected, usize, usize)> {
        let (window, step) = (self.sample / self.steps, self.sample % self.steps);
        self.sample += 1;
        if self.continuous {
            let line = self.golden.outputs().nth(WINDOWS + self.sample - 1)?;
            return Some((line, 0, line.len()));
        }
        if let Some(hop) = self.hop {
            // Their windows come behind those that do not overlap.
            let since = self.sample.checked_sub(self.steps)?;
            let line = self.golden.outputs().nth(WINDOWS + since / hop)?;
            return since.is_multiple_of(hop).then_some((line, 0, line.len()));
        }
        let line = self.golden.outputs().nth(window)?;
        if self.sequence {
            Some((line, step * self.width, self.width))
        } else if step + 1 == self.steps {
            Some((line, 0, line.len()))
        } else {
            None
        }
    }

    /// Whether the next sample's output is this one.
    fn takes(&mut self, output: Option<&[f32]>) -> bool {
        match (self.next(), output) {
            (Some((line, start, len)), Some(output)) => {
                output.len() == len && line.part_is(start, output)
            }
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

/// `None` where the model does not load or a call is refused.
#[inline(never)]
fn streams<P: Precision>(golden: &'static Golden) -> Option<bool> {
    let mut model = Model::<P, LAYERS>::new();
    model.load(golden.file).ok()?;
    pushes(golden, &model)
}

/// On its own, so that its buffers and those of the loader are not on a stack together.
#[inline(never)]
fn pushes<P: Precision>(golden: &'static Golden, model: &Model<'_, P, LAYERS>) -> Option<bool> {
    let mut arena = Arena::<ARENA>::new();
    let exact = arena.as_mut().get_mut(..model.arena_bytes())?;
    let mut session = Session::new(model, exact).ok()?;
    let (input, output) = (model.input_shape(), model.output_shape());
    let (steps, channels) = (input.steps as usize, input.channels as usize);
    // A stream comes from the generator chunk by chunk: whole, it would be the largest thing on the stack.
    let mut values = [0.0; VALUES];
    let due = Due {
        golden,
        continuous: model.header().mode == Mode::Continuous,
        hop: Some(model.header().hop as usize).filter(|hop| (1..steps).contains(hop)),
        steps,
        sequence: model.gives_steps(),
        width: output.channels as usize,
        sample: 0,
    };
    let samples = by_sample(&mut session, &mut values, channels, due.clone())?;
    let mut chunks = true;
    for chunk in CHUNKS {
        session.reset();
        let part = values.get_mut(..chunk * channels)?;
        chunks &= by_chunk(&mut session, part, channels, due.clone())?;
    }
    // What came before a reset, or before a run, is forgotten.
    let part = values.get(..(steps / 2) * channels)?;
    session.reset();
    session.push_chunk(part, |_| {}).ok()?;
    session.reset();
    let after_reset = by_sample(&mut session, &mut values, channels, due.clone())?;
    let part = values.get(..(steps / 2) * channels)?;
    session.push_chunk(part, |_| {}).ok()?;
    let window = values.get_mut(..input.len())?;
    Random::new().fill(window);
    let run = golden.outputs().next()?.is(session.run(window).ok()?);
    let after_run = by_sample(&mut session, &mut values, channels, due)?;
    Some(samples && chunks && after_reset && run && after_run && refuses(&mut session, &values))
}

fn by_sample<P: Precision>(
    session: &mut Session<'_, '_, P>,
    values: &mut [f32],
    channels: usize,
    mut due: Due,
) -> Option<bool> {
    let mut random = Random::new();
    let sample = values.get_mut(..channels)?;
    let mut holds = true;
    while due.sample < due.steps * WINDOWS {
        random.fill(sample);
        holds &= due.takes(session.push(sample).ok()?);
    }
    Some(holds)
}

/// As many samples at a time as `values` holds.
fn by_chunk<P: Precision>(
    session: &mut Session<'_, '_, P>,
    values: &mut [f32],
    channels: usize,
    mut due: Due,
) -> Option<bool> {
    let mut random = Random::new();
    let last = due.steps * WINDOWS;
    let mut left = last;
    let mut holds = true;
    while left > 0 {
        let samples = left.min(values.len() / channels);
        left -= samples;
        let chunk = values.get_mut(..samples * channels)?;
        random.fill(chunk);
        let take = |output: &[f32]| {
            // Samples without an output pass in between.
            while due.sample < last {
                if let Some((line, start, len)) = due.next() {
                    holds &= output.len() == len && line.part_is(start, output);
                    return;
                }
            }
            holds = false;
        };
        session.push_chunk(chunk, take).ok()?;
    }
    // No output is left over.
    while due.sample < last {
        holds &= due.next().is_none();
    }
    Some(holds)
}

/// A window, a sample or a chunk of the wrong length is refused.
fn refuses<P: Precision>(session: &mut Session<'_, '_, P>, values: &[f32]) -> bool {
    let mut none_taken = true;
    session.run(values).is_err()
        && session.run(&[]).is_err()
        && session.push(&[]).is_err()
        && session.push(values).is_err()
        && (session.push_chunk(&[], |_| none_taken = false).is_ok() && none_taken)
}
