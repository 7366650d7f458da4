//! The oracle: outputs of a model file by the shortest reading of the format's documentation.
//!
//! It shares no arithmetic with the runtime: it decodes the message with postcard in one go, keeps tensors as vectors
//! of vectors, finds the taps of a window by trying every one, and computes in `i64` and `f64` where the rules are
//! of integers. Speed is no concern. It believes the file, so it is for golden files only: it panics on others.
use std::string::String;
use std::vec::Vec;

use dunlin::Mode;
use dunlin::format::graph::{
    Conv1dSpec, LayerSpec, LstmSpec, MaxPool1dSpec, OutputSpec, Padding, Prefix, Suffix,
};

use crate::golden::WINDOWS;
use crate::inputs::Random;

mod float;
mod integer;
mod reader;

pub use float::Float;
pub use integer::{Integer, power_of_two, rescale, sigmoid, tanh};
use reader::Reader;

/// `[steps][channels]`.
pub type Tensor<V> = Vec<Vec<V>>;

/// Cell and hidden state of an LSTM.
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
    fn quantize(x: f32, scale: [f32; 2]) -> Self::Value;
    fn dequantize(y: Self::Value, scale: [f32; 2]) -> f32;
}

/// A decoded model with the state of its LSTMs.
pub struct Oracle<R: Rules> {
    pub mode: Mode,
    pub window: usize,
    pub channels: usize,
    input_scales: Vec<[f32; 2]>,
    output_scales: Vec<[f32; 2]>,
    layers: Vec<(LayerSpec, Option<R::Matrix>)>,
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
            let matrix;
            (matrix, steps, width) = match spec {
                LayerSpec::Dense(spec) => {
                    let units = usize::from(spec.units);
                    (Some(R::matrix(&mut reader, units, width)), steps, units)
                }
                LayerSpec::Conv1d(spec) => {
                    let filters = usize::from(spec.filters);
                    let columns = usize::from(spec.kernel_size) * width;
                    let matrix = R::matrix(&mut reader, filters, columns);
                    (Some(matrix), conv_places(&spec, steps).len(), filters)
                }
                LayerSpec::MaxPool1d(spec) => (None, pool_places(&spec, steps).len(), width),
                LayerSpec::Flatten => (None, 1, steps * width),
                LayerSpec::Lstm(spec) => {
                    let units = usize::from(spec.units);
                    let matrix = R::matrix(&mut reader, 4 * units, width + units);
                    let steps = if spec.return_sequences { steps } else { 1 };
                    (Some(matrix), steps, units)
                }
            };
            layers.push((spec, matrix));
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
        let state = |spec: &LayerSpec| match spec {
            LayerSpec::Lstm(spec) => {
                let units = usize::from(spec.units);
                (
                    std::vec![R::Cell::default(); units],
                    std::vec![R::ZERO; units],
                )
            }
            LayerSpec::Dense(_)
            | LayerSpec::Conv1d(_)
            | LayerSpec::MaxPool1d(_)
            | LayerSpec::Flatten => (Vec::new(), Vec::new()),
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
        for ((spec, matrix), state) in self.layers.iter().zip(&mut self.states) {
            tensor = layer::<R>(spec, matrix.as_ref(), state, &tensor);
        }
        let values = tensor.iter().flat_map(|step| step.iter().enumerate());
        values
            .map(|(c, &y)| R::dequantize(y, pair(&self.output_scales, c)))
            .collect()
    }

    fn bits(&mut self) -> String {
        let len = self.window * self.channels;
        let mut stream = std::vec![0.0; WINDOWS * len];
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

fn layer<R: Rules>(
    spec: &LayerSpec,
    matrix: Option<&R::Matrix>,
    (cell, hidden): &mut State<R>,
    x: &Tensor<R::Value>,
) -> Tensor<R::Value> {
    match spec {
        LayerSpec::Dense(spec) => x
            .iter()
            .map(|step| {
                let inputs: Vec<_> = step.iter().copied().enumerate().collect();
                let units = 0..usize::from(spec.units);
                let row = |unit| R::row(matrix.unwrap(), unit, &inputs, &spec.output);
                R::softmax(&units.map(row).collect::<Vec<_>>(), &spec.output)
            })
            .collect(),
        LayerSpec::Conv1d(spec) => conv_places(spec, x.len())
            .iter()
            .map(|taps| {
                let inputs: Vec<_> = taps
                    .iter()
                    .flat_map(|&(tap, step)| {
                        let column = tap * x[step].len();
                        let values = x[step].iter().enumerate();
                        values.map(move |(c, &value)| (column + c, value))
                    })
                    .collect();
                (0..usize::from(spec.filters))
                    .map(|filter| R::row(matrix.unwrap(), filter, &inputs, &spec.output))
                    .collect()
            })
            .collect(),
        LayerSpec::MaxPool1d(spec) => pool_places(spec, x.len())
            .iter()
            .map(|taps| {
                (0..x[0].len())
                    .map(|c| {
                        let values = taps.iter().map(|&(_, step)| x[step][c]);
                        values.reduce(|a, b| if b > a { b } else { a }).unwrap()
                    })
                    .collect()
            })
            .collect(),
        LayerSpec::Flatten => std::vec![x.concat()],
        LayerSpec::Lstm(spec) => {
            let mut outputs = Vec::new();
            for step in x {
                let xh = step.iter().chain(hidden.iter());
                let inputs: Vec<_> = xh.copied().enumerate().collect();
                *hidden = cell
                    .iter_mut()
                    .enumerate()
                    .map(|(unit, cell)| R::unit(matrix.unwrap(), unit, &inputs, spec, cell))
                    .collect();
                outputs.push(hidden.clone());
            }
            let first = if spec.return_sequences {
                0
            } else {
                x.len() - 1
            };
            outputs.split_off(first)
        }
    }
}

/// `(tap, input step)` of each place; taps on padding are left out.
type Places = Vec<Vec<(usize, usize)>>;

fn conv_places(spec: &Conv1dSpec, steps: usize) -> Places {
    places(
        spec.padding,
        [spec.kernel_size, spec.stride, spec.dilation],
        steps,
    )
}

fn pool_places(spec: &MaxPool1dSpec, steps: usize) -> Places {
    places(spec.padding, [spec.pool_size, spec.stride, 1], steps)
}

/// The rules of Keras: `valid` has the places whose taps are all inside; `same` and `causal` have `ceil(T / stride)`
/// places, padded by what they reach past the input, half of it (rounded down) or all of it before.
fn places(padding: Padding, window: [u16; 3], steps: usize) -> Places {
    let [size, stride, dilation] = window.map(i64::from);
    let steps = steps as i64;
    let span = (size - 1) * dilation + 1;
    let (count, left) = match padding {
        Padding::Valid => {
            let inside = (0..steps).filter(|place| place * stride + span <= steps);
            (inside.count() as i64, 0)
        }
        Padding::Same => {
            let count = (0..steps).step_by(stride as usize).count() as i64;
            let reach = (count - 1) * stride + span - steps;
            (count, reach.max(0) / 2)
        }
        Padding::Causal => ((0..steps).step_by(stride as usize).count() as i64, span - 1),
    };
    let place = |place: i64| {
        let taps = (0..size).map(|tap| (tap as usize, place * stride + tap * dilation - left));
        let inside = taps.filter(|(_, step)| (0..steps).contains(step));
        inside.map(|(tap, step)| (tap, step as usize)).collect()
    };
    (0..count).map(place).collect()
}
