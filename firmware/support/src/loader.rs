//! The program that runs any model: the emulator puts the model into flash, the host gives windows and takes outputs.
#![allow(unsafe_code)] // makes a slice of the flash where the emulator has put the model

use dunlin::{F32, Header, InputLength, Model, Precision, PrecisionTag, Session, W8A16};
use semihosting::fs::File;

use crate::job::{self, Job, Meters, Mode, Stop};
use crate::{Board, host, stack};

/// Does the job and exits; 1 if it could not be done. `ram` is all the RAM that models may use, at a multiple of 16.
pub fn main<const LAYERS: usize>(board: Board, ram: &mut [u8]) -> ! {
    let mut meters = Meters {
        windows: 0,
        outputs: 0,
        longest: 0,
        shortest: u64::MAX,
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
    if job.model_bytes > board.model_capacity {
        return Err(Stop::Job);
    }
    // SAFETY: readable flash that nothing writes; 16-byte aligned by the board's manifest.
    let file =
        unsafe { core::slice::from_raw_parts(board.model_origin as *const u8, job.model_bytes) };
    let header = Header::read(file).map_err(refused)?;
    let window = header.window as usize * header.input_channels as usize;
    let buffer = match job.mode {
        Mode::Run => window,
        Mode::Push => header.input_channels as usize,
    };
    let needed = (header.arena_bytes as usize).saturating_add(buffer.saturating_mul(4));
    let too_little = Stop::Ram(needed as u32);
    let (arena, rest) = ram
        .split_at_mut_checked(header.arena_bytes as usize)
        .ok_or(too_little)?;
    let input = rest.get_mut(..buffer * 4).ok_or(too_little)?;
    let input = bytemuck::try_cast_slice_mut(input).map_err(|_| too_little)?;
    let memory = Memory {
        arena,
        input,
        pieces: window / buffer.max(1),
    };
    match header.precision {
        PrecisionTag::F32 => windows::<F32, LAYERS>(board, &job, file, memory, meters),
        PrecisionTag::W8A16 => windows::<W8A16, LAYERS>(board, &job, file, memory, meters),
    }
}

/// The RAM, split.
struct Memory<'a> {
    arena: &'a mut [u8],
    /// A window, or one sample of it.
    input: &'a mut [f32],
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
        job::read(&mut from, bytemuck::cast_slice_mut(input))?;
        let used = stack::used_by(&mut || {
            core::hint::black_box(call(&mut session, job.mode, input).is_ok());
        });
        meters.call_stack = meters.call_stack.max(used);
    }
    session.reset();

    let mut from = job::open(c"input")?;
    let mut to = job::create(c"output")?;
    for _ in 0..job.windows {
        for _ in 0..memory.pieces {
            job::read(&mut from, bytemuck::cast_slice_mut(input))?;
            piece(board, job.mode, &mut session, input, &mut to, meters)?;
        }
        meters.windows += 1;
    }
    Ok(())
}

/// One counted call, its output written.
fn piece<P: Precision>(
    board: Board,
    mode: Mode,
    session: &mut Session<'_, '_, P>,
    input: &[f32],
    to: &mut File,
    meters: &mut Meters,
) -> Result<(), Stop> {
    let mut result = Ok(None);
    let mut session = Some(session);
    let counted = board.timer.instructions(board.instructions_per_tick, || {
        if let Some(session) = session.take() {
            result = call(session, mode, input);
        }
    });
    let output = result.map_err(|_| Stop::Input)?;
    // A count too large for the timer is shown as the largest there is.
    let counted = counted.unwrap_or(u64::MAX);
    meters.longest = meters.longest.max(counted);
    meters.shortest = meters.shortest.min(counted);
    if let Some(output) = output {
        job::write(to, bytemuck::cast_slice(output))?;
        meters.outputs += output.len() as u32;
    }
    Ok(())
}

/// The call that is measured.
#[inline]
fn call<'a, P: Precision>(
    session: &'a mut Session<'_, '_, P>,
    mode: Mode,
    input: &[f32],
) -> Result<Option<&'a [f32]>, InputLength> {
    match mode {
        Mode::Run => session.run(input).map(Some),
        Mode::Push => session.push(input),
    }
}
