//! The oracle: outputs of a model file by the shortest reading of the format's documentation.
//!
//! It shares no arithmetic with the runtime: it decodes the message with postcard in one go, keeps tensors as vectors
//! of vectors, finds the taps of a window by trying every one, and computes in `i64` and `f64` where the rules are
//! of integers. Speed is no concern. It believes the file, so it is for golden files only: it panics on others.
use std::string::String;
use std::vec;
use std::vec::Vec;

use dunlin::Mode;
use dunlin::format::graph::{
    GroupedConv1dSpec, GruGatedSpec, LayerSpec, LstmGatedSpec, Prefix, SimpleRnnNormSpec, Suffix,
};

use crate::golden::WINDOWS;
use crate::inputs::Random;

mod cells;
mod float;
mod integer;
mod layers;
mod norm;
mod reader;
mod rules;
mod tables;

pub use float::Float;
pub use integer::Integer;
use layers::{conv_places, layer, pool_places};
use reader::Reader;
pub use rules::Rules;
pub use tables::{logistic_tail, normal_tail, power_of_two, rescale, sigmoid, tanh};

/// `[steps][channels]`.
pub type Tensor<V> = Vec<Vec<V>>;

/// Cell and hidden state of a recurrent layer: an LSTM's cell, a GRU's hidden state with all its bits.
type State<R> = (Vec<<R as Rules>::Cell>, Vec<<R as Rules>::Value>);

/// A decoded model with the state of its recurrent layers.
pub struct Oracle<R: Rules> {
    pub mode: Mode,
    /// 0: the window's length.
    pub hop: usize,
    pub window: usize,
    pub channels: usize,
    input_scales: Vec<[f32; 2]>,
    output_scales: Vec<[f32; 2]>,
    layers: Vec<(LayerSpec, Parts<R>)>,
    /// One a layer, empty where it keeps none.
    states: Vec<State<R>>,
}

/// The weights of a layer.
pub struct Parts<R: Rules> {
    /// None, one, or a GRU's two.
    matrices: Vec<R::Matrix>,
    norm: Option<R::Norm>,
    rows: Option<R::Rows>,
}

impl<R: Rules> Parts<R> {
    fn of(matrices: Vec<R::Matrix>) -> Self {
        Self {
            matrices,
            norm: None,
            rows: None,
        }
    }
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
        assert_eq!(file[18], 0, "the oracle reads weights in rows");
        let (prefix, specs, suffix): Message = postcard::from_bytes(&file[48..]).unwrap();
        let mut reader = Reader::new(suffix.weights);
        let (window, channels) = (field(28), field(32));
        let input_scales = reader.pairs(prefix.input_scales.into());
        // The shape of every tensor; the last is the current one.
        let mut shapes = vec![(window, channels)];
        let mut layers = Vec::new();
        for spec in specs {
            let parts = parts::<R>(&spec, &mut reader, shapes[shapes.len() - 1].1);
            shapes.push(shape(&spec, &shapes));
            layers.push((spec, parts));
        }
        let (steps, width) = shapes[shapes.len() - 1];
        let output_scales = reader.pairs(prefix.output_scales.into());
        assert!(reader.is_empty());
        assert_eq!((steps, width), (field(36), field(40)));
        let mut oracle = Self {
            mode: [Mode::Windowed, Mode::Continuous][usize::from(file[17])],
            hop: u32::from_le_bytes([file[44], file[45], file[46], file[47]]) as usize,
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
                LayerSpec::LstmGated(spec) => (spec.lstm.units, spec.lstm.units),
                LayerSpec::GruGated(spec) => (spec.gru.units, spec.gru.units),
                LayerSpec::SimpleRnn(spec) => (0, spec.units),
                LayerSpec::SimpleRnnNorm(spec) => (0, spec.rnn.units),
                LayerSpec::Dense(_)
                | LayerSpec::Conv1d(_)
                | LayerSpec::MaxPool1d(_)
                | LayerSpec::AveragePool1d(_)
                | LayerSpec::GlobalPool1d(_)
                | LayerSpec::Flatten
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
                | LayerSpec::Embedding(_) => (0, 0),
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
        let input: Tensor<R::Value> = input
            .chunks(self.channels)
            .map(|sample| {
                let channels = sample.iter().enumerate();
                channels
                    .map(|(c, &x)| R::quantize(x, pair(&self.input_scales, c)))
                    .collect()
            })
            .collect();
        let mut tensors = vec![input];
        for ((spec, parts), state) in self.layers.iter().zip(&mut self.states) {
            tensors.push(layer::<R>(spec, parts, state, &tensors));
        }
        let values = tensors[tensors.len() - 1]
            .iter()
            .flat_map(|step| step.iter().enumerate());
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
        if (1..self.window).contains(&self.hop) {
            let starts = (0..).step_by(self.hop * self.channels);
            let windows = starts.map_while(|start| stream.get(start..start + len));
            calls.extend(windows.map(|window| self.run(window)));
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

/// Takes a layer's weights; `width` are the channels of its input.
fn parts<R: Rules>(spec: &LayerSpec, reader: &mut Reader<'_>, width: usize) -> Parts<R> {
    let mut take = |rows, columns| R::matrix(reader, rows, columns);
    match *spec {
        LayerSpec::Dense(spec) => Parts::of(vec![take(spec.units.into(), width)]),
        LayerSpec::Conv1d(spec) => {
            let columns = usize::from(spec.kernel_size) * width;
            Parts::of(vec![take(spec.filters.into(), columns)])
        }
        LayerSpec::GroupedConv1d(spec) => {
            let columns = usize::from(spec.conv.kernel_size) * width / usize::from(spec.groups);
            Parts::of(vec![take(spec.conv.filters.into(), columns)])
        }
        LayerSpec::Lstm(spec) | LayerSpec::LstmGated(LstmGatedSpec { lstm: spec, .. }) => {
            let units = usize::from(spec.units);
            Parts::of(vec![take(4 * units, width + units)])
        }
        LayerSpec::SimpleRnn(spec) => {
            let units = usize::from(spec.units);
            Parts::of(vec![take(units, width + units)])
        }
        LayerSpec::SimpleRnnNorm(SimpleRnnNormSpec { rnn, .. }) => {
            let units = usize::from(rnn.units);
            let matrices = vec![take(units, width + units)];
            Parts {
                norm: Some(R::norm(reader, units)),
                ..Parts::of(matrices)
            }
        }
        LayerSpec::Gru(spec) | LayerSpec::GruGated(GruGatedSpec { gru: spec, .. }) => {
            let units = usize::from(spec.units);
            Parts::of(vec![take(3 * units, width), take(3 * units, units)])
        }
        LayerSpec::LayerNorm(_) => Parts {
            norm: Some(R::norm(reader, width)),
            ..Parts::of(Vec::new())
        },
        LayerSpec::Embedding(spec) => Parts {
            rows: Some(R::rows(reader, spec.vocabulary.into(), spec.units.into())),
            ..Parts::of(Vec::new())
        },
        LayerSpec::MaxPool1d(_)
        | LayerSpec::AveragePool1d(_)
        | LayerSpec::GlobalPool1d(_)
        | LayerSpec::Flatten
        | LayerSpec::Input(_)
        | LayerSpec::Reverse
        | LayerSpec::ZeroPadding1d(_)
        | LayerSpec::UpSampling1d(_)
        | LayerSpec::Concatenate(_)
        | LayerSpec::Add(_)
        | LayerSpec::Multiply(_)
        | LayerSpec::Activation(_) => Parts::of(Vec::new()),
    }
}

/// Steps and channels of a layer's output.
fn shape(spec: &LayerSpec, shapes: &[(usize, usize)]) -> (usize, usize) {
    let (steps, width) = shapes[shapes.len() - 1];
    let recurrent = |return_sequences: bool, units: u16| {
        (if return_sequences { steps } else { 1 }, units.into())
    };
    match *spec {
        LayerSpec::Dense(spec) => (steps, spec.units.into()),
        LayerSpec::Conv1d(conv) | LayerSpec::GroupedConv1d(GroupedConv1dSpec { conv, .. }) => {
            (conv_places(&conv, steps).len(), conv.filters.into())
        }
        LayerSpec::MaxPool1d(spec) | LayerSpec::AveragePool1d(spec) => {
            (pool_places(&spec, steps).len(), width)
        }
        LayerSpec::GlobalPool1d(_) => (1, width),
        LayerSpec::Flatten => (1, steps * width),
        LayerSpec::Lstm(spec) | LayerSpec::LstmGated(LstmGatedSpec { lstm: spec, .. }) => {
            recurrent(spec.return_sequences, spec.units)
        }
        LayerSpec::SimpleRnn(spec)
        | LayerSpec::SimpleRnnNorm(SimpleRnnNormSpec { rnn: spec, .. }) => {
            recurrent(spec.return_sequences, spec.units)
        }
        LayerSpec::Gru(spec) | LayerSpec::GruGated(GruGatedSpec { gru: spec, .. }) => {
            recurrent(spec.return_sequences, spec.units)
        }
        LayerSpec::Embedding(spec) => (steps, spec.units.into()),
        LayerSpec::ZeroPadding1d(spec) => {
            let padding = usize::from(spec.before) + usize::from(spec.after);
            (steps + padding, width)
        }
        LayerSpec::UpSampling1d(size) => (steps * usize::from(size), width),
        LayerSpec::Input(tensor) => shapes[usize::from(tensor)],
        LayerSpec::Concatenate(spec) => (steps, shapes[usize::from(spec.with)].1 + width),
        LayerSpec::Reverse
        | LayerSpec::Add(_)
        | LayerSpec::Multiply(_)
        | LayerSpec::Activation(_)
        | LayerSpec::LayerNorm(_) => (steps, width),
    }
}

fn pair(scales: &[[f32; 2]], channel: usize) -> [f32; 2] {
    match scales {
        [] => [1.0, 0.0],
        [all] => *all,
        each => each[channel],
    }
}
