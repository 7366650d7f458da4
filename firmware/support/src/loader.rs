//! The program that runs any model: the emulator puts the model into flash, the host gives windows and takes outputs.

use dunlin::{F32, Header, InputLength, Model, Precision, PrecisionTag, Session, W8A16};
use semihosting::fs::File;

use crate::job::{self, Job, Meters, Mode, Stop};
use crate::{Board, host, stack};

/// Does the job and exits; 1 if it could not be done. `ram` is all the RAM that models may use, at a multiple of 16.
pub fn main<const LAYERS: usize>(board: Board, ram: &mut [u8]) -> ! {
    let mut meters = Meters {
        windows: 0,
        outputs: 0,
        call_stack: 0,
        load_stack: 0,
    };
    let stop = match serve::<LAYERS>(board, ram, &mut meters) {
        Ok(()) => Stop::Done,
        Err(stop) => stop,
    };
    let reported = job::report(stop, &meters, dunlin::kernel::NAME);
    host::exit(reported.is_ok() && matches!(stop, Stop::Done));
}

fn serve<const LAYERS: usize>(
    board: Board,
    ram: &mut [u8],
    meters: &mut Meters,
) -> Result<(), Stop> {
    let job = Job::read()?;
    let file = board.model_flash().get(..job.model_bytes);
    let file = file.ok_or(Stop::Job)?;
    let header = Header::read(file).map_err(refused)?;
    let window = header.window as usize * header.input_channels as usize;
    let values = match job.mode {
        Mode::Run | Mode::RunRaw => window,
        Mode::Push | Mode::PushRaw => header.input_channels as usize,
    };
    let size = match (job.mode, header.precision) {
        (Mode::RunRaw | Mode::PushRaw, PrecisionTag::W8A16) => 2,
        (Mode::Run | Mode::Push, _) | (_, PrecisionTag::F32) => 4,
    };
    let buffer = values.saturating_mul(size);
    let needed = (header.arena_bytes as usize).saturating_add(buffer);
    let too_little = Stop::Ram(needed as u32);
    let (arena, rest) = ram
        .split_at_mut_checked(header.arena_bytes as usize)
        .ok_or(too_little)?;
    let memory = Memory {
        arena,
        input: rest.get_mut(..buffer).ok_or(too_little)?,
        pieces: window / values.max(1),
    };
    match header.precision {
        PrecisionTag::F32 => windows::<F32, LAYERS>(board, &job, file, memory, meters),
        PrecisionTag::W8A16 => windows::<W8A16, LAYERS>(board, &job, file, memory, meters),
    }
}

/// The RAM, split.
struct Memory<'a> {
    arena: &'a mut [u8],
    /// Of a window, or of one sample.
    input: &'a mut [u8],
    /// Inputs a window: 1, or its samples.
    pieces: usize,
}

fn refused(error: dunlin::LoadError) -> Stop {
    defmt::error!("the model does not load: {}", error);
    Stop::Load
}

/// Loads the model and runs every window: first one for the stack, then all of them for outputs and counts.
#[inline(never)]
fn windows<P: Precision, const LAYERS: usize>(
    board: Board,
    job: &Job,
    file: &[u8],
    memory: Memory<'_>,
    meters: &mut Meters,
) -> Result<(), Stop> {
    let mut model = Model::<P, LAYERS>::new();
    let mark = stack::Mark::paint();
    model.load(file).map_err(refused)?;
    meters.load_stack = mark.used();
    let mut session =
        Session::new(&model, memory.arena).map_err(|_| Stop::Ram(model.arena_bytes() as u32))?;
    let input = memory.input;

    let mut from = job::open(c"input")?;
    for _ in 0..memory.pieces.min(job.windows as usize * memory.pieces) {
        job::read(&mut from, input)?;
        let mut call = Call::new(&mut session, job.mode, input);
        let work = Call::of(job.mode);
        let used = stack::used_by(&mut || work(&mut call));
        meters.call_stack = meters.call_stack.max(used);
    }
    session.reset();

    let mut from = job::open(c"input")?;
    let mut to = To {
        outputs: job::create(c"output")?,
        counts: job::create(c"counts")?,
    };
    for _ in 0..job.windows {
        for _ in 0..memory.pieces {
            job::read(&mut from, input)?;
            piece(board, job.mode, &mut session, input, &mut to, meters)?;
        }
        meters.windows += 1;
    }
    Ok(())
}

/// The files that grow with each call.
struct To {
    outputs: File,
    counts: File,
}

/// One counted call, its count and its output written.
fn piece<P: Precision>(
    board: Board,
    mode: Mode,
    session: &mut Session<'_, '_, P>,
    input: &[u8],
    to: &mut To,
    meters: &mut Meters,
) -> Result<(), Stop> {
    let mut call = Call::new(session, mode, input);
    let timer = board.timer;
    let counted = timer.instructions(board.instructions_per_tick, Call::of(mode), &mut call);
    let output = call.output.map_err(|_| Stop::Input)?;
    // A count too large for the timer is shown as the largest there is.
    let counted = counted.and_then(|counted| u32::try_from(counted).ok());
    job::write(&mut to.counts, &counted.unwrap_or(u32::MAX).to_le_bytes())?;
    if let Some(output) = output {
        job::write(&mut to.outputs, output.bytes())?;
        meters.outputs += output.len() as u32;
    }
    Ok(())
}

/// A call: what it works on, and what it gives.
struct Call<'a, 's, 'm, P: Precision> {
    session: Option<&'a mut Session<'s, 'm, P>>,
    /// A window or a sample. The slice of the other kind is empty.
    values: &'a [f32],
    raw: &'a [P::Activation],
    output: Result<Option<Output<'a, P>>, InputLength>,
}

impl<'a, 's, 'm, P: Precision> Call<'a, 's, 'm, P> {
    /// Takes the bytes, which are aligned for either: they follow the arena.
    fn new(session: &'a mut Session<'s, 'm, P>, mode: Mode, bytes: &'a [u8]) -> Self {
        let (values, raw) = match mode {
            Mode::Run | Mode::Push => (bytes, &[][..]),
            Mode::RunRaw | Mode::PushRaw => (&[][..], bytes),
        };
        Self {
            session: Some(session),
            values: bytemuck::try_cast_slice(values).unwrap_or_default(),
            raw: bytemuck::try_cast_slice(raw).unwrap_or_default(),
            output: Ok(None),
        }
    }

    /// The function that is measured: the choice is not.
    fn of(mode: Mode) -> extern "C" fn(&mut Self) {
        match mode {
            Mode::Run => Self::run,
            Mode::Push => Self::push,
            Mode::RunRaw => Self::run_raw,
            Mode::PushRaw => Self::push_raw,
        }
    }

    extern "C" fn run(&mut self) {
        if let Some(session) = self.session.take() {
            let output = session.run(self.values);
            self.output = output.map(|values| Some(Output::Values(values)));
        }
    }

    extern "C" fn push(&mut self) {
        if let Some(session) = self.session.take() {
            let output = session.push(self.values);
            self.output = output.map(|due| due.map(Output::Values));
        }
    }

    extern "C" fn run_raw(&mut self) {
        if let Some(session) = self.session.take() {
            let output = session.run_raw(self.raw);
            self.output = output.map(|activations| Some(Output::Raw(activations)));
        }
    }

    extern "C" fn push_raw(&mut self) {
        if let Some(session) = self.session.take() {
            let output = session.push_raw(self.raw);
            self.output = output.map(|due| due.map(Output::Raw));
        }
    }
}

/// What a call gives.
enum Output<'a, P: Precision> {
    Values(&'a [f32]),
    Raw(&'a [P::Activation]),
}

impl<P: Precision> Output<'_, P> {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Values(values) => bytemuck::cast_slice(values),
            Self::Raw(activations) => bytemuck::cast_slice(activations),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Values(values) => values.len(),
            Self::Raw(activations) => activations.len(),
        }
    }
}
