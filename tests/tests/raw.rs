//! Activations in and out: `run_raw` and `push_raw` give what `run` and `push` give, without the scales.
use conformance::golden::{GOLDENS, Golden, WINDOWS};
use conformance::inputs::Random;
use dunlin::format::MAX_LAYERS;
use dunlin::format::write::AlignedBytes;
use dunlin::{F32, InputLength, Model, Precision, PrecisionTag, Session, W8A16};

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
    let (shape, outputs) = (model.input_shape(), model.output_shape());
    let channels = shape.channels as usize;
    let mut arenas = [(); 2].map(|()| AlignedBytes::zeroed(model.arena_bytes()));
    let [by_value, raw] = &mut arenas;
    let mut by_value = Session::new(&model, by_value).expect("an arena");
    let mut raw = Session::new(&model, raw).expect("an arena");
    let mut values = vec![0.0; WINDOWS * shape.len()];
    Random::new().fill(&mut values);
    let activations: Vec<P::Activation> = values
        .iter()
        .enumerate()
        .map(|(i, &value)| {
            let [scale, offset] = pair(model.input_scales(), i % channels);
            P::quantize(value, scale, offset)
        })
        .collect();
    let same = |values: &[f32], raw: &[P::Activation]| {
        let from_raw = raw.iter().enumerate().map(|(i, &activation)| {
            let [scale, offset] = pair(model.output_scales(), i % outputs.channels as usize);
            P::dequantize(activation, scale, offset).to_bits()
        });
        values.iter().map(|value| value.to_bits()).eq(from_raw)
    };
    let windows = values.chunks_exact(shape.len());
    for (window, given) in windows.zip(activations.chunks_exact(shape.len())) {
        let expected = by_value.run(window).expect("a window");
        assert!(
            same(expected, raw.run_raw(given).expect("a window")),
            "{name}"
        );
    }
    let mut due = 0;
    let samples = values.chunks_exact(channels);
    for (sample, given) in samples.zip(activations.chunks_exact(channels)) {
        let expected = by_value.push(sample).expect("a sample");
        match (expected, raw.push_raw(given).expect("a sample")) {
            (Some(expected), Some(found)) => {
                assert!(same(expected, found), "{name}");
                due += 1;
            }
            (None, None) => {}
            (Some(_), None) | (None, Some(_)) => panic!("{name}: an output is due in one of both"),
        }
    }
    assert!(due > 0, "{name}");
    let short = InputLength {
        expected: shape.len() as u32,
        given: 0,
    };
    assert_eq!(raw.run_raw(&[]), Err(short), "{name}");
    let short = InputLength {
        expected: shape.channels,
        given: 0,
    };
    assert_eq!(raw.push_raw(&[]), Err(short), "{name}");
}

/// The scales of a channel: its own, those of all, or none.
fn pair(scales: &[[f32; 2]], channel: usize) -> [f32; 2] {
    let of_all = scales.first().copied().unwrap_or([1.0, 0.0]);
    scales.get(channel).copied().unwrap_or(of_all)
}
