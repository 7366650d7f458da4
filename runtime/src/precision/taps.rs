//! Which columns of a matrix meet which values of an input.
/// `runs` pieces of `len` columns and values each.
#[derive(Debug, Clone, Copy)]
pub struct Taps {
    pub runs: usize,
    /// Values in a run.
    pub len: usize,
    /// First column; run `i` starts at `column + i * len`.
    pub column: usize,
    /// First value of the input; run `i` starts at `start + i * stride`.
    pub start: usize,
    pub stride: usize,
}

impl Taps {
    /// All columns over one contiguous piece of `len` values.
    pub fn whole(len: usize) -> Self {
        Self {
            runs: 1,
            len,
            column: 0,
            start: 0,
            stride: 0,
        }
    }

    /// These.
    #[inline(always)]
    pub fn any(&self) -> Self {
        *self
    }

    /// These, of which it is known that they are one run from the first column on.
    #[inline(always)]
    pub fn of_run(&self) -> Self {
        Self {
            runs: 1,
            column: 0,
            ..*self
        }
    }

    /// The values of the first run.
    #[inline(always)]
    pub fn first<T>(self, x: &[T]) -> &[T] {
        // In two steps, whose sum needs no check.
        let x = x.get(self.start..).unwrap_or_default();
        x.get(..self.len).unwrap_or_default()
    }

    /// The first column of each run, and its values.
    #[inline(always)]
    pub fn pieces<T>(self, x: &[T]) -> impl Iterator<Item = (usize, &[T])> {
        (0..self.runs).map_while(move |run| {
            let start = self.start + run * self.stride;
            Some((
                self.column + run * self.len,
                x.get(start..start + self.len)?,
            ))
        })
    }
}
