//! What recurrent layers tell of their inside, for calibration: the traces hold the equations of the layers.
use dunlin_trainer::config::Activation;
use dunlin_trainer::data::random::Random;
use dunlin_trainer::net::{Layer, Network};

mod layers;
use layers::{dense, gru, lstm, simple_rnn};

#[test]
fn an_lstm_trace_holds_its_own_equations() {
    for activation in [Activation::Tanh, Activation::Relu] {
        let network = Network::new(&[lstm(3, activation, true)], 4, 2, 1).unwrap();
        let Layer::Lstm(lstm) = &network.layers[0].layer else {
            panic!("layer 1 is the lstm")
        };
        let x: Vec<f32> = (0..5 * 4 * 2).map(|i| (i as f32 * 0.7).sin()).collect();
        let trace = lstm.trace(&x, 5);
        // return_sequences: the hidden states are the output.
        assert_eq!(trace.hidden, network.forward(&x, 5));
        let sigmoid = |v: f32| 1.0 / (1.0 + (-v).exp());
        let squash = |v: f32| {
            if activation == Activation::Relu {
                v.max(0.0)
            } else {
                v.tanh()
            }
        };
        for place in 0..5 * 4 {
            for unit in 0..3 {
                let gate = |g: usize| trace.gates[(place * 4 + g) * 3 + unit];
                let past = match place % 4 {
                    0 => 0.0,
                    _ => trace.cells[(place - 1) * 3 + unit],
                };
                let cell = sigmoid(gate(1)) * past + sigmoid(gate(0)) * squash(gate(2));
                assert!((cell - trace.cells[place * 3 + unit]).abs() < 1e-6);
                let hidden = sigmoid(gate(3)) * squash(cell);
                assert!((hidden - trace.hidden[place * 3 + unit]).abs() < 1e-6);
            }
        }
    }
}

#[test]
fn a_simple_rnn_trace_is_its_outputs_at_every_step() {
    // Behind another layer, as calibration meets it.
    let layers = [
        dense(4, Activation::Tanh),
        simple_rnn(3, Activation::Relu, true),
    ];
    let network = Network::new(&layers, 4, 2, 1).unwrap();
    let Layer::SimpleRnn(rnn) = &network.layers[1].layer else {
        panic!("layer 2 is the simple_rnn")
    };
    let x: Vec<f32> = (0..5 * 4 * 2).map(|i| (i as f32 * 0.7).sin()).collect();
    let outputs = network.trace(&x, 5);
    assert_eq!(rnn.trace(&outputs[0], 5), outputs[1]);
    // The same where only the last step goes on.
    let mut last = rnn.clone();
    last.return_sequences = false;
    assert_eq!(last.trace(&outputs[0], 5), outputs[1]);
}

#[test]
fn a_gru_trace_holds_its_own_equations() {
    const UNITS: usize = 3;
    for reset_after in [true, false] {
        for activation in [Activation::Tanh, Activation::Relu] {
            let layers = [gru(UNITS, activation, true, reset_after)];
            let mut network = Network::new(&layers, 4, 2, 1).unwrap();
            let mut random = Random::new(3);
            for parameter in network.parameters_mut() {
                let values = parameter.values.iter_mut();
                values.for_each(|value| *value += 0.4 * (random.uniform() as f32 - 0.5));
            }
            let Layer::Gru(gru) = &network.layers[0].layer else {
                panic!("layer 1 is the gru")
            };
            let x: Vec<f32> = (0..5 * 4 * 2).map(|i| (i as f32 * 0.7).sin()).collect();
            let trace = gru.trace(&x, 5);
            // return_sequences: the hidden states are the output.
            assert_eq!(trace.hidden, network.forward(&x, 5));
            assert_eq!(trace.from_input.len(), 5 * 4 * 3 * UNITS);
            assert_eq!(trace.from_hidden.len(), 5 * 4 * 3 * UNITS);
            let sigmoid = |v: f32| 1.0 / (1.0 + (-v).exp());
            let close = |a: f32, b: f32| assert!((a - b).abs() < 1e-6, "{a} {b}");
            for place in 0..5 * 4 {
                let past: Vec<f32> = match place % 4 {
                    0 => vec![0.0; UNITS],
                    _ => trace.hidden[(place - 1) * UNITS..place * UNITS].to_vec(),
                };
                let row = |values: &[f32], column: usize| values[place * 3 * UNITS + column];
                let from_x = |column| row(&trace.from_input, column);
                let from_h = |column| row(&trace.from_hidden, column);
                let gate = |column| sigmoid(from_x(column) + from_h(column));
                for column in 0..3 * UNITS {
                    // W x + b
                    let w = gru.kernel.iter().skip(column).step_by(3 * UNITS);
                    let x = &x[place * 2..place * 2 + 2];
                    let product: f32 = x.iter().zip(w).map(|(x, w)| x * w).sum();
                    close(from_x(column), product + gru.bias[column]);
                    // U h + b, of the candidate U (r h) where the reset stands before the product
                    let before = !reset_after && column >= 2 * UNITS;
                    let u = gru.recurrent_kernel.iter().skip(column).step_by(3 * UNITS);
                    let product: f32 = past
                        .iter()
                        .zip(u)
                        .enumerate()
                        .map(|(unit, (h, u))| h * u * if before { gate(UNITS + unit) } else { 1.0 })
                        .sum();
                    let bias = gru.bias.get(3 * UNITS + column).unwrap_or(&0.0);
                    close(from_h(column), product + bias);
                }
                for (unit, past) in past.iter().enumerate() {
                    let (z, r) = (gate(unit), gate(UNITS + unit));
                    let column = 2 * UNITS + unit;
                    let r = if reset_after { r } else { 1.0 };
                    let c = from_x(column) + r * from_h(column);
                    let c = if activation == Activation::Relu {
                        c.max(0.0)
                    } else {
                        c.tanh()
                    };
                    let h = z * past + (1.0 - z) * c;
                    close(trace.hidden[place * UNITS + unit], h);
                }
            }
        }
    }
}
