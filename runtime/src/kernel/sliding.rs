//! Taps over the steps of an input that move from place to place: which of them meet the input, and where.
use core::ops::Range;

/// Taps at places that follow each other; steps outside of the input are zeros.
#[derive(Debug, Clone, Copy)]
pub struct Sliding {
    /// Number of taps.
    pub size: u32,
    /// Steps from place to place.
    pub stride: u32,
    /// Steps from tap to tap.
    pub dilation: u32,
    /// The step that tap 0 of the first place meets.
    pub start: i32,
}

/// Places that follow each other with the same taps.
#[derive(Debug, Clone)]
pub struct Run {
    pub places: usize,
    /// Those that meet the input.
    pub taps: Range<usize>,
    /// The input step of the first of them, at the first place.
    pub at: usize,
}

impl Run {
    /// Whether filters have these taps, and all of them meet one of so many steps at all places.
    #[inline(always)]
    pub fn is_inside(&self, sliding: &Sliding, steps: usize) -> bool {
        let [size, stride, dilation] =
            [sliding.size, sliding.stride, sliding.dilation].map(|n| n as usize);
        self.taps.len().checked_sub(1).is_none_or(|last| {
            let last = self.at + last * dilation + (self.places - 1) * stride;
            last < steps && self.taps.end <= size
        })
    }
}

impl Sliding {
    /// Steps from the first tap to the last.
    #[inline]
    pub fn span(&self) -> u32 {
        (self.size - 1) * self.dilation + 1
    }

    /// From so many places on.
    #[inline]
    pub fn skip(self, places: usize) -> Self {
        Self {
            start: self
                .start
                .wrapping_add((places as u32).wrapping_mul(self.stride) as i32),
            ..self
        }
    }

    /// The taps of the first place that meet an input of `rows` steps: the first of them, the one after the last, and the input
    /// step of the first.
    #[inline]
    pub fn taps(&self, rows: usize) -> (usize, usize, usize) {
        let (size, dilation) = (self.size as usize, self.dilation as usize);
        let before = self.start.min(0).unsigned_abs() as usize;
        let after = self.start.max(0) as usize;
        // Without dilation, which is nearly always, there is nothing to divide.
        let places = |steps: usize| {
            if dilation == 1 {
                steps
            } else {
                steps.div_ceil(dilation.max(1))
            }
        };
        let end = places((rows + before).saturating_sub(after)).min(size);
        let first = places(before).min(end);
        (
            first,
            end,
            (after + first * dilation).saturating_sub(before),
        )
    }

    /// Of so many places, how many come before the first whose taps all meet the input, and how many such follow.
    #[inline]
    pub fn inside(&self, rows: usize, places: usize) -> (usize, usize) {
        let stride = self.stride.max(1);
        let before = (self.start.min(0).unsigned_abs().div_ceil(stride) as usize).min(places);
        let room = (rows as i32)
            .wrapping_sub(self.span() as i32)
            .wrapping_sub(self.skip(before).start);
        let inside = u32::try_from(room).map_or(0, |room| (room / stride + 1) as usize);
        (before, inside.min(places - before))
    }

    /// So many places: those whose taps all meet the input in one run, the others one by one.
    #[inline]
    pub fn runs(self, rows: usize, places: usize) -> impl Iterator<Item = Run> {
        let (before, inside) = self.inside(rows, places);
        let mut next = 0;
        core::iter::from_fn(move || {
            if next >= places {
                return None;
            }
            let (first, end, at) = self.skip(next).taps(rows);
            let run = Run {
                places: if next == before { inside.max(1) } else { 1 },
                taps: first..end,
                at,
            };
            next += run.places;
            Some(run)
        })
    }
}
