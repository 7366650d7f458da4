//! Filters of one channel each, all channels at all places of a run in one program: cores without the DSP extension.
#![allow(unsafe_code)] // the call into a naked function with checked lengths

use super::depthwise::Depthwise;
#[cfg(dunlin_v6m)]
use super::depthwise_v6m::places_program;
#[cfg(not(dunlin_v6m))]
use super::depthwise_v7m::places_program;
use super::sliding::Run;

/// What the program works on: the channels one after the other, each at all places of a run.
#[repr(C)]
pub(super) struct Job {
    bias: *const i32,
    scale: *const u32,
    next: Channel,
    /// Of the channel that is worked on.
    now: Channel,
    now_bias: i32,
    now_scale: u32,
    high: i32,
    /// From the least output to the greatest.
    span: i32,
    low: i32,
    /// Bytes from place to place of the output.
    y_step: usize,
    /// Minus the number of taps.
    taps: isize,
    /// Bytes of `x` from place to place, and from tap to tap.
    place_step: usize,
    tap_step: usize,
    /// Bytes from the last tap of a place, and of four, to the next first one.
    back: isize,
    back_four: isize,
    /// From channel to channel, of the end of the weights and of the first value.
    size: usize,
    x_step: isize,
    /// Four less than there are.
    places: isize,
    end: *const i32,
}

/// Where a channel's weights, values and outputs are.
#[derive(Clone, Copy)]
#[repr(C)]
struct Channel {
    /// Its first value; on v6-M bytes from the end of the weights to it.
    x: usize,
    /// Where the weights end.
    end: *const i8,
    y: *mut i16,
}

/// `y[place][c] = clamp(scale[c] (bias[c] + sum over the taps k of W[c][k] x[step of k][c]))` for all channels, at as many places
/// as `y` has; gives the number of channels.
///
/// 0 where a channel has several filters, a place has no taps, or a slice is too short, which the loader's checks rule out.
#[inline(always)]
pub fn run(depthwise: &Depthwise<'_>, y: &mut [i16]) -> usize {
    let Depthwise {
        filters,
        scale,
        sliding,
        x,
        ..
    } = depthwise;
    let (channels, size) = (filters.channels, sliding.size as usize);
    if channels == 0
        || filters.bias.len() != channels
        || scale.len() != channels
        || filters.weights.len() != channels * size
    {
        return 0;
    }
    let mut rest = y;
    for run in sliding.runs(x.len() / channels, rest.len() / channels) {
        let Some((y, behind)) = rest.split_at_mut_checked(run.places * channels) else {
            return 0;
        };
        rest = behind;
        if !at_run(depthwise, &run, y) {
            return 0;
        }
    }
    channels
}

/// The outputs of a run; `false` where it has no taps, or some of them do not meet the input.
#[inline(always)]
fn at_run(depthwise: &Depthwise<'_>, run: &Run, y: &mut [i16]) -> bool {
    let Depthwise {
        filters,
        scale,
        bounds: (low, high),
        sliding,
        x,
    } = *depthwise;
    let (channels, taps) = (filters.channels, run.taps.len());
    let [stride, dilation] = [sliding.stride, sliding.dilation].map(|n| n as usize);
    let last = run.at + run.places.saturating_sub(1) * stride + taps.saturating_sub(1) * dilation;
    if run.places == 0 || taps == 0 || x.len() < (last + 1) * channels {
        return false;
    }
    let [place_step, tap_step] = [stride, dilation].map(|steps| 2 * steps * channels);
    let end = filters.weights.as_ptr().wrapping_add(run.taps.end);
    let first = x.as_ptr().wrapping_add(run.at * channels) as usize;
    // On v6-M the ends of weights and values are one register's.
    let relative = cfg!(dunlin_v6m);
    let origin = if relative { end as usize } else { 0 };
    let next = Channel {
        x: first.wrapping_sub(origin),
        end,
        y: y.as_mut_ptr(),
    };
    let (low, high) = (i32::from(low), i32::from(high));
    let back = (place_step as isize).wrapping_sub((taps * tap_step) as isize);
    let mut job = Job {
        bias: filters.bias.as_ptr(),
        scale: scale.as_ptr(),
        next,
        now: next,
        now_bias: 0,
        now_scale: 0,
        high,
        span: high - low,
        low,
        y_step: 2 * channels,
        taps: -(taps as isize),
        place_step,
        tap_step,
        back,
        back_four: back.wrapping_add(3 * place_step as isize),
        size: sliding.size as usize,
        x_step: if relative {
            2 - sliding.size as isize
        } else {
            2
        },
        places: run.places as isize - 4,
        end: filters.bias.as_ptr().wrapping_add(channels),
    };
    // SAFETY: of each channel a bias, a scale and the taps' weights are read, which there are, and the values that the taps meet
    // at each place, of which the last step was checked; `y` has a value for each channel and place.
    unsafe { places_program(&mut job) };
    true
}
