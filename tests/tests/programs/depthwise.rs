//! Calls of the program of Helium for filters of one channel each, as the runtime calls it.
use conformance::inputs::Random;
use conformance::thumb::{Core, Memory, Program};
use dunlin::kernel::depthwise_mve::{EIGHTS, TAPS};
use dunlin::kernel::reference;

use super::helium::BOUNDS;
use super::{Checked, Kernel, Values, bytes, call, scale, scale_word, scaled, values};

pub const KERNELS: [Kernel; 1] = [Kernel {
    name: "depthwise_mve::EIGHTS",
    text: EIGHTS,
    core: Core::V81m,
    check: all,
}];

/// Eight or sixteen channels among others, at some places.
struct Case {
    count: usize,
    channels: usize,
    /// Taps that are used, and all of a filter.
    taps: usize,
    size: usize,
    dilation: usize,
    stride: usize,
    places: usize,
}

fn all(program: &Program) -> Result<Checked, String> {
    let mut random = Random::new();
    let mut checked = Checked::default();
    for values in values() {
        for taps in 1..=TAPS {
            for (count, places, stride, dilation) in [(8, 1, 1, 1), (16, 2, 1, 2), (8, 3, 2, 1)] {
                let case = Case {
                    count,
                    channels: count + random.bits() as usize % 3,
                    taps,
                    size: taps + random.bits() as usize % 3,
                    dilation,
                    stride,
                    places,
                };
                let place = (values, taps, (count, places, stride, dilation));
                let instructions = run(program, &values, &case, &mut random)
                    .map_err(|failure| format!("{place:?}: {failure}"))?;
                checked.add([taps, count, places, stride], instructions, &place)?;
            }
        }
    }
    Ok(checked)
}

fn run(
    program: &Program,
    values: &Values,
    case: &Case,
    random: &mut Random,
) -> Result<u64, String> {
    let &Case {
        count,
        channels,
        taps,
        size,
        dilation,
        stride,
        places,
    } = case;
    let rows: Vec<i8> = (0..count / 4)
        .flat_map(|_| values.rows(size, random).concat())
        .collect();
    let steps = (places - 1) * stride + (taps - 1) * dilation + 1;
    let x = values.x(steps * channels, random);
    let bias: Vec<i32> = (0..count).map(|_| random.bits() as i32 / 2).collect();
    let scales: Vec<(u16, u8)> = (0..count).map(|_| scale(random)).collect();
    let words: Vec<u32> = scales.iter().copied().map(scale_word).collect();
    let (low, high) = BOUNDS[random.bits() as usize % BOUNDS.len()];
    let first = random.bits() as usize % (size - taps + 1);

    let mut memory = Memory::default();
    let weights = memory.readable(&bytes(&rows, |w| w.to_le_bytes()), 1);
    // The last channel's last value is the last that is read.
    let used = (steps - 1) * channels + count;
    let x_start = memory.readable(&bytes(&x[..used], |x| x.to_le_bytes()), 2);
    let outputs = (places - 1) * channels + count;
    let y = memory.unwritten(2 * outputs, 2);
    let bias_start = memory.readable(&bytes(&bias, |bias| bias.to_le_bytes()), 4);
    let scale_start = memory.readable(&bytes(&words, |word| word.to_le_bytes()), 8);
    let step = 2 * channels as u32;
    let tap_step = dilation as u32 * step;
    // As `depthwise_mve::Job` has them.
    let job = [
        weights + first as u32,
        size as u32,
        taps as u32,
        x_start,
        tap_step,
        (stride as u32 * step).wrapping_sub(taps as u32 * tap_step),
        y,
        step,
        places as u32 * step,
        bias_start,
        scale_start,
        bias_start + 4 * count as u32,
        i32::from(high) as u32,
        i32::from(low) as u32,
    ];
    let job = memory.writable(&bytes(&job, |word| word.to_le_bytes()), 0);
    let rest = [(); 3].map(|()| random.bits());
    let arguments = [job, rest[0], rest[1], rest[2]];
    let (returned, memory) = call(program, memory, arguments, random)?;
    for output in 0..outputs {
        let (place, channel) = (output / channels, output % channels);
        let expected = (channel < count).then(|| {
            let weights = &rows[channel * size + first..][..taps];
            let x = &x[place * stride * channels + channel..];
            let sum = reference::strided(weights, x, dilation * channels, bias[channel]);
            scaled(sum, scales[channel]).clamp(low.into(), high.into()) as i16
        });
        let found = memory.bytes(y + 2 * output as u32, 2);
        if found != expected.map(|value| value.to_le_bytes().to_vec()) {
            return Err(format!(
                "place {place}, channel {channel}: {found:?} for {expected:?}"
            ));
        }
    }
    Ok(returned.instructions)
}
