//! Calls of the program that makes one place of depthwise convolutions on cores with the DSP extension, as the runtime calls it.
use conformance::inputs::Random;
use conformance::thumb::{Core, Memory, Program};
use dunlin::kernel::depthwise_dsp::STEP;
use dunlin::kernel::reference;

use super::{Checked, Kernel, Values, bytes, call_job, lengths, scale_word, scaled, values};
use crate::places::{FULL, POSITIVE, scale, twice};

pub const KERNELS: [Kernel; 1] = [Kernel {
    name: "depthwise_dsp::STEP",
    text: STEP,
    core: Core::V7em,
    check: all,
}];

/// What becomes of sums: both usual bounds, others, and 32 bits.
const FORMS: [Option<(i16, i16)>; 4] = [Some(FULL), Some(POSITIVE), Some((-300, 20_000)), None];

/// How filters and values lie.
#[derive(Debug, Clone, Copy)]
struct Shape {
    /// Taps that meet the input.
    taps: usize,
    /// Those before them and behind them, which do not.
    outside: [usize; 2],
    pairs: usize,
    /// Values from tap to tap, two a pair at least.
    tap_step: usize,
    form: usize,
}

fn all(program: &Program) -> Result<Checked, String> {
    let mut random = Random::new();
    let mut checked = Checked::default();
    for values in values() {
        for taps in lengths() {
            for pairs in [1, 2, 3] {
                let mut below = |bound: u32| (random.bits() % bound) as usize;
                let shape = Shape {
                    taps,
                    outside: [below(4), below(4)],
                    pairs,
                    tap_step: 2 * pairs + below(5),
                    form: below(4),
                };
                let place = (values, shape);
                let count = run(program, &values, shape, &mut random)
                    .map_err(|failure| format!("{place:?}: {failure}"))?;
                checked.add([taps, pairs, shape.form, 0], count, &place)?;
            }
        }
    }
    Ok(checked)
}

fn run(
    program: &Program,
    values: &Values,
    shape: Shape,
    random: &mut Random,
) -> Result<u64, String> {
    let Shape {
        taps,
        outside: [before, behind],
        pairs,
        tap_step,
        form,
    } = shape;
    let (channels, size) = (2 * pairs, before + taps + behind);
    let rows: Vec<Vec<i8>> = (0..pairs)
        .flat_map(|_| values.rows(taps, random).into_iter().take(2))
        .collect();
    // Memory ends with the last filter's last tap.
    let mut weights = Vec::new();
    for row in &rows {
        let taps = row.iter().map(|&weight| weight as u8);
        weights.extend([0x55].repeat(if weights.is_empty() {
            0
        } else {
            before + behind
        }));
        weights.extend(taps);
    }
    let x = values.x((taps.saturating_sub(1)) * tap_step + channels, random);
    let bias: Vec<i32> = (0..channels).map(|_| random.bits() as i32 / 2).collect();
    let scales: Vec<(u16, u8)> = (0..channels).map(|_| scale(values, random)).collect();
    let mut memory = Memory::default();
    let weights = memory.readable(&weights, random.bits() % 4);
    let start = memory.readable(&bytes(&x, |x| x.to_le_bytes()), 2 * (random.bits() % 2));
    let bias_at = memory.readable(&bytes(&bias, |bias| bias.to_le_bytes()), 0);
    let scale_at = bytes(&scales, |&scale| scale_word(scale).to_le_bytes());
    let scale_at = memory.readable(&scale_at, 0);
    let bounds = FORMS[form];
    let (width, y_at) = match bounds {
        Some(_) => (2, 2 * (random.bits() % 2)),
        None => (4, 0),
    };
    let y = memory.unwritten(width * channels, y_at);
    let (low, high) = bounds.unwrap_or_default();
    // As `depthwise_dsp::step::Job` has them.
    let job = [
        start,
        2 * tap_step as u32,
        weights,
        size as u32,
        y,
        form as u32,
        scale_at,
        bias_at,
        4u32.wrapping_sub(((taps & !1) * 2 * tap_step) as u32),
        (2 * size - taps) as u32,
        y + (width * channels) as u32,
        taps as u32,
        twice(high),
        twice(low),
    ];
    let job = memory.writable(&bytes(&job, |word| word.to_le_bytes()), 0);
    let (returned, memory) = call_job(program, memory, job, random)?;
    for (channel, row) in rows.iter().enumerate() {
        let met = x.get(channel..).unwrap_or_default();
        let sum = reference::strided(row, met, tap_step, bias[channel]);
        let scaled = scaled(sum, scales[channel]);
        let expected = match bounds {
            Some((low, high)) => scaled.clamp(low.into(), high.into()),
            None => scaled,
        };
        let found = memory.bytes(y + (width * channel) as u32, width);
        if found != Some(expected.to_le_bytes()[..width].to_vec()) {
            return Err(format!(
                "channel {channel}: {found:?}, the reference gives {expected}"
            ));
        }
    }
    Ok(returned.instructions)
}
