//! Recurrent layers that run for ever: a million samples through `push` against an f64 recurrence with the file's own
//! weights. The error of the integers stays where it is.
use dunlin::format::MAX_LAYERS;
use dunlin::format::write::AlignedBytes;
use dunlin::{Mode, Model, Session, W8A16};
use dunlin_trainer::config::{Activation, LayerConfig, LayerTable};
use dunlin_trainer::data::Windows;
use dunlin_trainer::data::random::Random;
use dunlin_trainer::model_file::FloatModel;
use dunlin_trainer::net::{Dense, Gru, Layer, Lstm, Network, SimpleRnn};
use dunlin_trainer::quantize::dequantized;

mod layers;
use layers::{dense, gru, lstm, simple_rnn};

const SAMPLES: usize = 1_000_000;
const PARTS: usize = 10;
const UNITS: usize = 16;
const STEPS: usize = 100;
const CALIBRATION: usize = 64;
/// How much larger than in the first part the errors of the last may be.
const GROWTH: f64 = 1.5;

/// Two waves whose periods never meet again, and noise; within [-1, 1].
struct Signal {
    random: Random,
    at: usize,
}

impl Signal {
    fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            at: seed as usize * 1_000,
        }
    }
}

impl Iterator for Signal {
    type Item = f32;

    fn next(&mut self) -> Option<f32> {
        let t = self.at as f64;
        self.at += 1;
        let noise = self.random.uniform() - 0.5;
        Some((0.5 * (0.11 * t).sin() + 0.3 * (0.0231 * t).cos() + 0.4 * noise) as f32)
    }
}

/// sum_k v[k] W[k, column], W in Keras's layout with `columns` in a row.
fn product(v: &[f64], kernel: &[f32], columns: usize, column: usize) -> f64 {
    let weights = kernel.iter().skip(column).step_by(columns);
    v.iter().zip(weights).map(|(v, w)| v * f64::from(*w)).sum()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn simple_rnn_step(l: &SimpleRnn, x: f64, h: &[f64]) -> Vec<f64> {
    let sum = |u| {
        let of_hidden = product(h, &l.recurrent_kernel, UNITS, u);
        product(&[x], &l.kernel, UNITS, u) + of_hidden + f64::from(l.bias[u])
    };
    (0..UNITS).map(|u| sum(u).tanh()).collect()
}

fn lstm_step(l: &Lstm, x: f64, h: &[f64], c: &mut [f64]) -> Vec<f64> {
    let sum = |column| {
        let of_hidden = product(h, &l.recurrent_kernel, 4 * UNITS, column);
        product(&[x], &l.kernel, 4 * UNITS, column) + of_hidden + f64::from(l.bias[column])
    };
    (0..UNITS)
        .map(|u| {
            let [i, f, g, o] = [0, 1, 2, 3].map(|gate| sum(gate * UNITS + u));
            c[u] = sigmoid(f) * c[u] + sigmoid(i) * g.tanh();
            sigmoid(o) * c[u].tanh()
        })
        .collect()
}

/// With `reset_after`.
fn gru_step(l: &Gru, x: f64, h: &[f64]) -> Vec<f64> {
    let sums = |column: usize| {
        let of_input = product(&[x], &l.kernel, 3 * UNITS, column) + f64::from(l.bias[column]);
        let of_hidden = product(h, &l.recurrent_kernel, 3 * UNITS, column);
        (of_input, of_hidden + f64::from(l.bias[3 * UNITS + column]))
    };
    (0..UNITS)
        .map(|u| {
            let [z, r, c] = [0, 1, 2].map(|gate| sums(gate * UNITS + u));
            let (z, r) = (sigmoid(z.0 + z.1), sigmoid(r.0 + r.1));
            z * h[u] + (1.0 - z) * (c.0 + r * c.1).tanh()
        })
        .collect()
}

/// A recurrent layer and a Dense, continuous, with random weights.
fn model(recurrent: LayerConfig) -> FloatModel {
    let tables: Vec<LayerTable> = vec![recurrent.into(), dense(1, Activation::Linear).into()];
    let mut network = Network::from_tables(&tables, STEPS, 1, 3).unwrap();
    let mut random = Random::new(5);
    for parameter in network.parameters_mut() {
        if parameter.name == "bias" {
            for value in parameter.values {
                *value += 0.4 * (random.uniform() as f32 - 0.5);
            }
        }
    }
    FloatModel {
        name: "drift".into(),
        mode: Mode::Continuous,
        hop: 0,
        network,
        input_scales: vec![],
        output_scales: vec![],
    }
}

/// Pushes all samples and compares; `bound` is that of the largest error, relative to the output's root mean square.
fn check(name: &str, recurrent: LayerConfig, bound: f64) {
    let calibration = Windows {
        count: CALIBRATION,
        steps: STEPS,
        channels: 1,
        values: Signal::new(1).take(CALIBRATION * STEPS).collect(),
    };
    let (file, network) = dequantized(&model(recurrent), &calibration).unwrap();
    let file = AlignedBytes::new(&file);
    let model = Model::<W8A16, MAX_LAYERS>::from_bytes(file.as_slice()).unwrap();
    let mut arena = AlignedBytes::zeroed(model.arena_bytes());
    let mut session = Session::new(&model, &mut arena).unwrap();

    let (recurrent, last) = (&network.layers[0].layer, &network.layers[1].layer);
    let Layer::Dense(Dense { kernel, bias, .. }) = last else {
        panic!("{name}: the second layer is a Dense");
    };
    let (mut h, mut c) = (vec![0.0; UNITS], vec![0.0; UNITS]);
    let (mut power, mut mean) = (0.0, 0.0);
    let mut worst = [0.0f64; PARTS];
    let mut bias_of_error = [0.0f64; PARTS];
    for (at, x) in Signal::new(9).take(SAMPLES).enumerate() {
        let found = f64::from(session.push(&[x]).unwrap().expect("one a sample")[0]);
        let x = f64::from(x);
        h = if let Layer::Lstm(l) = recurrent {
            lstm_step(l, x, &h, &mut c)
        } else if let Layer::Gru(l) = recurrent {
            gru_step(l, x, &h)
        } else if let Layer::SimpleRnn(l) = recurrent {
            simple_rnn_step(l, x, &h)
        } else {
            panic!("{name}: the first layer is recurrent");
        };
        let expected = product(&h, kernel, 1, 0) + f64::from(bias[0]);
        let part = at * PARTS / SAMPLES;
        worst[part] = worst[part].max((found - expected).abs());
        bias_of_error[part] += (found - expected) / (SAMPLES / PARTS) as f64;
        power += expected * expected / SAMPLES as f64;
        mean += expected / SAMPLES as f64;
    }
    // What the output says is how it moves, not where it stands.
    let rms = (power - mean * mean).sqrt();
    let relative = worst.map(|error| error / rms);
    let shown = |values: [f64; PARTS]| values.map(|v| format!("{v:8.1e}")).join(" ");
    println!(
        "{name}: the largest error in each tenth of {SAMPLES} samples, over the output's deviation of {rms:.3}:"
    );
    println!("  {}", shown(relative));
    println!(
        "  mean error: {}",
        shown(bias_of_error.map(|error| error / rms))
    );
    let largest = relative.into_iter().fold(0.0, f64::max);
    println!("  bound: {bound:.1e}; largest {largest:.1e}");
    assert!(rms > 0.01, "{name}: the output hardly moves: {rms}");
    assert!(largest <= bound, "{name}: {largest:e} is above {bound:e}");
    let growth = relative[PARTS - 1] / relative[0];
    assert!(growth <= GROWTH, "{name}: the error grows {growth} times");
    let shift = (bias_of_error[PARTS - 1] - bias_of_error[0]).abs() / rms;
    assert!(
        shift <= bound / 20.0,
        "{name}: the error moves by {shift:e}"
    );
}

#[test]
fn a_simple_rnn_does_not_drift() {
    check(
        "simple_rnn",
        simple_rnn(UNITS, Activation::Tanh, true),
        0.006,
    );
}

#[test]
fn an_lstm_does_not_drift() {
    check("lstm", lstm(UNITS, Activation::Tanh, true), 0.006);
}

#[test]
fn a_gru_does_not_drift() {
    check("gru", gru(UNITS, Activation::Tanh, true, true), 0.006);
}
