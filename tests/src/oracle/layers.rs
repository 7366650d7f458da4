//! What each layer does to a tensor, and which input steps a place of a window over time meets.
use std::vec;
use std::vec::Vec;

use dunlin::format::graph::{
    Conv1dSpec, GroupedConv1dSpec, LayerSpec, Padding, Pool1dSpec, Pooling,
};

use super::{Parts, Rules, State, Tensor};

/// The layer's output from the tensors before it, of which the last is its input; the state of a recurrent layer is carried
/// on.
pub(super) fn layer<R: Rules>(
    spec: &LayerSpec,
    Parts {
        matrices,
        norm,
        rows,
    }: &Parts<R>,
    (cell, hidden): &mut State<R>,
    tensors: &[Tensor<R::Value>],
) -> Tensor<R::Value> {
    let x = &tensors[tensors.len() - 1];
    match spec {
        LayerSpec::Dense(spec) => x
            .iter()
            .map(|step| {
                let inputs = numbered(step);
                let units = 0..usize::from(spec.units);
                let row = |unit| R::row(&matrices[0], unit, &inputs, &spec.output);
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
                    .map(|filter| R::row(&matrices[0], filter, &inputs, &spec.output))
                    .collect()
            })
            .collect(),
        LayerSpec::MaxPool1d(spec) => pools::<R>(Pooling::Max, &pool_places(spec, x.len()), x),
        LayerSpec::AveragePool1d(spec) => {
            pools::<R>(Pooling::Average, &pool_places(spec, x.len()), x)
        }
        LayerSpec::GlobalPool1d(pooling) => {
            let all = (0..x.len()).map(|step| (step, step)).collect();
            pools::<R>(*pooling, &vec![all], x)
        }
        LayerSpec::Flatten => vec![x.concat()],
        LayerSpec::Lstm(spec) => unrolled(spec.return_sequences, x, |step| {
            let inputs = joined(step, hidden);
            let unit = |(unit, cell)| R::unit(&matrices[0], unit, &inputs, spec, cell);
            *hidden = cell.iter_mut().enumerate().map(unit).collect();
            hidden.clone()
        }),
        LayerSpec::SimpleRnn(spec) => unrolled(spec.return_sequences, x, |step| {
            let inputs = joined(step, hidden);
            let row = |unit| R::row(&matrices[0], unit, &inputs, &spec.output);
            *hidden = (0..usize::from(spec.units)).map(row).collect();
            hidden.clone()
        }),
        LayerSpec::Gru(spec) => unrolled(spec.return_sequences, x, |step| {
            let matrices = [&matrices[0], &matrices[1]];
            *hidden = R::gru(matrices, spec, &numbered(step), hidden, cell);
            hidden.clone()
        }),
        LayerSpec::LstmGated(spec) => unrolled(spec.lstm.return_sequences, x, |step| {
            let inputs = joined(step, hidden);
            let unit = |(unit, cell)| R::gated_unit(&matrices[0], unit, &inputs, spec, cell);
            *hidden = cell.iter_mut().enumerate().map(unit).collect();
            hidden.clone()
        }),
        LayerSpec::GruGated(spec) => unrolled(spec.gru.return_sequences, x, |step| {
            let matrices = [&matrices[0], &matrices[1]];
            *hidden = R::gated_gru(matrices, spec, &numbered(step), hidden, cell);
            hidden.clone()
        }),
        LayerSpec::SimpleRnnNorm(spec) => unrolled(spec.rnn.return_sequences, x, |step| {
            let inputs = joined(step, hidden);
            let row = |unit| R::row(&matrices[0], unit, &inputs, &spec.rnn.output);
            let sums: Vec<_> = (0..usize::from(spec.rnn.units)).map(row).collect();
            *hidden = R::normalized(norm.as_ref().unwrap(), &spec.norm, &sums);
            hidden.clone()
        }),
        LayerSpec::GroupedConv1d(spec) => grouped::<R>(spec, &matrices[0], x),
        LayerSpec::Input(tensor) => tensors[usize::from(*tensor)].clone(),
        LayerSpec::Reverse => x.iter().rev().cloned().collect(),
        LayerSpec::ZeroPadding1d(spec) => {
            let zeros = |count: u16| vec![vec![R::ZERO; x[0].len()]; count.into()];
            [zeros(spec.before), x.clone(), zeros(spec.after)].concat()
        }
        LayerSpec::UpSampling1d(size) => x
            .iter()
            .flat_map(|step| vec![step.clone(); (*size).into()])
            .collect(),
        LayerSpec::Concatenate(spec) => merged(&tensors[usize::from(spec.with)], x, |with, x| {
            let with = with.iter().map(|&value| R::concatenated(spec, 0, value));
            with.chain(x.iter().map(|&value| R::concatenated(spec, 1, value)))
                .collect()
        }),
        LayerSpec::Add(spec) => merged(&tensors[usize::from(spec.with)], x, |with, x| {
            let both = with.iter().zip(x);
            both.map(|(&with, &x)| R::sum(spec, with, x)).collect()
        }),
        LayerSpec::Multiply(spec) => merged(&tensors[usize::from(spec.with)], x, |with, x| {
            let both = with.iter().zip(x);
            both.map(|(&with, &x)| R::product(spec, with, x)).collect()
        }),
        LayerSpec::Activation(spec) => x
            .iter()
            .map(|step| {
                let values: Vec<_> = step.iter().map(|&x| R::activation(spec, x)).collect();
                R::softmax(&values, &spec.output)
            })
            .collect(),
        LayerSpec::LayerNorm(spec) => x
            .iter()
            .map(|step| R::normalized(norm.as_ref().unwrap(), spec, step))
            .collect(),
        LayerSpec::Embedding(_) => x
            .iter()
            .map(|step| R::embedded(rows.as_ref().unwrap(), step[0]))
            .collect(),
    }
}

/// Filter `f` meets the channels of group `f / (filters / groups)`, which have the columns of each tap in order.
fn grouped<R: Rules>(
    spec: &GroupedConv1dSpec,
    matrix: &R::Matrix,
    x: &Tensor<R::Value>,
) -> Tensor<R::Value> {
    let (groups, filters) = (usize::from(spec.groups), usize::from(spec.conv.filters));
    let each = x[0].len() / groups;
    let place = |taps: &Vec<(usize, usize)>| {
        let filter = |filter: usize| {
            let group = filter / (filters / groups);
            let mut inputs = Vec::new();
            for &(tap, step) in taps {
                for c in 0..each {
                    inputs.push((tap * each + c, x[step][group * each + c]));
                }
            }
            R::row(matrix, filter, &inputs, &spec.conv.output)
        };
        (0..filters).map(filter).collect()
    };
    conv_places(&spec.conv, x.len()).iter().map(place).collect()
}

/// Two tensors step by step.
fn merged<V>(
    with: &Tensor<V>,
    current: &Tensor<V>,
    step: impl Fn(&[V], &[V]) -> Vec<V>,
) -> Tensor<V> {
    let both = with.iter().zip(current);
    both.map(|(with, current)| step(with, current)).collect()
}

/// Each value with its column.
pub(super) fn numbered<V: Copy>(values: &[V]) -> Vec<(usize, V)> {
    values.iter().copied().enumerate().collect()
}

/// `[x; h]`, each value with its column.
fn joined<V: Copy>(x: &[V], hidden: &[V]) -> Vec<(usize, V)> {
    numbered(&[x, hidden].concat())
}

/// The hidden states after all steps, or after the last.
fn unrolled<V>(
    return_sequences: bool,
    x: &Tensor<V>,
    step: impl FnMut(&Vec<V>) -> Vec<V>,
) -> Tensor<V> {
    let mut outputs: Vec<_> = x.iter().map(step).collect();
    let first = if return_sequences { 0 } else { x.len() - 1 };
    outputs.split_off(first)
}

fn pools<R: Rules>(pooling: Pooling, places: &Places, x: &Tensor<R::Value>) -> Tensor<R::Value> {
    let largest = |values: &[R::Value]| {
        let values = values.iter().copied();
        values.reduce(|a, b| if b > a { b } else { a }).unwrap()
    };
    let place = |taps: &Vec<(usize, usize)>| {
        (0..x[0].len())
            .map(|c| {
                let values: Vec<_> = taps.iter().map(|&(_, step)| x[step][c]).collect();
                match pooling {
                    Pooling::Max => largest(&values),
                    Pooling::Average => R::mean(&values),
                }
            })
            .collect()
    };
    places.iter().map(place).collect()
}

/// `(tap, input step)` of each place; taps on padding are left out.
type Places = Vec<Vec<(usize, usize)>>;

pub(super) fn conv_places(spec: &Conv1dSpec, steps: usize) -> Places {
    places(
        spec.padding,
        [spec.kernel_size, spec.stride, spec.dilation],
        steps,
    )
}

pub(super) fn pool_places(spec: &Pool1dSpec, steps: usize) -> Places {
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
