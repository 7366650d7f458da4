//! Losses and metrics: what a network is judged by, and the gradient of that by its outputs.
use crate::config::{Activation, Loss, Task};
use crate::data::{Split, Targets};
use crate::error::{Error, Result};
use crate::net::{Layer, Network, Node, Shape, Upstream};

/// A loss over the targets of one split.
#[derive(Debug, Clone, Copy)]
pub struct Objective<'a> {
    targets: &'a Targets,
    loss: Loss,
}

/// Sums over examples; divide by their number.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Sums {
    pub loss: f64,
    pub metric: f64,
}

impl<'a> Objective<'a> {
    /// The loss for `task` (`choice`, or the task's default) on the targets of `split`, which `network` is to meet.
    ///
    /// # Errors
    /// `Error::Input` when loss, task, targets and the network's output do not belong together.
    pub fn new(
        network: &Network,
        split: &'a Split,
        task: Task,
        choice: Option<Loss>,
    ) -> Result<Self> {
        let targets = &split.y;
        check_inputs(network, split)?;
        let loss = match task {
            Task::Regression => check_regression(network, targets, choice)?,
            Task::Classification => check_classification(network, targets, choice)?,
        };
        Ok(Self { targets, loss })
    }

    /// Name of the metric that goes with the loss.
    pub fn metric(&self) -> &'static str {
        match self.targets {
            Targets::Values { steps: 1, .. } => "mae",
            // As in the chapter: the loss is over all steps, the last one is the forecast that counts.
            Targets::Values { .. } => "last_time_step_mse",
            Targets::Labels { .. } => "accuracy",
        }
    }

    /// What `gradient` writes.
    pub fn upstream(&self) -> Upstream {
        match self.loss {
            Loss::Mse | Loss::Mae => Upstream::Outputs,
            Loss::CrossEntropy => Upstream::Logits,
        }
    }

    /// Loss and metric, summed over `examples`, whose answers are `outputs`.
    pub(crate) fn sums(&self, examples: &[usize], outputs: &[f32]) -> Sums {
        let mut sums = Sums::default();
        match self.targets {
            Targets::Values {
                steps,
                width,
                values,
            } => {
                let size = steps * width;
                for (i, y) in examples.iter().zip(outputs.chunks_exact(size)) {
                    let (mut square, mut absolute, mut last) = (0.0, 0.0, 0.0);
                    for (at, (y, target)) in y.iter().zip(&values[i * size..]).enumerate() {
                        let error = f64::from(y - target);
                        square += error * error;
                        absolute += error.abs();
                        if at >= size - width {
                            last += error * error;
                        }
                    }
                    sums.metric += match steps {
                        1 => absolute / size as f64,
                        _ => last / *width as f64,
                    };
                    sums.loss += match self.loss {
                        Loss::Mse => square,
                        Loss::Mae | Loss::CrossEntropy => absolute,
                    } / size as f64;
                }
            }
            Targets::Labels { classes, labels } => {
                for (i, y) in examples.iter().zip(outputs.chunks_exact(*classes)) {
                    let label = labels[*i] as usize;
                    // -ln p; the floor keeps the report finite when p underflows, the gradient does not need it.
                    // (Not `max`, which would lose a NaN.)
                    let p = f64::from(y[label]);
                    sums.loss -= if p < 1e-38 { 1e-38 } else { p }.ln();
                    let best =
                        (1..*classes).fold(0, |best, c| if y[c] > y[best] { c } else { best });
                    sums.metric += f64::from(u8::from(best == label));
                }
            }
        }
        sums
    }

    /// The gradient of the mean loss of a mini-batch of `batch` examples, of which `examples` are some:
    /// by the outputs or by the logits, see `upstream`.
    pub(crate) fn gradient(
        &self,
        examples: &[usize],
        outputs: &[f32],
        batch: usize,
        to: &mut Vec<f32>,
    ) {
        match self.targets {
            Targets::Values { values, .. } => {
                let size = self.targets.size();
                let scale = 1.0 / (batch * size) as f32;
                for (i, y) in examples.iter().zip(outputs.chunks_exact(size)) {
                    let errors = y.iter().zip(&values[i * size..]).map(|(y, t)| y - t);
                    match self.loss {
                        // d (y - t)^2 / dy = 2 (y - t)
                        Loss::Mse => to.extend(errors.map(|e| 2.0 * scale * e)),
                        // d |y - t| / dy = sign(y - t), and 0 at 0
                        Loss::Mae | Loss::CrossEntropy => {
                            to.extend(
                                errors.map(|e| if e == 0.0 { 0.0 } else { scale * e.signum() }),
                            );
                        }
                    }
                }
            }
            Targets::Labels { classes, labels } => {
                // d(-ln softmax(z)[label]) / dz_c = p_c - [c = label]: no logarithm, no quotient.
                let scale = 1.0 / batch as f32;
                for (i, y) in examples.iter().zip(outputs.chunks_exact(*classes)) {
                    let label = labels[*i] as usize;
                    to.extend(y.iter().enumerate().map(|(c, p)| {
                        let hit = if c == label { 1.0 } else { 0.0 };
                        scale * (p - hit)
                    }));
                }
            }
        }
    }
}

fn check_inputs(network: &Network, split: &Split) -> Result<()> {
    let x = &split.x;
    if (x.steps, x.channels) != (network.steps, network.channels) {
        return Err(Error::input(format!(
            "the windows are [{}, {}] but the network takes {}; use data of the shape the model was made for",
            x.steps,
            x.channels,
            network.input()
        )));
    }
    network.check_windows(&x.values)?;
    if split.y.size() == 0 {
        return Err(Error::input(
            "the targets have no columns; give at least one",
        ));
    }
    let targets = split.y.count();
    if targets != x.count {
        return Err(Error::input(format!(
            "there are {} windows but {targets} targets; give one target for each window",
            x.count
        )));
    }
    Ok(())
}

fn check_regression(network: &Network, targets: &Targets, choice: Option<Loss>) -> Result<Loss> {
    let Targets::Values { steps, width, .. } = targets else {
        return Err(Error::input(
            "task = \"regression\" needs values as targets but the data has class labels; use task = \
             \"classification\"",
        ));
    };
    let output = network.output();
    let answers = Shape {
        steps: *steps,
        channels: *width,
    };
    if *steps > 1 && output != answers {
        let hint = if output.steps == 1 {
            "; every layer must keep the time axis: return_sequences = true, and no flatten and no global pool"
        } else if output.steps != *steps {
            "; data.target_start and data.target_stride say which steps have targets"
        } else {
            "; give the last layer as many units (or filters) as there are targets a step"
        };
        return Err(Error::input(format!(
            "the network answers {output}, but the targets of a window are {answers}{hint}"
        )));
    }
    if output.size() != *width && *steps == 1 {
        let hint = if output.steps > 1 {
            "; end with return_sequences = false or flatten for one answer a window"
        } else {
            "; give the last layer as many units as there are targets"
        };
        return Err(Error::input(format!(
            "the network answers {output}, {} values a window, but the targets have {width}{hint}",
            output.size()
        )));
    }
    match choice.unwrap_or(Loss::Mse) {
        Loss::CrossEntropy => Err(Error::input(
            "loss = \"cross_entropy\" is for classification; use \"mse\" or \"mae\"",
        )),
        loss @ (Loss::Mse | Loss::Mae) => Ok(loss),
    }
}

fn check_classification(
    network: &Network,
    targets: &Targets,
    choice: Option<Loss>,
) -> Result<Loss> {
    let Targets::Labels { classes, labels } = targets else {
        return Err(Error::input(
            "task = \"classification\" needs class labels as targets but the data has values; use task = \
             \"regression\" or integer labels",
        ));
    };
    match choice.unwrap_or(Loss::CrossEntropy) {
        Loss::CrossEntropy => {}
        Loss::Mse | Loss::Mae => {
            return Err(Error::input(
                "classification is trained with loss = \"cross_entropy\"; \"mse\" and \"mae\" are for regression",
            ));
        }
    }
    let output = network.output();
    let place = match network.layers.last() {
        Some(Node {
            layer: Layer::Dense(dense),
            place,
            ..
        }) if dense.activation == Activation::Softmax => place,
        Some(Node { place, .. }) => {
            return Err(Error::input(format!(
                "{place}: a classifier must end with a dense layer with activation = \"softmax\", so that \
                 its outputs are probabilities wherever it runs; bare logits are not taken"
            )));
        }
        None => {
            return Err(Error::input(
                "the model has no layers; add a [[layers]] table",
            ));
        }
    };
    if output.steps != 1 || output.channels != *classes {
        return Err(Error::input(format!(
            "{place}: the network answers {output} but there are {classes} classes, so it must answer [1, \
             {classes}]; set units = {classes}, and put flatten or an lstm without return_sequences before it"
        )));
    }
    if let Some(i) = labels.iter().position(|l| *l as usize >= *classes) {
        return Err(Error::input(format!(
            "the label of example {i} is {} but there are {classes} classes, 0 to {}; correct the labels",
            labels[i],
            classes - 1
        )));
    }
    Ok(Loss::CrossEntropy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::LayerConfig;
    use crate::data::Windows;
    use crate::net::{Packing, Pass};

    fn split(y: Targets) -> Split {
        let x = Windows {
            count: 2,
            steps: 1,
            channels: 2,
            values: vec![1.0, 2.0, -3.0, 0.5],
        };
        Split { x, y }
    }

    fn network(activation: Activation) -> Network {
        let layer = LayerConfig::Dense {
            units: 3,
            activation,
            use_bias: true,
        };
        Network::new(&[layer], 1, 2, 5).expect("a network")
    }

    /// The gradient by each weight against the change of the loss itself.
    fn check(activation: Activation, y: Targets, task: Task, loss: Loss) {
        let mut network = network(activation);
        let split = split(y);
        let objective = Objective::new(&network, &split, task, Some(loss)).expect("an objective");
        let mean = |network: &Network| {
            objective
                .sums(&[0, 1], &network.forward(&split.x.values, 2))
                .loss
                / 2.0
        };
        let packing = Packing::new(&network);
        let mut pass = Pass::new(&network);
        pass.input().extend_from_slice(&split.x.values);
        pass.forward(&network, &packing, 2, None);
        pass.backward(&network, &packing, objective.upstream(), false, |y, dy| {
            objective.gradient(&[0, 1], y, 2, dy)
        });
        for (tensor, gradient) in pass.gradients.tensors().enumerate() {
            for (i, analytic) in gradient.iter().enumerate() {
                let start = network.parameters()[tensor].values[i];
                let mut at = |value: f32| {
                    network.parameters_mut()[tensor].values[i] = value;
                    mean(&network)
                };
                let numeric = (at(start + 0.01) - at(start - 0.01)) / 0.02;
                at(start);
                assert!(
                    (f64::from(*analytic) - numeric).abs() < 2e-3,
                    "{loss:?}: {analytic} {numeric}"
                );
            }
        }
    }

    #[test]
    fn gradients_follow_the_losses() {
        let values = Targets::Values {
            steps: 1,
            width: 3,
            values: vec![0.5, -1.0, 2.0, 5.0, 0.0, -7.0],
        };
        check(
            Activation::Linear,
            values.clone(),
            Task::Regression,
            Loss::Mse,
        );
        check(Activation::Linear, values, Task::Regression, Loss::Mae);
        let labels = Targets::Labels {
            classes: 3,
            labels: vec![2, 0],
        };
        check(
            Activation::Softmax,
            labels,
            Task::Classification,
            Loss::CrossEntropy,
        );
    }

    #[test]
    fn cross_entropy_survives_certainty() {
        let network = network(Activation::Softmax);
        let split = split(Targets::Labels {
            classes: 3,
            labels: vec![0, 1],
        });
        let objective =
            Objective::new(&network, &split, Task::Classification, None).expect("an objective");
        let certain = [0.0, 1.0, 0.0, 0.0, 1.0, 0.0];
        let sums = objective.sums(&[0, 1], &certain);
        assert!(
            sums.loss > 80.0 && sums.loss.is_finite() && sums.metric == 1.0,
            "{sums:?}"
        );
        let mut dy = Vec::new();
        objective.gradient(&[0, 1], &certain, 2, &mut dy);
        assert_eq!(dy, [-0.5, 0.5, 0.0, 0.0, 0.0, 0.0]);
        assert!(objective.sums(&[0], &[f32::NAN; 3]).loss.is_nan());
    }
}
