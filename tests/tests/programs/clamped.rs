//! Calls of the programs that make convolutions on v6-M and on v7-M without DSP, as the runtime calls them.
use conformance::inputs::Random;
use conformance::packers;
use conformance::thumb::{Core, Memory, Program};
use dunlin::kernel::{places_v7m, quad_places, reference};

use super::places::{FULL, POSITIVE, output, scale};
use super::sums::left_out;
use super::{Checked, Kernel, bytes, call_job, lengths, values};

pub const KERNELS: [Kernel; 2] = [
    Kernel {
        name: "quad_places::PLACES",
        text: quad_places::PLACES,
        core: Core::V6m,
        check: |program| all(program, [1, 2, 2, 3], 4, quads),
    },
    Kernel {
        name: "places_v7m::PLACES",
        text: places_v7m::PLACES,
        core: Core::V7em,
        check: |program| all(program, [3, 6, 3, 9], 2, rows),
    },
];

/// Puts weights into memory, and gives a job over them, values, and outputs at these addresses.
type Place = fn(&Case<'_>, &mut Memory, [u32; 2]) -> Vec<u32>;

/// Four rows, of which a program may do but two, over some places.
struct Case<'c> {
    rows: [&'c [i8]; 4],
    bias: [i32; 4],
    /// A multiplier and a shift.
    scale: [(u16, u8); 4],
    bounds: (i16, i16),
    /// Values, and how many of them are from place to place.
    x: &'c [i16],
    step: usize,
    /// Rows that the program does, and outputs from place to place.
    used: usize,
    filters: usize,
    places: usize,
    /// Values that `x` starts behind a multiple of 64 bytes.
    x_at: usize,
}

fn all(
    program: &Program,
    places: [usize; 4],
    rows_used: usize,
    job: Place,
) -> Result<Checked, String> {
    let mut random = Random::new();
    let mut checked = Checked::default();
    let bounds = [(-5, 5), (100, 20_000), FULL, POSITIVE];
    for values in values() {
        // The runtime has no rows without columns.
        for columns in lengths().into_iter().filter(|&columns| columns > 0) {
            for (x_at, (step, places)) in [1, 2, 9, 6].into_iter().zip(places).enumerate() {
                let rows = values.rows(columns, &mut random);
                let x = values.x((places - 1) * step + columns, &mut random);
                let case = Case {
                    rows: [0, 1, 2, 3].map(|row| rows[row].as_slice()),
                    bias: [0; 4].map(|_| random.bits() as i32 / 2),
                    scale: [0; 4].map(|_| scale(&values, &mut random)),
                    bounds: bounds[random.bits() as usize % bounds.len()],
                    x: &x,
                    step,
                    used: rows_used,
                    filters: rows_used + random.bits() as usize % 5,
                    places,
                    x_at,
                };
                let place = (values, columns, (x_at, step, places), case.bounds);
                let count = run(program, &case, job, &mut random)
                    .map_err(|failure| format!("{place:?}: {failure}"))?;
                checked.add([columns, x_at, step, places], count, &place)?;
            }
        }
    }
    Ok(checked)
}

/// The values of a place.
fn window<'c>(case: &Case<'c>, place: usize) -> &'c [i16] {
    &case.x[place * case.step..][..case.rows[0].len()]
}

/// As `quad_places::Job` has them.
fn quads(case: &Case<'_>, memory: &mut Memory, [x, y]: [u32; 2]) -> Vec<u32> {
    let columns = case.rows[0].len();
    let mut block = [0; 512];
    let block = packers::offset_quads(case.rows, &mut block);
    let weights = memory.readable(&bytes(block, |w| w.to_le_bytes()), 0);
    let sums: Vec<i32> = (0..case.places)
        .map(|place| left_out(window(case, place)))
        .collect();
    let sums = memory.readable(&bytes(&sums, |sum| sum.to_le_bytes()), 0);
    let mut job = vec![sums, x, 2 * case.step as u32];
    job.extend(case.bias.map(|bias| bias as u32));
    job.extend([weights, (columns / 8 * 16) as u32, 0, 2, 4, 6]);
    let (low, high) = (i32::from(case.bounds.0), i32::from(case.bounds.1));
    job.extend([(columns % 8 * 2) as u32, low as u32]);
    job.extend([y, high as u32, (high - low) as u32]);
    job.extend(case.scale.map(word));
    let outputs = 2 * case.filters as u32;
    job.extend([outputs, y + case.places as u32 * outputs]);
    job
}

/// As `places_v7m::Job` has them.
fn rows(case: &Case<'_>, memory: &mut Memory, [x, y]: [u32; 2]) -> Vec<u32> {
    let weights = case.rows[..2].concat();
    let weights = memory.readable(&bytes(&weights, |w| w.to_le_bytes()), 1);
    let mut job = vec![weights, x, case.rows[0].len() as u32, 2 * case.step as u32];
    job.extend([case.bias[0] as u32, case.bias[1] as u32]);
    let scale = [case.scale[0], case.scale[1]];
    job.extend(scale.map(word));
    let (low, high) = (i32::from(case.bounds.0), i32::from(case.bounds.1));
    job.extend([low as u32, high as u32]);
    job.extend(scale.map(|(multiplier, _)| u32::from(multiplier) << 16));
    job.extend([(high - low) as u32, y, 2 * case.filters as u32]);
    job.push(case.places as u32 / 3);
    job
}

/// A scale as the runtime has it.
pub fn word((multiplier, shift): (u16, u8)) -> u32 {
    u32::from(multiplier) << 16 | u32::from(shift)
}

fn run(program: &Program, case: &Case<'_>, job: Place, random: &mut Random) -> Result<u64, String> {
    let mut memory = Memory::default();
    let x = memory.readable(&bytes(case.x, |x| x.to_le_bytes()), 2 * case.x_at as u32);
    let outputs = (case.places - 1) * case.filters + case.used;
    let y = memory.unwritten(2 * outputs, 2 * (random.bits() % 4));
    let job = job(case, &mut memory, [x, y]);
    let job = memory.writable(&bytes(&job, |word| word.to_le_bytes()), 0);
    let (returned, memory) = call_job(program, memory, job, random)?;
    for at in 0..outputs {
        let (place, row) = (at / case.filters, at % case.filters);
        let expected = (row < case.used).then(|| {
            let sum = reference::dot(case.rows[row], window(case, place), case.bias[row]);
            output(sum, case.scale[row], case.bounds)
        });
        let found = memory.bytes(y + 2 * at as u32, 2);
        if found != expected.map(|value| value.to_le_bytes().to_vec()) {
            return Err(format!(
                "place {place}, row {row}: {found:?}, the reference gives {expected:?}"
            ));
        }
    }
    Ok(returned.instructions)
}
