//! Calls of the programs of Helium for the cells of an LSTM, as the runtime calls them.
use conformance::inputs::Random;
use conformance::thumb::{Core, Memory, Program};
use dunlin::kernel::cell::{self, Shifts};
use dunlin::kernel::cell_mve::{EACH_TANH, RELU, TANH};
use dunlin::math::table;

use super::{Checked, Kernel, bytes, call, call_job, lengths};

pub const KERNELS: [Kernel; 3] = [
    Kernel {
        name: "cell_mve::TANH",
        text: TANH,
        core: Core::V81m,
        check: |program| all(program, cell::tanh),
    },
    Kernel {
        name: "cell_mve::RELU",
        text: RELU,
        core: Core::V81m,
        check: |program| all(program, cell::relu),
    },
    Kernel {
        name: "cell_mve::EACH_TANH",
        text: EACH_TANH,
        core: Core::V81m,
        check: each_tanh,
    },
];

/// A cell of one unit.
type Unit = fn([i32; 4], Shifts, &mut i32) -> i16;

/// Some numbers of units, arguments and states of all sizes, and all shifts.
fn all(program: &Program, unit: Unit) -> Result<Checked, String> {
    let mut random = Random::new();
    let mut checked = Checked::default();
    for round in 0..5 * lengths().len() as u32 {
        let fours = 1 + round as usize % 3;
        let shifts = Shifts {
            product: (random.bits() % 31) as i32,
            argument: (random.bits() % 31) as i32,
            hidden: (random.bits() % 31) as i32,
        };
        let mut value = |round: u32| match random.bits() % 8 {
            0 => i32::MAX,
            1 => i32::MIN,
            2 => 0,
            _ => random.bits() as i32 >> (round % 18),
        };
        let arguments: Vec<i32> = (0..16 * fours).map(|_| value(round)).collect();
        let states: Vec<i32> = (0..4 * fours).map(|_| value(round / 2)).collect();
        let count = run(program, unit, shifts, (&arguments, &states), &mut random)
            .map_err(|failure| format!("{shifts:?}, {arguments:?}, {states:?}: {failure}"))?;
        checked.add([fours, 0, 0, 0], count, &round)?;
    }
    Ok(checked)
}

fn run(
    program: &Program,
    unit: Unit,
    shifts: Shifts,
    (arguments, states): (&[i32], &[i32]),
    random: &mut Random,
) -> Result<u64, String> {
    let mut memory = Memory::default();
    let units = states.len();
    let given = memory.readable(&bytes(arguments, |value| value.to_le_bytes()), 8);
    let state = memory.writable(&bytes(states, |value| value.to_le_bytes()), 4);
    let hidden = memory.unwritten(2 * units, 2);
    let points = table::logistic_points();
    let start = memory.readable(&bytes(points, |point| point.to_le_bytes()), 2);
    // As `cell_mve::Job` has them.
    let job = [
        given,
        state,
        hidden,
        units as u32 / 4,
        start + (points.len() as u32 - 1),
        -shifts.product as u32,
        -shifts.argument as u32,
        -shifts.hidden as u32,
        shifts.half() as u32,
    ];
    let job = memory.readable(&bytes(&job, |word| word.to_le_bytes()), 0);
    let (returned, memory) = call_job(program, memory, job, random)?;
    for (at, (arguments, &before)) in arguments.as_chunks().0.iter().zip(states).enumerate() {
        let mut after = before;
        let activation = unit(*arguments, shifts, &mut after);
        let found = (
            memory.bytes(state + 4 * at as u32, 4),
            memory.bytes(hidden + 2 * at as u32, 2),
        );
        let expected = (
            Some(after.to_le_bytes().to_vec()),
            Some(activation.to_le_bytes().to_vec()),
        );
        if found != expected {
            return Err(format!("unit {at}: {found:?} for {expected:?}"));
        }
    }
    Ok(returned.instructions)
}

/// Arguments of all sizes, with the ends of the table among them.
fn each_tanh(program: &Program) -> Result<Checked, String> {
    let mut random = Random::new();
    let mut checked = Checked::default();
    for round in 0..5 * lengths().len() as u32 {
        let fours = 1 + round % 5;
        let ends = [i32::MIN, i32::MAX, -32_769, 32_768, -1, 0];
        let values: Vec<i32> = (0..4 * fours)
            .map(|at| match ends.get((at + round) as usize % 16) {
                Some(&end) => end,
                None => random.bits() as i32 >> (round % 18),
            })
            .collect();
        let mut memory = Memory::default();
        let points = table::logistic_points();
        let given = memory.readable(&bytes(&values, |value| value.to_le_bytes()), 4);
        let start = memory.readable(&bytes(points, |point| point.to_le_bytes()), 2);
        let y = memory.unwritten(8 * fours as usize, 2);
        let arguments = [given, y, fours, start + (points.len() as u32 - 1)];
        let (returned, memory) = call(program, memory, arguments, &mut random)?;
        let expected = bytes(&values, |&value| {
            (table::signed_gate(value) as i16).to_le_bytes()
        });
        if memory.bytes(y, expected.len()) != Some(expected) {
            return Err(format!("other tangents of {values:?}"));
        }
        checked.add([fours as usize, 0, 0, 0], returned.instructions, &round)?;
    }
    Ok(checked)
}
