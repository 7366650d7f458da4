//! Kernels over packed weights: as this build has them, programs on the cores that they are made for and models elsewhere,
//! against the scalar reference over the rows that were packed.
use dunlin::kernel::row_blocks::{self, Blocks};
use dunlin::kernel::{copy::copy, offset_quads, reference, row_pairs, wide_row};

use crate::cases::{BUFFER, OFFSETS, each_place, piece, values};
use crate::inputs::Random;
use crate::packers;

/// A block of four rows, at a multiple of four bytes as in a file.
#[repr(align(4))]
pub(crate) struct Block(pub(crate) [i8; 4 * (BUFFER + OFFSETS)]);

/// Four rows with more columns than are used, the first one used, values, and sums.
struct Case<'c> {
    rows: [&'c [i8]; 4],
    column: usize,
    x: &'c [i16],
    sums: [i32; 4],
}

impl Case<'_> {
    /// The sums of the reference.
    fn expected(&self) -> [i32; 4] {
        let used = self
            .rows
            .map(|row| row.get(self.column..).unwrap_or_default());
        reference::dot4(used, self.x, self.sums)
    }
}

/// Every kernel over packed weights.
pub fn run(report: &mut dyn FnMut(&str, bool)) {
    report("kernel row pairs", all(pairs));
    report("kernel row blocks", all(blocks));
    report("kernel offset quads", all(quads));
    report("kernel wide row", all(wide));
    #[cfg(feature = "host")]
    report("kernel row lanes", all(lanes));
    report("kernel copy", all(copied));
}

/// All lengths, first columns, offsets of values, and values.
#[inline(never)]
fn all(kernel: fn(&Case<'_>, longer: &[i16]) -> bool) -> bool {
    let mut random = Random::new();
    let mut holds = true;
    for values in values() {
        let (rows, x) = values.make(&mut random);
        let mut sums = [i32::MAX, random.bits() as i32, i32::MIN, -1];
        each_place(|len, column, x_at| {
            sums.rotate_left(1);
            let case = Case {
                rows: core::array::from_fn(|r| piece(&rows[r], 0, column + len)),
                column,
                x: piece(&x, x_at, len),
                sums,
            };
            holds &= kernel(&case, x.get(x_at..).unwrap_or_default());
        });
    }
    holds
}

/// Of the rows 2 and 3 the sum itself has to fit, not only what is left of it modulo 2^32: from half of the span on, it does.
fn pairs(case: &Case<'_>, longer: &[i16]) -> bool {
    let [a, b, c, d] = case.sums;
    let case = Case {
        sums: [a, b, c / 2, d / 2],
        ..*case
    };
    let mut block = Block([0; _]);
    let block = packers::row_pairs(case.rows, &mut block.0);
    let expected = case.expected();
    // Where the block ends, so does the sum.
    row_pairs::dot4(block, case.column, case.x, &case.sums) == expected
        && row_pairs::dot4(block, case.column, longer, &case.sums) == expected
}

/// A block from an even column on, to outputs of 16 bits with bounds and without, and of 32 bits.
fn blocks(case: &Case<'_>, _longer: &[i16]) -> bool {
    const SCALE: [u32; 4] = [1 << 16 | 3, 32_767 << 16, 20_000 << 16 | 5, 999 << 16 | 9];
    let bias = case.sums.map(|sum| sum / 2);
    let mut block = Block([0; _]);
    let blocks = Blocks {
        words: packers::row_pairs(case.rows, &mut block.0),
        columns: case.rows[0].len(),
        bias: &[bias],
        scale: &[SCALE],
    };
    let sums = Case {
        sums: bias,
        ..*case
    }
    .expected();
    let mut expected = [0; 4];
    for ((place, sum), scale) in expected.iter_mut().zip(sums).zip(SCALE) {
        *place = ((i64::from(sum) * i64::from(scale >> 16)) >> 16 >> (scale & 31)) as i32;
    }
    let mut products = [[0; 4]];
    let even = case.column.is_multiple_of(2);
    let mut holds = row_blocks::products(&blocks, case.column, case.x, &mut products) == even;
    holds &= !even || products == [expected];
    for (low, high) in [(i16::MIN, i16::MAX), (0, i16::MAX), (-300, 2_000)] {
        let mut y = [[0; 4]];
        let bounds = (low, high);
        let clamped = expected.map(|value| value.clamp(low.into(), high.into()) as i16);
        holds &= row_blocks::clamped(&blocks, bounds, case.column, case.x, &mut y) == even;
        holds &= !even || y == [clamped];
        // Not with fewer biases than blocks.
        let mut two = [[0; 4]; 2];
        holds &= !row_blocks::clamped(&blocks, bounds, case.column, case.x, &mut two);
    }
    holds
}

fn quads(case: &Case<'_>, longer: &[i16]) -> bool {
    let mut block = Block([0; _]);
    let block = packers::offset_quads(case.rows, &mut block.0);
    let left_out = offset_quads::correction(case.x);
    let expected = case.expected().map(|sum| sum.wrapping_sub(left_out));
    offset_quads::dot4(block, case.column, case.x, &case.sums) == expected
        && offset_quads::dot4(block, case.column, longer, &case.sums) == expected
}

/// With the vectors of this computer and without.
#[cfg(feature = "host")]
fn lanes(case: &Case<'_>, longer: &[i16]) -> bool {
    use dunlin::kernel::row_lanes::{Plain, dot, dot16};

    let of = |r: usize| (r + r / 4) % 4;
    let mut block = [0; 16 * (BUFFER + OFFSETS)];
    let block = packers::row_lanes(
        case.column + case.x.len(),
        core::array::from_fn(|r| case.rows[of(r)]),
        &mut block,
    );
    let expected = case.expected();
    let expected = core::array::from_fn(|r| expected[of(r)]);
    let start: [i32; 16] = core::array::from_fn(|r| case.sums[of(r)]);
    [case.x, longer].into_iter().all(|x| {
        let mut sums = start;
        dot16(block, case.column, x, &mut sums);
        // Blocks together give what each gives.
        let both = dot(Plain, [block; 2], case.column, x, [start, expected]);
        let [second] = dot(Plain, [block], case.column, x, [expected]);
        sums == expected && both == [expected, second]
    })
}

fn wide(case: &Case<'_>, longer: &[i16]) -> bool {
    let mut row = [0i16; BUFFER];
    for (place, &weight) in row.iter_mut().zip(case.rows[0]) {
        *place = weight.into();
    }
    let row = piece(&row, case.column, case.x.len());
    let [expected, ..] = case.expected();
    wide_row::dot(row, case.x, case.sums[0]) == expected
        && wide_row::dot(row, longer, case.sums[0]) == expected
}

/// Values from one place to another, and nothing beside them.
fn copied(case: &Case<'_>, longer: &[i16]) -> bool {
    let mut to = [77i16; BUFFER + OFFSETS];
    let range = case.column..case.column + case.x.len();
    copy(to.get_mut(range.clone()).unwrap_or_default(), longer);
    let inside = to.get(range.clone()) == Some(case.x);
    let mut beside = to.iter().take(range.start).chain(to.iter().skip(range.end));
    inside && beside.all(|&value| value == 77)
}
