//! Rows as they are, for cores with Helium: four rows share each load of eight values, and are brought to the scale of their
//! outputs four at a time.
#![cfg_attr(dunlin_mve, allow(unsafe_code))] // calls of programs with checked lengths

#[cfg(dunlin_mve)]
use core::mem::MaybeUninit;

mod programs;

pub use programs::{CLAMPED, DOT, PRODUCTS};
#[cfg(dunlin_mve)]
use programs::{Job, clamped_program, dot_program, products_program};

/// Rows of `stride` weights each that follow each other.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    pub weights: &'a [i8],
    pub stride: usize,
    /// The first column that meets a value.
    pub column: usize,
    /// What each row's sum starts from; without, from what stands in its output.
    pub sums: Option<&'a [i32]>,
    /// As [`Rescale`](crate::math::rescale::Rescale) has them; without, sums stay as they are.
    pub scale: Option<&'a [u32]>,
}

impl Rows<'_> {
    /// Whether there are as many rows, each of them long enough for so many values.
    fn fit(&self, rows: usize, values: usize) -> bool {
        let last = (self.stride.checked_sub(self.column))
            .filter(|&room| room >= values)
            .and_then(|_| self.weights.len().checked_sub(self.column + values));
        // Of rows without a column there are any number.
        let before_last = last.map(|last| last.checked_div(self.stride).unwrap_or(usize::MAX));
        rows > 0
            && before_last.is_some_and(|before_last| before_last >= rows - 1)
            && self.sums.is_none_or(|sums| sums.len() >= rows)
            && self.scale.is_none_or(|scale| scale.len() >= rows)
    }

    /// One row's output, where `here` stood.
    #[inline(always)]
    fn alone(&self, row: usize, x: &[i16], here: i32) -> i32 {
        let start = row * self.stride + self.column;
        let weights = self.weights.get(start..start + x.len());
        let sum = match self.sums {
            Some(sums) => sums.get(row).copied().unwrap_or_default(),
            None => here,
        };
        let sum = dot(weights.unwrap_or_default(), x, sum);
        match self.scale.and_then(|scale| scale.get(row)) {
            Some(&scale) => crate::math::rescale::Rescale(scale).apply(sum),
            None => sum,
        }
    }
}

/// `y[r] = scale[r] (sums[r] + sum of W[r][column + i] * x[i])`, the sum modulo 2^32, for as many rows as `y` has places.
///
/// `false`, and nothing done, where a slice is too short; the loader's checks rule that out.
#[inline(always)]
pub fn products(rows: &Rows<'_>, x: &[i16], y: &mut [i32]) -> bool {
    #[cfg(dunlin_mve)]
    // SAFETY: `y` has as many words, all of them written.
    unsafe {
        outputs(rows, x, y.as_mut_ptr().cast(), y.len(), None)
    }
    #[cfg(not(dunlin_mve))]
    {
        let fit = rows.fit(y.len(), x.len());
        for (row, y) in y.iter_mut().enumerate().filter(|_| fit) {
            *y = rows.alone(row, x, *y);
        }
        fit
    }
}

/// [`products`] of rows with sums and scales, brought between two bounds of 16 bits.
#[inline(always)]
pub fn clamped(rows: &Rows<'_>, x: &[i16], bounds: (i16, i16), y: &mut [i16]) -> bool {
    let whole = rows.sums.is_some() && rows.scale.is_some();
    #[cfg(dunlin_mve)]
    // SAFETY: `y` has as many halves.
    unsafe {
        whole && outputs(rows, x, y.as_mut_ptr().cast(), y.len(), Some(&bounds))
    }
    #[cfg(not(dunlin_mve))]
    {
        let fit = whole && rows.fit(y.len(), x.len());
        for (row, y) in y.iter_mut().enumerate().filter(|_| fit) {
            *y = between(rows.alone(row, x, 0), bounds);
        }
        fit
    }
}

/// What becomes of the [`products`] of so many rows, `N` at most, with sums: they stand on the stack meanwhile.
#[inline(always)]
pub fn on_stack<const N: usize>(
    rows: &Rows<'_>,
    x: &[i16],
    count: usize,
    finish: impl FnOnce(&[i32]),
) {
    if count > N || rows.sums.is_none() {
        return;
    }
    #[cfg(dunlin_mve)]
    {
        let mut y = MaybeUninit::<[i32; N]>::uninit();
        let y: *mut i32 = y.as_mut_ptr().cast();
        // SAFETY: there is room for all rows, and each of them is written; with sums none is read before that.
        unsafe {
            if outputs(rows, x, y.cast(), count, None) {
                finish(core::slice::from_raw_parts(y, count));
            }
        }
    }
    #[cfg(not(dunlin_mve))]
    {
        let mut y = [0; N];
        let y = y.get_mut(..count).unwrap_or_default();
        if products(rows, x, y) {
            finish(y);
        }
    }
}

fn between(value: i32, (low, high): (i16, i16)) -> i16 {
    value.min(high.into()).max(low.into()) as i16
}

/// [`products`], or with bounds [`clamped`].
///
/// # Safety
/// `y` has a place for each row, of a word or with bounds of a half; all of them are written before, or there are sums.
#[cfg(dunlin_mve)]
#[inline(never)]
unsafe fn outputs(
    rows: &Rows<'_>,
    x: &[i16],
    y: *mut u8,
    count: usize,
    bounds: Option<&(i16, i16)>,
) -> bool {
    let columns = x.len();
    if !rows.fit(count, columns) {
        return false;
    }
    let (mut done, left) = (count & !3, count % 4);
    if done > 0 {
        let mut job = Job {
            x: x.as_ptr(),
            stride: rows.stride,
            columns,
            behind: MaybeUninit::uninit(),
            weights: rows.weights.as_ptr().wrapping_add(rows.column),
            sums: rows.sums.map_or(y.cast_const().cast(), <[i32]>::as_ptr),
            scale: rows.scale.map_or(core::ptr::null(), <[u32]>::as_ptr),
            y,
            back: MaybeUninit::uninit(),
            rows: count,
            bounds: bounds.map_or([0; 2], |&(low, high)| [low, high]),
            low: MaybeUninit::uninit(),
            again: 0,
        };
        // Where that is less than one by one.
        let again = left == 3 || columns < 128 * left;
        if again && rows.sums.is_some() && rows.scale.is_some() {
            job.again = 4 - left;
            done = count;
        }
        // SAFETY: the programs read all values, as many weights of each row, a sum and a scale a row, and write an output a row, of
        // whole fours of rows and of the last four, all of which were checked. Four sums are read before their outputs are written.
        unsafe {
            match bounds {
                None => products_program(&mut job),
                Some(_) => clamped_program(&mut job),
            }
        }
    }
    while done < count {
        // SAFETY: as the caller has it: the row is one of those that have a place.
        unsafe { alone(rows, x, y, done, bounds) };
        done += 1;
    }
    true
}

/// One of the [`outputs`].
///
/// # Safety
/// As of [`outputs`], whose checks have passed; the row is one of all.
#[cfg(dunlin_mve)]
#[inline(never)]
unsafe fn alone(rows: &Rows<'_>, x: &[i16], y: *mut u8, row: usize, bounds: Option<&(i16, i16)>) {
    // SAFETY: the row has a place, which is written before it is read; with bounds there are sums.
    unsafe {
        let word = y.cast::<i32>().wrapping_add(row);
        let here = if rows.sums.is_none() { word.read() } else { 0 };
        let value = rows.alone(row, x, here);
        match bounds {
            Some(&bounds) => y.cast::<i16>().add(row).write(between(value, bounds)),
            None => word.write(value),
        }
    }
}

/// Adds the products of a row and as many values to a sum.
#[cfg(dunlin_mve)]
#[inline(always)]
pub fn dot(row: &[i8], x: &[i16], sum: i32) -> i32 {
    let columns = row.len().min(x.len());
    // SAFETY: the program reads as many weights and values as there are of both.
    unsafe { dot_program(sum, row.as_ptr(), x.as_ptr(), columns) }
}

#[cfg(not(dunlin_mve))]
pub fn dot(row: &[i8], x: &[i16], sum: i32) -> i32 {
    super::reference::dot(row, x, sum)
}
