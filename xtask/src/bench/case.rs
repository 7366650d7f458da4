//! A case of the bench: one layer or model with random weights, and the windows that it is given.
use dunlin::PrecisionTag;
use dunlin_trainer::config::LayerConfig;
use dunlin_trainer::data::Windows;
use dunlin_trainer::device::{Activations, Board, Mode};
use dunlin_trainer::model_file::{FloatModel, Runner};
use dunlin_trainer::net::Network;
use dunlin_trainer::quantize::quantize;
use serde_json::Value;

use crate::step::Failure;

/// Windows for the quantizer.
const CALIBRATION: usize = 8;
/// The boards whose core has an FPU; f32 is of use there.
const WITH_FPU: [&str; 4] = ["qemu-m4", "qemu-m7", "qemu-m33", "qemu-m55"];

/// What is counted.
pub struct Case {
    pub name: &'static str,
    pub precision: PrecisionTag,
    /// How windows follow each other in a stream.
    pub time: dunlin::Mode,
    /// Whether a call is a window or a sample.
    pub mode: Mode,
    pub steps: usize,
    pub channels: usize,
    /// As in a description.
    pub layers: Value,
    /// Multiply-accumulates as others count them; otherwise the model's own count.
    pub macs: Option<u64>,
}

impl Case {
    /// Whether the bench counts it on this board.
    pub fn runs_on(&self, board: &Board) -> bool {
        match self.precision {
            PrecisionTag::F32 => WITH_FPU.contains(&board.name.as_str()),
            PrecisionTag::W8A16 => true,
        }
    }

    pub fn precision(&self) -> String {
        match self.precision {
            PrecisionTag::F32 => "f32".to_owned(),
            PrecisionTag::W8A16 => "w8a16".to_owned(),
        }
    }

    /// Whether each of its calls does the same work. The samples of a stream do not.
    pub fn is_even(&self) -> bool {
        self.mode == Mode::Run
    }

    /// The model before it is quantized.
    pub fn float(&self) -> Result<FloatModel, Failure> {
        let layers: Vec<LayerConfig> = serde_json::from_value(self.layers.clone())
            .map_err(|error| Failure::new(format!("{}: {error}", self.name)))?;
        Ok(FloatModel {
            name: self.name.to_owned(),
            mode: self.time,
            hop: 0,
            network: Network::new(&layers, self.steps, self.channels, 42)?,
            input_scales: Vec::new(),
            output_scales: Vec::new(),
        })
    }

    /// The model file.
    pub fn file(&self) -> Result<Runner, Failure> {
        let model = self.float()?;
        let bytes = match self.precision {
            PrecisionTag::F32 => model.to_bytes()?,
            PrecisionTag::W8A16 => quantize(&model, &self.calibration())?,
        };
        Ok(Runner::new(&bytes, self.name)?)
    }

    /// Multiply-accumulates of a call.
    pub fn macs(&self, file: &Runner) -> Result<u64, Failure> {
        if let Some(macs) = self.macs {
            return Ok(macs);
        }
        let summaries = file.model()?.summaries();
        let of_layers = summaries.iter().map(|layer| match self.mode {
            Mode::Run => layer.macs,
            Mode::Push => layer.stream_macs,
        });
        Ok(of_layers.sum())
    }

    fn window(&self) -> usize {
        self.steps * self.channels
    }

    /// Random windows for the quantizer.
    pub fn calibration(&self) -> Windows {
        let mut random = Random(1);
        Windows {
            count: CALIBRATION,
            steps: self.steps,
            channels: self.channels,
            values: (0..CALIBRATION * self.window())
                .map(|_| random.unit())
                .collect(),
        }
    }

    /// A random window.
    pub fn one_window(&self) -> Activations {
        let mut windows = self.windows();
        match &mut windows {
            Activations::F32(values) => values.truncate(self.window()),
            Activations::W8A16(values) => values.truncate(self.window()),
        }
        windows
    }

    /// What the model is given: random windows and, of integers, the extreme ones.
    pub fn windows(&self) -> Activations {
        let len = self.window();
        let mut random = Random(2);
        match self.precision {
            PrecisionTag::F32 => Activations::F32((0..2 * len).map(|_| random.unit()).collect()),
            PrecisionTag::W8A16 => {
                let mut values: Vec<i16> = (0..len).map(|_| random.integer()).collect();
                values.extend((0..len).map(|_| random.integer() / 64));
                values.extend([i16::MAX, i16::MIN, 0].iter().flat_map(|&x| vec![x; len]));
                values.extend((0..len).map(|i| if i % 2 == 0 { i16::MAX } else { i16::MIN }));
                Activations::W8A16(values)
            }
        }
    }
}

/// A multiplicative generator (Lehmer, modulus 2^31 - 1, multiplier 48271): the same numbers for ever.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0 * 48271 % 0x7fff_ffff;
        self.0
    }

    /// In [-1, 1].
    fn unit(&mut self) -> f32 {
        (self.next() as f64 / f64::from(0x3fff_ffff) - 1.0) as f32
    }

    /// Any 16 bits.
    fn integer(&mut self) -> i16 {
        (self.next() >> 12) as i16
    }
}
