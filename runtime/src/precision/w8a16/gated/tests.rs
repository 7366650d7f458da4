//! Cells with every pair of activations against f64, and at the extremes of their values.
use super::*;
use crate::format::features::ALL;
use std::vec::Vec;

const ACTIVATIONS: [Activation; 5] = [
    Activation::Tanh,
    Activation::Sigmoid,
    Activation::HardSigmoid,
    Activation::Relu,
    Activation::Linear,
];
const STEPS: usize = 12;

fn real(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::Tanh => libm::tanh(x),
        Activation::Sigmoid => 1.0 / (1.0 + libm::exp(-x)),
        Activation::HardSigmoid => (x + 3.0).clamp(0.0, 6.0) / 6.0,
        Activation::Relu => x.max(0.0),
        other => {
            assert_eq!(other, Activation::Linear);
            x
        }
    }
}

/// Steps of an argument in 1; `bits` where the activation keeps them.
fn steps(activation: Activation, bits: i8) -> f64 {
    match activation {
        Activation::HardSigmoid => 32_768.0 / 6.0,
        activation => match bound(activation) {
            Bound::One { argument_bits } => libm::exp2(argument_bits.into()),
            Bound::None => libm::exp2(bits.into()),
        },
    }
}

fn fraction_bits(activation: Activation, unbounded: i8) -> i8 {
    match bound(activation) {
        Bound::One { .. } => 15,
        Bound::None => unbounded,
    }
}

/// Arguments at the scales of their activations, with what they are worth; those of gates that are not in [0, 1] stay small,
/// so that states do not grow without end.
struct Arguments(u32);

impl Arguments {
    fn next(&mut self, activation: Activation, bits: i8, most: f64) -> (i32, f64) {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        let steps = steps(activation, bits);
        let in_one = matches!(activation, Activation::Sigmoid | Activation::HardSigmoid);
        let most = if in_one { 4.0 } else { most };
        let unit = f64::from(self.0 as i32) / f64::from(1u32 << 31);
        let argument = libm::round(unit * most * steps);
        (argument as i32, argument / steps)
    }
}

/// Signal to noise in decibels.
fn ratio(pairs: &[(f64, f64)]) -> f64 {
    let signal: f64 = pairs.iter().map(|(exact, _)| exact * exact).sum();
    let noise = pairs.iter().map(|(exact, found)| (exact - found).powi(2));
    10.0 * libm::log10(signal / noise.sum::<f64>())
}

#[test]
fn lstm_units_are_within_60_decibels_of_f64() {
    for activation in ACTIVATIONS {
        for recurrent in ACTIVATIONS {
            let gates = Gates {
                activation: recurrent,
                bits: fraction_bits(recurrent, 14),
            };
            let both = [activation, recurrent].map(bound);
            let one = both.iter().all(|bound| *bound != Bound::None);
            let spec = LstmSpec {
                units: 1,
                activation,
                return_sequences: true,
                use_bias: true,
                candidate_bits: fraction_bits(activation, 13),
                cell_bits: 24,
                hidden_bits: if one { 15 } else { 11 },
            };
            lstm_range(&spec, gates).unwrap();
            let mut arguments = Arguments(0x2545_f491);
            let mut pairs = Vec::new();
            for _ in 0..200 {
                let (mut cell, mut exact) = (0, 0.0);
                for _ in 0..STEPS {
                    let mut gate = || arguments.next(recurrent, gates.bits, 1.0);
                    let (i, f, o) = (gate(), gate(), gate());
                    let g = arguments.next(activation, spec.candidate_bits, 1.5);
                    let found = lstm_unit::<ALL>([i.0, f.0, g.0, o.0], &spec, gates, &mut cell);
                    let gate = |x| real(recurrent, x);
                    exact = gate(f.1) * exact + gate(i.1) * real(activation, g.1);
                    let hidden = gate(o.1) * real(activation, exact);
                    let found = f64::from(found) / libm::exp2(spec.hidden_bits.into());
                    pairs.push((hidden, found));
                }
            }
            let found = ratio(&pairs);
            assert!(found > 60.0, "{activation:?} {recurrent:?}: {found}");
        }
    }
}

#[test]
fn gru_units_are_within_60_decibels_of_f64() {
    for activation in ACTIVATIONS {
        for recurrent in ACTIVATIONS {
            for reset_after in [true, false] {
                let gates = Gates {
                    activation: recurrent,
                    bits: fraction_bits(recurrent, 14),
                };
                // Gates in [0, 1] keep the state between candidates.
                let one = bound(activation) != Bound::None
                    && matches!(recurrent, Activation::Sigmoid | Activation::HardSigmoid);
                let spec = GruSpec {
                    units: 1,
                    activation,
                    return_sequences: true,
                    use_bias: true,
                    reset_after,
                    hidden_bits: if one { 15 } else { 11 },
                };
                gru_range(&spec, gates).unwrap();
                let found = ratio(&gru(&spec, gates));
                assert!(found > 60.0, "{activation:?} {recurrent:?}: {found}");
            }
        }
    }
}

/// Hidden states, exact and found, of units whose product of the hidden state is the state itself.
fn gru(spec: &GruSpec, gates: Gates) -> Vec<(f64, f64)> {
    let (activation, recurrent) = (spec.activation, gates.activation);
    let steps = steps(activation, spec.hidden_bits);
    let hidden_steps = libm::exp2(spec.hidden_bits.into());
    let mut arguments = Arguments(0x2545_f491);
    let mut pairs = Vec::new();
    for _ in 0..200 {
        let (mut wide, mut hidden, mut exact) = (0, 0, 0.0);
        for _ in 0..STEPS {
            let mut gate = || arguments.next(recurrent, gates.bits, 1.0);
            let (z, r) = (gate(), gate());
            let (x, x_real) = arguments.next(activation, spec.hidden_bits, 1.5);
            let reset = squash::<ALL>(recurrent, r.0);
            let of_hidden =
                |hidden: i16| libm::round(f64::from(hidden) / hidden_steps * steps * 0.5) as i32;
            let product = if spec.reset_after {
                product(of_hidden(hidden), reset, gates)
            } else {
                of_hidden(self::activation(hidden, reset, gates))
            };
            let update = squash::<ALL>(recurrent, z.0);
            hidden = gru_unit::<ALL>(update, x + product, spec, gates, &mut wide);
            let (z, r) = (real(recurrent, z.1), real(recurrent, r.1));
            let candidate = real(activation, x_real + r * exact * 0.5);
            exact = z * exact + (1.0 - z) * candidate;
            pairs.push((exact, f64::from(hidden) / hidden_steps));
        }
    }
    pairs
}

#[test]
fn states_saturate() {
    for activation in ACTIVATIONS {
        for recurrent in ACTIVATIONS {
            let gates = Gates {
                activation: recurrent,
                bits: fraction_bits(recurrent, 0),
            };
            let bits = fraction_bits(activation, 0);
            let lstm = LstmSpec {
                units: 1,
                activation,
                return_sequences: true,
                use_bias: true,
                candidate_bits: bits,
                cell_bits: 14.min(gates.bits + bits),
                hidden_bits: 0,
            };
            let gru = GruSpec {
                units: 1,
                activation,
                return_sequences: true,
                use_bias: true,
                reset_after: true,
                hidden_bits: 0,
            };
            // The extremes of every value, in every order: none overflows.
            let (mut cell, mut wide) = (0, 0);
            let extremes = [i32::MAX, i32::MIN, 0, -1];
            for first in extremes {
                for second in extremes {
                    for _ in 0..4 {
                        let arguments = [first, second, second, first];
                        lstm_unit::<ALL>(arguments, &lstm, gates, &mut cell);
                        let gate = squash::<ALL>(recurrent, first);
                        let argument = product(second, gate, gates);
                        gru_unit::<ALL>(gate, argument, &gru, gates, &mut wide);
                        self::activation(saturate(second), gate, gates);
                    }
                }
            }
        }
    }
}
