//! A case of the bench: one layer or model with random weights, and the windows that it is given.
use dunlin::PrecisionTag;
use dunlin_trainer::config::LayerTable;
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
    /// Samples from window to window of a stream; 0 where none overlap.
    pub hop: usize,
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

    /// The float model; its name is the start of the case's.
    pub fn model(&self) -> Result<FloatModel, Failure> {
        let layers: Vec<LayerTable> = serde_json::from_value(self.layers.clone())
            .map_err(|error| Failure::new(format!("{}: {error}", self.name)))?;
        Ok(FloatModel {
            name: self.name.chars().take(32).collect(),
            mode: self.time,
            hop: self.hop,
            network: Network::from_tables(&layers, self.steps, self.channels, 42)?,
            input_scales: Vec::new(),
            output_scales: Vec::new(),
        })
    }

    /// The model file.
    pub fn file(&self) -> Result<Runner, Failure> {
        let model = self.model()?;
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

    /// What the model is given, a run at a time. Of integer streams there are several, so that each place of a stream sees
    /// random, extreme and zero samples.
    pub fn inputs(&self) -> Vec<Activations> {
        match (self.mode, self.windows()) {
            (Mode::Push, Activations::W8A16(values)) => (0..values.len() / self.window())
                .step_by(2)
                .map(|first| {
                    let mut turned = values.clone();
                    turned.rotate_left(first * self.window());
                    Activations::W8A16(turned)
                })
                .collect(),
            (Mode::Run | Mode::Push, windows) => vec![windows],
        }
    }

    /// Random windows and, of integers, the extreme ones.
    fn windows(&self) -> Activations {
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

/// How the counts of a case depend on the data, given those of every call for each of its inputs; `None` if they do not.
///
/// All windows take the same number of instructions. The samples of a stream do not, but the same sample of every stream does.
pub fn uneven(mode: Mode, counts: &[&[u32]]) -> Option<String> {
    let first = *counts.first()?;
    let differing = match mode {
        Mode::Run => counts
            .iter()
            .copied()
            .flatten()
            .enumerate()
            .find_map(|(call, &count)| {
                let expected = *first.first()?;
                (count != expected).then_some((call, expected, count))
            }),
        Mode::Push => counts.iter().find_map(|stream| {
            let pairs = first.iter().zip(*stream).enumerate();
            let mut differing = pairs.filter(|(_, (expected, count))| expected != count);
            differing
                .next()
                .map(|(call, (&expected, &count))| (call, expected, count))
        }),
    };
    let (call, expected, count) = differing?;
    let what = match mode {
        Mode::Run => "window",
        Mode::Push => "sample",
    };
    Some(format!(
        "the count depends on the data: {what} {call} takes {count} instructions, not {expected}"
    ))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_compared_with_each_other_and_samples_across_streams() {
        assert_eq!(uneven(Mode::Run, &[&[5, 5, 5]]), None);
        let sentence = uneven(Mode::Run, &[&[5, 5, 6]]).unwrap();
        assert!(sentence.contains("window 2 takes 6"), "{sentence}");
        assert_eq!(uneven(Mode::Push, &[&[5, 9, 5], &[5, 9, 5]]), None);
        let streams: [&[u32]; 3] = [&[5, 9, 5], &[5, 9, 5], &[5, 8, 5]];
        let sentence = uneven(Mode::Push, &streams).unwrap();
        assert!(sentence.contains("sample 1 takes 8"), "{sentence}");
    }

    #[test]
    fn each_place_of_a_stream_sees_other_samples() {
        let cases = super::super::cases::all();
        let push = cases.iter().find(|case| case.mode == Mode::Push).unwrap();
        let inputs = push.inputs();
        assert!(inputs.len() > 1);
        for (i, input) in inputs.iter().enumerate() {
            assert_eq!(input.len(), inputs[0].len());
            assert!(inputs[..i].iter().all(|other| other != input));
        }
    }
}
