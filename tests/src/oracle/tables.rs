//! The functions of the integer rules: rescaling, tables from the functions of the host's `f64`, and activations.
use dunlin::format::graph::{Activation, OutputSpec};

/// `floor(floor(accumulator * multiplier / 2^16) / 2^shift)`.
pub fn rescale(accumulator: i64, multiplier: i64, shift: i64) -> i64 {
    (accumulator * multiplier)
        .div_euclid(1 << 16)
        .div_euclid(1 << shift)
}

pub(super) fn saturate(value: i64) -> i16 {
    value.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

/// Point `i` of 512 intervals over [-16, 16] of `2^16 sigmoid(x)`, off the curve by `f''(x) h^2 / 16`.
fn sigmoid_point(i: i64) -> i64 {
    let step = 1.0 / 16.0;
    let s = 1.0 / (1.0 + (16.0 - i as f64 * step).exp());
    let second = s * (1.0 - s) * (1.0 - 2.0 * s);
    let point = (s - second * step * step / 16.0) * 65_536.0;
    (point.round() as i64).min(65_535)
}

/// `2^16 sigmoid(p / 2^11)` on the line between two points.
fn logistic(p: i16) -> i64 {
    let (interval, fraction) = ((i64::from(p) + 32_768) / 128, (i64::from(p) + 32_768) % 128);
    let (low, high) = (sigmoid_point(interval), sigmoid_point(interval + 1));
    low + ((high - low) * fraction).div_euclid(128)
}

/// `2^15 sigmoid(p / 2^11)`.
pub fn sigmoid(p: i16) -> i16 {
    (logistic(p).div_euclid(2)) as i16
}

/// `2^15 tanh(p / 2^12) = 2^15 (2 sigmoid(p / 2^11) - 1)`.
pub fn tanh(p: i16) -> i16 {
    (logistic(p) - 32_768) as i16
}

/// `2^15 2^-(distance / 2^bits)`, by lines between 64 points and halving.
pub fn power_of_two(distance: i64, bits: i64) -> i64 {
    let whole = distance >> bits;
    if whole > 15 {
        return 0;
    }
    // Fractions of 2^-15, in intervals of 2^9.
    let fraction = (distance % (1 << bits)) << (15 - bits);
    let point = |i: i64| (32_768.0 * (-(i as f64) / 64.0).exp2()).round() as i64;
    let (low, high) = (point(fraction / 512), point(fraction / 512 + 1));
    let value = low + ((high - low) * (fraction % 512)).div_euclid(512);
    value >> whole
}

/// Point `i` of 256 intervals over [0, 8] of `2^16 Phi(-a)`, off the curve by `f''(a) h^2 / 16`.
fn normal_point(i: i64) -> i64 {
    let (step, a) = (1.0 / 32.0, i as f64 / 32.0);
    let tail = 0.5 * libm::erfc(a / 2f64.sqrt());
    let second = a * (-a * a / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let point = (tail - second * step * step / 16.0) * 65_536.0;
    point.round().max(0.0) as i64
}

/// `2^16 Phi(-a / 2^15)` on the line between two points, the nearest, at most 32,767.
pub fn normal_tail(a: i64) -> i64 {
    let a = a.min((8 << 15) - 1);
    let (interval, fraction) = (a / 1_024, a % 1_024);
    let (low, high) = (normal_point(interval), normal_point(interval + 1));
    (low + ((high - low) * fraction + 512).div_euclid(1_024)).min(32_767)
}

/// `2^16 sigmoid(-a / 2^15)` for `a` above 0 on the line between two points, the nearest, at most 32,767.
pub fn logistic_tail(a: i64) -> i64 {
    let place = (16 << 15) - a.clamp(1, 16 << 15);
    let (interval, fraction) = (place / 2_048, place % 2_048);
    let (low, high) = (sigmoid_point(interval), sigmoid_point(interval + 1));
    (low + ((high - low) * fraction + 1_024).div_euclid(2_048)).min(32_767)
}

/// `max(x, 0) - |x| tail`, with the product rounded to nearest from eight more bits.
fn with_tail(value: i64, bits: i64, most: i64, tail: fn(i64) -> i64) -> i64 {
    let a = value.abs().min(most << bits);
    let product = (a * 256 * tail(a << (15 - bits))).div_euclid(65_536);
    value.max(0) - (product + 128).div_euclid(256)
}

/// `2^15 relu6(x + 3) / 6` of an argument in steps of `6 / 2^15`.
pub(super) fn hard_sigmoid(argument: i64) -> i16 {
    (argument + 16_384).clamp(0, 32_767) as i16
}

/// The activation of a value, without a softmax.
pub(super) fn activated(value: i64, output: &OutputSpec) -> i16 {
    let bits = i64::from(output.softmax_bits);
    let value = match output.activation {
        Activation::Tanh => return tanh(saturate(value)),
        Activation::Sigmoid => return sigmoid(saturate(value)),
        Activation::HardSigmoid => return hard_sigmoid(value),
        Activation::Softmax => return saturate(value),
        Activation::Linear | Activation::Relu | Activation::Relu6 => value,
        Activation::LeakyRelu { slope } if value < 0 => {
            let product = value.max(-(1 << 27)) * 16 * i64::from(slope);
            (product.div_euclid(65_536) + 4).div_euclid(8)
        }
        Activation::Elu { alpha } if value < 0 => {
            // alpha (1 - e^x) with 15 bits, then in steps of ln 2 / 2^bits.
            let fall = (32_768 - power_of_two(-value, bits)) * i64::from(alpha) / 32_768;
            let shift = 29 - bits;
            -((fall * 23_637 + (1 << (shift - 1))) >> shift)
        }
        Activation::LeakyRelu { .. } | Activation::Elu { .. } => value,
        Activation::Gelu => with_tail(value, bits, 8, normal_tail),
        Activation::Silu => with_tail(value, bits, 16, logistic_tail),
    };
    value.clamp(output.min.into(), output.max.into()) as i16
}
