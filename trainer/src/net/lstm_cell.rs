//! What an LSTM does at one step of a mini-batch, element by element, forward and backward.
//!
//! Plain loops: the caller runs them under the widest vectors that the machine has.
use super::gate::Gate;

/// One step of a mini-batch; `z` is `[N, 4 U]`, the others `[N, U]`.
pub(super) struct Cell<'a> {
    pub units: usize,
    /// Of the candidate and of the cell state.
    pub activation: Gate,
    /// Of i, f and o.
    pub recurrent: Gate,
    pub z: &'a mut [f32],
    pub c_past: &'a [f32],
    pub c: &'a mut [f32],
    pub squashed: &'a mut [f32],
    pub h: &'a mut [f32],
}

impl Cell<'_> {
    #[inline(always)]
    pub(super) fn forward(self) {
        let units = self.units;
        for (n, z) in self.z.chunks_exact_mut(4 * units).enumerate() {
            let row = n * units..(n + 1) * units;
            // i, f = recurrent(z_i), recurrent(z_f); g = activation(z_c); o = recurrent(z_o)
            self.recurrent.apply(&mut z[..2 * units]);
            self.activation.apply(&mut z[2 * units..3 * units]);
            self.recurrent.apply(&mut z[3 * units..]);
            let (i, rest) = z.split_at(units);
            let (f, rest) = rest.split_at(units);
            let (g, o) = rest.split_at(units);
            let (c, c_past) = (&mut self.c[row.clone()], &self.c_past[row.clone()]);
            let (squashed, h) = (&mut self.squashed[row.clone()], &mut self.h[row]);
            // c = f c_past + i g
            for (c, (((i, f), g), past)) in c.iter_mut().zip(i.iter().zip(f).zip(g).zip(c_past)) {
                *c = f * past + i * g;
            }
            // h = o activation(c)
            squashed.copy_from_slice(c);
            self.activation.apply(squashed);
            for ((h, o), squashed) in h.iter_mut().zip(o).zip(squashed) {
                *h = o * *squashed;
            }
        }
    }
}

/// One step back; `gates` is `[N, 4 U]`, i, f, g, o before and their dz after; the others are `[N, U]`.
pub(super) struct CellBackward<'a> {
    pub units: usize,
    /// Of the candidate and of the cell state.
    pub activation: Gate,
    /// Of i, f and o.
    pub recurrent: Gate,
    pub gates: &'a mut [f32],
    pub c_past: &'a [f32],
    pub squashed: &'a [f32],
    pub dh: &'a [f32],
    /// dL/dc from the next step before; for the step before after.
    pub dc: &'a mut [f32],
}

impl CellBackward<'_> {
    #[inline(always)]
    pub(super) fn backward(self) {
        let (activation, recurrent) = (self.activation.slope(), self.recurrent.slope());
        let units = self.units;
        for (n, gates) in self.gates.chunks_exact_mut(4 * units).enumerate() {
            let row = n * units..(n + 1) * units;
            let (i, rest) = gates.split_at_mut(units);
            let (f, rest) = rest.split_at_mut(units);
            let (g, o) = rest.split_at_mut(units);
            let (c_past, squashed) = (&self.c_past[row.clone()], &self.squashed[row.clone()]);
            let (dh, dc) = (&self.dh[row.clone()], &mut self.dc[row]);
            // Equal lengths, stated once, so that the loop has no checks and vectorizes.
            let (i, f, g, o) = (
                &mut i[..units],
                &mut f[..units],
                &mut g[..units],
                &mut o[..units],
            );
            let (c_past, squashed) = (&c_past[..units], &squashed[..units]);
            let (dh, dc) = (&dh[..units], &mut dc[..units]);
            for u in 0..units {
                // dc += dh o activation'(c)
                let d = dc[u] + activation.times(dh[u] * o[u], squashed[u]);
                // dz_o = dh activation(c) recurrent'(z_o)
                let dz_o = recurrent.times(dh[u] * squashed[u], o[u]);
                // dz_i = dc g recurrent'(z_i); dz_f = dc c_past recurrent'(z_f); dz_c = dc i activation'(z_c)
                let dz_i = recurrent.times(d * g[u], i[u]);
                let dz_f = recurrent.times(d * c_past[u], f[u]);
                let dz_g = activation.times(d * i[u], g[u]);
                // dc of the step before = dc f
                dc[u] = d * f[u];
                i[u] = dz_i;
                f[u] = dz_f;
                g[u] = dz_g;
                o[u] = dz_o;
            }
        }
    }
}
