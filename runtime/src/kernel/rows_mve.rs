//! Rows as they are, for cores with Helium: four rows share each load of eight values, and are brought to the scale of their
//! outputs four at a time.
#![cfg_attr(dunlin_mve, allow(unsafe_code))] // naked functions, and the calls into them with checked lengths

/// Rows of `stride` weights each that follow each other.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    pub weights: &'a [i8],
    pub stride: usize,
    /// The first column that meets a value.
    pub column: usize,
    /// What each row's sum starts from.
    pub sums: &'a [i32],
    /// As [`Rescale`](crate::math::rescale::Rescale) has them; without, sums stay as they are.
    pub scale: Option<&'a [u32]>,
}

impl Rows<'_> {
    /// Whether there are as many rows, each of them long enough for so many values.
    fn fit(&self, rows: usize, values: usize) -> bool {
        rows > 0
            && self.column + values <= self.stride
            && self.weights.len() >= (rows - 1) * self.stride + self.column + values
            && self.sums.len() >= rows
            && self.scale.is_none_or(|scale| scale.len() >= rows)
    }

    /// A row's piece over so many values.
    fn piece(&self, row: usize, values: usize) -> &[i8] {
        let start = row * self.stride + self.column;
        self.weights.get(start..start + values).unwrap_or_default()
    }

    /// A row's sum, scaled if it is to be.
    fn finished(&self, row: usize, products: i32) -> i32 {
        let start = self.sums.get(row).copied().unwrap_or_default();
        let sum = start.wrapping_add(products);
        match self.scale.and_then(|scale| scale.get(row)) {
            Some(&scale) => crate::math::rescale::Rescale(scale).apply(sum),
            None => sum,
        }
    }
}

/// `y[r] = scale[r] (sums[r] + sum of W[r][column + i] * x[i])`, the sum modulo 2^32, for as many rows as `y` has places.
///
/// `false`, and nothing done, where a slice is too short; the loader's checks rule that out.
#[cfg_attr(dunlin_mve, inline(never))]
pub fn products(rows: &Rows<'_>, x: &[i16], y: &mut [i32]) -> bool {
    if !rows.fit(y.len(), x.len()) {
        return false;
    }
    #[cfg(dunlin_mve)]
    let (first, y) = {
        let fours = y.len() / 4 * 4;
        let (together, rest) = y.split_at_mut_checked(fours).unwrap_or_default();
        fours_at_once(rows, x, together);
        (fours, rest)
    };
    #[cfg(not(dunlin_mve))]
    let first = 0;
    for (row, y) in (first..).zip(y) {
        *y = rows.finished(row, dot(rows.piece(row, x.len()), x));
    }
    true
}

/// What [`PRODUCTS`] works on.
#[cfg(dunlin_mve)]
#[repr(C)]
struct Job {
    x: *const i16,
    stride: usize,
    /// Pairs of eight columns, and the columns behind them: 16 at most, and not none unless there is no column at all.
    pairs: usize,
    rest: usize,
    weights: *const i8,
    sums: *const i32,
    scale: *const u32,
    y: *mut i32,
    /// Bytes from the end of a row, rounded up to eight columns, back to the start of the next.
    back: usize,
    end: *mut i32,
}

/// The fours of rows of [`products`], whose lengths it has checked.
#[cfg(dunlin_mve)]
#[inline(always)]
fn fours_at_once(rows: &Rows<'_>, x: &[i16], y: &mut [i32]) {
    if y.is_empty() {
        return;
    }
    let columns = x.len();
    let pairs = columns.saturating_sub(1) / 16;
    let rest = columns - 16 * pairs;
    let read = 16 * pairs + rest.next_multiple_of(8).max(8);
    let job = Job {
        x: x.as_ptr(),
        stride: rows.stride,
        pairs,
        rest,
        weights: rows.weights.as_ptr().wrapping_add(rows.column),
        sums: rows.sums.as_ptr(),
        scale: rows.scale.map_or(core::ptr::null(), <[u32]>::as_ptr),
        y: y.as_mut_ptr(),
        back: read.wrapping_sub(rows.stride),
        end: y.as_mut_ptr_range().end,
    };
    // SAFETY: the program reads `columns` values, as many weights of each row, a sum and a scale a row, and writes an output a
    // row: a multiple of four rows, at least four, all of which `products` has checked.
    unsafe { products_program(&job) };
}

/// The sum of products of a row and as many values.
#[cfg(dunlin_mve)]
#[inline(always)]
fn dot(row: &[i8], x: &[i16]) -> i32 {
    let columns = row.len().min(x.len());
    let fours = columns.saturating_sub(1) / 32;
    // SAFETY: the program reads as many weights and values as there are of both.
    unsafe { dot_program(row.as_ptr(), x.as_ptr(), fours, columns - 32 * fours) }
}

#[cfg(not(dunlin_mve))]
fn dot(row: &[i8], x: &[i16]) -> i32 {
    super::reference::dot(row, x, 0)
}

/// Fours of rows: r0 the job.
///
/// r1, r3, r5, r7 the rows; r0, r2, r4, r6 their sums, which have even numbers; r9 values. The last columns may be fewer than a
/// vector has: their loop is tail-predicated.
macro_rules! products_source {
    () => {
        "
        push {r4-r11, lr}
        mov r8, r0
        ldr r1, [r8, #16]
        ldrd r10, r11, [r8, #20]
        ldr r12, [r8, #28]
        1:
        ldrd r9, r0, [r8]
        ldr lr, [r8, #8]
        adds r3, r1, r0
        adds r5, r3, r0
        adds r7, r5, r0
        ldm r10!, {r0, r2, r4, r6}
        wls lr, lr, 3f
        2:
        .rept 2
        vldrh.u16 q0, [r9], #16
        vldrb.s16 q1, [r1], #8
        vmlava.s16 r0, q1, q0
        vldrb.s16 q1, [r3], #8
        vmlava.s16 r2, q1, q0
        vldrb.s16 q1, [r5], #8
        vmlava.s16 r4, q1, q0
        vldrb.s16 q1, [r7], #8
        vmlava.s16 r6, q1, q0
        .endr
        le lr, 2b
        3:
        ldr lr, [r8, #12]
        dlstp.16 lr, lr
        4:
        vldrh.u16 q0, [r9], #16
        vldrb.s16 q1, [r1], #8
        vmlava.s16 r0, q1, q0
        vldrb.s16 q1, [r3], #8
        vmlava.s16 r2, q1, q0
        vldrb.s16 q1, [r5], #8
        vmlava.s16 r4, q1, q0
        vldrb.s16 q1, [r7], #8
        vmlava.s16 r6, q1, q0
        letp lr, 4b
        cmp r11, #0
        beq 6f
        vmov q0[2], q0[0], r0, r4
        vmov q0[3], q0[1], r2, r6
        vldrw.u32 q1, [r11], #16
        vneg.s32 q2, q1
        vbic.i32 q1, #0xff
        vmulh.s32 q0, q0, q1
        vshl.s32 q0, q0, q2
        vstrw.32 q0, [r12], #16
        5:
        ldrd r0, r2, [r8, #32]
        subs r1, r7, r0
        cmp r12, r2
        bne 1b
        pop {r4-r11, pc}
        6:
        stm r12!, {r0, r2, r4, r6}
        b 5b
        "
    };
}

/// One row: r0 its weights, r1 values, r2 fours of eight columns, r3 the columns behind them; the sum comes back in r0.
macro_rules! dot_source {
    () => {
        "
        push {r4, lr}
        wls lr, r2, 2f
        movs r2, #0
        1:
        .rept 4
        vldrh.u16 q0, [r1], #16
        vldrb.s16 q1, [r0], #8
        vmlava.s16 r2, q1, q0
        .endr
        le lr, 1b
        2:
        dlstp.16 lr, r3
        3:
        vldrh.u16 q0, [r1], #16
        vldrb.s16 q1, [r0], #8
        vmlava.s16 r2, q1, q0
        letp lr, 3b
        mov r0, r2
        pop {r4, pc}
        "
    };
}

/// The programs of [`products`], for the interpreter of the tests.
pub const PRODUCTS: &str = products_source!();
pub const DOT: &str = dot_source!();

/// # Safety
/// The pointers of the job reach as far as its lengths say.
#[cfg(dunlin_mve)]
#[unsafe(naked)]
unsafe extern "C" fn products_program(job: &Job) {
    core::arch::naked_asm!(super::cpu!(), products_source!(), options(raw))
}

/// # Safety
/// `32 * fours + rest` weights and values; the rest is at most 32.
#[cfg(dunlin_mve)]
#[unsafe(naked)]
unsafe extern "C" fn dot_program(
    row: *const i8,
    x: *const i16,
    fours: usize,
    rest: usize,
) -> i32 {
    core::arch::naked_asm!(super::cpu!(), dot_source!(), options(raw))
}
