//! Filters of one channel each, at all places of a call.
//!
//! [`outputs`] does four channels at a time on every core. A program for a kind of core has a file of its own and stands in
//! [`together`].
use crate::math::bounds::{at_least, at_most};
use crate::math::rescale::Rescale;

use super::active;
use super::float_rows;
use super::row_lanes::Lanes;
use super::rows_f32;
use super::slices::four;
use super::sliding::{Run, Sliding};

/// As many filters for each channel, weights `W` with sums `S`.
#[derive(Debug, Clone, Copy)]
pub struct Filters<'a, W, S> {
    /// `[filters][taps]`.
    pub weights: &'a [W],
    /// One a filter.
    pub bias: &'a [S],
    pub channels: usize,
}

/// Integer filters over an input: what [`clamped`] and its like do all places of.
#[derive(Debug, Clone, Copy)]
pub struct Depthwise<'a> {
    pub filters: Filters<'a, i8, i32>,
    /// One a filter, as [`Rescale`] has them.
    pub scale: &'a [u32],
    /// The least and the greatest output.
    pub bounds: (i16, i16),
    pub sliding: Sliding,
    /// `[steps][channels]`.
    pub x: &'a [i16],
}

impl Depthwise<'_> {
    /// Steps of the input.
    #[inline(always)]
    pub fn steps(&self) -> usize {
        self.x
            .len()
            .checked_div(self.filters.channels)
            .unwrap_or_default()
    }
}

/// `y[place][f] = clamp(scale[f] (bias[f] + sum over the taps k of W[f][k] x[step of k][channel of f]))` for as many places as
/// `y` has. Not generic, so that it is fast in images that are compiled for size.
#[inline(never)]
pub fn clamped(depthwise: &Depthwise<'_>, y: &mut [i16]) {
    let done = together(depthwise, y);
    let Depthwise {
        filters,
        scale,
        bounds: (low, high),
        sliding,
        x,
    } = depthwise;
    let (low, high) = (i32::from(*low), i32::from(*high));
    outputs(filters, done, *sliding, x, y, Integers, |row| {
        let scale = four(scale, row);
        move |sums| {
            core::array::from_fn(|r| {
                let value = Rescale(scale[r]).apply(sums[r]);
                at_least(at_most(value, high), low) as i16
            })
        }
    });
}

/// [`clamped`] of the first channels with one filter each, where there is a faster way; gives their number.
#[inline(always)]
fn together(depthwise: &Depthwise<'_>, y: &mut [i16]) -> usize {
    #[cfg(dunlin_mve)]
    {
        super::depthwise_mve::clamped(depthwise, y)
    }
    #[cfg(dunlin_dsp)]
    {
        super::depthwise_dsp::run(depthwise, y)
    }
    #[cfg(any(dunlin_v6m, all(dunlin_v7m, not(dunlin_dsp))))]
    {
        super::depthwise_places::run(depthwise, y)
    }
    #[cfg(not(any(dunlin_dsp, dunlin_mve, dunlin_v6m, dunlin_v7m)))]
    {
        let _ = (depthwise, y);
        0
    }
}

/// `y[r] = scale[f] (bias[f] + sum over the taps k of W[f][k] x[step of k][channel of f])` with `f = first + r`, at the place with
/// these [`taps`](Sliding::taps).
#[inline(never)]
pub fn scaled(depthwise: &Depthwise<'_>, taps: (usize, usize, usize), first: usize, y: &mut [i32]) {
    #[cfg(dunlin_dsp)]
    let done = super::depthwise_dsp::scaled(depthwise, taps, first, y);
    #[cfg(not(dunlin_dsp))]
    let done = 0;
    let Depthwise {
        filters,
        scale,
        sliding,
        x,
        ..
    } = depthwise;
    let (channels, count) = (filters.channels, filters.bias.len());
    let (start, end, at) = taps;
    let x = x.get(at * channels..).unwrap_or_default();
    let stride = sliding.dilation as usize * channels;
    let weights = |row: usize| {
        let from = row * sliding.size as usize;
        let weights = filters.weights.get(from + start..from + end);
        weights.unwrap_or_default()
    };
    let (mut row, mut y) = (first + done, y.get_mut(done..).unwrap_or_default());
    if channels == count {
        let (fours, rest) = y.as_chunks_mut::<4>();
        for y in fours {
            let rows = core::array::from_fn(|r| weights(row + r));
            let x = x.get(row..).unwrap_or_default();
            let sums = active::strided4(rows, x, stride, four(filters.bias, row));
            let scale = four(scale, row);
            *y = core::array::from_fn(|r| Rescale(scale[r]).apply(sums[r]));
            row += 4;
        }
        y = rest;
    }
    if y.is_empty() {
        return;
    }
    let each = count.checked_div(channels).unwrap_or_default().max(1);
    for (row, y) in (row..).zip(y) {
        let x = x.get(row / each..).unwrap_or_default();
        let ([bias, ..], [scale, ..]) = (four(filters.bias, row), four(scale, row));
        *y = Rescale(scale).apply(integer(weights(row), x, stride, bias));
    }
}

/// The dot products of a filter and of four, of `X` with weights `W` in sums `S`.
pub trait Dots<W, X, S>: Copy {
    fn one(self, row: &[W], x: &[X], stride: usize, sum: S) -> S;
    fn four(self, rows: [&[W]; 4], x: &[X], stride: usize, sums: [S; 4]) -> [S; 4];
}

#[derive(Clone, Copy)]
struct Integers;

impl Dots<i8, i16, i32> for Integers {
    #[inline(always)]
    fn one(self, row: &[i8], x: &[i16], stride: usize, sum: i32) -> i32 {
        integer(row, x, stride, sum)
    }

    #[inline(always)]
    fn four(self, rows: [&[i8]; 4], x: &[i16], stride: usize, sums: [i32; 4]) -> [i32; 4] {
        active::strided4(rows, x, stride, sums)
    }
}

#[inline(never)]
fn integer(row: &[i8], x: &[i16], stride: usize, sum: i32) -> i32 {
    active::strided(row, x, stride, sum)
}

/// In f32, with the fused product of some vectors.
#[derive(Clone, Copy)]
pub struct Floats<L>(pub L);

impl<L: Lanes> Dots<f32, f32, f32> for Floats<L> {
    #[inline(always)]
    fn one(self, row: &[f32], x: &[f32], stride: usize, sum: f32) -> f32 {
        rows_f32::strided(self.0, row, x, stride, sum)
    }

    #[inline(always)]
    fn four(self, rows: [&[f32]; 4], x: &[f32], stride: usize, sums: [f32; 4]) -> [f32; 4] {
        float_rows::strided4(self.0, rows, x, stride, sums)
    }
}

/// `y[place][f] = finish(bias[f] + sum over the taps k of W[f][k] x[step of k][channel of f])` of the filters from `first` on,
/// for as many places as `y` has. `finish` gives for a filter what takes the sums of this and the next three.
#[inline(always)]
pub fn outputs<W, X, S: Copy + Default, F: Fn([S; 4]) -> [X; 4]>(
    filters: &Filters<'_, W, S>,
    first: usize,
    sliding: Sliding,
    x: &[X],
    y: &mut [X],
    dots: impl Dots<W, X, S>,
    finish: impl Fn(usize) -> F,
) {
    let (channels, count) = (filters.channels, filters.bias.len());
    if channels == 0 || first >= count {
        return;
    }
    let mut rest = y;
    for run in sliding.runs(x.len() / channels, rest.len() / count) {
        let Some((y, behind)) = rest.split_at_mut_checked(run.places * count) else {
            return;
        };
        rest = behind;
        let x = x.get(run.at * channels..).unwrap_or_default();
        run_outputs(filters, first, (&run, sliding), x, y, dots, &finish);
    }
}

/// The outputs of a run; `x` is from its first step on.
#[inline(always)]
fn run_outputs<W, X, S: Copy + Default, F: Fn([S; 4]) -> [X; 4]>(
    filters: &Filters<'_, W, S>,
    first: usize,
    (run, sliding): (&Run, Sliding),
    x: &[X],
    y: &mut [X],
    dots: impl Dots<W, X, S>,
    finish: &impl Fn(usize) -> F,
) {
    let (channels, count) = (filters.channels, filters.bias.len());
    let [size, step, stride] = [sliding.size, sliding.stride, sliding.dilation].map(|n| n as usize);
    let (step, stride) = (step * channels, stride * channels);
    let weights = |row: usize| {
        let weights = filters.weights.get(row * size..).unwrap_or_default();
        weights.get(run.taps.clone()).unwrap_or_default()
    };
    let mut row = first;
    while channels == count && row + 4 <= count {
        let rows = core::array::from_fn(|r| weights(row + r));
        let (bias, finish) = (four(filters.bias, row), finish(row));
        let (mut x, mut y) = (x.get(row..), y.get_mut(row..));
        while let Some((now, behind)) = y.and_then(|y| y.split_first_chunk_mut()) {
            *now = finish(dots.four(rows, x.unwrap_or_default(), stride, bias));
            y = behind.get_mut(count - 4..);
            x = x.and_then(|x| x.get(step..));
        }
        row += 4;
    }
    if row == count {
        return;
    }
    // The channel of the row, and which of its filters the row is.
    let (mut channel, mut filter) = (row, 0);
    let each = count / channels;
    while row < count {
        let (weights, bias, finish) = (weights(row), four(filters.bias, row), finish(row));
        let (mut x, mut y) = (x.get(channel..), y.get_mut(row..));
        while let Some((now, behind)) = y.and_then(|y| y.split_first_mut()) {
            let sum = dots.one(weights, x.unwrap_or_default(), stride, bias[0]);
            [*now, ..] = finish([sum; 4]);
            y = behind.get_mut(count - 1..);
            x = x.and_then(|x| x.get(step..));
        }
        row += 1;
        filter += 1;
        if filter == each {
            (channel, filter) = (channel + 1, 0);
        }
    }
}
