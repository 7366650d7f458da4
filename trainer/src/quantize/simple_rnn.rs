//! SimpleRNN: one row a unit over `[x; h]`; the output is the hidden state.
use dunlin::format::graph::{LayerSpec, SimpleRnnNormSpec};
use dunlin::format::write::Weights;
use dunlin::math::table;

use super::activation::{Output, Wanted, argument, is_bounded, is_positive, spec};
use super::calibrate::LayerStatistics;
use super::joint::Joint;
use super::row::LARGEST_RESCALE;
use super::{HEADROOM, LARGEST, Overflow, Tensor, elementwise, exp2};
use crate::config::Activation;
use crate::model_file::GateRows;
use crate::model_file::spec::simple_rnn;
use crate::net::SimpleRnn;

/// Halvings of the hidden state's resolution that are tried.
const COARSER_HIDDEN: i32 = 8;

pub(super) fn quantize(
    rnn: &SimpleRnn,
    input: Tensor,
    statistics: &LayerStatistics,
    coarser: f64,
    weights: &mut Weights,
) -> Result<(LayerSpec, Tensor), Overflow> {
    let joint = Joint {
        gates: &GateRows::of_simple(rnn),
        inputs: rnn.input.channels,
        units: rnn.units,
        input,
        met: statistics.columns(),
    };
    if rnn.layer_norm {
        return normed(rnn, &joint, statistics, coarser, weights);
    }
    // The scale of the hidden state, and of the rows' results before the activation.
    let (hidden, scale) = if is_bounded(rnn.activation) {
        (exp2(-table::RESULT_BITS), argument(rnn.activation, 1.0))
    } else {
        let finest = HEADROOM * statistics.largest_output / LARGEST;
        let scales = (0..=COARSER_HIDDEN).map(|halvings| finest * exp2(halvings));
        let best = scales.min_by(|&a, &b| joint.noise(a).total_cmp(&joint.noise(b)));
        let best = best.unwrap_or(finest);
        // Finer than half an accumulator step would need a rescale above 1/2.
        let scale = best.max(joint.largest_lsb(best) * coarser / LARGEST_RESCALE * 1.000_1);
        (scale, scale)
    };
    let range = range(rnn.activation);
    joint
        .quantize(hidden, range, |_| scale, coarser)?
        .store(weights);
    let clamp = if is_bounded(rnn.activation) {
        (0, 0)
    } else {
        range
    };
    let spec = simple_rnn(rnn, spec(rnn.activation, clamp, 0));
    let tensor = Tensor {
        scale: hidden,
        range,
        producer: None,
    };
    Ok((LayerSpec::SimpleRnn(spec), tensor))
}

/// Sums at a scale of their own, which the norm takes away again.
fn normed(
    rnn: &SimpleRnn,
    joint: &Joint<'_>,
    statistics: &LayerStatistics,
    coarser: f64,
    weights: &mut Weights,
) -> Result<(LayerSpec, Tensor), Overflow> {
    let hidden = Output::new(
        rnn.activation,
        Wanted {
            index: 0,
            largest: statistics.largest_output,
            room: 1.0,
            lsb: 0.0,
        },
    );
    let tensor = Tensor {
        producer: None,
        ..hidden.tensor
    };
    let finest = HEADROOM * statistics.largest_sum() / LARGEST;
    let lsb = joint.largest_lsb(tensor.scale) * coarser;
    let sums = finest.max(lsb / LARGEST_RESCALE * 1.000_1);
    joint
        .quantize(tensor.scale, tensor.range, |_| sums, coarser)?
        .store(weights);
    let linear = spec(Activation::Linear, (i16::MIN, i16::MAX), 0);
    let parameters = [rnn.gamma.as_slice(), &rnn.beta];
    let norm = elementwise::norm(parameters, rnn.epsilon, sums, hidden, weights);
    let spec = SimpleRnnNormSpec {
        rnn: simple_rnn(rnn, linear),
        norm,
    };
    Ok((LayerSpec::SimpleRnnNorm(spec), tensor))
}

/// What the hidden state can be.
fn range(activation: Activation) -> (i16, i16) {
    if is_positive(activation) {
        (0, i16::MAX)
    } else {
        (i16::MIN, i16::MAX)
    }
}
