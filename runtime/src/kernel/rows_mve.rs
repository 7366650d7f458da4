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
    /// What each row's sum starts from; without, from what stands in its output.
    pub sums: Option<&'a [i32]>,
    /// As [`Rescale`](crate::math::rescale::Rescale) has them; without, sums stay as they are.
    pub scale: Option<&'a [u32]>,
}

impl Rows<'_> {
    /// Whether there are as many rows, each of them long enough for so many values.
    fn fit(&self, rows: usize, values: usize) -> bool {
        rows > 0
            && self.column + values <= self.stride
            && self.weights.len() >= (rows - 1) * self.stride + self.column + values
            && self.sums.is_none_or(|sums| sums.len() >= rows)
            && self.scale.is_none_or(|scale| scale.len() >= rows)
    }

    /// One row's output, where `here` stood.
    #[cfg_attr(dunlin_mve, inline(never))]
    fn alone(&self, row: usize, x: &[i16], here: i32) -> i32 {
        let start = row * self.stride + self.column;
        let weights = self.weights.get(start..start + x.len());
        let sum = match self.sums {
            Some(sums) => sums.get(row).copied().unwrap_or_default(),
            None => here,
        };
        let sum = sum.wrapping_add(dot(weights.unwrap_or_default(), x));
        match self.scale.and_then(|scale| scale.get(row)) {
            Some(&scale) => crate::math::rescale::Rescale(scale).apply(sum),
            None => sum,
        }
    }
}

/// Where outputs go: as they are, or brought between two bounds.
enum Outputs<'y> {
    Words(&'y mut [i32]),
    Halves(&'y mut [i16], (i16, i16)),
}

/// `y[r] = scale[r] (sums[r] + sum of W[r][column + i] * x[i])`, the sum modulo 2^32, for as many rows as `y` has places.
///
/// `false`, and nothing done, where a slice is too short; the loader's checks rule that out.
pub fn products(rows: &Rows<'_>, x: &[i16], y: &mut [i32]) -> bool {
    outputs(rows, x, Outputs::Words(y))
}

/// [`products`] of rows with sums and scales, brought between two bounds of 16 bits.
pub fn clamped(rows: &Rows<'_>, x: &[i16], bounds: (i16, i16), y: &mut [i16]) -> bool {
    rows.sums.is_some() && rows.scale.is_some() && outputs(rows, x, Outputs::Halves(y, bounds))
}

#[cfg_attr(dunlin_mve, inline(never))]
fn outputs(rows: &Rows<'_>, x: &[i16], outputs: Outputs<'_>) -> bool {
    let count = match &outputs {
        Outputs::Words(y) => y.len(),
        Outputs::Halves(y, _) => y.len(),
    };
    if !rows.fit(count, x.len()) {
        return false;
    }
    #[cfg(dunlin_mve)]
    let (done, outputs) = (count / 4 * 4, fours_at_once(rows, x, outputs));
    #[cfg(not(dunlin_mve))]
    let done = 0;
    match outputs {
        Outputs::Words(y) => {
            for (row, y) in y.iter_mut().enumerate().skip(done) {
                *y = rows.alone(row, x, *y);
            }
        }
        Outputs::Halves(y, (low, high)) => {
            for (row, y) in y.iter_mut().enumerate().skip(done) {
                *y = rows.alone(row, x, 0).min(high.into()).max(low.into()) as i16;
            }
        }
    }
    true
}

/// What [`PRODUCTS`] and [`CLAMPED`] work on.
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
    y: *mut u8,
    /// Bytes from the end of a row, rounded up to eight columns, back to the start of the next.
    back: usize,
    /// The output behind the last four rows.
    end: *mut u8,
    high: i32,
    low: [i32; 4],
}

/// The fours of rows of [`outputs`], which has checked all lengths.
#[cfg(dunlin_mve)]
#[inline(always)]
fn fours_at_once<'y>(rows: &Rows<'_>, x: &[i16], mut outputs: Outputs<'y>) -> Outputs<'y> {
    let (y, bytes, (low, high)): (*mut u8, usize, _) = match &mut outputs {
        Outputs::Words(y) => (y.as_mut_ptr().cast(), y.len() / 4 * 16, (0, 0)),
        Outputs::Halves(y, bounds) => (y.as_mut_ptr().cast(), y.len() / 4 * 8, *bounds),
    };
    if bytes == 0 {
        return outputs;
    }
    let columns = x.len();
    let pairs = columns.saturating_sub(1) / 16;
    let job = Job {
        x: x.as_ptr(),
        stride: rows.stride,
        pairs,
        rest: columns - 16 * pairs,
        weights: rows.weights.as_ptr().wrapping_add(rows.column),
        sums: rows.sums.map_or(y.cast_const().cast(), <[i32]>::as_ptr),
        scale: rows.scale.map_or(core::ptr::null(), <[u32]>::as_ptr),
        y,
        back: columns.max(1).next_multiple_of(8).wrapping_sub(rows.stride),
        end: y.wrapping_add(bytes),
        high: high.into(),
        low: [low.into(); 4],
    };
    // SAFETY: the programs read all values, as many weights of each row, a sum and a scale a row, and write an output a row, of
    // whole fours of rows, all of which were checked. Four sums are read before their outputs are written.
    unsafe {
        match outputs {
            Outputs::Words(_) => products_program(&job),
            Outputs::Halves(..) => clamped_program(&job),
        }
    }
    outputs
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

/// Eight columns of four rows, or as many of them as a loop has left.
macro_rules! eight {
    () => {
        "
        vldrh.u16 q0, [r9], #16
        vldrb.s16 q1, [r1], #8
        vmlava.s16 r0, q1, q0
        vldrb.s16 q1, [r3], #8
        vmlava.s16 r2, q1, q0
        vldrb.s16 q1, [r5], #8
        vmlava.s16 r4, q1, q0
        vldrb.s16 q1, [r7], #8
        vmlava.s16 r8, q1, q0
        "
    };
}

/// Fours of rows: r0 the job.
///
/// r1, r3, r5, r7 the rows; r0, r2, r4, r8 their sums, which have even numbers; r9 values; r10 the job, r11 sums and r12 scales in
/// memory, r6 outputs. The last columns may be fewer than a vector has: their loop is tail-predicated.
macro_rules! four_rows {
    ($begin:literal, $unscaled:literal, $store:literal, $end:literal) => {
        concat!(
            "
        push {r4-r11, lr}
        mov r10, r0
        ldrd r1, r11, [r10, #16]
        ldrd r12, r6, [r10, #24]
        ",
            $begin,
            "
        1:
        ldrd r9, r0, [r10]
        ldr lr, [r10, #8]
        adds r3, r1, r0
        adds r5, r3, r0
        adds r7, r5, r0
        ldm r11!, {r0, r2, r4, r8}
        wls lr, lr, 3f
        2:
        .rept 2
        ",
            eight!(),
            "
        .endr
        le lr, 2b
        3:
        ldr lr, [r10, #12]
        dlstp.16 lr, lr
        4:
        ",
            eight!(),
            "
        letp lr, 4b
        ",
            $unscaled,
            "
        vmov q0[2], q0[0], r0, r4
        vmov q0[3], q0[1], r2, r8
        vldrw.u32 q1, [r12], #16
        vneg.s32 q2, q1
        vbic.i32 q1, #0xff
        vmulh.s32 q0, q0, q1
        vshl.s32 q0, q0, q2
        ",
            $store,
            "
        5:
        ldrd r0, r2, [r10, #32]
        subs r1, r7, r0
        cmp r6, r2
        bne 1b
        pop {r4-r11, pc}
        ",
            $end
        )
    };
}

/// To 32 bits; sums that are not scaled go straight to memory.
macro_rules! products_source {
    () => {
        four_rows!(
            "",
            "
        cmp r12, #0
        beq 6f
        ",
            "
        vstrw.32 q0, [r6], #16
        ",
            "
        6:
        stm r6!, {r0, r2, r4, r8}
        b 5b
        "
        )
    };
}

/// To 16 bits; q3 has the upper bound.
macro_rules! clamped_source {
    () => {
        four_rows!(
            "
        ldr r2, [r10, #40]
        vdup.32 q3, r2
        ",
            "",
            "
        vldrw.u32 q1, [r10, #44]
        vmin.s32 q0, q0, q3
        vmax.s32 q0, q0, q1
        vstrh.32 q0, [r6], #8
        ",
            ""
        )
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

/// The programs of [`products`] and [`clamped`], for the interpreter of the tests.
pub const PRODUCTS: &str = products_source!();
pub const CLAMPED: &str = clamped_source!();
pub const DOT: &str = dot_source!();

/// # Safety
/// The pointers of the job reach as far as its lengths say.
#[cfg(dunlin_mve)]
#[unsafe(naked)]
unsafe extern "C" fn products_program(job: &Job) {
    core::arch::naked_asm!(super::cpu!(), products_source!(), options(raw))
}

/// # Safety
/// As of [`products_program`].
#[cfg(dunlin_mve)]
#[unsafe(naked)]
unsafe extern "C" fn clamped_program(job: &Job) {
    core::arch::naked_asm!(super::cpu!(), clamped_source!(), options(raw))
}

/// # Safety
/// `32 * fours + rest` weights and values; the rest is at most 32.
#[cfg(dunlin_mve)]
#[unsafe(naked)]
unsafe extern "C" fn dot_program(row: *const i8, x: *const i16, fours: usize, rest: usize) -> i32 {
    core::arch::naked_asm!(super::cpu!(), dot_source!(), options(raw))
}
