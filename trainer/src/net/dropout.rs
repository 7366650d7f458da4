//! Dropout: in training only, drops a part `rate` of the values and scales the others by `1 / (1 - rate)`.
use super::operation::{Backward, Forward, Operation, Scratch, shapes};
use super::random::stream;
use super::shape::Shape;

#[derive(Debug, Clone, PartialEq)]
pub struct Dropout {
    /// Within `[0, 1)`.
    pub rate: f32,
    pub input: Shape,
    pub output: Shape,
}

impl Dropout {
    /// An error is the reason alone, without the layer's name.
    pub(crate) fn new(rate: f32, input: Shape) -> Result<Self, String> {
        if !(0.0..1.0).contains(&rate) {
            return Err(format!(
                "rate = {rate} is outside [0, 1); use for example 0.2"
            ));
        }
        Ok(Self {
            rate,
            input,
            output: input,
        })
    }
}

impl Operation for Dropout {
    fn name(&self) -> &'static str {
        "dropout"
    }

    shapes!();

    /// y = x m, where m is 0 for the dropped and 1 / (1 - rate) for the others; y = x when `scratch` holds no seed.
    fn forward(&self, call: Forward<'_>, scratch: &mut Scratch, y: &mut Vec<f32>) {
        let x = call.x();
        y.clear();
        let Some((seed, layer)) = scratch.dropout else {
            y.extend_from_slice(x);
            return;
        };
        let mut random = stream(seed, layer);
        let kept = 1.0 / (1.0 - self.rate);
        let rate = f64::from(self.rate);
        let mask = &mut scratch.mask;
        mask.clear();
        mask.extend((0..x.len()).map(|_| if random.uniform() < rate { 0.0 } else { kept }));
        y.extend(x.iter().zip(mask).map(|(x, m)| x * *m));
    }

    /// dx = dy m.
    fn backward(&self, step: Backward<'_>, scratch: &mut Scratch) {
        let Some(dx) = &mut step.dx[0] else { return };
        dx.clear();
        match scratch.dropout {
            Some(_) => dx.extend(step.dy.iter().zip(&scratch.mask).map(|(d, m)| d * m)),
            None => dx.extend_from_slice(step.dy),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::operation::Packs;

    #[test]
    fn training_drops_its_rate_keeps_the_mean_and_goes_back_through_the_same_mask() {
        let shape = Shape {
            steps: 10,
            channels: 1000,
        };
        let dropout = Dropout::new(0.25, shape).expect("a rate of 0.25");
        let mut scratch = Scratch::default();
        let (x, mut y) = (vec![3.0; 10_000], Vec::new());
        let packs = Packs::default();
        let call = Forward {
            packs: &packs,
            count: 1,
            inputs: &[&x],
        };
        let mut dx = [Some(Vec::new())];
        scratch.dropout = Some((1, 2));
        dropout.forward(call, &mut scratch, &mut y);
        let dropped = y.iter().filter(|v| **v == 0.0).count();
        assert!((2_300..2_700).contains(&dropped), "{dropped}");
        assert!(y.iter().all(|v| *v == 0.0 || *v == 4.0));
        let step = Backward {
            packs: &packs,
            count: 1,
            inputs: &[&x],
            y: &y,
            dy: &mut x.clone(),
            dy_is_dz: false,
            dx: &mut dx,
            gradients: &mut [],
        };
        dropout.backward(step, &mut scratch);
        assert_eq!(dx[0].as_ref(), Some(&y));
        scratch.dropout = Some((2, 2));
        let first = y.clone();
        dropout.forward(call, &mut scratch, &mut y);
        assert_ne!(first, y);
    }
}
