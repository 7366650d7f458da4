//! What a GRU does at one step of a mini-batch, element by element, forward and backward.
//!
//! Plain loops: the caller runs them under the widest vectors that the machine has.
use super::gate::Gate;

/// One step of a mini-batch; `gates` is `[N, 3 U]`, `from_hidden` `[N, 2 U]`, the others `[N, U]`.
pub(super) struct Cell<'a> {
    pub units: usize,
    /// Of the candidate.
    pub activation: Gate,
    /// Of z and r.
    pub recurrent: Gate,
    /// Whether r acts on what the candidate gets from h, or on h before it.
    pub reset_after: bool,
    /// What the gates get from x; z, r, c after.
    pub gates: &'a mut [f32],
    pub past: &'a [f32],
}

impl Cell<'_> {
    /// z, r = recurrent(x + h); without `reset_after`, r h goes to `reset`.
    #[inline(always)]
    pub(super) fn open(&mut self, from_hidden: &[f32], reset: &mut [f32]) {
        let units = self.units;
        let rows = self.gates.chunks_exact_mut(3 * units);
        for (n, (gates, from_hidden)) in rows.zip(from_hidden.chunks_exact(2 * units)).enumerate() {
            let gates = &mut gates[..2 * units];
            for (gate, h) in gates.iter_mut().zip(from_hidden) {
                *gate += h;
            }
            self.recurrent.apply(gates);
            if !self.reset_after {
                let row = n * units..(n + 1) * units;
                let (reset, past) = (&mut reset[row.clone()], &self.past[row]);
                for ((reset, r), past) in reset.iter_mut().zip(&gates[units..]).zip(past) {
                    *reset = r * past;
                }
            }
        }
    }

    /// c = activation(x + r candidate), or activation(x + candidate) without `reset_after`; h = z past + (1 - z) c.
    #[inline(always)]
    pub(super) fn close(self, candidate: &[f32], h: &mut [f32]) {
        let units = self.units;
        let rows = self
            .gates
            .chunks_exact_mut(3 * units)
            .zip(candidate.chunks_exact(units));
        for (n, (gates, candidate)) in rows.enumerate() {
            let row = n * units..(n + 1) * units;
            let (z, rest) = gates.split_at_mut(units);
            let (r, c) = rest.split_at_mut(units);
            if self.reset_after {
                for ((c, r), candidate) in c.iter_mut().zip(r).zip(candidate) {
                    *c += *r * candidate;
                }
            } else {
                for (c, candidate) in c.iter_mut().zip(candidate) {
                    *c += candidate;
                }
            }
            self.activation.apply(c);
            let (h, past) = (&mut h[row.clone()], &self.past[row]);
            for (((h, z), c), past) in h.iter_mut().zip(z).zip(c).zip(past) {
                *h = *z * past + (1.0 - *z) * *c;
            }
        }
    }
}

/// One step back; `gates` is `[N, 3 U]`, the others `[N, U]`.
pub(super) struct CellBackward<'a> {
    pub units: usize,
    /// Of the candidate.
    pub activation: Gate,
    /// Of z and r.
    pub recurrent: Gate,
    pub reset_after: bool,
    /// z, r, c before and the gradients of their pre-activations after.
    pub gates: &'a mut [f32],
    pub past: &'a [f32],
    /// dL/dh before; what of it goes straight to the step before after.
    pub dh: &'a mut [f32],
}

impl CellBackward<'_> {
    /// The gradients of the pre-activations of z and c; with `reset_after` also that of r, and `candidate` turns into
    /// its gradient. Without `reset_after` the gate r stays for [`reset`](Self::reset).
    #[inline(always)]
    pub(super) fn gates(&mut self, candidate: &mut [f32]) {
        let (activation, recurrent) = (self.activation.slope(), self.recurrent.slope());
        let units = self.units;
        let rows = self.gates.chunks_exact_mut(3 * units);
        for (n, (gates, candidate)) in rows.zip(candidate.chunks_exact_mut(units)).enumerate() {
            let row = n * units..(n + 1) * units;
            let (z, rest) = gates.split_at_mut(units);
            let (r, c) = rest.split_at_mut(units);
            let (past, dh) = (&self.past[row.clone()], &mut self.dh[row]);
            // Equal lengths, stated once, so that the loop has no checks and vectorizes.
            let (r, c) = (&mut r[..units], &mut c[..units]);
            let (past, dh, candidate) = (&past[..units], &mut dh[..units], &mut candidate[..units]);
            for u in 0..units {
                // dz_c = dh (1 - z) activation'(c); dz_z = dh (past - c) recurrent'(z)
                let dz_c = activation.times(dh[u] * (1.0 - z[u]), c[u]);
                let dz_z = recurrent.times(dh[u] * (past[u] - c[u]), z[u]);
                // dh of the step before: dh z, and what comes through the gates
                dh[u] *= z[u];
                z[u] = dz_z;
                c[u] = dz_c;
                if self.reset_after {
                    // dz_r = dz_c candidate recurrent'(r); dcandidate = dz_c r
                    let dz_r = recurrent.times(dz_c * candidate[u], r[u]);
                    candidate[u] = dz_c * r[u];
                    r[u] = dz_r;
                }
            }
        }
    }

    /// Without `reset_after`, given dL/d(r h): the gradient of the pre-activation of r, and `dh += r dL/d(r h)`.
    #[inline(always)]
    pub(super) fn reset(self, d_reset: &[f32]) {
        let (units, slope) = (self.units, self.recurrent.slope());
        for (n, gates) in self.gates.chunks_exact_mut(3 * units).enumerate() {
            let row = n * units..(n + 1) * units;
            let r = &mut gates[units..2 * units];
            let (past, dh) = (&self.past[row.clone()], &mut self.dh[row.clone()]);
            for (((r, past), dh), d) in r.iter_mut().zip(past).zip(dh).zip(&d_reset[row]) {
                *dh += d * *r;
                // dz_r = d(r h) past recurrent'(r)
                *r = slope.times(d * past, *r);
            }
        }
    }
}
