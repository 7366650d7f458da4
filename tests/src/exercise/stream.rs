//! A stream gives the bits of its windows: for every chunking, from a reset, and when each output is due.
use std::vec;
use std::vec::Vec;

use dunlin::format::MAX_LAYERS;
use dunlin::{Mode, Model, Precision, Session};

use crate::inputs::Random;

/// Checks a stream of `samples` values against windows of it through `run`.
///
/// # Panics
/// When an output is missing, differs in a bit, or comes with another sample than it should.
pub fn streams<P: Precision>(
    model: &Model<'_, P, MAX_LAYERS>,
    session: &mut Session<'_, '_, P>,
    samples: &[f32],
) {
    let channels = model.input_shape().channels as usize;
    let expected = expected(model, session, samples);
    let found = pushed(session, samples, channels);
    for (sample, (expected, found)) in expected.iter().zip(&found).enumerate() {
        let none = Vec::new();
        let expected = match expected {
            Expected::Nothing => None,
            Expected::Bits(bits) => Some(bits),
            Expected::Something => Some(found.as_ref().unwrap_or(&none)),
        };
        match (expected, found) {
            (None, None) => {}
            (Some(expected), Some(found)) => same(expected, found, "a stream"),
            (expected, found) => panic!("sample {sample}: {expected:?} is due, came {found:?}"),
        }
    }
    let whole: Vec<f32> = found.into_iter().flatten().flatten().collect();
    let mut random = Random::new();
    for _ in 0..2 {
        session.reset();
        let mut chunked = Vec::new();
        let mut rest = samples;
        while !rest.is_empty() {
            let most = 2 * model.input_shape().steps as usize + 1;
            let len = (1 + random.bits() as usize % most) * channels;
            let (chunk, left) = rest.split_at(len.min(rest.len()));
            let take = |output: &[f32]| chunked.extend_from_slice(output);
            session.push_chunk(chunk, take).expect("whole samples");
            rest = left;
        }
        same(&whole, &chunked, "a stream in chunks");
    }
}

/// What each sample of a new stream gives.
fn pushed<P: Precision>(
    session: &mut Session<'_, '_, P>,
    samples: &[f32],
    channels: usize,
) -> Vec<Option<Vec<f32>>> {
    session.reset();
    samples
        .chunks_exact(channels)
        .map(|sample| {
            let output = session.push(sample).expect("a whole sample");
            output.map(<[f32]>::to_vec)
        })
        .collect()
}

/// The start of a window with zeros behind it, and the output of that.
fn run_padded<P: Precision>(
    session: &mut Session<'_, '_, P>,
    start: &[f32],
    len: usize,
) -> (Vec<f32>, Vec<f32>) {
    let mut window = start.to_vec();
    window.resize(len, 0.0);
    let output = session.run(&window).expect("a whole window").to_vec();
    (window, output)
}

/// What is due with a sample.
#[derive(Debug, Clone, PartialEq)]
enum Expected {
    Nothing,
    Bits(Vec<f32>),
    /// An output that no window of the model's length has: an endless stream beyond its first window.
    Something,
}

/// What each sample makes due, from windows alone.
fn expected<P: Precision>(
    model: &Model<'_, P, MAX_LAYERS>,
    session: &mut Session<'_, '_, P>,
    samples: &[f32],
) -> Vec<Expected> {
    let shape = model.input_shape();
    let (steps, channels) = (shape.steps as usize, shape.channels as usize);
    let count = samples.len() / channels;
    let mut due = vec![Expected::Nothing; count];
    if model.header().mode == Mode::Continuous {
        return endless(model, session, samples);
    }
    let hop = model.header().window_hop() as usize;
    let mut start = 0;
    while start + steps <= count {
        let window = &samples[start * channels..(start + steps) * channels];
        let whole = session.run(window).expect("a whole window").to_vec();
        if model.gives_steps() {
            by_step(model, session, window, &whole, &mut due[start..]);
        } else {
            due[start + steps - 1] = Expected::Bits(whole);
        }
        start += hop;
    }
    // The last window is not complete; its steps come all the same.
    if model.gives_steps() && start < count {
        let rest = &samples[start * channels..];
        let (padded, whole) = run_padded(session, rest, steps * channels);
        by_step(model, session, &padded, &whole, &mut due[start..]);
    }
    due
}

/// Which steps of a window's output are there after each of its samples: those that another future does not change.
fn by_step<P: Precision>(
    model: &Model<'_, P, MAX_LAYERS>,
    session: &mut Session<'_, '_, P>,
    window: &[f32],
    whole: &[f32],
    due: &mut [Expected],
) {
    let channels = model.input_shape().channels as usize;
    let width = model.output_shape().channels as usize;
    let (mut given, mut pushed) = (0, 0);
    session.reset();
    for (sample, due) in window.chunks_exact(channels).zip(due) {
        pushed += sample.len();
        // The stream itself says how many; the windows say which bits, and that all come.
        let Some(output) = session.push(sample).expect("a whole sample") else {
            continue;
        };
        assert!(output.len().is_multiple_of(width), "whole steps");
        *due = Expected::Bits(whole[given..given + output.len()].to_vec());
        given += output.len();
    }
    assert!(
        given == whole.len() || pushed < window.len(),
        "all steps come"
    );
}

fn endless<P: Precision>(
    model: &Model<'_, P, MAX_LAYERS>,
    session: &mut Session<'_, '_, P>,
    samples: &[f32],
) -> Vec<Expected> {
    let shape = model.input_shape();
    let (steps, channels) = (shape.steps as usize, shape.channels as usize);
    let count = samples.len() / channels;
    let first = &samples[..(steps * channels).min(samples.len())];
    let shortest = model.shortest_window() as usize;
    let sequence = model.output_shape().steps > 1;
    let mut due = vec![Expected::Nothing; count];
    let whole = run_padded(session, first, steps * channels).1;
    let outputs = pushed(session, samples, channels);
    let mut given = 0;
    for (sample, (due, output)) in due.iter_mut().zip(outputs).enumerate() {
        let Some(output) = output else {
            continue;
        };
        *due = if sample >= steps {
            Expected::Something
        } else if sequence {
            let end = (given + output.len()).min(whole.len());
            Expected::Bits(whole[given..end].to_vec())
        } else if sample + 1 >= shortest {
            let prefix = &samples[..(sample + 1) * channels];
            Expected::Bits(session.run(prefix).expect("a shorter window").to_vec())
        } else {
            Expected::Something
        };
        given += output.len();
    }
    if sequence && count >= steps {
        assert!(given >= whole.len(), "all steps of the first window come");
    }
    due
}

/// The same bits; which NaN it is, is not promised.
pub fn same(expected: &[f32], found: &[f32], what: &str) {
    let pairs = expected.iter().zip(found);
    let equal = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    assert!(
        expected.len() == found.len() && pairs.into_iter().all(equal),
        "{what} gives {found:?}, the window {expected:?}"
    );
}
