//! Sixteen rows in the lanes of vectors, for hosts. A file never stands in this order: [`repack`](crate::repack) makes it in memory.
//!
//! A block holds sixteen rows `r0..r15` as bytes, two columns of each row after the other, then the next two:
//!
//! ```text
//! r0c0 r0c1 r1c0 r1c1 ... r15c0 r15c1  r0c2 r0c3 ...
//! ```
//! With AVX2 and AVX-512 `VPMADDWD` multiplies the weights of a lane with two values and adds both products; elsewhere it is a plain loop.
//! The instructions are behind safe functions of `pulp`, which looks once whether the processor has them.
use crate::math::bounds::{at_least, at_most};
use crate::math::fused::mul_add;
use crate::math::rescale::Rescale;

#[cfg(all(target_arch = "x86_64", not(target_os = "none")))]
mod x86;

/// Rows of a block.
pub const ROWS: usize = 16;
/// Bytes of two columns of a block.
const PAIR: usize = 2 * ROWS;

/// Blocks of so many rows, and whether a row stands alone behind them.
pub const fn split(rows: usize) -> (usize, bool) {
    (rows.saturating_add(ROWS - 2) / ROWS, rows % ROWS == 1)
}

/// Bytes of a block of sixteen rows: an odd last column is filled up with a column of zeros.
pub const fn block_bytes(columns: usize) -> usize {
    columns.next_multiple_of(2) * ROWS
}

/// `W[r][column]` of a block.
#[inline]
pub fn weight(block: &[i8], r: usize, column: usize) -> i8 {
    let at = column / 2 * PAIR + 2 * r + column % 2;
    block.get(at).copied().unwrap_or_default()
}

/// Stores up to sixteen rows of equal length, and zeros for the others.
#[cfg(feature = "write")]
pub fn pack(rows: &[&[i8]], block: &mut [i8]) {
    for (pair, places) in block.chunks_exact_mut(PAIR).enumerate() {
        for (at, place) in places.iter_mut().enumerate() {
            let row = rows.get(at / 2).copied().unwrap_or_default();
            *place = row.get(2 * pair + at % 2).copied().unwrap_or_default();
        }
    }
}

/// The sums of sixteen rows in registers.
pub trait Lanes: Copy {
    type Sums: Copy;
    /// Those of two columns.
    type Weights: Copy;

    fn load(self, sums: &[i32; ROWS]) -> Self::Sums;
    fn store(self, sums: Self::Sums) -> [i32; ROWS];
    fn weights(self, pair: &[i8; PAIR]) -> Self::Weights;
    /// `sums[r] + pair[2 r] * x[0] + pair[2 r + 1] * x[1]`, modulo 2^32.
    fn add(self, sums: Self::Sums, pair: Self::Weights, x: [i16; 2]) -> Self::Sums;
    /// [`Rescale::apply`] of each row's scale, given as its bits.
    fn rescale(self, sums: Self::Sums, scales: Self::Sums) -> Self::Sums;
    /// Each sum brought between two bounds.
    fn clamp(self, sums: Self::Sums, bounds: (i16, i16)) -> [i16; ROWS];

    /// Sixteen floats: sums, or the weights of a column.
    type Floats: Copy;

    fn load_floats(self, values: &[f32; ROWS]) -> Self::Floats;
    fn store_floats(self, values: Self::Floats) -> [f32; ROWS];
    /// `sums[r] + weights[r] * x`, each rounded once.
    fn add_floats(self, sums: Self::Floats, weights: Self::Floats, x: f32) -> Self::Floats;
    /// `sum + weight * x`, rounded once.
    fn add_float(self, sum: f32, weight: f32, x: f32) -> f32;
}

/// Code over [`Lanes`].
pub trait Job {
    fn run<L: Lanes>(self, lanes: L);
}

/// Runs the job with the widest vectors that the processor has; it is compiled for each kind.
#[inline(always)]
pub fn dispatch(job: impl Job) {
    #[cfg(all(target_arch = "x86_64", not(target_os = "none")))]
    {
        use pulp::x86::{V3, V4};
        if let Some(lanes) = V4::try_new() {
            return lanes.vectorize(x86::Call { job, lanes });
        }
        if let Some(lanes) = V3::try_new() {
            return lanes.vectorize(x86::Call { job, lanes });
        }
    }
    job.run(Plain);
}

/// `sums[r] + sum of W[r][column + i] * x[i]` over the rows of some blocks, modulo 2^32; the shorter of all ends the sum.
#[inline(always)]
pub fn dot<L: Lanes, const N: usize>(
    lanes: L,
    blocks: [&[i8]; N],
    column: usize,
    x: &[i16],
    sums: [L::Sums; N],
) -> [L::Sums; N] {
    let (mut sums, mut x) = (sums, x);
    let mut pairs = [&[][..]; N];
    for (pairs, block) in pairs.iter_mut().zip(blocks) {
        *pairs = block
            .get(column / 2 * PAIR..)
            .unwrap_or_default()
            .as_chunks()
            .0;
    }
    if column % 2 == 1
        && let Some((&first, rest)) = x.split_first()
    {
        add_pair(lanes, &mut sums, pairs, 0, [0, first]);
        for pairs in &mut pairs {
            *pairs = pairs.get(1..).unwrap_or_default();
        }
        x = rest;
    }
    let (twos, last) = x.as_chunks();
    // All of one length, which the compiler sees: no bounds are checked in the loop.
    let mut count = twos.len();
    for pairs in pairs {
        count = count.min(pairs.len());
    }
    let mut whole = [&[][..]; N];
    for (whole, pairs) in whole.iter_mut().zip(pairs) {
        match pairs.get(..count) {
            Some(pairs) => *whole = pairs,
            None => return sums,
        }
    }
    for (at, &two) in twos.iter().take(count).enumerate() {
        add_pair(lanes, &mut sums, whole, at, two);
    }
    if let &[last] = last {
        add_pair(lanes, &mut sums, pairs, twos.len(), [last, 0]);
    }
    sums
}

/// Adds two columns of some blocks, where these have them.
#[inline(always)]
fn add_pair<L: Lanes, const N: usize>(
    lanes: L,
    sums: &mut [L::Sums; N],
    pairs: [&[[i8; PAIR]]; N],
    at: usize,
    x: [i16; 2],
) {
    for (sums, pairs) in sums.iter_mut().zip(pairs) {
        if let Some(pair) = pairs.get(at) {
            *sums = lanes.add(*sums, lanes.weights(pair), x);
        }
    }
}

/// [`dot`] of a block with the widest vectors that the processor has.
pub fn dot16(block: &[i8], column: usize, x: &[i16], sums: &mut [i32; ROWS]) {
    struct Dot<'d>(&'d [i8], usize, &'d [i16], &'d mut [i32; ROWS]);

    impl Job for Dot<'_> {
        #[inline(always)]
        fn run<L: Lanes>(self, lanes: L) {
            let Self(block, column, x, sums) = self;
            let [found] = dot(lanes, [block], column, x, [lanes.load(sums)]);
            *sums = lanes.store(found);
        }
    }
    dispatch(Dot(block, column, x, sums));
}

/// No vectors but those that the compiler finds.
#[derive(Clone, Copy)]
pub struct Plain;

impl Lanes for Plain {
    type Sums = [i32; ROWS];
    type Weights = [i8; PAIR];

    #[inline(always)]
    fn load(self, sums: &[i32; ROWS]) -> [i32; ROWS] {
        *sums
    }

    #[inline(always)]
    fn store(self, sums: [i32; ROWS]) -> [i32; ROWS] {
        sums
    }

    #[inline(always)]
    fn weights(self, pair: &[i8; PAIR]) -> [i8; PAIR] {
        *pair
    }

    #[inline(always)]
    fn add(self, mut sums: [i32; ROWS], pair: [i8; PAIR], [x, next]: [i16; 2]) -> [i32; ROWS] {
        for (sum, &[a, b]) in sums.iter_mut().zip(pair.as_chunks().0) {
            // Within 2^24: only the sum may wrap.
            let products = i32::from(a) * i32::from(x) + i32::from(b) * i32::from(next);
            *sum = sum.wrapping_add(products);
        }
        sums
    }

    #[inline(always)]
    fn rescale(self, mut sums: [i32; ROWS], scales: [i32; ROWS]) -> [i32; ROWS] {
        for (sum, scale) in sums.iter_mut().zip(scales) {
            *sum = Rescale(scale as u32).apply(*sum);
        }
        sums
    }

    #[inline(always)]
    fn clamp(self, sums: [i32; ROWS], (low, high): (i16, i16)) -> [i16; ROWS] {
        let mut clamped = [0; ROWS];
        for (clamped, sum) in clamped.iter_mut().zip(sums) {
            *clamped = at_least(at_most(sum, high.into()), low.into()) as i16;
        }
        clamped
    }

    type Floats = [f32; ROWS];

    #[inline(always)]
    fn load_floats(self, values: &[f32; ROWS]) -> [f32; ROWS] {
        *values
    }

    #[inline(always)]
    fn store_floats(self, values: [f32; ROWS]) -> [f32; ROWS] {
        values
    }

    #[inline(always)]
    fn add_floats(self, mut sums: [f32; ROWS], weights: [f32; ROWS], x: f32) -> [f32; ROWS] {
        for (sum, weight) in sums.iter_mut().zip(weights) {
            *sum = mul_add(weight, x, *sum);
        }
        sums
    }

    #[inline(always)]
    fn add_float(self, sum: f32, weight: f32, x: f32) -> f32 {
        mul_add(weight, x, sum)
    }
}
