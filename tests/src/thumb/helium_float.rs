//! Helium's sums of products of floats (DDI 0553, C2.4 "VFMA").
//!
//! Vectors of floats work with the standard status, whatever `FPSCR` says: subnormal numbers that go in or would come out are zeros,
//! and NaN is the default one. Two cumulative flags say that a number was flushed.
use std::string::String;

use super::machine::Machine;
use super::operand::{Operand, PC, Register, SP};

/// The cumulative flags for a subnormal number that went in, and for one that would have come out.
const INPUT: u32 = 1 << 7;
const UNDERFLOW: u32 = 1 << 3;
const DEFAULT_NAN: u32 = 0x7fc0_0000;

/// Products, each added to what is there.
#[derive(Debug, Clone, Copy)]
pub enum Products {
    /// Of a vector with a register.
    ByRegister {
        to: usize,
        from: usize,
        by: Register,
    },
    /// Of two vectors.
    OfVectors { to: usize, operands: [usize; 2] },
}

pub fn decode(name: &str, operands: &[Operand<'_>]) -> Option<Option<Products>> {
    match (name, operands) {
        (
            "vfma.f32",
            &[
                Operand::Quad(to),
                Operand::Quad(from),
                Operand::Register(by),
            ],
        ) => {
            let plain = by != SP && by != PC;
            Some(plain.then_some(Products::ByRegister { to, from, by }))
        }
        ("vfma.f32", &[Operand::Quad(to), Operand::Quad(n), Operand::Quad(m)]) => {
            let operands = [n, m];
            Some(Some(Products::OfVectors { to, operands }))
        }
        _ => None,
    }
}

/// Whether a number is subnormal.
fn is_subnormal(bits: u32) -> bool {
    f32::from_bits(bits).is_subnormal()
}

/// `a + n m` with the standard status, and the flags that it raises (DDI 0553, E2.1 "FPMulAdd").
fn multiply_add(n: u32, m: u32, a: u32) -> (u32, u32) {
    let mut flags = 0;
    let [n, m, a] = [n, m, a].map(|bits| {
        if is_subnormal(bits) {
            flags |= INPUT;
            bits & 0x8000_0000
        } else {
            bits
        }
    });
    let [n, m, a] = [n, m, a].map(f32::from_bits);
    let sum = n.mul_add(m, a);
    if sum.is_nan() {
        return (DEFAULT_NAN, flags);
    }
    // The exact sum is `near + behind`: the product of two floats is a double, and none here is subnormal.
    let (product, addend) = (f64::from(n) * f64::from(m), f64::from(a));
    let near = product + addend;
    let of_addend = near - product;
    let behind = (product - (near - of_addend)) + (addend - of_addend);
    let least = f64::from(f32::MIN_POSITIVE);
    // Flushed if it is too small before it is rounded.
    let below = near.abs() < least || near.abs() == least && behind * near < 0.0;
    if sum.is_finite() && below && near != 0.0 {
        let zero = f32::copysign(0.0, sum);
        return (zero.to_bits(), flags | UNDERFLOW);
    }
    (sum.to_bits(), flags)
}

impl Machine {
    pub(super) fn add_float_products(&mut self, products: Products) -> Result<(), String> {
        match products {
            Products::ByRegister { to, from, by } => {
                self.add_products(to, self.words_of(from), [self.registers[by]; 4])
            }
            Products::OfVectors { to, operands } => {
                let [n, m] = operands.map(|quad| self.words_of(quad));
                self.add_products(to, n, m)
            }
        }
    }

    fn add_products(&mut self, to: usize, n: [u32; 4], m: [u32; 4]) -> Result<(), String> {
        if self.predicated {
            return Err("the model has it in no tail-predicated loop".into());
        }
        let mut sums = self.words_of(to);
        for (i, sum) in sums.iter_mut().enumerate() {
            let (new, flags) = multiply_add(n[i], m[i], *sum);
            *sum = new;
            self.cumulative |= flags;
        }
        self.set_words(to, sums);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subnormal_numbers_are_flushed_and_leave_a_flag() {
        let of = |n: f32, m: f32, a: f32| multiply_add(n.to_bits(), m.to_bits(), a.to_bits());
        let tiny = f32::from_bits(0x200);
        let small = f32::from_bits(0x1c80_0000);
        assert_eq!(of(1.5, 2.0, 1.0), (4f32.to_bits(), 0));
        assert_eq!(of(tiny, 1.0, 0.0), (0, INPUT));
        assert_eq!(of(-tiny, 1.0, -0.0), ((-0.0f32).to_bits(), INPUT));
        assert_eq!(of(1.0, 1.0, tiny), (1f32.to_bits(), INPUT));
        assert_eq!(of(small, small, 0.0), (0, UNDERFLOW));
        assert_eq!(of(small, -small, 0.0), (0x8000_0000, UNDERFLOW));
        // What would be rounded up to the least normal number, and what is one.
        let below = f32::from_bits(0x3f7f_ffff);
        assert_eq!(of(below, f32::MIN_POSITIVE, 0.0), (0, UNDERFLOW));
        let least = f32::MIN_POSITIVE;
        assert_eq!(of(small, -small, least), (0, UNDERFLOW));
        assert_eq!(of(small, small, least).1, 0);
        assert_eq!(of(1.0, least, 0.0), (least.to_bits(), 0));
        // Exactly 0, and no number.
        assert_eq!(of(1.0, 1.0, -1.0), (0, 0));
        assert_eq!(of(f32::INFINITY, 0.0, 1.0).0, DEFAULT_NAN);
        assert_eq!(of(f32::from_bits(0xffc1_2345), 1.0, 0.0).0, DEFAULT_NAN);
        assert_eq!(of(2.0, 1.0, f32::INFINITY), (f32::INFINITY.to_bits(), 0));
    }
}
