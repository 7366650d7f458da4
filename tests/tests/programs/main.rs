//! The kernels in assembly, their text executed by the model of a core in `conformance::thumb`: all lengths, places, extremes
//! and random data against the scalar reference; the same number of instructions whatever the data; and damaged texts, which
//! must be found.
use std::collections::BTreeMap;

use conformance::inputs::Random;
use conformance::thumb::{Core, Program};

// Miri would see the same code again, some thousand times.
#[cfg(not(miri))]
mod damage;
mod sums;

/// Starts of `x`, in values, and columns or places of weights: every alignment that there is.
const PLACES: usize = if cfg!(miri) { 2 } else { 4 };

/// A kernel in assembly.
struct Kernel {
    name: &'static str,
    text: &'static str,
    core: Core,
    /// The first columns that the kernel takes: each of these, and then every so many.
    column_step: usize,
    run: Run,
}

/// Runs a program over a case, compares it with the reference, and gives the number of instructions.
type Run = fn(&Program, &Case<'_>, &mut Random) -> Result<u64, String>;

/// What a kernel is given: four rows with more columns than are used, and values.
struct Case<'c> {
    rows: [&'c [i8]; 4],
    /// The first column used.
    column: usize,
    x: &'c [i16],
    /// Values that `x` starts behind a multiple of 64 bytes.
    x_at: usize,
    sums: [i32; 4],
}

/// How the values of a case are made.
#[derive(Debug, Clone, Copy)]
struct Values {
    /// The weight of each row, or random ones.
    weights: Option<[i8; 4]>,
    /// Two values that alternate, or random ones.
    x: Option<[i16; 2]>,
}

/// Random data, and all signs of the largest weights with the largest values of one sign, the other, and both.
fn values() -> Vec<Values> {
    const LARGEST: [[i16; 2]; 3] = [
        [i16::MIN, i16::MIN],
        [i16::MAX, i16::MAX],
        [i16::MIN, i16::MAX],
    ];
    let random = Values {
        weights: None,
        x: None,
    };
    let mut all = vec![random; 4];
    for x in LARGEST {
        all.push(Values {
            weights: None,
            x: Some(x),
        });
        for signs in 0..16 {
            let weights = [0, 1, 2, 3].map(|row| if signs >> row & 1 == 1 { -127 } else { 127 });
            all.push(Values {
                weights: Some(weights),
                x: Some(x),
            });
        }
    }
    if cfg!(miri) {
        all = all.into_iter().step_by(44).collect();
    }
    all
}

fn lengths() -> Vec<usize> {
    if cfg!(miri) {
        vec![0, 1, 3, 6, 35]
    } else {
        (0..=67).collect()
    }
}

/// What all cases took.
struct Checked {
    cases: usize,
    instructions: u64,
}

/// Runs a text over all cases, up to the first that fails.
fn check(kernel: &Kernel, text: &str) -> Result<Checked, String> {
    let program = Program::parse(text, kernel.core).map_err(|fault| fault.to_string())?;
    let mut random = Random::new();
    let mut counts = BTreeMap::new();
    let mut checked = Checked {
        cases: 0,
        instructions: 0,
    };
    for values in values() {
        for len in lengths() {
            for column in (0..PLACES).step_by(kernel.column_step) {
                let mut weight = |row: usize| match values.weights {
                    Some(weights) => weights[row],
                    None => (random.bits() as i8).max(-127),
                };
                let rows = [0, 1, 2, 3].map(|row| {
                    let row: Vec<i8> = (0..column + len).map(|_| weight(row)).collect();
                    row
                });
                let value = |i: usize| match values.x {
                    Some(pair) => pair[i % 2],
                    None => random.bits() as i16,
                };
                let x: Vec<i16> = (0..len).map(value).collect();
                for x_at in 0..PLACES {
                    let case = Case {
                        rows: [0, 1, 2, 3].map(|row| rows[row].as_slice()),
                        column,
                        x: &x,
                        x_at,
                        // Also from zeros, which set other flags.
                        sums: [0; 4].map(|_| match checked.cases % 9 {
                            0 => 0,
                            _ => random.bits() as i32,
                        }),
                    };
                    let place = format!("{len} values {values:?} from column {column}, x {x_at}");
                    let count = (kernel.run)(&program, &case, &mut random)
                        .map_err(|failure| format!("{place}: {failure}"))?;
                    let first = *counts.entry((len, column, x_at)).or_insert(count);
                    if first != count {
                        return Err(format!(
                            "{place}: {count} instructions, with other data {first}"
                        ));
                    }
                    checked.cases += 1;
                    checked.instructions += count;
                }
            }
        }
    }
    Ok(checked)
}

#[test]
fn every_program_gives_the_sums_of_the_reference() {
    for kernel in sums::KERNELS {
        let checked = check(&kernel, kernel.text)
            .unwrap_or_else(|failure| panic!("{}: {failure}", kernel.name));
        println!("{}: {} cases", kernel.name, checked.cases);
        assert!(checked.cases >= lengths().len() * values().len() * PLACES);
    }
}
