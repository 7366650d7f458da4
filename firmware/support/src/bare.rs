//! The smallest product around a built-in model: activations go in sample by sample and come out, without a log and without
//! floats. Its image is what `cargo xtask size` measures.
//!
//! What it found goes to the host as words of eight hexadecimal digits, a line each: all stack in use at the load's deepest place, at the
//! stream's, then the last output.
use dunlin::{Model, Session, W8A16};
use semihosting::sys::arm_compat::sys_writec;

use crate::{host, stack};

/// Streams one window of a sawtooth through the model and exits; 1 for a model that does not load.
pub fn stream<const FEATURES: u64, const LAYERS: usize>(
    file: &'static [u8],
    model: &mut Model<'static, W8A16<FEATURES>, LAYERS>,
    arena: &mut [u8],
) -> ! {
    let (mut session, mark, _) = session(file, model, arena);
    for step in 0.. {
        match session.push_raw(&[sawtooth(step)]) {
            Ok(Some(output)) => {
                report(&mark, output);
                break;
            }
            Ok(None) => {}
            Err(_) => host::exit(false),
        }
    }
    host::exit(true)
}

/// Runs one window of `VALUES` values of a sawtooth, as [`stream`].
pub fn window<const VALUES: usize, const FEATURES: u64, const LAYERS: usize>(
    file: &'static [u8],
    model: &mut Model<'static, W8A16<FEATURES>, LAYERS>,
    arena: &mut [u8],
) -> ! {
    let (mut session, mark, _) = session(file, model, arena);
    let mut window = [0; VALUES];
    for (value, step) in window.iter_mut().zip(0..) {
        *value = sawtooth(step);
    }
    match session.run_raw(&window) {
        Ok(output) => report(&mark, output),
        Err(_) => host::exit(false),
    }
    host::exit(true)
}

/// Runs one window of the model's length, of at most `VALUES` values, as [`window`].
pub fn any_window<const VALUES: usize, const FEATURES: u64, const LAYERS: usize>(
    file: &'static [u8],
    model: &mut Model<'static, W8A16<FEATURES>, LAYERS>,
    arena: &mut [u8],
) -> ! {
    let mut window = [0; VALUES];
    for (value, step) in window.iter_mut().zip(0..) {
        *value = sawtooth(step);
    }
    let (mut session, mark, values) = session(file, model, arena);
    let output = window
        .get(..values)
        .and_then(|window| session.run_raw(window).ok());
    match output {
        Some(output) => report(&mark, output),
        None => host::exit(false),
    }
    host::exit(true)
}

/// The model loaded, the stack that took reported, and a session over it with a mark of its own; and the values of a window.
fn session<'s, const FEATURES: u64, const LAYERS: usize>(
    file: &'static [u8],
    model: &'s mut Model<'static, W8A16<FEATURES>, LAYERS>,
    arena: &'s mut [u8],
) -> (Session<'s, 'static, W8A16<FEATURES>>, stack::Mark, usize) {
    let mark = stack::Mark::paint();
    if model.load(file).is_err() {
        host::exit(false)
    }
    word(mark.depth());
    let model: &'s _ = model;
    let mark = stack::Mark::paint();
    let values = model.input_shape().len();
    match Session::new(model, arena) {
        Ok(session) => (session, mark, values),
        Err(_) => host::exit(false),
    }
}

/// The stack in use since the mark, then each output.
fn report(mark: &stack::Mark, output: &[i16]) {
    word(mark.depth());
    for &value in output {
        word(value as u32);
    }
}

/// Steep enough to reach both ends of the range within a window.
pub fn sawtooth(step: u32) -> i16 {
    step.wrapping_mul(7919) as i16
}

/// Eight digits and the end of the line.
fn word(value: u32) {
    for place in (0..8).rev() {
        let digit = (value >> (4 * place)) as u8 & 15;
        sys_writec(match digit {
            0..=9 => b'0' + digit,
            10.. => b'a' - 10 + digit,
        });
    }
    sys_writec(b'\n');
}
