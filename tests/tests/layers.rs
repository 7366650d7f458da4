//! Layers on numbers small enough to check by hand, so that neither the runtime nor the oracle is the judge.
use dunlin::format::graph::{
    Activation, GruSpec, LayerSpec, OutputSpec, Padding, Pool1dSpec, Pooling, SimpleRnnSpec,
};
use dunlin::format::write::{AlignedBytes, ModelFile, Weights};
use dunlin::math::rescale::Rescale;
use dunlin::{F32, Mode, Model, Precision, Session, W8A16};

/// The output of one layer over one window.
fn output<P: Precision>(
    layer: LayerSpec,
    weights: &Weights,
    channels: usize,
    window: &[f32],
) -> Vec<f32> {
    let file = ModelFile {
        name: "by hand",
        precision: P::TAG,
        mode: Mode::Windowed,
        hop: 0,
        window: window.len() / channels,
        input_channels: channels,
        input_scales: &[],
        layers: &[layer],
        weights,
        output_scales: &[],
        states_features: false,
    };
    let file = AlignedBytes::new(&file.to_bytes().unwrap());
    let model = Model::<P, 1>::from_bytes(file.as_slice()).unwrap();
    let mut arena = AlignedBytes::zeroed(model.arena_bytes());
    let mut session = Session::new(&model, &mut arena).unwrap();
    session.run(window).unwrap().to_vec()
}

fn mean<P: Precision>(values: &[f32]) -> f32 {
    let layer = LayerSpec::GlobalPool1d(Pooling::Average);
    output::<P>(layer, &Weights::new(), 1, values)[0]
}

#[test]
fn means_of_integers_are_the_nearest_and_halves_go_up() {
    for (values, expected) in [
        (&[7.0][..], 7.0),
        (&[-7.0], -7.0),
        (&[1.0, 2.0], 2.0),
        (&[-1.0, -2.0], -1.0),
        (&[-1.0, 0.0], 0.0),
        (&[1.0, 1.0, 2.0], 1.0),
        (&[1.0, 2.0, 2.0], 2.0),
        (&[-1.0, -1.0, -2.0], -1.0),
        (&[-1.0, -2.0, -2.0], -2.0),
        (&[0.0, 0.0, 0.0, 2.0], 1.0),
        (&[0.0, 0.0, 0.0, 1.0], 0.0),
        (&[0.0, 0.0, 0.0, -2.0], 0.0),
        (&[0.0, 0.0, 0.0, -3.0], -1.0),
        (&[32_767.0, 32_766.0], 32_767.0),
        (&[-32_768.0, -32_767.0], -32_767.0),
    ] {
        assert_eq!(mean::<W8A16>(values), expected, "{values:?}");
    }
    assert_eq!(mean::<F32>(&[1.0, 2.0, 3.0, 5.0]), 2.75);
}

#[test]
fn integer_means_of_the_longest_window_do_not_overflow() {
    for value in [-32_768.0, -1.0, 0.0, 1.0, 32_767.0] {
        assert_eq!(mean::<W8A16>(&[value; 65_535]), value);
    }
}

#[test]
fn padded_places_do_not_count() {
    let pool = |padding, pool_size, stride| Pool1dSpec {
        pool_size,
        stride,
        padding,
    };
    // Two channels, the second below zero: a padded zero would win there, or pull the mean up.
    let window = [2.0, -2.0, 4.0, -4.0, 8.0, -8.0, 16.0, -16.0, 32.0, -32.0];
    let run = |layer| {
        let float = output::<F32>(layer, &Weights::new(), 2, &window);
        let integer = output::<W8A16>(layer, &Weights::new(), 2, &window);
        assert_eq!(float, integer, "{layer:?}");
        float
    };
    // Of four taps one is before the window and two are behind it: places 0..=2, 1..=4, 3..=4.
    let same = pool(Padding::Same, 4, 2);
    assert_eq!(
        run(LayerSpec::MaxPool1d(same)),
        [8.0, -2.0, 32.0, -4.0, 32.0, -16.0]
    );
    let means = output::<F32>(LayerSpec::AveragePool1d(same), &Weights::new(), 2, &window);
    assert_eq!(means[2..], [15.0, -15.0, 24.0, -24.0]);
    assert_eq!(means[0], 14.0 / 3.0);
    let means = output::<W8A16>(LayerSpec::AveragePool1d(same), &Weights::new(), 2, &window);
    assert_eq!(means, [5.0, -5.0, 15.0, -15.0, 24.0, -24.0]);
    let valid = LayerSpec::AveragePool1d(pool(Padding::Valid, 2, 2));
    assert_eq!(run(valid), [3.0, -3.0, 12.0, -12.0]);
    let largest = LayerSpec::GlobalPool1d(Pooling::Max);
    assert_eq!(run(largest), [32.0, -2.0]);
}

/// A GRU of one unit with `z`'s and `r`'s biases as given, `Wc = 1`, `Uc = 0` and a bias of 2 beside it.
fn gru(update: f32, reset: f32, reset_after: bool, x: &[f32]) -> Vec<f32> {
    let mut weights = Weights::new();
    weights.push(&[0.0f32, 0.0, 1.0]);
    weights.push(&[update, reset, 0.0]);
    weights.push(&[0.0f32, 0.0, 0.0]);
    weights.push(&[0.0f32, 0.0, 2.0]);
    let spec = GruSpec {
        units: 1,
        activation: Activation::Relu,
        return_sequences: true,
        use_bias: true,
        reset_after,
        hidden_bits: 0,
    };
    output::<F32>(LayerSpec::Gru(spec), &weights, 1, x)
}

#[test]
fn gates_of_a_gru_do_what_their_names_say() {
    let x = [1.0, 5.0, 3.0];
    // An open update gate keeps the old state, which is zero; a shut one takes the candidate.
    assert_eq!(gru(100.0, 0.0, true, &x), [0.0; 3]);
    assert_eq!(gru(-100.0, 100.0, true, &x), [3.0, 7.0, 5.0]);
    // A shut reset gate after the product takes its bias away too; before the product it does not.
    assert_eq!(gru(-100.0, -100.0, true, &x), x);
    assert_eq!(gru(-100.0, -100.0, false, &x), [3.0, 7.0, 5.0]);
    // Half way: each step goes half the way to the candidate x.
    assert_eq!(gru(0.0, -100.0, true, &x), [0.5, 2.75, 2.875]);
    // A reset gate of one half halves the bias.
    assert_eq!(gru(-100.0, 0.0, true, &x), [2.0, 6.0, 4.0]);
}

#[test]
fn a_simple_rnn_adds_its_last_output() {
    let spec = |(min, max)| SimpleRnnSpec {
        units: 1,
        return_sequences: true,
        use_bias: true,
        output: OutputSpec {
            activation: Activation::Linear,
            min,
            max,
            softmax_bits: 0,
        },
    };
    // h' = 2 x - h + 1
    let mut weights = Weights::new();
    weights.push(&[2.0f32, -1.0]);
    weights.push(&[1.0f32]);
    let x = [1.0, 2.0, 10.0];
    let float = output::<F32>(LayerSpec::SimpleRnn(spec((0, 0))), &weights, 1, &x);
    assert_eq!(float, [3.0, 2.0, 19.0]);
    // Weights in 32nds, and what is carried on is cut off at 18.
    let mut weights = Weights::new();
    weights.push(&[64i8, -32]);
    weights.push(&[32i32]);
    weights.push(&[Rescale::new(1 << 14, 3).unwrap().0]);
    let x = [1.0, 2.0, 10.0, 20.0];
    let layer = LayerSpec::SimpleRnn(spec((-100, 18)));
    assert_eq!(
        output::<W8A16>(layer, &weights, 1, &x),
        [3.0, 2.0, 18.0, 18.0]
    );
}
