//! Activations, merges, norms and embeddings against f64.
use super::*;
use core::f64::consts::{FRAC_1_SQRT_2, LN_2};
use std::vec;
use std::vec::Vec;

fn output(activation: Activation, bits: u8) -> OutputSpec {
    let bounded = matches!(
        activation,
        Activation::Tanh | Activation::Sigmoid | Activation::HardSigmoid
    );
    let (min, max) = if bounded {
        (0, 0)
    } else {
        (i16::MIN, i16::MAX)
    };
    OutputSpec {
        activation,
        min,
        max,
        softmax_bits: bits,
    }
}

/// Signal to noise in decibels.
fn ratio(pairs: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (signal, noise) = pairs.fold((0.0, 0.0), |(signal, noise), (exact, found)| {
        (
            signal + exact * exact,
            noise + (exact - found) * (exact - found),
        )
    });
    10.0 * libm::log10(signal / noise)
}

/// A multiplier and a shift for a factor.
fn scale(factor: f64, most: f64) -> (i16, u8) {
    let mut shift = 0;
    while factor * libm::exp2(f64::from(shift) + 1.0) <= most && shift < MOST_SHIFT {
        shift += 1;
    }
    let multiplier = libm::round(factor * libm::exp2(shift.into()));
    (multiplier as i16, shift)
}

/// The one value that `of` gives.
fn one(of: impl FnOnce(&mut [i16])) -> i16 {
    let mut y = [0];
    of(&mut y);
    y[0]
}

#[test]
fn activations_are_within_60_decibels_of_f64() {
    type Case = (Activation, u8, f64, f64, fn(f64) -> f64);
    let sigmoid = |x: f64| 1.0 / (1.0 + libm::exp(-x));
    // Activation, bits, the step of its argument, that of its result, and the function.
    let cases: [Case; 12] = [
        (Activation::Linear, 0, 1e-3, 1e-3, |x| x),
        (Activation::Relu, 0, 1e-3, 1e-3, |x| x.max(0.0)),
        (
            Activation::Tanh,
            0,
            1.0 / 4_096.0,
            1.0 / 32_768.0,
            libm::tanh,
        ),
        (
            Activation::Sigmoid,
            0,
            1.0 / 2_048.0,
            1.0 / 32_768.0,
            sigmoid,
        ),
        (
            Activation::HardSigmoid,
            0,
            6.0 / 32_768.0,
            1.0 / 32_768.0,
            |x| (x + 3.0).clamp(0.0, 6.0) / 6.0,
        ),
        (Activation::LeakyRelu { slope: 9_830 }, 0, 1e-4, 1e-4, |x| {
            if x > 0.0 { x } else { 9_830.0 / 32_768.0 * x }
        }),
        (
            Activation::Elu { alpha: 32_768 },
            12,
            LN_2 / 4_096.0,
            LN_2 / 4_096.0,
            |x| {
                if x > 0.0 { x } else { libm::expm1(x) }
            },
        ),
        (
            Activation::Elu { alpha: 32_768 },
            15,
            LN_2 / 32_768.0,
            LN_2 / 32_768.0,
            |x| {
                if x > 0.0 { x } else { libm::expm1(x) }
            },
        ),
        (Activation::Gelu, 12, 1.0 / 4_096.0, 1.0 / 4_096.0, |x| {
            0.5 * x * libm::erfc(-x * FRAC_1_SQRT_2)
        }),
        (Activation::Gelu, 15, 1.0 / 32_768.0, 1.0 / 32_768.0, |x| {
            0.5 * x * libm::erfc(-x * FRAC_1_SQRT_2)
        }),
        (Activation::Silu, 12, 1.0 / 4_096.0, 1.0 / 4_096.0, |x| {
            x / (1.0 + libm::exp(-x))
        }),
        (Activation::Silu, 15, 1.0 / 32_768.0, 1.0 / 32_768.0, |x| {
            x / (1.0 + libm::exp(-x))
        }),
    ];
    for (activation, bits, argument, result, function) in cases {
        for input in [argument / 7.0, argument, argument * 0.9] {
            let (multiplier, shift) = scale(input / argument, 32_767.0);
            let mut spec = ActivationSpec {
                multiplier,
                shift,
                output: output(activation, bits),
            };
            if activation == Activation::Relu {
                spec.output.min = 0;
            }
            <W8A16>::activation_range(&spec).unwrap();
            let pairs = (i16::MIN..=i16::MAX).map(|x| {
                let exact = function(f64::from(x) * input);
                (
                    exact,
                    f64::from(one(|y| <W8A16>::activate(&spec, &[x], y))) * result,
                )
            });
            let found = ratio(pairs);
            assert!(found > 60.0, "{activation:?} {bits} {input}: {found}");
        }
    }
}

#[test]
fn merges_round_to_nearest_and_saturate() {
    let mut spec = MergeSpec {
        with: 0,
        multipliers: [16_384, 9_000],
        shift: 15,
        output: output(Activation::Linear, 0),
    };
    <W8A16>::merge_range(Merging::Add, &spec).unwrap();
    let values = [i16::MIN, -20_001, -3, -1, 0, 1, 2, 777, 30_000, i16::MAX];
    let nearest = |exact: f64| (exact + 0.5).floor().clamp(-32_768.0, 32_767.0);
    for with in values {
        for current in values {
            let (a, b) = (f64::from(with), f64::from(current));
            let found = f64::from(one(|y| <W8A16>::add(&spec, &[with], &[current], y)));
            assert_eq!(found, nearest((a * 16_384.0 + b * 9_000.0) / 32_768.0));
        }
    }
    spec.multipliers = [1 << 14, 1];
    spec.shift = 14;
    <W8A16>::merge_range(Merging::Concatenate, &spec).unwrap();
    for x in values {
        assert_eq!(one(|y| <W8A16>::concatenate(&spec, 0, &[x], y)), x);
        let found = f64::from(one(|y| <W8A16>::concatenate(&spec, 1, &[x], y)));
        assert_eq!(found, nearest(f64::from(x) / 16_384.0));
    }
    // 2^-15: the product of two values of 15 fraction bits.
    (spec.multipliers, spec.shift) = ([1 << 14, 0], 13);
    <W8A16>::merge_range(Merging::Multiply, &spec).unwrap();
    for with in values {
        for current in values {
            let product = f64::from(with) * f64::from(current) / 32_768.0;
            let found = f64::from(one(|y| <W8A16>::multiply(&spec, &[with], &[current], y)));
            assert!((found - nearest(product)).abs() <= 1.0, "{with} {current}");
        }
    }
}

/// Bytes that start where a tensor may.
fn bytes(words: &[u32]) -> &[u8] {
    bytemuck::cast_slice(words)
}

#[test]
fn norms_are_within_60_decibels_of_f64() {
    const CHANNELS: usize = 12;
    let real: Vec<(f64, f64)> = (0..CHANNELS)
        .map(|c| (0.2 + 0.15 * c as f64, 0.3 * c as f64 - 2.0))
        .collect();
    // Results in steps of 2^-12, gamma and beta with as many bits as go.
    let (step, shift) = (1.0 / 4_096.0, 6u8);
    let fine = libm::exp2(shift.into()) / step;
    let gamma: Vec<i16> = real
        .iter()
        .map(|(gamma, _)| libm::round(gamma * fine / 16.0) as i16)
        .collect();
    let beta: Vec<i32> = real
        .iter()
        .map(|(_, beta)| libm::round(beta * fine) as i32 + 32)
        .collect();
    let pairs = gamma.chunks(2);
    let mut words: Vec<u32> = pairs
        .map(|pair| u32::from(pair[0] as u16) | u32::from(pair[1] as u16) << 16)
        .collect();
    words.extend(beta.iter().map(|&beta| beta as u32));
    let spec = LayerNormSpec {
        epsilon: 40,
        shift,
        output: output(Activation::Linear, 0),
    };
    let norm = <W8A16>::norm(&mut Cursor::new(bytes(&words)), CHANNELS, &spec).unwrap();
    for spread in [1, 30, 3_000, 30_000] {
        let mut pairs = Vec::new();
        for row in 0..200i32 {
            let x: Vec<i16> = (0..CHANNELS as i32)
                .map(|c| ((row * 31 + c * (row + 7) * 13) % (2 * spread + 1) - spread) as i16)
                .collect();
            let mut y = vec![0; CHANNELS];
            <W8A16>::normalize(&norm, &spec.output, &x, &mut y);
            let count = CHANNELS as f64;
            let mean = x.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
            let squares = x.iter().map(|&x| (f64::from(x) - mean).powi(2));
            let deviation = libm::sqrt(squares.sum::<f64>() / count + 40.0);
            for ((&x, &y), (gamma, beta)) in x.iter().zip(&y).zip(&real) {
                let exact = (f64::from(x) - mean) / deviation * gamma + beta;
                pairs.push((exact, f64::from(y) * step));
            }
        }
        let found = ratio(pairs.into_iter());
        assert!(found > 60.0, "{spread}: {found}");
    }
}

#[test]
fn ids_are_clamped_into_the_vocabulary() {
    let words = [0x0403_0201, 0x7f81_0605, 258 << 16 | 1, 3];
    let (rows, range) = <W8A16>::rows(&mut Cursor::new(bytes(&words)), 3, 2).unwrap();
    assert_eq!((range.min, range.max), (0, 1_032));
    let mut y = [0; 2];
    for (id, expected) in [
        (i16::MIN, [1, 2]),
        (0, [1, 2]),
        (1, [774, 1_032]),
        (2, [15, 18]),
        (i16::MAX, [15, 18]),
    ] {
        <W8A16>::embed(&rows, id, &mut y);
        assert_eq!(y, expected, "{id}");
    }
}
