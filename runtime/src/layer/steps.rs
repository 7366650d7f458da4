//! The time steps of a tensor, one after the other. Not `chunks_exact`: zipped, it may panic where it is not inlined.

/// Whole steps of so many channels.
#[inline]
pub(crate) fn steps<T>(values: &[T], channels: u32) -> impl Iterator<Item = &[T]> {
    let channels = channels.max(1) as usize;
    let mut rest = values;
    core::iter::from_fn(move || {
        let (step, behind) = rest.split_at_checked(channels)?;
        rest = behind;
        Some(step)
    })
}

/// [`steps`] to write.
#[inline]
pub(crate) fn steps_mut<T>(values: &mut [T], channels: u32) -> impl Iterator<Item = &mut [T]> {
    let channels = channels.max(1) as usize;
    let mut rest = values;
    core::iter::from_fn(move || {
        let (step, behind) = core::mem::take(&mut rest).split_at_mut_checked(channels)?;
        rest = behind;
        Some(step)
    })
}
