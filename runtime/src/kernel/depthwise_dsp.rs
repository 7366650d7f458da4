//! Filters of one channel each on cores with the DSP extension: a `SMLAD` for two taps, four places at a time.
//!
//! Two channels of the input are taken out of the time steps into words of two steps each, zeros where a place reaches past the
//! input. A filter then has each pair of taps twice, for places that start at the lower half of a word and at the upper one:
//!
//! ```text
//! places 0, 2: w0 w1, w2 w3, w4 0;  places 1, 3: 0 w0, w1 w2, w3 w4
//! ```
#![cfg_attr(dunlin_dsp, allow(unsafe_code))] // naked functions, and the calls into them with checked lengths

#[cfg(dunlin_dsp)]
use super::depthwise::Filters;
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

/// Words of weights that [`PLACES`] reads for a filter.
pub const fn words(taps: usize) -> usize {
    if taps >= *FIVE_WORDS.start() && taps <= *FIVE_WORDS.end() {
        5
    } else {
        (taps / 2 + 1).next_multiple_of(2)
    }
}

/// Places that there is room for: a multiple of four.
pub const fn most_places(taps: usize) -> usize {
    (CHANNEL_WORDS + 1 - words(taps)) / 2 * 4
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
    /// Where `x` would be, were it two bytes on for each place.
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
pub fn run(
    filters: &Filters<'_, i8, i32>,
    scale: &[u32],
    bounds: (i16, i16),
    sliding: Sliding,
    x: &[i16],
    y: &mut [i16],
) -> usize {
    let (channels, taps) = (filters.channels, sliding.size as usize);
    let (dilation, places) = (sliding.dilation as usize, y.len().checked_div(channels));
    let places = places.unwrap_or_default();
    // Fewer places are not worth taking filters and channels out.
    let worth = sliding.stride == 1 && dilation > 0 && places / 3 >= dilation;
    if !worth || taps == 0 || taps > MOST_TAPS || filters.bias.len() != channels {
        return 0;
    }
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
        back: 4 * words(taps) - 4,
        bounded: (bounds != (0, i16::MAX)).into(),
        pairs: match words(taps) {
            5 => 0,
            words => words / 2,
        },
        bias: [0; 4],
        words: [0; 2 * WEIGHT_WORDS],
    };
    // Places `dilation` apart share the steps that they meet.
    for first in 0..dilation {
        let mut place = first;
        while place < places {
            let count = (places - place).div_ceil(dilation).min(most_places(taps));
            let steps = Sliding {
                size: (count + taps - 1) as u32,
                ..sliding.skip(place)
            };
            let y = y.get_mut(place * channels..).unwrap_or_default();
            if !some_places(&mut job, (filters, scale), steps, x, (y, count)) {
                return 0;
            }
            place += count * dilation;
        }
    }
    channels & !1
}

/// Some places of all pairs of channels, whose taps meet these steps of the input.
///
/// `false` where a slice is too short; the loader's checks rule that out.
#[cfg(dunlin_dsp)]
fn some_places(
    job: &mut Job,
    (filters, scale): (&Filters<'_, i8, i32>, &[u32]),
    steps: Sliding,
    x: &[i16],
    (y, count): (&mut [i16], usize),
) -> bool {
    let (channels, taps) = (filters.channels, job.taps);
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
    let rows = filters.weights.chunks_exact(2 * taps);
    let pairs = filters
        .bias
        .as_chunks::<2>()
        .0
        .iter()
        .zip(scale.as_chunks::<2>().0);
    for (pair, (rows, (bias, scale))) in rows.zip(pairs).enumerate() {
        // SAFETY: `met` steps of `x` end where was checked above, with both channels; they go to the halves of the words from
        // `first` on, of which there are `count + taps - 1` at most, and for so many `most_places` leaves room.
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
            job.end = job.x.cast::<i16>().wrapping_add(count).cast();
            job.y = y.as_mut_ptr().wrapping_add(2 * pair + channel);
            job.bias = [bias[channel]; 4];
            job.scale = scale[channel];
            // SAFETY: the program reads `taps` weights, as many as a row has; the words of a channel up to those of the last
            // four places, which `most_places` leaves room for; and writes `count` outputs, the last of them checked above.
            unsafe { places_program(job) };
        }
    }
    true
}

/// Two steps in the registers of [`take_out_source`].
macro_rules! two_steps {
    () => {
        "
        ldr r4, [r0]
        ldr r5, [r0, r3]
        add r0, r0, r3, lsl #1
        pkhbt r6, r4, r5, lsl #16
        pkhtb r7, r5, r4, asr #16
        str r7, [r1, #160]
        str r6, [r1], #4
        "
    };
}

/// Takes two channels out of steps: r0 the first step, r1 where the first half goes, r2 the number of steps, r3 bytes from step
/// to step. Words of the second channel are 160 bytes behind those of the first: [`CHANNEL_WORDS`].
macro_rules! take_out_source {
    () => {
        concat!(
            "
        push {r4-r7, lr}
        subs r2, #4
        blt 2f
        1:
        .rept 2
        ",
            two_steps!(),
            "
        .endr
        subs r2, #4
        bge 1b
        2:
        lsls r2, r2, #31
        bcc 3f
        ",
            two_steps!(),
            "
        3:
        bpl 4f
        ldr r4, [r0]
        strh r4, [r1]
        lsr r4, r4, #16
        strh r4, [r1, #160]
        4:
        pop {r4-r7, pc}
        "
        )
    };
}

/// Two taps at four places: the weights of both ways, a word of the channel and the next one.
macro_rules! word {
    ($first:literal, $second:literal, $x:literal, $next:literal) => {
        concat!(
            "
        smlad r8, ",
            $first,
            ", ",
            $x,
            ", r8
        smlad r9, ",
            $second,
            ", ",
            $x,
            ", r9
        smlad r10, ",
            $first,
            ", ",
            $next,
            ", r10
        smlad r11, ",
            $second,
            ", ",
            $next,
            ", r11
        "
        )
    };
}

/// All places of a filter: r0 the [`Job`].
///
/// r0 weights; r1 words of the channel; r14 outputs; r8-r11 the sums of four places; r3, r4, r5, r12 two words of weights for
/// the first of two places and for the second; r2, r6, r7 words of the channel.
macro_rules! places_source {
    () => {
        concat!(
            "
        push {r0, r4-r11, lr}
        ldm r0!, {r1-r4}
        mov lr, r4
        adds r0, #8
        str r0, [sp]
        add r12, r0, #40
        mov r5, #0
        lsrs r4, r2, #1
        beq 2f
        1:
        ldrsb r6, [r1], #1
        pkhbt r9, r5, r6, lsl #16
        ldrsb r5, [r1], #1
        pkhbt r8, r6, r5, lsl #16
        strd r8, r9, [r12], #8
        subs r4, #1
        bne 1b
        2:
        lsls r2, r2, #31
        beq 3f
        ldrsb r4, [r1]
        3:
        uxth r8, r4
        pkhbt r9, r5, r4, lsl #16
        strd r8, r9, [r12], #8
        mov r8, #0
        strd r8, r8, [r12]
        mov r1, r3
        adds r0, #20
        4:
        ldm r0!, {r2, r8-r11}
        cbz r2, 9f
        ldr r6, [r1], #4
        10:
        ldm r0!, {r3-r5, r12}
        ldr r7, [r1], #4
        ",
            word!("r3", "r4", "r6", "r7"),
            "
        ldr r6, [r1], #4
        ",
            word!("r5", "r12", "r7", "r6"),
            "
        subs r2, #1
        bne 10b
        b 5f
        9:
        ldm r1!, {r2, r6, r7}
        ldm r0!, {r3-r5, r12}
        ",
            word!("r3", "r4", "r2", "r6"),
            word!("r5", "r12", "r6", "r7"),
            "
        ldm r0!, {r3-r5, r12}
        ldrd r2, r6, [r1], #8
        ",
            word!("r3", "r4", "r7", "r2"),
            word!("r5", "r12", "r2", "r6"),
            "
        ldrd r3, r4, [r0]
        ldr r7, [r1], #4
        ",
            word!("r3", "r4", "r6", "r7"),
            "
        5:
        ldr r0, [sp]
        ldm r0!, {r2-r6}
        sub r1, r1, r5
        smulwt r8, r8, r2
        smulwt r9, r9, r2
        smulwt r10, r10, r2
        smulwt r11, r11, r2
        asr r8, r8, r2
        asr r9, r9, r2
        asr r10, r10, r2
        asr r11, r11, r2
        cbnz r6, 11f
        usat r8, #15, r8
        usat r9, #15, r9
        usat r10, #15, r10
        usat r11, #15, r11
        6:
        subs r4, r4, r1
        blt 7f
        strh r8, [lr]
        strh r9, [lr, r3]
        add lr, lr, r3, lsl #1
        strh r10, [lr]
        strh r11, [lr, r3]
        add lr, lr, r3, lsl #1
        bne 4b
        pop {r0, r4-r11, pc}
        7:
        strh r8, [lr]
        adds r4, #4
        blt 8f
        strh r9, [lr, r3]
        beq 8f
        strh r10, [lr, r3, lsl #1]
        8:
        pop {r0, r4-r11, pc}
        11:
        ldrd r6, r7, [r0, #-28]
        ssat r8, #16, r8
        ssat r9, #16, r9
        ssat r10, #16, r10
        ssat r11, #16, r11
        pkhbt r8, r8, r9, lsl #16
        pkhbt r10, r10, r11, lsl #16
        ssub16 r12, r8, r6
        sel r8, r6, r8
        ssub16 r12, r10, r6
        sel r10, r6, r10
        ssub16 r12, r8, r7
        sel r8, r8, r7
        ssub16 r12, r10, r7
        sel r10, r10, r7
        lsr r9, r8, #16
        lsr r11, r10, #16
        b 6b
        "
        )
    };
}

/// The programs of [`run`], for the interpreter of the tests.
pub const TAKE_OUT: &str = take_out_source!();
pub const PLACES: &str = places_source!();

/// # Safety
/// `count` steps at `x`, `step` bytes apart, with two values each; room for as many values at `words` and behind it.
#[cfg(dunlin_dsp)]
#[unsafe(naked)]
unsafe extern "C" fn take_out_program(x: *const i16, words: *mut u16, count: usize, step: usize) {
    core::arch::naked_asm!(super::cpu!(), take_out_source!(), options(raw))
}

/// # Safety
/// The pointers of the job reach as far as its lengths say.
#[cfg(dunlin_dsp)]
#[unsafe(naked)]
unsafe extern "C" fn places_program(job: &mut Job) {
    core::arch::naked_asm!(super::cpu!(), places_source!(), options(raw))
}
