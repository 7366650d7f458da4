//! A valid model, or one that is nearly so, from any bytes: most dimensions small, most scales in their range.
use std::vec::Vec;

use dunlin::format::graph::LayerSpec;
use dunlin::format::write::{ModelFile, Weights};
use dunlin::{LoadError, Mode, PrecisionTag};

mod cells;
mod layers;

/// Weights of one matrix at most, so that a description of a few bytes does not fill the memory.
const LARGEST_MATRIX: usize = 1 << 16;
const MOST_LAYERS: u8 = 8;

/// The file, or what the writer has against it.
pub fn described(data: &[u8]) -> Result<Vec<u8>, LoadError> {
    let mut source = Source { data, at: 0 };
    let precision = source.pick([PrecisionTag::F32, PrecisionTag::W8A16]);
    let mode = source.pick([Mode::Windowed, Mode::Windowed, Mode::Continuous]);
    let (window, input_channels) = (source.dimension(), source.dimension());
    let hop = match (mode, source.byte()) {
        (Mode::Continuous, byte) if byte < 250 => 0,
        (Mode::Windowed | Mode::Continuous, byte) => byte % 8,
    };
    let mut model = Description {
        precision,
        source,
        layers: Vec::new(),
        weights: Weights::new(),
        shapes: Vec::from([(window.into(), input_channels.into())]),
    };
    let input_scales = model.scales();
    let count = 1 + model.source.byte() % MOST_LAYERS;
    for _ in 0..count {
        model.layer();
    }
    let output_scales = model.scales();
    ModelFile {
        name: "described",
        precision,
        mode,
        hop: hop.into(),
        window: window.into(),
        input_channels: input_channels.into(),
        input_scales: &input_scales,
        layers: &model.layers,
        weights: &model.weights,
        output_scales: &output_scales,
        states_features: false,
    }
    .to_bytes()
}

/// Bytes one after the other; from the first again when they are used up.
struct Source<'a> {
    data: &'a [u8],
    at: usize,
}

impl Source<'_> {
    fn byte(&mut self) -> u8 {
        let byte = self.data.get(self.at % self.data.len().max(1));
        self.at += 1;
        // A second pass differs from the first.
        let pass = (self.at / self.data.len().max(1)) as u8;
        byte.copied().unwrap_or_default().wrapping_add(pass)
    }

    fn word(&mut self) -> u32 {
        u32::from_le_bytes(core::array::from_fn(|_| self.byte()))
    }

    fn pick<T: Copy, const N: usize>(&mut self, values: [T; N]) -> T {
        values[usize::from(self.byte()) % N]
    }

    /// Mostly in [1, 16], sometimes anything.
    fn dimension(&mut self) -> u16 {
        let byte = self.byte();
        if byte < 252 {
            u16::from(byte % 16) + 1
        } else {
            self.word() as u16
        }
    }

    /// Whether something that should not be is wanted: once in 64.
    fn hostile(&mut self) -> bool {
        self.byte() % 64 == 63
    }
}

struct Description<'a> {
    precision: PrecisionTag,
    source: Source<'a>,
    layers: Vec<LayerSpec>,
    weights: Weights,
    /// Steps and channels of each tensor; what a refused layer leaves does not matter.
    shapes: Vec<(usize, usize)>,
}

impl Description<'_> {
    fn steps(&self) -> usize {
        self.shapes[self.shapes.len() - 1].0
    }

    fn channels(&self) -> usize {
        self.shapes[self.shapes.len() - 1].1
    }

    /// None, one for all, or one a channel; of ordinary size or any.
    fn scales(&mut self) -> Vec<[f32; 2]> {
        let count = [0, 1, self.channels().min(256)][usize::from(self.source.byte()) % 3];
        (0..count)
            .map(|_| {
                if self.source.hostile() {
                    [self.source.word(), self.source.word()].map(f32::from_bits)
                } else {
                    [self.source.word(), self.source.word()]
                        .map(|bits| bits as i32 as f32 / 65_536.0)
                }
            })
            .collect()
    }

    fn matrix(&mut self, rows: usize, columns: usize) {
        let count = rows * columns;
        if count > LARGEST_MATRIX {
            // The file is refused for its missing weights.
            return;
        }
        let source = &mut self.source;
        let hostile = source.hostile();
        match self.precision {
            PrecisionTag::F32 => {
                let float = |_| match (hostile, source.word()) {
                    (true, bits) => f32::from_bits(bits),
                    (false, bits) => bits as i32 as f32 / 1e9,
                };
                let floats: Vec<f32> = (0..count + rows).map(float).collect();
                self.weights.push(&floats);
            }
            PrecisionTag::W8A16 => {
                let lowest = if hostile { -128 } else { -127 };
                let weights: Vec<i8> = (0..count)
                    .map(|_| (source.byte() as i8).max(lowest))
                    .collect();
                let bias: Vec<i32> = (0..rows)
                    .map(|_| source.word() as i32 >> if hostile { 0 } else { 8 })
                    .collect();
                let scale: Vec<u32> = (0..rows)
                    .map(|_| match (hostile, source.word()) {
                        (true, bits) => bits,
                        (false, bits) => bits & 0x3fff_001f | 0x4000_0000,
                    })
                    .collect();
                self.weights.push(&weights);
                self.weights.push(&bias);
                self.weights.push(&scale);
            }
        }
    }

    /// Bits for a tensor that is not a matrix; none for one that is too large.
    fn words(&mut self, count: usize) -> Vec<u32> {
        let count = if count > LARGEST_MATRIX { 0 } else { count };
        (0..count).map(|_| self.source.word()).collect()
    }

    fn floats(&mut self, count: usize) {
        let words = self.words(count).into_iter();
        let floats: Vec<f32> = words.map(|bits| bits as i32 as f32 / 1e9).collect();
        self.weights.push(&floats);
    }

    /// Gamma and beta.
    fn norm(&mut self, channels: usize) {
        match self.precision {
            PrecisionTag::F32 => self.floats(2 * channels),
            PrecisionTag::W8A16 => {
                let gamma = self.words(channels).into_iter();
                let gamma: Vec<i16> = gamma.map(|bits| bits as i16).collect();
                let shift = if self.source.hostile() { 0 } else { 2 };
                let beta = self.words(channels).into_iter();
                let beta: Vec<i32> = beta.map(|bits| bits as i32 >> shift).collect();
                self.weights.push(&gamma);
                self.weights.push(&beta);
            }
        }
    }

    /// Rows of an embedding.
    fn rows(&mut self, vocabulary: usize, units: usize) {
        match self.precision {
            PrecisionTag::F32 => self.floats(vocabulary * units),
            PrecisionTag::W8A16 => {
                let lowest = if self.source.hostile() { -128 } else { -127 };
                let weights = self.words(vocabulary * units).into_iter();
                let weights: Vec<i8> = weights.map(|bits| (bits as i8).max(lowest)).collect();
                let most = if self.source.hostile() { 65_536 } else { 258 };
                let multipliers = self.words(vocabulary).into_iter();
                let multipliers: Vec<i16> =
                    multipliers.map(|bits| (bits % most + 1) as i16).collect();
                self.weights.push(&weights);
                self.weights.push(&multipliers);
            }
        }
    }
}
