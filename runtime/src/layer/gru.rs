//! GRU: gates z and r, a candidate, and a hidden state between the old one and the candidate.
//!
//! Cho et al. (2014), as Keras has it: `z = sigmoid(Wz x + Uz h)`, `r = sigmoid(Wr x + Ur h)`,
//! `h' = z h + (1 - z) act(Wc x + r (Uc h))` with `reset_after`, else `act(Wc x + Uc (r h))`; a bias in each product.
//! The gates are sigmoids, or of any activation that recurrent layers have.
use crate::error::LayerError;
use crate::format::features::Features;
use crate::format::graph::{Activation, GruGatedSpec, GruSpec};
use crate::format::read::Cursor;
use crate::precision::{Gates, Precision, Rows};

use super::recurrent::{Recurrent, take};
use super::{Besides, Layer, Memory, Tensor};

const GATES: usize = 3;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Gru<'m, P: Precision> {
    /// Rows `[gate z, r, c][unit]` over `x`.
    input: P::Matrix<'m>,
    /// The same rows over `h`.
    recurrent: P::Matrix<'m>,
    spec: GruSpec,
    /// None are sigmoids, with tanh or relu in the candidate.
    gates: Option<Gates>,
    sizes: Recurrent,
}

impl<'m, P: Precision> Gru<'m, P> {
    pub fn resolve(
        spec: &GruSpec,
        input: Tensor<P>,
        weights: &mut Cursor<'m>,
        place: &mut Layer<'m, P>,
    ) -> Result<Tensor<P>, LayerError> {
        if !matches!(spec.activation, Activation::Tanh | Activation::Relu) {
            return Err(LayerError::Unsupported);
        }
        let range = P::gru_range(spec)?;
        Self::put(spec, None, range, input, weights, place)
    }

    pub fn resolve_gated(
        spec: &GruGatedSpec,
        input: Tensor<P>,
        weights: &mut Cursor<'m>,
        place: &mut Layer<'m, P>,
    ) -> Result<Tensor<P>, LayerError> {
        let gates = Gates::new(
            spec.recurrent_activation,
            spec.gate_bits,
            spec.gru.activation,
        )?;
        let range = P::gated_gru_range(&spec.gru, gates)?;
        Self::put(&spec.gru, Some(gates), range, input, weights, place)
    }

    fn put(
        spec: &GruSpec,
        gates: Option<Gates>,
        range: P::Range,
        input: Tensor<P>,
        weights: &mut Cursor<'m>,
        place: &mut Layer<'m, P>,
    ) -> Result<Tensor<P>, LayerError> {
        let units = usize::from(spec.units);
        let (sizes, shape) = Recurrent::new(input.shape, spec.units, spec.return_sequences)?;
        *place = Layer::Gru(Self {
            input: P::matrix(
                weights,
                Rows::packed(GATES * units),
                &[(sizes.inputs.into(), input.range)],
            )?,
            recurrent: P::matrix(
                weights,
                Rows {
                    groups: GATES,
                    ..Rows::packed(GATES * units)
                },
                &[(units, P::with_zero(range))],
            )?,
            spec: *spec,
            gates,
            sizes,
        });
        Ok(Tensor { shape, range })
    }

    pub fn run(
        &self,
        input: &[P::Activation],
        output: &mut [P::Activation],
        besides: &mut Besides<'_, P>,
    ) {
        let units = usize::from(self.spec.units);
        let (wide, hidden) = take::<P::Cell>(besides.state, units);
        let (hidden, _) = take::<P::Activation>(hidden, units);
        let (products, joint) = take::<P::Product>(besides.scratch, 2 * GATES * units);
        let (joint, _) = take::<P::Activation>(joint, self.sizes.joint());
        // Two loops, each with its gates known, or one for any gates.
        let step = |xh: &[P::Activation], hidden: &mut [P::Activation]| {
            if let Some(sigmoids) = P::SIGMOIDS {
                let gates = self.gates.unwrap_or(sigmoids);
                return self.step(Some(gates), xh, products, wide, hidden);
            }
            match self.gates {
                None => self.step(None, xh, products, wide, hidden),
                Some(gates) if P::FEATURES.has(Features::GATES) => {
                    self.step(Some(gates), xh, products, wide, hidden);
                }
                // Not built: the loader has refused them.
                Some(_) => {}
            }
        };
        self.sizes.run::<P>(input, output, hidden, joint, step);
    }

    /// One time step. `products` holds those of the input, then those of the hidden state.
    #[inline(always)]
    fn step(
        &self,
        gates: Option<Gates>,
        xh: &[P::Activation],
        of_both: &mut [P::Product],
        wide: &mut [P::Cell],
        hidden: &mut [P::Activation],
    ) {
        let gate = |x: P::Product, h: P::Product| match gates {
            None => P::gate(x, h),
            Some(gates) => P::any_gate(x, h, gates),
        };
        let units = usize::from(self.spec.units).max(1);
        let Some((x, h)) = xh.split_at_checked(usize::from(self.sizes.inputs)) else {
            return;
        };
        let Some((of_x, of_h)) = of_both.split_at_mut_checked(GATES * units) else {
            return;
        };
        P::products(&self.input, x, of_x);
        let Some((gates_x, candidate_x)) = of_x.split_at_checked(2 * units) else {
            return;
        };
        let Some((gates_h, candidate_h)) = of_h.split_at_mut_checked(2 * units) else {
            return;
        };
        let recurrent = |gate| P::group(&self.recurrent, gate, GATES);
        let (Some((update_x, reset_x)), Some((update_h, reset_h))) = (
            gates_x.split_at_checked(units),
            gates_h.split_at_mut_checked(units),
        ) else {
            return;
        };
        P::products(&recurrent(0), h, update_h);
        P::products(&recurrent(1), h, reset_h);
        let resets = reset_x.iter().zip(&*reset_h);
        if self.spec.reset_after {
            P::products(&recurrent(2), h, candidate_h);
            let done = match gates {
                None => P::scale_products([reset_x, reset_h], candidate_h),
                Some(_) => 0,
            };
            let mut products = candidate_h.iter_mut().zip(resets);
            // No `skip`, which costs where none are done.
            if let Some(last) = done.checked_sub(1) {
                products.nth(last);
            }
            for (product, (&x, &h)) in products {
                let reset = gate(x, h);
                *product = match gates {
                    None => P::scale_product(*product, reset),
                    // Any gates' product has a bit more.
                    Some(_) if self.gates.is_none() => P::scale_product(*product, reset),
                    Some(gates) => P::gated_product(*product, reset, gates),
                };
            }
        } else {
            // The hidden state is free until it is written: the copy in `xh` keeps the old one.
            for ((place, &h), (&x, &of_h)) in hidden.iter_mut().zip(h).zip(resets) {
                let reset = gate(x, of_h);
                *place = match gates {
                    None => P::scale_activation(h, reset),
                    Some(gates) => P::gated_activation(h, reset, gates),
                };
            }
            P::products(&recurrent(2), hidden, candidate_h);
        }
        let updates = update_x.iter().zip(&*update_h);
        let candidates = candidate_x.iter().zip(&*candidate_h);
        let done = match gates {
            None => {
                let updates = [update_x, &*update_h];
                let candidates = [candidate_x, &*candidate_h];
                P::gru_units(updates, candidates, &self.spec, wide, hidden)
            }
            Some(_) => 0,
        };
        let mut units = wide.iter_mut().zip(hidden).zip(updates).zip(candidates);
        if let Some(last) = done.checked_sub(1) {
            units.nth(last);
        }
        for (((wide, hidden), (&update_x, &update_h)), (&x, &h)) in units {
            let update = gate(update_x, update_h);
            *hidden = match gates {
                None => P::gru_unit(update, x, h, &self.spec, wide),
                Some(gates) => P::gated_gru_unit(update, x, h, &self.spec, gates, wide),
            };
        }
    }

    pub fn sizes(&self) -> &Recurrent {
        &self.sizes
    }

    /// State: the hidden state with all its bits, then as activations. Scratch: products of both matrices, then `[x; h]`.
    pub fn memory(&self) -> Memory {
        let (units, activation) = (usize::from(self.spec.units), size_of::<P::Activation>());
        let products = 2 * GATES * units;
        Memory {
            state: units * (size_of::<P::Cell>() + activation),
            scratch: products * size_of::<P::Product>() + self.sizes.joint() * activation,
        }
    }

    /// Multiply-accumulates of an input step.
    pub fn step_macs(&self) -> u64 {
        GATES as u64 * u64::from(self.spec.units) * self.sizes.joint() as u64
    }

    pub fn summary(&self) -> (&'static str, u64, u64, usize) {
        let units = u64::from(self.spec.units);
        let weights = self.step_macs();
        // Keras keeps the second bias only where it is not the same as the first.
        let biases = u64::from(self.spec.use_bias) * (1 + u64::from(self.spec.reset_after));
        let bytes = P::matrix_bytes(&self.input) + P::matrix_bytes(&self.recurrent);
        (
            "gru",
            weights + 3 * units * biases,
            weights * u64::from(self.sizes.window),
            bytes,
        )
    }
}
