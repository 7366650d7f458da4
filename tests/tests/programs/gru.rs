//! Calls of the programs of Helium for the cells of a GRU, as the runtime calls them.
use conformance::inputs::Random;
use conformance::thumb::{Core, Memory, Program};
use dunlin::kernel::cell;
use dunlin::kernel::gru_mve::{RELU, SCALE, TANH};
use dunlin::math::table;

use super::{Checked, Kernel, bytes, call_job, lengths};

pub const KERNELS: [Kernel; 3] = [
    Kernel {
        name: "gru_mve::TANH",
        text: TANH,
        core: Core::V81m,
        check: |program| all(program, Some(false)),
    },
    Kernel {
        name: "gru_mve::RELU",
        text: RELU,
        core: Core::V81m,
        check: |program| all(program, Some(true)),
    },
    Kernel {
        name: "gru_mve::SCALE",
        text: SCALE,
        core: Core::V81m,
        check: |program| all(program, None),
    },
];

/// Some numbers of units, with arguments and states of all sizes; `relu` says of which candidates, of products there are none.
fn all(program: &Program, relu: Option<bool>) -> Result<Checked, String> {
    let mut random = Random::new();
    let mut checked = Checked::default();
    for round in 0..5 * lengths().len() as u32 {
        let units = 4 + 4 * (round as usize % 3);
        let mut values = |round: u32| -> Vec<i32> {
            let value = |_| match random.bits() % 8 {
                0 => i32::MAX,
                1 => i32::MIN,
                2 => 0,
                _ => random.bits() as i32 >> (round % 18),
            };
            (0..units).map(value).collect()
        };
        let arguments = [0; 4].map(|_: i32| values(round));
        let wide = values(round / 2);
        let count = run(program, relu, (&arguments, &wide), &mut random)
            .map_err(|failure| format!("{arguments:?}, {wide:?}: {failure}"))?;
        checked.add([units, 0, 0, 0], count, &round)?;
    }
    Ok(checked)
}

fn run(
    program: &Program,
    relu: Option<bool>,
    (arguments, wide): (&[Vec<i32>; 4], &[i32]),
    random: &mut Random,
) -> Result<u64, String> {
    let mut memory = Memory::default();
    let units = wide.len();
    let [x, h, of_x, of_h] = [0, 1, 2, 3].map(|at: usize| {
        let values = bytes(&arguments[at], |value| value.to_le_bytes());
        memory.readable(&values, 4 * at as u32)
    });
    let state = memory.writable(&bytes(wide, |value| value.to_le_bytes()), 4);
    let hidden = memory.unwritten(2 * units, 2);
    let points = table::logistic_points();
    let start = memory.readable(&bytes(points, |point| point.to_le_bytes()), 2);
    // As `gru_mve::Job` has them.
    let point = start + (points.len() as u32 - 1);
    let job = [x, h, of_x, of_h, point, state, hidden, units as u32 / 4];
    let job = memory.readable(&bytes(&job, |word| word.to_le_bytes()), 0);
    let (returned, memory) = call_job(program, memory, job, random)?;
    for (at, &before) in wide.iter().enumerate() {
        let [x, h, of_x, of_h] = [0, 1, 2, 3].map(|of: usize| arguments[of][at]);
        let gate = cell::gru_gate(x, h);
        let (after, activation) = match relu {
            None => (cell::scaled(before, gate), None),
            Some(relu) => {
                let mut after = before;
                let candidate = cell::gru_candidate(of_x, of_h, relu);
                let activation = cell::gru_unit(gate, candidate, &mut after);
                (after, Some(activation))
            }
        };
        let found = (
            memory.bytes(state + 4 * at as u32, 4),
            memory.bytes(hidden + 2 * at as u32, 2),
        );
        let expected = (
            Some(after.to_le_bytes().to_vec()),
            activation.map(|activation| activation.to_le_bytes().to_vec()),
        );
        if found != expected {
            return Err(format!("unit {at}: {found:?} for {expected:?}"));
        }
    }
    Ok(returned.instructions)
}
