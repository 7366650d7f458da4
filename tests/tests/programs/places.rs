//! Calls of the programs that make convolutions on cores with the DSP extension, as the runtime calls them.
use conformance::inputs::Random;
use conformance::packers;
use conformance::thumb::{Core, Memory, Program};
use dunlin::kernel::places::{PLACES, RECTIFIED, THREE, UNPACK, scratch_words};
use dunlin::kernel::reference;

use super::{Checked, Kernel, Values, bytes, call, call_job, lengths, values};

pub const KERNELS: [Kernel; 4] = [
    Kernel {
        name: "places::UNPACK",
        text: UNPACK,
        core: Core::V7em,
        check: unpack,
    },
    Kernel {
        name: "places::PLACES",
        text: PLACES,
        core: Core::V7em,
        check: |program| {
            all(
                program,
                lengths(),
                &[(-5, 5), (100, 20_000), FULL, POSITIVE],
            )
        },
    },
    Kernel {
        name: "places::RECTIFIED",
        text: RECTIFIED,
        core: Core::V7em,
        check: |program| all(program, lengths(), &[POSITIVE]),
    },
    Kernel {
        name: "places::THREE",
        text: THREE,
        core: Core::V7em,
        // As many cases as of all lengths.
        check: |program| {
            all(
                program,
                lengths().into_iter().map(|_| 3).collect(),
                &[POSITIVE],
            )
        },
    },
];

pub const FULL: (i16, i16) = (i16::MIN, i16::MAX);
pub const POSITIVE: (i16, i16) = (0, i16::MAX);

/// Two rows out of a block of four: the words of each pair of columns, a row after the other.
fn words(rows: [&[i8]; 2]) -> Vec<u32> {
    let half = |row: usize, column: usize| {
        let weight = rows[row].get(column).copied().unwrap_or_default();
        u32::from(i16::from(weight) as u16)
    };
    (0..scratch_words(rows[0].len()))
        .map(|word| {
            let column = word / 2 * 2;
            half(word % 2, column) | half(word % 2, column + 1) << 16
        })
        .collect()
}

fn unpack(program: &Program) -> Result<Checked, String> {
    let mut random = Random::new();
    let mut checked = Checked::default();
    for values in values() {
        // The runtime has no rows without columns.
        for columns in lengths().into_iter().filter(|&columns| columns > 0) {
            let rows = values.rows(columns, &mut random);
            let mut block = [0; 512];
            let block =
                packers::row_pairs([0, 1, 2, 3].map(|row| rows[row].as_slice()), &mut block);
            for second in [0, 1] {
                let mut memory = Memory::default();
                let from = memory.readable(&bytes(block, |w| w.to_le_bytes()), 0);
                let count = scratch_words(columns);
                let to = memory.unwritten(4 * count, 4);
                let place = (values, columns, second);
                let arguments = [from, to, count as u32, second as u32];
                let (returned, memory) = call(program, memory, arguments, &mut random)
                    .map_err(|failure| format!("{place:?}: {failure}"))?;
                let expected = words([&rows[2 * second], &rows[2 * second + 1]]);
                if memory.bytes(to, 4 * count) != Some(bytes(&expected, |w| w.to_le_bytes())) {
                    return Err(format!("{place:?}: other weights than {expected:x?}"));
                }
                checked.add([columns, second, 0, 0], returned.instructions, &place)?;
            }
        }
    }
    Ok(checked)
}

/// Two rows over some pairs of places.
struct Case<'c> {
    rows: [&'c [i8]; 2],
    bias: [i32; 2],
    /// A multiplier and a shift.
    scale: [(u16, u8); 2],
    bounds: (i16, i16),
    /// Values, and how many of them are from place to place.
    x: &'c [i16],
    step: usize,
    /// Outputs from place to place.
    filters: usize,
    pairs: usize,
    /// Values that `x` starts behind a multiple of 64 bytes.
    x_at: usize,
    y_at: usize,
}

fn all(program: &Program, columns: Vec<usize>, bounds: &[(i16, i16)]) -> Result<Checked, String> {
    let mut random = Random::new();
    let mut checked = Checked::default();
    for values in values() {
        for &columns in columns.iter().filter(|&&columns| columns > 0) {
            for (x_at, step, pairs) in [(0, 1, 1), (1, 2, 1), (0, 4, 2), (1, 9, 2), (2, 6, 3)] {
                let rows = values.rows(columns, &mut random);
                let x = values.x((2 * pairs - 1) * step + columns, &mut random);
                let case = Case {
                    rows: [&rows[0], &rows[1]],
                    bias: [0; 2].map(|_| random.bits() as i32 / 2),
                    scale: [0; 2].map(|_| scale(&values, &mut random)),
                    bounds: bounds[random.bits() as usize % bounds.len()],
                    x: &x,
                    step,
                    filters: 2 + random.bits() as usize % 5,
                    pairs,
                    x_at,
                    y_at: random.bits() as usize % 4,
                };
                let place = (
                    values,
                    columns,
                    (x_at, step, pairs),
                    case.bounds,
                    case.filters,
                );
                let count = run(program, &case, &mut random)
                    .map_err(|failure| format!("{place:?}: {failure}"))?;
                checked.add([columns, x_at, step, pairs], count, &place)?;
            }
        }
    }
    Ok(checked)
}

/// A multiplier in [1, 32767] and a shift in [0, 31]; mostly those that leave something of a sum.
pub fn scale(values: &Values, random: &mut Random) -> (u16, u8) {
    let multiplier = 1 + (random.bits() % 32_767) as u16;
    match (values.x, random.bits() % 8) {
        (_, 0) => (32_767, 0),
        (_, 1) => (multiplier, (random.bits() % 32) as u8),
        _ => (multiplier, (random.bits() % 14) as u8),
    }
}

/// A bound in both halves of a word.
pub fn twice(value: i16) -> u32 {
    u32::from(value as u16) * 0x1_0001
}

/// An output by 64-bit integers.
fn expected(case: &Case<'_>, place: usize, row: usize) -> i16 {
    let x = &case.x[place * case.step..][..case.rows[row].len()];
    let sum = reference::dot(case.rows[row], x, case.bias[row]);
    output(sum, case.scale[row], case.bounds)
}

/// What becomes of a sum.
pub fn output(sum: i32, (multiplier, shift): (u16, u8), (low, high): (i16, i16)) -> i16 {
    let scaled = ((i64::from(sum) * i64::from(multiplier)) >> 16) >> shift;
    scaled.clamp(low.into(), high.into()) as i16
}

fn run(program: &Program, case: &Case<'_>, random: &mut Random) -> Result<u64, String> {
    let mut memory = Memory::default();
    let weights = memory.readable(&bytes(&words(case.rows), |w| w.to_le_bytes()), 0);
    let x = memory.readable(&bytes(case.x, |x| x.to_le_bytes()), 2 * case.x_at as u32);
    let places = 2 * case.pairs;
    let outputs = (places - 1) * case.filters + 2;
    let y = memory.unwritten(2 * outputs, 2 * case.y_at as u32);
    let scale = case
        .scale
        .map(|(multiplier, shift)| u32::from(multiplier) << 16 | u32::from(shift));
    // As `places::Job` has them.
    let job = [
        weights,
        x,
        x + 2 * case.step as u32,
        case.rows[0].len() as u32,
        case.bias[0] as u32,
        case.bias[1] as u32,
        scale[0],
        scale[1],
        twice(case.bounds.1),
        twice(case.bounds.0),
        y,
        2 * case.filters as u32,
        4 * case.step as u32,
        case.pairs as u32,
        y + 2 * (places * case.filters) as u32,
        2 * case.filters as u32,
    ];
    let job = memory.writable(&bytes(&job, |word| word.to_le_bytes()), 0);
    let (returned, memory) = call_job(program, memory, job, random)?;
    for output in 0..outputs {
        let (place, row) = (output / case.filters, output % case.filters);
        let expected = (row < 2).then(|| expected(case, place, row));
        let found = memory.bytes(y + 2 * output as u32, 2);
        if found != expected.map(|value| value.to_le_bytes().to_vec()) {
            return Err(format!(
                "place {place}, row {row}: {found:?}, the reference gives {expected:?}"
            ));
        }
    }
    Ok(returned.instructions)
}
