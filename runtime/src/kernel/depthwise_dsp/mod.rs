//! Filters of one channel each on cores with the DSP extension: a `SMLAD` for two taps, four places at a time.
//!
//! Two channels of the input are taken out of the time steps into words of two steps each, zeros where a place reaches past the
//! input. A filter then has each pair of taps twice, for places that start at the lower half of a word and at the upper one:
//!
//! ```text
//! places 0, 2: w0 w1, w2 w3, w4 0;  places 1, 3: 0 w0, w1 w2, w3 w4
//! ```
//! Places two steps apart all start at the lower half of a word, and a filter is taken out once.
#![cfg_attr(dunlin_dsp, allow(unsafe_code))] // calls into the programs with checked lengths

mod programs;
mod step;

pub use programs::{PLACES, PLACES_TWO_APART, TAKE_OUT};
pub use step::STEP;

#[cfg(dunlin_dsp)]
use programs::{places_program, take_out_program, two_apart_program};
#[cfg(dunlin_dsp)]
use step::Outputs;

#[cfg(dunlin_dsp)]
use super::depthwise::Depthwise;
#[cfg(dunlin_dsp)]
use super::sliding::Sliding;

/// Words of two steps that a channel has room for; [`TAKE_OUT`] has the number of bytes in its text.
pub const CHANNEL_WORDS: usize = 40;
/// Words of weights in each of the two ways.
pub const WEIGHT_WORDS: usize = 18;
/// The longest filter that fits into [`WEIGHT_WORDS`], with a word of zeros to make them even.
pub const MOST_TAPS: usize = 2 * WEIGHT_WORDS - 3;
/// Filters of so many taps take five words in both ways, and [`PLACES`] does them without a loop.
pub const FIVE_WORDS: core::ops::RangeInclusive<usize> = 6..=9;

/// Words of weights that [`PLACES`] and, of places two steps apart, [`PLACES_TWO_APART`] read for a filter.
pub const fn words(taps: usize, stride: usize) -> usize {
    if stride == 1 && taps >= *FIVE_WORDS.start() && taps <= *FIVE_WORDS.end() {
        5
    } else {
        (taps / 2 + 1).next_multiple_of(2)
    }
}

/// Places that there is room for: a multiple of four.
pub const fn most_places(taps: usize, stride: usize) -> usize {
    let words = CHANNEL_WORDS + 1 - words(taps, stride);
    if stride == 1 {
        words / 2 * 4
    } else {
        words / 4 * 4
    }
}

/// What [`PLACES`] works on: a filter and a channel.
#[cfg(dunlin_dsp)]
#[repr(C)]
struct Job {
    weights: *const i8,
    taps: usize,
    x: *const u32,
    y: *mut i16,
    /// The greatest and the least output, twice in a word.
    high: u32,
    low: u32,
    scale: u32,
    /// Bytes from place to place of the output.
    y_step: usize,
    /// Where `x` would be, were it a value on for each step from place to place.
    end: *const u32,
    /// Bytes that a group of four places reads past the start of the next one.
    back: usize,
    /// Whether bounds are others than 0 and 32,767.
    bounded: u32,
    /// Twice two words of weights, 0 for five words.
    pairs: usize,
    bias: [i32; 4],
    /// Written by the program.
    words: [u32; 2 * WEIGHT_WORDS],
}

/// [`clamped`](super::depthwise::clamped) of pairs of channels; gives their number.
#[cfg(dunlin_dsp)]
#[inline(never)]
pub fn run(depthwise: &Depthwise<'_>, y: &mut [i16]) -> usize {
    let Depthwise {
        filters, sliding, ..
    } = depthwise;
    let (channels, taps) = (filters.channels, sliding.size as usize);
    let (dilation, places) = (sliding.dilation as usize, y.len().checked_div(channels));
    let places = places.unwrap_or_default();
    if filters.bias.len() != channels {
        return 0;
    }
    // Fewer places are not worth taking filters and channels out.
    let worth = match sliding.stride {
        1 => dilation > 0 && places / 3 >= dilation,
        2 => dilation == 1 && places >= 12,
        _ => false,
    };
    let done = if worth && (1..=MOST_TAPS).contains(&taps) {
        shared(depthwise, y, places)
    } else {
        each_place(depthwise, y)
    };
    if done { channels & !1 } else { 0 }
}

/// Places that share what is taken out; `false` where a slice is too short, which the loader's checks rule out.
#[cfg(dunlin_dsp)]
#[inline(always)]
fn shared(depthwise: &Depthwise<'_>, y: &mut [i16], places: usize) -> bool {
    let Depthwise {
        filters,
        bounds,
        sliding,
        ..
    } = depthwise;
    let (channels, taps) = (filters.channels, sliding.size as usize);
    let [stride, dilation] = [sliding.stride, sliding.dilation].map(|n| n as usize);
    let words = words(taps, stride);
    let twice = |value: i16| u32::from(value as u16) * 0x1_0001;
    let mut job = Job {
        weights: core::ptr::null(),
        taps,
        x: core::ptr::null(),
        y: core::ptr::null_mut(),
        high: twice(bounds.1),
        low: twice(bounds.0),
        scale: 0,
        y_step: 2 * channels * dilation,
        end: core::ptr::null(),
        back: if stride == 1 {
            4 * words - 4
        } else {
            (4 * words).wrapping_sub(16)
        },
        bounded: (*bounds != (0, i16::MAX)).into(),
        pairs: if words == 5 { 0 } else { words / 2 },
        bias: [0; 4],
        words: [0; 2 * WEIGHT_WORDS],
    };
    // Places `dilation` apart share the steps that they meet.
    for first in 0..dilation {
        let mut place = first;
        while place < places {
            let count = (places - place)
                .div_ceil(dilation)
                .min(most_places(taps, stride));
            let steps = Sliding {
                size: ((count - 1) * stride + taps) as u32,
                ..sliding.skip(place)
            };
            let y = y.get_mut(place * channels..).unwrap_or_default();
            if !some_places(&mut job, depthwise, steps, (y, count)) {
                return false;
            }
            place += count * dilation;
        }
    }
    true
}

/// Places one by one; `false` as of [`shared`].
#[cfg(dunlin_dsp)]
#[inline(always)]
fn each_place(depthwise: &Depthwise<'_>, y: &mut [i16]) -> bool {
    let channels = depthwise.filters.channels.max(1);
    let (mut sliding, steps) = (depthwise.sliding, depthwise.steps());
    for y in y.chunks_exact_mut(channels) {
        let taps = sliding.taps(steps);
        if !step::place(depthwise, taps, 0, Outputs::Clamped(y)) {
            return false;
        }
        sliding = sliding.skip(1);
    }
    true
}

/// [`scaled`](super::depthwise::scaled) of pairs of channels; gives their number.
#[cfg(dunlin_dsp)]
pub fn scaled(
    depthwise: &Depthwise<'_>,
    taps: (usize, usize, usize),
    first: usize,
    y: &mut [i32],
) -> usize {
    let filters = &depthwise.filters;
    if filters.bias.len() != filters.channels {
        return 0;
    }
    let count = y.len() & !1;
    if step::place(depthwise, taps, first, Outputs::Scaled(y)) {
        count
    } else {
        0
    }
}

/// Some places of all pairs of channels, whose taps meet these steps of the input.
///
/// `false` where a slice is too short; the loader's checks rule that out.
#[cfg(dunlin_dsp)]
fn some_places(
    job: &mut Job,
    depthwise: &Depthwise<'_>,
    steps: Sliding,
    (y, count): (&mut [i16], usize),
) -> bool {
    let Depthwise {
        filters, scale, x, ..
    } = depthwise;
    let (channels, taps) = (filters.channels, job.taps);
    let stride = steps.stride as usize;
    let step = channels * steps.dilation as usize;
    let (first, end, at) = steps.taps(x.len() / channels.max(1));
    let met = end - first;
    // The last step and the last place hold both channels of every pair.
    let x = x.get(at * channels..).unwrap_or_default();
    let enough = y.len() >= (count - 1) * step + channels
        && (met == 0 || x.len() >= (met - 1) * step + channels);
    if !enough {
        return false;
    }
    let mut words = [[0u32; CHANNEL_WORDS]; 2];
    let rows = filters.weights.chunks_exact((2 * taps).max(1));
    let pairs = filters
        .bias
        .as_chunks::<2>()
        .0
        .iter()
        .zip(scale.as_chunks::<2>().0);
    for (pair, (rows, (bias, scale))) in rows.zip(pairs).enumerate() {
        // SAFETY: `met` steps of `x` end where was checked above, with both channels; they go to the halves of the words from
        // `first` on, of which there are `(count - 1) * stride + taps` at most, and for so many `most_places` leaves room.
        unsafe {
            take_out_program(
                x.as_ptr().wrapping_add(2 * pair),
                words.as_mut_ptr().cast::<u16>().wrapping_add(first),
                met,
                2 * step,
            );
        }
        for (channel, words) in words.iter().enumerate() {
            job.weights = rows.as_ptr().wrapping_add(channel * taps);
            job.x = words.as_ptr();
            job.end = job.x.cast::<i16>().wrapping_add(count * stride).cast();
            job.y = y.as_mut_ptr().wrapping_add(2 * pair + channel);
            job.bias = [bias[channel]; 4];
            job.scale = scale[channel];
            // SAFETY: the program reads `taps` weights, as many as a row has; the words of a channel up to those of the last
            // four places, which `most_places` leaves room for; and writes `count` outputs, the last of them checked above.
            unsafe {
                match stride {
                    1 => places_program(job),
                    _ => two_apart_program(job),
                }
            }
        }
    }
    true
}
