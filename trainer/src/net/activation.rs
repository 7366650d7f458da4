//! Activations and their derivatives on slices, with `exp` written so that the compiler vectorizes it.
use pulp::Arch;

use crate::config::Activation;

/// e^x, within 1e-7 relative for x in [-87, 88]; clamped to that range outside it.
///
/// x = n ln 2 + r with |r| <= ln 2 / 2, and e^x = 2^n e^r.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let (n, p) = exp_parts(x.clamp(-87.0, 88.0));
    n * (1.0 + p)
}

/// `(2^n, e^r - 1)` for x within [-87, 88].
#[inline(always)]
fn exp_parts(x: f32) -> (f32, f32) {
    // Adding and taking off 1.5 * 2^23 rounds to an integer, which then stands in the low bits.
    const ROUND: f32 = 12_582_912.0;
    // ln 2 in two parts; the first has so few bits that n times it is exact.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * LN_2_HIGH) - n * LN_2_LOW;
    // Taylor to r^7 / 7!: the next term is below 6e-9 of the value.
    let p = 1.0 / 5040.0;
    let p = p * r + 1.0 / 720.0;
    let p = p * r + 1.0 / 120.0;
    let p = p * r + 1.0 / 24.0;
    let p = p * r + 1.0 / 6.0;
    let p = p * r + 0.5;
    let p = p * (r * r) + r;
    let power = f32::from_bits(shifted.to_bits().wrapping_add(127) << 23);
    (power, p)
}

/// 1 / (1 + e^-x).
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// (e^2x - 1) / (e^2x + 1) on |x|, with e^2x - 1 = 2^n (e^r - 1) + (2^n - 1) so that small x keep their digits.
#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    // Above 9.1 the nearest f32 to tanh is 1. (Not `min`, which would lose a NaN.)
    let a = x.abs();
    let (n, p) = exp_parts(2.0 * if a > 9.1 { 9.1 } else { a });
    let t = n * p + (n - 1.0);
    (t / (t + 2.0)).copysign(x)
}

/// e^x - 1, with the digits of small x.
#[inline(always)]
fn exp_m1(x: f32) -> f32 {
    let (n, p) = exp_parts(x.clamp(-87.0, 88.0));
    n * p + (n - 1.0)
}

/// Not `max`, which would turn NaN into 0 and hide a training that has diverged.
#[inline(always)]
pub(crate) fn relu(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}

/// min(max(x, 0), 6), and NaN for NaN.
#[inline(always)]
fn relu6(x: f32) -> f32 {
    if x > 6.0 { 6.0 } else { relu(x) }
}

/// relu6(x + 3) / 6
#[inline(always)]
pub(crate) fn hard_sigmoid(x: f32) -> f32 {
    relu6(x + 3.0) / 6.0
}

/// Phi(x), the distribution function of the normal distribution.
fn normal_distribution(x: f32) -> f32 {
    0.5 * libm::erfcf(-x * std::f32::consts::FRAC_1_SQRT_2)
}

/// Every value through `f`, under the widest vectors that the machine has.
#[inline(always)]
fn each(values: &mut [f32], f: impl Fn(f32) -> f32) {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for v in values {
                *v = f(*v);
            }
        },
    );
}

/// y = activation(z), in place; softmax over each row of `width` values.
pub(crate) fn apply(activation: Activation, z: &mut [f32], width: usize) {
    match activation {
        Activation::Linear => {}
        Activation::Relu => each(z, relu),
        Activation::Tanh => each(z, tanh),
        Activation::Sigmoid => each(z, sigmoid),
        Activation::Softmax => z.chunks_exact_mut(width).for_each(softmax),
        Activation::HardSigmoid => each(z, hard_sigmoid),
        Activation::Relu6 => each(z, relu6),
        Activation::LeakyRelu { negative_slope } => {
            each(z, |x| if x < 0.0 { negative_slope * x } else { x });
        }
        Activation::Elu { alpha } => each(z, |x| if x < 0.0 { alpha * exp_m1(x) } else { x }),
        Activation::Gelu => z.iter_mut().for_each(|x| *x *= normal_distribution(*x)),
        Activation::Silu => each(z, |x| x * sigmoid(x)),
    }
}

/// `apply`, which keeps z in `arguments` where the derivative does not follow from y.
pub(crate) fn apply_and_keep(
    activation: Activation,
    z: &mut [f32],
    width: usize,
    arguments: &mut Vec<f32>,
) {
    arguments.clear();
    match activation {
        Activation::Gelu | Activation::Silu => arguments.extend_from_slice(z),
        Activation::Linear
        | Activation::Relu
        | Activation::Tanh
        | Activation::Sigmoid
        | Activation::Softmax
        | Activation::HardSigmoid
        | Activation::Relu6
        | Activation::LeakyRelu { .. }
        | Activation::Elu { .. } => {}
    }
    apply(activation, z, width);
}

/// y_i = e^(z_i - max z) / sum_j e^(z_j - max z), in place.
fn softmax(z: &mut [f32]) {
    let largest = z.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for v in z.iter_mut() {
        *v = (*v - largest).exp();
        sum += *v;
    }
    for v in z {
        *v /= sum;
    }
}

/// dz from dy, in place, given the outputs y and what `apply_and_keep` kept.
pub(crate) fn backward(
    activation: Activation,
    arguments: &[f32],
    y: &[f32],
    dy: &mut [f32],
    width: usize,
) {
    let slopes = |dy: &mut [f32], from: &[f32], slope: &dyn Fn(f32) -> f32| {
        for (d, v) in dy.iter_mut().zip(from) {
            *d *= slope(*v);
        }
    };
    match activation {
        Activation::Linear => {}
        // The derivative at 0 is taken as 0, as Keras does.
        Activation::Relu => {
            for (d, y) in dy.iter_mut().zip(y) {
                *d = if *y > 0.0 { *d } else { 0.0 };
            }
        }
        Activation::Tanh => {
            for (d, y) in dy.iter_mut().zip(y) {
                *d *= 1.0 - y * y;
            }
        }
        Activation::Sigmoid => {
            for (d, y) in dy.iter_mut().zip(y) {
                *d *= y * (1.0 - y);
            }
        }
        // dz_i = y_i (dy_i - sum_j dy_j y_j)
        Activation::Softmax => {
            for (d, y) in dy.chunks_exact_mut(width).zip(y.chunks_exact(width)) {
                let along: f32 = d.iter().zip(y).map(|(d, y)| d * y).sum();
                for (d, y) in d.iter_mut().zip(y) {
                    *d = y * (*d - along);
                }
            }
        }
        Activation::HardSigmoid => {
            slopes(dy, y, &|y| if y > 0.0 && y < 1.0 { 1.0 / 6.0 } else { 0.0 });
        }
        Activation::Relu6 => slopes(dy, y, &|y| if y > 0.0 && y < 6.0 { 1.0 } else { 0.0 }),
        Activation::LeakyRelu { negative_slope } => {
            slopes(dy, y, &|y| if y > 0.0 { 1.0 } else { negative_slope });
        }
        // alpha e^z = y + alpha
        Activation::Elu { alpha } => slopes(dy, y, &|y| if y > 0.0 { 1.0 } else { y + alpha }),
        // Phi(z) + z phi(z)
        Activation::Gelu => slopes(dy, arguments, &|z| {
            const DENSITY_AT_0: f32 = 0.398_942_3;
            normal_distribution(z) + z * DENSITY_AT_0 * exp(-0.5 * z * z)
        }),
        // s + z s (1 - s) with s = sigmoid(z)
        Activation::Silu => slopes(dy, arguments, &|z| {
            let s = sigmoid(z);
            s + z * s * (1.0 - s)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sweep() -> impl Iterator<Item = f32> {
        (-200_000..=200_000).map(|i| i as f32 * 1e-4)
    }

    #[test]
    fn exp_is_within_two_units_in_the_last_place() {
        for x in sweep().chain((-870..=880).map(|i| i as f32 * 0.1)) {
            let exact = f64::from(x).exp();
            let error = (f64::from(exp(x)) - exact).abs() / exact;
            assert!(error < 2.0e-7, "exp({x}) is off by {error:e}");
        }
    }

    #[test]
    fn sigmoid_and_tanh_are_within_three_units_in_the_last_place() {
        for x in sweep() {
            let exact = 1.0 / (1.0 + (-f64::from(x)).exp());
            let error = (f64::from(sigmoid(x)) - exact).abs() / exact;
            assert!(error < 3.0e-7, "sigmoid({x}) is off by {error:e}");
            let exact = f64::from(x).tanh();
            let error = (f64::from(tanh(x)) - exact).abs();
            assert!(
                error <= 3.0e-7 * exact.abs(),
                "tanh({x}) is off by {error:e}"
            );
        }
    }

    #[test]
    fn far_inputs_saturate() {
        for x in [100.0, 1e4, 1e30, f32::INFINITY] {
            assert_eq!(tanh(x), 1.0);
            assert_eq!(tanh(-x), -1.0);
            assert_eq!(sigmoid(x), 1.0);
            assert!(sigmoid(-x) < 1e-37);
        }
    }

    #[test]
    fn nan_stays_nan() {
        assert!(exp(f32::NAN).is_nan() && sigmoid(f32::NAN).is_nan() && tanh(f32::NAN).is_nan());
    }

    #[test]
    fn functions_with_corners_and_bends_are_their_formulas() {
        let one = |activation, x: f32| {
            let mut z = [x];
            apply(activation, &mut z, 1);
            f64::from(z[0])
        };
        for x in sweep().step_by(97) {
            let wide = f64::from(x);
            for (activation, exact) in [
                (
                    Activation::HardSigmoid,
                    ((wide + 3.0) / 6.0).clamp(0.0, 1.0),
                ),
                (Activation::Relu6, wide.clamp(0.0, 6.0)),
                (
                    Activation::LeakyRelu {
                        negative_slope: 0.25,
                    },
                    wide.max(0.25 * wide),
                ),
                (
                    Activation::Elu { alpha: 1.5 },
                    if x > 0.0 { wide } else { 1.5 * wide.exp_m1() },
                ),
                (
                    Activation::Gelu,
                    wide * 0.5 * libm::erfc(-wide * std::f64::consts::FRAC_1_SQRT_2),
                ),
                (Activation::Silu, wide / (1.0 + (-wide).exp())),
            ] {
                let error = (one(activation, x) - exact).abs();
                // The largest error relative to the value, or to 1 near zeros.
                assert!(
                    error <= 5e-7 * exact.abs().max(1.0),
                    "{activation:?}({x}) is off by {error:e}"
                );
                assert!(one(activation, f32::NAN).is_nan(), "{activation:?} of NaN");
            }
        }
    }

    #[test]
    fn softmax_survives_large_logits() {
        let mut z = [1000.0, 999.0, -1000.0];
        apply(Activation::Softmax, &mut z, 3);
        assert!((z[0] - 0.731_058_6).abs() < 1e-6 && (z.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }
}
