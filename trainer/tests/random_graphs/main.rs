//! Random graphs, described as in a TOML file: the trainer's forward pass against the runtime in f32, and their streams against
//! their windows.
use conformance::exercise::streams;
use conformance::inputs;
use dunlin::format::MAX_LAYERS;
use dunlin::format::write::AlignedBytes;
use dunlin::{F32, Mode, Model, Precision, Session, W8A16};
use dunlin_trainer::data::Windows;
use dunlin_trainer::error::Error;
use dunlin_trainer::model_file::{FloatModel, Runner};
use dunlin_trainer::net::Network;
use dunlin_trainer::quantize::quantize;

mod graphs;
use graphs::Graphs;

/// Graphs that are compared.
const GRAPHS: usize = 4_000;
/// Windows of each.
const COUNT: usize = 3;
/// Largest difference, relative to the largest output of the graph.
const BOUND: f64 = 1e-5;
/// Outputs below this are differences of numbers around 1, of which f32 has fewer digits.
const SMALLEST: f64 = 1e-2;

#[test]
fn the_runtime_computes_what_the_trainer_computes_for_random_graphs() {
    let mut graphs = Graphs::new(5);
    let (mut compared, mut tried, mut worst) = (0, 0, (0.0f64, String::new()));
    while compared < GRAPHS {
        tried += 1;
        assert!(tried < 100 * GRAPHS, "only {compared} of {tried} fit");
        let Some(network) = graphs.network() else {
            continue;
        };
        let (steps, channels) = (network.steps, network.channels);
        let values: Vec<f32> = (0..COUNT * steps * channels)
            .map(|_| 2.0 * graphs.random.uniform() as f32 - 1.0)
            .collect();
        let expected = network.forward(&values, COUNT);
        let model = model(network, Mode::Windowed, 0);
        let bytes = match model.to_bytes() {
            Ok(bytes) => bytes,
            Err(error) => {
                assert!(is_nothing(&error), "{error}");
                continue;
            }
        };
        let windows = Windows {
            count: COUNT,
            steps,
            channels,
            values,
        };
        let found = Runner::new(&bytes, "random")
            .expect("loads")
            .run(&windows)
            .expect("runs");
        assert_eq!(found.len(), expected.len());
        let largest = |values: &mut dyn Iterator<Item = f32>| {
            values.fold(0.0f64, |largest, y| largest.max(f64::from(y).abs()))
        };
        let scale = largest(&mut expected.iter().copied()).max(SMALLEST);
        let differences = &mut expected.iter().zip(&found).map(|(a, b)| a - b);
        let difference = largest(differences) / scale;
        assert!(difference.is_finite(), "{:?}", model.network);
        if difference > worst.0 {
            worst = (difference, format!("{:?}", model.network.layers));
        }
        compared += 1;
    }
    println!(
        "{compared} graphs of {tried}, worst {:e}, layers {:?}",
        worst.0, graphs.kinds
    );
    assert!(
        worst.0 <= BOUND,
        "f32 differs by {:e} in {:.800}",
        worst.0,
        worst.1
    );
    assert!(
        graphs.kinds.len() >= 16,
        "few kinds of layers: {:?}",
        graphs.kinds
    );
}

fn model(network: Network, mode: Mode, hop: usize) -> FloatModel {
    FloatModel {
        name: "random".to_owned(),
        mode,
        hop,
        network,
        input_scales: Vec::new(),
        output_scales: Vec::new(),
    }
}

/// A network that is its input again has no layer for a file.
fn is_nothing(error: &Error) -> bool {
    error.to_string().contains("only layers that training has")
}

/// Streams of merged branches, whose steps do not come at the same time.
#[test]
fn streams_of_random_graphs_give_the_bits_of_their_windows() {
    let mut graphs = Graphs::new(6);
    let (mut overlapping, mut apart, mut endless, mut recomputing) = (0, 0, 0, 0);
    while overlapping + apart + endless < GRAPHS {
        let Some(network) = graphs.network() else {
            continue;
        };
        let (steps, channels) = (network.steps, network.channels);
        let continuous = graphs.below(4) == 0;
        let (mode, hop) = if continuous {
            (Mode::Continuous, 0)
        } else {
            (Mode::Windowed, 1 + graphs.below(steps + 1))
        };
        let model = model(network, mode, hop);
        let float = match model.to_bytes() {
            Ok(bytes) => bytes,
            Err(error) if continuous && error.to_string().contains("where a window ends") => {
                continue;
            }
            Err(error) => {
                assert!(is_nothing(&error), "{error}");
                continue;
            }
        };
        let mut values = vec![0.0; COUNT * steps * channels];
        inputs::Random::new().fill(&mut values);
        let windows = Windows {
            count: COUNT,
            steps,
            channels,
            values,
        };
        let recomputes = stream::<F32>(&float, &windows.values, hop);
        if graphs.below(4) == 0 {
            // Of some networks the integers cannot state a parameter or a range.
            if let Ok(quantized) = quantize(&model, &windows) {
                stream::<W8A16>(&quantized, &windows.values, hop);
            }
        }
        recomputing += usize::from(recomputes);
        match mode {
            Mode::Continuous => endless += 1,
            Mode::Windowed if hop < steps => overlapping += 1,
            Mode::Windowed => apart += 1,
        }
    }
    println!(
        "{overlapping} overlapping, of them {recomputing} compute steps anew; {apart} apart, {endless} endless"
    );
    assert!(overlapping > GRAPHS / 2 && recomputing > GRAPHS / 4 && endless > GRAPHS / 20);
}

/// Whether some steps are computed anew.
fn stream<P: Precision>(file: &[u8], values: &[f32], hop: usize) -> bool {
    let file = AlignedBytes::new(file);
    let model = Model::<P, MAX_LAYERS>::from_bytes(file.as_slice()).expect("the writer loaded it");
    let shape = model.input_shape();
    let samples = shape.len() + (3 * hop + 2) * shape.channels as usize;
    let mut arena = AlignedBytes::zeroed(model.arena_bytes());
    arena.as_mut().fill(0xa5);
    let mut session = Session::new(&model, &mut arena).expect("an arena");
    streams(&model, &mut session, &values[..samples.min(values.len())]);
    model.summaries().any(|layer| layer.recomputed_steps > 0)
}
