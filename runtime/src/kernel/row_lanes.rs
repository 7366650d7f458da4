//! Sixteen rows in the lanes of vectors, for hosts. A file never stands in this order: [`repack`](crate::repack) makes it in memory.
//!
//! A block holds sixteen rows `r0..r15` as bytes, two columns of each row after the other, then the next two:
//!
//! ```text
//! r0c0 r0c1 r1c0 r1c1 ... r15c0 r15c1  r0c2 r0c3 ...
//! ```
//! With AVX2 and AVX-512 `VPMADDWD` multiplies the weights of a lane with two values and adds both products; elsewhere it is a plain loop.
//! The instructions are behind safe functions of `pulp`, which looks once whether the processor has them.

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
            return lanes.vectorize(vectors::Call { job, lanes });
        }
        if let Some(lanes) = V3::try_new() {
            return lanes.vectorize(vectors::Call { job, lanes });
        }
    }
    job.run(Plain);
}

/// `sums[r] + sum of W[r][column + i] * x[i]` over the rows of a block, modulo 2^32; the shorter of both ends the sum.
#[inline(always)]
pub fn dot<L: Lanes>(lanes: L, block: &[i8], column: usize, x: &[i16], sums: L::Sums) -> L::Sums {
    let (mut sums, mut x) = (sums, x);
    let pairs = block.get(column / 2 * PAIR..).unwrap_or_default();
    let mut pairs = pairs.as_chunks().0;
    if column % 2 == 1
        && let (Some((pair, behind)), Some((&first, rest))) = (pairs.split_first(), x.split_first())
    {
        sums = lanes.add(sums, lanes.weights(pair), [0, first]);
        (pairs, x) = (behind, rest);
    }
    let (twos, last) = x.as_chunks();
    for (pair, &two) in pairs.iter().zip(twos) {
        sums = lanes.add(sums, lanes.weights(pair), two);
    }
    match (last, pairs.get(twos.len())) {
        (&[last], Some(pair)) => lanes.add(sums, lanes.weights(pair), [last, 0]),
        _ => sums,
    }
}

/// [`dot`] with the widest vectors that the processor has.
pub fn dot16(block: &[i8], column: usize, x: &[i16], sums: &mut [i32; ROWS]) {
    struct Dot<'d>(&'d [i8], usize, &'d [i16], &'d mut [i32; ROWS]);

    impl Job for Dot<'_> {
        #[inline(always)]
        fn run<L: Lanes>(self, lanes: L) {
            let Self(block, column, x, sums) = self;
            *sums = lanes.store(dot(lanes, block, column, x, lanes.load(sums)));
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
}

/// AVX2 and AVX-512.
#[cfg(all(target_arch = "x86_64", not(target_os = "none")))]
mod vectors {
    use core::arch::x86_64::{__m128i, __m256i, __m512i};

    use pulp::x86::{V3, V4};
    use pulp::{NullaryFnOnce, cast};

    use super::{Job, Lanes, PAIR, ROWS};

    /// A job and its lanes, for `vectorize`.
    pub struct Call<J, L> {
        pub job: J,
        pub lanes: L,
    }

    impl<J: Job, L: Lanes> NullaryFnOnce for Call<J, L> {
        type Output = ();

        #[inline(always)]
        fn call(self) {
            self.job.run(self.lanes);
        }
    }

    impl Lanes for V3 {
        type Sums = [__m256i; 2];
        type Weights = [__m256i; 2];

        #[inline(always)]
        fn load(self, sums: &[i32; ROWS]) -> Self::Sums {
            cast(*sums)
        }

        #[inline(always)]
        fn store(self, sums: Self::Sums) -> [i32; ROWS] {
            cast(sums)
        }

        #[inline(always)]
        fn weights(self, pair: &[i8; PAIR]) -> Self::Weights {
            let [first, second]: [__m128i; 2] = cast(*pair);
            [
                self.avx2._mm256_cvtepi8_epi16(first),
                self.avx2._mm256_cvtepi8_epi16(second),
            ]
        }

        #[inline(always)]
        fn add(self, [low, high]: Self::Sums, pair: Self::Weights, x: [i16; 2]) -> Self::Sums {
            let x = self.avx._mm256_set1_epi32(cast(x));
            let [first, second] = pair;
            let first = self.avx2._mm256_madd_epi16(first, x);
            let second = self.avx2._mm256_madd_epi16(second, x);
            [
                self.avx2._mm256_add_epi32(low, first),
                self.avx2._mm256_add_epi32(high, second),
            ]
        }
    }

    impl Lanes for V4 {
        type Sums = __m512i;
        type Weights = __m512i;

        #[inline(always)]
        fn load(self, sums: &[i32; ROWS]) -> Self::Sums {
            cast(*sums)
        }

        #[inline(always)]
        fn store(self, sums: Self::Sums) -> [i32; ROWS] {
            cast(sums)
        }

        #[inline(always)]
        fn weights(self, pair: &[i8; PAIR]) -> Self::Weights {
            self.avx512bw._mm512_cvtepi8_epi16(cast(*pair))
        }

        #[inline(always)]
        fn add(self, sums: Self::Sums, pair: Self::Weights, x: [i16; 2]) -> Self::Sums {
            let x = self.avx512f._mm512_set1_epi32(cast(x));
            let products = self.avx512bw._mm512_madd_epi16(pair, x);
            self.avx512f._mm512_add_epi32(sums, products)
        }
    }
}
