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

/// Up to four values, filled up.
#[inline(never)]
pub fn fewer<T: Copy + Default>(of: &[T]) -> [T; 4] {
    let mut four = [T::default(); 4];
    for (to, &from) in four.iter_mut().zip(of) {
        *to = from;
    }
    four
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
