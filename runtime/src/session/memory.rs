//! The arena's bytes as values: what a session reads and writes of tensors, counters and rings.
use core::num::NonZeroU32;
use core::ops::Range;

use bytemuck::Pod;

use crate::plan::Ring;
use crate::precision::Precision;

use super::Session;

/// How many steps a ring has seen, and the first that it still has. Both wrap.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor {
    pub there: u32,
    pub first: u32,
}

impl<P: Precision> Session<'_, '_, P> {
    /// Input values to activations, into these bytes.
    pub(super) fn load(&mut self, input: &[f32], to: Range<usize>) {
        let channels = self.plan.input.shape.channels.max(1) as usize;
        let to = values::<P::Activation>(self.zone.get_mut(to).unwrap_or_default());
        if cfg!(not(target_os = "none")) && self.input_scales.len() < channels.max(2) {
            // One pair for all: a host does this with vectors.
            let [scale, offset] = pair(self.input_scales, 0);
            for (to, &from) in to.iter_mut().zip(input) {
                *to = P::quantize(from, scale, offset);
            }
            return;
        }
        for (to, from) in to.chunks_mut(channels).zip(input.chunks(channels)) {
            for (channel, (to, &from)) in to.iter_mut().zip(from).enumerate() {
                let [scale, offset] = pair(self.input_scales, channel);
                *to = P::quantize(from, scale, offset);
            }
        }
    }

    /// Activations from these bytes to output values; their number.
    pub(super) fn store(&mut self, from: Range<usize>) -> usize {
        let channels = self
            .nodes
            .last()
            .map_or(1, |last| last.tensor.shape.channels.max(1) as usize);
        let from = view::<P::Activation>(self.zone, from);
        for (to, from) in self.output.chunks_mut(channels).zip(from.chunks(channels)) {
            for (channel, (to, &from)) in to.iter_mut().zip(from).enumerate() {
                let [scale, offset] = pair(self.output_scales, channel);
                *to = P::dequantize(from, scale, offset);
            }
        }
        from.len()
    }

    /// Activations into these bytes.
    pub(super) fn load_raw(&mut self, input: &[P::Activation], to: Range<usize>) {
        let to = values::<P::Activation>(self.zone.get_mut(to).unwrap_or_default());
        for (to, &from) in to.iter_mut().zip(input) {
            *to = from;
        }
    }

    /// The output values that [`Session::store`] has left.
    pub(super) fn output_values(&self, len: usize) -> &[f32] {
        self.output.get(..len).unwrap_or_default()
    }

    /// A counter of the stream.
    pub(super) fn counter(&self, at: NonZeroU32) -> u32 {
        words(self.zone, at.get()).map_or(0, |[count]| count)
    }

    pub(super) fn set_counter(&mut self, at: NonZeroU32, count: u32) {
        set_words(self.zone, at.get(), [count]);
    }

    pub(super) fn cursor(&self, ring: Ring) -> Cursor {
        let [there, first] = words(self.zone, ring.cursor).unwrap_or_default();
        Cursor { there, first }
    }

    pub(super) fn set_cursor(&mut self, ring: Ring, cursor: Cursor) {
        set_words(self.zone, ring.cursor, [cursor.there, cursor.first]);
    }

    /// Bytes of a ring's steps from `from` on, counted as its cursor counts.
    pub(super) fn ring_steps(
        &self,
        ring: Ring,
        from: u32,
        count: u32,
        step_bytes: usize,
    ) -> Range<usize> {
        // Wrapping: what a forged snapshot states must not panic; where it leads out of the arena, nothing is read.
        let skipped = from.wrapping_sub(self.cursor(ring).first) as usize;
        let start = skipped
            .wrapping_mul(step_bytes)
            .wrapping_add(ring.at as usize);
        start..start.wrapping_add((count as usize).wrapping_mul(step_bytes))
    }

    /// Room for `count` new steps behind those of a ring; the oldest steps go where there is no room.
    pub(super) fn grow(&mut self, ring: Ring, count: u32, step_bytes: usize) -> Range<usize> {
        let mut cursor = self.cursor(ring);
        let capacity = ring.capacity.get();
        let mut there = cursor.there.wrapping_sub(cursor.first).min(capacity);
        if there + count > capacity {
            let kept = capacity.saturating_sub(count);
            let gone = there - kept.min(there);
            let at = ring.at as usize;
            let bytes = at..at + there as usize * step_bytes;
            let steps = self.zone.get_mut(bytes).unwrap_or_default();
            move_down(steps, gone as usize * step_bytes);
            cursor.first = cursor.first.wrapping_add(gone);
            there -= gone;
        }
        cursor.there = cursor.there.wrapping_add(count);
        self.set_cursor(ring, cursor);
        let start = ring.at as usize + there as usize * step_bytes;
        start..start + count as usize * step_bytes
    }
}

/// The words that start at this byte; none where they do not fit, which the plan rules out.
#[inline]
fn words<const N: usize>(zone: &[u8], at: u32) -> Option<[u32; N]> {
    let bytes = zone.get(at as usize..)?.get(..4 * N)?;
    let words: &[u32] = bytemuck::try_cast_slice(bytes).ok()?;
    words.first_chunk().copied()
}

#[inline]
fn set_words<const N: usize>(zone: &mut [u8], at: u32, words: [u32; N]) {
    let bytes = zone.get_mut(at as usize..).unwrap_or_default();
    let bytes = bytes.get_mut(..4 * N).unwrap_or_default();
    let places: &mut [u32] = bytemuck::try_cast_slice_mut(bytes).unwrap_or_default();
    if let Some(places) = places.first_chunk_mut() {
        *places = words;
    }
}

/// Moves bytes from `by` on to the start: block by block, as `copy_within` but without its panics.
fn move_down(bytes: &mut [u8], by: usize) {
    if by == 0 {
        return;
    }
    let mut rest = bytes;
    while let Some((to, from)) = rest.split_at_mut_checked(by) {
        match from.split_at_checked(by) {
            // Of one length, which the compiler sees: one call of `memcpy`.
            Some((from, _)) => to.copy_from_slice(from),
            None => {
                for (to, &from) in to.iter_mut().zip(&*from) {
                    *to = from;
                }
            }
        }
        rest = from;
    }
}

/// The pair of a channel: its own, the one of all, or identity.
#[inline]
fn pair(scales: &[[f32; 2]], channel: usize) -> [f32; 2] {
    scales
        .get(channel)
        .or(scales.first())
        .copied()
        .unwrap_or([1.0, 0.0])
}

/// Bytes of the arena as values; empty where they do not fit, which the plan rules out.
pub(super) fn values<T: Pod>(bytes: &mut [u8]) -> &mut [T] {
    bytemuck::try_cast_slice_mut(bytes).unwrap_or_default()
}

/// Some bytes of the arena as values to read.
// As a matvec's activation, with Helium.
#[cfg_attr(dunlin_mve, inline)]
pub(super) fn view<T: Pod>(zone: &[u8], bytes: Range<usize>) -> &[T] {
    zone.get(bytes)
        .and_then(|bytes| bytemuck::try_cast_slice(bytes).ok())
        .unwrap_or_default()
}
