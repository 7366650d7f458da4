//! Activations in and out give what values in and out give, without the scales.
use std::vec::Vec;

use dunlin::format::MAX_LAYERS;
use dunlin::{Model, Precision, Session};

/// Compares `run_raw` and `push_raw` with `run` and `push` over the whole windows of `samples`; gives the outputs that were
/// due in the stream.
///
/// # Panics
/// When a bit differs, or an output is due in one of both.
pub fn raw<P: Precision>(
    model: &Model<'_, P, MAX_LAYERS>,
    session: &mut Session<'_, '_, P>,
    samples: &[f32],
) -> usize {
    let (shape, outputs) = (model.input_shape(), model.output_shape());
    let channels = shape.channels as usize;
    let activations: Vec<P::Activation> = samples
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
            P::dequantize(activation, scale, offset)
        });
        let from_raw: Vec<u32> = from_raw.map(f32::to_bits).collect();
        let values: Vec<u32> = values.iter().map(|value| value.to_bits()).collect();
        assert_eq!(values, from_raw);
    };
    let windows = samples.chunks_exact(shape.len());
    for (window, given) in windows.zip(activations.chunks_exact(shape.len())) {
        let expected = session.run(window).expect("a window").to_vec();
        same(&expected, session.run_raw(given).expect("a window"));
    }
    // A stream of values, and after it one of activations: both start anew after a window.
    let by_value: Vec<Option<Vec<f32>>> = samples
        .chunks_exact(channels)
        .map(|sample| Some(session.push(sample).expect("a sample")?.to_vec()))
        .collect();
    let window = activations.chunks_exact(shape.len()).next();
    session.run_raw(window.unwrap_or_default()).ok();
    let mut due = 0;
    for (expected, given) in by_value.iter().zip(activations.chunks_exact(channels)) {
        match (expected, session.push_raw(given).expect("a sample")) {
            (Some(expected), Some(found)) => {
                same(expected, found);
                due += 1;
            }
            (None, None) => {}
            (Some(_), None) | (None, Some(_)) => panic!("an output is due in one of both"),
        }
    }
    due
}

/// The scales of a channel: its own, those of all, or none.
fn pair(scales: &[[f32; 2]], channel: usize) -> [f32; 2] {
    let of_all = scales.first().copied().unwrap_or([1.0, 0.0]);
    scales.get(channel).copied().unwrap_or(of_all)
}
