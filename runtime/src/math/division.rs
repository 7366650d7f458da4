//! Division in the same number of instructions for every dividend, so that a count does not depend on the data.
//!
//! From v7-M on it is one instruction. On v6-M a library divides in as many steps as the quotient has bits, so there a
//! reciprocal multiplies, which is made in a fixed number of steps.

#[cfg(any(dunlin_v6m, test))]
use super::bounds::sign;

/// What divides; below 2^31.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Divisor {
    /// At least 1.
    divisor: u32,
    /// `floor((2^32 - 1) / divisor)`.
    #[cfg(any(dunlin_v6m, test))]
    reciprocal: u32,
}

impl Divisor {
    /// Divides by `divisor`; by 1 instead of 0.
    #[inline]
    pub fn new(divisor: u32) -> Self {
        // Without a comparison: 0 is the only one whose predecessor and complement have the upper bit.
        let divisor = divisor | (!divisor & divisor.wrapping_sub(1)) >> 31;
        Self {
            divisor,
            #[cfg(any(dunlin_v6m, test))]
            reciprocal: reciprocal(divisor),
        }
    }

    /// `floor(dividend / divisor)`.
    #[cfg(not(dunlin_v6m))]
    #[inline(always)]
    pub fn divide(self, dividend: u32) -> u32 {
        dividend.checked_div(self.divisor).unwrap_or_default()
    }

    /// `floor(dividend / divisor)`.
    #[cfg(dunlin_v6m)]
    #[inline(always)]
    pub fn divide(self, dividend: u32) -> u32 {
        self.by_reciprocal(dividend)
    }

    /// The rest that [`Divisor::divide`] leaves.
    #[inline(always)]
    pub fn rest(self, dividend: u32, quotient: u32) -> u32 {
        dividend.wrapping_sub(quotient.wrapping_mul(self.divisor))
    }

    /// The reciprocal is at most a divisor-th below `2^32 / divisor`, so that the product falls short of the quotient by 1 at
    /// most.
    #[cfg(any(dunlin_v6m, test))]
    #[inline(always)]
    fn by_reciprocal(self, dividend: u32) -> u32 {
        let product = u64::from(dividend) * u64::from(self.reciprocal);
        let quotient = (product >> 32) as u32;
        // Below twice the divisor.
        let rest = self.rest(dividend, quotient);
        let short = !sign(rest.wrapping_sub(self.divisor) as i32);
        quotient.wrapping_sub(short as u32)
    }
}

/// `floor((2^32 - 1) / divisor)`, bit by bit.
#[cfg(any(dunlin_v6m, test))]
#[inline(never)]
fn reciprocal(divisor: u32) -> u32 {
    let (mut quotient, mut rest) = (0u32, 0u32);
    for _ in 0..32 {
        rest = (rest << 1 | 1).wrapping_sub(divisor);
        let below = sign(rest as i32) as u32;
        rest = rest.wrapping_add(divisor & below);
        quotient = quotient << 1 | below.wrapping_add(1);
    }
    quotient
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reciprocals_divide_as_a_division_does() {
        let divisors = (1..70_000)
            .step_by(7)
            .chain([1 << 30, (1 << 31) - 1, 65_535 << 15]);
        for divisor in divisors {
            let by = Divisor::new(divisor);
            let near = [0, 1, divisor - 1, divisor, divisor + 1];
            let multiples = [2u32, 3, 77, 65_535].map(|n| n.wrapping_mul(divisor));
            let before = multiples.map(|n| n.wrapping_sub(1));
            let far = [1 << 30, u32::MAX - 1, u32::MAX];
            for dividend in near.into_iter().chain(multiples).chain(before).chain(far) {
                let quotient = dividend / divisor;
                assert_eq!(
                    by.by_reciprocal(dividend),
                    quotient,
                    "{dividend} / {divisor}"
                );
                assert_eq!(by.divide(dividend), quotient);
                assert_eq!(by.rest(dividend, quotient), dividend % divisor);
            }
        }
    }

    #[test]
    fn nothing_divides_by_zero() {
        assert_eq!(Divisor::new(0), Divisor::new(1));
        assert_eq!(Divisor::new(0).divide(5), 5);
    }
}
