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
    copies_and_fills(&mut report);
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

/// Our own `memcpy` and `memset`, which the compiler calls for these: every length to 67 at every place of a word, and nothing beside.
fn copies_and_fills(report: &mut dyn FnMut(&str, bool)) {
    use core::hint::black_box;
    const LONGEST: usize = 67;
    const SIZE: usize = LONGEST + 2 * size_of::<u32>();
    #[repr(align(4))]
    struct Words([u8; SIZE]);
    let (mut from, mut to) = (Words([0; SIZE]), Words([0; SIZE]));
    for (byte, value) in from.0.iter_mut().zip(1..) {
        *byte = value;
    }
    let mut good = true;
    for len in 0..=LONGEST {
        for (start, behind) in (0..4).flat_map(|from| (0..4).map(move |to| (from, to))) {
            let mut all = |write: &dyn Fn(&mut [u8]), expected: &dyn Fn(usize) -> u8| {
                to = Words([0xa5; SIZE]);
                write(&mut black_box(&mut to.0)[behind..behind + black_box(len)]);
                let inside = behind..behind + len;
                good &= to.0.iter().enumerate().all(|(at, &byte)| {
                    let of_write = inside.contains(&at).then(|| expected(at - behind));
                    byte == of_write.unwrap_or(0xa5)
                });
            };
            let source = &black_box(&from.0)[start..start + len];
            all(&|to| to.copy_from_slice(source), &|at| from.0[start + at]);
            all(&|to| to.fill(black_box(0x3c)), &|_| 0x3c);
            all(&|to| to.fill(0), &|_| 0);
        }
    }
    report("copies and fills of memory", good);
}
