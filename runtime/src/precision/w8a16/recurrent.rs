//! LSTM and GRU cells in fixed point: the plain ones, whose gates are sigmoids.
use core::ops::RangeInclusive;

use crate::error::LayerError;
use crate::format::features::Features;
use crate::format::graph::{Activation, GruSpec, LstmSpec};
use crate::math::bounds::{add_saturating, rectify, saturate};
use crate::math::rescale::multiply_high;
use crate::math::table;

use super::{FULL, NON_NEGATIVE, Range, W8A16, gated};
use crate::precision::{Gates, Numbers, Recurrent};

impl<const FEATURES: u32> Recurrent for W8A16<FEATURES> {
    fn hidden_range(spec: &LstmSpec) -> Result<Range, LayerError> {
        let bits = Fractions::of(spec);
        let shifts: RangeInclusive<i32> = 0..=30;
        let relu = spec.activation == Activation::Relu;
        let candidate = relu || bits.candidate == table::RESULT_BITS;
        if candidate
            && shifts.contains(&bits.product_shift())
            && shifts.contains(&bits.hidden_shift(relu))
            && (relu || shifts.contains(&bits.tanh_shift()))
        {
            Ok(if relu { NON_NEGATIVE } else { FULL })
        } else {
            Err(LayerError::Scale { row: 0 })
        }
    }

    fn gru_range(spec: &GruSpec) -> Result<Range, LayerError> {
        let relu = spec.activation == Activation::Relu;
        let bits = i32::from(spec.hidden_bits);
        // The candidate comes at the scale of the tanh table, or at that of the hidden state.
        if (relu && (-15..=15).contains(&bits)) || (!relu && bits == table::RESULT_BITS) {
            Ok(if relu { NON_NEGATIVE } else { FULL })
        } else {
            Err(LayerError::Scale { row: 0 })
        }
    }

    #[inline(always)]
    fn gate(x: i32, h: i32) -> i16 {
        // Scaled sums are below 2^30.
        table::sigmoid(saturate(x.wrapping_add(h)))
    }

    #[inline(always)]
    fn scale_product(product: i32, gate: i16) -> i32 {
        // `multiply_high` drops 16 bits of a product that has 15 more; a product is below 2^31 / 2.
        multiply_high(product, gate) << 1
    }

    #[inline(always)]
    fn scale_activation(activation: i16, gate: i16) -> i16 {
        ((i32::from(activation) * i32::from(gate) + (1 << 14)) >> 15) as i16
    }

    /// `wide` has 15 more bits than the activation; `1 - z` is exact in 16 bits as `2^15 - z`.
    #[inline(always)]
    fn gru_unit(update: i16, x: i32, h: i32, spec: &GruSpec, wide: &mut i32) -> i16 {
        // Scaled sums are below 2^30.
        let argument = x.wrapping_add(h);
        let relu = !Self::FEATURES.has(Features::TANH) || spec.activation == Activation::Relu;
        let candidate = if relu {
            rectify(argument)
        } else {
            table::tanh(saturate(argument))
        };
        let kept = multiply_high(*wide, update) << 1;
        let new = (32_768 - i32::from(update)) * i32::from(candidate);
        // Between the old state and a candidate of 2^30 at most, and 2^15 away from 2^31: neither sum leaves 32 bits.
        *wide = kept.wrapping_add(new);
        saturate(wide.wrapping_add(1 << 14) >> 15)
    }

    fn gated_hidden_range(spec: &LstmSpec, gates: Gates) -> Result<Range, LayerError> {
        gated::lstm_range(spec, gates)
    }

    fn gated_gru_range(spec: &GruSpec, gates: Gates) -> Result<Range, LayerError> {
        gated::gru_range(spec, gates)
    }

    #[inline(always)]
    fn any_gate(x: i32, h: i32, gates: Gates) -> i16 {
        gated::squash(gates.activation, add_saturating(x, h))
    }

    #[inline(always)]
    fn gated_product(product: i32, gate: i16, gates: Gates) -> i32 {
        gated::product(product, gate, gates)
    }

    #[inline(always)]
    fn gated_activation(activation: i16, gate: i16, gates: Gates) -> i16 {
        gated::activation(activation, gate, gates)
    }

    #[inline(always)]
    fn gated_gru_unit(
        update: i16,
        x: i32,
        h: i32,
        spec: &GruSpec,
        gates: Gates,
        wide: &mut i32,
    ) -> i16 {
        gated::gru_unit(update, add_saturating(x, h), spec, gates, wide)
    }
}

/// Fraction bits inside an LSTM: each value is an integer over `2^bits`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fractions {
    candidate: i32,
    cell: i32,
    hidden: i32,
}

impl Fractions {
    pub fn of(spec: &LstmSpec) -> Self {
        Self {
            candidate: i32::from(spec.candidate_bits),
            cell: i32::from(spec.cell_bits),
            hidden: i32::from(spec.hidden_bits),
        }
    }

    /// From the product of gate and candidate to the cell state.
    #[inline(always)]
    pub fn product_shift(self) -> i32 {
        table::RESULT_BITS + self.candidate - self.cell
    }

    /// From the cell state to the argument of the tanh table.
    #[inline(always)]
    pub fn tanh_shift(self) -> i32 {
        self.cell - table::TANH_BITS
    }

    /// From the product of gate and activated cell state to the hidden state.
    #[inline(always)]
    pub fn hidden_shift(self, relu: bool) -> i32 {
        // `multiply_high` drops 16 bits of a product that has 15 more.
        if relu {
            self.cell - 1 - self.hidden
        } else {
            2 * table::RESULT_BITS - self.hidden
        }
    }
}
