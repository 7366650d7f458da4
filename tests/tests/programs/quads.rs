//! Calls of the program that makes convolutions on v6-M, as the runtime calls it.
use conformance::inputs::Random;
use conformance::packers;
use conformance::thumb::{Core, Memory, Program};
use dunlin::kernel::{quad_places, reference};

use super::places::{FULL, POSITIVE, output, scale};
use super::sums::left_out;
use super::{Checked, Kernel, bytes, call, lengths, values};

pub const KERNELS: [Kernel; 1] = [Kernel {
    name: "quad_places::PLACES",
    text: quad_places::PLACES,
    core: Core::V6m,
    check: all,
}];

/// Four rows over some places.
struct Case<'c> {
    rows: [&'c [i8]; 4],
    bias: [i32; 4],
    /// A multiplier and a shift.
    scale: [(u16, u8); 4],
    bounds: (i16, i16),
    /// Values, and how many of them are from place to place.
    x: &'c [i16],
    step: usize,
    /// Outputs from place to place.
    filters: usize,
    places: usize,
    /// Values that `x` starts behind a multiple of 64 bytes.
    x_at: usize,
}

fn all(program: &Program) -> Result<Checked, String> {
    let mut random = Random::new();
    let mut checked = Checked::default();
    let bounds = [(-5, 5), (100, 20_000), FULL, POSITIVE];
    for values in values() {
        // The runtime has no rows without columns.
        for columns in lengths().into_iter().filter(|&columns| columns > 0) {
            for (x_at, step, places) in [(0, 1, 1), (1, 2, 2), (2, 9, 2), (3, 6, 3)] {
                let rows = values.rows(columns, &mut random);
                let x = values.x((places - 1) * step + columns, &mut random);
                let case = Case {
                    rows: [0, 1, 2, 3].map(|row| rows[row].as_slice()),
                    bias: [0; 4].map(|_| random.bits() as i32 / 2),
                    scale: [0; 4].map(|_| scale(&values, &mut random)),
                    bounds: bounds[random.bits() as usize % bounds.len()],
                    x: &x,
                    step,
                    filters: 4 + random.bits() as usize % 5,
                    places,
                    x_at,
                };
                let place = (values, columns, (x_at, step, places), case.bounds);
                let count = run(program, &case, &mut random)
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

fn run(program: &Program, case: &Case<'_>, random: &mut Random) -> Result<u64, String> {
    let mut memory = Memory::default();
    let columns = case.rows[0].len();
    let mut block = [0; 512];
    let block = packers::offset_quads(case.rows, &mut block);
    let weights = memory.readable(&bytes(block, |w| w.to_le_bytes()), 0);
    let x = memory.readable(&bytes(case.x, |x| x.to_le_bytes()), 2 * case.x_at as u32);
    let sums: Vec<i32> = (0..case.places)
        .map(|place| left_out(window(case, place)))
        .collect();
    let sums = memory.readable(&bytes(&sums, |sum| sum.to_le_bytes()), 0);
    let outputs = (case.places - 1) * case.filters + 4;
    let y = memory.unwritten(2 * outputs, 2 * (random.bits() % 4));
    let (low, high) = (i32::from(case.bounds.0), i32::from(case.bounds.1));
    // As `quad_places::Job` has them.
    let mut job = vec![sums, x, 2 * case.step as u32];
    job.extend(case.bias.map(|bias| bias as u32));
    job.extend([weights, (columns / 8 * 16) as u32, 0, 2, 4, 6]);
    job.extend([
        (columns % 8 * 2) as u32,
        low as u32,
        y,
        high as u32,
        (high - low) as u32,
    ]);
    let scales = case.scale;
    job.extend(scales.map(|(multiplier, shift)| u32::from(multiplier) << 16 | u32::from(shift)));
    job.extend([
        2 * case.filters as u32,
        y + 2 * (case.places * case.filters) as u32,
    ]);
    let job = memory.writable(&bytes(&job, |word| word.to_le_bytes()), 0);
    let rest = [(); 3].map(|()| random.bits());
    let arguments = [job, rest[0], rest[1], rest[2]];
    let (returned, memory) = call(program, memory, arguments, random)?;
    for at in 0..outputs {
        let (place, row) = (at / case.filters, at % case.filters);
        let expected = (row < 4).then(|| {
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
