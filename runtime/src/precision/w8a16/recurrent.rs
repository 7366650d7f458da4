//! LSTM and GRU cells in fixed point: the plain ones, whose gates are sigmoids.
use core::ops::RangeInclusive;

use crate::error::LayerError;
use crate::format::features::{Features, has_speed};
use crate::format::graph::{Activation, GruSpec, LstmSpec};
use crate::kernel::cell_mve::Inner;
use crate::kernel::{cell, gru_mve};
use crate::math::bounds::add_saturating;
use crate::math::table;

use super::{FULL, NON_NEGATIVE, Range, W8A16, gated};
use crate::precision::{Gates, Numbers, Recurrent};

impl<const FEATURES: u64> Recurrent for W8A16<FEATURES> {
    const SIGMOIDS: Option<Gates> = if has_speed(FEATURES) {
        None
    } else {
        Some(Gates {
            activation: Activation::Sigmoid,
            bits: table::RESULT_BITS as i8,
        })
    };

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
        cell::gru_gate(x, h)
    }

    #[inline(always)]
    fn scale_product(product: i32, gate: i16) -> i32 {
        cell::scaled(product, gate)
    }

    #[inline(always)]
    fn scale_products(arguments: [&[i32]; 2], products: &mut [i32]) -> usize {
        if cfg!(dunlin_mve) {
            gru_mve::scale(arguments, products)
        } else {
            0
        }
    }

    #[inline(always)]
    fn scale_activation(activation: i16, gate: i16) -> i16 {
        ((i32::from(activation) * i32::from(gate) + (1 << 14)) >> 15) as i16
    }

    #[inline(always)]
    fn gru_unit(update: i16, x: i32, h: i32, spec: &GruSpec, wide: &mut i32) -> i16 {
        let candidate = cell::gru_candidate(x, h, Self::is_relu(spec));
        cell::gru_unit(update, candidate, wide)
    }

    #[inline(always)]
    fn gru_units(
        updates: [&[i32]; 2],
        candidates: [&[i32]; 2],
        spec: &GruSpec,
        wide: &mut [i32],
        hidden: &mut [i16],
    ) -> usize {
        if cfg!(not(dunlin_mve)) {
            return 0;
        }
        let inner = if Self::is_relu(spec) {
            Inner::Relu
        } else {
            Inner::Tanh
        };
        gru_mve::units(inner, updates, candidates, wide, hidden)
    }

    fn gated_hidden_range(spec: &LstmSpec, gates: Gates) -> Result<Range, LayerError> {
        gated::lstm_range(spec, gates)
    }

    fn gated_gru_range(spec: &GruSpec, gates: Gates) -> Result<Range, LayerError> {
        gated::gru_range(spec, gates)
    }

    #[inline(always)]
    fn any_gate(x: i32, h: i32, gates: Gates) -> i16 {
        gated::squash::<FEATURES>(gates.activation, add_saturating(x, h))
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
        gated::gru_unit::<FEATURES>(update, add_saturating(x, h), spec, gates, wide)
    }
}

impl<const FEATURES: u64> W8A16<FEATURES> {
    /// Whether the candidates of a plain GRU are rectified.
    #[inline(always)]
    fn is_relu(spec: &GruSpec) -> bool {
        !Self::FEATURES.has(Features::TANH) || spec.activation == Activation::Relu
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
