//! Calls of the program of Helium for filters of one channel each, as the runtime calls it.
use conformance::inputs::Random;
use conformance::thumb::{Core, Memory, Program};
use dunlin::kernel::depthwise_mve::{EIGHTS, TAPS};
use dunlin::kernel::reference;

use super::helium::BOUNDS;
use super::{Checked, Kernel, Values, bytes, call_job, scale_word, values};
use crate::places::{output, scale};

pub const KERNELS: [Kernel; 1] = [Kernel {
    name: "depthwise_mve::EIGHTS",
    text: EIGHTS,
    core: Core::V81m,
    check: all,
}];

/// Eight or sixteen channels among others.
struct Case {
    count: usize,
    channels: usize,
    size: usize,
    dilation: usize,
    stride: usize,
    runs: Vec<Run>,
}

/// Places with the same taps; the first of them is at a step.
struct Run {
    places: usize,
    taps: core::ops::Range<usize>,
    at: usize,
}

impl Case {
    /// Steps from the first of a run's to the last.
    fn span(&self, run: &Run) -> usize {
        (run.places - 1) * self.stride + (run.taps.len() - 1) * self.dilation + 1
    }
}

fn all(program: &Program) -> Result<Checked, String> {
    let mut random = Random::new();
    let mut checked = Checked::default();
    for values in values() {
        for size in 1..=TAPS {
            for (count, stride, dilation) in [(8, 1, 1), (16, 1, 2), (8, 2, 1)] {
                let run = |places, taps, at| Run { places, taps, at };
                let mut runs = vec![run(1 + size % 3, 0..size, 1)];
                if count == 16 {
                    runs.insert(0, run(1, size / 2..size, 0));
                    runs.push(run(1, 0..1 + size / 2, 2));
                }
                let case = Case {
                    count,
                    channels: count + random.bits() as usize % 3,
                    size,
                    dilation,
                    stride,
                    runs,
                };
                let place = (values, size, (count, stride, dilation));
                let instructions = run_case(program, &values, &case, &mut random)
                    .map_err(|failure| format!("{place:?}: {failure}"))?;
                checked.add([size, count, stride, dilation], instructions, &place)?;
            }
        }
    }
    Ok(checked)
}

fn run_case(
    program: &Program,
    values: &Values,
    case: &Case,
    random: &mut Random,
) -> Result<u64, String> {
    let &Case {
        count,
        channels,
        size,
        dilation,
        stride,
        ..
    } = case;
    let rows: Vec<i8> = (0..count / 4)
        .flat_map(|_| values.rows(size, random).concat())
        .collect();
    let steps = case.runs.iter().map(|run| run.at + case.span(run)).max();
    let steps = steps.unwrap_or_default();
    let x = values.x(steps * channels, random);
    let bias: Vec<i32> = (0..count).map(|_| random.bits() as i32 / 2).collect();
    let scales: Vec<(u16, u8)> = (0..count).map(|_| scale(values, random)).collect();
    let words: Vec<u32> = scales.iter().copied().map(scale_word).collect();
    let (low, high) = BOUNDS[random.bits() as usize % BOUNDS.len()];
    let step = 2 * channels;

    let mut memory = Memory::default();
    let weights = memory.readable(&bytes(&rows, |w| w.to_le_bytes()), 1);
    // The last channel's last value is the last that is read.
    let used = (steps - 1) * channels + count;
    let x_start = memory.readable(&bytes(&x[..used], |x| x.to_le_bytes()), 2);
    let places: usize = case.runs.iter().map(|run| run.places).sum();
    let outputs = (places - 1) * channels + count;
    let y = memory.unwritten(2 * outputs, 2);
    let bias_start = memory.readable(&bytes(&bias, |bias| bias.to_le_bytes()), 4);
    let scale_start = memory.readable(&bytes(&words, |word| word.to_le_bytes()), 8);
    // As `depthwise_mve::Places` and `Job` have them; `of` has each place's run and its number there.
    let (mut table, mut of) = (Vec::new(), Vec::new());
    for run in &case.runs {
        of.extend((0..run.places).map(|place| (run, place)));
        let taps = run.taps.len();
        let ahead = (stride * step).wrapping_sub(taps * dilation * step);
        let y_end = of.len() * step;
        table.extend([run.at * step, 16 * run.taps.start, taps, y_end, ahead]);
    }
    let table = bytes(&table, |&word| (word as u32).to_le_bytes());
    let runs = memory.readable(&table, 0);
    let job = [
        weights,
        size as u32,
        x_start,
        y,
        bias_start,
        scale_start,
        (dilation * step) as u32,
        step as u32,
        runs,
        runs + table.len() as u32,
        bias_start + 4 * count as u32,
        i32::from(high) as u32,
        i32::from(low) as u32,
    ];
    let job = memory.writable(&bytes(&job, |word| word.to_le_bytes()), 0);
    let (returned, memory) = call_job(program, memory, job, random)?;
    for at in 0..outputs {
        let (place, channel) = (at / channels, at % channels);
        let expected = (channel < count).then(|| {
            let (run, place) = of[place];
            let weights = &rows[channel * size..][run.taps.clone()];
            let x = &x[(run.at + place * stride) * channels + channel..];
            let sum = reference::strided(weights, x, dilation * channels, bias[channel]);
            output(sum, scales[channel], (low, high))
        });
        let found = memory.bytes(y + 2 * at as u32, 2);
        if found != expected.map(|value| value.to_le_bytes().to_vec()) {
            return Err(format!(
                "place {place}, channel {channel}: {found:?} for {expected:?}"
            ));
        }
    }
    Ok(returned.instructions)
}
