//! The golden models and the bits of their outputs.
//!
//! `golden/v1/NAME.bits` holds bits of f32 outputs in hexadecimal, one line a call: first [`WINDOWS`] windows through
//! `run`, then, for a continuous model, every sample of the same windows through `push`, and for a model
//! whose windows overlap, all its windows of the same samples. The windows follow each
//! other in the numbers of [`Random`]. `cargo run -p conformance --example golden` writes both files of a golden;
//! then it gets its place in [`GOLDENS`].
use dunlin::{Arena, F32, Model, Precision, PrecisionTag, Session, W8A16};

use crate::inputs::Random;

/// The largest of a constant of every golden; a `const fn` cannot take a function.
macro_rules! largest {
    ($of:path) => {{
        let (mut largest, mut i) = (0, 0);
        while i < GOLDENS.len() {
            let one = $of(GOLDENS[i].file);
            if one > largest {
                largest = one;
            }
            i += 1;
        }
        largest
    }};
}

/// Windows with expected outputs, for each model.
pub const WINDOWS: usize = 3;
/// The most values of a window, or of a chunk of a stream.
pub const VALUES: usize = 128;
/// The most layers of a golden model: one capacity for all, so that a board holds the loader once a precision.
pub const LAYERS: usize = largest!(dunlin::layer_count);
/// The largest arena of a golden model.
pub const ARENA: usize = largest!(dunlin::arena_bytes);

/// A model file with the bits that it must give.
#[derive(Debug, Clone, Copy)]
pub struct Golden {
    pub name: &'static str,
    /// Names of the cases over this model.
    pub golden_case: &'static str,
    pub stream_case: &'static str,
    pub file: &'static [u8],
    pub bits: &'static str,
}

macro_rules! goldens {
    ($($name:literal)*) => {
        [$(Golden {
            name: $name,
            golden_case: concat!("golden ", $name),
            stream_case: concat!("stream ", $name),
            file: dunlin::include_model!(concat!("../golden/v1/", $name, ".dunlin")),
            bits: include_str!(concat!("../golden/v1/", $name, ".bits")),
        }),*]
    };
}

/// All golden models of format version 1.
pub static GOLDENS: [Golden; 64] = goldens![
    "tiny_lstm" "tiny_lstm_f32"
    "stacked_lstm" "stacked_lstm_f32"
    "conv" "conv_f32"
    "sequence_lstm" "sequence_lstm_f32"
    "sequence_dense" "sequence_dense_f32"
    "sequence_softmax" "sequence_softmax_f32"
    "pool" "pool_f32"
    "wide" "wide_f32"
    "sequence_conv" "sequence_conv_f32"
    "continuous_lstm" "continuous_lstm_f32"
    "continuous_sequence" "continuous_sequence_f32"
    "overlapping_conv" "overlapping_conv_f32"
    "overlapping_lstm" "overlapping_lstm_f32"
    "simple_rnn" "simple_rnn_f32"
    "gru" "gru_f32"
    "gru_reset_before" "gru_reset_before_f32"
    "pools" "pools_f32"
    "pools_max" "pools_max_f32"
    "continuous_gru" "continuous_gru_f32"
    "activations" "activations_f32"
    "dense_activations" "dense_activations_f32"
    "gated_conv" "gated_conv_f32"
    "depthwise" "depthwise_f32"
    "moved" "moved_f32"
    "bidirectional" "bidirectional_f32"
    "embedding" "embedding_f32"
    "lstm_gated" "lstm_gated_f32"
    "gru_gated" "gru_gated_f32"
    "lstm_gated_open" "lstm_gated_open_f32"
    "gru_gated_open" "gru_gated_open_f32"
    "simple_rnn_norm" "simple_rnn_norm_f32"
    "continuous_gated" "continuous_gated_f32"
];

impl Golden {
    /// What the header says.
    pub fn precision(&self) -> Option<PrecisionTag> {
        Some(dunlin::Header::read(self.file).ok()?.precision)
    }

    /// The expected outputs, one item a call.
    pub fn outputs(&self) -> impl Iterator<Item = Expected> {
        self.bits.lines().map(Expected)
    }
}

/// The expected bits of one call.
#[derive(Debug, Clone, Copy)]
pub struct Expected(&'static str);

impl Expected {
    /// Whether these are the outputs, and all of them.
    pub fn is(self, outputs: &[f32]) -> bool {
        self.words().eq(outputs.iter().map(|y| Some(y.to_bits())))
    }

    /// Number of outputs.
    pub fn len(self) -> usize {
        self.words().count()
    }

    /// Whether no output is expected: no call has that.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The outputs from `start` on, `count` of them.
    pub fn part_is(self, start: usize, outputs: &[f32]) -> bool {
        let words = self.words().skip(start).take(outputs.len());
        words.eq(outputs.iter().map(|y| Some(y.to_bits())))
    }

    /// A malformed word is `None` and equals no output.
    fn words(self) -> impl Iterator<Item = Option<u32>> {
        let words = self.0.split_ascii_whitespace();
        words.map(|word| u32::from_str_radix(word, 16).ok())
    }
}

/// Every golden model gives its bits.
pub fn run(report: &mut dyn FnMut(&str, bool)) {
    for golden in &GOLDENS {
        let holds = match golden.precision() {
            Some(PrecisionTag::F32) => gives_its_bits::<F32>(golden),
            Some(PrecisionTag::W8A16) => gives_its_bits::<W8A16>(golden),
            None => None,
        };
        report(golden.golden_case, holds == Some(true));
    }
}

/// `None` where the model does not load.
#[inline(never)]
fn gives_its_bits<P: Precision>(golden: &Golden) -> Option<bool> {
    // In place: a model takes much of a small stack.
    let mut model = Model::<P, LAYERS>::new();
    model.load(golden.file).ok()?;
    runs(golden, &model)
}

/// On its own, so that its buffers and those of the loader are not on a stack together.
#[inline(never)]
fn runs<P: Precision>(golden: &Golden, model: &Model<'_, P, LAYERS>) -> Option<bool> {
    let mut arena = Arena::<ARENA>::new();
    let exact = arena.as_mut().get_mut(..model.arena_bytes())?;
    let mut session = Session::new(model, exact).ok()?;
    let mut values = [0.0; VALUES];
    let window = values.get_mut(..model.input_shape().len())?;
    let mut random = Random::new();
    let mut expected = golden.outputs();
    for _ in 0..WINDOWS {
        random.fill(window);
        if !expected.next()?.is(session.run(window).ok()?) {
            return Some(false);
        }
    }
    Some(true)
}
