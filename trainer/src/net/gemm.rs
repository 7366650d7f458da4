//! The matrix product that carries all layers: `C = A B` or `C += A B`, with B packed once and used many times.
//!
//! The weights of an LSTM meet 50 small mini-batches a window, so B keeps the form in which the kernel reads it
//! ([`Packed`]) between calls; general GEMM crates pack it again each time. The vector width is chosen at run time.
//! Each element of C is a sum over k in rising order, whatever the width and however the rows are split, so shards
//! and threads do not change a bit.
use pulp::{Arch, Simd, WithSimd};

/// Columns of B in one panel; a multiple of every vector width.
const NR: usize = 32;
/// Rows of A that one pass over a panel serves.
const MR: usize = 8;
/// Part of the inner dimension done at a time, so that a panel of B stays in the L1 cache.
const KC: usize = 128;

/// A view of a matrix in memory; element `(i, j)` is at `i * row_stride + j * column_stride`.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    pub values: &'a [f32],
    pub rows: usize,
    pub columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// `values` is `[rows, columns]`, row-major.
    pub fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        assert_eq!(values.len(), rows * columns, "matrix of {rows} x {columns}");
        Self {
            values,
            rows,
            columns,
            row_stride: columns,
            column_stride: 1,
        }
    }

    /// Some neighbouring columns, in the same memory.
    pub fn columns(self, range: std::ops::Range<usize>) -> Self {
        Self {
            values: &self.values[range.start * self.column_stride..],
            columns: range.len(),
            ..self
        }
    }

    /// The same memory, read as the transposed matrix.
    pub fn transposed(self) -> Self {
        Self {
            values: self.values,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }
}

/// B as the kernel reads it: panels of `NR` columns, each `[rows][NR]`, the last one filled up with zeros.
#[derive(Debug, Clone, Default)]
pub struct Packed {
    rows: usize,
    columns: usize,
    panels: Vec<f32>,
}

impl Packed {
    /// Packs a copy of `b` into the memory of `self`.
    pub fn pack(&mut self, b: Matrix<'_>) {
        (self.rows, self.columns) = (b.rows, b.columns);
        self.panels.clear();
        self.panels
            .resize(b.columns.div_ceil(NR) * b.rows * NR, 0.0);
        if b.rows == 0 {
            return;
        }
        for (p, panel) in self.panels.chunks_exact_mut(b.rows * NR).enumerate() {
            let first = p * NR;
            let width = NR.min(b.columns - first);
            if b.column_stride == 1 {
                for (k, row) in panel.chunks_exact_mut(NR).enumerate() {
                    let start = k * b.row_stride + first;
                    row[..width].copy_from_slice(&b.values[start..start + width]);
                }
            } else {
                // Transposed: a column of B is contiguous (row_stride is 1).
                for j in 0..width {
                    let start = (first + j) * b.column_stride;
                    let column = &b.values[start..start + b.rows];
                    for (row, value) in panel.chunks_exact_mut(NR).zip(column) {
                        row[j] = *value;
                    }
                }
            }
        }
    }
}

/// `C = A B`, or `C += A B` with `accumulate`. C is `[a.rows, b.columns]`, row-major.
pub fn multiply(a: Matrix<'_>, b: &Packed, c: &mut [f32], accumulate: bool) {
    assert_eq!(a.columns, b.rows, "inner dimensions");
    assert_eq!(c.len(), a.rows * b.columns, "size of C");
    if !accumulate {
        c.fill(0.0);
    }
    Arch::new().dispatch(Product { a, b, c });
}

struct Product<'a> {
    a: Matrix<'a>,
    b: &'a Packed,
    c: &'a mut [f32],
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // MR * VECS accumulators fit the register file: 32 registers with AVX-512 and NEON, 16 with AVX2.
        match S::F32_LANES {
            16 => self.run::<S, 2, 8>(simd),
            8 => self.run::<S, 4, 2>(simd),
            4 => self.run::<S, 8, 2>(simd),
            _ => self.run::<S, 32, 1>(simd),
        }
    }
}

impl Product<'_> {
    #[inline(always)]
    fn run<S: Simd, const VECS: usize, const ROWS: usize>(self, simd: S) {
        let Self { a, b, c } = self;
        let mut panel_a = vec![0.0; a.rows.div_ceil(MR) * MR * KC.min(a.columns)];
        for first_k in (0..a.columns).step_by(KC) {
            let depth = KC.min(a.columns - first_k);
            let panel_a = &mut panel_a[..a.rows.div_ceil(MR) * MR * depth];
            pack_rows(a, first_k, depth, panel_a);
            for (p, panel) in b.panels.chunks_exact(b.rows * NR).enumerate() {
                let panel = &panel[first_k * NR..(first_k + depth) * NR];
                let (vectors, _) = S::as_simd_f32s(panel);
                let (vectors, _) = vectors.as_chunks::<VECS>();
                for (block, rows_a) in panel_a.chunks_exact(MR * depth).enumerate() {
                    let (rows_a, _) = rows_a.as_chunks::<MR>();
                    let rows = MR.min(a.rows - block * MR);
                    let mut row = 0;
                    while row < rows {
                        let mut tile = [[simd.splat_f32s(0.0); VECS]; ROWS];
                        for (a, b) in rows_a.iter().zip(vectors) {
                            for (i, sums) in tile.iter_mut().enumerate() {
                                let a = simd.splat_f32s(a[row + i]);
                                for (sum, b) in sums.iter_mut().zip(b) {
                                    *sum = simd.mul_add_e_f32s(a, *b, *sum);
                                }
                            }
                        }
                        let start = (block * MR + row) * b.columns + p * NR;
                        let width = NR.min(b.columns - p * NR);
                        for (i, sums) in tile.iter().enumerate().take(rows - row) {
                            let out = &mut c[start + i * b.columns..][..width];
                            let (head, _) = S::as_mut_simd_f32s(out);
                            if head.len() == VECS {
                                for (out, sum) in head.iter_mut().zip(sums) {
                                    *out = simd.add_f32s(*out, *sum);
                                }
                            } else {
                                let sums: &[f32] = pulp::bytemuck::cast_slice(sums);
                                for (out, sum) in out.iter_mut().zip(sums) {
                                    *out += sum;
                                }
                            }
                        }
                        row += ROWS;
                    }
                }
            }
        }
    }
}

/// Packs columns `first_k..first_k + depth` of A as blocks of MR rows, each `[depth][MR]`.
#[inline(always)]
fn pack_rows(a: Matrix<'_>, first_k: usize, depth: usize, to: &mut [f32]) {
    for (block, to) in to.chunks_exact_mut(MR * depth).enumerate() {
        let rows = MR.min(a.rows - block * MR);
        if a.column_stride == 1 {
            for i in 0..rows {
                let start = (block * MR + i) * a.row_stride + first_k;
                let row = &a.values[start..start + depth];
                for (to, value) in to.chunks_exact_mut(MR).zip(row) {
                    to[i] = *value;
                }
            }
        } else {
            for (k, to) in to.chunks_exact_mut(MR).enumerate() {
                let start = (first_k + k) * a.column_stride + block * MR;
                to[..rows].copy_from_slice(&a.values[start..start + rows]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::random::Random;
    use crate::net::random::normal;

    /// Sizes around all block edges, against plain loops; A and B straight and transposed.
    #[test]
    fn agrees_with_plain_loops() {
        let mut random = Random::new(1);
        for (m, k, n) in [
            (1, 1, 1),
            (3, 5, 31),
            (8, 128, 32),
            (9, 129, 33),
            (17, 300, 100),
            (40, 7, 65),
            (2, 0, 3),
        ] {
            let mut draw = |count: usize| -> Vec<f32> {
                (0..count).map(|_| random.uniform() as f32 - 0.5).collect()
            };
            let (a, b, start) = (draw(m * k), draw(k * n), draw(m * n));
            for variant in 0..4 {
                let (a_across, b_across) = (variant & 1 != 0, variant & 2 != 0);
                let left = if a_across {
                    Matrix::new(&a, k, m).transposed()
                } else {
                    Matrix::new(&a, m, k)
                };
                let right = if b_across {
                    Matrix::new(&b, n, k).transposed()
                } else {
                    Matrix::new(&b, k, n)
                };
                let mut packed = Packed::default();
                packed.pack(right);
                let mut fresh = vec![f32::NAN; m * n];
                multiply(left, &packed, &mut fresh, false);
                let mut added = start.clone();
                multiply(left, &packed, &mut added, true);
                for i in 0..m {
                    for j in 0..n {
                        let exact: f64 = (0..k)
                            .map(|p| {
                                let a = a[if a_across { p * m + i } else { i * k + p }];
                                let b = b[if b_across { j * k + p } else { p * n + j }];
                                f64::from(a) * f64::from(b)
                            })
                            .sum();
                        let before = f64::from(start[i * n + j]);
                        let (c, sum) = (f64::from(fresh[i * n + j]), f64::from(added[i * n + j]));
                        assert!(
                            (c - exact).abs() < 1e-5,
                            "{m} {k} {n} variant {variant}: {c} {exact}"
                        );
                        assert!(
                            (sum - before - exact).abs() < 1e-5,
                            "{m} {k} {n} accumulated"
                        );
                    }
                }
            }
        }
    }

    /// A row's bits do not depend on the rows that come with it: shards and threads change nothing.
    #[test]
    fn rows_are_independent() {
        let mut random = Random::new(2);
        let (m, k, n) = (21, 150, 70);
        let a: Vec<f32> = (0..m * k).map(|_| normal(&mut random) as f32).collect();
        let b: Vec<f32> = (0..k * n).map(|_| normal(&mut random) as f32).collect();
        let mut packed = Packed::default();
        packed.pack(Matrix::new(&b, k, n));
        let mut whole = vec![0.0; m * n];
        multiply(Matrix::new(&a, m, k), &packed, &mut whole, false);
        for rows in [1, 2, 5, 8, 13] {
            let mut parts = vec![0.0; m * n];
            for (a, c) in a.chunks(rows * k).zip(parts.chunks_mut(rows * n)) {
                multiply(Matrix::new(a, a.len() / k, k), &packed, c, false);
            }
            assert_eq!(whole, parts, "{rows} rows at a time");
        }
    }
}
