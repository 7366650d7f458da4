//! [`Lanes`] with AVX2 and with AVX-512.
use core::arch::x86_64::{__m128i, __m256, __m256i, __m512, __m512i};

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

    #[inline(always)]
    fn rescale(self, [low, high]: Self::Sums, [first, second]: Self::Sums) -> Self::Sums {
        [rescaled(self, low, first), rescaled(self, high, second)]
    }

    #[inline(always)]
    fn clamp(self, [low, high]: Self::Sums, (least, most): (i16, i16)) -> [i16; ROWS] {
        // Saturated to 16 bits within halves of the vectors, which then are in the order 0, 2, 1, 3.
        let values = self.avx2._mm256_packs_epi32(low, high);
        let values = self.avx2._mm256_permute4x64_epi64::<0b11_01_10_00>(values);
        let values = self
            .avx2
            ._mm256_min_epi16(values, self.avx._mm256_set1_epi16(most));
        cast(
            self.avx2
                ._mm256_max_epi16(values, self.avx._mm256_set1_epi16(least)),
        )
    }

    type Floats = [__m256; 2];

    #[inline(always)]
    fn load_floats(self, values: &[f32; ROWS]) -> Self::Floats {
        cast(*values)
    }

    #[inline(always)]
    fn store_floats(self, values: Self::Floats) -> [f32; ROWS] {
        cast(values)
    }

    #[inline(always)]
    fn add_floats(self, [low, high]: Self::Floats, weights: Self::Floats, x: f32) -> Self::Floats {
        let x = self.avx._mm256_set1_ps(x);
        let [first, second] = weights;
        [
            self.fma._mm256_fmadd_ps(first, x, low),
            self.fma._mm256_fmadd_ps(second, x, high),
        ]
    }

    #[inline(always)]
    fn add_float(self, sum: f32, weight: f32, x: f32) -> f32 {
        fused(self, sum, weight, x)
    }
}

/// [`Lanes::rescale`] of eight sums. Without a product of 64 bits, of which a vector holds half as many. No closure, which would lack
/// the vectors' instructions.
#[inline(always)]
fn rescaled(lanes: V3, sums: __m256i, scales: __m256i) -> __m256i {
    let (avx, avx2) = (lanes.avx, lanes.avx2);
    let multipliers = avx2._mm256_srli_epi32::<16>(scales);
    let shifts = avx2._mm256_and_si256(scales, avx._mm256_set1_epi32(31));
    let lower = avx2._mm256_and_si256(sums, avx._mm256_set1_epi32(0xffff));
    let lower = avx2._mm256_mullo_epi32(lower, multipliers);
    let upper = avx2._mm256_mullo_epi32(avx2._mm256_srai_epi32::<16>(sums), multipliers);
    let sums = avx2._mm256_add_epi32(upper, avx2._mm256_srli_epi32::<16>(lower));
    avx2._mm256_srav_epi32(sums, shifts)
}

/// [`Lanes::add_float`].
#[inline(always)]
fn fused(lanes: V3, sum: f32, weight: f32, x: f32) -> f32 {
    let [sum, weight, x] = [sum, weight, x].map(|value| lanes.sse._mm_set_ss(value));
    lanes
        .sse
        ._mm_cvtss_f32(lanes.fma._mm_fmadd_ss(weight, x, sum))
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

    #[inline(always)]
    fn rescale(self, sums: Self::Sums, scales: Self::Sums) -> Self::Sums {
        let avx512 = self.avx512f;
        let multipliers = avx512._mm512_srli_epi32::<16>(scales);
        let shifts = avx512._mm512_and_si512(scales, avx512._mm512_set1_epi32(31));
        let lower = avx512._mm512_and_si512(sums, avx512._mm512_set1_epi32(0xffff));
        let lower = avx512._mm512_mullo_epi32(lower, multipliers);
        let upper = avx512._mm512_mullo_epi32(avx512._mm512_srai_epi32::<16>(sums), multipliers);
        let sums = avx512._mm512_add_epi32(upper, avx512._mm512_srli_epi32::<16>(lower));
        avx512._mm512_srav_epi32(sums, shifts)
    }

    #[inline(always)]
    fn clamp(self, sums: Self::Sums, (least, most): (i16, i16)) -> [i16; ROWS] {
        let values = self.avx512f._mm512_cvtsepi32_epi16(sums);
        let values = self
            .avx2
            ._mm256_min_epi16(values, self.avx._mm256_set1_epi16(most));
        cast(
            self.avx2
                ._mm256_max_epi16(values, self.avx._mm256_set1_epi16(least)),
        )
    }

    type Floats = __m512;

    #[inline(always)]
    fn load_floats(self, values: &[f32; ROWS]) -> Self::Floats {
        cast(*values)
    }

    #[inline(always)]
    fn store_floats(self, values: Self::Floats) -> [f32; ROWS] {
        cast(values)
    }

    #[inline(always)]
    fn add_floats(self, sums: Self::Floats, weights: Self::Floats, x: f32) -> Self::Floats {
        let avx512 = self.avx512f;
        avx512._mm512_fmadd_ps(weights, avx512._mm512_set1_ps(x), sums)
    }

    #[inline(always)]
    fn add_float(self, sum: f32, weight: f32, x: f32) -> f32 {
        fused(*self, sum, weight, x)
    }
}
