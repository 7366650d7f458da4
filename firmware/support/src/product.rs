//! The program of a product: its model is part of the image, its arena has exactly the size that the model states.
use dunlin::{InputLength, Model, Precision, Session};

use crate::{Board, host, stack};

/// Streams one window of a triangle wave through the model, sample by sample, logs each output and exits.
pub fn main<P: Precision, const LAYERS: usize>(
    board: Board,
    file: &'static [u8],
    arena: &mut (impl AsMut<[u8]> + ?Sized),
) -> ! {
    // Not inlined, so that its frame is measured.
    let load: fn(_) -> _ = Model::<P, LAYERS>::from_bytes;
    let load = core::hint::black_box(load);
    let mark = stack::Mark::paint();
    let loaded = load(file);
    let load_stack = mark.used();
    let model = match loaded {
        Ok(model) => model,
        Err(error) => {
            defmt::error!("the model does not load: {}", error);
            host::exit(false)
        }
    };
    let mut session = match Session::new(&model, arena) {
        Ok(session) => session,
        Err(error) => {
            defmt::error!("{}", error);
            host::exit(false)
        }
    };
    let shape = model.input_shape();
    defmt::info!(
        "{=str}: model {=str}, {=usize} bytes of flash, {=usize} bytes of RAM, kernel {=str}",
        board.name,
        model.name(),
        file.len(),
        model.arena_bytes(),
        dunlin::kernel::NAME
    );
    let (mut longest, mut deepest) = (0, 0);
    let mut sample = [0.0_f32; CHANNELS];
    let Some(sample) = sample.get_mut(..shape.channels as usize) else {
        defmt::error!("this program takes at most {=usize} channels", CHANNELS);
        host::exit(false)
    };
    for step in 0..shape.steps {
        sample.fill(triangle(step));
        let mut counted = None;
        let mut once = Sample {
            session: Some(&mut session),
            values: sample,
            output: Ok(None),
        };
        let used = stack::used_by(&mut || {
            let timer = board.timer;
            counted = timer.instructions(board.instructions_per_tick, Sample::push, &mut once);
        });
        let output = once.output;
        longest = longest.max(counted.unwrap_or(u64::MAX));
        deepest = deepest.max(used);
        match output {
            Ok(Some(values)) => defmt::info!("sample {=u32}: {}", step + 1, values),
            Ok(None) => {}
            Err(error) => {
                defmt::error!("{}", error);
                host::exit(false)
            }
        }
    }
    defmt::info!(
        "at most {=u64} instructions and {=u32} bytes of stack a sample; {=u32} bytes of stack to load",
        longest,
        deepest,
        load_stack
    );
    host::exit(true)
}

/// A sample for a session, and what that gives.
struct Sample<'a, 's, 'm, P: Precision> {
    session: Option<&'a mut Session<'s, 'm, P>>,
    values: &'a [f32],
    output: Result<Option<&'a [f32]>, InputLength>,
}

impl<P: Precision> Sample<'_, '_, '_, P> {
    /// The call that is measured.
    extern "C" fn push(&mut self) {
        if let Some(session) = self.session.take() {
            self.output = session.push(self.values);
        }
    }
}

/// Room for a sample.
const CHANNELS: usize = 16;

/// A wave of period 16 between -0.5 and 0.5; exact in binary, so the same on each board.
fn triangle(step: u32) -> f32 {
    let phase = (step % 16) as i32;
    (8 - phase.abs_diff(8) as i32 * 2) as f32 / 16.0
}
