//! The largest and the mean value of each channel over some time steps, on 16-bit values.
#![cfg_attr(dunlin_dsp, allow(unsafe_code))] // a naked function, and the call into it with checked lengths

use crate::math::division::Divisor;

/// Values that the program takes at a time.
#[cfg(any(dunlin_dsp, test))]
const BLOCK: usize = 8;

// `largest` and `mean` are generic without need, so that they are compiled as the image is that uses them, mostly for size:
// as a part of this crate their loops would be unrolled to several times as much code, for few instructions less.

/// Output step `s` is the largest of `[taps][channels]` values from `s taps channels` on; all have as many taps, at least one.
#[inline(never)]
pub fn largest<const IMAGE: u32>(x: &[i16], channels: usize, taps: usize, y: &mut [i16]) {
    #[cfg(dunlin_mve)]
    if taps == 2 {
        return largest_of_two(x, channels, y);
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

/// [`largest`] of two taps. Not generic, so that the inner loop is one of vectors.
#[cfg(dunlin_mve)]
#[inline(never)]
fn largest_of_two(x: &[i16], channels: usize, y: &mut [i16]) {
    each_step(x, channels, 2, y, |window, y| {
        let (a, b) = window.split_at_checked(channels).unwrap_or_default();
        larger_of_each(a, b, y);
    });
}

/// As [`largest`], the mean of each channel, rounded to nearest, halves up. At most 65,535 taps.
#[inline(never)]
pub fn mean<const IMAGE: u32>(x: &[i16], channels: usize, taps: usize, y: &mut [i16]) {
    #[cfg(dunlin_mve)]
    if taps == 2 {
        return mean_of_two(x, channels, y);
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

/// [`mean`] of two taps, as [`largest_of_two`].
#[cfg(dunlin_mve)]
#[inline(never)]
fn mean_of_two(x: &[i16], channels: usize, y: &mut [i16]) {
    each_step(x, channels, 2, y, |window, y| {
        let (a, b) = window.split_at_checked(channels).unwrap_or_default();
        for (y, (&a, &b)) in y.iter_mut().zip(a.iter().zip(b)) {
            *y = ((i32::from(a) + i32::from(b) + 1) >> 1) as i16;
        }
    });
}

/// The means, by a division through the number of taps.
#[inline(always)]
fn means(x: &[i16], channels: usize, taps: usize, y: &mut [i16], divided: impl Fn(u32) -> u32) {
    // Of values from 0 on: below 2^32.
    let start = (taps as u32)
        .wrapping_mul(1 << 15)
        .wrapping_add(taps as u32 / 2);
    let mean = |sum: u32| (divided(sum) as i32 - (1 << 15)) as i16;
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

/// `y = max(a, b)`, all of one length.
#[inline(always)]
fn larger(a: &[i16], b: &[i16], y: &mut [i16]) {
    #[cfg(dunlin_dsp)]
    let (a, b, y) = {
        let blocks = a.len().min(b.len()).min(y.len()) / BLOCK;
        let aligned = (a.as_ptr().addr() | b.as_ptr().addr() | y.as_ptr().addr()).is_multiple_of(4);
        if blocks > 0 && aligned {
            // SAFETY: all three have this many blocks, at multiples of four bytes.
            unsafe { larger_program(a.as_ptr(), b.as_ptr(), y.as_mut_ptr(), blocks) };
            let done = blocks * BLOCK;
            (
                a.get(done..).unwrap_or_default(),
                b.get(done..).unwrap_or_default(),
                y.get_mut(done..).unwrap_or_default(),
            )
        } else {
            (a, b, y)
        }
    };
    larger_of_each(a, b, y);
}

#[inline(always)]
fn larger_of_each(a: &[i16], b: &[i16], y: &mut [i16]) {
    for (y, (&a, &b)) in y.iter_mut().zip(a.iter().zip(b)) {
        *y = larger_of(a, b);
    }
}

/// `y = max(y, x)`, of one length.
#[inline(always)]
fn raise(y: &mut [i16], x: &[i16]) {
    #[cfg(dunlin_dsp)]
    let (y, x) = {
        let blocks = x.len().min(y.len()) / BLOCK;
        let aligned = (x.as_ptr().addr() | y.as_ptr().addr()).is_multiple_of(4);
        if blocks > 0 && aligned {
            let to = y.as_mut_ptr();
            // SAFETY: as in `larger`; a block is read before it is written.
            unsafe { larger_program(to, x.as_ptr(), to, blocks) };
            let done = blocks * BLOCK;
            (
                y.get_mut(done..).unwrap_or_default(),
                x.get(done..).unwrap_or_default(),
            )
        } else {
            (y, x)
        }
    };
    for (y, &x) in y.iter_mut().zip(x) {
        *y = larger_of(*y, x);
    }
}

#[cfg(not(dunlin_v6m))]
#[inline(always)]
fn larger_of(a: i16, b: i16) -> i16 {
    a.max(b)
}

#[cfg(dunlin_v6m)]
#[inline(always)]
fn larger_of(a: i16, b: i16) -> i16 {
    crate::math::bounds::at_least(a.into(), b.into()) as i16
}

/// The program of [`largest`]: `y = max(a, b)` over r3 blocks of eight values; r0 is `a`, r1 `b`, r2 `y`, which may be `a`.
macro_rules! larger_source {
    () => {
        "
        push {r4-r11, lr}
        1:
        ldm r0!, {r4-r7}
        ldm r1!, {r8-r11}
        ssub16 r12, r4, r8
        sel r4, r4, r8
        ssub16 r12, r5, r9
        sel r5, r5, r9
        ssub16 r12, r6, r10
        sel r6, r6, r10
        ssub16 r12, r7, r11
        sel r7, r7, r11
        stm r2!, {r4-r7}
        subs r3, r3, #1
        bne 1b
        pop {r4-r11, pc}
        "
    };
}

/// The program of [`largest`], for the interpreter of the tests.
pub const LARGER: &str = larger_source!();

#[cfg(dunlin_dsp)]
#[unsafe(naked)]
unsafe extern "C" fn larger_program(a: *const i16, b: *const i16, y: *mut i16, blocks: usize) {
    core::arch::naked_asm!(super::cpu!(), larger_source!(), options(raw))
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
        for channels in 1..3 * BLOCK {
            for taps in [1, 2, 3, 4, 5, 6, 7, 100] {
                let steps = 3;
                let x = values(steps * taps * channels);
                let of = |s: usize, c: usize| (0..taps).map(move |t| (s * taps + t) * channels + c);
                let mut found = vec![0; steps * channels];
                largest::<0>(&x, channels, taps, &mut found);
                let mut means = vec![0; steps * channels];
                mean::<0>(&x, channels, taps, &mut means);
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
