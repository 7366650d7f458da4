//! The program that runs the checks of the crate `conformance` on the board, after checking the board's own meters.
use crate::{Board, host, stack};

/// Runs every check, logs the failures and a summary, and exits with 1 if one failed.
pub fn main(board: Board) -> ! {
    let (mut passed, mut failed) = (0_u32, 0_u32);
    let mut report = |name: &str, good: bool| {
        if good {
            passed += 1;
        } else {
            failed += 1;
            defmt::error!("{=str}: FAILED {=str}", board.name, name);
        }
    };
    counts(board, &mut report);
    stack_marks(&mut report);
    conformance::run(&mut report);
    defmt::info!(
        "{=str}: {=u32} checks passed, {=u32} failed",
        board.name,
        passed,
        failed
    );
    host::exit(failed == 0)
}

/// The counter against loops of known length, from one instruction to many.
fn counts(board: Board, report: &mut dyn FnMut(&str, bool)) {
    for turns in (1..200).chain([1_000, 12_345, 1_000_000]) {
        let counted = board.timer.known_loop(board.instructions_per_tick, turns);
        report(
            "a loop of known length",
            counted == Some(2 * u64::from(turns) + 1),
        );
    }
}

/// The high-water mark against a frame of known size.
fn stack_marks(report: &mut dyn FnMut(&str, bool)) {
    let mut sum = 0;
    let bytes = stack::used_by(&mut || sum = frame_of_512(3));
    report(
        "a frame of known size",
        sum == 3 * 512 && (512..640).contains(&bytes),
    );
}

#[inline(never)]
fn frame_of_512(value: u8) -> u32 {
    let frame = core::hint::black_box([value; 512]);
    frame.iter().map(|&byte| u32::from(byte)).sum()
}
