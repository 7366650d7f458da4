//! Pieces of slices without a panic.

/// One of several parts of equal length.
#[inline(always)]
pub fn part<T>(of: &[T], index: usize, parts: usize) -> &[T] {
    let len = of.len().checked_div(parts).unwrap_or_default();
    of.get(index * len..(index + 1) * len).unwrap_or_default()
}

/// Four values from `first` on, the default where there are fewer.
#[inline(always)]
pub fn four<T: Copy + Default>(of: &[T], first: usize) -> [T; 4] {
    let of = of.get(first..).unwrap_or_default();
    match of.first_chunk() {
        Some(&four) => four,
        None => fewer(of),
    }
}

/// Up to four values, filled up. Not a loop, which the compiler unrolls for any number.
#[inline(never)]
pub fn fewer<T: Copy + Default>(of: &[T]) -> [T; 4] {
    let zero = T::default();
    match *of {
        [] => [zero; 4],
        [a] => [a, zero, zero, zero],
        [a, b] => [a, b, zero, zero],
        [a, b, c] => [a, b, c, zero],
        [a, b, c, d, ..] => [a, b, c, d],
    }
}

/// So many values from `first` on, the default where there are fewer.
#[inline(always)]
pub fn some<T: Copy + Default, const N: usize>(of: &[T], first: usize) -> [T; N] {
    let of = of.get(first..).unwrap_or_default();
    match of.first_chunk() {
        Some(&some) => some,
        None => core::array::from_fn(|i| of.get(i).copied().unwrap_or_default()),
    }
}

/// As many values as there are rows behind the full blocks, of which a single one is not copied.
#[inline(always)]
pub fn copy_last<T: Copy>(y: &mut [T], [a, b, c, _]: [T; 4]) {
    match y {
        [ya, yb] => [*ya, *yb] = [a, b],
        [ya, yb, yc] => [*ya, *yb, *yc] = [a, b, c],
        _ => {}
    }
}
