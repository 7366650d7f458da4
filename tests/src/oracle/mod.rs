//! The oracle: outputs of a model file by the shortest reading of the format's documentation.
//!
//! It shares no arithmetic with the runtime: it decodes the message with postcard in one go, keeps tensors as vectors
//! of vectors, finds the taps of a window by trying every one, and computes in `i64` and `f64` where the rules are
//! of integers. Speed is no concern. It believes the file, so it is for golden files only: it panics on others.
use std::string::String;
use std::vec;
use std::vec::Vec;

use dunlin::Mode;
use dunlin::format::graph::{GruSpec, LayerSpec, LstmSpec, OutputSpec, Prefix, Suffix};

use crate::golden::WINDOWS;
use crate::inputs::Random;

mod float;
mod integer;
mod layers;
mod reader;

pub use float::Float;
pub use integer::{Integer, power_of_two, rescale, sigmoid, tanh};
use layers::{conv_places, layer, pool_places};
use reader::Reader;

/// `[steps][channels]`.
pub type Tensor<V> = Vec<Vec<V>>;

/// Cell and hidden state of a recurrent layer: an LSTM's cell, a GRU's hidden state with all its bits.
type State<R> = (Vec<<R as Rules>::Cell>, Vec<<R as Rules>::Value>);

/// The rules of a precision.
pub trait Rules {
    type Value: Copy + PartialOrd;
    type Cell: Copy + Default;
    type Matrix;
    const ZERO: Self::Value;

    /// The next matrix of the weights.
    fn matrix(reader: &mut Reader<'_>, rows: usize, columns: usize) -> Self::Matrix;
    /// A row's activations from the columns that meet an input, before a softmax.
    fn row(
        matrix: &Self::Matrix,
        row: usize,
        inputs: &[(usize, Self::Value)],
        output: &OutputSpec,
    ) -> Self::Value;
    /// Softmax over the units of a step, where the output asks for one.
    fn softmax(logits: &[Self::Value], output: &OutputSpec) -> Vec<Self::Value>;
    /// The hidden state of a unit after a step over `[x; h]`.
    fn unit(
        matrix: &Self::Matrix,
        unit: usize,
        inputs: &[(usize, Self::Value)],
        spec: &LstmSpec,
        cell: &mut Self::Cell,
    ) -> Self::Value;
    /// The hidden states of a GRU after a step over `x` and `hidden`; `wide` are the same with all their bits.
    fn gru(
        matrices: [&Self::Matrix; 2],
        spec: &GruSpec,
        x: &[(usize, Self::Value)],
        hidden: &[Self::Value],
        wide: &mut [Self::Cell],
    ) -> Vec<Self::Value>;
    /// The mean of some values.
    fn mean(values: &[Self::Value]) -> Self::Value;
    fn quantize(x: f32, scale: [f32; 2]) -> Self::Value;
    fn dequantize(y: Self::Value, scale: [f32; 2]) -> f32;
}

/// A decoded model with the state of its recurrent layers.
pub struct Oracle<R: Rules> {
    pub mode: Mode,
    pub window: usize,
    pub channels: usize,
    input_scales: Vec<[f32; 2]>,
    output_scales: Vec<[f32; 2]>,
    /// Each with its matrices: none, one, or a GRU's two.
    layers: Vec<(LayerSpec, Vec<R::Matrix>)>,
    /// One a layer, empty where it keeps none.
    states: Vec<State<R>>,
}

/// The whole message behind the header.
type Message<'m> = (Prefix<'m>, Vec<LayerSpec>, Suffix<'m>);

/// What a `.bits` file holds for a golden file; see [`crate::golden`].
pub fn bits(file: &[u8]) -> String {
    match file[16] {
        0 => Oracle::<Float>::new(file).bits(),
        1 => Oracle::<Integer>::new(file).bits(),
        other => panic!("precision {other}"),
    }
}

impl<R: Rules> Oracle<R> {
    /// Decodes a file.
    pub fn new(file: &[u8]) -> Self {
        let field = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
        let (prefix, specs, suffix): Message = postcard::from_bytes(&file[48..]).unwrap();
        let mut reader = Reader::new(suffix.weights);
        let (window, channels) = (field(28), field(32));
        let input_scales = reader.pairs(prefix.input_scales.into());
        let (mut steps, mut width) = (window, channels);
        let mut layers = Vec::new();
        for spec in specs {
            let after = |return_sequences: bool| if return_sequences { steps } else { 1 };
            let mut take = |rows, columns| R::matrix(&mut reader, rows, columns);
            let matrices;
            (matrices, steps, width) = match spec {
                LayerSpec::Dense(spec) => {
                    let units = usize::from(spec.units);
                    (vec![take(units, width)], steps, units)
                }
                LayerSpec::Conv1d(spec) => {
                    let filters = usize::from(spec.filters);
                    let matrix = take(filters, usize::from(spec.kernel_size) * width);
                    (vec![matrix], conv_places(&spec, steps).len(), filters)
                }
                LayerSpec::MaxPool1d(spec) | LayerSpec::AveragePool1d(spec) => {
                    (Vec::new(), pool_places(&spec, steps).len(), width)
                }
                LayerSpec::GlobalPool1d(_) => (Vec::new(), 1, width),
                LayerSpec::Flatten => (Vec::new(), 1, steps * width),
                LayerSpec::Lstm(spec) => {
                    let units = usize::from(spec.units);
                    let matrix = take(4 * units, width + units);
                    (vec![matrix], after(spec.return_sequences), units)
                }
                LayerSpec::SimpleRnn(spec) => {
                    let units = usize::from(spec.units);
                    let matrix = take(units, width + units);
                    (vec![matrix], after(spec.return_sequences), units)
                }
                LayerSpec::Gru(spec) => {
                    let units = usize::from(spec.units);
                    let matrices = vec![take(3 * units, width), take(3 * units, units)];
                    (matrices, after(spec.return_sequences), units)
                }
                LayerSpec::Input(_)
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
                | LayerSpec::SimpleRnnNorm(_) => panic!("no golden file has {spec:?}"),
            };
            layers.push((spec, matrices));
        }
        let output_scales = reader.pairs(prefix.output_scales.into());
        assert!(reader.is_empty());
        assert_eq!((steps, width), (field(36), field(40)));
        let mut oracle = Self {
            mode: [Mode::Windowed, Mode::Continuous][usize::from(file[17])],
            window,
            channels,
            input_scales,
            output_scales,
            layers,
            states: Vec::new(),
        };
        oracle.reset();
        oracle
    }

    /// Zeros every state.
    pub fn reset(&mut self) {
        let state = |spec: &LayerSpec| {
            let (cells, units) = match spec {
                LayerSpec::Lstm(spec) => (spec.units, spec.units),
                LayerSpec::Gru(spec) => (spec.units, spec.units),
                LayerSpec::SimpleRnn(spec) => (0, spec.units),
                LayerSpec::Dense(_)
                | LayerSpec::Conv1d(_)
                | LayerSpec::MaxPool1d(_)
                | LayerSpec::AveragePool1d(_)
                | LayerSpec::GlobalPool1d(_)
                | LayerSpec::Flatten => (0, 0),
                LayerSpec::Input(_)
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
                | LayerSpec::SimpleRnnNorm(_) => panic!("no golden file has {spec:?}"),
            };
            (
                vec![R::Cell::default(); cells.into()],
                vec![R::ZERO; units.into()],
            )
        };
        self.states = self.layers.iter().map(|(spec, _)| state(spec)).collect();
    }

    /// The output of a window, from a cleared state.
    pub fn run(&mut self, window: &[f32]) -> Vec<f32> {
        self.reset();
        self.forward(window)
    }

    /// The output of any number of steps, the state carried on.
    pub fn forward(&mut self, input: &[f32]) -> Vec<f32> {
        let mut tensor: Tensor<R::Value> = input
            .chunks(self.channels)
            .map(|sample| {
                let channels = sample.iter().enumerate();
                channels
                    .map(|(c, &x)| R::quantize(x, pair(&self.input_scales, c)))
                    .collect()
            })
            .collect();
        for ((spec, matrices), state) in self.layers.iter().zip(&mut self.states) {
            tensor = layer::<R>(spec, matrices, state, &tensor);
        }
        let values = tensor.iter().flat_map(|step| step.iter().enumerate());
        values
            .map(|(c, &y)| R::dequantize(y, pair(&self.output_scales, c)))
            .collect()
    }

    fn bits(&mut self) -> String {
        let len = self.window * self.channels;
        let mut stream = vec![0.0; WINDOWS * len];
        Random::new().fill(&mut stream);
        let mut calls: Vec<Vec<f32>> = stream.chunks(len).map(|window| self.run(window)).collect();
        if self.mode == Mode::Continuous {
            self.reset();
            calls.extend(stream.chunks(self.channels).map(|x| self.forward(x)));
        }
        let mut text = String::new();
        for call in calls {
            let words: Vec<String> = call
                .iter()
                .map(|y| std::format!("{:08x}", y.to_bits()))
                .collect();
            text += &words.join(" ");
            text.push('\n');
        }
        text
    }
}

fn pair(scales: &[[f32; 2]], channel: usize) -> [f32; 2] {
    match scales {
        [] => [1.0, 0.0],
        [all] => *all,
        each => each[channel],
    }
}
