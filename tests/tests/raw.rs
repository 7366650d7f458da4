//! Activations in and out: `run_raw` and `push_raw` give what `run` and `push` give, without the scales.
use conformance::exercise::raw;
use conformance::golden::{GOLDENS, Golden, WINDOWS};
use conformance::inputs::Random;
use dunlin::format::MAX_LAYERS;
use dunlin::format::graph::{Activation, LayerSpec, MergeSpec, OutputSpec};
use dunlin::format::write::{AlignedBytes, ModelFile, Weights};
use dunlin::{F32, InputLength, Mode, Model, Precision, PrecisionTag, Session, W8A16};

#[test]
fn activations_give_the_bits_of_values() {
    for golden in &GOLDENS {
        match golden.precision().expect("a header") {
            PrecisionTag::F32 => check::<F32>(golden),
            PrecisionTag::W8A16 => check::<W8A16>(golden),
        }
    }
}

fn check<P: Precision>(golden: &Golden) {
    let name = golden.name;
    let model = Model::<P, MAX_LAYERS>::from_bytes(golden.file).expect("loads");
    let shape = model.input_shape();
    let mut arena = AlignedBytes::zeroed(model.arena_bytes());
    let mut session = Session::new(&model, &mut arena).expect("an arena");
    let mut values = vec![0.0; WINDOWS * shape.len()];
    Random::new().fill(&mut values);
    assert!(raw(&model, &mut session, &values) > 0, "{name}");
    let short = |expected| InputLength { expected, given: 0 };
    let refused = session.run_raw(&[]).err();
    assert_eq!(refused, Some(short(shape.len() as u32)), "{name}");
    let refused = session.push_raw(&[]).err();
    assert_eq!(refused, Some(short(shape.channels)), "{name}");
}

/// Layers that read the window where the caller has it: once more, twice, or as the output itself.
#[test]
fn the_window_is_read_in_place() {
    let output = OutputSpec {
        activation: Activation::Linear,
        min: 0,
        max: 0,
        softmax_bits: 0,
    };
    let add = |with| {
        LayerSpec::Add(MergeSpec {
            with,
            multipliers: [0, 0],
            shift: 0,
            output,
        })
    };
    let graphs: [(&[LayerSpec], [f32; 2]); 4] = [
        (&[LayerSpec::Flatten], [1.0, 2.0]),
        (&[add(0)], [2.0, 4.0]),
        (&[LayerSpec::Reverse, add(0)], [3.0, 3.0]),
        (
            &[LayerSpec::Reverse, LayerSpec::Input(0), add(1)],
            [3.0, 3.0],
        ),
    ];
    for (layers, expected) in graphs {
        let weights = Weights::new();
        let file = ModelFile {
            name: "in place",
            states_features: false,
            precision: PrecisionTag::F32,
            mode: Mode::Windowed,
            hop: 0,
            window: 2,
            input_channels: 1,
            input_scales: &[],
            layers,
            weights: &weights,
            output_scales: &[],
        };
        let bytes = AlignedBytes::new(&file.to_bytes().expect("writes"));
        let model = Model::<F32, MAX_LAYERS>::from_bytes(bytes.as_slice()).expect("loads");
        let mut arena = AlignedBytes::zeroed(model.arena_bytes());
        let mut session = Session::new(&model, &mut arena).expect("an arena");
        assert_eq!(
            session.run_raw(&[1.0, 2.0]),
            Ok(&expected[..]),
            "{layers:?}"
        );
        assert!(raw(&model, &mut session, &[3.0, 5.0, 7.0, 9.0]) >= 2);
    }
}
