//! One row of integer weights: its scale, bias and the proof that its sum fits 32 bits.
use dunlin::format::write::Weights;
use dunlin::math::rescale::Rescale;

use super::Overflow;
use super::moments::Rounding;

/// Largest weight: -128 is not used, so that rows can be negated and paired.
const LARGEST_WEIGHT: f64 = 127.0;
/// Largest bias in accumulator steps, before rounding is added.
const LARGEST_BIAS: f64 = (1 << 30) as f64;
/// Scales are below this, so that the multiplier has 15 bits.
pub(super) const LARGEST_RESCALE: f64 = 32_767.0 / 65_536.0;

/// A row in real numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Real<'a> {
    /// Weight times the scale of what it meets: the real value of one input step.
    pub weights: &'a [f64],
    pub bias: f64,
    /// Smallest and largest integer input of each column.
    pub ranges: &'a [(i16, i16)],
}

/// Rows of a matrix as the file has them.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    weights: Vec<i8>,
    bias: Vec<i32>,
    rescale: Vec<u32>,
}

impl Rows {
    /// Quantizes a row for an output of `scale` a step. A row with too large a scale is clipped.
    pub fn push(
        &mut self,
        row: Real<'_>,
        scale: f64,
        coarser: f64,
        rounding: &Rounding,
    ) -> Result<(), Overflow> {
        let wanted = natural_lsb(&row) * coarser;
        let rescale = rescale_at_least(wanted / scale);
        let lsb = rescale.value() * scale;
        let start = self.weights.len();
        self.weights
            .extend(rounding.round(row.weights, lsb, LARGEST_WEIGHT));
        let weights = &self.weights[start..];
        // What rounding the weights adds on average is taken off.
        let shift: f64 = rounding
            .mean
            .iter()
            .zip(weights.iter().zip(row.weights))
            .map(|(mean, (&quantized, real))| mean * (f64::from(quantized) - real / lsb))
            .sum();
        // Both shifts of the rescale round down: half an output step makes them round to nearest.
        let bias = row.bias / lsb - shift + 0.5 / rescale.value();
        let bias = bias.round().clamp(f64::from(i32::MIN), f64::from(i32::MAX)) as i32;
        let (low, high) = bounds(weights, bias, row.ranges);
        let factor = (high as f64 / f64::from(i32::MAX)).max(low as f64 / f64::from(i32::MIN));
        if factor > 1.0 {
            return Err(Overflow { factor });
        }
        self.bias.push(bias);
        self.rescale.push(rescale.0);
        Ok(())
    }

    /// Adds the matrix to the weights of the file.
    pub fn store(&self, weights: &mut Weights) {
        weights.push(&self.weights);
        weights.push(&self.bias);
        weights.push(&self.rescale);
    }
}

/// Real value of one accumulator step that uses all of the weights' range and leaves room for the bias.
pub(super) fn natural_lsb(row: &Real<'_>) -> f64 {
    let largest = row
        .weights
        .iter()
        .fold(0.0f64, |largest, w| largest.max(w.abs()));
    (largest / LARGEST_WEIGHT).max(row.bias.abs() / LARGEST_BIAS)
}

/// The smallest scale that the device can apply and that is not below `wanted`; the largest there is beyond that.
fn rescale_at_least(wanted: f64) -> Rescale {
    for shift in (0..=31).rev() {
        let multiplier = (wanted * (1u64 << (16 + shift)) as f64)
            .ceil()
            .max(16_384.0);
        if multiplier <= 32_767.0
            && let Some(rescale) = Rescale::new(multiplier as u32, shift)
        {
            return rescale;
        }
    }
    Rescale(0x7fff << 16)
}

/// The smallest and largest sum that a row can reach.
fn bounds(weights: &[i8], bias: i32, ranges: &[(i16, i16)]) -> (i64, i64) {
    let start = (i64::from(bias), i64::from(bias));
    weights
        .iter()
        .zip(ranges)
        .fold(start, |(low, high), (&weight, &(min, max))| {
            let (a, b) = (
                i64::from(weight) * i64::from(min),
                i64::from(weight) * i64::from(max),
            );
            (low + a.min(b), high + a.max(b))
        })
}

#[cfg(test)]
mod tests {
    use super::super::moments::Moments;
    use super::*;

    #[test]
    fn the_scale_is_the_smallest_that_is_not_below() {
        for wanted in [0.4999, 0.25, 0.2500001, 0.1, 3e-5, 1e-9, 1e-12] {
            let rescale = rescale_at_least(wanted);
            assert!(rescale.is_valid());
            assert!(rescale.value() >= wanted, "{wanted}");
            assert!(
                rescale.value() <= wanted * 1.0001 || wanted < 1e-10,
                "{wanted}"
            );
        }
        assert_eq!(rescale_at_least(7.0).value(), LARGEST_RESCALE);
        assert_eq!(
            rescale_at_least(0.0).value(),
            16_384.0 / (1u64 << 47) as f64
        );
    }

    #[test]
    fn a_row_that_could_overflow_says_by_how_much() {
        let weights = vec![1.0; 2_000];
        let ranges = vec![(i16::MIN, i16::MAX); 2_000];
        let real = Real {
            weights: &weights,
            bias: 0.0,
            ranges: &ranges,
        };
        let rounding = Rounding::new(&Moments::of(&[vec![0.0; 2_000]], 2_000), |_| 1.0);
        let mut rows = Rows::default();
        let error = rows
            .push(real, 1e5, 1.0, &rounding)
            .expect_err("2,000 * 127 * 32,768 is above 2^31");
        assert!((3.8..3.9).contains(&error.factor), "{}", error.factor);
        assert!(Rows::default().push(real, 1e5, 4.0, &rounding).is_ok());
    }
}
