//! Uses whatever loads from any bytes, and panics where a promise of the runtime does not hold.
//!
//! The promises: bytes load or give a typed error; after that only an input of the wrong length is refused; nothing
//! outside the stated arena is written, nothing is read that was not set; a stream gives the bits of the window.
use std::vec;
use std::vec::Vec;

use dunlin::format::MAX_LAYERS;
use dunlin::format::graph::LayerSpec;
use dunlin::format::read::Message;
use dunlin::format::write::AlignedBytes;
use dunlin::{ArenaError, F32, Header, LoadError, Model, Precision, PrecisionTag, Session, W8A16};

use crate::inputs::Random;

mod described;
mod fuzz;
mod raw;
mod stream;

pub use described::described;
pub use fuzz::{fuzz, sealed};
pub use raw::raw;
pub use stream::{same, streams};

/// What is worth the time: a file may state a valid model that takes hours to run.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub arena_bytes: usize,
    /// Multiply-accumulates and comparisons of one window, and its values.
    pub operations: u64,
}

/// Limits that every golden model keeps, however one of its bits flips.
pub const TEST: Limits = Limits {
    arena_bytes: 1 << 24,
    operations: 1 << 26,
};

/// What came of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Refused(LoadError),
    /// Loaded and ran to the end.
    Ran,
    /// Loaded, but a run is past the limits.
    TooLarge,
}

/// Loads the bytes and runs what loads.
///
/// # Panics
/// When a promise of the runtime is broken.
pub fn exercise(bytes: &[u8], limits: Limits) -> Outcome {
    let file = AlignedBytes::new(bytes);
    let file = file.as_slice();
    let float = load::<F32>(file);
    let integer = load::<W8A16>(file);
    match Header::read(file).map(|header| header.precision) {
        Err(error) => {
            assert_eq!(float.err(), Some(error));
            assert_eq!(integer.err(), Some(error));
            Outcome::Refused(error)
        }
        Ok(PrecisionTag::F32) => {
            assert!(integer.is_err(), "an f32 file loaded as integers");
            float.map_or_else(Outcome::Refused, |model| run(&model, file, limits))
        }
        Ok(PrecisionTag::W8A16) => {
            assert!(float.is_err(), "an integer file loaded as f32");
            integer.map_or_else(Outcome::Refused, |model| run(&model, file, limits))
        }
    }
}

fn load<P: Precision>(file: &[u8]) -> Result<Model<'_, P, MAX_LAYERS>, LoadError> {
    Model::from_bytes(file)
}

fn run<P: Precision>(model: &Model<'_, P, MAX_LAYERS>, file: &[u8], limits: Limits) -> Outcome {
    let needed = model.arena_bytes();
    if needed > limits.arena_bytes || operations(model, file) > limits.operations {
        return Outcome::TooLarge;
    }
    refuses_other_arenas(model);
    const BEHIND: usize = 32;
    // Neither zeros nor what a session leaves: a buffer that is read before it is set shows.
    const POISON: u8 = 0xa5;
    let mut arena = AlignedBytes::zeroed(needed + BEHIND);
    arena.as_mut().fill(POISON);
    let mut session = Session::new(model, &mut arena).expect("an arena that is large enough");
    let [ordinary, saturating, no_numbers] = windows(model.input_shape().len());
    if cfg!(miri) {
        // It looks at memory, and takes a thousand times as long: each way through that once.
        session.run(&ordinary).expect("a whole window");
        session
            .push_chunk(&ordinary, |_| {})
            .expect("whole samples");
    } else {
        calls(model, &mut session, &ordinary);
        calls(model, &mut session, &saturating);
        let output = session.run(&no_numbers).expect("a whole window");
        assert_eq!(output.len(), model.output_shape().len());
    }
    let behind = &arena.as_slice()[needed..];
    assert!(
        behind.iter().all(|&byte| byte == POISON),
        "wrote behind the arena"
    );
    Outcome::Ran
}

/// What a window costs: multiply-accumulates, comparisons of the pools, and values.
fn operations<P: Precision>(model: &Model<'_, P, MAX_LAYERS>, file: &[u8]) -> u64 {
    let message = Message::of_any(file).expect("it loaded");
    let values = model.input_shape().len() as u64;
    let mut steps = u64::from(model.input_shape().steps);
    let layers = message
        .layers()
        .zip(model.summaries())
        .map(|(spec, layer)| {
            let each = match spec {
                LayerSpec::MaxPool1d(pool) | LayerSpec::AveragePool1d(pool) => {
                    pool.pool_size.into()
                }
                LayerSpec::GlobalPool1d(_) => steps,
                LayerSpec::Dense(_)
                | LayerSpec::Conv1d(_)
                | LayerSpec::Flatten
                | LayerSpec::Lstm(_)
                | LayerSpec::SimpleRnn(_)
                | LayerSpec::Gru(_)
                | LayerSpec::Input(_)
                | LayerSpec::Reverse
                | LayerSpec::ZeroPadding1d(_)
                | LayerSpec::UpSampling1d(_)
                | LayerSpec::Concatenate(_)
                | LayerSpec::Add(_)
                | LayerSpec::Multiply(_)
                | LayerSpec::Activation(_)
                | LayerSpec::GroupedConv1d(_)
                | LayerSpec::LayerNorm(_)
                | LayerSpec::Embedding(_)
                | LayerSpec::LstmGated(_)
                | LayerSpec::GruGated(_)
                | LayerSpec::SimpleRnnNorm(_) => 1,
            };
            steps = layer.output.steps.into();
            layer.macs + each * layer.output.len() as u64
        });
    // A stream moves what it keeps, at worst with every sample.
    let moves = model.arena_bytes() as u64 * u64::from(model.input_shape().steps);
    values + layers.sum::<u64>() + moves / 4
}

fn refuses_other_arenas<P: Precision>(model: &Model<'_, P, MAX_LAYERS>) {
    let needed = model.arena_bytes();
    let mut arena = AlignedBytes::zeroed(needed + 1);
    let arena = arena.as_mut();
    let small = Session::new(model, &mut arena[..needed - 1]).err();
    assert!(matches!(small, Some(ArenaError::TooSmall { .. })));
    let misaligned = Session::new(model, &mut arena[1..]).err();
    assert!(matches!(misaligned, Some(ArenaError::Misaligned { .. })));
}

/// Ordinary values, values that saturate, and values that are no numbers.
fn windows(len: usize) -> [Vec<f32>; 3] {
    let mut random = Random::new();
    let mut ordinary = vec![0.0; len];
    random.fill(&mut ordinary);
    let mut pick = |values: [f32; 4]| {
        (0..len)
            .map(|_| values[random.bits() as usize % 4])
            .collect()
    };
    [
        ordinary,
        pick([f32::MAX, f32::MIN, 1e9, 0.0]),
        pick([f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1.0]),
    ]
}

/// A window whole, whole again, and as a stream of several.
fn calls<P: Precision>(
    model: &Model<'_, P, MAX_LAYERS>,
    session: &mut Session<'_, '_, P>,
    window: &[f32],
) {
    let (input, output) = (model.input_shape(), model.output_shape());
    let channels = input.channels as usize;
    let whole = session.run(window).expect("a whole window").to_vec();
    assert_eq!(whole.len(), output.len());
    same(
        &whole,
        session.run(window).expect("a whole window"),
        "a second run",
    );
    if model.shortest_window() == input.steps || channels > 1 {
        assert!(session.run(&window[1..]).is_err());
    }
    // Half a window more, but only a few windows where they overlap.
    let hop = model.header().window_hop();
    let more = (input.steps / 2).min(3 * hop) as usize;
    let mut several = window.repeat(2);
    several.truncate(window.len() + more * channels);
    streams(model, session, &several);
    // Half a window must not be seen by what comes next.
    session.reset();
    let half = &window[..input.steps as usize / 2 * channels];
    session.push_chunk(half, |_| {}).expect("whole samples");
    same(
        &whole,
        session.run(window).expect("a whole window"),
        "a run within a stream",
    );
}
