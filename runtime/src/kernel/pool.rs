//! The largest and the mean value of each channel over some time steps, on 16-bit values.
#[cfg(dunlin_mve)]
use super::pool_pairs::middle;
use super::pool_pairs::{larger, raise};
use crate::math::bounds::at_least;
use crate::math::division::Divisor;

// `largest` and `mean` are generic without need, so that they are compiled as the image is that uses them, mostly for size:
// as a part of this crate their loops would be unrolled to several times as much code, for few instructions less.

/// Output step `s` is the largest of `[taps][channels]` values from `s taps channels` on; all have as many taps, at least one.
#[inline(never)]
pub fn largest<const IMAGE: u64>(x: &[i16], channels: usize, taps: usize, y: &mut [i16]) {
    #[cfg(dunlin_mve)]
    if taps == 2 {
        return each_step(x, channels, 2, y, |window, y| {
            let (a, b) = window.split_at_checked(channels).unwrap_or_default();
            larger(a, b, y);
        });
    }
    each_step(x, channels, taps, y, |window, y| {
        let (first, rest) = window.split_at_checked(channels).unwrap_or_default();
        let Some((second, mut rest)) = rest.split_at_checked(channels) else {
            copy(first, y);
            return;
        };
        larger(first, second, y);
        while let Some((tap, left)) = rest.split_at_checked(channels) {
            raise(y, tap);
            rest = left;
        }
    });
}

/// As [`largest`], the mean of each channel, rounded to nearest, halves up. At most 65,535 taps.
#[inline(never)]
pub fn mean<const IMAGE: u64>(x: &[i16], channels: usize, taps: usize, y: &mut [i16]) {
    #[cfg(dunlin_mve)]
    if taps == 2 {
        return each_step(x, channels, 2, y, |window, y| {
            let (a, b) = window.split_at_checked(channels).unwrap_or_default();
            middle(a, b, y);
        });
    }
    let count = Divisor::new(taps as u32);
    // A reciprocal takes ten times as long as a shift.
    #[cfg(dunlin_v6m)]
    if taps.is_power_of_two() {
        let shift = taps.trailing_zeros();
        return means(x, channels, taps, y, |sum| sum >> shift);
    }
    means(x, channels, taps, y, |sum| count.divide(sum));
}

/// [`largest`], or [`mean`], one channel at a time.
#[inline(never)]
pub fn one_by_one<const IMAGE: u64>(
    x: &[i16],
    channels: usize,
    taps: usize,
    y: &mut [i16],
    is_mean: bool,
) {
    let count = Divisor::new(taps as u32);
    let start = first_sum(taps);
    each_step(x, channels, taps, y, |window, y| {
        for (channel, y) in y.iter_mut().enumerate() {
            let (mut most, mut sum) = (i32::from(i16::MIN), start);
            let mut left = window.get(channel..).unwrap_or_default();
            while let Some(&x) = left.first() {
                most = at_least(x.into(), most);
                sum = sum.wrapping_add(i32::from(x) as u32);
                left = left.get(channels..).unwrap_or_default();
            }
            *y = if is_mean {
                mean_of(count.divide(sum))
            } else {
                most as i16
            };
        }
    });
}

/// What the sum of a mean over so many values starts from: half of their number, each value counted from 0 on.
#[inline(always)]
fn first_sum(taps: usize) -> u32 {
    // Of values from 0 on: below 2^32.
    (taps as u32)
        .wrapping_mul(1 << 15)
        .wrapping_add(taps as u32 / 2)
}

/// The mean, of that of values from 0 on.
#[inline(always)]
fn mean_of(divided: u32) -> i16 {
    (divided as i32 - (1 << 15)) as i16
}

/// The means, by a division through the number of taps.
#[inline(always)]
fn means(x: &[i16], channels: usize, taps: usize, y: &mut [i16], divided: impl Fn(u32) -> u32) {
    let start = first_sum(taps);
    let mean = |sum: u32| mean_of(divided(sum));
    each_step(x, channels, taps, y, |window, y| {
        let (fours, rest) = y.as_chunks_mut::<4>();
        let mut channel = 0;
        for y in fours {
            let [mut a, mut b, mut c, mut d] = [start; 4];
            let mut left = window.get(channel..).unwrap_or_default();
            while let Some(&[xa, xb, xc, xd]) = left.first_chunk::<4>() {
                a = a.wrapping_add(i32::from(xa) as u32);
                b = b.wrapping_add(i32::from(xb) as u32);
                c = c.wrapping_add(i32::from(xc) as u32);
                d = d.wrapping_add(i32::from(xd) as u32);
                left = left.get(channels..).unwrap_or_default();
            }
            *y = [mean(a), mean(b), mean(c), mean(d)];
            channel += 4;
        }
        for y in rest {
            let mut sum = start;
            let mut left = window.get(channel..).unwrap_or_default();
            while let Some(&x) = left.first() {
                sum = sum.wrapping_add(i32::from(x) as u32);
                left = left.get(channels..).unwrap_or_default();
            }
            *y = mean(sum);
            channel += 1;
        }
    });
}

/// Calls `step` with each window of `x` and its step of `y`. Without the chunks of the standard library, which can panic.
#[inline(always)]
fn each_step(
    x: &[i16],
    channels: usize,
    taps: usize,
    y: &mut [i16],
    step: impl Fn(&[i16], &mut [i16]),
) {
    let size = channels.wrapping_mul(taps);
    if channels == 0 {
        return;
    }
    let (mut x, mut y) = (x, y);
    while let Some((window, x_left)) = x.split_at_checked(size)
        && let Some((to, y_left)) = y.split_at_mut_checked(channels)
    {
        step(window, to);
        (x, y) = (x_left, y_left);
    }
}

#[inline(always)]
fn copy(x: &[i16], y: &mut [i16]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = x;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    /// Values with the extremes among them.
    fn values(count: usize) -> Vec<i16> {
        let mut bits = 0x2545_f491u32;
        let mut random = move || {
            bits ^= bits << 13;
            bits ^= bits >> 17;
            bits ^= bits << 5;
            bits
        };
        (0..count)
            .map(|_| match random() % 5 {
                0 => i16::MIN,
                1 => i16::MAX,
                _ => random() as i16,
            })
            .collect()
    }

    #[test]
    fn pools_of_all_shapes_are_those_of_each_channel() {
        for channels in 1..24 {
            for taps in [1, 2, 3, 4, 5, 6, 7, 100] {
                let steps = 3;
                let x = values(steps * taps * channels);
                let of = |s: usize, c: usize| (0..taps).map(move |t| (s * taps + t) * channels + c);
                let mut found = vec![0; steps * channels];
                largest::<0>(&x, channels, taps, &mut found);
                let mut means = vec![0; steps * channels];
                mean::<0>(&x, channels, taps, &mut means);
                let one_by_one_is = |is_mean, expected: &[i16]| {
                    let mut found = vec![0; steps * channels];
                    one_by_one::<0>(&x, channels, taps, &mut found, is_mean);
                    assert_eq!(found, expected);
                };
                one_by_one_is(false, &found);
                one_by_one_is(true, &means);
                for s in 0..steps {
                    for c in 0..channels {
                        let most = of(s, c).map(|at| x[at]).max();
                        assert_eq!(Some(found[s * channels + c]), most);
                        let sum: i64 = of(s, c).map(|at| i64::from(x[at])).sum();
                        let exact = (sum + taps as i64 / 2).div_euclid(taps as i64);
                        assert_eq!(i64::from(means[s * channels + c]), exact);
                    }
                }
            }
        }
    }

    #[test]
    fn the_longest_mean_does_not_overflow() {
        for value in [i16::MIN, i16::MAX] {
            let mut y = [0];
            mean::<0>(&vec![value; 65_535], 1, 65_535, &mut y);
            assert_eq!(y, [value]);
        }
    }
}
